"""What the interactive figures of lesson 6 must say in some of their states, computed once more."""

from dataclasses import dataclass

import numpy as np

from backprop_lib import Value


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
