"""Drawings of the lessons. The only part of the package that needs matplotlib.

A lesson calls a drawing function, or draws on the axes of `subplots`, and then `show`, which takes the text for
readers who cannot see the picture.
"""

from backprop_lib.figures.batches import batch_times, linear_products, matrix_products
from backprop_lib.figures.chain_rule import (
    gate,
    gates_and_fork,
    hinge_gates,
    order_costs,
    path_network,
)
from backprop_lib.figures.charts import confusion_table, fitted_curves, image_grid, training_curves
from backprop_lib.figures.circuits import circuit
from backprop_lib.figures.computations import computation
from backprop_lib.figures.depth import depth_profiles, layer_histograms, log_histogram
from backprop_lib.figures.diagrams import network
from backprop_lib.figures.explorer import Explorer
from backprop_lib.figures.interactive import (
    backward_orders,
    depth_and_initialisation,
    derivation,
    fork_or_chain,
    gradient_steps,
    growing_batch,
    growing_graph,
    halved_steps,
    rate_on_curve,
    rate_on_map,
    training_replay,
)
from backprop_lib.figures.landscapes import contour_map, descent_curve, descent_paths, gradient_arrows
from backprop_lib.figures.measurements import direction_sweep, step_errors
from backprop_lib.figures.palette import LIGHT as COLORS
from backprop_lib.figures.primer import neuron, slope_zoom
from backprop_lib.figures.style import show, subplots

__all__ = [
    "COLORS",
    "Explorer",
    "backward_orders",
    "batch_times",
    "circuit",
    "computation",
    "confusion_table",
    "contour_map",
    "depth_and_initialisation",
    "depth_profiles",
    "derivation",
    "descent_curve",
    "descent_paths",
    "direction_sweep",
    "fitted_curves",
    "fork_or_chain",
    "gate",
    "gates_and_fork",
    "gradient_arrows",
    "gradient_steps",
    "growing_batch",
    "growing_graph",
    "halved_steps",
    "hinge_gates",
    "image_grid",
    "layer_histograms",
    "linear_products",
    "log_histogram",
    "matrix_products",
    "network",
    "neuron",
    "order_costs",
    "path_network",
    "rate_on_curve",
    "rate_on_map",
    "show",
    "slope_zoom",
    "step_errors",
    "subplots",
    "training_curves",
    "training_replay",
]
