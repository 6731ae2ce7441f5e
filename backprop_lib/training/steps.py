"""One step of training; where a number stops being finite, its place is reported and the epoch undone."""

import math

import numpy as np

from backprop_lib._stable import all_finite, joint_norm
from backprop_lib.layers import Sequential
from backprop_lib.training.snapshot import Snapshot, network_state


class GuardedStep:
    """Forward, loss, backward and step for a batch.

    A copy of the state is taken once an epoch, before its first step: the loss of that batch has just shown that the
    parameters are good. Where the first batch shows that they are not, the step before it was to blame, and the copy is
    still that of the epoch before.
    """

    def __init__(self, network, loss, optimizer):
        self.network, self.loss, self.optimizer = network, loss, optimizer
        self.parameters = network.parameters()
        self.before, self.copied, self.epoch = Snapshot(network, optimizer), 1, 1
        self.place = ""

    def __call__(self, X, y):
        """Output, loss, and the norm of every parameter's gradient."""
        output = self.network.forward(X)
        value, gradient = self._value_and_gradient(output, y)
        self.check_loss(value, X)
        self.optimizer.zero_grad()
        for parameter in self.parameters:  # those that the optimiser does not hold, too
            parameter.grad = None
        self.network.backward(gradient, input_gradient=False)
        norms = [0.0 if parameter.grad is None else joint_norm([parameter.grad]) for parameter in self.parameters]
        self._check("a gradient", self.before.learned(), map(math.isfinite, norms))
        if self.copied < self.epoch:
            self.before.take()
            self.copied = self.epoch
        self.optimizer.step()
        self._check("a parameter", self.before.learned(), map(_is_finite_array, self.before.learned()))
        self._check("a running average", self.before.statistics, map(_is_finite_array, self.before.statistics))
        return output, float(value), norms

    def _value_and_gradient(self, output, y):
        """Both at once where the loss can do that."""
        if hasattr(self.loss, "value_and_gradient"):
            return self.loss.value_and_gradient(output, y)
        return self.loss.value(output, y), self.loss.gradient(output, y)

    def check_loss(self, value, X):
        """Stop where the loss of a batch is not finite."""
        if not math.isfinite(value):
            self._stop(f"the loss is {value}", _first_nonfinite_layer(self.network, X))

    def check_memory(self):
        """Stop where the optimiser remembers no number; infinity stays there, so an epoch's end is soon enough."""
        owners = [state.parameter.data for state in self.before.states for _ in state.averages]
        self._check("the optimizer's memory", owners, map(_is_finite_array, self.before.remembered()))

    def _check(self, what, arrays, finite):
        """Stop where what was asked for one of the arrays is not finite."""
        bad = [array for array, good in zip(arrays, finite, strict=True) if not good]
        if bad:
            self._stop(f"{what} is not finite", _locate(bad, self.network))

    def _stop(self, what, culprit):
        self.before.restore()
        raise FloatingPointError(
            f"{self.place}: {what}; the first layer that is not finite: {culprit}. "
            f"Network and optimizer are as they were before epoch {self.copied}; try a smaller learning rate"
        )


def _is_finite_array(array):
    """One product tells in a fraction of the time; where that overflows, every entry is looked at."""
    return all_finite(array, array) or bool(np.isfinite(array).all())


def _locate(arrays, network):
    """Number and name of the first layer that holds one of the arrays."""
    wanted = {id(array) for array in arrays}
    for number, layer in enumerate(network.layers if isinstance(network, Sequential) else [network], start=1):
        if wanted & {id(part) for part in [*network_state(layer).values(), *(p.data for p in layer.parameters())]}:
            return f"layer {number}, {layer!r}"
    return f"none of .layers, {network!r} itself"


def _first_nonfinite_layer(network, X):
    """Number and name of the first layer with a NaN or infinity in its output, found by running them one by one."""
    one_by_one = type(network).forward is Sequential.forward
    for number, layer in enumerate(network.layers if one_by_one else [network], start=1):
        X = layer.forward(X)
        if not np.isfinite(X).all():
            return f"layer {number}, {layer!r}"
    return "none, the loss itself overflows"
