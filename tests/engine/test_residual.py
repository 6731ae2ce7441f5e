"""Residual: both paths of the gradient, what it accepts, and shared layers found inside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import (
    Activation,
    BatchNorm,
    Dropout,
    GatedRecurrent,
    LayerNorm,
    Linear,
    Residual,
    Sequential,
    SquaredError,
    identity,
    tanh,
)
from backprop_lib.layers import Layer
from backprop_lib.layers.containers import Container
from tests.engine.gradient_agreement import Weighted, assert_gradients_agree, reported


def block(n, rng):
    return Residual(Sequential(Linear(n, n + 1, rng=rng), Activation(tanh), Linear(n + 1, n, rng=rng)))


# What it does


def test_by_hand(rng):
    layer = Residual(Linear(2, 2, rng=rng))
    layer.layer.weight.data[...] = [[1.0, 2.0], [0.0, -1.0]]
    np.testing.assert_array_equal(layer.forward([[1.0, 1.0]]), [[4.0, 0.0]])
    np.testing.assert_array_equal(layer.backward([[1.0, 10.0]]), [[2.0, 2.0]])  # (1, 10) + (1, 10) W
    np.testing.assert_array_equal(layer.layer.weight.grad, [[1.0, 1.0], [10.0, 10.0]])


def test_around_the_identity_everything_doubles(rng):
    layer, X = Residual(Residual(Activation(identity))), rng.normal(size=(3, 2))
    np.testing.assert_array_equal(layer.forward(X), 3 * X)
    np.testing.assert_array_equal(layer.backward(X), 3 * X)


def test_gradient_passes_where_the_layers_let_nothing_through(rng):
    def dead(shape, *, rng):
        return np.zeros(shape)

    blocks = [Residual(Linear(3, 3, rng=rng, initializer=dead)) for _ in range(50)]
    network, dY = Sequential(*blocks), rng.normal(size=(4, 3))
    network.forward(rng.normal(size=(4, 3)))
    np.testing.assert_array_equal(network.backward(dY), dY)


@given(B=st.integers(1, 4), n=st.integers(1, 4), seed=st.integers(0, 1000))
def test_gradients_for_any_shape(B, n, seed):
    rng = np.random.default_rng(seed)
    assert_gradients_agree(block(n, rng), Weighted(), rng.uniform(0.5, 2, (B, n)), rng.uniform(0.5, 2, (B, n)))


def test_gradients_of_blocks_in_blocks(rng):
    inner = Residual(Sequential(LayerNorm(3), block(3, rng), Linear(3, 3, rng=rng)))
    network = Sequential(Linear(2, 3, rng=rng), inner, Residual(BatchNorm(3)), Linear(3, 1, rng=rng))
    assert_gradients_agree(network, SquaredError(), rng.normal(size=(6, 2)), rng.normal(size=(6, 1)))


def test_gradients_around_a_layer_of_sequences(rng):
    layer = Residual(GatedRecurrent(3, 3, rng=rng))
    assert_gradients_agree(layer, Weighted(), rng.normal(size=(2, 4, 3)), rng.normal(size=(2, 4, 3)))


def test_skipping_is_passed_on(rng):
    asked = []

    class Asked(Layer):
        def forward(self, X):
            return X

        def backward(self, grad_output, *, input_gradient=True):
            asked.append(input_gradient)
            return grad_output if input_gradient else None

    layer = Residual(Asked())
    layer.forward(np.ones((1, 1)))
    assert layer.backward(np.ones((1, 1)), input_gradient=False) is None
    layer.backward(np.ones((1, 1)))
    assert asked == [False, True]


def test_modes_and_parameters_reach_inside(rng):
    linear, norm, dropout = Linear(3, 3, rng=rng), BatchNorm(3), Dropout(0.5, rng=rng)
    network = Sequential(Residual(Sequential(linear, Residual(norm))), dropout)
    assert [id(p) for p in network.parameters()] == [
        id(p) for p in (linear.weight, linear.bias, norm.weight, norm.bias)
    ]
    network.eval()
    assert (linear.training, norm.training, dropout.training) == (False, False, False)
    network.train()
    assert (linear.training, norm.training, dropout.training) == (True, True, True)


# Planted mistakes


def compare(passes=1):
    """Names of the gradients reported wrong: parameters 0 and 1 lie before the block, 2 to 5 in it, 6 and 7 after."""
    rng = np.random.default_rng(3)
    network = Sequential(Linear(3, 3, rng=rng), block(3, rng), Linear(3, 3, rng=rng))
    return reported(network, SquaredError(), rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), passes=passes)


def mistaken(grad_input, seen=lambda grad: grad):
    """A backward pass with another sum of its two paths, or another gradient for the layer inside."""

    def backward(self, grad_output, *, input_gradient=True):
        change = self.layer.backward(seen(grad_output))
        return grad_input(grad_output, change) if input_gradient else None

    return backward


UPSTREAM = {"parameter 0", "parameter 1", "input"}
INSIDE = {f"parameter {i}" for i in range(2, 6)}
MISTAKES = {
    "the shortcut forgotten": (mistaken(lambda g, change: change), UPSTREAM),
    "the layer forgotten": (mistaken(lambda g, change: g.copy()), UPSTREAM),
    "subtracted": (mistaken(lambda g, change: g - change), UPSTREAM),
    "averaged": (mistaken(lambda g, change: (g + change) / 2), UPSTREAM),
    "halved before both": (mistaken(lambda g, change: g / 2 + change, lambda g: g / 2), UPSTREAM | INSIDE),
}


@pytest.mark.parametrize("passes", [1, 2])
def test_nothing_is_reported_where_nothing_is_wrong(monkeypatch, passes):
    assert compare(passes) == set()
    monkeypatch.setattr(Residual, "backward", mistaken(lambda g, change: g + change))
    assert compare(passes) == set()


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_backward(monkeypatch, mistake):
    backward, spoiled = MISTAKES[mistake]
    monkeypatch.setattr(Residual, "backward", backward)
    assert compare() == spoiled


# Refusals


@pytest.mark.parametrize(("m", "X"), [(2, np.ones((4, 3))), (1, np.ones((4, 3)))])
def test_a_layer_that_changes_the_shape_is_refused(m, X, rng):
    message = rf"Residual\(Linear\(3, {m}\)\): expected a layer .* its input's shape \(4, 3\), got \(4, {m}\)"
    with pytest.raises(ValueError, match=message):
        Residual(Linear(3, m, rng=rng)).forward(X)


@pytest.mark.parametrize("bad", [tanh, None, [], Linear], ids=repr)
def test_what_is_no_layer_is_refused(bad):
    with pytest.raises(TypeError, match="layers: expected layers, got"):
        Residual(bad)


def test_a_layer_that_comes_twice_is_found_inside_residuals(rng):
    shared = Activation(tanh)
    for layers in [
        (Residual(shared), shared),
        (shared, Residual(Residual(shared))),
        (Residual(Sequential(Linear(2, 2, rng=rng), shared)), Sequential(shared)),
    ]:
        with pytest.raises(ValueError, match="twice"):
            Sequential(*layers)
    block_twice = Residual(Linear(2, 2, rng=rng))
    with pytest.raises(ValueError, match="twice"):
        Sequential(block_twice, block_twice)


def test_a_container_has_to_name_its_layers():
    with pytest.raises(NotImplementedError):
        Container().parameters()


def test_representation(rng):
    assert repr(Sequential(Residual(Linear(2, 2, rng=rng)))) == "Sequential(Residual(Linear(2, 2)))"
