"""The lessons' interactive figures, a module for each lesson: functions that return an `Explorer`."""

from backprop_lib.figures.interactive.lesson_01 import halved_steps, rate_on_curve, rate_on_map
from backprop_lib.figures.interactive.lesson_02 import fork_or_chain, gradient_steps
from backprop_lib.figures.interactive.lesson_03 import derivation
from backprop_lib.figures.interactive.lesson_04 import growing_batch
from backprop_lib.figures.interactive.lesson_05 import depth_and_initialisation
from backprop_lib.figures.interactive.lesson_06 import backward_orders, growing_graph
from backprop_lib.figures.interactive.lesson_09 import training_replay

__all__ = [
    "backward_orders",
    "depth_and_initialisation",
    "derivation",
    "fork_or_chain",
    "gradient_steps",
    "growing_batch",
    "growing_graph",
    "halved_steps",
    "rate_on_curve",
    "rate_on_map",
    "training_replay",
]
