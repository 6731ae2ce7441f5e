"""The lessons' interactive figures, a module for each lesson: functions that return an `Explorer`."""

from backprop_lib.figures.interactive.lesson_01 import halved_steps, rate_on_curve, rate_on_map
from backprop_lib.figures.interactive.lesson_02 import fork_or_chain, gradient_steps

__all__ = ["fork_or_chain", "gradient_steps", "halved_steps", "rate_on_curve", "rate_on_map"]
