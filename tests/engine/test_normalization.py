"""BatchNorm and LayerNorm: numbers by hand, gradients where rounding bites, the two modes, planted mistakes."""

import statistics

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backprop_lib import (
    SGD,
    Activation,
    BatchNorm,
    LayerNorm,
    Linear,
    Sequential,
    SquaredError,
    fit,
    numerical_gradient,
    numerical_jacobian,
    tanh,
)
from backprop_lib.layers import normalization
from tests.engine.gradient_agreement import (
    TOLERANCES,
    Weighted,
    assert_gradients_agree,
    disagreements,
    discrepancy,
    gradients_by_hand,
    gradients_by_numbers,
    reported,
)

seeds = st.integers(0, 1000)


def randomised(layer, rng):
    """The layer with a weight and a bias that are not 1 and 0."""
    layer.weight.data[...] = rng.uniform(0.5, 2, layer.weight.data.shape)
    layer.bias.data[...] = rng.uniform(0.5, 2, layer.bias.data.shape)
    return layer


def columns(layer, X):
    """X with what is normalised together in columns: the batch for BatchNorm, the features for LayerNorm."""
    return X if isinstance(layer, BatchNorm) else X.T


# Forward, by hand


def test_batch_norm_by_hand():
    layer = BatchNorm(1, eps=3.0)  # mean 2, variance 1, so that s = sqrt(1 + 3) = 2
    np.testing.assert_array_equal(layer.forward([[1.0], [3.0]]), [[-0.5], [0.5]])
    # g = (1, 0): mean(g) = 1/2, mean(g xhat) = -1/4, dX = ((1, 0) - 1/2 + (-1/2, 1/2) / 4) / 2
    np.testing.assert_array_equal(layer.backward([[1.0], [0.0]]), [[0.1875], [-0.1875]])
    np.testing.assert_array_equal(layer.weight.grad, [-0.5])
    np.testing.assert_array_equal(layer.bias.grad, [1.0])


def test_layer_norm_by_hand():
    layer = LayerNorm(2, eps=3.0)
    layer.weight.data[...] = [2.0, 1.0]
    layer.bias.data[...] = [0.0, 10.0]
    np.testing.assert_array_equal(layer.forward([[1.0, 3.0], [7.0, 7.0]]), [[-1.0, 10.5], [0.0, 10.0]])
    # First row: g = weight * dY = (1, 0), and then as above. Second row: xhat = 0, s = sqrt(3).
    grad_input = layer.backward([[0.5, 0.0], [1.0, 1.0]])
    np.testing.assert_array_equal(grad_input[0], [0.1875, -0.1875])
    np.testing.assert_allclose(grad_input[1], [0.5 / np.sqrt(3), -0.5 / np.sqrt(3)], rtol=1e-15)
    np.testing.assert_array_equal(layer.weight.grad, [-0.25, 0.0])
    np.testing.assert_array_equal(layer.bias.grad, [1.5, 1.0])


@given(B=st.integers(2, 6), n=st.integers(1, 4), seed=seeds)
@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_forward_is_the_definition(make, B, n, seed):
    rng = np.random.default_rng(seed)
    layer, X = randomised(make(n), rng), rng.normal(3, 2, (B, n))
    X_hat = np.empty((B, n))
    for column, place in zip(columns(layer, X).T, columns(layer, X_hat).T, strict=True):
        mean, variance = statistics.fmean(column), statistics.pvariance(column.tolist())
        place[...] = [(x - mean) / (variance + 1e-5) ** 0.5 for x in column]
    np.testing.assert_allclose(layer.forward(X), layer.weight.data * X_hat + layer.bias.data, rtol=1e-12, atol=1e-12)


def test_layer_norm_of_sequences_is_that_of_their_rows(rng):
    layer, X, seed = randomised(LayerNorm(4), rng), rng.normal(size=(3, 5, 4)), rng.normal(size=(3, 5, 4))
    output = layer.forward(X)
    grad_input = layer.backward(seed)
    rows = randomised(LayerNorm(4), np.random.default_rng(0))
    rows.weight.data, rows.bias.data = layer.weight.data, layer.bias.data
    np.testing.assert_array_equal(rows.forward(X.reshape(15, 4)), output.reshape(15, 4))
    np.testing.assert_array_equal(rows.backward(seed.reshape(15, 4)), grad_input.reshape(15, 4))
    np.testing.assert_array_equal(rows.weight.grad, layer.weight.grad)


# Running averages and the two modes


def test_running_averages_by_hand():
    layer = BatchNorm(1, momentum=0.25)
    layer.forward([[1.0], [3.0]])  # mean 2, variance divided by B - 1: 2
    np.testing.assert_array_equal(layer.running_mean, [0.5])
    np.testing.assert_array_equal(layer.running_variance, [1.25])
    layer.forward([[0.0], [3.0], [6.0]])  # mean 3, variance 9
    np.testing.assert_array_equal(layer.running_mean, [1.125])
    np.testing.assert_array_equal(layer.running_variance, [3.1875])


def test_a_momentum_of_one_keeps_the_last_batch_only():
    layer = BatchNorm(1, momentum=1.0)
    layer.forward([[10.0], [20.0]])
    layer.forward([[1.0], [3.0]])
    np.testing.assert_array_equal([*layer.running_mean, *layer.running_variance], [2.0, 2.0])


def test_defaults_are_those_of_pytorch():
    layer = BatchNorm(2)
    assert (layer.eps, layer.momentum, LayerNorm(2).eps) == (1e-5, 0.1, 1e-5)
    for array, value in [(layer.running_mean, 0), (layer.running_variance, 1), (layer.weight.data, 1)]:
        np.testing.assert_array_equal(array, np.full(2, value))


def test_running_averages_of_one_batch_again_and_again_become_its_own(rng):
    layer, X = BatchNorm(3, momentum=0.5), rng.normal(5, 2, (8, 3))
    for _ in range(60):  # 0.5^60 < 1e-18
        layer.forward(X)
    np.testing.assert_allclose(layer.running_mean, X.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(layer.running_variance, X.var(axis=0, ddof=1), rtol=1e-13)


def test_evaluation_uses_the_running_averages_and_leaves_them():
    layer = BatchNorm(1, eps=1.0).eval()
    layer.running_mean[...], layer.running_variance[...] = 2.0, 3.0
    np.testing.assert_array_equal(layer.forward([[2.0], [4.0], [6.0]]), [[0.0], [1.0], [2.0]])
    np.testing.assert_array_equal(layer.backward([[1.0], [0.0], [-3.0]]), [[0.5], [0.0], [-1.5]])
    np.testing.assert_array_equal([*layer.running_mean, *layer.running_variance], [2.0, 3.0])


def test_in_evaluation_rows_do_not_see_each_other(rng):
    layer, X = BatchNorm(3), rng.normal(size=(4, 3))
    layer.forward(X)
    together = layer.eval().forward(X)
    for x, y in zip(X, together, strict=True):
        np.testing.assert_array_equal(layer.forward(x[None, :]), y[None, :])


def test_a_refused_batch_leaves_the_running_averages():
    layer = BatchNorm(2)
    for X in np.ones((1, 2)), np.ones((4, 3)):
        with pytest.raises(ValueError, match="expected"):
            layer.forward(X)
    np.testing.assert_array_equal([*layer.running_mean, *layer.running_variance], [0, 0, 1, 1])


def test_a_complex_step_leaves_the_running_averages_real(rng):
    layer, real = BatchNorm(2), BatchNorm(2)
    X = rng.normal(size=(4, 2))
    layer.forward(X + 1e-30j)
    real.forward(X)
    assert layer.running_mean.dtype == layer.running_variance.dtype == np.float64
    np.testing.assert_array_equal(layer.running_mean, real.running_mean)
    np.testing.assert_array_equal(layer.running_variance, real.running_variance)


def test_running_averages_of_float32_are_float32(rng):
    layer = BatchNorm(2, dtype=np.float32)
    layer.forward(rng.normal(size=(4, 2)))
    assert layer.running_mean.dtype == layer.running_variance.dtype == np.float32


def test_fit_trains_and_validates_through_batch_norm(rng):
    # The validation batch has one row: only in evaluation can it pass.
    network = Sequential(Linear(3, 4, rng=rng), BatchNorm(4), Activation(tanh), Linear(4, 1, rng=rng))
    X = rng.normal(size=(40, 3))
    y = X[:, :1] - X[:, 1:2]
    options = {"epochs": 20, "batch_size": 10, "rng": rng, "validation": (X[:1], y[:1])}
    history = fit(network, SquaredError(), SGD(network.parameters(), 0.1), X, y, **options)
    assert history.loss[-1] < 0.2 * history.loss[0]
    assert len(history.validation_loss) == 20


# Gradients


def smallest_s(layer, X):
    """The smallest sqrt(variance + eps): the distance over which the output changes."""
    numbers = columns(layer, X)
    centred = numbers - numbers.mean(axis=0)
    return np.sqrt(centred.var(axis=0).min() + layer.eps)  # var takes off what rounding left of the mean


def assert_normalization_agrees(layer, X, dY):
    """As `assert_gradients_agree`, where gradients are small differences of large terms.

    Two numbers are normalised to -1 and 1 whatever they are, but for eps: the three terms of the input gradient,
    (g - mean(g) - xhat mean(g xhat)) / s, cancel almost entirely. By hand and by numbers alike they have been rounded
    at the size of g / s, so that is what the agreement is relative to. The same for the sum of dY xhat, dL/dweight.
    A central difference takes steps on the scale of s, not of X, and is rounded as the loss is.
    """
    by_hand, Y = gradients_by_hand(layer, Weighted(), X, dY), layer.forward(X)
    s = smallest_s(layer, X)
    input_size = np.abs(dY * layer.weight.data).max() / s
    X_hat = (Y - layer.bias.data) / layer.weight.data
    sizes = {
        ("input", "complex"): input_size,
        ("input", "central"): input_size,
        ("parameter 0", "complex"): np.abs(dY * X_hat).max(),
        ("parameter 0", "central"): np.abs(dY * Y).sum(),
        ("parameter 1", "complex"): np.abs(dY).max(),
        ("parameter 1", "central"): np.abs(dY * Y).sum(),
    }
    for method, tolerance in TOLERANCES.items():
        numbers = gradients_by_numbers(layer, Weighted(), X, dY, method)
        if method == "central":
            step = np.finfo(float).eps ** (1 / 3) * s
            numbers["input"] = numerical_gradient(lambda X: (dY * layer.forward(X)).sum(), X, step=step)
        for name, gradient in by_hand.items():
            error = discrepancy(gradient, numbers[name], max(sizes[name, method], 1e-12))
            assert error <= tolerance, f"{name} by {method}: {error:.1e}"


@given(
    B=st.integers(2, 6),
    n=st.integers(1, 5),
    offset=st.sampled_from([0.0, 1.0, -1e3, 1e5]),
    spread=st.sampled_from([1e-6, 1e-2, 1.0, 1e3]),
    eps=st.sampled_from([1e-5, 1e-3, 1.0]),
    seed=seeds,
)
@example(B=2, n=1, offset=0.0, spread=1e3, eps=1e-5, seed=0)  # -1 and 1: nearly everything cancels
@example(B=2, n=2, offset=1e5, spread=1e-6, eps=1e-5, seed=0)  # the spread is the last four digits of X
@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_gradients_for_any_shape_offset_and_spread(make, B, n, offset, spread, eps, seed):
    rng = np.random.default_rng(seed)
    layer = randomised(make(n, eps=eps), rng)
    assert_normalization_agrees(layer, offset + spread * rng.normal(size=(B, n)), rng.normal(size=(B, n)))


@given(B=st.integers(1, 6), n=st.integers(1, 5), offset=st.sampled_from([0.0, 1e5]), seed=seeds)
def test_gradients_in_evaluation(B, n, offset, seed):
    rng = np.random.default_rng(seed)
    layer = randomised(BatchNorm(n), rng).eval()
    layer.running_mean[...] = offset + rng.normal(size=n)
    layer.running_variance[...] = rng.uniform(0.5, 2, n)
    assert_gradients_agree(layer, Weighted(), offset + rng.normal(size=(B, n)), rng.uniform(0.5, 2, (B, n)))


@given(B=st.integers(3, 8), n=st.integers(3, 6), seed=seeds)
@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_gradients_in_a_network(make, B, n, seed):
    # Three or more numbers do not cancel entirely, and eps keeps s far above the central difference's step.
    rng = np.random.default_rng(seed)
    norm = randomised(make(n, eps=0.1), rng)
    network = Sequential(Linear(2, n, rng=rng), Activation(tanh), norm, Activation(tanh), Linear(n, 2, rng=rng))
    assert_gradients_agree(network, SquaredError(), rng.normal(size=(B, 2)), rng.normal(size=(B, 2)))


def test_a_bias_just_before_batch_norm_gets_no_gradient(rng):
    network = Sequential(Linear(2, 3, rng=rng), BatchNorm(3))
    network.forward(rng.normal(size=(8, 2)))
    network.backward(rng.normal(size=(8, 3)))
    np.testing.assert_allclose(network.layers[0].bias.grad, np.zeros(3), atol=1e-13)


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_an_offset_changes_no_gradient(make, rng):
    # Multiples of 1/64 up to 2 plus a power of two are exact: both inputs have the same spread to the last bit.
    X, dY = rng.integers(-128, 129, (6, 4)) / 64, rng.normal(size=(6, 4))
    layer = make(4)
    layer.forward(X)
    expected = layer.backward(dY)
    output = layer.forward(X + 2.0**40)
    np.testing.assert_allclose(layer.backward(dY), expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(output, layer.forward(X), rtol=0, atol=1e-14)


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_float32_far_from_zero(make, rng):
    # One mean alone would be rounded at 1e5: by 4e-3, where the spread is 1.
    X, dY = (1e5 + rng.normal(size=(64, 64))).astype(np.float32), rng.normal(size=(64, 64)).astype(np.float32)
    layer, double = make(64, dtype=np.float32), make(64)
    np.testing.assert_allclose(layer.forward(X), double.forward(X.astype(float)), rtol=0, atol=1e-5)
    np.testing.assert_allclose(layer.backward(dY), double.backward(dY.astype(float)), rtol=0, atol=1e-5)


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_what_is_constant_gives_the_bias_and_a_finite_gradient(make, rng):
    layer, dY = randomised(make(3), rng), rng.normal(size=(3, 3))
    np.testing.assert_array_equal(layer.forward(np.full((3, 3), 7.1)), np.tile(layer.bias.data, (3, 1)))
    g = dY * layer.weight.data
    expected = (g - g.mean(axis=0 if make is BatchNorm else 1, keepdims=True)) / np.sqrt(1e-5)
    np.testing.assert_allclose(layer.backward(dY), expected, rtol=1e-12, atol=1e-12)


def test_layer_norm_of_one_feature_is_its_bias(rng):
    layer = LayerNorm(1)
    np.testing.assert_array_equal(layer.forward(rng.normal(size=(4, 1))), np.zeros((4, 1)))
    np.testing.assert_array_equal(layer.backward(rng.normal(size=(4, 1))), np.zeros((4, 1)))


def test_shifts_and_stretches_get_no_gradient(rng):
    X, dY = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    layer = BatchNorm(3, eps=1e-14)
    layer.forward(X)
    dX = layer.backward(dY)
    np.testing.assert_allclose(dX.sum(axis=0), np.zeros(3), atol=1e-14)
    np.testing.assert_allclose((X * dX).sum(axis=0), np.zeros(3), atol=1e-13)


def test_jacobian_is_the_matrix_of_the_derivation(rng):
    X = rng.normal(size=(4, 1))
    layer = BatchNorm(1)
    X_hat, s = layer.forward(X), np.sqrt(((X - X.mean()) ** 2).mean() + 1e-5)
    expected = (np.eye(4) - 1 / 4 - X_hat @ X_hat.T / 4) / s
    jacobian = numerical_jacobian(layer.forward, X, method="complex")[:, 0, :, 0]
    np.testing.assert_allclose(jacobian, expected, rtol=0, atol=1e-13)


# Planted mistakes


def compare(layer):
    """Names of the gradients reported wrong."""
    rng = np.random.default_rng(5)
    return reported(randomised(layer, rng), Weighted(), rng.normal(size=(4, 4)), rng.normal(size=(4, 4)))


def mean(array, axis):
    return array.mean(axis, keepdims=True)


BACKWARD = {
    "mean and variance taken for constants": lambda g, X_hat, r, axis: g * r,
    "without the path through the mean": lambda g, X_hat, r, axis: (g - X_hat * mean(g * X_hat, axis)) * r,
    "without the path through the variance": lambda g, X_hat, r, axis: (g - mean(g, axis)) * r,
    "sums for means": lambda g, X_hat, r, axis: (
        (g - g.sum(axis, keepdims=True) - X_hat * (g * X_hat).sum(axis, keepdims=True)) * r
    ),
    "the mean of g added": lambda g, X_hat, r, axis: (g + mean(g, axis) - X_hat * mean(g * X_hat, axis)) * r,
    "not divided by s": lambda g, X_hat, r, axis: g - mean(g, axis) - X_hat * mean(g * X_hat, axis),
    "divided by s squared": lambda g, X_hat, r, axis: (g - mean(g, axis) - X_hat * mean(g * X_hat, axis)) * r * r,
    "means over the other axis": lambda g, X_hat, r, axis: (
        (g - mean(g, -1 - axis) - X_hat * mean(g * X_hat, -1 - axis)) * r
    ),
    "variance divided by m - 1 in backward only": lambda g, X_hat, r, axis: (
        (g - mean(g, axis) - X_hat * mean(g * X_hat, axis) * 4 / 3) * r
    ),
}


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_nothing_is_reported_where_nothing_is_wrong(make):
    assert compare(make(4)) == set()


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
@pytest.mark.parametrize("mistake", BACKWARD)
def test_mistakes_in_the_input_gradient(monkeypatch, mistake, make):
    monkeypatch.setattr(normalization, "normalize_backward", BACKWARD[mistake])
    assert compare(make(4)) == {"input"}


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_weight_forgotten_on_the_way_back(monkeypatch, make):
    original = make._normalize_backward
    monkeypatch.setattr(make, "_normalize_backward", lambda self, g: original(self, g / self.weight.data))
    assert compare(make(4)) == {"input"}


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_weight_gradient_from_x_and_not_xhat(monkeypatch, make):
    original = make.backward

    def backward(self, grad_output, **options):
        kept, self._X_hat = self._X_hat, self._X_hat / self._inverse_s
        grad_input = original(self, grad_output, **options)
        self._X_hat = kept
        return grad_input

    monkeypatch.setattr(make, "backward", backward)
    assert compare(make(4)) == {"parameter 0", "input"}


def test_evaluation_with_the_backward_pass_of_training():
    layer = BatchNorm(4).eval()
    layer.running_mean[...] = 0.3
    assert compare(layer) == set()
    original = BatchNorm.forward

    class Mistaken(BatchNorm):
        def forward(self, X):
            output = original(self, X)
            self._used_batch_statistics = True
            return output

    layer = Mistaken(4).eval()
    layer.running_mean[...] = 0.3
    assert compare(layer) == {"input"}


def test_training_with_the_backward_pass_of_evaluation():
    class Mistaken(BatchNorm):
        def forward(self, X):
            output = super().forward(X)
            self._used_batch_statistics = False
            return output

    assert compare(Mistaken(4)) == {"input"}


def test_variance_by_numpy_would_lose_the_complex_step(monkeypatch):
    # Why `normalize` writes the variance out: np.var takes the square of the absolute value.
    def by_numpy(X, axis, eps):
        inverse_s = 1.0 / np.sqrt(X.var(axis, keepdims=True) + eps)
        return (X - mean(X, axis)) * inverse_s, inverse_s, mean(X, axis), X.var(axis, keepdims=True)

    monkeypatch.setattr(normalization, "normalize", by_numpy)
    rng = np.random.default_rng(5)
    layer, X, dY = randomised(BatchNorm(4), rng), rng.normal(size=(4, 4)), rng.normal(size=(4, 4))
    assert set(disagreements(layer, Weighted(), X, dY)) == {("input", "complex")}


def test_without_the_second_mean_an_offset_spoils_the_gradient(monkeypatch):
    def one_mean(X, axis, eps):
        centred = X - mean(X, axis)
        inverse_s = 1.0 / np.sqrt(mean(centred * centred, axis) + eps)
        return centred * inverse_s, inverse_s, mean(X, axis), mean(centred * centred, axis)

    rng = np.random.default_rng(5)
    X, dY = 1e5 + 1e-2 * rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    assert_normalization_agrees(BatchNorm(3), X, dY)
    monkeypatch.setattr(normalization, "normalize", one_mean)
    with pytest.raises(AssertionError, match="input by complex"):
        assert_normalization_agrees(BatchNorm(3), X, dY)


# Refusals


def test_a_batch_of_one_is_refused_in_training_and_passes_in_evaluation():
    layer = BatchNorm(2)
    with pytest.raises(ValueError, match=r"BatchNorm\(2\): expected at least 2 rows in training, got 1"):
        layer.forward([[1.0, 2.0]])
    assert layer.eval().forward([[1.0, 2.0]]).shape == (1, 2)


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (BatchNorm, (4, 2), r"BatchNorm\(3\): expected a batch of shape \(B, 3\), got shape \(4, 2\)"),
        (BatchNorm, (4, 5, 3), r"BatchNorm\(3\): expected a batch of shape \(B, 3\), got shape \(4, 5, 3\)"),
        (LayerNorm, (4, 2), r"LayerNorm\(3\): expected a batch of shape \(B, ..., 3\).*, got shape \(4, 2\)"),
        (LayerNorm, (4, 1), r"LayerNorm\(3\): expected a batch of shape \(B, ..., 3\).*, got shape \(4, 1\)"),
        (LayerNorm, (3,), r"LayerNorm\(3\): expected a batch of shape \(B, ..., 3\).*, got shape \(3,\)"),
        (LayerNorm, (4, 0, 3), r"LayerNorm\(3\): expected .* no axis of length 0, got shape \(4, 0, 3\)"),
    ],
)
def test_input_of_another_shape_is_refused(make, shape, message):
    with pytest.raises(ValueError, match=message):
        make(3).forward(np.ones(shape))


@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
@pytest.mark.parametrize(
    ("n", "options", "error", "message"),
    [
        (0, {}, ValueError, "n_features: expected a whole number of at least 1, got 0"),
        (3.0, {}, TypeError, "n_features: expected a whole number, got 3.0"),
        (3, {"eps": 0.0}, ValueError, "eps: expected a positive finite number, got 0.0"),
        (3, {"eps": "1"}, TypeError, "eps: expected a positive number, got '1'"),
        (3, {"dtype": int}, TypeError, "dtype: expected a floating dtype, got int64"),
    ],
)
def test_arguments_are_checked(make, n, options, error, message):
    with pytest.raises(error, match=message):
        make(n, **options)


@pytest.mark.parametrize(("momentum", "error"), [(0.0, ValueError), (1.1, ValueError), (None, TypeError)])
def test_momentum_is_checked(momentum, error):
    with pytest.raises(error, match="momentum: expected"):
        BatchNorm(3, momentum=momentum)


def test_representations():
    assert repr(Sequential(BatchNorm(3), LayerNorm(3))) == "Sequential(BatchNorm(3), LayerNorm(3))"
