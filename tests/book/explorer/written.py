"""Numbers as an interactive figure's text writes them."""

import numpy as np


def numbers(array, digits=3):
    """Rounded numbers in brackets."""
    array = np.asarray(array)
    if array.ndim == 0:
        return f"{round(float(array), digits) + 0.0:g}"
    return f"[{', '.join(numbers(row, digits) for row in array)}]"
