"""Networks drawn as circles and arrows, with a number at each."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Circle

from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import paper

# Inches: three columns fill the width of a drawing that can still be read on a phone.
NODE_RADIUS, COLUMN_GAP = 0.36, 1.9
SPREAD = 2.5
NEAR_TAIL = 0.68  # from the middle of the tail's circle to the label of an arrow
NOTE_GAP = 0.16


def network(columns, weights):
    """Draw a small fully connected network with its numbers.

    Parameters
    ----------
    columns : dict of str to sequence of triples of str
        From left to right: the heading of a column, and for each of its nodes its name, its value and a note that
        stands above it, under the last one below.
    weights : list of arrays (out, in)
        The numbers on the arrows between one column and the next, rounded to three decimals.

    Returns
    -------
    matplotlib.figure.Figure
    """
    color, fill = LIGHT["forward"], LIGHT["forward_soft"]
    places = [_column_places(len(nodes), index) for index, nodes in enumerate(columns.values())]
    top = max(column[0][1] for column in places)
    figure, axes = _paper_for(len(columns), top)
    for (left, right), matrix in zip(pairwise(places), weights, strict=True):
        _draw_arrows(axes, left, right, np.asarray(matrix), color)
    for (heading, nodes), column in zip(columns.items(), places, strict=True):
        axes.text(column[0][0], top + 0.85, heading, ha="center", size=11, weight="bold")
        for index, ((x, y), (name, value, note)) in enumerate(zip(column, nodes, strict=True)):
            axes.add_patch(Circle((x, y), NODE_RADIUS, facecolor=fill, edgecolor=color, linewidth=1.5, zorder=3))
            axes.text(x, y, f"{name}\n{value}", ha="center", va="center", size=10, zorder=4)
            # Arrows reach a column's last node from above, so its note stands below.
            below = index == len(nodes) - 1
            note_y = y + (-1 if below else 1) * (NODE_RADIUS + NOTE_GAP)
            axes.text(x, note_y, note, ha="center", va="top" if below else "bottom", size=10)
    return figure


def _paper_for(columns, top):
    """Figure and axes with room for the headings above and a note below."""
    left, right = -0.5, COLUMN_GAP * (columns - 1) + 0.5
    return paper(left, right, -top - 0.75, top + 1.05)


def _column_places(count, index):
    # Columns with more nodes are taller, but not in proportion: so the labels of arrows that cross stand apart.
    half = SPREAD * (1.0 - 1.0 / count)
    return [(COLUMN_GAP * index, float(height)) for height in np.linspace(half, -half, count)]


def _draw_arrows(axes, left, right, matrix, color):
    for i, head in enumerate(right):
        for j, tail in enumerate(left):
            axes.annotate(
                "",
                xy=_beside(head, tail),
                xytext=_beside(tail, head),
                arrowprops={"arrowstyle": "-|>", "color": color, "lw": 0.9, "shrinkA": 0, "shrinkB": 0},
                zorder=1,
            )
            # Near the tail the labels of arrows that cross stand apart, and no head is covered.
            way = np.subtract(head, tail)
            x, y = np.add(tail, NEAR_TAIL * way / np.linalg.norm(way))
            axes.text(
                x, y, f"{np.round(matrix[i, j], 3):g}", ha="center", va="center", size=10, bbox=_paper(), zorder=2
            )


def _beside(place, toward):
    direction = np.subtract(toward, place)
    return np.add(place, (NODE_RADIUS + 0.04) * direction / np.linalg.norm(direction))


def _paper():
    return {"facecolor": LIGHT["paper"], "edgecolor": "none", "pad": 1.2}
