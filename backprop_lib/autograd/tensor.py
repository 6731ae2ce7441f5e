"""The array engine: arrays that remember how they were computed.

An operation computes its result with NumPy and records its operands, and for each of them the rule that turns the
gradient of the result into the gradient of the operand (a vector-Jacobian product). The operations stand in the
neighbouring modules, and so does the walk back.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy import ndarray

from backprop_lib._checks import Array, ArrayLike, as_float_array, check_flag, check_real
from backprop_lib.autograd.backward import backward_pass
from backprop_lib.autograd.conversions import Conversions
from backprop_lib.autograd.recording import is_recording, tick

_new = object.__new__
Rule = Callable[..., Array]

if TYPE_CHECKING:  # the methods that the operations' modules attach
    from backprop_lib.autograd.operations import Operations
else:
    Operations = object


class Tensor(Conversions, Operations):
    """An array of real numbers in a computation.

    The dtype is kept: float32 stays float32; integers become float64. Operators broadcast and promote as NumPy's do.
    Comparisons give arrays of booleans, which carry no gradient.

    ``x += y`` within `no_grad` changes a leaf in its own memory. Elsewhere it means ``x = x + y``, a new tensor, as a
    sum that is collected term by term needs it; only a leaf that requires a gradient refuses. ``-=`` and others alike.

    ``float(x)``, ``math.exp(x)`` or ``np.sum(x)`` would lose the graph and are refused where there may be one: `item`
    and ``x.data`` give what has none. A leaf can be pickled and copied by ``copy.deepcopy``, with its gradient.

    Parameters
    ----------
    data : array of real numbers, any shape
        Used, not copied: a buffer that will be filled anew before ``backward`` is given as ``buffer.copy()``. An array
        that stands beside a tensor, ``x * buffer``, is copied.
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
        Whether a backward pass comes by. May be assigned for a leaf.
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
        "_requires_grad",
        "_rules",
        "_stamp",
        "grad",
        "operation",
    )

    def __init__(self, data: ArrayLike, requires_grad: bool = False):
        self._data = check_real(as_float_array(data, "data"), "data")
        self._requires_grad = check_flag(requires_grad, "requires_grad")
        self.grad = self.operation = self._found = None
        self._operands = self._rules = self._arrays = ()
        self._owns_grad = False  # nor of a gradient that is assigned from outside
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
        self._stamp = tick()

    def _check_leaf(self):
        if self.operation is not None:
            raise ValueError(f"expected a leaf to be changed, got a result of {self.operation}; compute a new tensor")

    @property
    def requires_grad(self) -> bool:
        """Whether a backward pass comes by."""
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
            self._stamp = tick()  # what used it as a constant will not lead back to it
        self._requires_grad = flag

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

    def _change(self, operation, other):
        """Apply a NumPy operation in place."""
        other = other._data if isinstance(other, Tensor) else check_real(as_float_array(other, "operand"), "operand")
        operation(self._data, other, out=self._data)
        self._stamp = tick()
        return self

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
    def size(self) -> int:
        """Number of entries."""
        return self._data.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the entries."""
        return self._data.dtype

    def __len__(self):
        if not self.ndim:
            raise TypeError("expected a tensor with at least one axis, got shape (); x.item() is its number")
        return len(self._data)

    def __iter__(self):
        return (self[i] for i in range(len(self)))


def record(
    operation: str,
    data: Any,
    operands: tuple[Tensor, ...],
    rules: tuple[Callable[..., Array], ...],
    arrays: tuple[Any, ...] = (),
) -> Tensor:
    """Result of an operation as a tensor: for operations of the reader's own, as for the engine's.

    Parameters
    ----------
    operation : str
        Its name, for drawings and errors.
    data : array of floats
        What the operation computed.
    operands : tuple of Tensor
        What it was computed from; `Tensor` makes a constant of an array.
    rules : tuple of callables, one for each operand
        From ``(grad, data, *arrays)`` to the gradient with respect to the operand, in its dtype: a new array, grad
        itself or a view of it. Where the operand was broadcast it may have the result's shape: the engine sums.
    arrays : tuple
        What the rules need besides.

    Returns
    -------
    Tensor
        A leaf where no operand requires a gradient, or within `no_grad`.

    Raises
    ------
    TypeError
        If an operand is no tensor.

    Examples
    --------
    The cube, with d(x^3) = 3 x^2 dx:

    >>> def cube(x):
    ...     return record("cube", x.data**3, (x,), (lambda grad, out: grad * 3.0 * x.data**2,))
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    array([ 3., 12.])

    What the rules need can be kept beside them, so that they need not be made anew for each call:

    >>> scaled_rules = (lambda grad, out, factor: grad * factor,)
    >>> record("scaled", x.data * 5.0, (x,), scaled_rules, (5.0,))
    Tensor([ 5., 10.], operation='scaled')
    """
    result = _new(Tensor)
    result._data = data if type(data) is ndarray else np.asarray(data)
    result.grad = result._found = None
    result._stamp = tick()
    try:
        for operand in operands:
            if operand._requires_grad and is_recording():
                result._requires_grad = True
                result.operation = operation
                result._operands = operands
                result._rules = rules
                result._arrays = arrays
                return result
    except AttributeError:
        raise TypeError(f"{operation}: expected a tuple of tensors as operands, got {operands!r}") from None
    result._requires_grad = result._owns_grad = False
    result.operation = None
    result._operands = result._rules = result._arrays = ()
    if result._data.base is not None:  # a constant shares its memory with nobody
        result._data = result._data.copy()
    return result
