"""Activation functions, each with its derivative.

An activation acts on every entry of an array by itself, so its Jacobian is diagonal and the diagonal, an array
of the input's shape, says everything. Complex input is accepted wherever the function is analytic: the complex
step needs it.
"""

import importlib
import math
import pickle
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_float_array, check_same_shape
from backprop_lib._stable import all_finite, log_softmax, stable_sigmoid, stable_softplus

LEAKY_SLOPE = 0.01
GELU_SCALE = math.sqrt(2.0 / math.pi)
GELU_CUBIC = 0.044715


class ActivationFunction:
    """An entrywise function together with its derivative.

    Parameters
    ----------
    name : str
        What it is called when it is printed.
    function : callable
        From z to h, array to array of the same shape and dtype.
    derivative : callable
        From (z, h) to dh/dz. Some derivatives are cheapest from the output: for the sigmoid h (1 - h).
    vjp : callable, optional
        From (grad, z, h) to the gradient with respect to z, where that is no plain product derivative(z, h) * grad.
        A slope of 0 or 1 should select, not multiply: infinity times 0 is NaN.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[Array], Array],
        derivative: Callable[[Array, Array], Array],
        vjp: Callable[[Array, Array, Array], Array] | None = None,
    ):
        self.__name__ = name
        self.__doc__ = function.__doc__
        self._function = function
        self._derivative = derivative
        self._vjp = vjp

    def __call__(self, z: ArrayLike) -> Any:
        return self._function(as_float_array(z, "z"))[()]  # [()] makes a number of a 0-d array

    def derivative(self, z: ArrayLike, h: ArrayLike | None = None) -> Any:
        """Derivative at z, same shape as z.

        Parameters
        ----------
        z : array, any shape
            Where.
        h : array, same shape, optional
            The function's value at z, where the caller has it already: it saves an exponential.

        Returns
        -------
        array of z's shape and dtype
            A number for a number.
        """
        z = as_float_array(z, "z")
        h = self._function(z) if h is None else as_float_array(h, "h")
        check_same_shape(h, z, "h", "z")
        return self._derivative(z, h)[()]

    def forward(self, z: Array) -> Array:
        """The function's value at a floating array, which is not checked."""
        return self._function(z)

    def vjp(self, grad: Array, z: Array, h: Array) -> Array:
        """Gradient with respect to z from that with respect to h: a product with the derivative, or a selection.

        Parameters
        ----------
        grad, z, h : array, one shape
            Floating arrays, which are not checked; h is the function's value at z.

        Returns
        -------
        array of z's shape and dtype
        """
        if grad.dtype != z.dtype:
            grad = grad.astype(z.dtype, casting="same_kind")
        return grad * self._derivative(z, h) if self._vjp is None else self._vjp(grad, z, h)

    def __reduce__(self):
        """Pickle by name, as Python does with functions: what comes back is the same object."""
        name = self.__name__
        modules = [sys.modules.get(getattr(self._function, "__module__", None)), *sys.modules.values()]
        for module in modules:
            if getattr(module, "__dict__", {}).get(name) is self:
                return _imported, (module.__name__, name)
        raise pickle.PicklingError(
            f"{name}: expected an activation that a module holds under its own name, to be pickled by that name, "
            f"got one that none does; write {name} = ActivationFunction({name!r}, ...) at the top of a module"
        )

    def __deepcopy__(self, memo):
        return self  # nothing about it changes, as about a function

    def __repr__(self):
        return self.__name__


def _imported(module, name):
    return getattr(importlib.import_module(module), name)


def _tanh(z):
    """Hyperbolic tangent, from -1 to 1. Derivative 1 - h^2.

    Examples
    --------
    >>> float(tanh.derivative(0.0))
    1.0
    """
    return np.tanh(z)


def _relu(z):
    """max(z, 0). Derivative 1 where z > 0, else 0; at the kink the book takes ReLU'(0) = 0, as PyTorch does.

    Backward it selects: where z <= 0 the gradient is 0, whatever comes in, infinity too. NaN stays NaN.

    Examples
    --------
    >>> relu.derivative([-1.0, 0.0, 2.0])
    array([0., 0., 1.])
    """
    if z.dtype.kind == "c":
        return np.where(z.real <= 0, 0.0, z)  # asked this way round, NaN stays NaN
    return np.maximum(z, 0.0)


def _relu_vjp(grad, z, h):
    if all_finite(grad, h):
        return grad * (h > 0)  # up to 18 times as fast as the selection, which guesses each branch
    return np.where(h > 0, grad, h)  # where z is not positive, h is 0, or NaN


def _leaky_relu(z):
    """z where z > 0, else 0.01 z. Derivative 1 or 0.01; at 0 it is 0.01.

    Examples
    --------
    >>> leaky_relu([-1.0, 0.0, 2.0])
    array([-0.01,  0.  ,  2.  ])
    """
    return np.where(z.real > 0, z, LEAKY_SLOPE * z)


def _leaky_relu_derivative(z, h):
    slope = np.where(z.real > 0, 1.0, LEAKY_SLOPE).astype(z.dtype)
    return np.where(np.isnan(z), z, slope)


def _sigmoid(z):
    """1 / (1 + exp(-z)), from 0 to 1, without overflow for any z. Derivative h (1 - h), at most 1/4.

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0])
    array([0. , 0.5, 1. ])
    >>> sigmoid.derivative(0.0)
    np.float64(0.25)
    """
    return stable_sigmoid(z)


def _softplus(z):
    """log(1 + exp(z)), a smooth ReLU. Derivative sigmoid(z).

    Examples
    --------
    >>> softplus([-1000.0, 1000.0])
    array([   0., 1000.])
    """
    return stable_softplus(z)


def _gelu(z):
    """z (1 + tanh u) / 2 with u = sqrt(2/pi) (z + 0.044715 z^3): the tanh form of Hendrycks and Gimpel (2016).

    Examples
    --------
    >>> gelu([-1.0, 0.0, 1.0]).round(4)
    array([-0.1588,  0.    ,  0.8412])
    """
    share = stable_sigmoid(2.0 * _gelu_inner(z))  # (1 + tanh u) / 2 without the cancellation at negative u
    return np.where(z.real < -50.0, 0.0, z) * share  # which is 0 there; minus infinity times 0 would be NaN


def _gelu_inner(z):
    # Beyond |z| = 50 tanh has long reached 1, and the cube of a huge z would overflow.
    bounded = np.where(np.abs(z.real) < 50.0, z, np.sign(z.real) * 50.0)
    return GELU_SCALE * (bounded + GELU_CUBIC * bounded * bounded * bounded)


def _gelu_derivative(z, h):
    u = _gelu_inner(z)
    s, rest = stable_sigmoid(2.0 * u), stable_sigmoid(-2.0 * u)
    bounded = np.where(np.abs(z.real) < 50.0, z, 0.0)
    slope = GELU_SCALE * (1.0 + 3.0 * GELU_CUBIC * bounded * bounded)
    return s + 2.0 * bounded * s * rest * slope


def _identity(z):
    """z itself: the output of a network that predicts a number. Derivative 1.

    Examples
    --------
    >>> identity.derivative([3.0, -7.0])
    array([1., 1.])
    """
    return z.copy()


sigmoid = ActivationFunction("sigmoid", _sigmoid, lambda z, h: h * (1.0 - h))
tanh = ActivationFunction("tanh", _tanh, lambda z, h: 1.0 - h * h)
relu = ActivationFunction("relu", _relu, lambda z, h: np.where(z.real > 0, 1.0, h), _relu_vjp)  # h is 0 there, or NaN
leaky_relu = ActivationFunction("leaky_relu", _leaky_relu, _leaky_relu_derivative)
softplus = ActivationFunction("softplus", _softplus, lambda z, h: stable_sigmoid(z))
gelu = ActivationFunction("gelu", _gelu, _gelu_derivative)
identity = ActivationFunction("identity", _identity, lambda z, h: np.ones_like(z))


def softmax(logits: ArrayLike) -> Array:
    """Probabilities from logits: exp(z_k) / sum_j exp(z_j) over the last axis.

    Parameters
    ----------
    logits : array (..., C)
        Scores of C classes.

    Returns
    -------
    array (..., C)
        Positive, each row summing to 1; finite for logits of any size.

    Raises
    ------
    ValueError
        If there is no class.

    Examples
    --------
    >>> softmax([1000.0, 1000.0, -1000.0])
    array([0.5, 0.5, 0. ])
    """
    logits = as_float_array(logits, "logits")
    if logits.ndim == 0 or logits.shape[-1] == 0:
        raise ValueError(f"logits: expected shape (..., C) with at least one class, got shape {logits.shape}")
    return np.exp(log_softmax(logits))
