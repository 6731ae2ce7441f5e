"""Graphs of computations: what `backprop_lib.graph` gives, drawn with values forward and gradients backward."""

import numpy as np
from matplotlib.patches import FancyBboxPatch

from backprop_book.drawing.numbers import significant
from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import paper

# Inches: small enough for five columns on a phone.
COLUMN_GAP, ROW_GAP = 1.0, 0.7
HALF_WIDTH, HALF_HEIGHT = 0.38, 0.23
LINE_HEIGHT, TWIN_SHIFT = 0.145, 0.07


def computation(graph):
    """Draw a computation: a box for every node, the leaves on the left, arrows from operands to results.

    A box holds the name or the operation, the value (of an array its shape) and, behind an arrow that points back,
    the gradient, where a backward pass has left one. It reads well up to about 15 nodes in five columns.

    Parameters
    ----------
    graph : backprop_lib.autograd.Graph

    Returns
    -------
    matplotlib.figure.Figure
    """
    places = computation_places(graph)
    figure, axes = _paper_for(places)
    draw_computation(axes, graph, places)
    return figure


def computation_places(graph, column_gap=COLUMN_GAP):
    """Where the boxes of a graph stand: (x, y) of every centre in inches, the first one's column at x = 0."""
    return [(column_gap * x, -ROW_GAP * y) for x, y in _places(graph)]


def draw_computation(axes, graph, places, *, backward=None):
    """Draw boxes and arrows on axes whose unit is an inch. There may be more places than nodes: room for others.

    ``backward`` is the position of one edge along which a gradient is on its way back.
    """
    for k in range(len(graph.edges)):
        _draw_edge(axes, graph, places, k, backward=k == backward)
    for node, place in zip(graph.nodes, places, strict=False):
        _draw_node(axes, node, *place)


def _paper_for(places):
    left, right = -HALF_WIDTH - 0.1, max(x for x, _ in places) + HALF_WIDTH + 0.1
    # Arrows that go over or under a box need room above and below.
    bottom, top = min(y for _, y in places) - HALF_HEIGHT - 0.2, HALF_HEIGHT + 0.2
    return paper(left, right, bottom, top)


def _places(graph):
    """(column, row) of every node: right of its last operand, a leaf just left of its first use; columns centred."""
    count = len(graph.nodes)
    column = [0] * count
    for start, end in graph.edges:  # they come in the order of the results, every one after its operands
        column[end] = max(column[end], column[start] + 1)
    for i in set(range(count)) - {end for _, end in graph.edges}:
        column[i] = min((column[end] for start, end in graph.edges if start == i), default=1) - 1
    members = [[i for i in range(count) if column[i] == x] for x in range(max(column) + 1)]
    tallest = max(map(len, members))
    row = {i: k + (tallest - len(nodes)) / 2 for nodes in members for k, i in enumerate(nodes)}
    return [(column[i], row[i]) for i in range(count)]


def _draw_edge(axes, graph, places, k, *, backward):
    """An arrow, beside its twin, and bent where it would run behind the boxes of other columns."""
    edge = graph.edges[k]
    start, end = (places[i] for i in edge)
    twice = graph.edges[:k].count(edge) - graph.edges[k + 1 :].count(edge)  # 1 or -1 if it has a twin
    turn = _turn(start, end, places)
    # Over or under what stands between, it goes from edge to edge.
    shift = TWIN_SHIFT * twice - HALF_HEIGHT * turn
    ends = (start[0] + HALF_WIDTH + 0.03, start[1] + shift), (end[0] - HALF_WIDTH - 0.03, end[1] + shift)
    tail, head = reversed(ends) if backward else ends
    axes.annotate(
        "",
        xy=head,
        xytext=tail,
        arrowprops={
            "arrowstyle": "-|>",
            "connectionstyle": f"arc3,rad={(-0.4 if backward else 0.4) * turn}",
            "color": LIGHT["gradient" if backward else "forward"],
            "lw": 2.4 if backward else 1.0,
            "shrinkA": 0,
            "shrinkB": 0,
        },
        zorder=1,
    )


def _turn(start, end, places):
    """-1 if a straight arrow would run behind the upper half of a box and has to go over it, 1 for under, else 0."""
    slope = (end[1] - start[1]) / (end[0] - start[0])
    for x, y in places:
        above = start[1] + slope * (x - start[0]) - y
        if start[0] < x < end[0] and abs(above) < HALF_HEIGHT + abs(slope) * HALF_WIDTH:
            return -1 if above >= 0 else 1
    return 0


def _draw_node(axes, node, x, y):
    leaf = node.operation is None
    axes.add_patch(
        FancyBboxPatch(
            (x - HALF_WIDTH, y - HALF_HEIGHT),
            2 * HALF_WIDTH,
            2 * HALF_HEIGHT,
            boxstyle="round,pad=0.01",
            facecolor=LIGHT["paper" if leaf else "forward_soft"],
            edgecolor=LIGHT["forward"],
            linewidth=1.3,
            zorder=2,
        )
    )
    title = " ".join(part for part in (node.name, node.operation) if part)
    lines = [(title, LIGHT["ink"], "bold"), (_short(node.data), LIGHT["forward"], "normal")]
    if node.grad is not None:
        lines.append((f"← {_short(node.grad)}", LIGHT["gradient"], "normal"))
    lines = [line for line in lines if line[0]]
    for k, (text, color, weight) in enumerate(lines):
        height = y + LINE_HEIGHT * ((len(lines) - 1) / 2 - k)
        axes.text(x, height, text, ha="center", va="center", size=9.5, color=color, weight=weight, zorder=3)


def _short(values):
    """A number with three digits; of an array with several entries, the shape."""
    if getattr(values, "size", 1) == 1:
        return significant(np.asarray(values).item())
    return str(values.shape)
