"""Curves, rows of small images, and tables of counts."""

import numpy as np
from matplotlib.patches import Rectangle

from backprop_lib.figures.palette import LIGHT
from backprop_lib.figures.style import subplots

# Differ by dash as well as by colour, so that no line is known by its colour alone.
LINES = [
    {"color": LIGHT["forward"], "linestyle": "-"},
    {"color": LIGHT["gradient"], "linestyle": "--"},
    {"color": LIGHT["numerical"], "linestyle": ":"},
]


def training_curves(panels, *, log=(), xlabel="epoch"):
    """One chart for each quantity, side by side, with up to three named lines each.

    Parameters
    ----------
    panels : dict of str to (dict of str to sequence of float)
        Title of each chart, and its lines by name, one value per epoch counted from 1.
    log : container of str
        Titles of the charts with a logarithmic axis.
    xlabel : str

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(1, len(panels), width=3.6 * max(len(panels), 1.8), height=3.0, squeeze=False)
    for ax, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for (name, values), style in zip(lines.items(), LINES, strict=False):
            ax.plot(np.arange(1, len(values) + 1), values, label=name, **style)
        ax.set_title(title)
        ax.set_xlabel(xlabel)
        if title in log:
            ax.set_yscale("log")
        if len(lines) > 1:
            ax.legend(frameon=False)
    return figure


def image_grid(images, captions=None, *, columns=10, diverging=False):
    """Small images in rows, each under its caption.

    Parameters
    ----------
    images : array (N, height, width)
    captions : sequence of N str, optional
    columns : int
    diverging : bool
        For images with a sign, such as weights: one colour below zero, another above, white between.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rows = -(-len(images) // columns)
    height = 7.2 / columns * rows * (1.35 if captions else 1.0)
    figure, axes = subplots(rows, columns, width=7.2, height=height, squeeze=False)
    options = {"cmap": "Greys", "vmin": 0.0}
    if diverging:
        limit = np.abs(images).max()
        options = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
    for ax in axes.flat:
        ax.axis("off")
    for index, (ax, image) in enumerate(zip(axes.flat, images, strict=False)):
        ax.imshow(image, interpolation="none", **options)
        if captions:
            ax.set_title(captions[index], size=8.5, loc="center", pad=2)
    return figure


def confusion_table(counts, *, names=None):
    """Counts of true class (rows) against predicted class (columns); what is off the diagonal stands out.

    Parameters
    ----------
    counts : integer array (C, C)
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
