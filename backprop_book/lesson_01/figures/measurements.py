"""Drawings of measured slopes: over all directions at one point, and over all step widths."""

import numpy as np

from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

# All three are numerical methods, and their errors cross: told apart by line, marker and shade.
METHODS = [
    {"color": LIGHT["ink"], "linestyle": ":", "marker": "o"},
    {"color": LIGHT["numerical"], "linestyle": "-", "marker": "s"},
    {"color": LIGHT["numerical"], "linestyle": "--", "marker": "^"},
]
MARKERS = {"markersize": 5.5, "markerfacecolor": "none"}


def direction_sweep(angles, measured, predicted, *, marks):
    """Slopes at one point over the direction in which it is left, measured and predicted.

    Parameters
    ----------
    angles : array (N,)
        Directions in degrees, increasing.
    measured, predicted : arrays (N,)
        The slope in each direction.
    marks : dict of str to float
        Names for some directions, written at their angle.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(width=5.2, height=3.2)
    axes.axhline(0.0, color=LIGHT["grid"], linewidth=1.0)
    axes.plot(angles, predicted, color=LIGHT["gradient"], label="predicted")
    axes.plot(angles, measured, "o", markersize=4, markerfacecolor="none", color=LIGHT["numerical"], label="measured")
    top = max(np.max(measured), np.max(predicted))
    for name, angle in marks.items():
        axes.axvline(angle, color=LIGHT["muted"], linestyle=":", linewidth=1.0)
        axes.text(angle, 1.12 * top, name, ha="center", va="bottom", size=9)
    axes.set(xlabel="direction, degrees", ylabel="slope")
    axes.set_xticks(range(0, 361, 60))
    axes.legend(frameon=False, loc="lower center")
    return figure


def step_errors(axes, steps, errors, bounds, *, floor=1e-16):
    """Draw the errors of numerical derivatives over the step width, both axes logarithmic.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    steps : array (N,)
    errors : dict of str to array (N,)
        For each method, up to three, the error at each step.
    bounds : dict of str to array (N,)
        For some of them the largest error that was predicted, as thin lines.
    floor : float
        Errors below it, zero included, are drawn there.
    """
    for place, ((name, values), style) in enumerate(zip(errors.items(), METHODS, strict=False)):
        turns = (place, 3)  # a marker at every third point, at each method's own
        axes.loglog(steps, np.maximum(values, floor), **style, **MARKERS, markevery=turns, linewidth=1.2, label=name)
    for place, bound in enumerate(bounds.values()):
        label = None if place else "predicted at most"  # one entry in the legend for all of them
        axes.loglog(steps, bound, color=LIGHT["muted"], linewidth=0.9, label=label)
    axes.legend(facecolor=LIGHT["paper"], edgecolor=LIGHT["paper"], framealpha=1.0, loc="upper center")
    axes.set(xlabel="step h", ylabel="error of the slope")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:.0e}")
