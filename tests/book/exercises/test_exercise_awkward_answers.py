"""Answers that arithmetic trips over, to every exercise: a verdict each, no warning, and never "right"."""

import numpy as np
import pytest

from backprop_book import EXERCISES
from backprop_book.exercises.answers import Quantity
from backprop_book.exercises.functions import Function
from backprop_book.exercises.shown import shown_numbers
from backprop_book.exercises.verdict import RIGHT
from backprop_lib.autograd import record

LARGEST, SMALLEST = np.finfo(np.float64).max, 5e-324
AWKWARD = {
    "1e300": 1e300,
    "-1e300": -1e300,
    "the largest": LARGEST,
    "the smallest": SMALLEST,
    "inf": np.inf,
    "-inf": -np.inf,
    "nan": np.nan,
    "float32 inf": np.float32(np.inf),
    "float16": np.float16(6e4),
    "long double": np.finfo(np.longdouble).max,
    "huge int": 10**400,
    "int beyond 64 bits": 2**70,
    "uint64": np.uint64(2**64 - 1),
    "int8": np.int8(-128),
    "complex": 1e300 + 1e300j,
    "object": None,
    "a date": np.datetime64("2026-01-01"),
    "text": "1e300",
}
FLOATS = [name for name, value in AWKWARD.items() if isinstance(value, float | np.floating)]
every_exercise = pytest.mark.parametrize("number", EXERCISES)


def filled(value):
    """A function that gives an array of the shape that is expected, or a number, all the same."""
    return lambda expected: np.full(np.shape(expected), value)[()]


def spoiled(value):
    """A function that gives what is expected with its last entry replaced."""

    def spoil(expected):
        array = np.array(expected, dtype=np.result_type(np.float64, value))
        array.flat[-1] = value
        return array[()]

    return spoil


def outputs_like(checker, make):
    """A function that returns what ``make`` makes of the right outputs."""

    def answer(*arguments):
        expected = checker.expected(*arguments)
        return [make(part) for part in expected] if len(checker.outputs) > 1 else make(expected)

    return answer


def walk_that_leaves(make):
    """For 6.3, where the function returns nothing and leaves gradients at nodes."""

    def walk(nodes, root):
        for node in nodes:
            node.grad = make(0.0)

    return walk


def operation_of(make):
    """For 6.7, where the function records an operation with rules."""

    def operation(X, w):
        rules = [lambda grad, out, x=x: make(x.data) for x in (X, w)]
        return record("awkward", make(X.data), (X, w), tuple(rules))

    return operation


OF_ITS_OWN_KIND = {"1.5": lambda make: lambda u, v: make(0.0), "6.3": walk_that_leaves, "6.7": operation_of}


def answer_to(number, make):
    """What is asked for in an exercise, with the numbers that ``make`` makes of the right ones."""
    checker = EXERCISES[number].checker
    if number in OF_ITS_OWN_KIND:
        return OF_ITS_OWN_KIND[number](make)
    if isinstance(checker, Function):
        return outputs_like(checker, make)
    return make(checker.expected() if isinstance(checker, Quantity) else 0.0)


def is_refused_in_silence(number, make, capfd):
    verdict = EXERCISES[number].judge(answer_to(number, make))
    assert verdict.status in ("nearly", "wrong")
    assert verdict.reason
    assert capfd.readouterr() == ("", "")


@every_exercise
@pytest.mark.parametrize("name", AWKWARD)
def test_an_awkward_number_everywhere_is_refused_and_the_judge_complains_of_nothing(number, name, capfd):
    is_refused_in_silence(number, filled(AWKWARD[name]), capfd)


@every_exercise
@pytest.mark.parametrize("name", [name for name in FLOATS if name != "the smallest"])
def test_an_awkward_number_among_right_ones_is_refused_and_the_judge_complains_of_nothing(number, name, capfd):
    is_refused_in_silence(number, spoiled(AWKWARD[name]), capfd)


def test_whole_numbers_of_any_size_are_numbers():
    assert Quantity(lambda: 2.0**70).judge(2**70) == RIGHT
    assert Quantity(lambda: 2.0**70).judge(3**70).reason == "this number is not the one"
    assert Quantity(lambda: 2.0**70).judge(10**400).reason == "int too large to convert to float"


def test_the_largest_number_is_not_shown_as_infinity():
    assert shown_numbers(np.array([LARGEST])) == f"[{LARGEST}]"
