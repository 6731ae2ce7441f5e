"""Dropout: what it drops, what it leaves on average, one mask for both directions, planted mistakes."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import Activation, Dropout, Linear, Sequential, SquaredError, tanh
from backprop_lib.layers import Layer
from tests.engine.gradient_agreement import Weighted, assert_gradients_agree, reported

seeds = st.integers(0, 1000)


class Reseeded(Layer):
    """A layer with the same noise in every forward pass, as its gradient's check needs it: one function, not many."""

    def __init__(self, layer, dropout, seed=0):
        self.layer, self.dropout, self.seed = layer, dropout, seed

    def forward(self, X):
        self.dropout.rng = np.random.default_rng(self.seed)
        return self.layer.forward(X)

    def backward(self, grad_output, *, input_gradient=True):
        return self.layer.backward(grad_output, input_gradient=input_gradient)

    def parameters(self):
        return self.layer.parameters()


# What it does


@given(p=st.floats(0.0, 0.99), shape=st.sampled_from([(1, 1), (4, 3), (2, 3, 4)]), seed=seeds)
def test_entries_are_dropped_or_scaled(p, shape, seed):
    X = np.random.default_rng(seed + 1).uniform(1, 2, shape)
    output = Dropout(p, rng=np.random.default_rng(seed)).forward(X)
    dropped = output == 0.0
    np.testing.assert_array_equal(dropped, np.random.default_rng(seed).random(shape) < p)
    np.testing.assert_allclose(output[~dropped], X[~dropped] / (1.0 - p), rtol=1e-15)


def test_expected_value_stays(rng):
    p, n = 0.3, 200_000
    output = Dropout(p, rng=rng).forward(np.ones((n, 1)))
    # Each entry has the standard deviation sqrt(p / (1 - p)); five times that of the mean is allowed.
    assert abs(output.mean() - 1.0) < 5 * np.sqrt(p / (1 - p) / n)


def test_every_forward_pass_drops_others(rng):
    layer, X = Dropout(0.5, rng=rng), np.ones((10, 10))
    assert not np.array_equal(layer.forward(X), layer.forward(X))


def test_the_generator_decides():
    first, second = (Dropout(0.5, rng=np.random.default_rng(3)) for _ in range(2))
    X = np.ones((10, 10))
    for _ in range(3):
        np.testing.assert_array_equal(first.forward(X), second.forward(X))
    twin = copy.deepcopy(first)
    np.testing.assert_array_equal(twin.forward(X), first.forward(X))


def test_evaluation_is_the_identity_and_draws_nothing(rng):
    layer, X, dY = Dropout(0.9, rng=rng).eval(), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    state = rng.bit_generator.state
    np.testing.assert_array_equal(layer.forward(X), X)
    np.testing.assert_array_equal(layer.backward(dY), dY)
    assert rng.bit_generator.state == state


def test_nothing_is_dropped_with_probability_zero(rng):
    X = rng.normal(size=(20, 20))
    np.testing.assert_array_equal(Dropout(0.0, rng=rng).forward(X), X)


def test_backward_has_the_mask_of_forward(rng):
    layer, X, dY = Dropout(0.5, rng=rng), rng.uniform(1, 2, (20, 20)), rng.uniform(1, 2, (20, 20))
    mask = layer.forward(X) / X
    for _ in range(2):
        np.testing.assert_allclose(layer.backward(dY), dY * mask, rtol=1e-15)


# Gradients


@given(B=st.integers(1, 4), n=st.integers(1, 4), p=st.sampled_from([0.0, 0.2, 0.9]), seed=seeds)
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_gradients_for_any_shape(mode, B, n, p, seed):
    rng = np.random.default_rng(seed)
    dropout = getattr(Dropout(p, rng=rng), mode)()
    layer = Reseeded(dropout, dropout, seed)
    assert_gradients_agree(layer, Weighted(), rng.uniform(0.5, 2, (B, n)), rng.uniform(0.5, 2, (B, n)))


def network(dropout):
    rng = np.random.default_rng(1)
    layers = Sequential(Linear(4, 5, rng=rng), Activation(tanh), dropout, Linear(5, 2, rng=rng))
    return Reseeded(layers, dropout)


def compare(dropout):
    """Names of the gradients reported wrong: 0 and 1 are the parameters before the dropout, 2 and 3 those after it."""
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(6, 4)), rng.normal(size=(6, 2))
    return reported(network(dropout), SquaredError(), X, y)


def test_nothing_is_reported_where_nothing_is_wrong(rng):
    assert compare(Dropout(0.5, rng=rng)) == set()


# Planted mistakes

UPSTREAM = {"parameter 0", "parameter 1", "input"}


class NewMask(Dropout):
    def backward(self, grad_output, **options):
        self._mask = (self.rng.random(self._mask.shape) >= self.p) / (1.0 - self.p)
        return super().backward(grad_output, **options)


class NoMask(Dropout):
    def backward(self, grad_output, **options):
        return grad_output.copy()


class NotScaledBack(Dropout):
    def backward(self, grad_output, **options):
        return super().backward(grad_output, **options) * (1.0 - self.p)


class DroppedOnesThrough(Dropout):
    def backward(self, grad_output, **options):
        return grad_output * (self._mask == 0.0) / (1.0 - self.p)


@pytest.mark.parametrize("mistaken", [NewMask, NoMask, NotScaledBack, DroppedOnesThrough])
def test_mistakes_in_backward(mistaken, rng):
    assert compare(mistaken(0.5, rng=rng)) == UPSTREAM


def test_a_check_without_a_fixed_mask_fails(rng):
    layer = Dropout(0.5, rng=rng)
    X, dY = rng.uniform(0.5, 2, (4, 4)), rng.uniform(0.5, 2, (4, 4))
    assert reported(layer, Weighted(), X, dY) == {"input"}


# Refusals


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(p, rng):
    with pytest.raises(ValueError, match="p: expected 0 <= p < 1, got"):
        Dropout(p, rng=rng)


@pytest.mark.parametrize("p", ["0.5", None, True, [0.5], 0.5j], ids=repr)
def test_what_is_no_number_is_refused(p, rng):
    with pytest.raises(TypeError, match="p: expected a number from 0 up to 1, got"):
        Dropout(p, rng=rng)


def test_what_is_no_generator_is_refused():
    with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator"):
        Dropout(0.5, rng=0)


def test_representation(rng):
    assert repr(Dropout(0.25, rng=rng)) == "Dropout(0.25)"
