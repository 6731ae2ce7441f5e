"""The comparison of gradients that several test modules share: derived by hand on one side, numerical on the other.

`test_mutants.py` shows that it reports wrong backward passes.
"""

import numpy as np

from backprop_lib import numerical_gradient

# In float64 the complex step loses only rounding, the central difference about eps^(2/3).
TOLERANCES = {"complex": 1e-12, "central": 1e-8}


def discrepancy(a, b, scale=1e-12):
    """max|a - b| / max(|a|, |b|, scale), written here once more so that the tests do not lean on `relative_error`."""
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape, f"shapes {a.shape} and {b.shape}"
    return np.max(np.abs(a - b)) / max(np.max(np.abs(a)), np.max(np.abs(b)), scale)


def gradients_by_hand(network, loss, X, y, passes=1):
    """The network's own gradients: {name: array} of every parameter and of the input, divided by the passes."""
    for parameter in network.parameters():
        parameter.zero_grad()
    for _ in range(passes):
        grad_input = network.backward(loss.gradient(network.forward(X), y))
    gradients = {f"parameter {i}": p.grad / passes for i, p in enumerate(network.parameters())}
    return gradients | {"input": grad_input}


def gradients_by_numbers(network, loss, X, y, method):
    """The same gradients from values of the loss only."""

    def loss_of_input(X):
        return loss.value(network.forward(X), y)

    gradients = {}
    for i, parameter in enumerate(network.parameters()):
        gradients[f"parameter {i}"] = numerical_gradient(
            _loss_of(parameter, loss_of_input, X), parameter.data, method=method
        )
    return gradients | {"input": numerical_gradient(loss_of_input, X, method=method)}


def _loss_of(parameter, loss_of_input, X):
    def loss_of_parameter(values):
        kept, parameter.data = parameter.data, values
        try:
            return loss_of_input(X)
        finally:
            parameter.data = kept

    return loss_of_parameter


class Weighted:
    """A loss that is the sum of the outputs with fixed weights: its gradient is exactly those weights."""

    def value(self, output, weights):
        return (weights * output).sum()

    def gradient(self, output, weights):
        return weights


def disagreements(network, loss, X, y, *, passes=1):
    """{(name, method): discrepancy} of the gradients that differ from the numerical ones by more than the tolerance."""
    by_hand = gradients_by_hand(network, loss, X, y, passes)
    # The difference of two losses is rounded as the losses are, so the central difference of a gradient much smaller
    # than the loss is good to 1e-8 of the loss. The complex step subtracts nothing and gets no such allowance.
    scales = {"complex": 1e-12, "central": max(abs(loss.value(network.forward(X), y)), 1e-12)}
    wrong = {}
    for method, tolerance in TOLERANCES.items():
        for name, numbers in gradients_by_numbers(network, loss, X, y, method).items():
            error = discrepancy(by_hand[name], numbers, scales[method])
            if not error <= tolerance:
                wrong[name, method] = error
    return wrong


def assert_gradients_agree(network, loss, X, y, *, passes=1):
    """Raise AssertionError that names every gradient which differs from the numerical ones, and the method."""
    wrong = disagreements(network, loss, X, y, passes=passes)
    assert not wrong, "; ".join(f"{name} by {method}: {error:.1e}" for (name, method), error in wrong.items())


def reported(network, loss, X, y, *, passes=1):
    """Names of the gradients that both numerical methods find wrong."""
    wrong = disagreements(network, loss, X, y, passes=passes)
    return {name for name, _ in wrong if all((name, method) in wrong for method in TOLERANCES)}
