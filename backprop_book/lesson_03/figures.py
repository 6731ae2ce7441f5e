"""The derivation, one equation at a time, on a drawing of the network."""

from dataclasses import dataclass

import numpy as np
from matplotlib.patches import Circle

from backprop_book.drawing.numbers import rounded
from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer
from backprop_lib._checks import as_float_array
from backprop_lib.activations import sigmoid
from backprop_lib.layers import Activation, Linear
from backprop_lib.losses import SquaredError

WIDTH, HEIGHT, BOTTOM = 5.2, 4.75, -2.6  # one unit of the drawing is one inch
RADIUS = 0.31
SIZE = 9.5  # points; smaller, and a phone shows less than 9 pixels
COLUMNS = {"x": ("x", 0.34), "z1": ("z₁", 1.88), "h": ("h", 2.6), "yhat": ("ŷ", 4.14), "L": ("L", 4.86)}
BIASES = {"z1": "b1", "yhat": "b2"}
# Columns with arrows between them, the weights on the arrows, and the steps that go along them.
EDGES = [
    ("x", "z1", "W1", {"z1", "dW1"}),
    ("z1", "h", None, {"h", "dz1"}),
    ("h", "yhat", "W2", {"yhat", "dW2", "dh"}),
    ("yhat", "L", None, {"L", "dyhat"}),
]


@dataclass(frozen=True)
class Step:
    """One line of the derivation: the equation, the shapes of both its sides, and the tensors on its right."""

    equation: str
    shapes: str
    uses: tuple


# By the tensor on the left; "d" before a name is the gradient of the loss for it.
STEPS = {
    "x": Step("x, the input", "{x}", ()),
    "z1": Step("z₁ = W₁ x + b₁", "{W1} @ {x} + {b1} → {z1}", ("W1", "x", "b1")),
    "h": Step("h = σ(z₁)", "{z1} → {h}", ("z1",)),
    "yhat": Step("ŷ = z₂ = W₂ h + b₂", "{W2} @ {h} + {b2} → {yhat}", ("W2", "h", "b2")),
    "L": Step("L = ½ Σ (ŷ − y)²", "{yhat} − {y} → {L}", ("yhat",)),
    "dyhat": Step("∂L/∂ŷ = ∂L/∂z₂ = ŷ − y", "{yhat} − {y} → {dyhat}", ("yhat",)),
    "dW2": Step("∂L/∂W₂ = ∂L/∂z₂ hᵀ", "{dyhat} and {h} → {dW2}", ("dyhat", "h")),
    "db2": Step("∂L/∂b₂ = ∂L/∂z₂", "{dyhat} → {db2}", ("dyhat",)),
    "dh": Step("∂L/∂h = W₂ᵀ ∂L/∂z₂", "{W2T} @ {dyhat} → {dh}", ("W2", "dyhat")),
    "dz1": Step("∂L/∂z₁ = ∂L/∂h ⊙ h ⊙ (1 − h)", "{dh} ⊙ {h} ⊙ {h} → {dz1}", ("dh", "h")),
    "dW1": Step("∂L/∂W₁ = ∂L/∂z₁ xᵀ", "{dz1} and {x} → {dW1}", ("dz1", "x")),
    "db1": Step("∂L/∂b₁ = ∂L/∂z₁", "{dz1} → {db1}", ("dz1",)),
}
ORDER = list(STEPS)


def derivation(x, y, W1, b1, W2, b2):
    """Step through forward and backward pass of a two-layer sigmoid network with half the squared error.

    Each step highlights the tensor that its equation computes. A circle holds a value and, below it, its gradient;
    an arrow its weight, until the weight's gradient takes its place. Opens at the last step, where all is there.

    Parameters
    ----------
    x, y : arrays (n,), (m,)
        Input and target.
    W1, b1, W2, b2 : arrays (k, n), (k,), (m, k), (m,)

    Returns
    -------
    Explorer
        With the parameter ``step``, from 1 to 12.

    Raises
    ------
    ValueError
        If the shapes do not fit together, or there is more than can be drawn: at most 2 inputs, 3 hidden units and
        2 outputs.
    """
    tensors = _tensors(*_checked(x=x, y=y, W1=W1, b1=b1, W2=W2, b2=b2))
    return Explorer(
        lambda figure, step: _draw(figure, tensors, step),
        alt="The network of two layers, its loss, and the equation of one step; the tensor that the step computes "
        "is highlighted, with its numbers in the circles or on the arrows.",
        width=WIDTH,
        height=HEIGHT,
        play="step",
        initial={"step": len(STEPS)},
        step=range(1, len(STEPS) + 1),
    )


def _checked(**arrays):
    """Return the arrays as floats, after a look at their shapes."""
    arrays = {name: as_float_array(array, name) for name, array in arrays.items()}
    n, k, m = (arrays[name].size for name in ("x", "b1", "y"))
    expected = {"x": (n,), "y": (m,), "W1": (k, n), "b1": (k,), "W2": (m, k), "b2": (m,)}
    for name, shape in expected.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name}: expected shape {shape}, got shape {arrays[name].shape}")
    if not (1 <= n <= 2 and 1 <= k <= 3 and 1 <= m <= 2):
        raise ValueError(f"x, b1, y: expected at most 2 inputs, 3 hidden units and 2 outputs, got {n}, {k} and {m}")
    return arrays.values()


def _tensors(x, y, W1, b1, W2, b2):
    """All values and gradients, by the package's layers on a batch of one."""
    first, second, activation, loss = _linear(W1, b1), _linear(W2, b2), Activation(sigmoid), SquaredError()
    z1 = first.forward(x[None])
    h = activation.forward(z1)
    yhat = second.forward(h)
    L, dyhat = loss.value_and_gradient(yhat, y[None])
    dh = second.backward(dyhat)
    dz1 = activation.backward(dh)
    first.backward(dz1)
    rows = {"z1": z1, "h": h, "yhat": yhat, "dyhat": dyhat, "dh": dh, "dz1": dz1}
    gradients = {"dW1": first.weight.grad, "db1": first.bias.grad, "dW2": second.weight.grad, "db2": second.bias.grad}
    given = {"x": x, "y": y, "W1": W1, "b1": b1, "W2": W2, "b2": b2, "L": np.array(L)}
    return {**given, **gradients, **{name: row[0] for name, row in rows.items()}}


def _linear(weight, bias):
    layer = Linear(weight.shape[1], weight.shape[0], rng=np.random.default_rng(0))
    layer.weight.data, layer.bias.data = weight, bias
    return layer


def _draw(figure, tensors, step):
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(BOTTOM, BOTTOM + HEIGHT))
    axes.axis("off")
    state = _State(axes, tensors, step)
    for edge in EDGES:
        state.draw_edges(*edge)
    for name in COLUMNS:
        state.draw_column(name)
    return state.write()


class _State:
    """The drawing of one step, on axes whose unit is an inch."""

    def __init__(self, axes, tensors, step):
        self.axes, self.tensors, self.step = axes, tensors, step
        self.now, self.known = ORDER[step - 1], set(ORDER[:step])
        self.places = {name: _places(x, tensors[name].size) for name, (_, x) in COLUMNS.items()}

    def draw_edges(self, left, right, weights, steps):
        """The arrows between two columns: every node to every node, or each to its neighbour."""
        dense = weights is not None or right == "L"
        for j, start in enumerate(self.places[left]):
            for i, end in enumerate(self.places[right]):
                if dense or i == j:
                    self._draw_arrow(start, end, active=self.now in steps)
                if weights is not None:
                    self._write_weight(start, end, weights, (i, j))

    def _draw_arrow(self, left, right, active):
        """From left to right; from right to left in a step of the backward pass."""
        backward = active and self.now.startswith("d")
        tail, head = (right, left) if backward else (left, right)
        color = LIGHT[("gradient" if backward else "forward") if active else "muted"]
        gap = 72.0 * RADIUS + 2.0  # points
        style = {"arrowstyle": "-|>", "color": color, "lw": 1.6 if active else 0.7, "shrinkA": gap, "shrinkB": gap}
        self.axes.annotate("", xy=head, xytext=tail, arrowprops=style, zorder=1)

    def _write_weight(self, left, right, name, index):
        rows, columns = self.tensors[name].shape
        # Near the side with fewer nodes the labels of arrows that cross stand apart.
        x, y = np.add(left, (0.39 if columns <= rows else 0.61) * np.subtract(right, left))
        self._write_parameter((x, y), name, index, va="center")

    def _write_parameter(self, place, name, index, prefix="", **align):
        """Write an entry of a parameter, or of its gradient once it is known and the step does not use the value."""
        uses = STEPS[self.now].uses
        as_gradient = f"d{name}" in self.known and name not in uses
        meaning, ground = ("gradient", "gradient_soft") if as_gradient else ("forward", "paper")
        self.axes.text(
            *place,
            ("∂" if prefix and as_gradient else "") + prefix + rounded(self.tensors["d" * as_gradient + name][index]),
            color=LIGHT[meaning],
            weight="bold" if self.now == f"d{name}" or name in uses else "normal",
            bbox={"facecolor": LIGHT[ground], "edgecolor": "none", "pad": 1.0},
            **{"ha": "center", "size": SIZE, "zorder": 2, **align},
        )

    def draw_column(self, name):
        """Heading, circles, and what belongs to a node of this column."""
        heading, x = COLUMNS[name]
        self.axes.text(x, 1.88, heading, ha="center", size=11, weight="bold")
        last = len(self.places[name]) - 1
        for index, place in enumerate(self.places[name]):
            self._draw_node(name, index, place)
            side = -1 if index == last > 0 else 1  # arrows reach the last node from above
            if name in BIASES:
                align = {"va": "top" if side < 0 else "bottom"}
                self._write_parameter(_moved(place, 0, side * (RADIUS + 0.06)), BIASES[name], index, "b ", **align)
            if name == "yhat":
                target = f"y {rounded(self.tensors['y'][index])}"
                self._write_number(_moved(place, RADIUS + 0.24, 0.42 * side), target, "muted")

    def _draw_node(self, name, index, place):
        """A circle with a value and below it a gradient, as far as they are known."""
        meanings = {name: ("forward", 0.1), f"d{name}": ("gradient", -0.1)}
        meaning, _ = meanings.get(self.now, (None, 0))
        fill = LIGHT[f"{meaning}_soft" if meaning else "paper"]
        edge, width = (LIGHT[meaning], 2.4) if meaning else (LIGHT["muted"], 0.8)
        self.axes.add_patch(Circle(place, RADIUS, facecolor=fill, edgecolor=edge, linewidth=width, zorder=3))
        for key, (color, height) in meanings.items():
            if key in self.known:
                number = rounded(self.tensors[key].flat[index])
                self._write_number(_moved(place, 0, height), number, color, bold=key == self.now)

    def _write_number(self, place, text, color, bold=False):
        weight = "bold" if bold else "normal"
        self.axes.text(*place, text, ha="center", va="center", size=SIZE, color=LIGHT[color], weight=weight, zorder=4)

    def write(self):
        """Write the equation below the network; return the text of the state."""
        line, direction = STEPS[self.now], "backward" if self.now.startswith("d") else "forward"
        shapes = {name: tensor.shape for name, tensor in self.tensors.items()}
        shapes = line.shapes.format(**shapes, W2T=self.tensors["W2"].T.shape)
        self.axes.text(WIDTH / 2, -2.1, line.equation, ha="center", size=13, weight="bold")
        self.axes.text(WIDTH / 2, -2.42, f"shapes {shapes}", ha="center", size=10, color=LIGHT["muted"])
        numbers = rounded(self.tensors[self.now])
        return f"Step {self.step}, {direction}: {line.equation}. Shapes: {shapes}. Numbers: {numbers}."


def _places(x, count):
    """Centres of a column's nodes, from top to bottom; taller with more nodes, so that labels stand apart."""
    half = {1: 0.0, 2: 1.05, 3: 1.25}[count]
    return [(x, float(y)) for y in np.linspace(half, -half, count)]


def _moved(place, right, up):
    return place[0] + right, place[1] + up
