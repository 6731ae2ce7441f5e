"""What layers promise beyond their gradients: errors that say which layer, no work done twice, precision."""

import math
import re

import numpy as np
import pytest

from backprop_lib import Activation, BatchNorm, Dropout, GatedRecurrent, LayerNorm, Linear, Recurrent, Residual, tanh
from backprop_lib.activations import ActivationFunction


def layers():
    rng = np.random.default_rng(0)
    rows = [Linear(3, 2, rng=rng), Activation(tanh), BatchNorm(3), LayerNorm(3), Dropout(0.5, rng=rng)]
    return [*rows, Residual(LayerNorm(3)), Recurrent(3, 2, rng=rng), GatedRecurrent(3, 2, rng=rng)]


each_layer = pytest.mark.parametrize("layer", layers(), ids=repr)


@each_layer
def test_a_missing_forward_pass_is_reported_by_the_layer(layer):
    with pytest.raises(ValueError, match=f"^{re.escape(repr(layer))}.backward: expected a forward pass before"):
        layer.backward(np.ones((4, 3)))


@each_layer
def test_an_input_that_is_no_number_is_reported_by_the_layer(layer):
    X = np.full((4, 5, 3) if "Recurrent" in repr(layer) else (4, 3), "1")
    with pytest.raises(TypeError, match=f"^{re.escape(repr(layer))}: expected an array of numbers, got dtype <U1$"):
        layer.forward(X)


@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (LayerNorm(3), "(B, ..., 3)"),
        (Residual(LayerNorm(3)), "(B, ..., n)"),
        (Dropout(0.0, rng=np.random.default_rng(0)), "(B, ..., n)"),
    ],
    ids=repr,
)
def test_an_input_of_the_wrong_rank_is_told_the_right_one(layer, wanted):
    message = f"{layer!r}: expected a batch of shape {wanted} with no axis of length 0, got shape (3,); a single sample"
    with pytest.raises(ValueError, match=f"^{re.escape(message)} x is the batch"):
        layer.forward(np.ones(3))


def test_an_activation_is_evaluated_once_for_both_passes():
    calls = []

    def counted(z):
        """2 z."""
        calls.append(z)
        return 2.0 * z

    layer = Activation(ActivationFunction("twice", counted, lambda z, h: np.full_like(z, 2.0)))
    layer.forward(np.ones((2, 3)))
    layer.backward(np.ones((2, 3)))
    assert len(calls) == 1


def test_the_running_mean_is_good_to_the_last_digits(rng):
    # A sum of 10,000 numbers near 1e8, added up one by one, is good to ten digits or so.
    X = 1e8 + rng.normal(size=(10_000, 2))
    layer = BatchNorm(2, momentum=1.0)
    layer.forward(X)
    exact = [math.fsum(column) / len(X) for column in X.T]
    np.testing.assert_allclose(layer.running_mean, exact, rtol=0, atol=2 * np.spacing(1e8))


def test_features_of_different_sizes_do_not_disturb_each_other(rng):
    small, large = rng.normal(size=(50, 1)), 1e12 + rng.normal(size=(50, 1))
    beside = BatchNorm(2).forward(np.hstack([small, large]))
    np.testing.assert_allclose(beside[:, :1], BatchNorm(1).forward(small), rtol=0, atol=1e-13)
