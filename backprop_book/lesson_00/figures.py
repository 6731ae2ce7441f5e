"""Drawings of the primer: one neuron with its numbers, and a curve seen from nearer and nearer."""

import numpy as np

from backprop_book.drawing.circuits import circuit
from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

NEURON_GATES = {
    "w₁x₁": ("×", 0.85, 0.6),
    "w₂x₂": ("×", 0.85, -0.6),
    "z": ("+", 1.9, 0.0),
    "h": ("relu", 2.85, 0.0),
}
# Each wire: where it starts, where it ends, what it carries, and its name.
NEURON_WIRES = [
    ((0.0, 0.6), "w₁x₁", "x₁", "x₁"),
    ((0.85, 1.4), "w₁x₁", "w₁", "w₁"),
    ((0.0, -0.6), "w₂x₂", "x₂", "x₂"),
    ((0.85, -1.4), "w₂x₂", "w₂", "w₂"),
    ("w₁x₁", "z", "w₁x₁", ""),
    ("w₂x₂", "z", "w₂x₂", ""),
    ((1.9, 1.4), "z", "b", "b"),
    ("z", "h", "z", "z"),
    ("h", (3.65, 0.0), "h", "h"),
]


def neuron(numbers):
    """Draw one neuron with two inputs, h = relu(w₁x₁ + w₂x₂ + b), with the number on every wire.

    Parameters
    ----------
    numbers : dict of str to float
        Values of x₁, x₂, w₁, w₂, b, of the sum z and of the answer h; the two products follow from them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    products = {f"w{i}x{i}": numbers[f"w{i}"] * numbers[f"x{i}"] for i in "₁₂"}
    values = numbers | products
    return circuit(NEURON_GATES, [(start, end, name, values[key], None) for start, end, key, name in NEURON_WIRES])


def slope_zoom(f, at, slope, reaches, *, name="w"):
    """Curve of a function and the line of one slope through one point, in windows that get smaller downwards.

    A rectangle in each window shows where the next one looks.

    Parameters
    ----------
    f : callable
        Takes and returns one number.
    at, slope : float
        Where all windows are centred, and how steep the line is.
    reaches : decreasing sequence of float
        Half the width of each window.
    name : str
        What the horizontal axes carry.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(len(reaches), 1, width=5.2, height=0.3 + 1.9 * len(reaches), squeeze=False)
    for ax, reach, nearer in zip(axes[:, 0], reaches, [*reaches[1:], None], strict=True):
        xs = np.linspace(at - reach, at + reach, 61)
        curve, line = np.array([f(x) for x in xs]), f(at) + slope * (xs - at)
        ax.plot(xs, curve, color=LIGHT["forward"], linewidth=3.0, label="the curve")
        ax.plot(xs, line, "--", color=LIGHT["gradient"], linewidth=1.4, label=f"slope {slope:g}")
        ax.plot([at], [f(at)], "o", color=LIGHT["gradient"])
        ax.set_title(f"{name} from {at - reach:g} to {at + reach:g}")
        ax.locator_params(nbins=5)
        if nearer:
            _mark_window(ax, f, at, nearer)
    axes[0, 0].legend(frameon=False)
    return figure


def _mark_window(ax, f, at, reach):
    """A rectangle around what the curve does within the reach."""
    heights = [f(x) for x in np.linspace(at - reach, at + reach, 61)]
    low, high = min(heights), max(heights)
    corners = [(-reach, low), (reach, low), (reach, high), (-reach, high), (-reach, low)]
    ax.plot([at + dx for dx, _ in corners], [y for _, y in corners], color=LIGHT["muted"], linewidth=1.0)
