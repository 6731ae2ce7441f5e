"""Operations that make one number of many: the rule hands the gradient of the one to all that went into it.

``axis`` is None (all), an int or a tuple, as in NumPy; ``axes`` is a tuple, counted from 0. With ``keepdims`` the axes
stay with length 1. The rules reshape the gradient to the shape with those axes, from where it broadcasts over the
operand. The largest and the smallest entry stand in `selections`.
"""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from backprop_lib._checks import Array, is_real_number
from backprop_lib._stable import masked
from backprop_lib.autograd.operation import with_options


def drop_axes(kept: Array, axis: Any, keepdims: bool) -> Array:
    """A reduction's result, computed with all axes kept, without the reduced ones unless they are wanted."""
    if keepdims:
        return kept
    return kept.reshape(()) if axis is None else np.squeeze(kept, axis)


def check_not_empty(x: Any, name: str) -> None:
    """Raise ValueError where there is no entry: of none there is no mean and no largest."""
    if x.size == 0:
        raise ValueError(f"{name}: expected at least one entry, got shape {x.shape}")


def _sum_rule(grad, out, x, kept_shape):
    repeated = np.empty_like(x)
    repeated[...] = grad.reshape(kept_shape)
    return repeated


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum. Every entry enters with the factor 1, so every entry's gradient is the sum's."""
    total = x.sum(axis=axis, keepdims=True)
    return drop_axes(total, axis, keepdims), total.shape


def mean(x, axis=None, keepdims=False):
    """Mean: the sum divided by the number of entries."""
    check_not_empty(x, "mean")
    total = x.sum(axis, keepdims)
    return total / (x.size // total.size)


def _prod_rule(grad, out, x, kept_shape, axes):
    last = range(-len(axes), 0)
    moved = np.moveaxis(x, axes, last)
    factors = moved.reshape(*moved.shape[: x.ndim - len(axes)], math.prod(x.shape[axis] for axis in axes))
    others = _product_before(factors) * _product_before(factors[..., ::-1])[..., ::-1]
    return grad.reshape(kept_shape) * np.moveaxis(others.reshape(moved.shape), last, axes)


def _product_before(factors):
    """For every factor the product of those before it, along the last axis."""
    products = np.ones_like(factors)
    np.cumprod(factors[..., :-1], axis=-1, out=products[..., 1:])
    return products


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Product. Its derivative by an entry is the product of all others, computed without a division: zeros may come."""
    axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
    product = x.prod(axis=axes, keepdims=True)
    return drop_axes(product, axes, keepdims), product.shape, axes


def _length(values, axis):
    """Euclidean norm with all axes kept. The entries are scaled by the largest, so that their squares stay in range."""
    limits = np.finfo(values.dtype)
    scale = np.minimum(np.abs(values).max(axis=axis, keepdims=True, initial=limits.tiny), limits.max)
    return scale * np.sqrt(np.square(values / scale).sum(axis=axis, keepdims=True))


def _length_rule(grad, values, length):
    """A gradient times the values in units of their length; nothing has no direction, and gets 0."""
    return masked(grad.reshape(length.shape), length != 0) * (values / np.where(length == 0, 1, length))


def _norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Euclidean norm, the root of the sum of squares. d|x| = x / |x| dx; the gradient at 0 is 0."""
    length = _length(x, axis)
    return drop_axes(length, axis, keepdims), length


def _centred(x, axis, ddof, name):
    """(what is left of x without the mean, number of entries of a mean minus ddof)."""
    check_not_empty(x, name)
    least = x.min(axis=axis, keepdims=True)
    n = x.size // least.size
    if not is_real_number(ddof):
        raise TypeError(f"{name}: expected a number as ddof, got {ddof!r}")
    if not 0 <= ddof < n:
        raise ValueError(f"{name}: expected ddof from 0 to below the number of entries, {n}, got {ddof!r}")
    centred = x - least  # exactly 0 where all entries are equal, which the mean's rounding would spoil
    centred -= centred.mean(axis=axis, keepdims=True)
    return centred, n - float(ddof)


def _var(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """Variance: squared differences from the mean, summed, over n - ddof; ddof is 0 as in NumPy, in PyTorch it is 1.

    Of d(sum of (x_i - m)^2) = 2 sum of (x_i - m) (dx_i - dm) what has dm is 0, as the x_i - m sum to 0.
    """
    centred, n = _centred(x, axis, ddof, "var")
    variance = np.square(centred).sum(axis=axis, keepdims=True) / n
    return drop_axes(variance, axis, keepdims), centred, n, variance.shape


def _std(x: Any, axis: Any = None, keepdims: bool = False, ddof: float = 0) -> Any:
    """Standard deviation, the root of the variance (see `var`). Where all entries are equal, it and the gradient are 0.

    It is the norm of the x_i - m, over sqrt(n - ddof), and so is its derivative; what m contributes sums to 0.
    """
    centred, n = _centred(x, axis, ddof, "std")
    length = _length(centred, axis)
    return drop_axes(length / math.sqrt(n), axis, keepdims), centred, n, length


# fmt: off
#                   forward gradient of x
sum  = with_options(_sum,  _sum_rule)
prod = with_options(_prod, _prod_rule)
norm = with_options(_norm, lambda grad, out, x, length: _length_rule(grad, x, length))
var  = with_options(_var,  lambda grad, out, x, centred, n, kept_shape: grad.reshape(kept_shape) * (2.0 / n) * centred)
std  = with_options(_std,  lambda grad, out, x, centred, n, length: _length_rule(grad, centred, length) / math.sqrt(n))
# fmt: on
