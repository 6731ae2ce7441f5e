"""The lessons' interactive figures, a module for each lesson: functions that return an `Explorer`."""

from backprop_lib.figures.interactive.lesson_05 import depth_and_initialisation
from backprop_lib.figures.interactive.lesson_06 import backward_orders, growing_graph

__all__ = ["backward_orders", "depth_and_initialisation", "growing_graph"]
