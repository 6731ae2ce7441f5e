"""Exercises of Lesson 5, second part: layers that keep the gradient's size."""

from functools import partial

import numpy as np

from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.measured import slopes
from backprop_book.mistakes import MISTAKES
from backprop_lib.activations import sigmoid


def normalised(x, eps):
    """One sample with mean 0 and variance 1."""
    centred = x - x.sum() / x.size
    return centred / np.sqrt((centred**2).sum() / x.size + eps)


def normalised_alone(X, dY, eps=1e-5):
    """LayerNorm one sample at a time, and its gradient by the complex step."""
    [dX] = slopes(lambda X: sum(dy @ normalised(x, eps) for x, dy in zip(X, dY, strict=True)), X)
    return np.array([normalised(x, eps) for x in X]), dX


def std(variance):
    """The divisor, made of the variance."""
    return np.sqrt(variance + 1e-5)


def normalised_with(divisor=std, *, by_mean=1.0, by_std=1.0, ddof=0):
    """Typical: LayerNorm with another divisor, or a gradient from which a way through X is left out."""

    def both_passes(X, dY):
        r = divisor(X.var(axis=1, keepdims=True, ddof=ddof))
        Y = (X - X.mean(axis=1, keepdims=True)) / r
        through_mean, through_std = dY.mean(axis=1, keepdims=True), Y * (dY * Y).mean(axis=1, keepdims=True)
        return Y, (dY - by_mean * through_mean - by_std * through_std) / r

    return both_passes


one_image_at_a_time = Exercise(
    "5.5",
    "diagnose",
    "One image at a time",
    Function(
        shapes={"X": "B n", "dY": "B n"},
        outputs=("Y", "dX"),
        expected=normalised_alone,
        mistakes=(
            (
                lambda X, dY: (normalised_alone(X, dY)[0], MISTAKES["layer-norm-over-batch"].wrong(X, dY)[1]),
                "the output is mended, the gradient still takes its means over the batch",
            ),
            (
                MISTAKES["layer-norm-over-batch"].wrong,
                "this is the function as it was; does an image's output change when another joins the batch?",
            ),
            (
                normalised_with(by_mean=0.0, by_std=0.0),
                "mean and standard deviation depend on X, and the gradient goes through them, too",
            ),
            (normalised_with(by_mean=0.0), "the mean depends on X, and the gradient goes through it, too"),
            (normalised_with(by_std=0.0), "the standard deviation depends on X, and the gradient goes through it, too"),
            *(
                (normalised_with(divisor), "eps belongs under the root, and is 1e-5")
                for divisor in (
                    np.sqrt,
                    lambda variance: np.sqrt(variance + 1e-3),
                    lambda variance: np.sqrt(variance + 1e-6),
                    lambda variance: np.sqrt(variance + 1e-8),
                    lambda variance: np.sqrt(variance) + 1e-5,
                    lambda variance: np.sqrt(variance) + 1e-8,
                )
            ),
            (normalised_with(lambda variance: variance + 1e-5), "divide by the root of the variance"),
            (normalised_with(ddof=1), "the variance is the mean of the squares, divided by n and not by n - 1"),
        ),
    ),
    hints=(
        "Call it with one image. What is its mean over axis 0, and what is left after centring?",
        "LayerNorm brings each row to mean 0 and variance 1, BatchNorm each column. Which of them is this?",
        "One character decides it, in the first line.",
    ),
)


def highway(X, U, V, c):
    """The highway layer for a batch of rows."""
    gate = 1.0 / (1.0 + np.exp(-(X @ U.T + c)))
    return (1.0 - gate) * np.tanh(X @ V.T) + gate * X


def highway_slopes(G, X, U, V, c):
    """Its gradients at X, U, V and c, by the complex step."""
    return slopes(lambda X, U, V, c: (G * highway(X, U, V, c)).sum(), X, U, V, c)


def at_the_gate(x, f, g):
    """What U x + c gets, besides what comes back; f is the tanh."""
    return (x - f) * g * (1.0 - g)


def at_the_tanh(f, g):
    """What V x gets, besides what comes back."""
    return (1.0 - g) * (1.0 - f**2)


def highway_parts(G, X, U, V, c, *, gate=at_the_gate, inner=at_the_tanh, ways=(1.0, 1.0, 1.0), back=lambda W: W):
    """Its backward pass, in which a part can be another, or one of the ways to x be left out."""
    g, f = sigmoid(X @ U.T + c), np.tanh(X @ V.T)
    by_gate, by_tanh = G * gate(X, f, g), G * inner(f, g)
    dL_dX = ways[0] * G * g + ways[1] * by_gate @ back(U) + ways[2] * by_tanh @ back(V)
    return dL_dX, by_gate.T @ X, by_tanh.T @ X, by_gate.sum(axis=0)


highway_layer = Exercise(
    "5.7",
    "code",
    "A highway",
    Function(
        shapes={"G": "B n", "X": "B n", "U": "n n", "V": "n n", "c": "n"},
        outputs=("dL_dX", "dL_dU", "dL_dV", "dL_dc"),
        expected=highway_slopes,
        mistakes=(
            (partial(highway_parts, ways=(0.0, 1.0, 1.0)), "the way straight on is missing: gamma times x"),
            (
                partial(highway_parts, ways=(1.0, 0.0, 1.0)),
                "x is in the gate, too: what comes back to U x + c goes on to x",
            ),
            (partial(highway_parts, ways=(1.0, 1.0, 0.0)), "x is in tanh(V x), too"),
            (
                partial(highway_parts, back=np.transpose),
                "U and V are square, so a transpose too many fits; for rows, what is made by U.T goes back by U",
            ),
            *(
                (
                    partial(highway_parts, gate=lambda x, f, g, lead=lead: lead(x, f) * g * (1.0 - g)),
                    "gamma is a factor of x and, in 1 - gamma, of the tanh: what does y do when gamma rises?",
                )
                for lead in (lambda x, f: x, lambda x, f: -f, lambda x, f: f, lambda x, f: x + f)
            ),
            *(
                (
                    partial(highway_parts, gate=lambda x, f, g, slope=slope: (x - f) * slope(g)),
                    "on the way to U x + c stands the slope of the sigmoid, gamma (1 - gamma)",
                )
                for slope in (lambda g: 1.0, lambda g: g, lambda g: 1.0 - g, lambda g: 1.0 - g**2)
            ),
            *(
                (
                    partial(highway_parts, inner=lambda f, g, share=share: share(g) * (1.0 - f**2)),
                    "the tanh is multiplied with 1 - gamma, and so is what comes back to it",
                )
                for share in (lambda g: 1.0, lambda g: g)
            ),
            *(
                (
                    partial(highway_parts, inner=lambda f, g, slope=slope: (1.0 - g) * slope(f)),
                    "on the way to V x stands the slope of tanh, 1 minus its output squared",
                )
                for slope in (lambda f: 1.0, lambda f: f * (1.0 - f), lambda f: 1.0 - f)
            ),
        ),
    ),
    hints=(
        "Three ways lead from x to y: through the gate, through the tanh, and straight on.",
        "gamma stands in y twice: with the slope x, and, in 1 - gamma, with minus tanh(V x).",
        "At U x + c arrives g (x - tanh(V x)) gamma (1 - gamma), at V x arrives g (1 - gamma) times the slope of tanh. "
        "From there it is a linear layer, for a batch.",
    ),
)
