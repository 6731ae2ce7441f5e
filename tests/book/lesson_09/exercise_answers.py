"""Answers to the exercises of Lesson 9: a solution of each, and wrong ones with their verdicts."""

import math

import numpy as np

from backprop_book import MISTAKES


def cross_entropy(logits, labels, *, shift=0, divide=True):
    rows, columns = np.arange(len(labels)), labels + shift
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    losses = -np.log(p[rows, columns])
    p[rows, columns] -= 1.0
    return (losses.mean(), p / len(labels)) if divide else (losses.sum(), p)


def focal_loss(logits, labels, *, first=1.0, second=-2.0, mean=True):
    n, rows = len(labels), np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_P = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_p = log_P[rows, labels]
    p, P = np.exp(log_p), np.exp(log_P)
    P[rows, labels] -= 1.0
    factor = first * (1.0 - p) ** 2 + second * p * (1.0 - p) * log_p
    return -((1.0 - p) ** 2 * log_p).mean(), factor[:, None] * P / (n if mean else 1)


def literal_focal(logits, labels):
    P = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    p = P[np.arange(len(labels)), labels]
    return -((1.0 - p) ** 2 * np.log(p)).mean(), focal_loss(logits, labels)[1]


def capped_focal(logits, labels, *, added=1e-12):
    P = np.exp(logits - logits.max(axis=1, keepdims=True))
    p = P[np.arange(len(labels)), labels] / P.sum(axis=1)
    return -((1.0 - p) ** 2 * np.log(p + added)).mean(), focal_loss(logits, labels)[1]


LOSSES = [-0.98 * math.log(0.99) - 0.02 * math.log(1e-4), -0.96 * math.log(0.9) - 0.04 * math.log(0.2)]

SOLUTIONS = {
    "9.1": LOSSES,
    "9.2": 4900,
    "9.3": cross_entropy,
    "9.4": focal_loss,
}

WRONG = [
    ("9.1", [100 * loss for loss in LOSSES], "nearly", "the loss is the mean"),
    ("9.1", [0.0843, 0.0718], "nearly", "to the base of 10"),
    ("9.1", [0.0299, 0.1364], "nearly", "this is minus the logarithm of the mean"),
    ("9.1", [0.02, 0.04], "wrong", "these numbers are not the ones"),
    ("9.1", [0.194, 0.1], "nearly", "right at [0], not elsewhere"),
    ("9.2", 1319, "nearly", "but like 1 over the root of n"),
    ("9.2", 355 * 0.0074 / 0.002, "nearly", "but like 1 over the root of n"),
    ("9.2", 62500, "nearly", "for q = 1/2"),
    ("9.2", 980, "nearly", "so they count once"),
    ("9.2", 5200, "wrong", "this number is not the one"),
    ("9.2", 5000, "nearly", "it is close; keep more digits"),
    ("9.3", MISTAKES["label-off-by-one"].wrong, "nearly", "this is the function as it was"),
    ("9.3", lambda z, labels: cross_entropy(z, labels, divide=False), "nearly", "now it is a sum over the samples"),
    (
        "9.3",
        lambda z, labels: (cross_entropy(z, labels)[0], MISTAKES["label-off-by-one"].wrong(z, labels)[1]),
        "nearly",
        "gradient: this is the function as it was",
    ),
    ("9.3", MISTAKES["mean-twice"].wrong, "nearly", "too small by a factor of B"),
    ("9.3", lambda z, labels: cross_entropy(z, (labels + 1) % 3), "nearly", "in the other direction"),
    ("9.3", lambda z, labels: cross_entropy(z, labels, shift=1), "wrong", "raised IndexError"),
    ("9.4", lambda z, labels: focal_loss(z, labels, second=0.0), "nearly", "a product has two terms"),
    ("9.4", lambda z, labels: focal_loss(z, labels, second=2.0), "nearly", "the two terms have different signs"),
    ("9.4", lambda z, labels: focal_loss(z, labels, mean=False), "nearly", "it is too large by a factor of B"),
    (
        "9.4",
        lambda z, labels: (focal_loss(z, labels)[0], cross_entropy(z, labels)[1]),
        "nearly",
        "of the cross-entropy",
    ),
    ("9.4", capped_focal, "nearly", "an added constant caps the loss at 27.6"),
    ("9.4", literal_focal, "wrong", "loss: for logits ="),
]
