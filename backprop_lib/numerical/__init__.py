"""Gradients without derivation: finite differences, the complex step, and the check built on them.

The numerical gradients need n + 1 evaluations or more for n parameters, so they train nothing. They are independent
of every formula, so they check everything.
"""

from backprop_lib.numerical.check import GradientCheck, check_gradient
from backprop_lib.numerical.comparison import NEGLIGIBLE, in_words, relative_error, worst_entry
from backprop_lib.numerical.differences import numerical_gradient, numerical_jacobian

__all__ = [
    "NEGLIGIBLE",
    "GradientCheck",
    "check_gradient",
    "in_words",
    "numerical_gradient",
    "numerical_jacobian",
    "relative_error",
    "worst_entry",
]
