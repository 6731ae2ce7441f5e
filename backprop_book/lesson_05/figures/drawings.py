"""What goes through a deep network, layer by layer: sizes of signals and gradients, and how their entries lie."""

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, NullLocator

from backprop_book.drawing.palette import LIGHT
from backprop_book.drawing.style import subplots

WIDTH = 5.2  # inches; wider, and 10 points of text are too small on a phone
DASHES = ["-", "--", ":"]
DIRECTIONS = ["forward", "gradient"]
TITLES = {"forward": "signal", "gradient": "gradient"}


def depth_profiles(predicted, measured):
    """Mean squares of signal and gradient at every layer: a line for the prediction, a band for what was measured.

    Parameters
    ----------
    predicted : dict of str to (dict of str to pair of arrays (K + 1,))
        For each row of charts its lines by name: signal and gradient at layers 0 to K. At most three lines.
    measured : dict of str to (dict of str to pair of arrays (N, K + 1))
        The same of N networks. The band holds the middle 80 per cent of them.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(
        len(predicted), 2, width=WIDTH, height=0.8 + 1.8 * len(predicted), squeeze=False, sharex=True
    )
    for row, (title, lines) in zip(axes, predicted.items(), strict=True):
        for dash, (name, pair) in zip(DASHES, lines.items(), strict=False):
            for ax, direction, line, many in zip(row, DIRECTIONS, pair, measured[title][name], strict=True):
                low, high = np.percentile(many, [10.0, 90.0], axis=0)
                layers = np.arange(len(line))
                _fill(ax, layers, low, high, f"{direction}_soft")
                ax.plot(layers, line, dash, color=LIGHT[direction], label=name)
                ax.set_title(f"{title}: {TITLES[direction]}")
                ax.set_yscale("log")
        row[0].set_ylabel("mean square")
    for ax in axes.flat:
        low, high = ax.get_ylim()
        if high < 100.0 * low:  # what hardly changes shall not look as if it did
            ax.set_ylim(low / 10.0, high * 10.0)
        _mark_round_powers(ax)
    for ax in axes[-1]:
        ax.set_xlabel("layer")
    # One legend for lines of both colours: in ink, as only the dash tells them apart.
    names = next(iter(predicted.values()))
    dashes = [Line2D([], [], linestyle=dash, color=LIGHT["ink"]) for dash, _ in zip(DASHES, names, strict=False)]
    figure.legend(dashes, names, frameon=False, loc="outside upper center", ncols=3, columnspacing=1.2)
    return figure


def _mark_round_powers(ax):
    """At most five marks on a logarithmic axis, at powers of ten whose exponents are easily counted."""
    low, high = np.log10(ax.get_ylim())
    stride = next(s for s in (1, 2, 5, 10, 20, 50, 100, 200) if high - low < 5 * s)
    ax.yaxis.set_major_locator(FixedLocator(10.0 ** np.arange(np.ceil(low / stride) * stride, high, stride)))
    ax.yaxis.set_minor_locator(NullLocator())


def _fill(ax, x, low, high, color):
    """Fill between two lines; unlike fill_between's, the shape's name in an SVG does not hang on its last digits."""
    ax.fill([*x, *x[::-1]], [*low, *high[::-1]], color=LIGHT[color], linewidth=0)


def log_histogram(logarithms, mean, deviation):
    """Histogram of logarithms, with the predicted normal curve dashed and a mark at 0.

    Parameters
    ----------
    logarithms : array (N,)
    mean, deviation : float
        Of the prediction.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, ax = subplots(width=WIDTH, height=3.0)
    edges = np.linspace(mean - 4.0 * deviation, mean + 4.0 * deviation, 25)
    ax.hist(logarithms, edges, density=True, color=LIGHT["gradient_soft"], edgecolor=LIGHT["gradient"])
    fine = np.linspace(edges[0], edges[-1], 121)
    curve = np.exp(-0.5 * ((fine - mean) / deviation) ** 2) / (deviation * np.sqrt(2.0 * np.pi))
    ax.plot(fine, curve, "--", color=LIGHT["numerical"])
    ax.axvline(0.0, color=LIGHT["ink"], linewidth=1.2)
    ax.set_ylim(top=1.25 * ax.get_ylim()[1])
    top = 0.97 * ax.get_ylim()[1]
    ax.text(0.1, top, " the mean-square\n rule: 0", va="top")
    ax.text(mean - 0.3 * deviation, top, f"predicted: mean {mean:.1f} ", va="top", ha="right", color=LIGHT["numerical"])
    ax.set(xlabel="logarithm of the squared norm's change")
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    return figure


def layer_histograms(networks, *, floor=1e-40):
    """For each network a row: how activations and gradients are spread at some layers, the last layer on top.

    Parameters
    ----------
    networks : dict of str to (dict of int to pair of arrays)
        Activations and gradients by layer. Gradients are shown as the decimal logarithm of their size.
    floor : float
        Gradients smaller than this, zeros among them, are drawn as if they had this size.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure, axes = subplots(len(networks), 2, width=WIDTH, height=0.4 + 1.9 * len(networks), squeeze=False)
    for row, (name, layers) in zip(axes, networks.items(), strict=True):
        pairs = layers.values()
        sizes = [np.log10(np.maximum(np.abs(gradients), floor)) for _, gradients in pairs]
        _draw_ridges(row[0], [activations for activations, _ in pairs], list(layers), "forward")
        _draw_ridges(row[1], sizes, list(layers), "gradient")
        row[0].set_title(f"{name}: activations")
        row[1].set_title("log₁₀ |gradient|")
    axes[0, 0].set_ylabel("layer")
    return figure


def _draw_ridges(ax, values, names, direction):
    """One histogram above the other, each as high as its fullest bin allows."""
    low, high = min(map(np.min, values)), max(map(np.max, values))
    edges = np.linspace(np.floor(low), np.ceil(high), 41)
    for place, part in enumerate(values):
        counts = np.histogram(part, edges)[0]
        heights = place + 0.85 * counts / counts.max()
        x, y = np.repeat(edges, 2)[1:-1], np.repeat(heights, 2)
        _fill(ax, x, np.full_like(x, place), y, f"{direction}_soft")
        ax.plot(x, y, color=LIGHT[direction], linewidth=1.0)
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
