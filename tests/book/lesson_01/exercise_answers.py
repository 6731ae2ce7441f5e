"""Answers to the exercises of lesson 1: a solution of each, and wrong ones with their verdicts."""

import math

import numpy as np

from backprop_book import MISTAKES


def radial_gradient(x, c, s, *, power=2, centre=-1.0):
    q = ((x - c) ** 2).sum()
    r = 1.0 / (1.0 + s * q)
    by_x = -(r**power) * 2.0 * s * (x - c)
    return by_x, centre * by_x, -(r**power) * q


def safe_cosine(u, v):
    return u @ v / np.sqrt((u * u).sum() * (v * v).sum())


def norm_cosine(u, v):
    return u @ v / (np.linalg.norm(u) * np.linalg.norm(v))


def mended_loss(predictions, targets):
    difference = predictions - targets[:, None]
    return 0.5 * (difference**2).mean(), difference / len(predictions)


SOLUTIONS = {
    "1.1": "c",
    "1.2": (6 - 8) / math.sqrt(2),
    "1.3": [1, 2 / 3, 1.2],
    "1.4": radial_gradient,
    "1.5": safe_cosine,
    "1.6": mended_loss,
    "1.7": 1.0 / np.linalg.eigvalsh([[14 / 3, 2], [2, 1]]),
}

WRONG = [
    ("1.1", "a", "wrong", "the lowest point stays where it is, but the slope"),
    ("1.1", "b", "wrong", "each step is ten times as long"),
    ("1.1", "it runs away", "wrong", 'expected one of "a", "b", "c"'),
    ("1.2", -2, "nearly", "(1, 1) is longer than 1"),
    ("1.2", 10, "nearly", "this is the length of the gradient"),
    ("1.2", -1.4, "nearly", "it is close; keep more digits"),
    ("1.2", [-1, -1], "nearly", "expected one number, got shape (2,)"),
    ("1.2", -1, "nearly", "divide by the length of (1, 1)"),
    ("1.2", math.sqrt(2), "nearly", "the sign is off"),
    ("1.2", [6 / math.sqrt(2), -8 / math.sqrt(2)], "nearly", "it is not summed over all entries"),
    ("1.3", [2 / 3, 1, 1.2], "nearly", "the numbers are right, their order is not"),
    ("1.3", [1, 2 / 3, 2], "nearly", "at this learning rate the steep direction swings for ever"),
    ("1.3", [1, 2 / 3, 1], "nearly", "one direction is done at once, and the other is slow"),
    ("1.3", [3, 2, 0.4], "nearly", "the loss is the mean over the points"),
    ("1.3", [5.546, 0.1202, 0.353], "nearly", "these are for x = (1, 2, 3)"),
    ("1.3", [1, 0.66, 1.2], "nearly", "it is close; keep more digits"),
    ("1.3", [1, 0.5, 1.2], "nearly", "right at [0], [2], not elsewhere"),
    ("1.4", lambda x, c, s: radial_gradient(x, c, s, centre=1.0), "nearly", "x and c have opposite signs"),
    ("1.4", lambda x, c, s: radial_gradient(x, c, s, power=0), "nearly", "what is that of 1 / u?"),
    ("1.4", lambda x, c, s: radial_gradient(x, c, s, power=1), "nearly", "here it is only divided by u"),
    ("1.4", lambda x, c, s: tuple(-p for p in radial_gradient(x, c, s)), "nearly", "dr_dx, dr_dc, dr_ds: the sign"),
    ("1.4", lambda x, c, s: radial_gradient(x, c, s)[0], "wrong", "expected 3 results, dr_dx, dr_dc, dr_ds, got one"),
    ("1.5", norm_cosine, "nearly", "the lengths lose the imaginary part"),
    (
        "1.5",
        lambda u, v: u @ v / np.sqrt((abs(u) ** 2).sum() * (abs(v) ** 2).sum()),
        "nearly",
        "lose the imaginary part",
    ),
    (
        "1.5",
        lambda u, v: np.vdot(u, v) / np.sqrt(np.vdot(u, u) * np.vdot(v, v)),
        "nearly",
        "one factor of a product is conjugated",
    ),
    ("1.5", lambda u, v: u @ v / np.sqrt(np.vdot(u, u) * np.vdot(v, v)), "nearly", "lose the imaginary part"),
    (
        "1.5",
        lambda u, v: u @ v / np.sqrt((u * u).sum()) / np.linalg.norm(v),
        "nearly",
        "mended for u, and not yet for v",
    ),
    ("1.5", lambda u, v: norm_cosine(u.real, v.real), "wrong", "returned a real number for a complex u"),
    (
        "1.5",
        lambda u, v: u * v / np.sqrt((u * u).sum() * (v * v).sum()),
        "wrong",
        "an array of shape (1,); expected one",
    ),
    ("1.5", lambda u, v: u @ v.conj() / np.sqrt((u * u).sum() * (v * v).sum()), "nearly", "product is conjugated"),
    ("1.5", lambda u, v: u @ v / ((u * u).sum() * (v * v).sum()), "wrong", "value: for u = "),
    ("1.6", MISTAKES["broadcast-target"].wrong, "nearly", "this is the function as it was"),
    ("1.6", lambda p, t: [len(t) * part for part in mended_loss(p, t)], "nearly", "now it is a sum over the samples"),
    ("1.6", lambda p, t: [part.squeeze() for part in mended_loss(p, t)], "nearly", "gradient: the numbers are right"),
    ("1.6", lambda p, t: [part.reshape(-1)[: part.size] for part in mended_loss(p, t)], "nearly", "the shape is not"),
    (
        "1.6",
        lambda p, t: (mended_loss(p, t)[0], p - t[:, None]),
        "nearly",
        "now it is a sum over the samples",
    ),
    ("1.7", [0.36, 16.64], "nearly", "these are the limits"),
    ("1.7", [5.546, 0.1202], "nearly", "these are the curvatures"),
    ("1.7", [0.18, 0.18], "nearly", "one rate twice"),
    ("1.7", 0.18, "nearly", "expected shape (2,), got one number"),
]
