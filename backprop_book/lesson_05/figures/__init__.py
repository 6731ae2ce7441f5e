"""Figures of lesson 5: signals over depth, and the reader's choice of depth and start."""

from backprop_book.lesson_05.figures.drawings import depth_profiles, layer_histograms, log_histogram
from backprop_book.lesson_05.figures.explorers import depth_and_initialisation

__all__ = [
    "depth_and_initialisation",
    "depth_profiles",
    "layer_histograms",
    "log_histogram",
]
