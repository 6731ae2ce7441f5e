"""What all optimisers share: the step, what is remembered of earlier gradients, and the checks of parameters."""

from collections.abc import Iterable

import numpy as np

from backprop_lib._arrays import check_from_zero, check_positive, check_real, check_same_shape


class State:
    """What an optimiser keeps for one parameter; allocated once, so that a step allocates nothing of its size.

    ``averages`` start at zero and remember earlier gradients. ``decayed`` and ``scratch`` are only worked in; all
    parameters share their memory, which is then still in the processor's cache.
    """

    def __init__(self, data, n_averages, workspaces):
        self.steps = 0
        self.averages = [np.zeros_like(data) for _ in range(n_averages)]
        self.decayed, self.scratch = (
            workspace[: data.nbytes].view(data.dtype).reshape(data.shape) for workspace in workspaces
        )


class Optimizer:
    """What all optimisers share. A rule writes ``_change``: the array to subtract, from the gradient and the state."""

    def __init__(self, parameters, learning_rate, weight_decay, n_averages):
        self.parameters = checked_parameters(parameters)
        self.learning_rate = check_positive(learning_rate, "learning_rate")
        self.weight_decay = check_from_zero(weight_decay, "weight_decay")
        largest = max(parameter.data.nbytes for parameter in self.parameters)
        workspaces = np.empty((2, largest), np.uint8)
        self._states = [State(parameter.data, n_averages, workspaces) for parameter in self.parameters]

    def step(self) -> None:
        """Move every parameter that has a gradient; the others, and what is remembered for them, stay.

        Raises
        ------
        ValueError
            If none has one: ``backward`` was not called since ``zero_grad``. If one has another shape than its data.
        """
        with_gradient(self.parameters)
        for parameter, state in zip(self.parameters, self._states, strict=True):
            if parameter.grad is not None:
                state.steps += 1
                parameter.data -= self._change(self._decay(parameter, state), state)

    def _decay(self, parameter, state):
        """Gradient of the loss plus weight_decay / 2 times the squared weights: the L2 penalty."""
        if not self.weight_decay:
            return parameter.grad
        decayed = np.multiply(parameter.data, self.weight_decay, out=state.decayed)
        decayed += parameter.grad
        return decayed

    def _change(self, gradient, state):
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Empty the gradients, which otherwise add up from step to step."""
        for parameter in self.parameters:
            parameter.grad = None


def checked_parameters(parameters):
    if hasattr(parameters, "grad") or not isinstance(parameters, Iterable):  # rows of a tensor are no parameters
        raise TypeError(f"parameters: expected a list, got {parameters!r}")
    parameters = list(parameters)
    if not parameters:
        raise ValueError("parameters: expected at least one, got none")
    for parameter in parameters:
        if not (hasattr(parameter, "data") and hasattr(parameter, "grad")):
            raise TypeError(f"parameters: expected objects with .data and .grad, got {parameter!r}")
        check_real(parameter.data, "parameters")
    if len({id(parameter) for parameter in parameters}) < len(parameters):
        raise ValueError("parameters: expected every parameter once, got one twice; it would be moved twice")
    return parameters


def with_gradient(parameters):
    found = [parameter for parameter in parameters if parameter.grad is not None]
    if not found:
        raise ValueError("gradient: expected a backward pass before this, but no parameter has a gradient")
    for parameter in found:
        check_same_shape(parameter.grad, parameter.data, "gradient", "its parameter")
    return found
