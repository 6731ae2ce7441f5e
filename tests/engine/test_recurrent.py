"""Recurrent and GatedRecurrent: one step by hand, gradients through time, the gradient of every state, mistakes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import GatedRecurrent, Recurrent, numerical_gradient
from tests.engine.gradient_agreement import TOLERANCES, Weighted, assert_gradients_agree, discrepancy, reported

BOTH = pytest.mark.parametrize("make", [Recurrent, GatedRecurrent])


def randomised(layer, rng, scale=1.0):
    """The layer with weights and biases that are all different from what they started as."""
    for parameter in layer.parameters():
        parameter.data[...] = rng.uniform(-scale, scale, parameter.data.shape)
    return layer


def sigmoid(a):
    return 1.0 / (1.0 + math.exp(-a))


def dot(row, x):
    return sum(w * x_j for w, x_j in zip(row, x, strict=True))


def recurrent_step(layer, x, h):
    """One step for one sample, with numbers and not arrays."""
    W_x, W_h, b = (p.data.tolist() for p in layer.parameters())
    return [math.tanh(dot(W_x[i], x) + dot(W_h[i], h) + b[i]) for i in range(len(h))]


def gated_step(layer, x, h):
    """One step for one sample, from PyTorch's documentation of GRU."""
    W_x, W_h, b_x, b_h = (p.data.tolist() for p in layer.parameters())
    state = []
    for i in range(len(h)):
        reset, update, new = i, len(h) + i, 2 * len(h) + i
        r = sigmoid(dot(W_x[reset], x) + b_x[reset] + dot(W_h[reset], h) + b_h[reset])
        z = sigmoid(dot(W_x[update], x) + b_x[update] + dot(W_h[update], h) + b_h[update])
        n = math.tanh(dot(W_x[new], x) + b_x[new] + r * (dot(W_h[new], h) + b_h[new]))
        state.append((1 - z) * n + z * h[i])
    return state


STEPS = {Recurrent: recurrent_step, GatedRecurrent: gated_step}


# Forward


def test_recurrent_by_hand(rng):
    layer = Recurrent(1, 1, rng=rng)
    for parameter, value in zip(layer.parameters(), (2.0, 0.5, -1.0), strict=True):
        parameter.data[...] = value
    h_1 = math.tanh(2.0 * 1.0 - 1.0)
    h_2 = math.tanh(2.0 * 3.0 + 0.5 * h_1 - 1.0)
    np.testing.assert_allclose(layer.forward([[[1.0], [3.0]]]), [[[h_1], [h_2]]], rtol=1e-15)
    # From the loss 10 h_1 + h_2.
    a_2 = 1 - h_2**2
    a_1 = (10.0 + 0.5 * a_2) * (1 - h_1**2)
    np.testing.assert_allclose(layer.backward([[[10.0], [1.0]]]), [[[2 * a_1], [2 * a_2]]], rtol=1e-14)
    np.testing.assert_allclose(layer.weight_x.grad, [[1 * a_1 + 3 * a_2]], rtol=1e-14)
    np.testing.assert_allclose(layer.weight_h.grad, [[h_1 * a_2]], rtol=1e-14)
    np.testing.assert_allclose(layer.bias.grad, [a_1 + a_2], rtol=1e-14)
    np.testing.assert_allclose(layer.hidden_gradients, [[[10.0 + 0.5 * a_2], [1.0]]], rtol=1e-14)


@given(B=st.integers(1, 3), T=st.integers(1, 5), n=st.integers(1, 3), m=st.integers(1, 3), seed=st.integers(0, 1000))
@BOTH
def test_forward_is_the_definition(make, B, T, n, m, seed):
    rng = np.random.default_rng(seed)
    layer, X = randomised(make(n, m, rng=rng), rng), rng.normal(size=(B, T, n))
    for sample, states in zip(X.tolist(), layer.forward(X), strict=True):
        h = [0.0] * m
        for x, state in zip(sample, states, strict=True):
            h = STEPS[make](layer, x, h)
            np.testing.assert_allclose(state, h, rtol=1e-12, atol=1e-15)


@BOTH
def test_a_state_does_not_see_what_comes_later(make, rng):
    layer, X = make(3, 4, rng=rng), rng.normal(size=(2, 6, 3))
    whole = layer.forward(X)
    for t in range(1, 6):
        np.testing.assert_allclose(layer.forward(X[:, :t]), whole[:, :t], rtol=1e-14)


def test_an_open_update_gate_keeps_the_state(rng):
    layer = randomised(GatedRecurrent(2, 3, rng=rng), rng)
    X, dH = rng.normal(size=(4, 8, 2)), np.zeros((4, 8, 3))
    dH[:, -1] = rng.normal(size=(4, 3))
    layer.bias_x.data[3:6] = 800.0  # z = 1 to the last digit
    np.testing.assert_array_equal(layer.forward(X), np.zeros((4, 8, 3)))
    layer.backward(dH)
    for t in range(8):  # nothing is lost on the way back
        np.testing.assert_array_equal(layer.hidden_gradients[:, t], dH[:, -1])


@BOTH
def test_starts_as_it_says(make, rng):
    layer, blocks = make(3, 4, rng=rng), 3 if make is GatedRecurrent else 1
    assert layer.weight_x.data.shape == (4 * blocks, 3)
    assert np.abs(layer.weight_x.data).max() <= math.sqrt(6 / 7)  # Xavier of each block by itself
    for W in np.split(layer.weight_h.data, blocks):
        np.testing.assert_allclose(W @ W.T, np.eye(4), atol=1e-14)
    for bias in layer.parameters()[2:]:
        np.testing.assert_array_equal(bias.data, np.zeros(4 * blocks))


def test_parameters_come_in_the_order_of_pytorch(rng):
    layer = Recurrent(2, 3, rng=rng)
    assert [id(p) for p in layer.parameters()] == [id(p) for p in (layer.weight_x, layer.weight_h, layer.bias)]
    layer = GatedRecurrent(2, 3, rng=rng)
    expected = [layer.weight_x, layer.weight_h, layer.bias_x, layer.bias_h]
    assert [id(p) for p in layer.parameters()] == [id(p) for p in expected]


# Gradients


@given(B=st.integers(1, 3), T=st.integers(1, 5), n=st.integers(1, 3), m=st.integers(1, 3), seed=st.integers(0, 1000))
@BOTH
def test_gradients_for_any_shape(make, B, T, n, m, seed):
    rng = np.random.default_rng(seed)
    layer = randomised(make(n, m, rng=rng), rng)
    assert_gradients_agree(layer, Weighted(), rng.normal(size=(B, T, n)), rng.uniform(0.5, 2, (B, T, m)))


@BOTH
def test_gradients_of_the_last_state_only(make, rng):
    layer, dH = randomised(make(2, 3, rng=rng), rng), np.zeros((2, 12, 3))
    dH[:, -1] = rng.normal(size=(2, 3))
    assert_gradients_agree(layer, Weighted(), rng.normal(size=(2, 12, 2)), dH)


@BOTH
def test_gradients_of_a_saturated_layer(make, rng):
    layer = randomised(make(2, 3, rng=rng), rng, scale=6.0)
    assert_gradients_agree(layer, Weighted(), rng.normal(size=(2, 4, 2)), rng.uniform(0.5, 2, (2, 4, 3)))


@BOTH
def test_saturated_beyond_the_number_range(make, rng):
    layer = make(2, 3, rng=rng)
    output = layer.forward(1e300 * rng.normal(size=(2, 3, 2)))
    assert np.isfinite(output).all()
    assert np.isfinite(layer.backward(np.ones((2, 3, 3)))).all()


@BOTH
def test_hidden_gradients_are_those_of_each_state(make, rng):
    # The state at time t is replaced by a variable, and the recurrence goes on from it by the step written above.
    layer, X, dH = randomised(make(2, 3, rng=rng), rng), rng.normal(size=(1, 6, 2)), rng.normal(size=(1, 6, 3))
    H = layer.forward(X)
    layer.backward(dH)
    for t in range(6):

        def loss_from(h, t=t):
            total = dot(dH[0, t], h)
            for later in range(t + 1, 6):
                h = STEPS[make](layer, X[0, later].tolist(), list(h))
                total += dot(dH[0, later], h)
            return total

        numbers = numerical_gradient(loss_from, H[0, t])
        assert discrepancy(layer.hidden_gradients[0, t], numbers) <= TOLERANCES["central"]


def test_gradients_vanish_and_explode_with_the_powers_of_the_matrix(rng):
    # At x = 0 and b = 0 every state is 0, where tanh has slope 1: only W_h acts, T - t times.
    layer, T = Recurrent(2, 4, rng=rng), 30
    X, dH = np.zeros((3, T, 2)), np.zeros((3, T, 4))
    dH[:, -1] = rng.normal(size=(3, 4))
    orthogonal = layer.weight_h.data.copy()
    for factor in 0.5, 1.0, 1.5:
        layer.weight_h.data[...] = factor * orthogonal
        layer.forward(X)
        layer.backward(dH)
        norms = np.linalg.norm(layer.hidden_gradients, axis=(0, 2))
        expected = np.linalg.norm(dH) * factor ** np.arange(T - 1.0, -1.0, -1.0)
        np.testing.assert_allclose(norms, expected, rtol=1e-12)


def test_hidden_gradients_belong_to_the_last_backward_pass(rng):
    layer = Recurrent(2, 3, rng=rng)
    assert layer.hidden_gradients is None
    dH = rng.normal(size=(1, 2, 3))
    layer.forward(rng.normal(size=(1, 2, 2)))
    layer.backward(dH)
    once = layer.hidden_gradients
    layer.backward(2 * dH, input_gradient=False)
    np.testing.assert_array_equal(layer.hidden_gradients, 2 * once)
    assert not np.shares_memory(layer.hidden_gradients, dH)


# Planted mistakes


def compare(make):
    """Names of the gradients reported wrong, for a layer whose matrices are all square."""
    rng = np.random.default_rng(7)
    layer = randomised(make(3, 3, rng=rng), rng)
    return reported(layer, Weighted(), rng.normal(size=(3, 3, 3)), rng.uniform(0.5, 2, (3, 3, 3)))


def with_attribute(make, name, change):
    """The layer's own backward pass, run while one thing that it reads is another."""
    original = make.backward

    def backward(self, grad_output, **options):
        owner, attribute = (getattr(self, name), "data") if name.startswith("weight") else (self, name)
        kept = getattr(owner, attribute)
        setattr(owner, attribute, change(kept))
        try:
            return original(self, grad_output, **options)
        finally:
            setattr(owner, attribute, kept)

    return backward


RECURRENT = {"input", *(f"parameter {i}" for i in range(3))}
GATED = {"input", *(f"parameter {i}" for i in range(4))}
W_X, W_H = "parameter 0", "parameter 1"


@BOTH
def test_nothing_is_reported_where_nothing_is_wrong(make):
    assert compare(make) == set()


@BOTH
def test_truncated_to_one_step(monkeypatch, make):
    monkeypatch.setattr(make, "backward", with_attribute(make, "weight_h", np.zeros_like))
    assert compare(make) == (RECURRENT if make is Recurrent else GATED)


def test_weight_h_not_transposed_on_the_way_back(monkeypatch):
    monkeypatch.setattr(Recurrent, "backward", with_attribute(Recurrent, "weight_h", np.transpose))
    assert compare(Recurrent) == RECURRENT


@BOTH
def test_weight_x_not_transposed_on_the_way_back(monkeypatch, make):
    def transposed(W):
        return np.concatenate([block.T for block in np.split(W, len(W) // 3)])

    monkeypatch.setattr(make, "backward", with_attribute(make, "weight_x", transposed))
    assert compare(make) == {"input"}


@BOTH
def test_weight_h_gradient_from_the_state_after_and_not_before(monkeypatch, make):
    def add_weight_gradients(self, grad_A_x, grad_A_h):
        self.weight_x.add_gradient(np.einsum("btm,btn->mn", grad_A_x, self._X))
        self.weight_h.add_gradient(np.einsum("btm,btn->mn", grad_A_h, self._H))

    monkeypatch.setattr(make, "_add_weight_gradients", add_weight_gradients)
    assert compare(make) == {W_H}


@BOTH
def test_input_one_step_late(monkeypatch, make):
    monkeypatch.setattr(make, "backward", with_attribute(make, "_X", lambda X: np.roll(X, 1, axis=1)))
    assert compare(make) == {W_X}


def in_blocks(change):
    """Apply a change to the blocks reset, update, new of the slopes by x and by h."""

    def slopes(slopes_x, slopes_h, z):
        changed = [np.concatenate(change(*np.split(blocks, 3, axis=2)), axis=2) for blocks in (slopes_x, slopes_h)]
        return *changed, z

    return slopes


GATE_MISTAKES = {
    "no gradient through reset": in_blocks(lambda reset, update, new: (0 * reset, update, new)),
    "no gradient through update": in_blocks(lambda reset, update, new: (reset, 0 * update, new)),
    "no gradient through new": in_blocks(lambda reset, update, new: (reset, update, 0 * new)),
    "wrong sign of update": in_blocks(lambda reset, update, new: (reset, -update, new)),
    "reset and update exchanged": in_blocks(lambda reset, update, new: (update, reset, new)),
    "reset forgotten on the way to the state before": lambda slopes_x, slopes_h, z: (slopes_x, slopes_x, z),
    "the state's direct way to the next forgotten": lambda slopes_x, slopes_h, z: (slopes_x, slopes_h, 0 * z),
    "1 - z for z": lambda slopes_x, slopes_h, z: (slopes_x, slopes_h, 1 - z),
}


@pytest.mark.parametrize("mistake", GATE_MISTAKES)
def test_mistakes_in_the_gates(monkeypatch, mistake):
    original = GatedRecurrent._slopes
    monkeypatch.setattr(GatedRecurrent, "_slopes", lambda self: GATE_MISTAKES[mistake](*original(self)))
    assert compare(GatedRecurrent) == GATED


# Refusals


@BOTH
@pytest.mark.parametrize("shape", [(4, 3), (2, 4, 2), (2, 4, 1), (1, 2, 4, 3)], ids=str)
def test_input_of_another_shape_is_refused(make, shape, rng):
    with pytest.raises(ValueError, match=rf"{make.__name__}\(3, 5\): expected .* 3\).*, got shape \({shape[0]}, "):
        make(3, 5, rng=rng).forward(np.ones(shape))


@BOTH
@pytest.mark.parametrize(
    ("sizes", "options", "error", "message"),
    [
        ((0, 2), {}, ValueError, "in_features: expected a whole number of at least 1, got 0"),
        ((2, -1), {}, ValueError, "hidden_features: expected a whole number of at least 1, got -1"),
        ((2, 3.0), {}, TypeError, "hidden_features: expected a whole number, got 3.0"),
        ((2, 3), {"dtype": int}, TypeError, "dtype: expected a floating dtype, got int64"),
        ((2, 3), {"rng": 0}, TypeError, r"rng: expected a numpy.random.Generator"),
    ],
)
def test_arguments_are_checked(make, sizes, options, error, message, rng):
    with pytest.raises(error, match=message):
        make(*sizes, **{"rng": rng, **options})


def test_representations(rng):
    assert repr(Recurrent(2, 3, rng=rng)) == "Recurrent(2, 3)"
    assert repr(GatedRecurrent(2, 3, rng=rng)) == "GatedRecurrent(2, 3)"
