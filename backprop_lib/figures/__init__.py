"""Drawings of the lessons. The only part of the package that needs matplotlib.

A lesson calls a drawing function, or draws on the axes of `subplots`, and then `show`, which takes the text for
readers who cannot see the picture.
"""

from backprop_lib.figures.batches import batch_times, linear_products, matrix_products, matrix_sum
from backprop_lib.figures.charts import confusion_table, image_grid, training_curves
from backprop_lib.figures.computations import computation
from backprop_lib.figures.diagrams import network
from backprop_lib.figures.palette import LIGHT as COLORS
from backprop_lib.figures.style import show, subplots

__all__ = [
    "COLORS",
    "batch_times",
    "computation",
    "confusion_table",
    "image_grid",
    "linear_products",
    "matrix_products",
    "matrix_sum",
    "network",
    "show",
    "subplots",
    "training_curves",
]
