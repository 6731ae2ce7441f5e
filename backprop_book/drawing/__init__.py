"""What several lessons draw with. A lesson's own drawings stand in its folder, ``backprop_book.lesson_NN.figures``.

A lesson calls a drawing function, or draws on the axes of `subplots`, and then `show`, which takes the text for
readers who cannot see the picture.
"""

from backprop_book.drawing.charts import confusion_table, fitted_curves, image_grid, training_curves
from backprop_book.drawing.circuits import circuit
from backprop_book.drawing.computations import computation
from backprop_book.drawing.diagrams import network
from backprop_book.drawing.palette import LIGHT as COLORS
from backprop_book.drawing.style import show, subplots

__all__ = [
    "COLORS",
    "circuit",
    "computation",
    "confusion_table",
    "fitted_curves",
    "image_grid",
    "network",
    "show",
    "subplots",
    "training_curves",
]
