"""Operations on every entry by itself: each rule multiplies the gradient by a derivative, entry by entry.

In the rules ``grad`` is the gradient of the result; ``x`` and ``y`` are the operands' arrays, ``out`` is the result's.
Where an operand was broadcast, the engine sums what the rule returns.
"""

import numpy as np

from backprop_lib._arrays import is_real_number, stable_sigmoid, stable_softplus
from backprop_lib.activations import GELU_CUBIC, GELU_SCALE, LEAKY_SLOPE
from backprop_lib.autograd.operands import as_tensor, method, pair
from backprop_lib.autograd.tensor import Tensor, record


def add(a, b):
    """a + b. d(a + b) = da + db."""
    a, b, x, y = pair(a, b)
    return record("+", x + y, (a, lambda grad: grad), (b, lambda grad: grad))


def subtract(a, b):
    """a - b. d(a - b) = da - db."""
    a, b, x, y = pair(a, b)
    return record("−", x - y, (a, lambda grad: grad), (b, lambda grad: -grad))


def multiply(a, b):
    """a b. d(ab) = b da + a db."""
    a, b, x, y = pair(a, b)
    return record("×", x * y, (a, lambda grad: grad * y), (b, lambda grad: grad * x))


def divide(a, b):
    """a / b. d(a/b) = da / b - (a/b) db / b."""
    a, b, x, y = pair(a, b)
    out = x / y
    return record("÷", out, (a, lambda grad: grad / y), (b, lambda grad: -grad * out / y))


def power(a, b):
    """a ** b. d(a^b) = b a^(b-1) da + a^b log(a) db; where b = 0 the first is 0, where a = 0 the second is."""
    a, b, x, y = pair(a, b)
    out = x**y

    def rule_a(grad):
        return grad * y * x ** np.where(y == 0, 1.0, y - 1.0).astype(x.dtype)

    return record("**", out, (a, rule_a), (b, lambda grad: grad * out * np.log(np.where(x == 0, 1, x))))


@method
def exp(x):
    """e^x, its own derivative."""
    x = as_tensor(x)
    out = np.exp(x.data)
    return record("exp", out, (x, lambda grad: grad * out))


@method
def log(x):
    """Natural logarithm. d log(x) = dx / x."""
    x = as_tensor(x)
    return record("log", np.log(x.data), (x, lambda grad: grad / x.data))


@method
def sqrt(x):
    """Square root. d sqrt(x) = dx / (2 sqrt(x))."""
    x = as_tensor(x)
    out = np.sqrt(x.data)
    return record("sqrt", out, (x, lambda grad: grad / (2.0 * out)))


@method
def abs(x):
    """|x|. Derivative the sign of x; 0 at 0."""
    x = as_tensor(x)
    return record("abs", np.abs(x.data), (x, lambda grad: grad * np.sign(x.data)))


@method
def tanh(x):
    """Hyperbolic tangent. d tanh(x) = (1 - tanh(x)^2) dx."""
    x = as_tensor(x)
    out = np.tanh(x.data)
    return record("tanh", out, (x, lambda grad: grad * (1.0 - out * out)))


@method
def sigmoid(x):
    """s(x) = 1 / (1 + exp(-x)). ds = s (1 - s) dx."""
    x = as_tensor(x)
    out = stable_sigmoid(x.data)
    return record("sigmoid", out, (x, lambda grad: grad * (out * (1.0 - out))))


@method
def relu(x):
    """max(x, 0). Derivative 1 where x > 0, else 0; 0 at 0."""
    x = as_tensor(x)
    return record("relu", np.maximum(x.data, 0.0), (x, lambda grad: grad * (x.data > 0)))


@method
def leaky_relu(x):
    """x where x > 0, else 0.01 x. Derivative 1 or 0.01; 0.01 at 0."""
    x = as_tensor(x)
    slope = np.where(x.data > 0, 1.0, LEAKY_SLOPE).astype(x.dtype)
    return record("leaky_relu", x.data * slope, (x, lambda grad: grad * slope))


@method
def softplus(x):
    """log(1 + exp(x)). Derivative 1 / (1 + exp(-x))."""
    x = as_tensor(x)
    return record("softplus", stable_softplus(x.data), (x, lambda grad: grad * stable_sigmoid(x.data)))


@method
def gelu(x):
    """x (1 + tanh u) / 2 = x sigmoid(2u) with u = sqrt(2/pi) (x + 0.044715 x^3), put together from other operations."""
    x = as_tensor(x)
    bounded = clip(x, -50.0, 50.0)  # the sigmoid has long reached 0 and 1, and the cube of a huge x would overflow
    return x * sigmoid((2.0 * GELU_SCALE) * (bounded + GELU_CUBIC * bounded * bounded * bounded))


@method
def clip(x, low, high):
    """x, but not below low or above high. Derivative 1 from low to high, both included, and 0 outside."""
    x = as_tensor(x)
    if not (is_real_number(low) and is_real_number(high)):
        raise TypeError(f"clip: expected two real numbers, got {low!r} and {high!r}")
    if not low <= high:
        raise ValueError(f"clip: expected low <= high, got {low!r} and {high!r}")
    low, high = float(low), float(high)  # a NumPy number would make float64 of float32
    inside = (x.data >= low) & (x.data <= high)
    return record("clip", np.clip(x.data, low, high), (x, lambda grad: grad * inside))


def where(condition, a, b):
    """a where the condition holds, else b. The gradient goes to the one that was taken.

    Parameters
    ----------
    condition : array of booleans
    a, b : tensor, array or number
        All three broadcast together.
    """
    condition = np.asarray(condition)
    if condition.dtype != bool:
        raise TypeError(f"where: expected a condition of booleans, got dtype {condition.dtype}")
    a, b, x, y = pair(a, b)
    out = np.where(condition, x, y)
    return record("where", out, (a, lambda grad: grad * condition), (b, lambda grad: grad * ~condition))


def negative(x):
    """-x."""
    x = as_tensor(x)
    return record("−", -x.data, (x, lambda grad: -grad))


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
