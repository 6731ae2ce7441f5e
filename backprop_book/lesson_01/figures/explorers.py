"""Learning rates on a curve and on a map, and how the error of a measured slope depends on its step."""

import math

import numpy as np

from backprop_book.drawing.numbers import rounded
from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer
from backprop_book.lesson_01.figures.landscapes import contour_map
from backprop_book.lesson_01.figures.measurements import METHODS, step_errors
from backprop_lib._checks import as_float_array
from backprop_lib.descent import gradient_descent
from backprop_lib.numerical import numerical_gradient, numerical_jacobian

WIDTH = 5.2
PATH = {"color": LIGHT["gradient"], "marker": "o", "markersize": 4, "linewidth": 1.2, "zorder": 3}
LAST = {"color": LIGHT["ink"], "marker": "s", "markersize": 9, "markerfacecolor": "none", "zorder": 4}

HALVINGS = 50
FLOOR = 1e-14  # errors below it are drawn there
SURE = 1e-13  # smaller ones depend on how a machine multiplies complex numbers


def rate_on_curve(f, slope, start, *, curvature, learning_rates, span, top, steps=10, initial):
    """Move the learning rate of a descent on a parabola.

    Each step multiplies the distance from the lowest point by 1 - learning rate * curvature, eq-shrink.

    Parameters
    ----------
    f, slope : callables
        The parabola and its derivative; they take and return one number.
    start : float
    curvature : float
        The second derivative.
    learning_rates : increasing sequence of float
    span : (low, high)
        What the horizontal axis shows.
    top : float
        Up to where the vertical one goes. Points of a path beyond are not drawn.
    steps : int
    initial : float
        The learning rate that is shown first.

    Returns
    -------
    Explorer
        With the parameter ``learning_rate``.
    """

    def draw(figure, learning_rate):
        path = gradient_descent(slope, start, learning_rate=learning_rate, steps=steps)
        axes, xs = figure.subplots(), np.linspace(*span, 121)
        axes.plot(xs, [f(x) for x in xs], color=LIGHT["forward"])
        heights = [f(x) for x in path]
        axes.plot(path, heights, **PATH)
        axes.plot(path[-1:], heights[-1:], **LAST)
        axes.annotate("start", (start, heights[0]), xytext=(-8, 0), textcoords="offset points", ha="right", va="center")
        axes.set(xlim=span, ylim=(-0.06 * top, top), xlabel="w", title="loss")
        factor = 1.0 - learning_rate * curvature
        return (
            f"{_beside_limit(learning_rate, curvature)} Each step multiplies the distance from the lowest point by "
            f"{rounded(factor)}. After {steps} steps w is {rounded(path[-1], 2)}, and the loss {_loss(heights[-1])}."
        )

    alt = f"A loss over its weight, a parabola, with a path of {steps} steps of descent on it and a square at its end."
    return Explorer(
        draw, alt=alt, width=WIDTH, height=3.2, initial={"learning_rate": initial}, learning_rate=learning_rates
    )


def rate_on_map(f, gradient, start, *, learning_rates, x, y, levels, mark, steps=20, initial):
    """Move the learning rate of a descent in a valley: a quadratic loss of two parameters, drawn by its contours.

    Across the valley and along it, each step multiplies what is left by 1 - learning rate * curvature.

    Parameters
    ----------
    f, gradient : callables
        The loss and its gradient; they take an array (2,), the gradient a complex one, too.
    start : array (2,)
    learning_rates : increasing sequence of float
    x, y : (low, high)
        What the two axes show; one unit is as long on both. Points of a path beyond are not drawn.
    levels : increasing sequence of float
        Of the contours.
    mark : array (2,)
        The lowest point, marked with a cross.
    steps : int
    initial : float
        The learning rate that is shown first.

    Returns
    -------
    Explorer
        With the parameter ``learning_rate``.
    """
    # Of the matrix of second derivatives the eigenvalues, the largest first.
    curvatures = np.linalg.eigvalsh(numerical_jacobian(gradient, mark, method="complex"))[::-1]

    def draw(figure, learning_rate):
        path = gradient_descent(gradient, start, learning_rate=learning_rate, steps=steps)
        axes = figure.subplots()
        contour_map(axes, f, x=x, y=y, levels=levels)
        axes.plot(*mark, "+", color=LIGHT["ink"], markersize=11, zorder=4)
        axes.plot(*path.T, **PATH)
        axes.plot(*path[-1:].T, **LAST)
        axes.set_aspect("equal")
        axes.set(xlabel="w", ylabel="b")
        across, along = (rounded(1.0 - learning_rate * curvature) for curvature in curvatures)
        place = ", ".join(rounded(number, 2) for number in path[-1])
        return (
            f"{_beside_limit(learning_rate, curvatures[0])} Each step multiplies what is left by {across} across the "
            f"valley and by {along} along it. After {steps} steps you are at ({place}), and the loss is "
            f"{_loss(f(path[-1]))}."
        )

    height = 0.65 + 4.6 * (y[1] - y[0]) / (x[1] - x[0])
    alt = f"Contours of a valley over two parameters, with a path of {steps} steps of descent and a square at its end."
    return Explorer(
        draw, alt=alt, width=WIDTH, height=height, initial={"learning_rate": initial}, learning_rate=learning_rates
    )


def _beside_limit(learning_rate, curvature):
    limit = 2.0 / curvature
    side = "at" if math.isclose(learning_rate, limit) else "below" if learning_rate < limit else "above"
    return f"Learning rate {learning_rate:g}, {side} the limit {rounded(limit)}."


def _loss(value):
    return "less than 0.001" if value < 1e-3 else f"{value:.3g}" if value < 1e3 else "more than 1000"


def halved_steps(f, x, slope, *, bounds, halvings, initial):
    """Choose the step h = 2^-k of three numerical slopes: their errors over h, and the digits that come out.

    Parameters
    ----------
    f : callable
        Of one number; real and complex.
    x, slope : float
        Where its slope is measured, and the true one.
    bounds : dict of str to array (50,)
        For "forward" and "central" the largest error that was predicted for h = 1/2, 1/4, ..., 2^-50.
    halvings : increasing sequence of int
        The k of the saved figure, from 1 to 50.
    initial : int
        The one shown first.

    Returns
    -------
    Explorer
        With the parameter ``halvings``.

    Raises
    ------
    ValueError
        If a bound has not one entry for each step, or there is no such number of halvings.
    """
    h = np.ldexp(1.0, -np.arange(1, HALVINGS + 1))
    bounds = {name: _one_for_each_step(bound, name) for name, bound in bounds.items()}
    if not all(1 <= k <= HALVINGS for k in halvings):
        raise ValueError(f"halvings: expected numbers from 1 to {HALVINGS}, got {list(halvings)}")
    found = {
        method: np.array([float(numerical_gradient(f, x, method=method, step=step)) for step in h])
        for method in ("forward", "central", "complex")
    }
    return Explorer(
        lambda figure, halvings: _draw_step(figure, h, found, slope, bounds, halvings - 1),
        alt="Error of the slope over h for three methods, both axes logarithmic, with a line at one h; below, the "
        "slopes that the methods give there, with their errors.",
        width=WIDTH,
        height=5.2,
        initial={"halvings": initial},
        halvings=halvings,
    )


def _one_for_each_step(bound, name):
    bound = as_float_array(bound, f"bounds[{name!r}]")
    if bound.shape != (HALVINGS,):
        raise ValueError(f"bounds[{name!r}]: expected shape ({HALVINGS},), got shape {bound.shape}")
    return bound


def _draw_step(figure, h, found, slope, bounds, place):
    """Draw the errors of all steps with one of them marked, and its digits below; return the text."""
    axes, table = figure.subplots(2, 1, height_ratios=(4.0, 1.0))
    errors = {name: np.abs(values - slope) for name, values in found.items()}
    step_errors(axes, h, errors, bounds, floor=FLOOR)
    axes.axvline(h[place], color=LIGHT["ink"], linewidth=1.2, zorder=1)
    table.axis("off")
    table.set(xlim=(0.0, 1.0), ylim=(0.0, 4.0))
    _write_row(table, 3.5, f"h = 2^-{place + 1}", f"slope {slope:g}", "error")
    parts = []
    for row, (name, style) in enumerate(zip(found, METHODS, strict=True)):
        error = errors[name][place]
        marker = {"marker": style["marker"], "color": style["color"], "markersize": 8, "zorder": 4}
        axes.plot(h[place], max(error, FLOOR), **marker)
        digits, off = f"{found[name][place]:.12f}", f"{error:.0e}" if error >= SURE else f"below {SURE:.0e}"
        _write_row(table, 2.5 - row, name, digits, off)
        parts.append(f"{name} {digits}, error {off}")
    return f"h = 2^-{place + 1}, about {h[place]:.0e}. The slope is {slope:g}: {'; '.join(parts)}."


def _write_row(table, y, name, digits, error):
    for x, text, side in ((0.0, name, "left"), (0.7, digits, "right"), (1.0, error, "right")):
        table.text(x, y, text, ha=side, va="center", size=10)
