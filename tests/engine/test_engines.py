"""The two engines beside each other, on every corner that both know.

Value computes as Python's floats do and raises where there is no finite value or slope; Tensor computes as NumPy does
and gives infinity or NaN there. Everywhere else they give the same.
"""

import math
import operator
from itertools import product

import numpy as np
import pytest

from backprop_lib import Tensor, Value
from backprop_lib import autograd as ag

LARGEST = np.finfo(float).max
POINTS = [0.0, -0.0, 5e-324, 1e-200, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 1e200, LARGEST, math.inf]
POINTS += [-point for point in POINTS if point]
POINTS += [math.nan]

UNARY = {
    "exp": (Value.exp, ag.exp),
    "log": (Value.log, ag.log),
    "tanh": (Value.tanh, ag.tanh),
    "relu": (Value.relu, ag.relu),
    "sigmoid": (Value.sigmoid, ag.sigmoid),
    "negative": (operator.neg, operator.neg),
    "zeroth power": (lambda x: x**0, lambda x: x**0),
    "first power": (lambda x: x**1, lambda x: x**1),
    "square": (lambda x: x**2, lambda x: x**2),
    "cube": (lambda x: x**3, lambda x: x**3),
    "reciprocal": (lambda x: x**-1, lambda x: x**-1),
    "root": (lambda x: x**0.5, lambda x: x**0.5),
    "broken power": (lambda x: x**1.5, lambda x: x**1.5),
    "quotient": (lambda x: 1 / x, lambda x: 1 / x),
    "exponential": (lambda x: 2.5**x, lambda x: 2.5**x),
    "times zero": (lambda x: x * 0.0, lambda x: x * 0.0),
}
BINARY = {name: (getattr(operator, name), getattr(operator, name)) for name in ("add", "sub", "mul", "truediv", "pow")}


def by_value(f, *numbers):
    """(value, slopes) or None where it raises."""
    leaves = [Value(number) for number in numbers]
    try:
        result = f(*leaves)
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    result.backward()
    return [result.data, *(leaf.grad for leaf in leaves)]


def by_tensor(f, *numbers):
    """(value, slopes), without warnings."""
    leaves = [Tensor(number, requires_grad=True) for number in numbers]
    with np.errstate(all="ignore"):
        result = f(*leaves)
        result.backward()
    return [result.item(), *(leaf.grad.item() for leaf in leaves)]


def assert_same(functions, *numbers):
    ours, theirs = by_value(functions[0], *numbers), by_tensor(functions[1], *numbers)
    if ours is None:
        assert not np.isfinite(theirs).all(), theirs
    else:
        np.testing.assert_allclose(ours, theirs, rtol=1e-14)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_number_agree(name, point):
    assert_same(UNARY[name], point)


@pytest.mark.parametrize("name", BINARY)
def test_functions_of_two_numbers_agree(name):
    for pair in product(POINTS, repeat=2):
        assert_same(BINARY[name], *pair)
