"""Operations that choose among entries: the gradient goes to what was taken, and is 0 elsewhere.

Each rule multiplies by a mask, whose zeros stay zeros (see `masked`). Where the result is NaN the mask is NaN, too:
nobody knows what was taken.
"""

from typing import Any

import numpy as np

from backprop_lib._checks import is_real_number
from backprop_lib._stable import masked
from backprop_lib.activations import LEAKY_SLOPE
from backprop_lib.autograd.operation import binary, unary, with_options
from backprop_lib.autograd.reductions import check_not_empty, drop_axes


def _mask(values, result):
    """A mask in the result's dtype, NaN where that is NaN."""
    return np.where(np.isnan(result), result, values).astype(result.dtype, copy=False)


def _relu(x):
    return np.maximum(x, 0)


def _leaky_relu(x):
    return np.where(x > 0, x, LEAKY_SLOPE * x)


# fmt: off
#                  name          forward      gradient of x
abs        = unary("abs",        np.abs,      lambda grad, out, x: masked(grad, np.sign(x)),
                   "|x|. Derivative the sign of x; 0 at 0.")
relu       = unary("relu",       _relu,       lambda grad, out, x: masked(grad, np.sign(out)),
                   "max(x, 0). Derivative 1 where x > 0, else 0; 0 at 0.")
leaky_relu = unary("leaky_relu", _leaky_relu, lambda grad, out, x: grad * _mask(np.where(x > 0, 1.0, LEAKY_SLOPE), out),
                   "x where x > 0, else 0.01 x. Derivative 1 or 0.01; 0.01 at 0.")
maximum = binary("maximum", "maximum", np.maximum,
                 lambda grad, out, x, y: masked(grad, _mask((x > y) + 0.5 * (x == y), out)),
                 lambda grad, out, x, y: masked(grad, _mask((y > x) + 0.5 * (x == y), out)),
                 "The larger of a and b, entry by entry. The gradient goes to it; where they tie, half to each.")
minimum = binary("minimum", "minimum", np.minimum,
                 lambda grad, out, x, y: masked(grad, _mask((x < y) + 0.5 * (x == y), out)),
                 lambda grad, out, x, y: masked(grad, _mask((y < x) + 0.5 * (x == y), out)),
                 "The smaller of a and b, entry by entry. The gradient goes to it; where they tie, half to each.")
# fmt: on


def _clip(x: Any, low: float | None = None, high: float | None = None) -> Any:
    """x, but not below low or above high. Derivative 1 from low to high, both included, and 0 outside.

    Parameters
    ----------
    x : tensor, array or number
        What is clipped.
    low, high : real number or None
        The bounds; None for none.

    Returns
    -------
    Tensor
        Of x's shape.
    """
    if low is None and high is None:
        raise TypeError("clip: expected a bound, low or high or both, got None and None")
    low, high = -np.inf if low is None else low, np.inf if high is None else high
    if not (is_real_number(low) and is_real_number(high)):
        raise TypeError(f"clip: expected real numbers or None as bounds, got {low!r} and {high!r}")
    if not low <= high:
        raise ValueError(f"clip: expected low <= high, got {low!r} and {high!r}")
    low, high = float(low), float(high)  # a NumPy number would make float64 of float32
    return np.clip(x, low, high), low, high


def _extreme_rule(grad, out, x, taken, axis):
    ties = x == taken
    count = np.maximum(ties.sum(axis=axis, keepdims=True, dtype=x.dtype), 1)  # NaN ties with nothing
    return masked(grad.reshape(taken.shape), _mask(ties / count, np.broadcast_to(taken, x.shape)))


def _max(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest entry. The gradient goes to it; where several tie, each gets an equal share."""
    check_not_empty(x, "max")
    taken = x.max(axis=axis, keepdims=True)
    return drop_axes(taken, axis, keepdims), taken, axis


def _min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest entry. The gradient goes to it; where several tie, each gets an equal share."""
    check_not_empty(x, "min")
    taken = x.min(axis=axis, keepdims=True)
    return drop_axes(taken, axis, keepdims), taken, axis


# fmt: off
#                   forward gradient of x
clip = with_options(_clip, lambda grad, out, x, low, high: masked(grad, _mask((x >= low) & (x <= high), out)))
max  = with_options(_max,  _extreme_rule)
min  = with_options(_min,  _extreme_rule)
# fmt: on
