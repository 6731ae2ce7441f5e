"""Booleans and whole numbers beside floating ones: the dtype is the one that NumPy gives to their product."""

import numpy as np
import pytest

from backprop_lib import (
    Activation,
    Dropout,
    Linear,
    Residual,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    accuracy,
    relu,
    tanh,
)
from tests.engine.layer_kinds import KINDS

WHOLE = [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
SMALL = WHOLE[:5]
each_whole = pytest.mark.parametrize("whole", WHOLE, ids=lambda dtype: dtype.__name__)
each_float = pytest.mark.parametrize("dtype", [np.float32, np.float64])
each_kind = pytest.mark.parametrize("kind", KINDS)


def whole_numbers(shape, whole, seed=0):
    return np.random.default_rng(seed).integers(0, 2, shape).astype(whole)


def product_dtype(whole, dtype):
    """NumPy's, but for layers that hold no number of a dtype: they take whole numbers for float64."""
    return np.multiply(np.ones(1, whole), np.ones(1, dtype)).dtype


@each_whole
@each_float
@each_kind
def test_layers_promote_as_numpy_does(kind, dtype, whole):
    make, shape = KINDS[kind]
    layer, twin = make(np.random.default_rng(0), dtype), make(np.random.default_rng(0), dtype)
    X = whole_numbers(shape, whole)
    holds_numbers = layer.parameters() != []
    expected = product_dtype(whole, dtype) if holds_numbers else np.float64
    output = layer.forward(X)
    assert output.dtype == expected
    np.testing.assert_array_equal(output, twin.forward(X.astype(expected)))
    seed = whole_numbers(output.shape, whole, seed=1)
    grad_input = layer.backward(seed)
    assert grad_input.dtype == expected
    np.testing.assert_array_equal(grad_input, twin.backward(seed.astype(expected)))
    assert all(parameter.grad.dtype == dtype for parameter in layer.parameters())


@pytest.mark.parametrize("whole", SMALL, ids=lambda dtype: dtype.__name__)
def test_a_float32_network_of_pixels_is_float32(whole):
    rng = np.random.default_rng(0)
    network = Sequential(
        Residual(Sequential(Linear(3, 3, rng=rng, dtype=np.float32), Activation(relu))),
        Dropout(0.5, rng=rng),
        Activation(tanh),
        Linear(3, 2, rng=rng, dtype=np.float32),
    )
    output = network.forward(whole_numbers((4, 3), whole))
    grad_input = network.backward(SoftmaxCrossEntropy().gradient(output, [0, 1, 1, 0]))
    assert output.dtype == grad_input.dtype == np.float32
    assert all(parameter.grad.dtype == np.float32 for parameter in network.parameters())


@each_whole
@each_float
@pytest.mark.parametrize("loss", [SquaredError(), SigmoidCrossEntropy()], ids=lambda loss: type(loss).__name__)
def test_targets_do_not_change_the_dtype_of_a_loss(loss, dtype, whole):
    output = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    targets = whole_numbers((4, 3), whole)
    value, gradient = loss.value_and_gradient(output, targets)
    assert value.dtype == gradient.dtype == loss.value(output, targets).dtype == dtype
    assert value == loss.value(output, targets.astype(dtype))
    np.testing.assert_array_equal(gradient, loss.gradient(output, targets.astype(dtype)))


@each_float
@pytest.mark.parametrize("options", [{}, {"class_weights": [1, 2, 3]}, {"ignore_label": 0}], ids=repr)
@pytest.mark.parametrize("whole", WHOLE[1:], ids=lambda dtype: dtype.__name__)
def test_labels_do_not_change_the_dtype_of_a_loss(dtype, options, whole):
    logits, labels = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype), [0, 1, 2, 1]
    loss = SoftmaxCrossEntropy(**options)
    value, gradient = loss.value_and_gradient(logits, np.array(labels, whole))
    assert value.dtype == gradient.dtype == dtype
    assert value == loss.value(logits, labels)
    assert accuracy(logits, np.array(labels, whole)) == accuracy(logits, labels)


@each_float
@pytest.mark.parametrize("options", [{}, {"class_weights": [1, 2, 3]}], ids=repr)
@pytest.mark.parametrize("soft", [np.float32, np.float64])
def test_soft_labels_do_not_change_the_dtype_of_a_loss(dtype, options, soft):
    logits = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    value, gradient = SoftmaxCrossEntropy(**options).value_and_gradient(logits, np.full((4, 3), 1 / 3, soft))
    assert value.dtype == gradient.dtype == dtype


@each_whole
def test_whole_numbers_by_themselves_become_float64(whole):
    z = whole_numbers((4, 3), whole)
    assert tanh(z).dtype == tanh.derivative(z).dtype == np.float64
    assert SquaredError().gradient(z, z).dtype == np.float64
    assert SoftmaxCrossEntropy().gradient(z, [0, 1, 2, 0]).dtype == np.float64
