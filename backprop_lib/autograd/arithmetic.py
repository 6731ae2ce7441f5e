"""Arithmetic with two operands that broadcast. Where one was repeated, the engine sums what its rule returns."""

import numpy as np

from backprop_lib.autograd.operation import binary, unary


def _power_base_rule(grad, out, x, y):
    """The slope is 0 where y = 0, for x = 0 too; for 0 < y < 1 it is infinite at x = 0, where the power itself is 0."""
    with np.errstate(divide="ignore"):
        return np.where(y == 0, 0, grad) * y * x ** np.where(y == 0, 0, y - 1)


def _power_exponent_rule(grad, out, x, y):
    """The slope is 0 where x = 0 and the power stays 0 for all larger y."""
    is_flat = (x == 0) & (y >= 0)
    with np.errstate(divide="ignore"):
        return np.where(is_flat, 0, grad) * out * np.log(np.where(is_flat, 1, x))


# fmt: off
#                 name              forward       gradient of x                        gradient of y
add      = binary("add",      "+",  np.add,       lambda grad, out, x, y: grad,        lambda grad, out, x, y: grad,
                  "a + b. d(a + b) = da + db.")
subtract = binary("subtract", "−",  np.subtract,  lambda grad, out, x, y: grad,        lambda grad, out, x, y: -grad,
                  "a - b. d(a - b) = da - db.")
multiply = binary("multiply", "×",  np.multiply,  lambda grad, out, x, y: grad * y,    lambda grad, out, x, y: grad * x,
                  "a b. d(ab) = b da + a db.")
divide   = binary("divide",   "÷",  np.divide,    lambda grad, out, x, y: grad / y,
                                                  lambda grad, out, x, y: -grad * out / y,
                  "a / b. d(a/b) = da / b - (a/b) db / b.")
power    = binary("power",    "**", np.power,     _power_base_rule,                    _power_exponent_rule,
                  "a ** b. d(a^b) = b a^(b-1) da + a^b log(a) db. "
                  "Where b = 0 the first term is 0, where a = 0 <= b the second.")
negative = unary("negative",        np.negative,  lambda grad, out, x: -grad,
                 "-x.")
# fmt: on
