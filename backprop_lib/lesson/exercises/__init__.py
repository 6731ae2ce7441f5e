"""Exercises that check themselves: whether an answer is right, and if not, what is off.

    >>> from backprop_lib.lesson import check_exercise, hint, progress
    >>> check_exercise("1.2", 10.0)
    >>> hint("1.2")
    >>> progress()

An exercise is a number, a kind, a title, three hints and a checker: `Value` and `Choice` for what is worked out,
`Function` for what is written. A checker computes what it expects when it is asked, by another way than the reader's.
"""

from backprop_lib.lesson.exercises.catalogue import EXERCISES
from backprop_lib.lesson.exercises.exercise import Exercise
from backprop_lib.lesson.exercises.session import check_exercise, hint, progress

__all__ = ["EXERCISES", "Exercise", "check_exercise", "hint", "progress"]
