"""The array engine: arrays that remember how they were computed.

An operation computes its result with NumPy and records its operands, and for each of them the rule that turns the
gradient of the result into the gradient of the operand (a vector-Jacobian product). The operations stand in the
neighbouring modules, and so does the walk back.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from backprop_lib._arrays import Array, ArrayLike, as_float_array, check_flag, check_real
from backprop_lib.autograd.backward import backward_pass

_new = object.__new__
_tick = count().__next__
_recording = True
Rule = Callable[..., Array]

if TYPE_CHECKING:  # the methods that the operations' modules attach
    from backprop_lib.autograd.operations import Operations
else:
    Operations = object


class Tensor(Operations):
    """An array of real numbers in a computation.

    The dtype is kept: float32 stays float32; integers become float64. Operators broadcast as NumPy's do. Comparisons
    give arrays of booleans, which carry no gradient.

    Parameters
    ----------
    data : array of real numbers, any shape
        Used, not copied.
    requires_grad : bool
        Whether ``backward`` fills ``grad``. What is computed from such a tensor is recorded.

    Attributes
    ----------
    data : array
        May be assigned for a leaf, ``x.data -= step`` too: assignments, in-place operators and with them optimisers
        are noticed, and ``backward`` refuses a graph that was recorded before the change. Writing into the array
        itself, ``x.data[0] = 1``, cannot be noticed, and the gradients are then wrong.
    grad : array of data's shape, or None
        For a leaf, the sum of what all backward passes since ``zero_grad`` have brought, in memory of its own. A
        computed tensor has one only after a backward pass with ``retain_graph=True``, and of that pass alone.
    requires_grad : bool
        Whether a backward pass comes by.
    operation : str or None
        Name of the operation that was recorded; None for a leaf.

    Examples
    --------
    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> (W @ [1.0, -1.0]).tanh().sum().backward()
    >>> W.grad.round(4)
    array([[ 0.42, -0.42],
           [ 0.42, -0.42]])
    """

    __slots__ = (
        "_arrays",
        "_data",
        "_found",
        "_operands",
        "_owns_grad",
        "_rules",
        "_stamp",
        "grad",
        "operation",
        "requires_grad",
    )
    __array_ufunc__ = None  # array * tensor is the tensor's business

    def __init__(self, data: ArrayLike, requires_grad: bool = False):
        self._data = check_real(as_float_array(data, "data"), "data")
        self.requires_grad = check_flag(requires_grad, "requires_grad")
        self.grad = self.operation = self._found = None
        self._operands = self._rules = self._arrays = ()
        self._owns_grad = False  # nor of a gradient that is assigned from outside
        self._stamp = _tick()  # when it was made or last changed: a result is newer than its operands

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
        if not self.requires_grad:
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

    def detach(self) -> "Tensor":
        """A copy outside the graph, which requires no gradient."""
        return Tensor(self._data.copy())

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
        self._stamp = _tick()

    def _check_leaf(self):
        if self.operation is not None:
            raise ValueError(f"expected a leaf to be changed, got a result of {self.operation}; compute a new tensor")

    def _change(self, operation, other):
        """Apply a NumPy operation in place."""
        self._check_leaf()
        if self.requires_grad and _recording:
            raise ValueError("a tensor that requires a gradient: expected its in-place change within no_grad()")
        other = other._data if isinstance(other, Tensor) else check_real(as_float_array(other, "operand"), "operand")
        operation(self._data, other, out=self._data)
        self._stamp = _tick()
        return self

    def __iadd__(self, other):
        return self._change(np.add, other)

    def __isub__(self, other):
        return self._change(np.subtract, other)

    def __imul__(self, other):
        return self._change(np.multiply, other)

    def __itruediv__(self, other):
        return self._change(np.divide, other)

    @property
    def parents(self) -> tuple["Tensor", ...]:
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
    def dtype(self) -> np.dtype[Any]:
        """Type of the entries."""
        return self._data.dtype

    def __len__(self):
        return len(self._data)

    def __iter__(self):
        return (self[i] for i in range(len(self)))

    def __bool__(self):
        return bool(self._data)

    def __float__(self):
        return float(self._data)

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            "expected an array, got a Tensor; NumPy would lose its graph: use the operations of autograd, or .data"
        )

    def __repr__(self):
        values = np.array2string(self._data, prefix="Tensor(", separator=", ")
        return f"Tensor({values}{f', operation={self.operation!r}' if self.operation else ''})"


def no_grad() -> AbstractContextManager[None]:
    """Record nothing in this block: what is computed there is a constant. For the whole process, not one thread.

    Returns
    -------
    context manager
        For ``with``.

    Examples
    --------
    >>> x = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     (2.0 * x).requires_grad
    False
    """
    return recording(False)


@contextmanager
def recording(wanted: bool) -> Iterator[None]:
    """Record operations in this block, or do not."""
    global _recording
    before, _recording = _recording, wanted
    try:
        yield
    finally:
        _recording = before


def record(
    operation: str,
    data: Any,
    operands: tuple[Tensor, ...],
    rules: tuple[Callable[..., Array], ...],
    arrays: tuple[Any, ...] = (),
) -> Tensor:
    """Result of an operation as a tensor.

    Parameters
    ----------
    operation : str
        Its name, for drawings and errors.
    data : array
        What the operation computed.
    operands : tuple of Tensor
        What it was computed from.
    rules : tuple of callables, one for each operand
        From ``(grad, data, *arrays)`` to the gradient with respect to the operand, in its dtype: a new array, grad
        itself or a view of it. Where the operand was broadcast it may have the result's shape: the engine sums.
    arrays : tuple
        What the rules need besides.

    Returns
    -------
    Tensor
        A leaf where no operand requires a gradient.
    """
    result = _new(Tensor)
    result._data = data if type(data) is ndarray else np.asarray(data)
    result.grad = result._found = None
    result._stamp = _tick()
    if _recording:
        for operand in operands:
            if operand.requires_grad:
                result.requires_grad = True
                result.operation = operation
                result._operands = operands
                result._rules = rules
                result._arrays = arrays
                return result
    result.requires_grad = False
    result.operation = None
    result._operands = result._rules = result._arrays = ()
    if result._data.base is not None:  # a constant shares its memory with nobody
        result._data = result._data.copy()
    return result
