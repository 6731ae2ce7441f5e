"""Answers to the exercises of Lesson 4: a solution of each, and wrong ones with their verdicts."""

import numpy as np

from backprop_book import MISTAKES
from backprop_lib import one_hot, softmax


def weighted_gradients(omega, X, W, b, T, *, factor=1.0):
    dZ = factor * omega[:, None] * (X @ W.T + b - T)
    return dZ.T @ X, dZ.sum(axis=0), dZ @ W


def with_errors_of_columns(omega, X, W, b, T):
    dZ = omega * (X @ W.T + b - T)
    return dZ.T @ X, dZ.sum(axis=0), dZ @ W


def embedding_backward(dH, words, n_words):
    return one_hot(words, n_words).T @ dH


def last_one_stays(dH, words, n_words):
    dE = np.zeros((n_words, dH.shape[1]))
    dE[words] = dH
    return dE


def distillation_backward(Z, Q, tau):
    dS = (softmax(Z / tau) - Q) / len(Z)
    return dS / tau, -(dS * Z).sum() / tau**2


def plain_softmax(Z, Q, tau):
    dS = (softmax(Z) - Q) / len(Z)
    return dS / tau, -(dS * Z).sum() / tau**2


def clip_each(dZ, X, limit, *, bias=1.0, power=1.0, longest=1.0, twice=False):
    lengths = np.sqrt((dZ**2).sum(axis=1) * ((X**2).sum(axis=1) + bias))
    factor = np.minimum(longest, limit / lengths)[:, None] ** power
    D = factor * dZ
    return D.T @ (factor * X if twice else X), D.sum(axis=0)


def clip_by_squares(dZ, X, limit):
    squares = (dZ**2).sum(axis=1) * ((X**2).sum(axis=1) + 1.0)
    D = np.minimum(1.0, limit / squares)[:, None] * dZ
    return D.T @ X, D.sum(axis=0)


def clip_the_sum(dZ, X, limit):
    dW, db = dZ.T @ X, dZ.sum(axis=0)
    factor = np.minimum(1.0, limit / np.sqrt((dW**2).sum() + (db**2).sum()))
    return factor * dW, factor * db


def rms_backward(dY, X, a, *, gain=True, centred=False, along=np.mean, axis=1):
    r = np.sqrt((X**2).mean(axis=axis, keepdims=True))
    d, Y = a * dY if gain else dY, X / r
    out = Y * along(d * Y, axis=axis, keepdims=True)
    out = out + d.mean(axis=axis, keepdims=True) if centred else out
    return (d - out) / r, (dY * Y).sum(axis=0)


def changed(function, **how):
    """The function, used in another way."""
    return lambda *arguments: function(*arguments, **how)


SOLUTIONS = {
    "4.1": [1, 1, 0.5],
    "4.2": "c",
    "4.3": weighted_gradients,
    "4.4": 512,
    "4.5": embedding_backward,
    "4.6": distillation_backward,
    "4.7": clip_each,
    "4.8": rms_backward,
}

WRONG = [
    ("4.1", [2, 2, 1], "nearly", "factors of a sum over the samples"),
    ("4.1", [2, 2, 2], "nearly", "does it change at all?"),
    ("4.1", [1, 1, 1], "nearly", "only a share in the mean"),
    ("4.1", [0.5, 0.5, 0.5], "nearly", "used by twice as many"),
    ("4.1", [1, 0.5, 1], "nearly", "their order is not"),
    ("4.1", [1, 1, 0.25], "nearly", "right at [0], [1], not elsewhere"),
    ("4.2", "a", "wrong", "with one sample, what is a sum?"),
    ("4.2", "b", "wrong", "four equal outer products"),
    ("4.2", "d", "wrong", "is the sum of products the product of the sums?"),
    ("4.3", changed(weighted_gradients, factor=0.25), "nearly", "off by a constant factor, 0.25"),
    (
        "4.3",
        lambda omega, X, W, b, T: weighted_gradients(omega / len(X), X, W, b, T),
        "nearly",
        "it must not come in once more",
    ),
    (
        "4.3",
        lambda omega, X, W, b, T: weighted_gradients(np.full_like(omega, 1.0 / len(X)), X, W, b, T),
        "nearly",
        "without the weights",
    ),
    ("4.3", lambda omega, *rest: weighted_gradients(omega * omega, *rest), "nearly", "it enters once"),
    ("4.3", with_errors_of_columns, "wrong", "raised ValueError: operands could not be broadcast"),
    ("4.3", lambda *a: [-g for g in weighted_gradients(*a)], "nearly", "dL_dW, dL_db, dL_dX: the sign is off"),
    ("4.4", 1024, "nearly", "twice as many as the weights"),
    ("4.4", 256, "nearly", "X and Z both have to be moved"),
    ("4.4", 27, "nearly", "where one machine stops waiting"),
    ("4.4", 64, "wrong", "this number is not the one"),
    ("4.5", MISTAKES["repeated-index"].wrong, "nearly", "the last of its gradients is all that remains"),
    ("4.5", last_one_stays, "nearly", "the last of its gradients is all that remains"),
    (
        "4.5",
        lambda dH, words, n: embedding_backward(dH, words, n) / one_hot(words, n).sum(axis=0).clip(1)[:, None],
        "nearly",
        "gets the mean of what comes back",
    ),
    ("4.5", lambda dH, words, n: embedding_backward(dH, words, n).T, "nearly", "it is transposed"),
    ("4.5", lambda dH, words, n: dH[words], "wrong", "for dH = "),
    ("4.6", lambda Z, Q, tau: [tau * part for part in distillation_backward(Z, Q, tau)], "nearly", "tau's own slope"),
    ("4.6", lambda Z, Q, tau: distillation_backward(Z, Q, 1.0), "nearly", "divided by tau before softmax"),
    ("4.6", plain_softmax, "nearly", "divided by tau before softmax"),
    (
        "4.6",
        lambda Z, Q, tau: distillation_backward(Z, one_hot(Q.argmax(axis=1), Q.shape[1]), tau),
        "nearly",
        "not only its largest",
    ),
    (
        "4.6",
        lambda Z, Q, tau: (len(Z) * distillation_backward(Z, Q, tau)[0], distillation_backward(Z, Q, tau)[1]),
        "nearly",
        "dL_dZ: it is too large by a factor of B; is it a sum over the batch",
    ),
    (
        "4.6",
        lambda Z, Q, tau: (distillation_backward(Z, Q, tau)[0], -distillation_backward(Z, Q, tau)[1]),
        "nearly",
        "dL_dtau: the sign is off",
    ),
    ("4.7", clip_the_sum, "nearly", "this clips the sum"),
    ("4.7", changed(clip_each, bias=0.0), "nearly", "a part for b, which counts in its length"),
    ("4.7", changed(clip_each, longest=np.inf), "nearly", "shorter than the limit stay as they are"),
    ("4.7", changed(clip_each, power=2.0), "nearly", "the factor is in it twice"),
    ("4.7", clip_by_squares, "nearly", "the squared length with the limit"),
    ("4.7", changed(clip_each, twice=True), "nearly", "the factor is in it twice"),
    ("4.7", lambda dZ, X, limit: (dZ.T @ X, dZ.sum(axis=0)), "nearly", "nothing is clipped here"),
    ("4.8", changed(rms_backward, along=lambda z, **where: 0.0), "nearly", "it is taken for a constant"),
    ("4.8", changed(rms_backward, along=np.sum), "nearly", "where does 1 / n go?"),
    ("4.8", changed(rms_backward, centred=True), "nearly", "no mean is subtracted forward"),
    ("4.8", changed(rms_backward, gain=False), "nearly", "through the gain first"),
    ("4.8", changed(rms_backward, axis=0), "nearly", "mind the axis"),
    (
        "4.8",
        lambda dY, X, a: (rms_backward(dY, X, a)[0], dY * X / np.sqrt((X**2).mean(axis=1, keepdims=True))),
        "nearly",
        "dL_da: it is not summed over the batch",
    ),
]
