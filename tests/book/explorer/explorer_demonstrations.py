"""Small interactive figures for the tests, with each kind of control.

What `draw_...` returns is what `..._text` computes: a test that drives a figure computes it again by itself.
"""

import functools

import numpy as np
from matplotlib.transforms import Affine2D

from backprop_book.drawing import COLORS
from backprop_book.explorer import Explorer

RATES = [0.1, 0.3, 0.5, 0.9, 1.1]
METHODS = ["plain", "momentum"]
ALT = "A parabola with the points of a descent on it."


def descend(rate, method="plain", steps=6):
    """Points of a descent on x² from 2, written out."""
    points, velocity = [2.0], 0.0
    for _ in range(steps):
        velocity = (0.5 * velocity if method == "momentum" else 0.0) + 2.0 * points[-1]
        points.append(points[-1] - rate * velocity)
    return np.array(points)


def draw_descent(figure, learning_rate, method="plain"):
    """The parabola and the points."""
    axes = figure.subplots()
    xs, points = np.linspace(-2.5, 2.5, 41), descend(learning_rate, method)
    axes.plot(xs, xs**2, color=COLORS["forward"])
    axes.plot(points, points**2, "o-", color=COLORS["gradient"])
    axes.set(xlim=(-2.5, 2.5), ylim=(-0.5, 6.5))
    return descent_text(learning_rate, method)


def descent_text(learning_rate, method="plain"):
    """The text of a state."""
    return f"With rate {learning_rate:g} and {method} steps, x ends at {descend(learning_rate, method)[-1]:.3f}."


def draw_steps(figure, step):
    """A chain that grows by a node with each step; the clip paths differ from step to step."""
    axes = figure.subplots()
    axes.set(xlim=(-0.5, 4.5), ylim=(-1, 1))
    for place in range(step + 1):
        axes.plot([place], [0.0], "o", color=COLORS["gradient"], markersize=8 + place)
        axes.text(place, 0.3, f"v{place}", ha="center")
    (bar,) = axes.bar([2.0], [0.5], width=4.0, color=COLORS["numerical_soft"])
    bar.set_clip_path(axes.patch.get_path(), axes.transAxes + shifted(step))
    return steps_text(step)


def shifted(step):
    """A move to the right that grows with the step."""
    return Affine2D().translate(10.0 * step, 0.0)


def steps_text(step):
    """The text of a state; the longest is the one in the middle."""
    words = "and a rather long explanation of what happens here, " * (4 if step == 2 else 0)
    return f"Step {step}: {words}the chain has {step + 1} nodes."


def draw_switch(figure, labelled):
    """A dot, with or without its name."""
    axes = figure.subplots()
    axes.plot([0.0], [0.0], "s", color=COLORS["forward"])
    if labelled:
        axes.text(0.1, 0.1, "here <b> & there")
    return switch_text(labelled)


def switch_text(labelled):
    """The text of a state, with characters that HTML must escape."""
    return "The dot has a name: \"a\" < 'b' & more." if labelled else "The dot has no name."


@functools.cache
def descent():
    """Numbers and words."""
    return Explorer(draw_descent, alt=ALT, learning_rate=RATES, method=METHODS)


@functools.cache
def steps():
    """Steps that play, the second one first."""
    return Explorer(
        draw_steps, alt="A chain of nodes that grows step by step.", play="step", step=range(5), initial={"step": 1}
    )


@functools.cache
def switch():
    """Yes or no."""
    return Explorer(draw_switch, alt="A dot with or without a name.", labelled=[False, True], height=2.0)
