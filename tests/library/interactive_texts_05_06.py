"""What the interactive figures of lessons 5 and 6 must say in some of their states, computed once more.

Lesson 5: predictions by another quadrature, or in closed form, and networks made of the package's layers. Lesson 6:
right gradients by the package's engine, wrong ones as sums over paths.
"""

import functools
from dataclasses import dataclass

import numpy as np

from backprop_lib import Activation, Linear, Sequential, Value, relu, sigmoid, tanh

# Lesson 5

FUNCTIONS = {"sigmoid": sigmoid, "tanh": tanh, "ReLU": relu}
GAINS = {"v = 1/n (Xavier)": 1.0, "v = 2/n (He)": 2.0, "v = 4/n": 4.0}
WIDTH, NETWORKS, DEEPEST = 64, 40, 50


@functools.cache
def standard():
    """Weights of variance 1 by layer and network, as the lesson draws them."""
    return np.random.default_rng(2).normal(size=(DEEPEST, NETWORKS, WIDTH, WIDTH))


def predicted(activation, gain, depth):
    """Mean squares of the gradient at the input and of the signal at the last layer."""
    if activation == "ReLU":
        return (gain / 2.0) ** depth, (gain / 2.0) ** depth
    function = FUNCTIONS[activation]
    points, weights = np.polynomial.hermite_e.hermegauss(100)
    signal, gradient = 1.0, 1.0
    for _ in range(depth):
        z = np.sqrt(gain * signal) * points
        signal = weights @ function(z) ** 2 / weights.sum()
        gradient *= gain * (weights @ function.derivative(z) ** 2) / weights.sum()
    return gradient, signal


def measured(activation, gain, depth):
    """The medians of networks, by the package's layers."""
    inputs, arriving = np.random.default_rng(1).normal(size=(2, NETWORKS, 1, WIDTH))
    gradients, signals = [], []
    for k, (x, g) in enumerate(zip(inputs, arriving, strict=True)):
        network = Sequential(*layers(FUNCTIONS[activation], gain, standard()[:depth, k]))
        signals.append(np.mean(network.forward(x) ** 2))
        gradients.append(np.mean(network.backward(g) ** 2))
    return np.median(gradients), np.median(signals)


def layers(function, gain, weights):
    """Yield a Linear and an Activation for each matrix."""
    for matrix in weights:
        linear = Linear(WIDTH, WIDTH, rng=np.random.default_rng(0))
        linear.weight.data, linear.bias.data = np.sqrt(gain / WIDTH) * matrix, np.zeros(WIDTH)
        yield linear
        yield Activation(function)


def size(value):
    """A power of ten; near 1, one digit."""
    digit, exponent = f"{value:.0e}".split("e")
    nearest = round(float(np.log10(value)))
    if -2 < nearest < 2:
        return f"about {round(int(digit) * 10.0 ** int(exponent), 3):g}"
    return f"about 10^{nearest}"


@functools.cache
def depth(activation, initialisation, layers):
    """The text of a state."""
    state = activation, GAINS[initialisation], layers
    gradient, signal = (
        f"predicted {size(one)}, measured {size(other)}"
        for one, other in zip(predicted(*state), measured(*state), strict=True)
    )
    return (
        f"{activation}, {initialisation}, {layers} layers. Mean square of the gradient at the input: {gradient}; "
        f"of the signal at the last layer: {signal}."
    )


# Lesson 6


@dataclass(eq=False)
class Noted:
    """A number with the note of its making, as lesson 6 writes it."""

    data: float
    operation: str | None = None
    parents: tuple = ()
    slopes: tuple = ()

    def __add__(self, other):
        return Noted(self.data + other.data, "+", (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Noted(self.data * other.data, "×", (self, other), (other.data, self.data))


def first_example(number=Noted):
    """L = w x + w, by names in the order of their creation."""
    x, w = number(2.0), number(5.0)
    a = w * x
    return {"x": x, "w": w, "a": a, "L": a + w}


def three_nodes(number=Noted):
    """A number doubled twice."""
    x = number(1.0)
    a = x + x
    return {"x": x, "a": a, "z": a + a}


def four_ways(number=Noted):
    """z = (a + a) (a a) with a = x x."""
    x = number(2.0)
    a = x * x
    b, c = a + a, a * a
    return {"x": x, "a": a, "b": b, "c": c, "z": b * c}


def line(number):
    """A line of the first example, with what the engine says of its derivatives."""
    values = first_example(Value)
    values["a"].backward(retain_graph=True)
    x, w, a, L = (f"{value.data:g}" for value in values.values())
    slopes = f"{values['w'].grad:g} and {values['x'].grad:g}"
    return [
        f"Line 1, x = Value({float(x)}): a node with the value {x}, a leaf, nothing went in.",
        f"Line 2, w = Value({float(w)}): a node with the value {w}, a leaf, nothing went in.",
        f"Line 3, a = w * x: a node with the value {a}, made by × from w and x, with the slopes {slopes}.",
        f"Line 4, L = a + w: a node with the value {L}, made by + from a and w, with the slopes 1 and 1.",
    ][number - 1]


def gradients(build):
    """The right ones, by name."""
    values = build(Value)
    values["z"].backward(retain_graph=True)
    return {name: value.grad for name, value in values.items()}


EARLY = "too early: {} of {} parts are there"
AGAIN = "some of it was passed on before"


def both(step, first, second, wrong, right):
    """The text of a step of two walks."""
    return f"Step {step}. Obvious walk, {first}: {wrong}. Topological order, {second}: {right}."


def passed(giver, amount, taker, held, flaw=""):
    """What one push does."""
    return f"{giver} passes {amount:g} to {taker}, which now has {held:g}" + (f" ({flaw})" if flaw else "")


def doubled(step):
    """The first k contributions to a make x receive k each, twice: 1 + 1 + 2 + 2."""
    right = gradients(three_nodes)
    total, half = right["x"], right["a"]
    seed = "z has 1, and all others 0"
    over = f"x has {total:g}"
    early = EARLY.format(1, 2)
    return {
        0: both(0, "the seed", "the seed", seed, seed),
        2: both(2, "push 2 of 6", "push 2 of 4", passed("a", 1, "x", 1, early), passed("z", 1, "a", half)),
        4: both(4, "push 4 of 6", "push 4 of 4", passed("z", 1, "a", half), passed("a", half, "x", total)),
        5: both(5, "push 5 of 6", "over after 4 pushes", passed("a", half, "x", 4, AGAIN), over),
        6: both(6, "push 6 of 6", "over after 4 pushes", passed("a", half, "x", 6, AGAIN), over),
    }[step]


def diamond(step):
    """The contributions to a come by two arrows from b and two from c; each time x receives all of a so far, twice."""
    right = gradients(four_ways)
    b, c, a, x = (right[name] for name in "bcax")
    slope, into_a = 2.0, np.cumsum([b, b, 4.0 * c, 4.0 * c])  # a is 4 and x is 2
    held = np.cumsum(np.repeat(slope * into_a, 2))
    assert into_a[-1] == a
    late = f"{EARLY.format(2, 4)}; {AGAIN}"
    over = f"x has {x:g}"
    return {
        3: both(
            3,
            "push 3 of 14",
            "push 3 of 8",
            passed("a", slope * into_a[0], "x", held[0], EARLY.format(1, 4)),
            passed("c", 4.0 * c, "a", 4.0 * c),
        ),
        6: both(
            6,
            "push 6 of 14",
            "push 6 of 8",
            passed("a", slope * into_a[1], "x", held[2], late),
            passed("b", b, "a", a),
        ),
        8: both(8, "push 8 of 14", "push 8 of 8", passed("z", c, "c", c), passed("a", slope * a, "x", x)),
        14: both(14, "push 14 of 14", "over after 8 pushes", passed("a", slope * a, "x", held[-1], AGAIN), over),
    }[step]
