"""Answers that are a value: a number, an array of numbers, or the letter of a choice."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backprop_book.exercises.calls import is_blank
from backprop_book.exercises.differences import Pair, explain, verdict_of, verdict_of_shape
from backprop_book.exercises.guard import attempt
from backprop_book.exercises.verdict import NOT_TRIED, RIGHT, nearly, wrong
from backprop_lib._checks import as_float_array, check_real

ROUNDED = 5.01e-3  # three digits of a number are enough, whichever it begins with; and 0.67 will do for 2/3
CLOSE = 3  # times the tolerance: most likely rounded too early
EXACT = 1e-6  # for whole numbers, which nobody rounds


def as_numbers(value, name="answer"):
    """The value as an array of real numbers, in float32 or float64 as it came.

    Raises
    ------
    TypeError, ValueError
        If it is none. The message begins with the name.
    """
    if value is None or inspect.iscoroutine(value) or inspect.isgenerator(value):
        raise TypeError(f"{name}: expected numbers, got {described(value)}")
    if any(isinstance(part, str | bytes) for part in (value if isinstance(value, tuple | list) else [value])):
        raise TypeError(f"{name}: expected a number, got text; write it without quotes")
    if type(value) is int:
        value = float(value)  # NumPy has no integers beyond 64 bits
    array = check_real(as_float_array(value, name), name)
    if np.asarray(value).dtype.kind == "b":
        raise TypeError(f"{name}: expected numbers, got True or False; is there a comparison, as == or <, in it?")
    return array.copy()  # a function may return the same array every time


def described(value):
    """What came in the place of numbers, and what may be behind it. A coroutine is closed, as nobody will await it."""
    if value is None:
        return "None; is there a return?"
    if inspect.iscoroutine(value):
        value.close()
        return "a coroutine; call a plain function, without async"
    if inspect.isgenerator(value):
        return "a generator; make a list of it"
    if isinstance(value, np.ndarray):
        return "one array"
    return "one number" if np.isscalar(value) else "one thing"


@dataclass(frozen=True, repr=False)
class Quantity:
    """Checks a number or an array that was worked out.

    Attributes
    ----------
    expected : callable
        () -> number or array. Computes the answer when it is asked for, and not by the way that the reader takes.
    mistakes : tuple of (number, array or callable, str)
        Wrong answers that people give, each with what was overlooked. One that has to be worked out is a callable, too.
    tolerance : float
        Relative to each entry. An answer may be rounded.
    in_any_order : bool
        Whether the entries may come in any order.
    """

    expected: Callable
    mistakes: tuple = ()
    tolerance: float = ROUNDED
    in_any_order: bool = False

    def judge(self, answer):
        """Verdict on an answer."""
        if is_blank(answer):
            return NOT_TRIED
        if callable(answer):
            return wrong("expected numbers, got a function; call it, and pass what it returns")
        outcome = attempt(lambda: as_numbers(answer))
        if outcome.trouble:
            return wrong(outcome.message or "expected numbers, got something else")
        pair = Pair(
            self._sorted(outcome.value), self._sorted(self.expected()), tolerance=self.tolerance, worked_out=True
        )
        return RIGHT if pair.agrees else self._difference(pair)

    def _sorted(self, value):
        array = np.asarray(value, dtype=float)
        return np.sort(array) if self.in_any_order and array.ndim else array

    def _difference(self, pair):
        for value, reason in self.mistakes:
            if pair.same(pair.got, self._sorted(value() if callable(value) else value)):
                return nearly(reason)
        if not np.isfinite(pair.got).all():
            return wrong("expected finite numbers, got NaN or infinity")
        if reason := explain([pair]):
            return verdict_of(reason)
        if pair.got.shape != pair.expected.shape:
            return verdict_of_shape(pair)
        return self._entries(pair)

    def _entries(self, pair):
        """Which entries are right; what they should be is not said."""
        if self.in_any_order and (there := sum(pair.near(pair.got, value).any() for value in pair.expected)):
            return nearly(f"{there} of {pair.expected.size} are right")
        if self.tolerance > EXACT and pair.near(pair.got, pair.expected, tolerance=CLOSE * self.tolerance).all():
            return nearly("it is close; keep more digits")
        near = pair.near(pair.got, pair.expected)
        right = [index for index in np.ndindex(near.shape) if near[index]]
        if not right:
            return wrong("these numbers are not the ones" if pair.expected.size > 1 else "this number is not the one")
        places = ", ".join(str(list(index)) for index in right)
        return nearly(f"right at {places}, not elsewhere; the first entry is [0]")


@dataclass(frozen=True, repr=False)
class Choice:
    """Checks the letter of a choice.

    Attributes
    ----------
    options : str
        The letters, "abc".
    expected : callable
        () -> letter. Tries out what the choice is about when it is asked for.
    mistakes : dict of str to str
        For each wrong letter what was overlooked.
    """

    options: str
    expected: Callable
    mistakes: dict

    def judge(self, answer):
        """Verdict on an answer."""
        if is_blank(answer):
            return NOT_TRIED
        letter = answer.strip().lower() if isinstance(answer, str) else answer
        if not isinstance(letter, str) or len(letter) != 1 or letter not in self.options:
            letters = ", ".join(f'"{option}"' for option in self.options)
            return wrong(f"expected one of {letters}")
        if letter == self.expected():
            return RIGHT
        return wrong(self.mistakes[letter])
