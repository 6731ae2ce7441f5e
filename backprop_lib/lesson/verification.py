"""Equations that prove themselves: a cell computes both sides in different ways and `verify` compares them."""

import numpy as np

from backprop_lib._arrays import as_float_array, check_positive
from backprop_lib.numerical import relative_error


class EquationError(AssertionError):
    """An equation whose two sides disagree."""


def verify(label, left, right, *, tolerance=1e-8):
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
        values there.
    """
    if not (isinstance(label, str) and label.startswith("eq-")):
        raise ValueError(f"label: expected the equation's label, 'eq-...', got {label!r}")
    check_positive(tolerance, "tolerance")
    left, right = as_float_array(left, "left"), as_float_array(right, "right")
    if left.shape != right.shape:
        raise EquationError(f"{label}: the left side has shape {left.shape}, the right side {right.shape}")
    if left.dtype.kind != right.dtype.kind:
        raise EquationError(f"{label}: the left side has dtype {left.dtype}, the right side {right.dtype}")
    error = relative_error(left, right)
    if not error <= tolerance:
        raise EquationError(_disagreement(label, left, right, error, tolerance))
    print(f"✓ {label}: both sides agree to {tolerance:.0e}")


def _disagreement(label, left, right, error, tolerance):
    difference = np.abs(left - right)
    worst = np.unravel_index(np.argmax(np.where(np.isnan(difference), np.inf, difference)), difference.shape)
    where = f"entry {[int(i) for i in worst]}" if worst else "the value"
    return (
        f"{label}: the sides disagree, relative error {error:.1e} > {tolerance:.0e}; "
        f"worst at {where}: left {left[worst]:.10g}, right {right[worst]:.10g}"
    )
