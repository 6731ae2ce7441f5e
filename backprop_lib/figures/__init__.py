"""Drawings of the lessons. The only part of the package that needs matplotlib.

A lesson calls a drawing function, or draws on the axes of `subplots`, and then `show`, which takes the text for
readers who cannot see the picture.
"""

from backprop_lib.figures.charts import confusion_table, image_grid, training_curves
from backprop_lib.figures.computations import computation
from backprop_lib.figures.depth import depth_profiles, layer_histograms, log_histogram
from backprop_lib.figures.diagrams import network
from backprop_lib.figures.palette import LIGHT as COLORS
from backprop_lib.figures.style import show, subplots

__all__ = [
    "COLORS",
    "computation",
    "confusion_table",
    "depth_profiles",
    "image_grid",
    "layer_histograms",
    "log_histogram",
    "network",
    "show",
    "subplots",
    "training_curves",
]
