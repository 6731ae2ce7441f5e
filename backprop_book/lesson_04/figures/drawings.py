"""Drawings of batches: matrix products with the names of their axes, and times over batch sizes."""

import numpy as np
from matplotlib.patches import Rectangle

from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

GAP = 1.6  # between neighbouring matrices, in entries


def matrix_products(products, sizes):
    """Products of matrices, one below the other, each drawn to scale with the names of its axes at its edges.

    Parameters
    ----------
    products : list of lists of (str, str, str, str)
        Each product as its matrices from left to right, the last one the result: name, name of the axis of the rows,
        of the columns, and the meaning that gives the colour, "forward" or "gradient".
    sizes : dict of str to int
        Number of entries along each axis.

    Returns
    -------
    matplotlib.figure.Figure
    """
    heights = [max(sizes[rows] for _, rows, _, _ in product) + GAP for product in products]
    figure, ax = _drawing(width=4.6, height=0.27 * sum(heights))
    for product, height, top in zip(products, heights, np.cumsum(heights) - heights, strict=True):
        middle, left = top + height / 2.0, 0.0
        for index, (name, rows, columns, meaning) in enumerate(product):
            if index:
                sign = "=" if index == len(product) - 1 else "×"
                ax.text(left - GAP / 2.0 - 0.2, middle, sign, ha="center", va="center", size=12)
            _matrix(ax, (left, middle - sizes[rows] / 2.0), (sizes[rows], sizes[columns]), meaning)
            _label(ax, (left, middle), (name, rows, columns, meaning), sizes)
            left += sizes[columns] + GAP
    ax.set(xlim=(-0.8, max(_width(product, sizes) for product in products)), ylim=(sum(heights), -0.3))
    return figure


def linear_products(**sizes):
    """The three products of a linear layer on a batch: its output Z, and the gradients dX and dW.

    Parameters
    ----------
    **sizes : int
        Samples B, inputs n and outputs m.

    Returns
    -------
    matplotlib.figure.Figure
    """
    X, Z = ("X", "B", "n", "forward"), ("Z", "B", "m", "forward")
    W, WT = ("W", "m", "n", "forward"), ("Wᵀ", "n", "m", "forward")
    dX, dW = ("dX", "B", "n", "gradient"), ("dW", "m", "n", "gradient")
    dZ, dZT = ("dZ", "B", "m", "gradient"), ("dZᵀ", "m", "B", "gradient")
    return matrix_products([[X, WT, Z], [dZ, W, dX], [dZT, X, dW]], sizes)


def _width(product, sizes):
    return sum(sizes[columns] + GAP for _, _, columns, _ in product)


def _label(ax, place, matrix, sizes):
    """Write the matrix's name in its middle, the axis of its rows beside it and that of its columns above it."""
    (left, middle), (name, rows, columns, meaning) = place, matrix
    style = {"ha": "center", "va": "center"}
    ground = {"facecolor": LIGHT[f"{meaning}_soft"], "edgecolor": "none", "pad": 2.0}  # no line runs through the name
    ax.text(left + sizes[columns] / 2.0, middle, name, size=11, weight="bold", bbox=ground, **style)
    ax.text(left - 0.35, middle, rows, size=9, style="italic", color=LIGHT["muted"], **style)
    top = middle - sizes[rows] / 2.0 - 0.45
    ax.text(left + sizes[columns] / 2.0, top, columns, size=9, style="italic", color=LIGHT["muted"], **style)


def batch_times(sizes, loop, batch, predicted):
    """Time per sample over the size of the batch: by a loop, at once, and what was predicted for the latter.

    Parameters
    ----------
    sizes : sequence of int
    loop, batch, predicted : sequences of float
        Microseconds per sample for each size.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = subplots(width=5.2, height=3.4)
    ax.loglog(sizes, loop, "s--", color=LIGHT["gradient"], label="one after another")
    ax.loglog(sizes, batch, "o-", color=LIGHT["forward"], label="all at once")
    ax.loglog(sizes, predicted, ":", color=LIGHT["muted"], label="predicted: bytes or operations")
    ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
    ax.minorticks_off()
    ax.set_ylim(0.7 * min(*batch, *predicted), 5.0 * max(loop))  # clear of the axis below, of the legend above
    ax.set(title="µs per sample, forward and backward", xlabel="samples in the batch")
    ax.legend(frameon=False, loc="upper right")
    return figure


def _drawing(width, height):
    figure, ax = subplots(width=width, height=height)
    ax.set_aspect("equal")
    ax.axis("off")
    return figure, ax


def _matrix(ax, corner, shape, meaning):
    """A cell for every entry, from the upper left corner on."""
    left, top = corner
    for i, j in np.ndindex(shape):
        cell = {"facecolor": LIGHT[f"{meaning}_soft"], "edgecolor": LIGHT[meaning], "linewidth": 0.7}
        ax.add_patch(Rectangle((left + j, top + i), 1, 1, **cell))
