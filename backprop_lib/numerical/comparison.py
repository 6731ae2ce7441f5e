"""How far two arrays are apart: one number, the entry where they differ most, and both values in words."""

from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_float_array, check_same_shape

# Below this both sides of a comparison count as zero, and their difference is taken as it stands.
NEGLIGIBLE = 1e-12


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """Largest difference of two arrays, relative to their largest entry: max|a - b| / max(|a|, |b|).

    Parameters
    ----------
    a, b : number or array, any shape
        In no order: both are treated alike.

    Returns
    -------
    float
        The absolute difference where both are below 1e-12 everywhere; NaN where either holds a NaN.

    Raises
    ------
    ValueError
        If the shapes differ (nothing broadcasts) or the arrays are empty.

    Examples
    --------
    >>> relative_error([0.0, 1.99], [0.0, 2.0])
    0.0050000000000000044
    """
    a, b = as_float_array(a, "a"), as_float_array(b, "b")
    check_same_shape(a, b, "a", "b")
    if a.size == 0:
        raise ValueError(f"a and b: expected at least one entry to compare, got shape {a.shape}")
    with np.errstate(over="ignore", invalid="ignore"):  # the result says it: NaN or infinite
        difference = np.abs(a - b).max()
        scale = max(np.abs(a).max(), np.abs(b).max())
        return float(difference if scale < NEGLIGIBLE else difference / scale)


def worst_entry(a: Array, b: Array) -> tuple[Any, ...]:
    """Index where two arrays differ most; NaN is the worst difference there is, infinity the next."""
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.abs(a - b)
    return np.unravel_index(np.argmax(difference), difference.shape)  # argmax takes NaN for the largest


def in_words(a: Any, b: Any, digits: int) -> tuple[str, str]:
    """Both numbers as text with so many digits, or with all of them where the texts would not differ."""
    short = f"{a:.{digits}g}", f"{b:.{digits}g}"
    return short if short[0] != short[1] else (f"{a:.17g}", f"{b:.17g}")
