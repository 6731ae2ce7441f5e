"""The dtype in which operands meet."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from backprop_lib._checks import Array, as_float_array, check_real

NUMBERS = (bool, int, float)  # Python's own take the dtype of what stands beside them


def as_operand(value: Any) -> Any:
    """What has a dtype, and Python's numbers, as they are; anything else as an array of real numbers."""
    return value if type(value) in NUMBERS or hasattr(value, "requires_grad") else _as_array(value)


def _as_array(value: Any) -> Array:
    check_real(as_float_array(value, "operand"), "operand")
    return np.asarray(value)


def common_dtype(operands: Iterable[Any]) -> np.dtype[Any]:
    """The dtype that NumPy gives to the sum of the operands, or float64 where they are integers."""
    common = np.result_type(*(operand if type(operand) in NUMBERS else operand.dtype for operand in operands))
    return common if common.kind == "f" else np.dtype(np.float64)
