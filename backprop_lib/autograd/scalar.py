"""The scalar engine: numbers that remember how they were computed.

Every operation on `Value` makes a node of a graph. The node keeps its one or two parents and, as numbers, the local
derivatives with respect to them. ``backward`` walks the nodes from the newest to the oldest and multiplies along
the way: the chain rule, once per edge.
"""

import math
from itertools import count
from numbers import Real
from operator import attrgetter
from typing import Any, Self

from backprop_lib._checks import check_flag

_new = object.__new__
_tick = count().__next__
FREED = (
    "backward: expected a graph, but the one behind {!r} was freed by an earlier backward pass; compute it anew, or "
    "keep it with backward(retain_graph=True)"
)


class Value:
    """A number in a computation.

    Supports ``+ - * / **`` with numbers and other values, ``exp``, ``log``, ``tanh``, ``relu``, ``sigmoid``, and
    ``< <= > >=``, which compare the numbers. ``==`` stays the comparison of identity: two nodes with equal numbers
    are two nodes. Division by zero and overflow raise what they raise for Python's own floats, and so does what has no
    finite slope, as the logarithm and the root at 0.

    ``float(v)`` and ``math.exp(v)`` would lose the graph and are refused: ``v.data`` is the number. A leaf can be
    pickled and copied by ``copy.deepcopy``, with its gradient.

    Parameters
    ----------
    data : real number
        Kept as a float.

    Attributes
    ----------
    data : float
        Local derivatives are taken when an operation is computed, so a later change of ``data`` spoils no gradient.
    grad : float or None
        For a leaf, the sum of what all backward passes since ``zero_grad`` have brought. A computed value has one
        only after a backward pass with ``retain_graph=True``, and of that pass alone.
    operation : str or None
        Symbol of the operation that computed the value; None for a leaf.

    Examples
    --------
    >>> x, y = Value(2.0), Value(3.0)
    >>> (x * y + x**2).backward()
    >>> x.grad, y.grad
    (7.0, 2.0)
    """

    __slots__ = ("_a", "_b", "_created", "_da", "_db", "data", "grad", "operation")

    def __init__(self, data: float):
        self.data = _number(data)
        self.grad = 0.0
        self.operation = self._a = self._b = self._db = None
        self._created = _tick()

    # One line for each operation: the result, then every operand with the derivative of the result with respect to it.
    # A plain number is no node and has no gradient; it is kept for drawings.

    def __add__(self, other):
        if isinstance(other, Value):
            return _record("+", self.data + other.data, self, 1.0, other, 1.0)
        return _record("+", self.data + (number := _number(other)), self, 1.0, None, number)

    def __sub__(self, other):
        if isinstance(other, Value):
            return _record("−", self.data - other.data, self, 1.0, other, -1.0)
        return _record("−", self.data - (number := _number(other)), self, 1.0, None, number)

    def __mul__(self, other):
        if isinstance(other, Value):
            return _record("×", self.data * other.data, self, other.data, other, self.data)
        return _record("×", self.data * (number := _number(other)), self, number, None, number)

    def __truediv__(self, other):
        if isinstance(other, Value):
            quotient = self.data / other.data
            return _record("÷", quotient, self, 1.0 / other.data, other, -quotient / other.data)
        return _record("÷", self.data / (number := _number(other)), self, 1.0 / number, None, number)

    def __pow__(self, other):
        if isinstance(other, Value):
            a, b = self.data, other.data
            if a or (b and b < 1.0):  # 0 ** b has finite slopes for b = 0 and from b = 1 on
                _positive(a, "the base of **")
            y = a**b
            return _record("**", y, self, _base_slope(a, b), other, y * (math.log(a) if a else 0.0))
        a, b = self.data, _number(other)
        if not b.is_integer() and (a or b < 1.0):
            _positive(a, "the base of ** with a broken exponent")
        return _record("**", a**b, self, _base_slope(a, b), None, b)

    def __neg__(self):
        return _record("−", -self.data, self, -1.0)

    def exp(self) -> Self:
        """e to the power of the value."""
        y = math.exp(self.data)
        return _record("exp", y, self, y)

    def log(self) -> Self:
        """Natural logarithm; ValueError unless the value is above zero."""
        x = _positive(self.data, "the argument of log")
        return _record("log", math.log(x), self, 1.0 / x)

    def tanh(self) -> Self:
        """Hyperbolic tangent."""
        y = math.tanh(self.data)
        return _record("tanh", y, self, 1.0 - y * y)

    def relu(self) -> Self:
        """max(value, 0), with derivative 0 at 0."""
        y = max(self.data, 0.0)
        return _record("relu", y, self, 1.0 if self.data > 0 else y)  # else it is 0, and so is the slope, or NaN

    def sigmoid(self) -> Self:
        """1 / (1 + exp(-value))."""
        decay = math.exp(-abs(self.data))
        y = (1.0 if self.data >= 0 else decay) / (1.0 + decay)
        return _record("sigmoid", y, self, y * (1.0 - y))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other):
        return -self + other

    def __rtruediv__(self, other):
        return Value(other) / self

    def __rpow__(self, other):
        return Value(other) ** self

    def __lt__(self, other):
        return self.data < _data(other)

    def __le__(self, other):
        return self.data <= _data(other)

    def __gt__(self, other):
        return self.data > _data(other)

    def __ge__(self, other):
        return self.data >= _data(other)

    # A NumPy number or array on the left leaves the operation to the value on the right.
    __array_ufunc__ = None

    def backward(self, *, retain_graph: bool = False) -> None:
        """Add the derivative of this value with respect to every leaf behind it to the leaf's ``grad``.

        Gradients add up: a leaf used twice, in one graph or in two, receives both contributions.

        Parameters
        ----------
        retain_graph : bool
            Keep the nodes and their gradients. A second call is then possible and adds everything once more.
            Without it the nodes are freed on the way.

        Raises
        ------
        ValueError
            If a backward pass has already freed a part of the graph. No gradient has then been touched.
        """
        check_flag(retain_graph, "retain_graph")
        nodes = _computed(self)
        self.grad += 1.0
        while nodes:
            node = nodes.pop()  # the newest: all that it went into is done, so its gradient is complete
            grad, a, b = node.grad, node._a, node._b
            a.grad += node._da * grad
            if b is not None:
                b.grad += node._db * grad
            if not retain_graph:
                node.grad = node._a = node._b = node._db = None

    def zero_grad(self) -> None:
        """Set the gradient to zero."""
        self.grad = 0.0

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands, values and plain numbers, of a computed value; none for a leaf, or once the graph is freed."""
        return tuple(operand for operand in (self._a, self._b or self._db) if operand is not None)

    def __repr__(self):
        return f"Value({self.data:g})"

    def __format__(self, spec):
        return format(self.data, spec) if spec else repr(self)

    def __float__(self):
        raise TypeError(
            f"expected a number, got {self}, whose graph would be lost: use its own operations, v.exp() for "
            "math.exp(v), or v.data for the number"
        )

    def __reduce__(self):
        if self.operation is not None:
            raise TypeError(
                f"expected a leaf to be pickled or copied, got {self}, a result of {self.operation}, whose graph leads "
                "to everything that it was computed from: take Value(v.data)"
            )
        return type(self), (self.data,), (None, {"grad": self.grad})


def _record(operation, data, a, da, b=None, db=None):
    """Result of an operation on a, and perhaps b, with its derivatives da and db with respect to them.

    Without b, db is the plain number that took part, if one did.
    """
    node = _new(Value)
    node.data = data
    node.grad = None
    node.operation = operation
    node._a = a
    node._da = da
    node._b = b
    node._db = db
    node._created = _tick()
    return node


class _Zero(float):
    """The gradient of a value that this search has found: told from all others, and what the sum starts from."""

    __slots__ = ()


def _computed(root):
    """The computed values that the root depends on, itself included, oldest first, each with a gradient of zero."""
    if root.operation is None:
        return []
    zero = _Zero()
    nodes, before, root.grad = [root], [root.grad], zero
    try:
        for node in nodes:  # which grows meanwhile
            a, b = node._a, node._b
            if a is None:
                raise ValueError(FREED.format(node))
            if a.operation is not None and a.grad is not zero:
                nodes.append(a)
                before.append(a.grad)
                a.grad = zero
            if b is not None and b.operation is not None and b.grad is not zero:
                nodes.append(b)
                before.append(b.grad)
                b.grad = zero
    except BaseException:
        for node, grad in zip(nodes, before, strict=False):
            node.grad = grad
        raise
    nodes.sort(key=attrgetter("_created"))  # a value is always newer than its parents
    return nodes


def _base_slope(a, b):
    """b a^(b-1); 0 where b = 0, for a = 0 too."""
    return b * a ** (b - 1.0) if b else 0.0


def _data(operand):
    return operand.data if isinstance(operand, Value) else _number(operand)


def _number(operand):
    """Any real number as a float."""
    if type(operand) is float:
        return operand
    if isinstance(operand, Real):
        return float(operand)
    raise TypeError(f"Value: expected a real number, got {operand!r}")


def _positive(number, name):
    if number > 0:
        return number
    raise ValueError(f"{name}: expected a number above zero, got {number}")
