"""Computations as wires and gates, with a value and a gradient on every wire, from numbers alone."""

import math

from matplotlib.patches import Circle

from backprop_book.drawing.numbers import significant
from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import paper

INCHES_PER_UNIT = 1.2
GATE_RADIUS, FORK_RADIUS = 0.2, 0.05
MARGIN = 0.3
STEEPEST_TEXT = 60.0  # degrees; beside a steeper wire the text stands upright, left and right of it


def circuit(gates, wires, *, labels_at=0.5, value_color="forward"):
    """Draw a computation as wires and gates: on each wire a value, and the gradient that comes back.

    The value stands above the wire, the gradient below it, behind an arrow that points back; at a steep wire they
    stand left and right of it. Read along the wires it is the forward pass, against them the backward pass.

    Parameters
    ----------
    gates : dict of str to (str, float, float)
        By name: the symbol in the circle, and the place of its centre; an empty symbol is a fork, drawn as a dot.
        One unit of length is as much as two gates need between them.
    wires : sequence of (start, end, str, float, float or None)
        Each wire's start and end, the name of a gate or a place (x, y); the name of what it carries, or ""; its value;
        its gradient, or None where there is none to show.
    labels_at : float
        Where along a wire its texts stand, from 0 at its start to 1 at its end.
    value_color : str
        Colour of the values, by its meaning in the palette.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If a wire starts or ends at a gate that is not there.
    """
    ends = [place for start, end, *_ in wires for place in _visible(_end(gates, start), _end(gates, end))]
    figure, axes = _paper_for(ends + [(x, y) for _, x, y in gates.values()])
    draw_circuit(axes, gates, wires, labels_at=labels_at, value_color=value_color)
    return figure


def draw_circuit(axes, gates, wires, *, labels_at=0.5, value_color="forward"):
    """Draw as `circuit` does, on axes that are there. A value may be None, too: then the name stands alone.

    Returns
    -------
    list of (Text, Text or None)
        For each wire what is written for its value and for its gradient.
    """
    labels = []
    for start, end, name, value, gradient in wires:
        reaches_fork = isinstance(end, str) and not gates[end][0]
        ends = _visible(_end(gates, start), _end(gates, end))
        _draw_wire(axes, *ends, "-" if reaches_fork else "-|>")
        above = " = ".join(part for part in (name, value is not None and significant(value)) if part)
        labels.append(_write_labels(axes, *ends, labels_at, (above, value_color), gradient))
    for symbol, x, y in gates.values():
        _draw_gate(axes, symbol, x, y)
    return labels


def _end(gates, end):
    """The place of a wire's end, and the radius of the gate that stands there."""
    if not isinstance(end, str):
        return *end, 0.0
    if end not in gates:
        raise ValueError(f"wires: expected a place or one of the gates {', '.join(gates)}, got {end!r}")
    symbol, x, y = gates[end]
    return x, y, GATE_RADIUS if symbol else 0.0


def _visible(start, end):
    """The part of a wire outside its gates: the places where it begins and ends."""
    (x, y, radius), (end_x, end_y, end_radius) = start, end
    length = math.dist((x, y), (end_x, end_y))
    dx, dy = (end_x - x) / length, (end_y - y) / length
    return (x + radius * dx, y + radius * dy), (end_x - end_radius * dx, end_y - end_radius * dy)


def _paper_for(places):
    """Figure and axes that hold all places, with the same scale in every drawing."""
    (left, bottom), (right, top) = (tuple(pick(axis) for axis in zip(*places, strict=True)) for pick in (min, max))
    return paper(left - MARGIN, right + MARGIN, bottom - MARGIN, top + MARGIN, scale=INCHES_PER_UNIT)


def _draw_wire(axes, start, end, style):
    arrow = {"arrowstyle": style, "color": LIGHT["forward"], "lw": 1.0, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", xy=end, xytext=start, arrowprops=arrow, zorder=1)


def _write_labels(axes, start, end, fraction, above, gradient):
    """Value and gradient on the two sides of a wire, along it where that can be read; return both texts."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    x, y = (a + fraction * (b - a) for a, b in zip(start, end, strict=True))
    steep = abs(math.degrees(angle)) > STEEPEST_TEXT
    back = "←" if not steep else "↑" if angle < 0 else "↓"
    texts, written = [(1, *above)], []
    if gradient is not None:
        texts.append((-1, f"{back} {significant(gradient)}", "gradient"))
    for side, text, meaning in texts:
        if steep:
            where = {"x": x - 0.04 * side, "ha": "right" if side == 1 else "left", "y": y}
        else:
            dx, dy = -math.sin(angle) * 0.12 * side, math.cos(angle) * 0.12 * side
            where = {"x": x + dx, "y": y + dy, "ha": "center", "rotation": math.degrees(angle)}
        style = {"color": LIGHT[meaning], "va": "center", "rotation_mode": "anchor", "size": 11, "zorder": 3}
        written.append(axes.text(s=text, **style, **where))
    return written[0], written[1] if gradient is not None else None


def _draw_gate(axes, symbol, x, y):
    face, radius = (LIGHT["forward_soft"], GATE_RADIUS) if symbol else (LIGHT["forward"], FORK_RADIUS)
    axes.add_patch(Circle((x, y), radius, facecolor=face, edgecolor=LIGHT["forward"], linewidth=1.3, zorder=2))
    axes.text(x, y, symbol, ha="center", va="center", size=12 if len(symbol) < 3 else 10.5, zorder=3)
