"""The rules of the single optimisers, each beside the formula that it follows."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from backprop_lib._checks import check_flag, check_from_zero, check_positive
from backprop_lib.optimizers.base import Optimizer
from backprop_lib.optimizers.groups import Checked

Rate = float | Callable[[int], float]
check_share = partial(check_from_zero, below=1.0)


def check_betas(betas, name):
    if not isinstance(betas, (tuple, list)) or len(betas) != 2:
        raise ValueError(f"{name}: expected two numbers, got {betas!r}")
    return tuple(check_share(beta, name) for beta in betas)


class SGD(Optimizer):
    """Gradient descent: w <- w - eta g, with the learning rate eta. Stochastic where g comes from a batch.

    With a momentum mu the step follows a running sum of gradients, v <- mu v + g, w <- w - eta v; Nesterov's variant
    takes g + mu v in place of v.

    Parameters
    ----------
    parameters : list
        Anything with ``.grad`` and an array in ``.data``. Or groups of them: dicts with ``"parameters"`` and, where a
        group has its own, ``"learning_rate"`` and ``"weight_decay"``.
    learning_rate : float or callable
        Positive. A function is a schedule: it takes the number of steps made so far, 0 at first, and returns the rate
        of the next, which may be 0.
    momentum : float
        From 0 up to 1; 0 is plain gradient descent.
    nesterov : bool
        Needs a momentum.
    weight_decay : float
        Factor of the weights that is added to their gradient.

    Attributes
    ----------
    parameters : list
        All of them, group by group.
    groups : list
        One without groups. ``groups[0].learning_rate`` is its own, or None where the optimiser's counts.

    Raises
    ------
    ValueError, TypeError
        If there are no parameters, one comes twice or is complex, or a number is out of its range.

    Notes
    -----
    In Polyak (1964), and in Sutskever et al. (2013), the learning rate is inside the velocity; here, as in PyTorch,
    outside, so that a new rate acts at once. Sutskever et al. take Nesterov's gradient at the point ahead, data +
    momentum * velocity; here the parameters that the network sees are that point.

    All numbers can be set later, ``optimizer.momentum = 0.5``, and are checked then, too. An optimiser holds the
    parameters themselves, so network and optimiser are copied together: ``copy.deepcopy((network, optimizer))``.

    Examples
    --------
    >>> from backprop_lib import Tensor
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> (x**2).sum().backward()
    >>> SGD([x], learning_rate=0.25).step()
    >>> x.data
    array([0.5, 1. ])

    A rate that falls, but not for the bias, which has a rate of its own and no decay:

    >>> from backprop_lib import Linear
    >>> layer = Linear(2, 1, rng=np.random.default_rng(0))
    >>> groups = [
    ...     {"parameters": [layer.weight]},
    ...     {"parameters": [layer.bias], "learning_rate": 0.01, "weight_decay": 0.0},
    ... ]
    >>> optimizer = SGD(groups, learning_rate=lambda step: 0.1 / (1 + step), weight_decay=1e-4)
    """

    SETTINGS, AVERAGES = (*Optimizer.SETTINGS, "momentum", "nesterov"), ("velocity",)

    def __init__(
        self,
        parameters: Iterable[Any],
        learning_rate: Rate,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ):
        self._momentum = check_share(momentum, "momentum")
        super().__init__(parameters, learning_rate, weight_decay)
        self.nesterov = nesterov

    @property
    def momentum(self) -> float:
        """Share of the velocity that is kept."""
        return self._momentum

    @momentum.setter
    def momentum(self, momentum: float) -> None:
        self._momentum = check_share(momentum, "momentum")
        self._allocate_averages()

    def _average_names(self):
        return self.AVERAGES if self.momentum else ()

    @property
    def nesterov(self) -> bool:
        """Whether the step looks ahead."""
        return self._nesterov

    @nesterov.setter
    def nesterov(self, nesterov: bool) -> None:
        if check_flag(nesterov, "nesterov") and not self.momentum:
            raise ValueError(f"nesterov: expected a momentum above 0 with it, got {self.momentum!r}")
        self._nesterov = nesterov

    def _update(self, w, g, state, eta):
        mu = self._momentum
        if mu:
            (v,) = state.averages
            v *= mu
            v += g
            g = g + mu * v if self._nesterov else v
        w -= eta * g


class RMSProp(Optimizer):
    """Gradient over the root of its mean square: w <- w - eta g / (sqrt(s) + eps), with the learning rate eta.

    s <- alpha s + (1 - alpha) g^2 is a running average, entry by entry, from zero. Tieleman and Hinton (2012,
    lecture 6.5), who have no eps; it stands outside the root, as in PyTorch.

    Parameters
    ----------
    parameters, learning_rate : list, float or callable
        As in `SGD`.
    alpha : float
        Share of the old average, from 0 up to 1.
    eps : float
        Positive; keeps small gradients from being divided by next to nothing.
    weight_decay : float
        As in `SGD`.
    """

    SETTINGS, AVERAGES = (*Optimizer.SETTINGS, "alpha", "eps"), ("square",)
    alpha: Any = Checked(check_share)
    eps: Any = Checked(check_positive)

    def __init__(
        self,
        parameters: Iterable[Any],
        learning_rate: Rate = 0.01,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, learning_rate, weight_decay)
        self.alpha, self.eps = alpha, eps

    def _update(self, w, g, state, eta):
        (s,), alpha = state.averages, self.alpha
        s *= alpha
        s += (1 - alpha) * g**2
        w -= eta * g / (np.sqrt(s) + self.eps)


class Adam(Optimizer):
    """Mean gradient over the root of its mean square: w <- w - eta m_hat / (sqrt(s_hat) + eps).

    m <- beta1 m + (1 - beta1) g and s <- beta2 s + (1 - beta2) g^2 start at zero; after t steps m_hat = m / (1 -
    beta1^t) and s_hat = s / (1 - beta2^t) make up for that. Kingma and Ba (2015), algorithm 1, who write v for s.

    Parameters
    ----------
    parameters, learning_rate : list, float or callable
        As in `SGD`.
    betas : pair of float
        Shares of the old averages, from 0 up to 1.
    eps : float
        Positive.
    weight_decay : float
        Factor of the weights that is added to their gradient, so the root divides it too; `AdamW` keeps it apart.
    """

    SETTINGS, AVERAGES = (*Optimizer.SETTINGS, "betas", "eps"), ("mean", "square")
    betas: Any = Checked(check_betas)
    eps: Any = Checked(check_positive)

    def __init__(
        self,
        parameters: Iterable[Any],
        learning_rate: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        super().__init__(parameters, learning_rate, weight_decay)
        self.betas, self.eps = betas, eps

    def _update(self, w, g, state, eta):
        (m, s), (beta1, beta2), t = state.averages, self.betas, state.steps
        m *= beta1
        m += (1 - beta1) * g
        s *= beta2
        s += (1 - beta2) * g**2
        w -= eta * (m / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + self.eps)


class AdamW(Adam):
    """Adam with the weight decay apart: w <- (1 - eta weight_decay) w, then Adam's step.

    Loshchilov and Hutter (2019), algorithm 2. They multiply the decay only by the schedule, not by the learning rate;
    here, as in PyTorch, it is multiplied by the learning rate, schedule and all.

    Parameters
    ----------
    parameters, learning_rate, betas, eps : list, float, pair of float, float
        As in `Adam`.
    weight_decay : float
        Share of the weights that is lost for each unit of the learning rate.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        learning_rate: Rate = 0.001,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ):
        super().__init__(parameters, learning_rate, betas, eps, weight_decay)

    def _decay(self, w, g, eta, weight_decay):
        w *= 1 - eta * weight_decay
        return g
