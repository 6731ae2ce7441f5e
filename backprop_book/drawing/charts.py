"""Curves, rows of small images, and tables of counts."""

import numpy as np
from matplotlib.patches import Rectangle

from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

WIDTH = 4.8  # inches; wider, and 10 points of text are too small on a phone

DOT = "#fefefe"  # on an image, which looks the same on a dark page: none of the palette's colours

# Differ by dash as well as by colour, so that no line is known by its colour alone.
LINES = [
    {"color": LIGHT["forward"], "linestyle": "-"},
    {"color": LIGHT["gradient"], "linestyle": "--"},
    {"color": LIGHT["numerical"], "linestyle": ":"},
    {"color": LIGHT["ink"], "linestyle": "-."},
]


def training_curves(panels, *, log=(), xlabel="epoch", every=1):
    """One chart for each quantity, one above the other, with up to four named lines each.

    Parameters
    ----------
    panels : dict of str to (dict of str to sequence of float)
        Title of each chart, and its lines by name; the first value belongs to epoch 1.
    log : container of str
        Titles of the charts with a logarithmic axis.
    xlabel : str
    every : int
        Epochs from one value to the next.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(len(panels), 1, width=WIDTH, height=2.4 * len(panels), squeeze=False)
    for ax, (title, lines) in zip(axes.flat, panels.items(), strict=True):
        for (name, values), style in zip(lines.items(), LINES, strict=False):
            ax.plot(1 + every * np.arange(len(values)), values, label=name, **style)
        ax.set_title(title)
        if title in log:
            ax.set_yscale("log")
        if len(lines) > 1:
            ax.legend(frameon=False)
    ax.set_xlabel(xlabel)
    return figure


def fitted_curves(x, y, at, curves):
    """Points, and up to two curves that should go through them, the earlier one dotted.

    Parameters
    ----------
    x, y : arrays (N,)
        The points.
    at : array (M,)
        Where the curves are known.
    curves : dict of str to array (M,)
        Their values by name, in the order in which they came about.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = subplots(width=WIDTH, height=2.8)
    ax.scatter(x, y, s=18, color=LIGHT["ink"], label="points", zorder=3)
    for (name, values), dash in zip(curves.items(), (":", "-"), strict=False):
        ax.plot(at, values, dash, color=LIGHT["forward"], label=name)
    ax.set(xlabel="input", ylabel="output")
    ax.legend(frameon=False)
    return figure


def image_grid(images, captions=None, *, columns=5, diverging=False):
    """Small images in rows, each under its caption.

    Parameters
    ----------
    images : array (N, height, width)
    captions : sequence of N str, optional
    columns : int
    diverging : bool
        For images with a sign, such as weights: one colour below zero, another above, white between, each image
        scaled by its own largest entry. A dot marks what is far below zero, for readers who do not see the colours.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(images) // columns)
    height = WIDTH / columns * rows + (0.2 * rows if captions else 0.0)
    figure, axes = subplots(rows, columns, width=WIDTH, height=height, squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for index, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        if diverging:
            _draw_signed(ax, np.asarray(image))
        else:
            ax.imshow(image, interpolation="none", cmap="Greys", vmin=0.0)
        if captions:
            ax.set_title(captions[index], size=9.5, loc="center", pad=2)
    return figure


def _draw_signed(ax, image):
    limit = np.abs(image).max()
    ax.imshow(image, interpolation="none", cmap="RdBu_r", vmin=-limit, vmax=limit)
    y, x = np.nonzero(image < -0.4 * limit)
    ax.plot(x, y, ".", color=DOT, markersize=3)


def confusion_table(counts, *, names=None):
    """Counts of true class (rows) against predicted class (columns); what is off the diagonal stands out.

    Parameters
    ----------
    counts : int array (C, C)
    names : sequence of C str, optional
        The classes; by default 0, 1, 2 ...

    Returns
    -------
    matplotlib.figure.Figure
    """
    counts = np.asarray(counts)
    names = names or [str(index) for index in range(len(counts))]
    figure, ax = subplots(width=4.6, height=4.4)
    ax.set_aspect("equal")
    for (row, column), count in np.ndenumerate(counts):
        kind = "forward_soft" if row == column else "gradient_soft"
        if count:
            ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, color=LIGHT[kind]))
        ax.text(column, row, str(count) if count else "·", ha="center", va="center", size=9)
    ax.set(xlim=(-0.5, len(counts) - 0.5), ylim=(len(counts) - 0.5, -0.5))
    ax.set_xticks(range(len(counts)), names)
    ax.set_yticks(range(len(counts)), names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set_xlabel("predicted digit")
    ax.set_title("true digit ↓")
    return figure
