"""Mathematics that holds for numbers of any size: no overflow, no cancellation, no infinity times 0.

Nothing here checks what comes in.
"""

import cmath
import math
from collections.abc import Sequence

import numpy as np

from backprop_lib._checks import Array


def all_finite(a: Array, b: Array) -> bool:
    """Whether all entries of two arrays are finite, told by their one product; False also where that overflows.

    It takes a fraction of the time of ``np.isfinite``, and warns of nothing.
    """
    return cmath.isfinite(np.vdot(a, b))


def analytic_abs(z: Array) -> Array:
    """|z| for real z; for complex z the sign follows the real part, so that it stays analytic off the fold."""
    return np.where(z.real < 0, -z, z)


def stable_sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)) without overflow: the exponential is only ever taken of a negative number."""
    decay = np.exp(-analytic_abs(z))
    return np.where(z.real < 0, decay, 1.0) / (1.0 + decay)


def stable_softplus(z: Array) -> Array:
    """log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)), which neither overflows nor loses small values."""
    return np.where(z.real < 0, 0.0, z) + np.log1p(
        np.exp(-analytic_abs(z))
    )  # the branches must part where analytic_abs's do


@np.errstate(over="ignore", invalid="ignore")  # a logit below the largest by more than 1.8e308 counts as -inf
def shifted_exponentials(logits: Array) -> tuple[Array, Array, Array]:
    """Logits minus the largest of their row, the exponentials of these, and the sum of the exponentials in each row.

    Rows are over the last axis, and the sums (..., 1). softmax = exponentials / sums and log_softmax = shifted -
    log(sums) are finite for logits of any size. For complex logits "largest" means the real part.
    """
    # A short last axis is reduced several times faster where it has the long stride.
    shifted = np.array(logits, order="F" if logits.shape[-1] <= 32 else "C")
    shifted -= shifted.real.max(axis=-1, keepdims=True)
    exponentials = np.exp(shifted)
    return shifted, exponentials, exponentials.sum(axis=-1, keepdims=True)


def log_softmax(logits: Array) -> Array:
    """Logits minus the logarithm of their summed exponentials, over the last axis."""
    shifted, _, sums = shifted_exponentials(logits)
    return shifted - np.log(sums)


def masked(values: Array, mask: Array) -> Array:
    """Values times a mask: 0 where the mask is 0, even where a value is infinite or NaN, as a gradient may be.

    A mask selects. As a product it is many times faster than as `numpy.where`, but infinity times 0 is NaN.

    Parameters
    ----------
    values : array
        A gradient, in a rule.
    mask : array that broadcasts with values
        Factors, truth values say. NaN stays NaN.

    Returns
    -------
    array
        What goes on.

    Examples
    --------
    >>> masked(np.array([2.0, np.inf]), np.array([True, False]))
    array([2., 0.])
    """
    if all_finite(values, values):
        return values * mask
    with np.errstate(invalid="ignore"):
        return np.where(mask == 0, 0, values * mask)


def joint_norm(arrays: Sequence[Array]) -> float:
    """Euclidean norm of all entries together; where their squares leave the number range, the entries are scaled."""
    squares = sum(float(np.vdot(array, array)) for array in arrays)
    if 1e-30 < squares < 1e30:  # far from the limits of float32 and float64
        return math.sqrt(squares)
    largest = max((float(np.abs(array).max(initial=0.0)) for array in arrays), default=0.0)
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    scaled = [np.divide(array, largest, dtype=np.float64) for array in arrays]
    return largest * math.sqrt(sum(np.vdot(array, array) for array in scaled))
