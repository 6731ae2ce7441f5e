"""Arithmetic on tensors, arrays and numbers, as functions and as operators.

In a rule ``grad`` is the gradient of the result and ``out`` the result; ``x`` and ``y`` are the operands. Where an
operand was broadcast, the engine sums what the rule returns.
"""

import numpy as np

from backprop_lib.autograd.operands import binary, unary
from backprop_lib.autograd.products import matmul
from backprop_lib.autograd.tensor import Tensor

add = binary(
    "add",
    "+",
    "a + b. d(a + b) = da + db.",
    np.add,
    lambda grad, out, x, y: grad,
    lambda grad, out, x, y: grad,
)
subtract = binary(
    "subtract",
    "−",
    "a - b. d(a - b) = da - db.",
    np.subtract,
    lambda grad, out, x, y: grad,
    lambda grad, out, x, y: -grad,
)
multiply = binary(
    "multiply",
    "×",
    "a b. d(ab) = b da + a db.",
    np.multiply,
    lambda grad, out, x, y: grad * y,
    lambda grad, out, x, y: grad * x,
)
divide = binary(
    "divide",
    "÷",
    "a / b. d(a/b) = da / b - (a/b) db / b.",
    np.divide,
    lambda grad, out, x, y: grad / y,
    lambda grad, out, x, y: -grad * out / y,
)


def _power_by_base(grad, out, x, y):
    """The slope is 0 where y = 0, for x = 0 too; for 0 < y < 1 it is infinite at x = 0, where the power itself is 0."""
    with np.errstate(divide="ignore"):
        return np.where(y == 0, 0, grad) * y * x ** np.where(y == 0, 0, y - 1)


def _power_by_exponent(grad, out, x, y):
    """The slope is 0 where x = 0 and the power stays 0 for all larger y."""
    is_flat = (x == 0) & (y >= 0)
    with np.errstate(divide="ignore"):
        return np.where(is_flat, 0, grad) * out * np.log(np.where(is_flat, 1, x))


power = binary(
    "power",
    "**",
    "a ** b. d(a^b) = b a^(b-1) da + a^b log(a) db. Where b = 0 the first term is 0, where a = 0 <= b the second.",
    np.power,
    _power_by_base,
    _power_by_exponent,
)
negative = unary("negative", "-x.", np.negative, lambda grad, out, x: -grad)


def _changing(ufunc, operation):
    def change(self, other):
        """In place within no_grad(); elsewhere a new tensor, which the name on the left then stands for."""
        return self._change(ufunc, other) if self._changes_in_place() else operation(self, other)

    return change


def _compares(ufunc):
    def compare(self, other):
        """Entry by entry: an array of booleans, which carries no gradient."""
        return ufunc(self.data, other.data if isinstance(other, Tensor) else other)

    return compare


Tensor.__add__ = Tensor.__radd__ = add
Tensor.__mul__ = Tensor.__rmul__ = multiply
Tensor.__sub__ = subtract
Tensor.__rsub__ = lambda self, other: subtract(other, self)
Tensor.__truediv__ = divide
Tensor.__rtruediv__ = lambda self, other: divide(other, self)
Tensor.__pow__ = power
Tensor.__rpow__ = lambda self, other: power(other, self)
Tensor.__neg__ = negative
Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(other, self)

Tensor.__iadd__ = _changing(np.add, add)
Tensor.__isub__ = _changing(np.subtract, subtract)
Tensor.__imul__ = _changing(np.multiply, multiply)
Tensor.__itruediv__ = _changing(np.divide, divide)
Tensor.__ipow__ = _changing(np.power, power)
Tensor.__imatmul__ = _changing(np.matmul, matmul)

Tensor.__lt__ = _compares(np.less)
Tensor.__le__ = _compares(np.less_equal)
Tensor.__gt__ = _compares(np.greater)
Tensor.__ge__ = _compares(np.greater_equal)
Tensor.__eq__ = _compares(np.equal)
Tensor.__ne__ = _compares(np.not_equal)
Tensor.__hash__ = object.__hash__
