"""Layers and losses once more, in operations of the array engine: what they compute, and no backward pass.

So the engine gives a fourth gradient, beside those by hand, by central difference and by the complex step, and
`disagreements_of_four` compares them all.
"""

from itertools import combinations

import numpy as np

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
)
from backprop_lib import autograd as ag
from backprop_lib.layers import Layer
from tests.engine.gradient_agreement import TOLERANCES, discrepancy, gradients_by_hand, gradients_by_numbers

# Activations, by the name under which both sides know them.


def activation_of(x, name):
    return x if name == "identity" else getattr(ag, name)(x)


# Layers: (layer, x, leaf) -> tensor, where ``leaf`` gives the tensor that stands for a parameter.


def linear(layer, x, leaf):
    return x @ leaf(layer.weight).T + leaf(layer.bias)


def normalized(x, axis, eps):
    centred = x - x.mean(axis=axis, keepdims=True)
    centred = centred - centred.mean(axis=axis, keepdims=True)  # 0, but for what the first mean lost by rounding
    return centred / ((centred * centred).mean(axis=axis, keepdims=True) + eps).sqrt()


def batch_norm(layer, x, leaf):
    if layer.training:
        x_hat = normalized(x, 0, layer.eps)
    else:
        x_hat = (x - layer.running_mean) / np.sqrt(layer.running_variance + layer.eps)
    return x_hat * leaf(layer.weight) + leaf(layer.bias)


def layer_norm(layer, x, leaf):
    return normalized(x, -1, layer.eps) * leaf(layer.weight) + leaf(layer.bias)


def dropout(layer, x, leaf):
    """The mask from the generator of the layer, which therefore must be a `Repeating` one."""
    if not layer.training:
        return x * 1.0
    kept = layer.rng.random(x.shape) >= layer.p
    return ag.where(kept, x, 0.0) / (1.0 - layer.p)


def recurrent(layer, x, leaf):
    W_x, W_h, b = (leaf(parameter) for parameter in layer.parameters())
    h, states = Tensor(np.zeros((x.shape[0], layer.hidden_features), x.dtype)), []
    for t in range(x.shape[1]):
        h = (x[:, t] @ W_x.T + h @ W_h.T + b).tanh()
        states.append(h)
    return ag.stack(states, axis=1)


def gated_recurrent(layer, x, leaf):
    W_x, W_h, b_x, b_h = (leaf(parameter) for parameter in layer.parameters())
    m = layer.hidden_features
    reset, update, new = slice(0, m), slice(m, 2 * m), slice(2 * m, 3 * m)
    h, states = Tensor(np.zeros((x.shape[0], m), x.dtype)), []
    for t in range(x.shape[1]):
        from_x, from_h = x[:, t] @ W_x.T + b_x, h @ W_h.T + b_h
        r = (from_x[:, reset] + from_h[:, reset]).sigmoid()
        z = (from_x[:, update] + from_h[:, update]).sigmoid()
        n = (from_x[:, new] + r * from_h[:, new]).tanh()
        h = (1.0 - z) * n + z * h
        states.append(h)
    return ag.stack(states, axis=1)


def sequential(layer, x, leaf):
    for inner in layer.layers:
        x = restated(inner, x, leaf)
    return x


LAYERS = {
    Activation: lambda layer, x, leaf: activation_of(x, layer.function.__name__),
    BatchNorm: batch_norm,
    Dropout: dropout,
    GatedRecurrent: gated_recurrent,
    LayerNorm: layer_norm,
    Linear: linear,
    Recurrent: recurrent,
    Residual: lambda layer, x, leaf: x + restated(layer.layer, x, leaf),
    Sequential: sequential,
}


def restated(layer, x, leaf):
    """Output of a layer for the tensor x."""
    return LAYERS[type(layer)](layer, x, leaf)


class Repeating(np.random.Generator):
    """A generator that draws the same numbers in every forward pass, so that a layer with noise is one function."""

    def __init__(self, seed):
        super().__init__(np.random.PCG64(seed))
        self.seed = seed

    def random(self, size):
        return np.random.default_rng(self.seed).random(size)

    def __deepcopy__(self, memo):  # a copy by NumPy would be a plain generator
        return self


# Losses: (output, targets) -> tensor of one entry


def squared_error(output, targets):
    return ((output - targets) ** 2).sum() / (2 * len(targets))


def softmax_cross_entropy(output, labels):
    return -output.log_softmax()[np.arange(len(labels)), labels].mean()


def sigmoid_cross_entropy(output, targets):
    return (output.softplus() - targets * output).sum(axis=1).mean()


LOSSES = {
    SquaredError: squared_error,
    SoftmaxCrossEntropy: softmax_cross_entropy,
    SigmoidCrossEntropy: sigmoid_cross_entropy,
}


def loss_of(loss, output, y):
    """The loss as a tensor; one that is not listed is the sum with fixed weights."""
    return LOSSES[type(loss)](output, y) if type(loss) in LOSSES else (y * output).sum()


def value_and_gradients_by_autograd(network: Layer, loss, X, y):
    """The loss, and its gradients under the names that `gradients_by_hand` gives them."""
    leaves = {id(p): Tensor(p.data, requires_grad=True) for p in network.parameters()}
    x = Tensor(X, requires_grad=True)
    value = loss_of(loss, restated(network, x, lambda parameter: leaves[id(parameter)]), y)
    value.backward()
    gradients = {f"parameter {i}": leaves[id(p)].grad for i, p in enumerate(network.parameters())}
    return value.item(), gradients | {"input": x.grad}


# The comparison

EXACT = ["hand", "autograd", "complex"]  # which lose only rounding


def disagreements_of_four(network, loss, X, y):
    """{(name, one method, other method): discrepancy} of the gradients, and of the loss, that differ too much."""
    value, by_autograd = value_and_gradients_by_autograd(network, loss, X, y)
    gradients = {"hand": gradients_by_hand(network, loss, X, y), "autograd": by_autograd}
    gradients |= {method: gradients_by_numbers(network, loss, X, y, method) for method in TOLERANCES}
    size = max(abs(value), 1e-12)
    wrong = {}
    for one, other in [*combinations(EXACT, 2), ("hand", "central"), ("autograd", "central")]:
        tolerance, scale = (TOLERANCES["central"], size) if other == "central" else (TOLERANCES["complex"], 1e-12)
        for name in gradients["hand"]:
            error = discrepancy(gradients[one][name], gradients[other][name], scale)
            if not error <= tolerance:
                wrong[name, one, other] = error
    if not (error := discrepancy(value, loss.value(network.forward(X), y))) <= 1e-12:
        wrong["loss", "hand", "autograd"] = error
    return wrong


def assert_all_four_agree(network, loss, X, y):
    """Raise AssertionError that names every gradient on which two of the four differ."""
    wrong = disagreements_of_four(network, loss, X, y)
    assert not wrong, "; ".join(f"{name}, {a} and {b}: {error:.1e}" for (name, a, b), error in wrong.items())
