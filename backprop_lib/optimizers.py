"""From gradients to steps. An optimiser reads ``.grad`` and changes ``.data``; it knows nothing else of a network.

Formulas and defaults are PyTorch's. Where those differ from the paper that a rule is named after, the class says so.
What a rule remembers of earlier gradients is kept here, one `_State` for each parameter.
"""

import math
from collections.abc import Iterable
from numbers import Real

import numpy as np

from backprop_lib._arrays import check_flag, check_positive, check_real, check_same_shape, joint_norm


class _State:
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


class _Optimizer:
    """What all optimisers share. A rule writes ``_change``: the array to subtract, from the gradient and the state."""

    def __init__(self, parameters, learning_rate, weight_decay, n_averages):
        self.parameters = _checked_parameters(parameters)
        self.learning_rate = check_positive(learning_rate, "learning_rate")
        self.weight_decay = _check_from_zero(weight_decay, "weight_decay")
        largest = max(parameter.data.nbytes for parameter in self.parameters)
        workspaces = np.empty((2, largest), np.uint8)
        self._states = [_State(parameter.data, n_averages, workspaces) for parameter in self.parameters]

    def step(self):
        """Move every parameter that has a gradient; the others, and what is remembered for them, stay.

        Raises
        ------
        ValueError
            If none has one: ``backward`` was not called since ``zero_grad``. If one has another shape than its data.
        """
        _with_gradient(self.parameters)
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

    def zero_grad(self):
        """Empty the gradients, which otherwise add up from step to step."""
        for parameter in self.parameters:
            parameter.grad = None


class SGD(_Optimizer):
    """Gradient descent: data <- data - learning_rate * grad. Stochastic where the gradient comes from a batch.

    With momentum the step follows a running sum of gradients, velocity <- momentum * velocity + grad, data <- data -
    learning_rate * velocity; Nesterov's variant takes grad + momentum * velocity in place of the velocity.

    Parameters
    ----------
    parameters : list
        Anything with ``.data`` and ``.grad``.
    learning_rate : float
        Positive.
    momentum : float
        From 0 up to 1; 0 is plain gradient descent.
    nesterov : bool
        Needs a momentum.
    weight_decay : float
        Factor of the weights that is added to their gradient.

    Raises
    ------
    ValueError, TypeError
        If there are no parameters, one comes twice or is complex, or a number is out of its range.

    Notes
    -----
    In Polyak (1964), and in Sutskever et al. (2013), the learning rate is inside the velocity; here, as in PyTorch,
    outside, so that a new rate acts at once. Sutskever et al. take Nesterov's gradient at the point ahead, data +
    momentum * velocity; here the parameters that the network sees are that point.
    """

    def __init__(self, parameters, learning_rate, momentum=0.0, nesterov=False, weight_decay=0.0):
        self.momentum = _check_from_zero(momentum, "momentum", below=1.0)
        if nesterov and not momentum:
            raise ValueError(f"nesterov: expected a momentum above 0 with it, got {momentum!r}")
        self.nesterov = check_flag(nesterov, "nesterov")
        super().__init__(parameters, learning_rate, weight_decay, n_averages=1 if momentum else 0)

    def _change(self, gradient, state):
        scratch = state.scratch
        for velocity in state.averages:  # none without momentum
            velocity *= self.momentum
            velocity += gradient
            if self.nesterov:
                gradient = np.add(gradient, np.multiply(velocity, self.momentum, out=scratch), out=scratch)
            else:
                gradient = velocity
        return np.multiply(gradient, self.learning_rate, out=scratch)


class RMSProp(_Optimizer):
    """Gradient over the root of its mean square: data <- data - learning_rate * grad / (sqrt(square) + eps).

    square <- alpha * square + (1 - alpha) * grad^2 is a running average, entry by entry, from zero. Tieleman and
    Hinton (2012, lecture 6.5), who have no eps; it stands outside the root, as in PyTorch.

    Parameters
    ----------
    parameters, learning_rate, weight_decay
        As in `SGD`.
    alpha : float
        Share of the old average, from 0 up to 1.
    eps : float
        Positive; keeps small gradients from being divided by next to nothing.
    """

    def __init__(self, parameters, learning_rate=0.01, alpha=0.99, eps=1e-8, weight_decay=0.0):
        self.alpha = _check_from_zero(alpha, "alpha", below=1.0)
        self.eps = check_positive(eps, "eps")
        super().__init__(parameters, learning_rate, weight_decay, n_averages=1)

    def _change(self, gradient, state):
        (square,), scratch = state.averages, state.scratch
        _average(square, np.multiply(gradient, gradient, out=scratch), self.alpha, scratch)
        root = np.sqrt(square, out=scratch)
        root += self.eps
        change = np.divide(gradient, root, out=scratch)
        change *= self.learning_rate
        return change


class Adam(_Optimizer):
    """Mean gradient over the root of its mean square: data <- data - learning_rate * m / (sqrt(v) + eps).

    mean <- beta1 * mean + (1 - beta1) * grad and square <- beta2 * square + (1 - beta2) * grad^2 start at zero; after
    t steps m = mean / (1 - beta1^t) and v = square / (1 - beta2^t) make up for that. Kingma and Ba (2015), algorithm 1.

    Parameters
    ----------
    parameters, learning_rate
        As in `SGD`.
    betas : pair of float
        Shares of the old averages, from 0 up to 1.
    eps : float
        Positive.
    weight_decay : float
        Factor of the weights that is added to their gradient, so the root divides it too; `AdamW` keeps it apart.
    """

    def __init__(self, parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        self.betas = _checked_betas(betas)
        self.eps = check_positive(eps, "eps")
        super().__init__(parameters, learning_rate, weight_decay, n_averages=2)

    def _change(self, gradient, state):
        (mean, square), scratch = state.averages, state.scratch
        beta1, beta2 = self.betas
        _average(mean, gradient, beta1, scratch)
        _average(square, np.multiply(gradient, gradient, out=scratch), beta2, scratch)
        root = np.sqrt(square, out=scratch)
        root /= math.sqrt(1.0 - beta2**state.steps)
        root += self.eps
        change = np.divide(mean, root, out=scratch)
        change *= self.learning_rate / (1.0 - beta1**state.steps)
        return change


class AdamW(Adam):
    """Adam with the weight decay apart: data <- (1 - learning_rate * weight_decay) * data, then Adam's step.

    Loshchilov and Hutter (2019), algorithm 2. They multiply the decay only by the schedule, not by the learning rate;
    here, as in PyTorch, it is multiplied by the learning rate, schedule and all.

    Parameters
    ----------
    parameters, learning_rate, betas, eps
        As in `Adam`.
    weight_decay : float
        Share of the weights that is lost for each unit of the learning rate.
    """

    def __init__(self, parameters, learning_rate=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(parameters, learning_rate, betas, eps, weight_decay)

    def _decay(self, parameter, state):
        parameter.data *= 1.0 - self.learning_rate * self.weight_decay
        return parameter.grad


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


def _average(average, new, share, scratch):
    """average <- share * average + (1 - share) * new, in place; ``new`` may lie in ``scratch``."""
    average *= share
    average += np.multiply(new, 1.0 - share, out=scratch)


def _checked_parameters(parameters):
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


def _with_gradient(parameters):
    with_gradient = [parameter for parameter in parameters if parameter.grad is not None]
    if not with_gradient:
        raise ValueError("gradient: expected a backward pass before this, but no parameter has a gradient")
    for parameter in with_gradient:
        check_same_shape(parameter.grad, parameter.data, "gradient", "its parameter")
    return with_gradient


def _check_from_zero(value, name, below=math.inf):
    """Return ``value`` as a float; raise unless it is one number with 0 <= value < below."""
    wanted = "a number of at least 0" + (f" and below {below:g}" if below < math.inf else "")
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected {wanted}, got {value!r}")
    if not 0 <= value < below:
        raise ValueError(f"{name}: expected {wanted}, got {value!r}")
    return float(value)


def _checked_betas(betas):
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ValueError(f"betas: expected two numbers, got {betas!r}")
    return tuple(_check_from_zero(beta, "betas", below=1.0) for beta in betas)
