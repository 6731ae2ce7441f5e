"""Exercises of Lesson 5, second part: layers that keep the gradient's size."""

from functools import partial

import numpy as np

from backprop_lib.activations import sigmoid
from backprop_lib.lesson.exercises.exercise import Exercise
from backprop_lib.lesson.exercises.functions import Function
from backprop_lib.lesson.exercises.measured import slopes
from backprop_lib.lesson.mistakes import MISTAKES


def normalised(x, eps):
    """One sample with mean 0 and variance 1."""
    centred = x - x.sum() / x.size
    return centred / np.sqrt((centred**2).sum() / x.size + eps)


def normalised_alone(X, dY, eps=1e-5):
    """LayerNorm one sample at a time, and its gradient by the complex step."""
    [dX] = slopes(lambda X: sum(dy @ normalised(x, eps) for x, dy in zip(X, dY, strict=True)), X)
    return np.array([normalised(x, eps) for x in X]), dX


def dividing_by(deviation):
    """Typical: LayerNorm with another divisor, made of the variance."""

    def both_passes(X, dY):
        centred = X - X.mean(axis=1, keepdims=True)
        r = deviation(X.var(axis=1, keepdims=True))
        Y = centred / r
        return Y, (dY - dY.mean(axis=1, keepdims=True) - Y * (dY * Y).mean(axis=1, keepdims=True)) / r

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
                lambda X, dY: (normalised_alone(X, dY)[0], dY / np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)),
                "mean and standard deviation depend on X, and the gradient goes through them, too",
            ),
            *(
                (dividing_by(deviation), "eps belongs under the root, and is 1e-5")
                for deviation in (
                    lambda variance: np.sqrt(variance + 1e-8),
                    lambda variance: np.sqrt(variance) + 1e-5,
                    lambda variance: np.sqrt(variance) + 1e-8,
                )
            ),
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


def highway_parts(G, X, U, V, c, *, straight=1.0, through_gate=1.0, inner=1.0, kept=1.0):
    """Its backward pass, from which a part can be left out."""
    g, f = sigmoid(X @ U.T + c), np.tanh(X @ V.T)
    at_gate = G * (kept * X - f) * g * (1.0 - g)
    at_inner = G * (1.0 - g) * (1.0 - f**2)
    dL_dX = straight * G * g + through_gate * at_gate @ U + inner * at_inner @ V
    return dL_dX, at_gate.T @ X, at_inner.T @ X, at_gate.sum(axis=0)


highway_layer = Exercise(
    "5.7",
    "code",
    "A highway",
    Function(
        shapes={"G": "B n", "X": "B n", "U": "n n", "V": "n n", "c": "n"},
        outputs=("dL_dX", "dL_dU", "dL_dV", "dL_dc"),
        expected=highway_slopes,
        mistakes=(
            (partial(highway_parts, straight=0.0), "the way straight on is missing: gamma times x"),
            (
                partial(highway_parts, through_gate=0.0),
                "x is in the gate, too: what comes back to U x + c goes on to x",
            ),
            (partial(highway_parts, inner=0.0), "x is in tanh(V x), too"),
            (partial(highway_parts, kept=0.0), "gamma is a factor of x as well as, in 1 - gamma, of the tanh"),
        ),
    ),
    hints=(
        "Three ways lead from x to y: through the gate, through the tanh, and straight on.",
        "gamma stands in y twice: with the slope x, and, in 1 - gamma, with minus tanh(V x).",
        "At U x + c arrives g (x - tanh(V x)) gamma (1 - gamma), at V x arrives g (1 - gamma) times the slope of tanh. "
        "From there it is a linear layer, for a batch.",
    ),
)
