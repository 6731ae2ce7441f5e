"""The lessons' interactive figures, a module for each lesson: functions that return an `Explorer`."""

from backprop_lib.figures.interactive.lesson_03 import derivation
from backprop_lib.figures.interactive.lesson_04 import growing_batch
from backprop_lib.figures.interactive.lesson_09 import training_replay

__all__ = ["derivation", "growing_batch", "training_replay"]
