"""What operations do with their operands before they compute: numbers and arrays become tensors of one dtype."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib._checks import AnyFunction, Array, as_float_array, check_real
from backprop_lib.autograd.recording import is_recording
from backprop_lib.autograd.tensor import Tensor, record

NUMBERS = (bool, int, float)  # Python's own take the dtype of what stands beside them


def method(operation: AnyFunction) -> AnyFunction:
    """Make an operation a method of Tensor too, under its own name."""
    setattr(Tensor, operation.__name__, operation)
    return operation


def unary(name: str, doc: str, function: Callable[..., Any], rule: Callable[..., Any]) -> Callable[[Any], Tensor]:
    """The operation of one operand that computes ``function`` and has this rule; a method, too."""
    rules = (rule,)

    def operation(x: Any) -> Tensor:
        x = as_tensor(x)
        return record(name, function(x._data), (x,), rules, (x._data,))

    operation.__name__, operation.__doc__ = name, doc
    return method(operation)


def binary(
    name: str, symbol: str, doc: str, function: Callable[..., Any], *rules: Callable[..., Any]
) -> Callable[[Any, Any], Tensor]:
    """The operation of two operands that computes ``function`` and has these two rules."""

    def operation(a: Any, b: Any) -> Tensor:
        a, b, x, y = pair(a, b)
        return record(symbol, function(x, y), (a, b), rules, (x, y))

    operation.__name__, operation.__doc__ = name, doc
    return operation


def as_tensor(value: Any) -> Tensor:
    """A tensor as it is, anything else as a constant."""
    return value if isinstance(value, Tensor) else Tensor(value)


def pair(a: Any, b: Any) -> tuple[Tensor, Tensor, Array, Array]:
    """Two operands as tensors of one dtype, and their arrays: (a, b, x, y)."""
    if not (isinstance(a, Tensor) and isinstance(b, Tensor) and a._data.dtype is b._data.dtype):
        if type(b) in NUMBERS and isinstance(a, Tensor):
            b = _constant(b, a._data.dtype)
        elif type(a) in NUMBERS and isinstance(b, Tensor):
            a = _constant(a, b._data.dtype)
        else:
            a, b = same_dtype(a, b)
    return a, b, a._data, b._data


def same_dtype(*values: Any) -> list[Tensor]:
    """Tensors, arrays and numbers as tensors of one dtype: the one that NumPy gives to their sum, or float64.

    An array is copied where the result will be recorded: it may be filled anew before the backward pass.
    """
    operands = [value if isinstance(value, Tensor) or type(value) in NUMBERS else _as_array(value) for value in values]
    common = np.result_type(*(value if type(value) in NUMBERS else value.dtype for value in operands))
    if common.kind != "f":
        common = np.dtype(np.float64)
    is_recorded = is_recording() and any(isinstance(value, Tensor) and value._requires_grad for value in operands)
    return [
        _astype(value, common) if isinstance(value, Tensor) else _constant(value, common, is_recorded or None)
        for value in operands
    ]


def _constant(value, dtype, copy=None):
    return record("constant", np.array(value, dtype, copy=copy), (), ())


def _as_array(value):
    """An array of real numbers in the dtype that it has."""
    check_real(as_float_array(value, "operand"), "operand")
    return np.asarray(value)


def _astype(x, dtype):
    if x.dtype == dtype:
        return x
    return record("astype", x.data.astype(dtype), (x,), (lambda grad, out: grad.astype(x.dtype),))


def filled(x: Any, name: str) -> Tensor:
    """A tensor with at least one entry: of none there is no mean and no largest."""
    x = as_tensor(x)
    if x.data.size == 0:
        raise ValueError(f"{name}: expected at least one entry, got shape {x.shape}")
    return x


def dropped(kept: Array, axis: Any, keepdims: bool) -> Array:
    """A reduction's result, computed with all axes kept, without the reduced ones unless they are wanted."""
    if keepdims:
        return kept
    return kept.reshape(()) if axis is None else np.squeeze(kept, axis)
