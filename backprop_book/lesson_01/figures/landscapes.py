"""Losses of one and of two parameters, drawn as landscapes: curve, contours, gradients, paths of descent."""

from itertools import pairwise

import numpy as np

from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

GRID = 61  # points along each side of a contour picture

# Differ by marker and dash as well as by colour, so that no path is known by its colour alone.
PATHS = [
    {"color": LIGHT["gradient"], "marker": "o", "linestyle": "-", "markersize": 3.5, "zorder": 3},
    {"color": LIGHT["forward"], "marker": "s", "linestyle": "--", "markersize": 6, "markerfacecolor": "none"},
]


def descent_curve(f, path, *, span, reach=0.25):
    """Curve of a function of one variable, with the points of a descent and a piece of the tangent at each.

    Parameters
    ----------
    f : callable
        Takes and returns one number.
    path : array (steps + 1,)
    span : (low, high)
        What the horizontal axis shows.
    reach : float
        Half the length of a tangent, along the horizontal axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(width=5.2, height=3.4)
    xs = np.linspace(*span, 121)
    axes.plot(xs, [f(x) for x in xs], color=LIGHT["forward"])
    for t, x in enumerate(path):
        slope = (f(x + 1e-6) - f(x - 1e-6)) / 2e-6
        ends = np.array([x - reach, x + reach])
        axes.plot(ends, f(x) + slope * (ends - x), color=LIGHT["gradient"], linewidth=1.2)
        axes.plot([x], [f(x)], "o", color=LIGHT["gradient"])
        axes.annotate(f"step {t}", (x, f(x)), xytext=(9, 4), textcoords="offset points")
    for start, end in pairwise(path):
        axes.plot([start, end, end], [f(start), f(start), f(end)], ":", color=LIGHT["muted"], linewidth=1.0)
    return figure


def contour_map(axes, f, *, x, y, levels):
    """Draw the contours of a function of two variables, with the level written on each.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    f : callable
        Takes an array (2,), returns one number.
    x, y : (low, high)
        What the two axes show.
    levels : increasing sequence of float
    """
    xs, ys = np.linspace(*x, GRID), np.linspace(*y, GRID)
    heights = np.array([[f(np.array([a, b])) for a in xs] for b in ys])
    lines = axes.contour(xs, ys, heights, levels=levels, colors=LIGHT["muted"], linewidths=0.8)
    axes.clabel(lines, fmt="%g", fontsize=9.5, colors=LIGHT["muted"])
    axes.set(xlim=x, ylim=y)


def gradient_arrows(f, gradient, points, *, x, y, levels, scale, mark, names=("w", "b")):
    """Contours, with the gradient drawn as an arrow at some points.

    Parameters
    ----------
    f : callable
        Takes an array (2,), returns one number.
    gradient : callable
        Takes an array (2,), returns an array (2,).
    points : array (N, 2)
    x, y : (low, high)
        What the two axes show; one unit is as long on both, so that right angles look right.
    levels : increasing sequence of float
    scale : float
        Length of an arrow for a gradient of length 1, in units of the axes.
    mark : array (2,)
        A point to be marked with a cross, such as the lowest one.
    names : pair of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, (ax,) = _maps(f, [""], x=x, y=y, levels=levels, mark=mark, names=names)
    for point in points:
        tip = point + scale * gradient(point)
        arrow = {"arrowstyle": "-|>", "color": LIGHT["gradient"], "lw": 1.6, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", xy=tip, xytext=point, arrowprops=arrow)
        ax.plot(*point, "o", color=LIGHT["gradient"], markersize=4)
    return figure


def descent_paths(f, panels, *, x, y, levels, mark, names=("w", "b")):
    """Paths of gradient descent over contours, one panel under the other.

    Parameters
    ----------
    f : callable
        Takes an array (2,), returns one number.
    panels : dict of str to (dict of str to array (steps + 1, 2))
        Title of each panel, and its paths by name, one or two.
    x, y : (low, high)
        What the two axes show; one unit is as long on both.
    levels : increasing sequence of float
    mark : array (2,)
        A point to be marked with a cross, such as the lowest one.
    names : pair of str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = _maps(f, panels, x=x, y=y, levels=levels, mark=mark, names=names)
    for ax, paths in zip(axes, panels.values(), strict=True):
        for (name, path), style in zip(paths.items(), PATHS, strict=False):
            ax.plot(*path.T, **style, linewidth=1.2, label=name)
        if len(paths) > 1:
            ax.legend(loc="upper left", facecolor=LIGHT["paper"], edgecolor=LIGHT["paper"], framealpha=1.0)
    return figure


def _maps(f, titles, *, x, y, levels, mark, names):
    """Contour maps of one function, one under the other, each with the cross; right angles look right."""
    rows = len(titles)
    height = 0.3 + (0.35 + 4.6 * (y[1] - y[0]) / (x[1] - x[0])) * rows
    figure, axes = subplots(rows, 1, width=5.2, height=height, squeeze=False, sharex=True)
    for ax, title in zip(axes[:, 0], titles, strict=True):
        contour_map(ax, f, x=x, y=y, levels=levels)
        ax.plot(*mark, "+", color=LIGHT["ink"], markersize=11, zorder=4)
        ax.set_aspect("equal")
        ax.set(title=title, ylabel=names[1])
    axes[-1, 0].set_xlabel(names[0])
    return figure, axes[:, 0]
