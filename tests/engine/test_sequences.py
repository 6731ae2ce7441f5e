"""Layers and losses on sequences (B, T, n): the same as on their rows, one time after another."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib import (
    SGD,
    Activation,
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
    accuracy,
    gelu,
    identity,
    leaky_relu,
    one_hot,
    relu,
    sigmoid,
    softplus,
    tanh,
)
from tests.engine.gradient_agreement import assert_gradients_agree

B, T, N, C = 3, 4, 2, 5
# Each row for itself, so that one time of a sequence does not see the others.
ROW_BY_ROW = {
    "linear": lambda rng: Linear(N, 3, rng=rng),
    "linear without bias": lambda rng: Linear(N, 3, rng=rng, bias=False),
    "layer norm": lambda rng: LayerNorm(N),
    "residual": lambda rng: Residual(Linear(N, N, rng=rng)),
    "network": lambda rng: Sequential(
        Linear(N, 3, rng=rng), Activation(tanh), LayerNorm(3), Residual(Sequential(Linear(3, 3, rng=rng)))
    ),
} | {repr(f): lambda rng, f=f: Activation(f) for f in (sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity)}


@pytest.mark.parametrize("rest", [(T,), (1,), (2, 3), (1, 1)], ids=str)
@pytest.mark.parametrize("kind", ROW_BY_ROW)
def test_a_sequence_is_its_times_one_after_another(kind, rest, rng):
    together, apart = (ROW_BY_ROW[kind](np.random.default_rng(0)) for _ in range(2))
    X = rng.normal(size=(B, *rest, N))
    output = together.forward(X)
    seed = rng.normal(size=output.shape)
    grad_input = together.backward(seed)
    assert grad_input.shape == X.shape
    for time in np.ndindex(*rest):
        at = (slice(None), *time)
        np.testing.assert_allclose(output[at], apart.forward(X[at]), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(grad_input[at], apart.backward(seed[at]), rtol=1e-13, atol=1e-15)
    for ours, theirs in zip(together.parameters(), apart.parameters(), strict=True):
        np.testing.assert_allclose(ours.grad, theirs.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("order", ["C", "F", "every other row", "broadcast"])
def test_memory_in_any_order(order, rng):
    X = rng.normal(size=(B, T, N))
    layouts = {
        "C": X,
        "F": np.asfortranarray(X),
        "every other row": np.repeat(X, 2, axis=1)[:, ::2],
        "broadcast": np.broadcast_to(X[:, :1], X.shape),
    }
    layer, other = (Linear(N, 3, rng=np.random.default_rng(0)) for _ in range(2))
    given, copied = layouts[order], layouts[order].copy()
    np.testing.assert_array_equal(layer.forward(given), other.forward(copied))
    seed = np.broadcast_to(rng.normal(size=3), (B, T, 3))
    np.testing.assert_array_equal(layer.backward(seed), other.backward(seed.copy()))
    np.testing.assert_array_equal(layer.weight.grad, other.weight.grad)


def test_dropout_of_a_sequence_draws_for_every_entry():
    X = np.ones((B, T, N))
    expected = Dropout(0.5, rng=np.random.default_rng(0)).forward(X.reshape(-1, N)).reshape(X.shape)
    np.testing.assert_array_equal(Dropout(0.5, rng=np.random.default_rng(0)).forward(X), expected)


# Losses

LOSSES = {
    "squared": (SquaredError(), lambda rng, shape: rng.normal(size=shape)),
    "sigmoid": (SigmoidCrossEntropy(), lambda rng, shape: rng.uniform(size=shape)),
    "softmax": (SoftmaxCrossEntropy(), lambda rng, shape: rng.integers(C, size=shape[:-1])),
    "soft labels": (SoftmaxCrossEntropy(), lambda rng, shape: rng.dirichlet(np.ones(C), shape[:-1])),
    "class weights": (
        SoftmaxCrossEntropy(class_weights=[1, 2, 0.5, 3, 1]),
        lambda rng, shape: rng.integers(C, size=shape[:-1]),
    ),
    "an ignored label": (SoftmaxCrossEntropy(ignore_label=-1), lambda rng, shape: rng.integers(-1, C, shape[:-1])),
}
each_loss = pytest.mark.parametrize("name", LOSSES)


@pytest.mark.parametrize("rest", [(T,), (2, 3)], ids=str)
@each_loss
def test_the_loss_of_sequences_is_that_of_all_rows(name, rest, rng):
    loss, targets = LOSSES[name]
    output = rng.normal(size=(B, *rest, C))
    y = targets(rng, output.shape)
    value, gradient = loss.value_and_gradient(output, y)
    rows = y.reshape(-1, *y.shape[output.ndim - 1 :])
    expected = loss.value_and_gradient(output.reshape(-1, C), rows)
    assert value == pytest.approx(expected[0], rel=1e-14)
    np.testing.assert_allclose(gradient, expected[1].reshape(output.shape), rtol=1e-13, atol=1e-16)
    assert loss.value(output, y) == value
    np.testing.assert_array_equal(loss.gradient(output, y), gradient)


@pytest.mark.parametrize("name", ["squared", "sigmoid", "softmax", "soft labels"])
def test_the_loss_of_sequences_is_the_mean_over_the_times(name, rng):
    loss, targets = LOSSES[name]
    output = rng.normal(size=(B, T, C))
    y = targets(rng, output.shape)
    expected = np.mean([loss.value(output[:, t], y[:, t]) for t in range(T)])
    assert loss.value(output, y) == pytest.approx(expected, rel=1e-14)
    expected = np.stack([loss.gradient(output[:, t], y[:, t]) / T for t in range(T)], axis=1)
    np.testing.assert_allclose(loss.gradient(output, y), expected, rtol=1e-13, atol=1e-16)


def test_labels_of_another_shape_than_the_rows_are_refused():
    logits = np.zeros((B, T, C))
    for labels in np.zeros(B, int), np.zeros((T, B), int), np.zeros((B, T, 1), int), np.zeros(B * T, int):
        for call in SoftmaxCrossEntropy().value, SoftmaxCrossEntropy(ignore_label=3).value, accuracy:
            with pytest.raises(ValueError, match=r"^labels: expected shape \(3, 4\), one per row, got shape"):
                call(logits, labels)
    for loss in SquaredError(), SigmoidCrossEntropy():
        with pytest.raises(ValueError, match=r"^targets: expected shape \(3, 4, 5\) as"):
            loss.value(logits, np.zeros((B, C)))


def test_one_hot_and_accuracy_of_sequences(rng):
    labels = rng.integers(C, size=(B, T))
    encoded = one_hot(labels, C)
    np.testing.assert_array_equal(encoded, np.stack([one_hot(row, C) for row in labels]))
    assert encoded.shape == (B, T, C)
    np.testing.assert_array_equal(one_hot(2, C), [0, 0, 1, 0, 0])
    logits = rng.normal(size=(B, T, C))
    assert accuracy(logits, labels) == pytest.approx(
        np.mean([accuracy(*pair) for pair in zip(logits, labels, strict=True)])
    )
    assert accuracy(encoded, labels) == 1.0


# Networks


@settings(max_examples=5)
@given(seed=st.integers(0, 1000))
@pytest.mark.parametrize("make", [Recurrent, GatedRecurrent])
@pytest.mark.parametrize("name", ["squared", "softmax", "an ignored label"])
def test_gradients_of_a_recurrent_network_with_an_output_at_every_time(name, make, seed):
    rng = np.random.default_rng(seed)
    network = Sequential(make(N, 3, rng=rng), Linear(3, C, rng=rng))
    loss, targets = LOSSES[name]
    y = targets(rng, (B, T, C))
    y[0, 0] = 0  # one row counts
    assert_gradients_agree(network, loss, rng.normal(size=(B, T, N)), y)


def test_a_recurrent_network_learns_to_remember(rng):
    # The label at each time is the sign that came one step before.
    X = rng.choice([-1.0, 1.0], (40, 6, 1))
    labels = np.concatenate([np.full((40, 1), -1), (X[:, :-1, 0] > 0).astype(int)], axis=1)
    network = Sequential(GatedRecurrent(1, 6, rng=rng), Linear(6, 2, rng=rng))
    loss, optimizer = SoftmaxCrossEntropy(ignore_label=-1), SGD(network.parameters(), 1.0, momentum=0.9)
    assert accuracy(network.forward(X), labels, ignore_label=-1) < 0.7
    for _ in range(100):
        optimizer.zero_grad()
        network.backward(loss.gradient(network.forward(X), labels), input_gradient=False)
        optimizer.step()
    assert accuracy(network.forward(X), labels, ignore_label=-1) == 1.0
