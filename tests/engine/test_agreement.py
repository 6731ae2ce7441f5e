"""The independent gradients agree wherever a function is differentiable: derived by hand, by central difference, by the
complex step, by the book's own automatic differentiation. At kinks all that have a convention share it.
"""

import copy

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import (
    Activation,
    BatchNorm,
    Dropout,
    GatedRecurrent,
    LayerNorm,
    Linear,
    Recurrent,
    Residual,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    Tensor,
    Value,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    softplus,
    tanh,
)
from backprop_lib import autograd as ag
from tests.engine.engine_agreement import assert_engine_agrees, by_complex_step, engine_gradients
from tests.engine.engine_cases import CASES, Draw
from tests.engine.gradient_agreement import Weighted, discrepancy, gradients_by_hand
from tests.engine.restated import (
    Repeating,
    activation_of,
    assert_all_four_agree,
    loss_of,
    value_and_gradients_by_autograd,
)

fewer = settings(max_examples=30)
seeds = st.integers(0, 2**32 - 1)
ACTIVATIONS = [sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity]
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)


@fewer
@given(data=st.data())
@pytest.mark.parametrize("name", CASES)
def test_engine_agrees_with_both_numerical_methods(name, data):
    case = CASES[name]
    assert_engine_agrees(case, data.draw(case.draws))


def moderate(draw):
    """The same draw without its power of ten, within [-2, 2] and rounded to float32, but as float64."""
    arrays = [np.clip(array / draw.length, -2.0, 2.0).astype(np.float32) for array in draw.arrays]
    return Draw([array.astype(np.float64) for array in arrays], draw.options, 1.0)


@fewer
@given(data=st.data())
@pytest.mark.parametrize("name", CASES)
def test_engine_in_float32(name, data):
    # No slope loses more than four bits of twenty-four within [-2, 2], where that of tanh is 0.07; no sum has more than
    # 27 terms. What remains are the few roundings of a rule and of the forward pass.
    case, draw = CASES[name], moderate(data.draw(CASES[name].draws))
    for position, ours in enumerate(engine_gradients(case, draw, np.float32)):
        numbers, size = by_complex_step(case, draw, position)
        assert ours.dtype == np.float32
        assert np.abs(ours - numbers).max(initial=0.0) <= 32 * np.finfo(np.float32).eps * size


# Layers: the hand-derived backward passes beside the three others


def moved(layer, rng):
    """The layer with parameters that are not what they start as: no zeros, no ones."""
    for parameter in layer.parameters():
        parameter.data += rng.uniform(0.1, 0.5, parameter.data.shape)
    return layer


def in_evaluation(layer, rng):
    layer.running_mean[...] = rng.normal(size=layer.running_mean.shape)
    layer.running_variance[...] = rng.uniform(0.5, 2.0, layer.running_mean.shape)
    return layer.eval()


def noise(rng):
    return Repeating(int(rng.integers(1000)))


# name: a layer for n inputs and m outputs. The eps of 0.1 keeps what is normalised from cancelling almost entirely; a
# test of its own, below, takes that away.
ROWS = {
    "linear": lambda rng, n, m: Linear(n, m, rng=rng),
    "batch norm": lambda rng, n, m: BatchNorm(n, eps=0.1),
    "batch norm, evaluation": lambda rng, n, m: in_evaluation(BatchNorm(n), rng),
    "layer norm": lambda rng, n, m: LayerNorm(n, eps=0.1),
    "dropout": lambda rng, n, m: Dropout(0.4, rng=noise(rng)),
    "dropout, evaluation": lambda rng, n, m: Dropout(0.4, rng=noise(rng)).eval(),
    "residual": lambda rng, n, m: Residual(Linear(n, n, rng=rng)),
    "sequential": lambda rng, n, m: Sequential(
        BatchNorm(n, eps=0.1),
        Linear(n, m, rng=rng),
        LayerNorm(m, eps=0.1),
        Residual(Sequential(Activation(gelu), Dropout(0.2, rng=noise(rng)), Linear(m, m, rng=rng))),
        Activation(tanh),
        Linear(m, n, rng=rng),
    ),
}
SEQUENCES = {
    "recurrent": lambda rng, n, m: Recurrent(n, m, rng=rng),
    "gated recurrent": lambda rng, n, m: GatedRecurrent(n, m, rng=rng),
    "layer norm of sequences": lambda rng, n, m: LayerNorm(n, eps=0.1),
    "dropout of sequences": lambda rng, n, m: Dropout(0.4, rng=noise(rng)),
    "residual of sequences": lambda rng, n, m: Residual(Recurrent(n, n, rng=rng)),
    "sequential of sequences": lambda rng, n, m: Sequential(
        Recurrent(n, m, rng=rng), LayerNorm(m, eps=0.1), Residual(GatedRecurrent(m, m, rng=rng))
    ),
}


def agree_on(make, shape, m, seed):
    rng = np.random.default_rng(seed)
    layer = moved(make(rng, shape[-1], m), rng)
    X = rng.normal(size=shape)
    assert_all_four_agree(layer, Weighted(), X, rng.uniform(0.5, 1.0, layer.forward(X).shape))


@fewer
@given(B=st.integers(3, 5), n=st.integers(3, 5), m=st.integers(3, 4), seed=seeds)
@pytest.mark.parametrize("name", ROWS)
def test_layer_of_rows(name, B, n, m, seed):
    agree_on(ROWS[name], (B, n), m, seed)


@settings(max_examples=15)
@given(B=st.integers(1, 3), T=st.integers(1, 4), n=st.integers(3, 4), m=st.integers(3, 4), seed=seeds)
@pytest.mark.parametrize("name", SEQUENCES)
def test_layer_of_sequences(name, B, T, n, m, seed):
    agree_on(SEQUENCES[name], (B, T, n), m, seed)


LOSSES = {"squared": SquaredError(), "softmax": SoftmaxCrossEntropy(), "sigmoid": SigmoidCrossEntropy()}


def targets(loss, rng, B, m):
    return rng.integers(0, m, B) if loss == "softmax" else rng.uniform(size=(B, m))


@fewer
@given(B=st.integers(1, 5), m=st.integers(2, 5), seed=seeds)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss(loss, B, m, seed):
    # The network is one layer that changes nothing, so that its input is the loss's.
    rng = np.random.default_rng(seed)
    X, y = rng.uniform(-3.0, 3.0, (B, m)), targets(loss, rng, B, m)
    assert_all_four_agree(Activation(identity), LOSSES[loss], X, y)


@settings(max_examples=10)
@given(B=st.integers(1, 4), n=st.integers(1, 4), m=st.integers(2, 4), seed=seeds)
@pytest.mark.parametrize("loss", LOSSES)
@each_activation
def test_network(activation, loss, B, n, m, seed):
    rng = np.random.default_rng(seed)
    network = moved(Sequential(Linear(n, 3, rng=rng), Activation(activation), Linear(3, m, rng=rng)), rng)
    assert_all_four_agree(network, LOSSES[loss], rng.normal(size=(B, n)), targets(loss, rng, B, m))


# float32: by hand and by autograd, against the same numbers in float64


def rounded(layer, X, dtype):
    """A copy of the layer, and X, whose numbers are those of float32, with another dtype."""
    twin = copy.deepcopy(layer)
    for parameter in twin.parameters():
        parameter.data = parameter.data.astype(np.float32).astype(dtype)
    for inner in [twin, *getattr(twin, "layers", [])]:
        if isinstance(inner, BatchNorm):
            inner.running_mean = inner.running_mean.astype(np.float32).astype(dtype)
            inner.running_variance = inner.running_variance.astype(np.float32).astype(dtype)
    return twin, X.astype(np.float32).astype(dtype)


@fewer
@given(B=st.integers(3, 5), T=st.integers(1, 3), n=st.integers(3, 5), m=st.integers(3, 4), seed=seeds)
@pytest.mark.parametrize("name", [name for name in ROWS | SEQUENCES if "sequential" not in name])
def test_layer_in_float32(name, B, T, n, m, seed):
    # Sums of a few dozen terms of size 1. Not so for layers on layers, whose gradients may be small differences.
    rng = np.random.default_rng(seed)
    layer = moved((ROWS | SEQUENCES)[name](rng, n, m), rng)
    X = rng.normal(size=(B, n) if name in ROWS else (B, T, n))
    double, X64 = rounded(layer, X, np.float64)
    single, X32 = rounded(layer, X, np.float32)
    weights = rng.uniform(0.5, 1.0, double.forward(X64).shape).astype(np.float32)
    exact = gradients_by_hand(double, Weighted(), X64, weights.astype(np.float64))
    _, by_autograd = value_and_gradients_by_autograd(single, Weighted(), X32, weights)
    for gradients in gradients_by_hand(single, Weighted(), X32, weights), by_autograd:
        for gradient_name, gradient in gradients.items():
            assert gradient.dtype == np.float32
            error = discrepancy(gradient.astype(np.float64), exact[gradient_name])
            assert error <= 64 * np.finfo(np.float32).eps, f"{gradient_name}: {error:.1e}"


@fewer
@given(B=st.integers(1, 5), m=st.integers(2, 5), seed=seeds)
@pytest.mark.parametrize("loss", LOSSES)
def test_loss_in_float32(loss, B, m, seed):
    # Differences of numbers up to 3, and probabilities off 0 and 1, so no difference of nearly equal numbers.
    rng = np.random.default_rng(seed)
    X, y = rng.uniform(-1.0, 1.0, (B, m)).astype(np.float32), targets(loss, rng, B, m)
    X += 2.0 if loss == "squared" else 0.0  # off the targets, which lie between 0 and 1
    y = y if loss == "softmax" else (y > 0.5).astype(np.float32)
    exact = LOSSES[loss].gradient(X.astype(np.float64), y)
    leaf = Tensor(X, requires_grad=True)
    loss_of(LOSSES[loss], leaf, y).backward()
    for gradient in LOSSES[loss].gradient(X, y), leaf.grad:
        assert gradient.dtype == np.float32
        assert discrepancy(gradient.astype(np.float64), exact) <= 16 * np.finfo(np.float32).eps


# Extreme values: no numerical method reaches them, but by hand and by autograd must still be one


def slope_by_autograd(activation, z):
    leaf = Tensor(z, requires_grad=True)
    activation_of(leaf, activation.__name__).backward(np.ones_like(z))
    return leaf.grad


def any_number(width):
    """Any finite number. Not near -0.75, where gelu's slope crosses 0 and its two terms cancel."""
    finite = st.floats(allow_nan=False, allow_infinity=False, width=width)
    return finite.filter(lambda z: not -0.8 < z < -0.7)


any_shape = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4)
TINY = {64: 1e-307, 32: 1e-37}  # below, numbers have fewer digits


@given(data=st.data())
@pytest.mark.parametrize("width", [64, 32])
@each_activation
def test_slope_of_any_number(activation, width, data):
    z = data.draw(hnp.arrays(f"f{width // 8}", any_shape, elements=any_number(width)))
    by_hand, by_autograd = activation.derivative(z), slope_by_autograd(activation, z)
    assert by_autograd.dtype == z.dtype
    # exp(-|z|) carries the rounding error of |z|, up to 745 in float64 and 103 in float32, so 1e-12 and 1e-4 at most.
    tolerance = {64: 1e-12, 32: 1e-4}[width]
    np.testing.assert_allclose(by_autograd, by_hand, rtol=tolerance, atol=TINY[width])


big_logits = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, max_side=4), elements=st.floats(-1e300, 1e300)
)


@given(logits=big_logits, seed=seeds)
@pytest.mark.parametrize("loss", ["softmax", "sigmoid"])
def test_loss_of_logits_of_any_size(loss, logits, seed):
    y = targets(loss, np.random.default_rng(seed), *logits.shape)
    leaf = Tensor(logits, requires_grad=True)
    loss_of(LOSSES[loss], leaf, y).backward()
    # Probabilities: their differences are rounded as 1 is.
    np.testing.assert_allclose(leaf.grad, LOSSES[loss].gradient(logits, y), rtol=1e-12, atol=1e-15)
    assert np.abs(leaf.grad).max() <= 1.0


@given(logits=big_logits, seed=seeds)
def test_cross_entropy_is_its_definition_in_operations(logits, seed):
    labels = targets("softmax", np.random.default_rng(seed), *logits.shape)
    at_once, in_steps = Tensor(logits, requires_grad=True), Tensor(logits, requires_grad=True)
    one, other = ag.cross_entropy(at_once, labels), loss_of(LOSSES["softmax"], in_steps, labels)
    one.backward()
    other.backward()
    np.testing.assert_allclose(one.data, other.data, rtol=1e-14)
    np.testing.assert_allclose(at_once.grad, in_steps.grad, rtol=1e-12, atol=1e-15)


@given(power=st.integers(-150, 150), B=st.integers(1, 4), n=st.integers(1, 4), seed=seeds)
def test_linear_over_the_whole_number_range(power, B, n, seed):
    rng = np.random.default_rng(seed)
    layer = moved(Linear(n, 3, rng=rng), rng)
    X, weights = rng.normal(size=(B, n)) * 10.0**power, rng.uniform(0.5, 1.0, (B, 3)) * 10.0**-power
    by_hand = gradients_by_hand(layer, Weighted(), X, weights)
    _, by_autograd = value_and_gradients_by_autograd(layer, Weighted(), X, weights)
    sizes = [10.0**power * 10.0**-power, 10.0**-power, 10.0**-power]  # of the terms of dW, db and dX
    for (name, gradient), size in zip(by_hand.items(), sizes, strict=True):
        assert discrepancy(gradient, by_autograd[name], size) <= 1e-12, name


@given(
    B=st.integers(2, 6),
    n=st.integers(2, 5),
    offset=st.sampled_from([0.0, 1.0, -1e3, 1e5]),
    spread=st.sampled_from([1e-6, 1e-2, 1.0, 1e3]),
    seed=seeds,
)
@example(B=2, n=2, offset=0.0, spread=1e3, seed=0)  # normalised to -1 and 1: nearly everything cancels
@example(B=2, n=2, offset=1e5, spread=1e-6, seed=0)  # the spread is the last four digits of X
@pytest.mark.parametrize("make", [BatchNorm, LayerNorm])
def test_normalization_for_any_offset_and_spread(make, B, n, offset, spread, seed):
    rng = np.random.default_rng(seed)
    layer = moved(make(n), rng)
    X, weights = offset + spread * rng.normal(size=(B, n)), rng.uniform(0.5, 1.0, (B, n))
    by_hand = gradients_by_hand(layer, Weighted(), X, weights)
    _, by_autograd = value_and_gradients_by_autograd(layer, Weighted(), X, weights)
    axis = 0 if make is BatchNorm else 1
    s = np.sqrt((X - X.mean(axis=axis, keepdims=True)).var(axis=axis) + layer.eps).min()
    # The terms of the input gradient, (g - mean(g) - xhat mean(g xhat)) / s, may cancel but are of the size of g / s.
    # The largest xhat is at most sqrt(B) or sqrt(n), and the gradient of weight a sum of dY xhat.
    sizes = {"parameter 0": np.sqrt(6.0), "parameter 1": 1.0, "input": np.abs(weights * layer.weight.data).max() / s}
    for name, size in sizes.items():
        assert discrepancy(by_hand[name], by_autograd[name], size) <= 1e-12, name


@given(B=st.integers(1, 3), T=st.integers(1, 4), n=st.integers(1, 3), m=st.integers(1, 3), seed=seeds)
@pytest.mark.parametrize("make", [Recurrent, GatedRecurrent])
def test_saturated_recurrence(make, B, T, n, m, seed):
    # 1 - h^2 and z (1 - z) are rounded as 1 is, however small they are. So the gradients' errors are relative to what
    # these slopes are multiplied with, dY x, and x is of the size of 50.
    rng = np.random.default_rng(seed)
    layer, X = moved(make(n, m, rng=rng), rng), rng.normal(scale=50.0, size=(B, T, n))
    weights = rng.uniform(0.5, 1.0, (B, T, m))
    by_hand = gradients_by_hand(layer, Weighted(), X, weights)
    _, by_autograd = value_and_gradients_by_autograd(layer, Weighted(), X, weights)
    for name, gradient in by_hand.items():
        assert discrepancy(gradient, by_autograd[name], 50.0) <= 1e-12, name


def test_a_bias_just_before_batch_norm_has_no_gradient_by_autograd_either(rng):
    network = Sequential(Linear(2, 3, rng=rng), BatchNorm(3))
    _, gradients = value_and_gradients_by_autograd(
        network, Weighted(), rng.normal(size=(8, 2)), rng.normal(size=(8, 3))
    )
    np.testing.assert_allclose(gradients["parameter 1"], np.zeros(3), atol=1e-13)


# Kinks: the convention, by hand and by both engines

KINKS = {relu: 0.0, leaky_relu: 0.01}


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("activation", KINKS, ids=repr)
def test_slope_at_a_kink(activation, zero):
    assert activation.derivative(zero) == KINKS[activation]
    assert slope_by_autograd(activation, np.array([zero])) == [KINKS[activation]]


@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_slope_of_the_scalar_relu_at_its_kink(zero):
    x = Value(zero)
    x.relu().backward()
    assert x.grad == relu.derivative(zero) == 0.0
