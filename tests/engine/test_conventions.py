"""Conventions of the page on notation that no other test module asserts by itself."""

import math

import numpy as np
import pytest

from backprop_lib import Activation, Tensor, autograd, gelu, numerical_gradient, relu


def test_relu_is_flat_at_zero():
    assert relu.derivative(0.0) == 0.0

    layer = Activation(relu)
    layer.forward([[0.0]])
    assert layer.backward([[1.0]]) == [[0.0]]

    for leaf in autograd.Value(0.0), Tensor(0.0, requires_grad=True):
        leaf.relu().backward()
        assert leaf.grad == 0.0

    assert numerical_gradient(relu, 0.0, method="complex") == 0.0
    assert numerical_gradient(relu, 0.0) == 0.5  # half of the step lies on the slope


def test_a_write_by_index_goes_unnoticed():
    w = Tensor([3.0], requires_grad=True)
    square = w * w
    w.data[0] = 10.0
    square.backward()
    np.testing.assert_array_equal(w.grad, [20.0])  # the slope at 10, while the square is that of 3
    np.testing.assert_array_equal(square.data, [9.0])


def test_gelu_is_the_form_with_tanh():
    # At 1 the two forms differ in the fourth digit: 0.84119 with tanh, 0.84134 with the error function.
    with_tanh = (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * 1.044715)) / 2.0
    with_error_function = (1.0 + math.erf(1.0 / math.sqrt(2.0))) / 2.0
    assert gelu(1.0) == pytest.approx(with_tanh, rel=1e-14)
    assert abs(gelu(1.0) - with_error_function) > 1e-4
