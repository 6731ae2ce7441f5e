"""Wrong backward passes, planted one at a time: the comparison of gradients must report each.

A check that has never failed proves little. Every mistake here is one that people make; the list of gradients that it
spoils is part of the expectation, so that the report is shown to point at the right place.
"""

import re

import numpy as np
import pytest

from backprop_lib import (
    Activation,
    Linear,
    Parameter,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    activations,
    check_gradient,
    gelu,
    relu,
    sigmoid,
    softplus,
    tanh,
)
from tests.engine.gradient_agreement import assert_gradients_agree

LOSSES = {"squared": SquaredError(), "softmax": SoftmaxCrossEntropy(), "sigmoid": SigmoidCrossEntropy()}
W1, B1, W2, B2, INPUT = "parameter 0", "parameter 1", "parameter 2", "parameter 3", "input"
ALL = {W1, B1, W2, B2, INPUT}


def compare(loss="squared", activation=sigmoid, passes=1):
    """Names of the gradients that the comparison reports, on a network whose matrices are all square."""
    rng = np.random.default_rng(11)
    network = Sequential(Linear(3, 3, rng=rng), Activation(activation), Linear(3, 3, rng=rng))
    X = rng.normal(size=(3, 3))
    y = np.array([0, 2, 1]) if loss == "softmax" else rng.uniform(size=(3, 3))
    try:
        assert_gradients_agree(network, LOSSES[loss], X, y, passes=passes)
    except AssertionError as error:
        return {name for name in ALL if re.search(rf"{name} by complex", str(error))} & {
            name for name in ALL if re.search(rf"{name} by central", str(error))
        }
    return set()


def linear_backward(
    *,
    dW=lambda dZ, X, W: dZ.T @ X,
    db=lambda dZ: dZ.sum(axis=0),
    dX=lambda dZ, W: dZ @ W,
    add=lambda old, new: new if old is None else old + new,
):
    """A backward pass of Linear with some of its rules replaced."""

    def backward(self, grad_output, *, input_gradient=True):
        self.weight.grad = add(self.weight.grad, dW(grad_output, self._X, self.weight.data))
        self.bias.grad = add(self.bias.grad, db(grad_output))
        return dX(grad_output, self.weight.data) if input_gradient else None

    return backward


@pytest.mark.parametrize("passes", [1, 2])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("activation", [sigmoid, tanh, relu, gelu, softplus], ids=repr)
def test_nothing_is_reported_where_nothing_is_wrong(activation, loss, passes):
    assert compare(loss, activation, passes) == set()


@pytest.mark.parametrize("passes", [1, 2])
def test_the_scaffold_of_the_mutants_is_right_itself(monkeypatch, passes):
    monkeypatch.setattr(Linear, "backward", linear_backward())
    assert compare(passes=passes) == set()


UPSTREAM = {W1, B1, INPUT}  # what a wrong gradient passed back by the second layer spoils
LINEAR = {
    "wrong sign of dW": ({"dW": lambda dZ, X, W: -dZ.T @ X}, {W1, W2}),
    "wrong sign of db": ({"db": lambda dZ: -dZ.sum(axis=0)}, {B1, B2}),
    # The input lies behind two layers, whose wrong signs cancel.
    "wrong sign of dX": ({"dX": lambda dZ, W: -dZ @ W}, {W1, B1}),
    "dW transposed": ({"dW": lambda dZ, X, W: X.T @ dZ}, {W1, W2}),
    "dZ not transposed in dW": ({"dW": lambda dZ, X, W: dZ @ X}, {W1, W2}),
    "W transposed in dX": ({"dX": lambda dZ, W: dZ @ W.T}, UPSTREAM),
    "db of the first row only": ({"db": lambda dZ: dZ[0].copy()}, {B1, B2}),
    "db summed over the outputs": ({"db": lambda dZ: dZ.sum(axis=1)}, {B1, B2}),
    "db averaged over the batch": ({"db": lambda dZ: dZ.mean(axis=0)}, {B1, B2}),
    "dW averaged over the batch": ({"dW": lambda dZ, X, W: dZ.T @ X / len(X)}, {W1, W2}),
    "dW from W and not X": ({"dW": lambda dZ, X, W: dZ.T @ W}, {W1, W2}),
    "weights not used in dX": ({"dX": lambda dZ, W: dZ.copy()}, UPSTREAM),
    "one entry of dW wrong in the sixth digit": ({"dW": lambda dZ, X, W: dZ.T @ X * (1 + 1e-6 * np.eye(3))}, {W1, W2}),
}


@pytest.mark.parametrize("mistake", LINEAR)
def test_mistakes_in_linear_backward(monkeypatch, mistake):
    rules, spoiled = LINEAR[mistake]
    monkeypatch.setattr(Linear, "backward", linear_backward(**rules))
    assert compare() == spoiled


def test_a_wrong_sign_in_the_real_linear_backward(monkeypatch):
    original = Linear.backward
    monkeypatch.setattr(Linear, "backward", lambda self, grad, **options: original(self, -grad, **options))
    # Whatever lies behind both layers meets two wrong signs, which cancel.
    assert compare() == {W2, B2}


def test_assignment_in_place_of_addition(monkeypatch):
    monkeypatch.setattr(Linear, "backward", linear_backward(add=lambda old, new: new))
    assert compare(passes=1) == set()  # one pass cannot show it
    assert compare(passes=2) == {W1, B1, W2, B2}


def test_assignment_in_the_real_accumulation(monkeypatch):
    def add_gradient(self, gradient):
        self.grad = gradient

    monkeypatch.setattr(Parameter, "add_gradient", add_gradient)
    assert compare(passes=2) == {W1, B1, W2, B2}


def test_zero_grad_that_does_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    network, X, y = Linear(2, 2, rng=rng), rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
    assert_gradients_agree(network, SquaredError(), X, y)
    monkeypatch.setattr(Parameter, "zero_grad", lambda self: None)
    with pytest.raises(AssertionError, match=r"parameter 0 by complex.*parameter 1 by complex"):
        assert_gradients_agree(network, SquaredError(), X, y)


DERIVATIVES = {
    "h (1 - h) applied to z": (sigmoid, lambda z, h: z * (1.0 - z)),
    "sigmoid's derivative forgotten": (sigmoid, lambda z, h: np.ones_like(z)),
    "sigmoid's derivative without h": (sigmoid, lambda z, h: 1.0 - h),
    "1 - h^2 applied to z": (tanh, lambda z, h: 1.0 - z * z),
    "tanh's derivative without the square": (tanh, lambda z, h: 1.0 - h),
    "sigmoid's rule for tanh": (tanh, lambda z, h: h * (1.0 - h)),
    "relu's slope everywhere": (relu, lambda z, h: np.ones_like(z)),
    "relu's slope the wrong way round": (relu, lambda z, h: (z < 0) * 1.0),
    "softplus for its own derivative": (softplus, lambda z, h: h),
    "gelu's second term forgotten": (gelu, lambda z, h: 0.5 * (1.0 + np.tanh(activations._gelu_inner(z)))),
}


@pytest.mark.parametrize("mistake", DERIVATIVES)
def test_mistakes_in_a_derivative(monkeypatch, mistake):
    activation, derivative = DERIVATIVES[mistake]
    monkeypatch.setattr(activation, "_derivative", derivative)
    monkeypatch.setattr(activation, "_vjp", None)
    assert compare(activation=activation) == UPSTREAM


def test_a_mistake_in_a_selection(monkeypatch):
    monkeypatch.setattr(relu, "_vjp", lambda grad, z, h: np.where(z < 0, grad, h))
    assert compare(activation=relu) == UPSTREAM


def test_activation_that_passes_the_gradient_through(monkeypatch):
    monkeypatch.setattr(Activation, "backward", lambda self, grad, *, input_gradient=True: grad.copy())
    assert compare() == UPSTREAM


def test_sequential_that_forgets_a_layer(monkeypatch):
    def backward(self, grad_output, *, input_gradient=True):
        for layer in self.layers[::-2]:
            grad_output = layer.backward(grad_output)
        return grad_output

    monkeypatch.setattr(Sequential, "backward", backward)
    assert compare() == UPSTREAM


LOSS_GRADIENTS = {
    "squared: without 1/B": (SquaredError, lambda self, p, t: p - t),
    "squared: averaged over the outputs too": (SquaredError, lambda self, p, t: (p - t) / p.size),
    "squared: the half forgotten": (SquaredError, lambda self, p, t: 2 * (p - t) / len(p)),
    "squared: wrong sign": (SquaredError, lambda self, p, t: (t - p) / len(p)),
    "softmax: without 1/B": (SoftmaxCrossEntropy, lambda self, z, y: activations.softmax(z) - np.eye(3)[y]),
    "softmax: without the labels": (SoftmaxCrossEntropy, lambda self, z, y: activations.softmax(z) / len(z)),
    "softmax: over the batch": (
        SoftmaxCrossEntropy,
        lambda self, z, y: (activations.softmax(z.T).T - np.eye(3)[y]) / len(z),
    ),
    "softmax: of the logits": (SoftmaxCrossEntropy, lambda self, z, y: (z - np.eye(3)[y]) / len(z)),
    "sigmoid: without 1/B": (SigmoidCrossEntropy, lambda self, z, t: sigmoid(z) - t),
    "sigmoid: h (1 - h) once too often": (
        SigmoidCrossEntropy,
        lambda self, z, t: (sigmoid(z) - t) * sigmoid.derivative(z) / len(z),
    ),
    "sigmoid: wrong sign": (SigmoidCrossEntropy, lambda self, z, t: (t - sigmoid(z)) / len(z)),
}


@pytest.mark.parametrize("mistake", LOSS_GRADIENTS)
def test_mistakes_in_a_loss_gradient(monkeypatch, mistake):
    loss, gradient = LOSS_GRADIENTS[mistake]
    monkeypatch.setattr(loss, "gradient", gradient)
    assert compare(loss=mistake.split(":")[0]) == ALL


def test_check_gradient_reports_a_planted_mistake(monkeypatch):
    # The package's own check, as a lesson uses it.
    rng = np.random.default_rng(0)
    layer, X, y, loss = Linear(3, 2, rng=rng), rng.normal(size=(4, 3)), rng.normal(size=(4, 2)), SquaredError()
    original = layer.weight.data.copy()

    def f(W):
        layer.weight.data = W
        return loss.value(layer.forward(X), y)

    def check():
        layer.weight.zero_grad()
        f(original)
        layer.backward(loss.gradient(layer.forward(X), y))
        return check_gradient(f, original, layer.weight.grad.copy())

    assert check()
    monkeypatch.setattr(Linear, "backward", linear_backward(dW=lambda dZ, X, W: -dZ.T @ X))
    report = check()
    assert not report
    assert report.given == pytest.approx(-report.numerical, rel=1e-6)
    assert "is wrong" in str(report)
