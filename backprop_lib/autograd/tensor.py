"""The array engine: arrays that remember how they were computed.

An operation computes its result with NumPy and records its operands, and for each of them the rule that turns the
gradient of the result into the gradient of the operand (a vector-Jacobian product). `Tensor` lists the operations that
are methods and operators; their formulas and rules stand in the modules by topic, and know nothing of tensors.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec

import numpy as np
from numpy import ndarray

from backprop_lib._checks import Array
from backprop_lib.autograd import arithmetic, elementwise, probabilities, products, reductions, selections, shapes
from backprop_lib.autograd.conversions import Conversions
from backprop_lib.autograd.operands import NUMBERS, as_operand, common_dtype
from backprop_lib.autograd.operation import Operation
from backprop_lib.autograd.recorded import Recorded
from backprop_lib.autograd.recording import is_recording, tick

P = ParamSpec("P")
_new = object.__new__


def primitive(operation: Operation[P]) -> Callable[P, "Tensor"]:
    """The function of tensors, arrays and numbers that computes an operation and records it with its rules."""
    forward: Callable[..., Any] = operation.forward
    rules, symbol = operation.rules, operation.symbol

    def one(x: Any) -> "Tensor":
        x = as_tensor(x)
        data = x._data
        return _result(symbol, forward(data), (x,), rules, (data,))

    def two(a: Any, b: Any) -> "Tensor":
        if not (isinstance(a, Tensor) and isinstance(b, Tensor) and a._data.dtype is b._data.dtype):
            a, b = _pair(a, b)
        x, y = a._data, b._data
        return _result(symbol, forward(x, y), (a, b), rules, (x, y))

    def one_with_options(x, *args, **options):
        x = as_tensor(x)
        data = x._data
        result = forward(data, *args, **options)
        return _result(symbol, result[0], (x,), rules, (data, *result[1:]))

    function: Any = wraps(forward)(one_with_options) if operation.saves else (one, two)[len(rules) - 1]
    function.__name__, function.__doc__ = operation.name, operation.doc
    return function


def composite(f: Callable[Concatenate[Any, P], Any]) -> Callable[Concatenate[Any, P], "Tensor"]:
    """The function of tensors, arrays and numbers that is put together from methods of its operand."""

    @wraps(f)
    def function(x, *args, **options):
        return f(as_tensor(x), *args, **options)

    return function


add = primitive(arithmetic.add)
subtract = primitive(arithmetic.subtract)
multiply = primitive(arithmetic.multiply)
divide = primitive(arithmetic.divide)
power = primitive(arithmetic.power)
matmul = primitive(products.matmul)


class Tensor(Recorded, Conversions):
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
        Whether a backward pass computes its gradient. May be assigned for a leaf.
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

    __slots__ = ()

    __add__ = __radd__ = add
    __mul__ = __rmul__ = multiply
    __sub__ = subtract
    __truediv__ = divide
    __pow__ = power
    __matmul__ = matmul

    def __rsub__(self, other: Any) -> "Tensor":
        return subtract(other, self)

    def __rtruediv__(self, other: Any) -> "Tensor":
        return divide(other, self)

    def __rpow__(self, other: Any) -> "Tensor":
        return power(other, self)

    def __rmatmul__(self, other: Any) -> "Tensor":
        return matmul(other, self)

    # Entry by entry
    __neg__ = negative = primitive(arithmetic.negative)
    __abs__ = abs = primitive(selections.abs)
    exp = primitive(elementwise.exp)
    log = primitive(elementwise.log)
    log1p = primitive(elementwise.log1p)
    sqrt = primitive(elementwise.sqrt)
    sin = primitive(elementwise.sin)
    cos = primitive(elementwise.cos)
    tanh = primitive(elementwise.tanh)
    sigmoid = primitive(elementwise.sigmoid)
    softplus = primitive(elementwise.softplus)
    gelu = composite(elementwise.gelu)
    relu = primitive(selections.relu)
    leaky_relu = primitive(selections.leaky_relu)
    clip = primitive(selections.clip)
    maximum = primitive(selections.maximum)
    minimum = primitive(selections.minimum)

    # One number of many
    sum = primitive(reductions.sum)
    mean = composite(reductions.mean)
    prod = primitive(reductions.prod)
    norm = primitive(reductions.norm)
    var = primitive(reductions.var)
    std = primitive(reductions.std)
    max = primitive(selections.max)
    min = primitive(selections.min)
    softmax = primitive(probabilities.softmax)
    log_softmax = primitive(probabilities.log_softmax)
    logsumexp = primitive(probabilities.logsumexp)
    cross_entropy = primitive(probabilities.cross_entropy)

    # Entries in other places
    reshape = primitive(shapes.reshape)
    flatten = composite(shapes.flatten)
    squeeze = composite(shapes.squeeze)
    transpose = primitive(shapes.transpose)
    T = property(primitive(shapes.T))
    __getitem__ = primitive(shapes.getitem)

    def __iter__(self) -> Iterator["Tensor"]:
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
    ValueError
        If there are fewer rules than operands.

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
    if not all(isinstance(operand, Tensor) for operand in operands):
        raise TypeError(f"{operation}: expected a tuple of tensors as operands, got {operands!r}")
    if len(rules) < len(operands):
        raise ValueError(f"{operation}: expected a rule for each of its {len(operands)} operands, got {len(rules)}")
    return _result(operation, data, operands, rules, arrays)


def _result(operation, data, operands, rules, arrays=()):
    result = _new(Tensor)
    result._data = data if type(data) is ndarray else np.asarray(data)
    result.grad = result._found = None
    result._stamp = tick()
    for operand in operands:
        if operand._requires_grad and is_recording():
            result._requires_grad = True
            result.operation = operation
            result._operands = operands
            result._rules = rules
            result._arrays = arrays
            return result
    result._requires_grad = False
    result.operation = None
    result._operands = result._rules = result._arrays = ()
    if result._data.base is not None:  # a constant shares its memory with nobody
        result._data = result._data.copy()
    return result


def as_tensor(value: Any) -> Tensor:
    """A tensor as it is, anything else as a constant."""
    return value if isinstance(value, Tensor) else Tensor(value)


def same_dtype(*values: Any) -> list[Tensor]:
    """Tensors, arrays and numbers as tensors of one dtype: the one that NumPy gives to their sum, or float64.

    An array is copied where the result will be recorded: it may be filled anew before the backward pass.
    """
    operands = [as_operand(value) for value in values]
    dtype = common_dtype(operands)
    is_recorded = is_recording() and any(isinstance(operand, Tensor) and operand._requires_grad for operand in operands)
    return [
        _astype(operand, dtype) if isinstance(operand, Tensor) else _constant(operand, dtype, is_recorded or None)
        for operand in operands
    ]


def _pair(a, b):
    if isinstance(a, Tensor) and type(b) in NUMBERS:
        return a, _constant(b, a._data.dtype)
    if isinstance(b, Tensor) and type(a) in NUMBERS:
        return _constant(a, b._data.dtype), b
    return same_dtype(a, b)


def _constant(value, dtype, copy=None):
    return _result("constant", np.array(value, dtype, copy=copy), (), ())


def _astype(x, dtype):
    if x.dtype == dtype:
        return x
    return _result("astype", x.data.astype(dtype), (x,), (lambda grad, out, dtype: grad.astype(dtype),), (x.dtype,))
