"""What a tensor is to the world outside its engine: a number, a text, a pickle, and no array.

NumPy and Python's functions of numbers would compute on, and the graph would be lost without a word. They are refused,
and told what to write instead.
"""

import copy
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from backprop_lib._checks import Array
from backprop_lib.autograd.recording import is_recording

SYNONYMS = {"amax": "max", "amin": "min", "ravel": "flatten"}  # NumPy's other names of what has one name here


class Conversions:
    """The part of `Tensor` that leads out of the engine."""

    _data: Array
    _requires_grad: bool
    operation: str | None
    grad: Any
    item: Callable[[], float]

    __slots__ = ()
    __array_priority__ = 1000.0  # array * tensor, and array += tensor, are the tensor's business

    def __bool__(self) -> bool:
        return bool(self._data)

    def __float__(self) -> float:
        return float(self._plain("float"))

    def __int__(self) -> int:
        return int(self._plain("int"))

    def _plain(self, wanted):
        """The one entry as a plain number, refused where its graph would be lost."""
        if self._requires_grad and is_recording():
            raise TypeError(
                f"{wanted}: expected a number, got a Tensor that requires a gradient, and its graph would be lost: use "
                "the operations of autograd, x.exp() for math.exp(x), or take the number with .item()"
            )
        return self.item()

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "expected an array, got a Tensor; NumPy would lose its graph: use the operations of autograd, x.exp() for "
            "np.exp(x), or .data"
        )

    def __array_function__(self, function, types, args, kwargs):
        if function in (np.shape, np.ndim, np.size):
            return function(self._data, *args[1:], **kwargs)
        name = function.__name__
        raise TypeError(
            f"np.{name}: expected an array, got a Tensor; NumPy would lose its graph: {_replacement(name, self)}"
        )

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else str(self)

    def __repr__(self) -> str:
        values = np.array2string(self._data, prefix="Tensor(", separator=", ")
        return f"Tensor({values}{f', operation={self.operation!r}' if self.operation else ''})"

    def __reduce__(self) -> tuple[Any, ...]:
        """A leaf as what it is made from. The time of its last change is of this process, so it is not kept."""
        if self.operation is not None:
            raise TypeError(
                f"expected a leaf to be pickled or copied, got a result of {self.operation}, whose graph leads to "
                "everything that it was computed from: take detach() of it"
            )
        return type(self), (self._data, self._requires_grad), (None, {"grad": self.grad})

    def __copy__(self) -> Self:
        return copy.deepcopy(self)  # no two tensors share a gradient


FUNCTIONS = (
    "add",
    "concatenate",
    "divide",
    "einsum",
    "matmul",
    "multiply",
    "power",
    "split",
    "stack",
    "subtract",
    "where",
)


def _replacement(name: str, tensor: Conversions) -> str:
    """What to write for a function of NumPy's."""
    name = SYNONYMS.get(name, name)
    if name in ("dot", "inner", "vdot"):
        return "write a @ b, or .data for the array"
    if hasattr(tensor, name):
        return f"write x.{name}(...), or .data for the array"
    if name in FUNCTIONS:
        return f"write autograd.{name}(...), or .data for the array"
    return "use the operations of autograd, or .data"
