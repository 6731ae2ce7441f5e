"""A batch that grows sample by sample: its gradient as a sum of outer products, and as one product."""

import numpy as np
from matplotlib.patches import Rectangle

from backprop_book.drawing.numbers import rounded
from backprop_book.drawing.palette import LIGHT
from backprop_book.explorer import Explorer
from backprop_lib._checks import as_batch

WIDTH, HEIGHT = 5.2, 4.3
GAP = 0.9  # between matrices, in entries
INDICES = "₁₂₃₄"
MOST = 4, 3, 2  # samples, outputs and inputs that can still be read on a phone


def growing_batch(dL_dZ, X):
    """The gradient dW of a linear layer for the first sample, the first two ..., by a loop and by one product.

    Above, the loop adds up an outer product for each sample. Below, each sample is one more column of dZᵀ and one
    more row of X. The newest sample stands out. Under both are multiplications, the same, and the numbers that have
    to be moved at least, with each operand read and each result written once for each product.

    Parameters
    ----------
    dL_dZ : array (B, m)
    X : array (B, n)
        At least 2 and at most 4 samples, 3 outputs, 2 inputs.

    Returns
    -------
    Explorer
        With the parameter ``samples``.

    Raises
    ------
    ValueError
        If the arrays do not have a row for each sample, or are larger.
    """
    dL_dZ, X = as_batch(dL_dZ, "dL_dZ"), as_batch(X, "X")
    if len(X) != len(dL_dZ):
        raise ValueError(f"X: expected {len(dL_dZ)} rows, one per row of dL_dZ, got {len(X)}")
    sizes = len(X), dL_dZ.shape[1], X.shape[1]
    if len(X) < 2 or any(size > most for size, most in zip(sizes, MOST, strict=True)):
        raise ValueError(f"dL_dZ, X: expected 2 to 4 samples, at most 3 outputs and 2 inputs, got {sizes}")
    return Explorer(
        lambda figure, samples: _draw(figure, dL_dZ, X, samples),
        alt="Above, the outer products of the samples so far, with a plus between them, and their sum dW. Below, dZ "
        "transposed times X, which is the same dW. The newest sample stands out in both.",
        width=WIDTH,
        height=HEIGHT,
        initial={"samples": len(X)},
        samples=range(1, len(X) + 1),
    )


def _draw(figure, dL_dZ, X, samples):
    """Draw the first samples' outer products and their product; return the text of the state."""
    (B, m), n = dL_dZ.shape, X.shape[1]
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    cells = (B + 1) * (n + GAP)  # that fit into the figure's width
    axes.set(xlim=(-0.4, cells - 0.4), ylim=(cells * HEIGHT / WIDTH, 0))
    axes.axis("off")
    middle = cells * HEIGHT / WIDTH / 2
    total = _draw_loop(axes, dL_dZ, X, samples, top=1.8)
    product = _draw_product(axes, dL_dZ, X, samples, top=middle + 1.6)
    multiplications = samples * m * n
    loop = f"loop: {multiplications} multiplications, {samples * (n + m + m * n)} numbers moved"
    once = f"one product: {multiplications} multiplications, {samples * (n + m) + m * n} numbers moved"
    for text, y in [(loop, 0.5), (once, middle + 0.3)]:
        axes.text(0, y, text[0].upper() + text[1:], size=10, weight="bold", va="center")
    words = "1 sample" if samples == 1 else f"{samples} samples"
    return f"With {words}, by a {loop}, the sum is {rounded(total, 2)}; by {once}, the result is {rounded(product, 2)}."


def _draw_loop(axes, dL_dZ, X, samples, top):
    """Draw an outer product for each sample, and their sum; return the sum."""
    step, total = X.shape[1] + GAP, np.zeros((dL_dZ.shape[1], X.shape[1]))
    for k, (delta, x) in enumerate(zip(dL_dZ, X, strict=True)):
        there = np.full(total.shape, k < samples)
        _draw_matrix(axes, (k * step, top), np.outer(delta, x), "gradient", there, newest=there & (k == samples - 1))
        if k < samples:
            total += np.outer(delta, x)
            _name(axes, (k * step, top), f"δ{INDICES[k]} x{INDICES[k]}ᵀ")
        _sign(axes, k * step, top + len(total) / 2, "+" if 0 < k < samples else "")
    left = len(X) * step
    _sign(axes, left, top + len(total) / 2, "=")
    _draw_matrix(axes, (left, top), total, "gradient")
    _name(axes, (left, top), "sum")
    return total


def _draw_product(axes, dL_dZ, X, samples, top):
    """Draw the two factors, with room for the samples to come, and their product; return it."""
    (B, m), n = dL_dZ.shape, X.shape[1]
    place = np.arange(B)
    columns, rows = np.tile(place, (m, 1)), np.tile(place[:, None], (1, n))
    product = dL_dZ[:samples].T @ X[:samples]  # (m, B) @ (B, n) -> (m, n)
    left = 0.0
    for name, matrix, meaning, sample in [
        ("(∂L/∂Z)ᵀ", dL_dZ.T, "gradient", columns),
        ("X", X, "forward", rows),
        ("result", product, "gradient", None),
    ]:
        known = {} if sample is None else {"there": sample < samples, "newest": sample == samples - 1}
        _draw_matrix(axes, (left, top), matrix, meaning, **known)
        _name(axes, (left, top), name)
        _sign(axes, left, top + m / 2, {"X": "×", "result": "="}.get(name, ""))
        left += matrix.shape[1] + GAP
    return product


def _draw_matrix(axes, corner, matrix, meaning, there=None, newest=None):
    """A cell with its number for every entry; empty where the entry is still to come, thick where it is new."""
    for i, j in np.ndindex(matrix.shape):
        x, y = corner[0] + j, corner[1] + i
        if there is not None and not there[i, j]:
            axes.add_patch(Rectangle((x, y), 1, 1, facecolor=LIGHT["paper"], edgecolor=LIGHT["grid"], linewidth=0.7))
            continue
        new = newest is not None and newest[i, j]
        style = {"facecolor": LIGHT[f"{meaning}_soft"], "edgecolor": LIGHT[meaning], "linewidth": 2.0 if new else 0.7}
        axes.add_patch(Rectangle((x, y), 1, 1, zorder=3 if new else 2, **style))
        weight = "bold" if new else "normal"
        axes.text(
            x + 0.5, y + 0.5, rounded(matrix[i, j], 2), ha="center", va="center", size=10, weight=weight, zorder=4
        )


def _name(axes, corner, text):
    axes.text(corner[0], corner[1] - 0.35, text, va="center", size=10)


def _sign(axes, left, height, text):
    axes.text(left - GAP / 2, height, text, ha="center", va="center", size=12)
