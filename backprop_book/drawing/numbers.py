"""Numbers as drawings and their texts write them. Adding 0.0 makes a plain zero of a negative one."""

import numpy as np


def significant(number):
    """A number with three significant digits."""
    return f"{number + 0.0:.3g}"


def rounded(array, digits=3):
    """A number rounded to so many places, without zeros at its end; of an array all numbers, in brackets."""
    if np.ndim(array):
        return f"[{', '.join(rounded(row, digits) for row in array)}]"
    return f"{np.round(array, digits) + 0.0:g}"
