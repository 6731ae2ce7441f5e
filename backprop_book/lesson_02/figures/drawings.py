"""Drawings of the chain rule: gates and small computations, the paths of a layered one, what the two orders cost."""

from itertools import pairwise

import numpy as np

from backprop_book.drawing.circuits import GATE_RADIUS, circuit
from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

# One hidden unit, in two rows that meet at h. Each wire: where it starts, where it ends, what it carries.
UNIT_GATES = {
    "w₁x": ("×", 0.95, 0.0),
    "z₁": ("+", 2.1, 0.0),
    "h": ("σ", 3.25, 0.0),
    "w₂h": ("×", 0.95, -1.6),
    "ŷ": ("+", 2.1, -1.6),
    "L": ("loss", 3.25, -1.6),
}
UNIT_WIRES = [
    ((0.0, 0.0), "w₁x", "x"),
    ((0.95, 0.9), "w₁x", "w₁"),
    ("w₁x", "z₁", "w₁x"),
    ((2.1, 0.9), "z₁", "b₁"),
    ("z₁", "h", "z₁"),
    ("h", (4.2, 0.0), "h"),
    ((0.0, -1.6), "w₂h", "h"),
    ((0.95, -0.7), "w₂h", "w₂"),
    ("w₂h", "ŷ", "w₂h"),
    ((2.1, -0.7), "ŷ", "b₂"),
    ("ŷ", "L", "ŷ"),
    ((3.25, -0.7), "L", "y"),
    ("L", (4.2, -1.6), "L"),
]
NAMELESS = {"w₁x", "w₂h", "wx", "wx + b", "1 - p"}  # their names are too long for their wires

FORK_GATES = {
    "ab": ("×", 1.0, 0.6),
    "c": ("", 1.0, -0.6),
    "m": ("max", 2.1, 0.2),
    "s": ("+", 2.1, -1.0),
    "L": ("×", 3.2, -0.4),
}
FORK_WIRES = [
    ((0.0, 1.1), "ab", "a"),
    ((0.0, 0.1), "ab", "b"),
    ("ab", "m", "ab"),
    ((0.0, -0.6), "c", "c"),
    ("c", "m", "c₁"),
    ("c", "s", "c₂"),
    ((0.95, -1.7), "s", "d"),
    ("m", "L", "m"),
    ("s", "L", "s"),
    ("L", (4.2, -0.4), "L"),
]

HINGE_GATES = {
    "wx": ("×", 0.95, 0.0),
    "wx + b": ("+", 2.1, 0.0),
    "p": ("×", 3.25, 0.0),
    "1 - p": ("1 −", 0.95, -1.6),
    "L": ("max", 2.1, -1.6),
}
HINGE_WIRES = [
    ((0.0, 0.0), "wx", "x"),
    ((0.95, 0.9), "wx", "w"),
    ("wx", "wx + b", "wx"),
    ((2.1, 0.9), "wx + b", "b"),
    ("wx + b", "p", "wx + b"),
    ((3.25, 0.9), "p", "y"),
    ("p", (4.2, 0.0), "p"),
    ((0.0, -1.6), "1 - p", "p"),
    ("1 - p", "L", "1 - p"),
    ("L", (3.25, -1.6), "L"),
]

SUM = {"color": LIGHT["gradient"], "ha": "center", "va": "top", "size": 11, "weight": "bold"}


def gate(symbol, numbers):
    """Draw one gate with two inputs and one output.

    Parameters
    ----------
    symbol : str
        What stands in the circle.
    numbers : dict of str to (float, float)
        Value and gradient of the upper input, the lower input and the output, in this order, by their names.

    Returns
    -------
    matplotlib.figure.Figure
    """
    ends = [((0.0, 0.45), "gate"), ((0.0, -0.45), "gate"), ("gate", (1.9, 0.0))]
    wires = [(*end, name, *pair) for end, (name, pair) in zip(ends, numbers.items(), strict=True)]
    return circuit({"gate": (symbol, 1.0, 0.0)}, wires)


def hinge_gates(numbers):
    """Draw L = max(0, 1 - p) with p = y (wx + b), in two rows that meet at p.

    Parameters
    ----------
    numbers : dict of str to (float, float)
        Value and gradient of w, x, wx, b, wx + b, y, p, 1 - p and L.

    Returns
    -------
    matplotlib.figure.Figure
    """
    zero = ((2.1, -0.7), "L", "", 0.0, None)
    return circuit(HINGE_GATES, [*_named(HINGE_WIRES, numbers), zero])


def _named(wires, numbers):
    """Wires with their numbers, and with their names where these are short."""
    return [(start, end, "" if name in NAMELESS else name, *numbers[name]) for start, end, name in wires]


def gates_and_fork(numbers):
    """Draw L = max(ab, c) (c + d), where c forks into c₁ and c₂.

    Parameters
    ----------
    numbers : dict of str to (float, float)
        Value and gradient of a, b, ab, c, c₁, c₂, d, m (the maximum), s (the sum) and L.

    Returns
    -------
    matplotlib.figure.Figure
    """
    return circuit(FORK_GATES, _named(FORK_WIRES, numbers))


def path_network(columns, jacobians, gradients):
    """Draw a layered computation: above each edge its local derivative, below what it sends back, under a node the sum.

    Parameters
    ----------
    columns : sequence of sequences of str
        Names of the nodes, from left to right and in each column from top to bottom.
    jacobians : list of arrays
        Between one column and the next: entry [i, j] is the derivative of node i on the right by node j on the left.
    gradients : dict of str to float
        The gradient of every node. An edge sends back its local derivative times the gradient of its right end.

    Returns
    -------
    matplotlib.figure.Figure
    """
    gates = {
        name: (name, 1.4 * x, 0.7 * (len(names) - 1) - 1.4 * row)
        for x, names in enumerate(columns)
        for row, name in enumerate(names)
    }
    wires = [
        (left[j], right[i], "", jacobian[i, j], jacobian[i, j] * gradients[right[i]])
        for jacobian, (left, right) in zip(jacobians, pairwise(columns), strict=True)
        for i, j in np.ndindex(jacobian.shape)
    ]
    # Labels near the start, where edges that cross stand apart; a local derivative is no value of the forward pass.
    figure = circuit(gates, wires, labels_at=0.27, value_color="ink")
    for name, x, y in gates.values():
        figure.axes[0].text(x, y - GATE_RADIUS - 0.05, f"{gradients[name]:g}", **SUM)
    return figure


def order_costs(inputs, outputs, forward, backward):
    """Multiplications in forward and in backward order, over the shapes; the cost axis is logarithmic.

    Parameters
    ----------
    inputs, outputs : sequences of N int
        How many numbers go into each computation, and how many come out.
    forward, backward : sequences of N int
        Multiplications for its Jacobian, from the inputs on and from the outputs back.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(width=5.2, height=3.4)
    places = range(len(inputs))
    axes.semilogy(places, forward, "o-", color=LIGHT["forward"], label="forward order")
    axes.semilogy(places, backward, "s--", color=LIGHT["gradient"], label="backward order")
    axes.set_title("multiplications")
    axes.set_xlabel("inputs → outputs")
    axes.set_xticks(places, [f"{n}→{m}" for n, m in zip(inputs, outputs, strict=True)])
    axes.legend(frameon=False, loc="upper center")
    return figure
