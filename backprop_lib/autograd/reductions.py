"""Operations that make one number of many: the rule hands the gradient of the one to all that went into it.

``axis`` is None (all), an int or a tuple; with ``keepdims`` the axes stay with length 1. The rules reshape the gradient
to ``kept``, the shape with those axes, from where it broadcasts over the operand. The largest and the smallest entry
stand in `selections`.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from backprop_lib._checks import is_real_number
from backprop_lib._stable import masked
from backprop_lib.autograd.arithmetic import divide
from backprop_lib.autograd.operands import as_tensor, dropped, filled, method
from backprop_lib.autograd.tensor import Tensor, record


@method
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum. Every entry enters with the factor 1, so every entry's gradient is the sum's."""
    x = as_tensor(x)
    total = x.data.sum(axis=axis, keepdims=True)
    kept = total.shape

    def rule(grad, out):
        spread = np.empty_like(x.data)
        spread[...] = grad.reshape(kept)
        return spread

    return record("sum", dropped(total, axis, keepdims), (x,), (rule,))


@method
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean: the sum divided by the number of entries."""
    x = filled(x, "mean")
    total = sum(x, axis, keepdims)
    return divide(total, x.data.size // total.data.size)


@method
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Product. Its derivative by an entry is the product of all others, computed without a division: zeros may come."""
    x = as_tensor(x)
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    last = range(-len(axes), 0)
    product = x.data.prod(axis=axes, keepdims=True)

    def rule(grad, out):
        moved = np.moveaxis(x.data, axes, last)
        factors = moved.reshape(*moved.shape[: x.ndim - len(axes)], math.prod(x.shape[i] for i in axes))
        others = _before(factors) * _before(factors[..., ::-1])[..., ::-1]
        return grad.reshape(product.shape) * np.moveaxis(others.reshape(moved.shape), last, axes)

    return record("prod", dropped(product, axes, keepdims), (x,), (rule,))


def _before(factors):
    """For every factor the product of those before it, along the last axis."""
    products = np.ones_like(factors)
    np.cumprod(factors[..., :-1], axis=-1, out=products[..., 1:])
    return products


@method
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Euclidean norm, the root of the sum of squares. d|x| = x / |x| dx; the gradient at 0 is 0."""
    x = as_tensor(x)
    root = _length(x.data, axis)

    def rule(grad, out):
        return masked(grad.reshape(root.shape), root != 0) * _unit(x.data, root)

    return record("norm", dropped(root, axis, keepdims), (x,), (rule,))


@method
def var(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Tensor:
    """Variance: squared differences from the mean, summed, over n - ddof; ddof is 0 as in NumPy, in PyTorch it is 1.

    Of d(sum of (x_i - m)^2) = 2 sum of (x_i - m) (dx_i - dm) what has dm is 0, as the x_i - m sum to 0.
    """
    x, centred, n = _centred(x, axis, ddof, "var")
    variance = np.square(centred).sum(axis=axis, keepdims=True) / n

    def rule(grad, out):
        return grad.reshape(variance.shape) * (2.0 / n) * centred

    return record("var", dropped(variance, axis, keepdims), (x,), (rule,))


@method
def std(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Tensor:
    """Standard deviation, the root of the variance (see `var`). Where all entries are equal, it and the gradient are 0.

    It is the norm of the x_i - m, over sqrt(n - ddof), and so is its derivative; what m contributes sums to 0.
    """
    x, centred, n = _centred(x, axis, ddof, "std")
    root = _length(centred, axis)

    def rule(grad, out):
        return masked(grad.reshape(root.shape), root != 0) * _unit(centred, root) / math.sqrt(n)

    return record("std", dropped(root / math.sqrt(n), axis, keepdims), (x,), (rule,))


def _length(values, axis):
    """Euclidean norm with all axes kept. The entries are scaled by the largest, so that their squares stay in range."""
    limits = np.finfo(values.dtype)
    scale = np.minimum(np.abs(values).max(axis=axis, keepdims=True, initial=limits.tiny), limits.max)
    return scale * np.sqrt(np.square(values / scale).sum(axis=axis, keepdims=True))


def _unit(values, length):
    """The values in units of their length; nothing has no direction, and stays 0."""
    return values / np.where(length == 0, 1, length)


def _centred(x, axis, ddof, name):
    """(x, what is left of it without the mean, number of entries of a mean minus ddof)."""
    x = filled(x, name)
    least = x.data.min(axis=axis, keepdims=True)
    n = x.data.size // least.size
    if not is_real_number(ddof):
        raise TypeError(f"{name}: expected a number as ddof, got {ddof!r}")
    if not 0 <= ddof < n:
        raise ValueError(f"{name}: expected ddof from 0 to below the number of entries, {n}, got {ddof!r}")
    centred = x.data - least  # exactly 0 where all entries are equal, which the mean's rounding would spoil
    centred -= centred.mean(axis=axis, keepdims=True)
    return x, centred, n - float(ddof)
