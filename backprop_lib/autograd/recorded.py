"""The state of a tensor: its array, how that was computed, its gradient, and the way back."""

import operator
from typing import Any, Self

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_float_array, check_flag, check_real
from backprop_lib.autograd.backward import backward_pass
from backprop_lib.autograd.recording import is_recording, tick


class Recorded:
    """An array that knows how it was computed. `Tensor` adds what can be computed with it."""

    __slots__ = (
        "_arrays",
        "_data",
        "_found",
        "_operands",
        "_requires_grad",
        "_rules",
        "_stamp",
        "grad",
        "operation",
    )
    _data: Array
    _requires_grad: bool
    _operands: tuple[Any, ...]
    _rules: tuple[Any, ...]
    _arrays: tuple[Any, ...]
    grad: Any
    operation: str | None

    def __init__(self, data: ArrayLike, requires_grad: bool = False):
        self._data = check_real(as_float_array(data, "data"), "data")
        self._requires_grad = check_flag(requires_grad, "requires_grad")
        self.grad = self.operation = self._found = None
        self._operands = self._rules = self._arrays = ()
        self._stamp = tick()  # when it was made or last changed: a result is newer than its operands

    def backward(self, grad: ArrayLike | None = None, *, retain_graph: bool = False) -> None:
        """Add the gradient with respect to every leaf that requires one to the leaf's ``grad``.

        Parameters
        ----------
        grad : array of this tensor's shape, optional
            Gradient with respect to this tensor, from which to start. A tensor of one entry starts from 1.
        retain_graph : bool
            Keep the graph and the gradients inside. A second call is then possible and adds everything once more.
            Without it the graph is freed on the way.

        Raises
        ------
        ValueError
            If nothing was recorded, a backward pass has already freed a part of the graph, a recorded tensor was
            changed since, or the shape of grad is another. No gradient has then been touched.
        """
        backward_pass(self, self._seed(grad), check_flag(retain_graph, "retain_graph"))

    def _seed(self, grad):
        if not self._requires_grad:
            raise ValueError("backward: expected a tensor computed from one with requires_grad=True, got a constant")
        if grad is None:
            if self._data.size != 1:
                raise ValueError(
                    f"backward: expected grad of shape {self.shape}, got none; only one entry starts from 1"
                )
            return np.ones_like(self._data)
        grad = check_real(as_float_array(grad, "grad"), "grad")
        if grad.shape != self.shape:
            raise ValueError(f"backward: expected grad of shape {self.shape}, got shape {grad.shape}")
        return grad.astype(self.dtype, copy=False)

    def zero_grad(self) -> None:
        """Empty the gradient."""
        self.grad = None

    def detach(self) -> Self:
        """A copy outside the graph, which requires no gradient."""
        return type(self)(self._data.copy())

    def item(self) -> float:
        """The one entry as a Python number."""
        if self._data.size != 1:
            raise ValueError(f"item: expected a tensor of one entry, got shape {self.shape}")
        return self._data.item()

    @property
    def data(self) -> Array:
        """The array of values."""
        return self._data

    @data.setter
    def data(self, value: ArrayLike) -> None:
        self._check_leaf()
        if value is not self._data:
            value = check_real(as_float_array(value, "data"), "data")
            if value.shape != self.shape:
                raise ValueError(f"data: expected shape {self.shape}, got shape {value.shape}")
        self._data = value
        self._stamp = tick()

    def _check_leaf(self):
        if self.operation is not None:
            raise ValueError(f"expected a leaf to be changed, got a result of {self.operation}; compute a new tensor")

    @property
    def requires_grad(self) -> bool:
        """Whether a backward pass computes its gradient."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, flag: bool) -> None:
        flag = check_flag(flag, "requires_grad")
        if self.operation is not None and not flag:
            raise ValueError(
                f"requires_grad: expected a leaf, got a result of {self.operation}; detach() gives its values without "
                "the graph"
            )
        if flag and not self._requires_grad:
            self._stamp = tick()  # results that used it as a constant do not lead back to it
        self._requires_grad = flag

    # In place within no_grad(); elsewhere a new tensor, which the name on the left then stands for.

    def __iadd__(self, other: Any) -> Self:
        return self._change(np.add, other) if self._changes_in_place() else operator.add(self, other)

    def __isub__(self, other: Any) -> Self:
        return self._change(np.subtract, other) if self._changes_in_place() else operator.sub(self, other)

    def __imul__(self, other: Any) -> Self:
        return self._change(np.multiply, other) if self._changes_in_place() else operator.mul(self, other)

    def __itruediv__(self, other: Any) -> Self:
        return self._change(np.divide, other) if self._changes_in_place() else operator.truediv(self, other)

    def __ipow__(self, other: Any) -> Self:
        return self._change(np.power, other) if self._changes_in_place() else operator.pow(self, other)

    def __imatmul__(self, other: Any) -> Self:
        return self._change(np.matmul, other) if self._changes_in_place() else operator.matmul(self, other)

    def _changes_in_place(self) -> bool:
        """Whether an in-place operator changes this tensor itself; else it makes a new one."""
        if not is_recording():
            self._check_leaf()
        elif self._requires_grad and self.operation is None:
            raise ValueError(
                "a tensor that requires a gradient: expected its in-place change within no_grad(), or x = x + ..., "
                "which is recorded"
            )
        return not is_recording()

    def _change(self, ufunc, other):
        """Apply a NumPy operation in place."""
        other = other._data if isinstance(other, Recorded) else check_real(as_float_array(other, "operand"), "operand")
        ufunc(self._data, other, out=self._data)
        self._stamp = tick()
        return self

    @property
    def parents(self) -> tuple[Self, ...]:
        """The operands that the tensor was computed from; none for a leaf, or once the graph is freed."""
        return self._operands

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return self._data.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._data.ndim

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the entries."""
        return self._data.dtype

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("expected a tensor with at least one axis, got shape (); x.item() is its number")
        return len(self._data)

    def __lt__(self, other: Any) -> Array:
        return np.less(self._data, _array(other))

    def __le__(self, other: Any) -> Array:
        return np.less_equal(self._data, _array(other))

    def __gt__(self, other: Any) -> Array:
        return np.greater(self._data, _array(other))

    def __ge__(self, other: Any) -> Array:
        return np.greater_equal(self._data, _array(other))

    def __eq__(self, other: Any) -> Array:  # type: ignore[override]  # entry by entry, as NumPy's
        return np.equal(self._data, _array(other))

    def __ne__(self, other: Any) -> Array:  # type: ignore[override]
        return np.not_equal(self._data, _array(other))

    __hash__ = object.__hash__


def _array(operand):
    return operand._data if isinstance(operand, Recorded) else operand
