"""Depth, activation and initialisation: what was predicted of signal and gradient, and what networks show."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer

WIDTH, HEIGHT = 5.2, 3.3
# Left, bottom, width and height, as parts of the figure.
PLACES = {"signal": (0.13, 0.145, 0.4, 0.69), "gradient": (0.58, 0.145, 0.4, 0.69)}
LOWEST, HIGHEST = -20, 20  # exponents; what leaves them says so in words
PANELS = {"signal": ("forward", -1), "gradient": ("gradient", 0)}  # colour, and the layer where the pass ends
MEDIAN = {"linestyle": "--", "linewidth": 1.0}


def depth_and_initialisation(predict, measure, functions, gains, *, depths, initial):
    """Choose activation, initialisation and depth: mean squares of signal and gradient by layer.

    A solid line for the prediction, a dashed one for the median of the networks that were measured, a band for the
    middle 80 per cent of them. The axes are the same in all states.

    Parameters
    ----------
    predict : callable
        ``predict(function, gain, depth)`` gives signal and gradient at layers 0 to depth: arrays (depth + 1,).
    measure : callable
        ``measure(function, gain, depth)`` gives the same of N networks: arrays (N, depth + 1).
    functions : dict of str to callable
        The activations.
    gains : dict of str to float
        The initialisations: the variance of a weight times the width.
    depths : increasing sequence of int
    initial : dict
        The ``activation``, ``initialisation`` and ``depth`` that are shown first.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If a callable does not give two arrays with depth + 1 layers.
    """

    def draw(figure, activation, initialisation, depth):
        arguments = functions[activation], gains[initialisation], depth
        predicted = _checked("predict", predict(*arguments), depth)
        measured = _checked("measure", measure(*arguments), depth)
        figure.set_layout_engine("none")
        ends = {}
        for title, line, many in zip(PANELS, predicted, measured, strict=True):
            _draw_panel(figure.add_axes(PLACES[title]), title, line, many, max(depths))
            ends[title] = _at_end(title, line, many)
        _explain(figure)
        return (
            f"{activation}, {initialisation}, {depth} layers. Mean square of the gradient at the input: "
            f"{ends['gradient']}; of the signal at the last layer: {ends['signal']}."
        )

    return Explorer(
        draw,
        alt="Two charts by layer, the mean square of the signal and that of the gradient, on logarithmic axes: a line "
        "that was predicted, and the median and the middle 80 per cent of networks that were measured.",
        width=WIDTH,
        height=HEIGHT,
        initial=initial,
        activation=list(functions),
        initialisation=list(gains),
        depth=depths,
    )


def _checked(name, pair, depth):
    shapes = [np.shape(one) for one in pair]
    if len(shapes) != 2 or any(shape[-1:] != (depth + 1,) for shape in shapes):
        raise ValueError(f"{name}: expected two arrays with {depth + 1} layers for depth {depth}, got shapes {shapes}")
    return pair


def _draw_panel(ax, title, line, many, deepest):
    color, end = PANELS[title]
    layers = np.arange(len(line))
    low, middle, high = np.log10(np.percentile(many, [10.0, 50.0, 90.0], axis=0))
    ax.fill([*layers, *layers[::-1]], [*low, *high[::-1]], color=LIGHT[f"{color}_soft"], linewidth=0)
    ax.plot(layers, middle, color=LIGHT[color], **MEDIAN)
    ax.plot(layers, np.log10(line), color=LIGHT[color], linewidth=1.8)
    ax.set(title=f"mean square of the {title}", xlabel="layer", xlim=(0, deepest), ylim=(LOWEST, HIGHEST))
    ticks = np.arange(LOWEST, HIGHEST + 1, 10)
    # The second panel has the first one's numbers.
    ax.set_yticks(ticks, [_as_formula(exponent) if title == "signal" else "" for exponent in ticks])
    if _exponent(line[end]) < LOWEST:
        note = f"leaves the chart,\nat the input {_as_formula(_exponent(line[end]))}"
        ax.text(0.98, 0.98, note, transform=ax.transAxes, ha="right", va="top", color=LIGHT[color])


def _at_end(title, line, many):
    """What was predicted and measured where the pass ends."""
    _, end = PANELS[title]
    return f"predicted {_power(line[end])}, measured {_power(np.median(many[:, end]))}"


def _exponent(value):
    """Of the nearest power of ten: all that is certain of a prediction for a random network."""
    return round(float(np.log10(value)))


def _power(value):
    """One digit of what is near 1, the power of ten of anything else."""
    exponent = _exponent(value)
    return f"about {float(f'{value:.1g}'):g}" if abs(exponent) < 2 else f"about 10^{exponent}"


def _as_formula(exponent):
    return "1" if exponent == 0 else f"$10^{{{exponent}}}$"


def _explain(figure):
    """One legend for both colours: in ink, as line, dash and band tell them apart."""
    marks = {
        "predicted": Line2D([], [], color=LIGHT["ink"]),
        "measured: median": Line2D([], [], color=LIGHT["ink"], **MEDIAN),
        "middle 80 %": Patch(color=LIGHT["grid"]),
    }
    figure.legend(
        marks.values(), marks, frameon=False, loc="upper center", ncols=3, columnspacing=1.2, handlelength=1.6
    )
