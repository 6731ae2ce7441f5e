"""From gradients to steps. An optimiser reads ``.grad`` and changes ``.data``; it knows nothing else of a network."""

import numpy as np

from backprop_lib._arrays import check_positive, joint_norm


class SGD:
    """Gradient descent: data <- data - learning_rate * grad. Stochastic where the gradient comes from a batch.

    Parameters
    ----------
    parameters : list
        Anything with ``.data`` and ``.grad``.
    learning_rate : float
        Positive.
    """

    def __init__(self, parameters, learning_rate):
        self.parameters = _checked_parameters(parameters)
        self.learning_rate = check_positive(learning_rate, "learning_rate")

    def step(self):
        """Move every parameter that has a gradient.

        Raises
        ------
        ValueError
            If none has one: ``backward`` was not called since ``zero_grad``.
        """
        for parameter in _with_gradient(self.parameters):
            parameter.data -= self.learning_rate * parameter.grad

    def zero_grad(self):
        """Empty the gradients, which otherwise add up from step to step."""
        for parameter in self.parameters:
            parameter.zero_grad()


def clip_gradient_norm(parameters, max_norm):
    """Scale all gradients together so that their joint Euclidean norm is at most ``max_norm``.

    The direction of the step stays. Pascanu, Mikolov and Bengio (2013).

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    ValueError
        If ``max_norm`` is not positive, or no parameter has a gradient, or one is not finite.
    """
    check_positive(max_norm, "max_norm")
    with_gradient = _with_gradient(_checked_parameters(parameters))
    norm = joint_norm([parameter.grad for parameter in with_gradient])
    if not np.isfinite(norm):
        raise ValueError(f"gradient: expected a finite norm, got {norm}")
    if norm > max_norm:
        for parameter in with_gradient:
            parameter.grad *= max_norm / norm
    return norm


def _checked_parameters(parameters):
    parameters = list(parameters)
    if not parameters:
        raise ValueError("parameters: expected at least one, got none")
    for parameter in parameters:
        if not (hasattr(parameter, "data") and hasattr(parameter, "grad")):
            raise TypeError(f"parameters: expected objects with .data and .grad, got {parameter!r}")
    return parameters


def _with_gradient(parameters):
    with_gradient = [parameter for parameter in parameters if parameter.grad is not None]
    if not with_gradient:
        raise ValueError("gradient: expected a backward pass before this, but no parameter has a gradient")
    return with_gradient
