"""What a lesson says to its reader. Import from here in a notebook; the package itself never does."""

from backprop_lib.lesson.mistakes import MISTAKES, Mistake
from backprop_lib.lesson.self_test import self_test
from backprop_lib.lesson.verification import verify

__all__ = ["MISTAKES", "Mistake", "self_test", "verify"]
