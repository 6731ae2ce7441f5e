"""Networks drawn as circles and arrows, with a number at each."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Circle

from backprop_lib.figures.palette import LIGHT
from backprop_lib.figures.style import subplots

NODE_RADIUS = 0.46
COLUMN_GAP = 3.3


def network(columns, weights, *, backward=False):
    """Draw a small fully connected network with its numbers.

    Parameters
    ----------
    columns : dict of str to sequence of triples of str
        From left to right: the heading of a column, and for each of its nodes its name, its value and a note that
        stands above it, under the last one below.
    weights : list of arrays (out, in)
        The numbers on the arrows between one column and the next.
    backward : bool
        Arrows from right to left in the colour of gradients, instead of left to right in that of the forward pass.

    Returns
    -------
    matplotlib.figure.Figure
    """
    color = LIGHT["gradient" if backward else "forward"]
    fill = LIGHT["gradient_soft" if backward else "forward_soft"]
    figure, axes = subplots(width=7.2, height=4.9)
    axes.set_aspect("equal")
    axes.axis("off")
    places = [_column_places(len(nodes), index) for index, nodes in enumerate(columns.values())]
    for (left, right), matrix in zip(pairwise(places), weights, strict=True):
        _draw_arrows(axes, left, right, np.asarray(matrix), color, backward)
    for (heading, nodes), column in zip(columns.items(), places, strict=True):
        axes.text(column[0][0], 3.0, heading, ha="center", size=12, weight="bold")
        for index, ((x, y), (name, value, note)) in enumerate(zip(column, nodes, strict=True)):
            axes.add_patch(Circle((x, y), NODE_RADIUS, facecolor=fill, edgecolor=color, linewidth=1.5, zorder=3))
            axes.text(x, y, f"{name}\n{value}", ha="center", va="center", size=11, zorder=4)
            # Arrows reach a column's last node from above, so its note stands below.
            below = index == len(nodes) - 1
            note_y = y + (-1 if below else 1) * (NODE_RADIUS + 0.1)
            axes.text(x, note_y, note, ha="center", va="top" if below else "bottom", size=11)
    axes.set_xlim(-0.7, COLUMN_GAP * (len(columns) - 1) + 0.7)
    axes.set_ylim(-2.8, 3.3)
    return figure


def _column_places(count, index):
    heights = np.linspace(0.9 * (count - 1), -0.9 * (count - 1), count)
    return [(COLUMN_GAP * index, float(height)) for height in heights]


def _draw_arrows(axes, left, right, matrix, color, backward):
    for i, end in enumerate(right):
        for j, start in enumerate(left):
            tail, head = (end, start) if backward else (start, end)
            axes.annotate(
                "",
                xy=_beside(head, tail),
                xytext=_beside(tail, head),
                arrowprops={"arrowstyle": "-|>", "color": color, "lw": 0.9, "shrinkA": 0, "shrinkB": 0},
                zorder=1,
            )
            # Near the tail the labels of arrows that cross stand apart, and no head is covered.
            x, y = np.add(tail, 0.24 * np.subtract(head, tail))
            axes.text(x, y, f"{matrix[i, j]:.3g}", ha="center", va="center", size=11, bbox=_paper(), zorder=2)


def _beside(place, toward):
    direction = np.subtract(toward, place)
    return np.add(place, (NODE_RADIUS + 0.04) * direction / np.linalg.norm(direction))


def _paper():
    return {"facecolor": LIGHT["paper"], "edgecolor": "none", "pad": 1.2}
