"""Operations that choose among entries: the gradient goes to what was taken, and is 0 elsewhere.

Each rule multiplies by a mask, whose zeros stay zeros (see `masked`). Where the result is NaN the mask is NaN, too:
nobody knows what was taken.
"""

from typing import Any

import numpy as np

from backprop_lib._checks import is_real_number
from backprop_lib._stable import masked
from backprop_lib.activations import LEAKY_SLOPE
from backprop_lib.autograd.operands import as_tensor, binary, dropped, filled, method, pair, unary
from backprop_lib.autograd.tensor import Tensor, record


def _mask(values, result):
    """A mask in the result's dtype, NaN where that is NaN."""
    return np.where(np.isnan(result), result, values).astype(result.dtype, copy=False)


abs = unary("abs", "|x|. Derivative the sign of x; 0 at 0.", np.abs, lambda grad, out, x: masked(grad, np.sign(x)))
relu = unary(
    "relu",
    "max(x, 0). Derivative 1 where x > 0, else 0; 0 at 0.",
    lambda x: np.maximum(x, 0),
    lambda grad, out, x: masked(grad, np.sign(out)),
)
leaky_relu = unary(
    "leaky_relu",
    "x where x > 0, else 0.01 x. Derivative 1 or 0.01; 0.01 at 0.",
    lambda x: np.where(x > 0, x, LEAKY_SLOPE * x),
    lambda grad, out, x: grad * _mask(np.where(x > 0, 1.0, LEAKY_SLOPE), out),
)
maximum = method(
    binary(
        "maximum",
        "maximum",
        "The larger of a and b, entry by entry. The gradient goes to it; where they tie, half to each.",
        np.maximum,
        lambda grad, out, x, y: masked(grad, _mask((x > y) + 0.5 * (x == y), out)),
        lambda grad, out, x, y: masked(grad, _mask((y > x) + 0.5 * (x == y), out)),
    )
)
minimum = method(
    binary(
        "minimum",
        "minimum",
        "The smaller of a and b, entry by entry. The gradient goes to it; where they tie, half to each.",
        np.minimum,
        lambda grad, out, x, y: masked(grad, _mask((x < y) + 0.5 * (x == y), out)),
        lambda grad, out, x, y: masked(grad, _mask((y < x) + 0.5 * (x == y), out)),
    )
)


@method
def clip(x: Any, low: float | None = None, high: float | None = None) -> Tensor:
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
    x = as_tensor(x)
    if low is None and high is None:
        raise TypeError("clip: expected a bound, low or high or both, got None and None")
    low, high = -np.inf if low is None else low, np.inf if high is None else high
    if not (is_real_number(low) and is_real_number(high)):
        raise TypeError(f"clip: expected real numbers or None as bounds, got {low!r} and {high!r}")
    if not low <= high:
        raise ValueError(f"clip: expected low <= high, got {low!r} and {high!r}")
    low, high = float(low), float(high)  # a NumPy number would make float64 of float32

    def rule(grad, out, x):
        return masked(grad, _mask((x >= low) & (x <= high), out))

    return record("clip", np.clip(x.data, low, high), (x,), (rule,), (x.data,))


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition holds, else b. The gradient goes to the one that was taken, and is 0 for the other.

    Parameters
    ----------
    condition : array of booleans
        A constant, which is copied.
    a, b : tensor, array or number
        All three broadcast together.

    Returns
    -------
    Tensor
        Of their joint shape.

    Notes
    -----
    Both a and b are computed, whichever is taken, and so are their gradients. In ``where(x > 0, x.sqrt(), 0.0)`` the
    root's slope at 0 is infinite, the gradient that arrives there is 0, and 0 times infinity is NaN. Choose twice: give
    the function a number that it can take, and then throw its result away.

    Examples
    --------
    >>> x = Tensor([0.0, 4.0], requires_grad=True)
    >>> positive = x.data > 0
    >>> where(positive, where(positive, x, 1.0).sqrt(), 0.0).sum().backward()
    >>> x.grad
    array([0.  , 0.25])
    """
    condition = np.array(condition)
    if condition.dtype != bool:
        raise TypeError(f"where: expected a condition of booleans, got dtype {condition.dtype}")
    a, b, x, y = pair(a, b)
    rules = (lambda grad, out: masked(grad, condition), lambda grad, out: masked(grad, ~condition))
    return record("where", np.where(condition, x, y), (a, b), rules)


@method
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Largest entry. The gradient goes to it; where several tie, each gets an equal share."""
    return _extreme(x, axis, keepdims, "max")


@method
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Smallest entry. The gradient goes to it; where several tie, each gets an equal share."""
    return _extreme(x, axis, keepdims, "min")


def _extreme(x, axis, keepdims, name):
    x = filled(x, name)
    taken = getattr(np, name)(x.data, axis=axis, keepdims=True)

    def rule(grad, out):
        ties = x.data == taken
        count = np.maximum(ties.sum(axis=axis, keepdims=True, dtype=x.dtype), 1)  # NaN ties with nothing
        return masked(grad.reshape(taken.shape), _mask(ties / count, np.broadcast_to(taken, x.shape)))

    return record(name, dropped(taken, axis, keepdims), (x,), (rule,))


Tensor.__abs__ = abs
