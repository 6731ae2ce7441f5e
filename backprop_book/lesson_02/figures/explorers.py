"""A backward pass one gradient at a time, and what comes back to a number that is used once or twice."""

from matplotlib.patches import Circle

from backprop_book.drawing.circuits import GATE_RADIUS, INCHES_PER_UNIT, draw_circuit
from backprop_book.drawing.numbers import significant
from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer
from backprop_book.lesson_02.figures.drawings import NAMELESS, UNIT_GATES, UNIT_WIRES
from backprop_lib._checks import as_finite_reals
from backprop_lib.autograd import Value

UNIT_AREA = ((-0.3, 4.5), (-1.9, 1.2))  # left and right, bottom and top

# In the order of the forward pass: what comes out of a gate, and its equation.
FORWARD = {
    "w₁x": "w₁ · x",
    "z₁": "w₁x + b₁",
    "h": "σ(z₁)",
    "w₂h": "w₂ · h",
    "ŷ": "w₂h + b₂",
    "L": "½ (ŷ - y)²",
}
# In the order of the backward pass: whose gradient, from which result it comes back, and the local derivative.
BACKWARD = [
    ("ŷ", "L", "ŷ - y"),
    ("y", "L", "y - ŷ"),
    ("b₂", "ŷ", "1"),
    ("w₂h", "ŷ", "1"),
    ("w₂", "w₂h", "h"),
    ("h", "w₂h", "w₂"),
    ("z₁", "h", "h(1 - h)"),
    ("b₁", "z₁", "1"),
    ("w₁x", "z₁", "1"),
    ("w₁", "w₁x", "x"),
    ("x", "w₁x", "w₁"),
]
RULES = {
    "loss": "times the slope of the loss",
    "+": "unchanged through the sum",
    "×": "times the other input of the product",
    "σ": "times the slope of the sigmoid",
}

CHAIN_AREA = ((-0.3, 4.4), (-1.8, 1.8))
CHAIN_GATES = {"ax": ("×", 1.4, 0.0), "L": ("×", 2.8, 0.0)}
CHAIN_WIRES = [
    ((0.0, 0.0), "ax", "x"),
    ((1.4, 1.0), "ax", "a"),
    ("ax", "L", "ax"),
    ((2.8, 1.0), "L", "b"),
    ("L", (4.1, 0.0), "L"),
]
FORK_GATES = {"x": ("", 0.9, 0.0), "ax": ("×", 1.9, 0.6), "bx": ("×", 1.9, -0.6), "L": ("+", 3.0, 0.0)}
FORK_WIRES = [
    ((0.0, 0.0), "x", "x"),
    ("x", "ax", "x₁"),
    ("x", "bx", "x₂"),
    ((1.9, 1.5), "ax", "a"),
    ((1.9, -1.5), "bx", "b"),
    ("ax", "L", "ax"),
    ("bx", "L", "bx"),
    ("L", (4.1, 0.0), "L"),
]


def gradient_steps(x, w1, b1, w2, b2, y):
    """Step through both passes of z₁ = w₁x + b₁, h = σ(z₁), ŷ = w₂h + b₂, L = ½ (ŷ - y)²: one number at a time.

    The gate at work and the number that it brings are highlighted. Opens at the last step, where all is there.

    Parameters
    ----------
    x, w1, b1, w2, b2, y : float

    Returns
    -------
    Explorer
        With the parameter ``step``, from 0, where only the inputs are known, to 18.
    """
    inputs = {"x": x, "w₁": w1, "b₁": b1, "w₂": w2, "b₂": b2, "y": y}
    values = _network(**{name: Value(_one_number(number, name)) for name, number in inputs.items()})
    last = len(FORWARD) + 1 + len(BACKWARD)
    return _explorer(
        lambda figure, step: _draw_step(figure, values, set(inputs), step),
        "The network in two rows of gates: times, plus, sigma; times, plus, loss. On the wires stand the values that "
        "went forward and the gradients that came back so far; the last one is highlighted.",
        UNIT_AREA,
        play="step",
        initial={"step": last},
        step=range(last + 1),
    )


def _one_number(number, name):
    array = as_finite_reals(number, name)
    if array.size != 1:
        raise ValueError(f"{name}: expected one number, got shape {array.shape}")
    return float(array.item())


def _explorer(draw, alt, area, **options):
    width, height = (INCHES_PER_UNIT * (high - low) for low, high in area)
    return Explorer(draw, alt=alt, width=width, height=height, **options)


def _paper(figure, area):
    axes = figure.subplots()
    axes.axis("off")
    axes.set(xlim=area[0], ylim=area[1], aspect="equal")
    return axes


def _network(**values):
    """All numbers of the network by name, after the backward pass."""
    v = values
    v["w₁x"] = v["w₁"] * v["x"]
    v["z₁"] = v["w₁x"] + v["b₁"]
    v["h"] = v["z₁"].sigmoid()
    v["w₂h"] = v["w₂"] * v["h"]
    v["ŷ"] = v["w₂h"] + v["b₂"]
    v["L"] = 0.5 * (v["ŷ"] - v["y"]) ** 2
    v["L"].backward(retain_graph=True)
    return v


def _draw_step(figure, values, inputs, step):
    """Draw what is known after a step, and return its text."""
    axes = _paper(figure, UNIT_AREA)
    results, back = list(FORWARD), ["L", *(name for name, _, _ in BACKWARD)]
    known = inputs | set(results[:step])
    returned = set(back[: max(0, step - len(results))])
    labels = draw_circuit(axes, UNIT_GATES, [_wire(wire, values, known, returned) for wire in UNIT_WIRES])
    if step == 0:
        return f"Step 0: the inputs are known, {_listed(values, UNIT_WIRES, inputs)}. Nothing is computed yet."
    place = step - len(results) - 1
    backward = place >= 0
    now, gate = (
        (back[place], back[0] if place == 0 else BACKWARD[place - 1][1]) if backward else [results[step - 1]] * 2
    )
    _highlight_gate(axes, UNIT_GATES[gate], "gradient" if backward else "forward")
    for (_, _, name), label in zip(UNIT_WIRES, labels, strict=True):
        if name == now:
            _highlight_text(label[backward], "gradient" if backward else "forward")
    return f"Step {step}, {_in_words(values, now, place) if backward else _computed(values, now)}"


def _wire(wire, values, known, returned):
    """A wire with its numbers as far as they are known, and with its name where that is short."""
    start, end, name = wire
    value, gradient = values[name].data if name in known else None, values[name].grad if name in returned else None
    return start, end, "" if name in NAMELESS else name, value, gradient


def _listed(values, wires, names):
    order = dict.fromkeys(name for _, _, name in wires if name in names)
    return ", ".join(f"{name} = {significant(values[name].data)}" for name in order)


def _computed(values, now):
    return f"forward: {now} = {FORWARD[now]} = {significant(values[now].data)}."


def _in_words(values, now, place):
    """The text of a step of the backward pass: rule, local derivative, numbers."""
    if place == 0:
        return "backward: ∂L/∂L = 1, where every backward pass starts."
    _, result, formula = BACKWARD[place - 1]
    gradient = values[result].grad
    local = _local_derivative(values, formula)
    factor = formula if formula == "1" else f"{formula} = {significant(local)}"
    symbol = UNIT_GATES[result][0]
    product = f"{significant(gradient)} · {_in_brackets(local)} = {significant(values[now].grad)}"
    return f"backward, {RULES[symbol]}: the local derivative is {factor}, so ∂L/∂{_one(now)} = {product}."


def _local_derivative(values, formula):
    v = {name: value.data for name, value in values.items()}
    formulas = {"1": 1.0, "ŷ - y": v["ŷ"] - v["y"], "y - ŷ": v["y"] - v["ŷ"], "h(1 - h)": v["h"] * (1.0 - v["h"])}
    return formulas[formula] if formula in formulas else v[formula]


def _one(name):
    """A name that stands below a fraction line: a product in brackets."""
    return f"({name})" if name in NAMELESS else name


def _highlight_gate(axes, gate, meaning):
    _, x, y = gate
    style = {"facecolor": LIGHT[f"{meaning}_soft"], "edgecolor": LIGHT[meaning], "linewidth": 2.6, "zorder": 2}
    axes.add_patch(Circle((x, y), GATE_RADIUS, **style))


def _highlight_text(text, meaning):
    text.set(weight="bold", bbox={"facecolor": LIGHT[f"{meaning}_soft"], "edgecolor": "none", "pad": 1.0})


def fork_or_chain(x, a, *, b, initial):
    """Use a number once, as L = b (a x), or twice, as L = a x + b x, and see what comes back.

    Parameters
    ----------
    x, a : float
    b : increasing sequence of float
        The second factor in the saved figure.
    initial : float
        The one shown first; the number is used twice there.

    Returns
    -------
    Explorer
        With the parameters ``used`` and ``b``.
    """
    x, a = _one_number(x, "x"), _one_number(a, "a")
    return _explorer(
        lambda figure, used, b: _draw_uses(figure, used, {"x": Value(x), "a": Value(a), "b": Value(b)}),
        "Two gates after each other, or two side by side behind a fork, with the value and the gradient on every wire.",
        CHAIN_AREA,
        initial={"used": "twice", "b": initial},
        used=["once", "twice"],
        b=b,
    )


def _draw_uses(figure, used, v):
    twice = used == "twice"
    v["x₁"], v["x₂"] = (v["x"] + 0.0, v["x"] + 0.0) if twice else (v["x"], None)
    v["ax"] = v["x₁"] * v["a"]
    if twice:
        v["bx"] = v["x₂"] * v["b"]
    v["L"] = v["ax"] + v["bx"] if twice else v["ax"] * v["b"]
    v["L"].backward(retain_graph=True)
    gates, wires = (FORK_GATES, FORK_WIRES) if twice else (CHAIN_GATES, CHAIN_WIRES)
    numbers = [(start, end, name, v[name].data, v[name].grad) for start, end, name in wires]
    labels = draw_circuit(_paper(figure, CHAIN_AREA), gates, numbers)
    _highlight_text(labels[0][1], "gradient")
    total = significant(v["x"].grad)
    if twice:
        first, second = (_in_brackets(v[name].grad) for name in ("x₁", "x₂"))
        return (
            f"Used twice, at a fork: {first} and {second} come back and add up, ∂L/∂x = {first} + {second} = {total}."
        )
    first, second = significant(v["ax"].grad), _in_brackets(v["a"].data)
    return f"Used once, in a chain: the factors b and a multiply, ∂L/∂x = {first} · {second} = {total}."


def _in_brackets(number):
    """A number as it stands behind an operator: a negative one in brackets."""
    return f"({significant(number)})" if number < 0 else significant(number)
