"""What a lesson says to its reader. Import from here in a notebook; the package itself never does."""

from backprop_lib.lesson.exercises import EXERCISES, Exercise, check_exercise, hint, progress
from backprop_lib.lesson.mistakes import MISTAKES, Mistake
from backprop_lib.lesson.self_test import self_test
from backprop_lib.lesson.verification import verify

__all__ = [
    "EXERCISES",
    "MISTAKES",
    "Exercise",
    "Mistake",
    "check_exercise",
    "hint",
    "progress",
    "self_test",
    "verify",
]
