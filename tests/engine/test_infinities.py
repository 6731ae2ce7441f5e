"""Infinity and NaN in activations, layers and losses: the limit where there is one, NaN where there is none.

What is masked is gone, infinity and NaN too: a mask selects, it does not multiply. Warnings are errors here.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import (
    SGD,
    Activation,
    BatchNorm,
    Dropout,
    Linear,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    accuracy,
    fit,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from backprop_lib.activations import ActivationFunction

NAN, INF = math.nan, math.inf
ACTIVATIONS = [sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity]
each_dtype = pytest.mark.parametrize("dtype", [np.float32, np.float64])

# Activations

ENDS = [-INF, INF, NAN]
# At minus infinity, at infinity, at NaN: value and slope.
AT_THE_ENDS = {
    sigmoid: ([0, 1, NAN], [0, 0, NAN]),
    tanh: ([-1, 1, NAN], [0, 0, NAN]),
    relu: ([0, INF, NAN], [0, 1, NAN]),
    leaky_relu: ([-INF, INF, NAN], [0.01, 1, NAN]),
    softplus: ([0, INF, NAN], [0, 1, NAN]),
    gelu: ([0, INF, NAN], [0, 1, NAN]),
    identity: (ENDS, [1, 1, 1]),
}


@each_dtype
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activations_and_slopes_at_the_ends(activation, dtype):
    value, slope = AT_THE_ENDS[activation]
    z = np.array(ENDS, dtype)
    np.testing.assert_array_equal(activation(z), np.array(value, dtype))
    for h in None, activation(z):
        np.testing.assert_array_equal(activation.derivative(z, h), np.array(slope, dtype))


@each_dtype
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_nan_is_not_hidden_on_the_way_back(activation, dtype):
    layer = Activation(activation)
    layer.forward(np.array([[NAN, 1.0, -1.0]], dtype))
    gradient = layer.backward(np.ones((1, 3), dtype))
    assert np.isnan(gradient[0]).tolist() == [activation is not identity, False, False]
    layer.forward(np.array([[1.0, 1.0, -1.0]], dtype))
    gradient = layer.backward(np.array([[NAN, 1.0, 1.0]], dtype))
    assert np.isnan(gradient[0]).tolist() == [True, False, False]


floats = st.floats(width=32) | st.sampled_from([-INF, -1.0, -0.0, 0.0, 1.0, INF, NAN])
rows = hnp.arrays(np.float32, (2, 3), elements=floats)


@given(z=rows, grad=rows)
@each_dtype
def test_relu_selects_what_comes_back(dtype, z, grad):
    layer = Activation(relu)
    layer.forward(z.astype(dtype))
    gradient = layer.backward(grad.astype(dtype))
    expected = [
        [g if v > 0 else NAN if math.isnan(v) else 0.0 for v, g in zip(*row, strict=True)]
        for row in zip(z, grad, strict=True)
    ]
    np.testing.assert_array_equal(gradient, np.array(expected, dtype))
    assert gradient.dtype == dtype


@pytest.mark.parametrize("size", [1e30, INF])
def test_relu_selects_among_products_that_overflow(size):
    layer = Activation(relu)
    layer.forward(np.array([[-1.0, 0.0, 1e30, 2.0]], np.float32))
    gradient = layer.backward(np.full((1, 4), size, np.float32))
    np.testing.assert_array_equal(gradient, np.array([[0.0, 0.0, size, size]], np.float32))


def _square_root(z):
    return np.sqrt(z)


def _square_root_derivative(z, h):
    with np.errstate(divide="ignore"):
        return 0.5 / h


square_root = ActivationFunction("square_root", _square_root, _square_root_derivative)


def test_the_root_of_a_relu():
    # The root's slope at 0 is infinite: it must not reach what relu has cut off.
    network = Sequential(Activation(relu), Activation(square_root))
    np.testing.assert_array_equal(network.forward([[-1.0, 0.0, 4.0]]), [[0.0, 0.0, 2.0]])
    np.testing.assert_array_equal(network.backward(np.ones((1, 3))), [[0.0, 0.0, 0.25]])


def test_a_mask_of_ones_own_selects_by_its_vjp():
    def clipped(z):
        return np.clip(z, -1.0, 1.0)

    hard_tanh = ActivationFunction(
        "hard_tanh", clipped, lambda z, h: (h == z) * 1.0, vjp=lambda grad, z, h: np.where(h == z, grad, 0.0)
    )
    layer = Activation(hard_tanh)
    layer.forward([[-2.0, 0.5, 2.0]])
    np.testing.assert_array_equal(layer.backward([[INF, INF, 3.0]]), [[0.0, INF, 0.0]])


@pytest.mark.parametrize("activation", [sigmoid, tanh, softplus, gelu], ids=repr)
def test_a_slope_that_was_rounded_to_zero_is_no_mask(activation):
    # The true product is as large as one likes: infinity times a number too small to be written. As in PyTorch.
    layer = Activation(activation)
    layer.forward([[-1e4]])
    with np.errstate(invalid="ignore"):
        assert np.isnan(layer.backward([[INF]]))


@pytest.mark.parametrize("activation", [relu, tanh, gelu], ids=repr)
def test_a_complex_gradient_of_a_real_output_is_refused(activation):
    layer = Activation(activation)
    layer.forward([[1.0]])
    with pytest.raises(TypeError, match="complex128"):
        layer.backward([[1j]])


# Dropout


@given(X=rows, grad=rows, seed=st.integers(0, 20))
@each_dtype
def test_dropped_is_dropped(dtype, X, grad, seed):
    X, grad = X.astype(dtype), grad.astype(dtype)
    layer = Dropout(0.5, rng=np.random.default_rng(seed))
    kept = np.random.default_rng(seed).random(X.shape) >= 0.5
    with np.errstate(over="ignore"):
        expected = [[2 * v if k else 0.0 for v, k in zip(*row, strict=True)] for row in zip(X, kept, strict=True)]
        np.testing.assert_array_equal(layer.forward(X), np.array(expected, dtype))
        expected = [[2 * g if k else 0.0 for g, k in zip(*row, strict=True)] for row in zip(grad, kept, strict=True)]
        np.testing.assert_array_equal(layer.backward(grad), np.array(expected, dtype))
    np.testing.assert_array_equal(layer.eval().forward(X), X)
    np.testing.assert_array_equal(layer.backward(grad), grad)


# BatchNorm


@pytest.mark.parametrize("bad", [NAN, INF, 1e200])
def test_a_batch_that_is_not_finite_leaves_the_running_averages(bad):
    layer, X = BatchNorm(2), np.arange(6.0).reshape(3, 2)
    layer.forward(X)
    before = layer.state_dict()
    spoiled = X.copy()
    spoiled[1, 0] = bad
    with np.errstate(invalid="ignore", over="ignore"):
        output = layer.forward(spoiled)
    if not np.isfinite(bad):
        assert np.isnan(output[:, 0]).all()  # and it shows
    for name, array in layer.state_dict().items():
        np.testing.assert_array_equal(array, before[name])
    assert np.isfinite(layer.eval().forward(X)).all()


def test_statistics_that_the_running_averages_cannot_hold_leave_them():
    layer = BatchNorm(1, dtype=np.float32)
    with np.errstate(over="ignore"):
        layer.forward(np.array([[1e30], [-1e30]]))  # float64: its variance is 1e60
    np.testing.assert_array_equal([*layer.running_mean, *layer.running_variance], [0.0, 1.0])


def test_fit_reports_the_place_and_the_running_averages_are_those_before(rng):
    network = Sequential(Linear(2, 3, rng=rng), BatchNorm(3), Linear(3, 1, rng=rng))
    X, y = rng.normal(size=(8, 2)), np.zeros((8, 1))
    optimizer, loss = SGD(network.parameters(), 0.1), SquaredError()
    fit(network, loss, optimizer, X, y, epochs=1, batch_size=4, rng=rng)
    before = network.layers[1].state_dict()
    X[:] = 1.7e308  # Linear's products overflow
    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 1: .*: layer 1, Linear\(2, 3\)"):
        fit(network, loss, optimizer, X, y, epochs=1, batch_size=4, rng=rng)
    for name in "running_mean", "running_variance":
        np.testing.assert_array_equal(network.layers[1].state_dict()[name], before[name])
    assert np.isfinite(network.eval().forward(np.ones((1, 2)))).all()


# Losses: logits, target, value and gradient of one row

SIGMOID_CASES = [
    (INF, 1.0, 0.0, 0.0),
    (-INF, 0.0, 0.0, 0.0),
    (INF, 0.0, INF, 1.0),
    (-INF, 1.0, INF, -1.0),
    (INF, 0.25, INF, 0.75),
    (-INF, 0.25, INF, -0.25),
    (NAN, 1.0, NAN, NAN),
    (NAN, 0.0, NAN, NAN),
]


@each_dtype
@pytest.mark.parametrize(("logit", "target", "value", "gradient"), SIGMOID_CASES)
def test_sigmoid_cross_entropy_of_infinite_logits(logit, target, value, gradient, dtype):
    logits, targets = np.array([[logit], [0.0]], dtype), np.array([[target], [0.5]], dtype)
    loss = SigmoidCrossEntropy()
    np.testing.assert_array_equal(loss.value(logits, targets), np.array(value + math.log(2), dtype) / 2)
    np.testing.assert_array_equal(loss.gradient(logits, targets), np.array([[gradient / 2], [0.0]], dtype))


LOG2 = math.log(2)
SOFTMAX_CASES = [
    ([-INF, 0, 0], 1, LOG2, [0, -0.5, 0.5]),  # class 0 is left out
    ([-INF, 0, 0], 0, INF, [-1, 0.5, 0.5]),
    ([-INF, -INF, 3], 2, 0.0, [0, 0, 0]),
    ([-INF, 0, 0], [0, 1, 0], LOG2, [0, -0.5, 0.5]),
    ([-INF, 0, 0], [0, 0.5, 0.5], LOG2, [0, 0, 0]),
    ([-INF, 0, 0], [0.5, 0.5, 0], INF, [-0.5, 0, 0.5]),
    ([-INF, -INF, -INF], 0, NAN, [NAN] * 3),  # no class is left
    ([INF, 0, 0], 0, NAN, [NAN] * 3),  # infinity minus infinity
    ([NAN, 0, 0], 1, NAN, [NAN] * 3),
    ([NAN, 0, 0], [0, 1, 0], NAN, [NAN] * 3),
]


@each_dtype
@pytest.mark.parametrize(("logits", "label", "value", "gradient"), SOFTMAX_CASES)
def test_softmax_cross_entropy_of_infinite_logits(logits, label, value, gradient, dtype):
    logits, labels = np.array([logits], dtype), np.array([label])
    if labels.ndim == 2:
        labels = labels.astype(dtype)
    loss = SoftmaxCrossEntropy()
    rounding = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(loss.value(logits, labels), value, rtol=rounding)
    np.testing.assert_allclose(loss.gradient(logits, labels), [gradient], rtol=rounding, atol=rounding)
    if labels.ndim == 1:  # the other way to the same numbers
        weighted = SoftmaxCrossEntropy(class_weights=[3.0, 3.0, 3.0])
        np.testing.assert_allclose(weighted.value(logits, labels), value, rtol=rounding)
        np.testing.assert_allclose(weighted.gradient(logits, labels), [gradient], rtol=rounding, atol=rounding)


@pytest.mark.parametrize("padding", [NAN, INF, -INF])
def test_what_stands_in_an_ignored_row_does_not_matter(padding):
    logits, labels = np.array([[padding] * 3, [0.0, 1.0, 2.0]]), np.array([-1, 1])
    loss = SoftmaxCrossEntropy(ignore_label=-1)
    value, gradient = loss.value_and_gradient(logits, labels)
    alone = SoftmaxCrossEntropy().value_and_gradient(logits[1:], labels[1:])
    assert value == alone[0]
    np.testing.assert_array_equal(gradient, [[0.0] * 3, *alone[1]])
    assert accuracy(logits, [-1, 2], ignore_label=-1) == 1.0


def test_a_row_of_a_class_that_weighs_nothing_does_not_matter():
    logits = np.array([[-INF, 0.0, 0.0], [0.0, 1.0, 2.0]])
    value, gradient = SoftmaxCrossEntropy(class_weights=[0.0, 1.0, 1.0]).value_and_gradient(logits, [0, 1])
    alone = SoftmaxCrossEntropy().value_and_gradient(logits[1:], [1])
    assert value == alone[0]
    np.testing.assert_array_equal(gradient, [[0.0] * 3, *alone[1]])


def test_squared_error_of_infinite_predictions():
    for bad in INF, -INF:
        value, gradient = SquaredError().value_and_gradient([[bad, 1.0]], [[0.0, 0.0]])
        assert value == INF
        np.testing.assert_array_equal(gradient, [[bad, 1.0]])


def test_softmax_of_infinite_logits():
    np.testing.assert_array_equal(softmax([-INF, 0.0, 0.0]), [0.0, 0.5, 0.5])
    for logits in [INF, 0.0], [INF, INF], [-INF, -INF], [NAN, 0.0]:
        assert np.isnan(softmax(logits)).all()


def test_accuracy_of_infinite_logits():
    assert accuracy([[INF, 0.0], [-INF, 0.0]], [0, 0]) == 0.5


@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_accuracy_of_nan_is_refused_with_its_place(place):
    logits = np.zeros((2, 3))
    logits[place] = NAN
    index = rf"\({place[0]}, {place[1]}\)"
    with pytest.raises(ValueError, match=rf"^logits: expected numbers that can be compared, got nan at index {index}$"):
        accuracy(logits, [0, 0])
