"""Figures of lesson 1: loss landscapes, measured errors, and what the reader moves in them."""

from backprop_book.lesson_01.figures.explorers import halved_steps, rate_on_curve, rate_on_map
from backprop_book.lesson_01.figures.landscapes import contour_map, descent_curve, descent_paths, gradient_arrows
from backprop_book.lesson_01.figures.measurements import direction_sweep, step_errors

__all__ = [
    "contour_map",
    "descent_curve",
    "descent_paths",
    "direction_sweep",
    "gradient_arrows",
    "halved_steps",
    "rate_on_curve",
    "rate_on_map",
    "step_errors",
]
