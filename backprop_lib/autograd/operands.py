"""What operations do with their operands before they compute: numbers and arrays become tensors of one dtype."""

from typing import Any

import numpy as np

from backprop_lib._arrays import AnyFunction, Array
from backprop_lib.autograd.tensor import Tensor, record


def method(operation: AnyFunction) -> AnyFunction:
    """Make an operation a method of Tensor too, under its own name."""
    setattr(Tensor, operation.__name__, operation)
    return operation


def as_tensor(value: Any, like: Any = None) -> Tensor:
    """A tensor as it is, anything else as a constant. A Python number takes the dtype of ``like``, if that has one."""
    if isinstance(value, Tensor):
        return value
    if isinstance(like, Tensor) and type(value) in (int, float):
        return Tensor(np.asarray(value, like.dtype))
    return Tensor(value)


def pair(a: Any, b: Any) -> tuple[Tensor, Tensor, Array, Array]:
    """Two operands as tensors of one dtype, and their arrays: (a, b, x, y)."""
    if not (isinstance(a, Tensor) and isinstance(b, Tensor) and a._data.dtype is b._data.dtype):
        a, b = same_dtype(as_tensor(a, like=b), as_tensor(b, like=a))
    return a, b, a._data, b._data


def same_dtype(*tensors: Tensor) -> list[Tensor]:
    """The tensors, those of a smaller dtype converted to the largest, as NumPy does it."""
    common = np.result_type(*(tensor.data for tensor in tensors))
    return [tensor if tensor.dtype == common else _astype(tensor, common) for tensor in tensors]


def _astype(x, dtype):
    return record("astype", x.data.astype(dtype), (x,), (lambda grad, out: grad.astype(x.dtype),))
