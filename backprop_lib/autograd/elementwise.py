"""Operations on every entry by itself: each rule multiplies the gradient by a derivative, entry by entry.

In a rule ``grad`` is the gradient of the result and ``out`` the result; ``x`` and ``y`` are the operands. Where an
operand was broadcast, the engine sums what the rule returns.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib._arrays import is_real_number, stable_sigmoid, stable_softplus
from backprop_lib.activations import GELU_CUBIC, GELU_SCALE, LEAKY_SLOPE
from backprop_lib.autograd.operands import as_tensor, method, pair
from backprop_lib.autograd.tensor import Tensor, record


def _unary(name: str, doc: str, function: Callable[..., Any], rule: Callable[..., Any]) -> Callable[[Any], Tensor]:
    """The operation of one operand that computes ``function`` and has this rule."""
    rules = (rule,)

    def operation(x: Any) -> Tensor:
        x = as_tensor(x)
        return record(name, function(x._data), (x,), rules, (x._data,))

    operation.__name__, operation.__doc__ = name, doc
    return method(operation)


def _binary(
    name: str, symbol: str, doc: str, function: Callable[..., Any], *rules: Callable[..., Any]
) -> Callable[[Any, Any], Tensor]:
    """The operation of two operands that computes ``function`` and has these two rules."""

    def operation(a: Any, b: Any) -> Tensor:
        a, b, x, y = pair(a, b)
        return record(symbol, function(x, y), (a, b), rules, (x, y))

    operation.__name__, operation.__doc__ = name, doc
    return operation


add = _binary(
    "add",
    "+",
    "a + b. d(a + b) = da + db.",
    np.add,
    lambda grad, out, x, y: grad,
    lambda grad, out, x, y: grad,
)
subtract = _binary(
    "subtract",
    "−",
    "a - b. d(a - b) = da - db.",
    np.subtract,
    lambda grad, out, x, y: grad,
    lambda grad, out, x, y: -grad,
)
multiply = _binary(
    "multiply",
    "×",
    "a b. d(ab) = b da + a db.",
    np.multiply,
    lambda grad, out, x, y: grad * y,
    lambda grad, out, x, y: grad * x,
)
divide = _binary(
    "divide",
    "÷",
    "a / b. d(a/b) = da / b - (a/b) db / b.",
    np.divide,
    lambda grad, out, x, y: grad / y,
    lambda grad, out, x, y: -grad * out / y,
)
power = _binary(
    "power",
    "**",
    "a ** b. d(a^b) = b a^(b-1) da + a^b log(a) db. Where b = 0 the first term is 0, where a = 0 the second.",
    np.power,
    lambda grad, out, x, y: grad * y * x ** np.where(y == 0, 1, y - 1),
    lambda grad, out, x, y: grad * out * np.log(np.where(x == 0, 1, x)),
)
negative = _unary("negative", "-x.", np.negative, lambda grad, out, x: -grad)
exp = _unary("exp", "e^x, its own derivative.", np.exp, lambda grad, out, x: grad * out)
log = _unary("log", "Natural logarithm. d log(x) = dx / x.", np.log, lambda grad, out, x: grad / x)
sqrt = _unary("sqrt", "Square root. d sqrt(x) = dx / (2 sqrt(x)).", np.sqrt, lambda grad, out, x: grad / (2.0 * out))
abs = _unary("abs", "|x|. Derivative the sign of x; 0 at 0.", np.abs, lambda grad, out, x: grad * np.sign(x))
tanh = _unary(
    "tanh",
    "Hyperbolic tangent. d tanh(x) = (1 - tanh(x)^2) dx.",
    np.tanh,
    lambda grad, out, x: grad * (1.0 - out * out),
)
sigmoid = _unary(
    "sigmoid",
    "s(x) = 1 / (1 + exp(-x)). ds = s (1 - s) dx.",
    stable_sigmoid,
    lambda grad, out, x: grad * (out * (1.0 - out)),
)
relu = _unary(
    "relu",
    "max(x, 0). Derivative 1 where x > 0, else 0; 0 at 0.",
    lambda x: np.maximum(x, 0),
    lambda grad, out, x: grad * (x > 0),
)
leaky_relu = _unary(
    "leaky_relu",
    "x where x > 0, else 0.01 x. Derivative 1 or 0.01; 0.01 at 0.",
    lambda x: np.where(x > 0, x, LEAKY_SLOPE * x),
    lambda grad, out, x: grad * np.where(x > 0, 1, LEAKY_SLOPE).astype(x.dtype),
)
softplus = _unary(
    "softplus",
    "log(1 + exp(x)). Derivative 1 / (1 + exp(-x)).",
    stable_softplus,
    lambda grad, out, x: grad * stable_sigmoid(x),
)


@method
def gelu(x: Any) -> Tensor:
    """x (1 + tanh u) / 2 = x sigmoid(2u) with u = sqrt(2/pi) (x + 0.044715 x^3), put together from other operations."""
    x = as_tensor(x)
    bounded = clip(x, -50.0, 50.0)  # the sigmoid has long reached 0 and 1, and the cube of a huge x would overflow
    return x * sigmoid((2.0 * GELU_SCALE) * (bounded + GELU_CUBIC * bounded * bounded * bounded))


@method
def clip(x: Any, low: float, high: float) -> Tensor:
    """x, but not below low or above high. Derivative 1 from low to high, both included, and 0 outside."""
    x = as_tensor(x)
    if not (is_real_number(low) and is_real_number(high)):
        raise TypeError(f"clip: expected two real numbers, got {low!r} and {high!r}")
    if not low <= high:
        raise ValueError(f"clip: expected low <= high, got {low!r} and {high!r}")
    low, high = float(low), float(high)  # a NumPy number would make float64 of float32
    inside = (x.data >= low) & (x.data <= high)
    return record("clip", np.clip(x.data, low, high), (x,), (lambda grad, out: grad * inside,))


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition holds, else b. The gradient goes to the one that was taken.

    Parameters
    ----------
    condition : array of booleans
        A constant.
    a, b : tensor, array or number
        All three broadcast together.

    Returns
    -------
    Tensor
        Of their joint shape.
    """
    condition = np.asarray(condition)
    if condition.dtype != bool:
        raise TypeError(f"where: expected a condition of booleans, got dtype {condition.dtype}")
    a, b, x, y = pair(a, b)
    rules = (lambda grad, out: grad * condition, lambda grad, out: grad * ~condition)
    return record("where", np.where(condition, x, y), (a, b), rules)


Tensor.__add__ = Tensor.__radd__ = add
Tensor.__mul__ = Tensor.__rmul__ = multiply
Tensor.__sub__ = subtract
Tensor.__rsub__ = lambda self, other: subtract(other, self)
Tensor.__truediv__ = divide
Tensor.__rtruediv__ = lambda self, other: divide(other, self)
Tensor.__pow__ = power
Tensor.__rpow__ = lambda self, other: power(other, self)
Tensor.__neg__ = negative
Tensor.__abs__ = abs


def _compares(ufunc):
    def compare(self, other):
        """Entry by entry: an array of booleans, which carries no gradient."""
        return ufunc(self.data, other.data if isinstance(other, Tensor) else other)

    return compare


Tensor.__lt__ = _compares(np.less)
Tensor.__le__ = _compares(np.less_equal)
Tensor.__gt__ = _compares(np.greater)
Tensor.__ge__ = _compares(np.greater_equal)
Tensor.__eq__ = _compares(np.equal)
Tensor.__ne__ = _compares(np.not_equal)
Tensor.__hash__ = object.__hash__
