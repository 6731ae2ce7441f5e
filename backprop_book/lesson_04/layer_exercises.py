"""Exercises of Lesson 4, second part: backward passes of more than one product."""

import numpy as np

from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.inputs import positive_numbers
from backprop_book.exercises.measured import slopes
from backprop_book.mistakes import MISTAKES


def looked_up(dH, words, n_words):
    """Gradient of the table E, where H = E[words], by the complex step."""
    [dE] = slopes(lambda E: (dH * E[words]).sum(), np.zeros((n_words, dH.shape[1])))
    return dE


def words_with_a_repetition(rng, shape):
    """Indices from 0 to 2, the last one the same as the first."""
    words = rng.integers(3, size=shape, dtype=np.intp)  # what np.bincount takes, in a browser, too
    words[-1] = words[0]
    return words


table_of_words = Exercise(
    "4.5",
    "diagnose",
    "A word that occurs twice",
    Function(
        shapes={"dH": "B n", "words": "B", "n_words": ""},
        outputs=("dL_dE",),
        expected=looked_up,
        mistakes=(
            (
                MISTAKES["repeated-index"].wrong,
                "if a word occurs twice, the last of its gradients is all that remains; try words = [0, 0]",
            ),
            (
                lambda dH, words, n: looked_up(dH, words, n) / np.maximum(np.bincount(words, minlength=n), 1)[:, None],
                "a word that occurs twice gets the mean of what comes back; at a fork it adds up",
            ),
        ),
        draw={"words": words_with_a_repetition, "n_words": lambda rng, shape: 3},
    ),
    hints=(
        "Call it with words = [0, 0] and two different rows. What should stand in row 0?",
        "A row of E that is looked up twice is a fork. And dE[words] += dH reads all rows before it writes one.",
        "A loop over the samples adds one by one. Or write the look-up as a product: one_hot(words, n_words) @ E.",
    ),
)


def distillation_loss(Z, Q, tau):
    """Cross-entropy between the rows of Q and softmax(Z / tau), mean over the batch."""
    S = Z / tau
    return -(Q * (S - np.log(np.exp(S).sum(axis=1, keepdims=True)))).sum() / len(Z)


def distillation_slopes(Z, Q, tau):
    """Its gradients at Z and at tau."""
    return slopes(lambda Z, tau: distillation_loss(Z, Q, tau), Z, tau)


def rows_of_probabilities(rng, shape):
    """Positive rows that add up to 1."""
    rows = positive_numbers(rng, shape)
    return rows / rows.sum(axis=1, keepdims=True)


temperature = Exercise(
    "4.6",
    "derive",
    "Learning from a teacher",
    Function(
        shapes={"Z": "B C", "Q": "B C", "tau": ""},
        outputs=("dL_dZ", "dL_dtau"),
        expected=distillation_slopes,
        mistakes=(
            (
                lambda Z, Q, tau: [tau * slope for slope in distillation_slopes(Z, Q, tau)],
                "tau's own slope is missing: what is the slope of Z / tau by Z, and by tau?",
            ),
            (
                lambda Z, Q, tau: distillation_slopes(Z, Q, 1.0),
                "Z is divided by tau before softmax, in the backward pass, too",
            ),
            (
                lambda Z, Q, tau: [s / t for s, t in zip(distillation_slopes(Z, Q, 1.0), (tau, tau**2), strict=True)],
                "Z is divided by tau before softmax, in the backward pass, too",
            ),
            (
                lambda Z, Q, tau: distillation_slopes(Z, np.eye(Q.shape[1])[Q.argmax(axis=1)], tau),
                "the targets are the teacher's probabilities and not only its largest",
            ),
        ),
        draw={"Q": rows_of_probabilities, "tau": positive_numbers},
    ),
    hints=(
        "Let S = Z / tau. First the gradient at S. Which property of the one-hot rows did the page use?",
        "Only that each row of targets adds up to 1. So at S it is the softmax of S minus Q, divided by B.",
        "dS_ki / dZ_ki is 1 / tau, and dS_ki / dtau is -Z_ki / tau squared. All entries use the same tau.",
    ),
)


def clipped(dZ, X, limit, *, with_bias=True, shorten=lambda norm, limit: min(1.0, limit / norm)):
    """Sums of the clipped gradients, sample by sample, with every matrix written out."""
    dW, db = 0.0, 0.0
    for delta, x in zip(dZ, X, strict=True):
        outer = np.outer(delta, x)
        norm = np.sqrt((outer**2).sum() + with_bias * (delta**2).sum())
        dW, db = dW + shorten(norm, limit) * outer, db + shorten(norm, limit) * delta
    return dW, db


def clipped_together(dZ, X, limit):
    """Typical: the sum is clipped, and not each sample."""
    dW, db = dZ.T @ X, dZ.sum(axis=0)
    norm = np.sqrt((dW**2).sum() + (db**2).sum())
    return min(1.0, limit / norm) * dW, min(1.0, limit / norm) * db


clip_each = Exercise(
    "4.7",
    "code",
    "Clip each sample",
    Function(
        shapes={"dZ": "B m", "X": "B n", "limit": ""},
        outputs=("dL_dW", "dL_db"),
        expected=clipped,
        mistakes=(
            (
                lambda dZ, X, limit: clipped(dZ, X, np.inf),
                "nothing is clipped here",
            ),
            (
                clipped_together,
                "this clips the sum; each sample's gradient is clipped by itself, before they are added",
            ),
            (
                lambda dZ, X, limit: clipped(dZ, X, limit, with_bias=False),
                "a sample's gradient has a part for b, which counts in its length",
            ),
            (
                lambda dZ, X, limit: clipped(dZ, X, limit, shorten=lambda norm, limit: limit / norm),
                "gradients shorter than the limit stay as they are",
            ),
            (
                lambda dZ, X, limit: clipped(dZ, X, limit, shorten=lambda norm, limit: min(1.0, limit / norm**2)),
                "this compares the squared length with the limit; the length is its root",
            ),
            (
                lambda dZ, X, limit: clipped(dZ, X, limit, shorten=lambda norm, limit: min(1.0, limit / norm) ** 2),
                "the factor is in it twice; dZ or X carries it, not both",
            ),
        ),
        draw={"limit": lambda rng, shape: round(float(rng.uniform(2.0, 4.0)), 1)},
    ),
    hints=(
        "How long is an outer product? Square its entries and add them up: the sum is a product of two sums.",
        "Its length is that of delta times that of x. With b's part, which is delta, its square has one more term.",
        "The square is |delta|^2 (|x|^2 + 1): a number for each row. Multiply the rows of dZ with what shortens them, "
        "and use the page's products.",
    ),
)


def rms_norm(X, a):
    """Rows divided by their root mean squares, times a gain for each feature."""
    return a * X / np.sqrt((X * X).mean(axis=1, keepdims=True))


def rms_norm_slopes(dY, X, a, *, norm=rms_norm):
    """Its gradients at X and a, by the complex step."""
    return slopes(lambda X, a: (dY * norm(X, a)).sum(), X, a)


def out_of_the_rows(part):
    """A backward pass that takes something wrong out of a dY: part(d, Y, a), with Y before the gain."""

    def backward(dY, X, a):
        r = np.sqrt((X * X).mean(axis=1, keepdims=True))
        return (a * dY - part(a * dY, X / r)) / r, (dY * X / r).sum(axis=0)

    return backward


root_mean_square = Exercise(
    "4.8",
    "code",
    "A layer that no page derives",
    Function(
        shapes={"dY": "B n", "X": "B n", "a": "n"},
        outputs=("dL_dX", "dL_da"),
        expected=rms_norm_slopes,
        mistakes=(
            (out_of_the_rows(lambda d, Y: 0.0), "r depends on every entry of its row; here it is taken for a constant"),
            (
                out_of_the_rows(lambda d, Y: Y * (d * Y).sum(axis=1, keepdims=True)),
                "r is the root of a mean: where does 1 / n go?",
            ),
            (
                out_of_the_rows(lambda d, Y: d.mean(axis=1, keepdims=True) + Y * (d * Y).mean(axis=1, keepdims=True)),
                "no mean is subtracted forward, so none is taken out backward",
            ),
            (
                lambda dY, X, a: rms_norm_slopes(dY, X, np.ones_like(a)),
                "the gradient goes back through the gain first",
            ),
            (
                lambda dY, X, a: rms_norm_slopes(dY, X, a, norm=lambda X, a: rms_norm(X.T, a[:, None]).T),
                "each sample has a root mean square of its own: mind the axis",
            ),
        ),
    ),
    hints=(
        "In steps: d = a dY is the gradient at X / r. Then, for u = 1 / r, which was copied to all entries of a row?",
        "u gets the sum of d X along the row, r minus that over r squared. Then through the root and the mean.",
        "Collapse: with Y = X / r, the gradient is d minus Y times one number for each row, all divided by r. Which "
        "number makes it vanish along Y?",
    ),
)

EXERCISES = (table_of_words, temperature, clip_each, root_mean_square)
