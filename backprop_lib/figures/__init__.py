"""Drawings of the lessons. The only part of the package that needs matplotlib.

A lesson calls a drawing function, or draws on the axes of `subplots`, and then `show`, which takes the text for
readers who cannot see the picture.
"""

from backprop_lib.figures.batches import batch_times, linear_products, matrix_products, matrix_sum
from backprop_lib.figures.chain_rule import (
    gate,
    gates_and_fork,
    hinge_gates,
    one_unit_network,
    order_costs,
    path_network,
)
from backprop_lib.figures.charts import confusion_table, fitted_curves, image_grid, training_curves
from backprop_lib.figures.circuits import circuit
from backprop_lib.figures.computations import computation
from backprop_lib.figures.depth import depth_profiles, layer_histograms, log_histogram
from backprop_lib.figures.diagrams import network
from backprop_lib.figures.explorer import Explorer
from backprop_lib.figures.landscapes import contour_map, descent_curve, descent_paths, gradient_arrows
from backprop_lib.figures.measurements import direction_sweep, step_errors
from backprop_lib.figures.palette import LIGHT as COLORS
from backprop_lib.figures.primer import neuron, slope_zoom
from backprop_lib.figures.style import show, subplots

__all__ = [
    "COLORS",
    "Explorer",
    "batch_times",
    "circuit",
    "computation",
    "confusion_table",
    "contour_map",
    "depth_profiles",
    "descent_curve",
    "descent_paths",
    "direction_sweep",
    "fitted_curves",
    "gate",
    "gates_and_fork",
    "gradient_arrows",
    "hinge_gates",
    "image_grid",
    "layer_histograms",
    "linear_products",
    "log_histogram",
    "matrix_products",
    "matrix_sum",
    "network",
    "neuron",
    "one_unit_network",
    "order_costs",
    "path_network",
    "show",
    "slope_zoom",
    "step_errors",
    "subplots",
    "training_curves",
]
