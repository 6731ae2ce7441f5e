"""Equations that prove themselves: a cell computes both sides in different ways and `verify` compares them."""

import re

import numpy as np

from backprop_lib._checks import ArrayLike, as_float_array, check_positive
from backprop_lib.numerical import NEGLIGIBLE, in_words, relative_error, worst_entry


class EquationError(AssertionError):
    """An equation whose two sides disagree."""


def verify(label: str, left: ArrayLike, right: ArrayLike, *, tolerance: float = 1e-8) -> None:
    """Compare the two sides of an equation and print one line that is the same on every machine.

    Parameters
    ----------
    label : str
        The equation's label on the page, ``"eq-..."``.
    left, right : number or array
        The sides, from different computations. Nothing broadcasts, and integer, real and complex sides are not
        mixed, except that worked numbers may be written without a decimal point.
    tolerance : float
        Largest `relative_error` that passes.

    Raises
    ------
    EquationError
        If the sides disagree, or their shapes or kinds of dtype differ: names the label, the worst entry and both
        values there. Also if both sides are below 1e-12 everywhere.
    ValueError, TypeError
        If the label, the tolerance or a side is not what it should be.

    Examples
    --------
    >>> verify("eq-chain", 0.1 + 0.2, 0.3)
    ✓ eq-chain agrees to 1e-08
    """
    if not (isinstance(label, str) and re.fullmatch(r"eq-[a-zA-Z0-9-]+", label)):
        raise ValueError(f"label: expected the equation's label, 'eq-...', got {label!r}")
    if check_positive(tolerance, "tolerance") >= 1:
        raise ValueError(f"tolerance: expected less than 1, which a wrong side could meet, got {tolerance}")
    if np.asarray(left).dtype.kind == "b" or np.asarray(right).dtype.kind == "b":
        raise TypeError(f"{label}: expected numbers, got truth values")
    left, right = as_float_array(left, "left"), as_float_array(right, "right")
    if left.shape != right.shape:
        raise EquationError(f"{label}: the left side has shape {left.shape}, the right side {right.shape}")
    if left.dtype.kind != right.dtype.kind:
        raise EquationError(f"{label}: the left side has dtype {left.dtype}, the right side {right.dtype}")
    error = relative_error(left, right)
    if max(np.abs(left).max(), np.abs(right).max()) < NEGLIGIBLE:
        raise EquationError(f"{label}: both sides are below {NEGLIGIBLE:g}, where a comparison says nothing")
    if not error <= tolerance:
        raise EquationError(_disagreement(label, left, right, error, tolerance))
    print(f"✓ {label} agrees to {tolerance:g}")


def _disagreement(label, left, right, error, tolerance):
    worst = worst_entry(left, right)
    left_text, right_text = in_words(left[worst], right[worst], 10)
    where = f"entry {[int(i) for i in worst]}" if worst else "the value"
    return (
        f"{label}: the sides disagree, relative error {error:.1e} > {tolerance:g}; "
        f"worst at {where}: left {left_text}, right {right_text}"
    )
