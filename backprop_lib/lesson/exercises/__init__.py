"""Exercises that check themselves: whether an answer is right, and if not, what is off.

    >>> from backprop_lib.lesson import check_exercise, hint, progress
    >>> check_exercise("1.2", 10.0)
    ≈ Exercise 1.2: nearly: this is the length of the gradient, the slope in its own direction
    >>> hint("1.2")
    Hint 1 of 3 for exercise 1.2: The slope in a direction is an inner product.
    With what?

An exercise is a number, a kind, a title, three hints and a checker: `Value` and `Choice` for what is worked out,
`Function` for what is written. A checker computes what it expects when it is asked, by another way than the reader's.
"""

from backprop_lib.lesson.exercises.catalogue import EXERCISES
from backprop_lib.lesson.exercises.exercise import Exercise
from backprop_lib.lesson.exercises.session import check_exercise, hint, progress

__all__ = ["EXERCISES", "Exercise", "check_exercise", "hint", "progress"]
