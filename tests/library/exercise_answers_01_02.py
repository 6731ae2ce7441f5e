"""Answers to the exercises of Lessons 1 and 2: a solution of each, and wrong ones with their verdicts."""

import math

import numpy as np

from backprop_lib.lesson import MISTAKES


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


def divide_backward(grad, a, b):
    return grad / b, -(grad * a / b**2).sum(axis=0)


def centre_vjp(grad):
    return grad - grad.mean(axis=1, keepdims=True)


def residual_block(x, dy):
    h = np.tanh(x)
    return h + x, dy + dy * (1.0 - h**2)


def smooth_vjp(grad, x, a, *, carried=1.0, shift=0, fresh=1.0):
    s = [0.0]
    for value in x:
        s.append(a * s[-1] + (1.0 - a) * value)
    total, dL_dx, dL_da = 0.0, np.zeros_like(x), 0.0
    for t in reversed(range(len(x))):
        total = grad[t] + carried * a * total
        dL_dx[t] = total * (1.0 - a)
        dL_da += total * (s[t + shift] - fresh * x[t])
    return dL_dx, dL_da


SOLUTIONS = {
    "1.1": "c",
    "1.2": (6 - 8) / math.sqrt(2),
    "1.3": [1, 2 / 3, 1.2],
    "1.4": radial_gradient,
    "1.5": safe_cosine,
    "1.6": mended_loss,
    "1.7": 1.0 / np.linalg.eigvalsh([[14 / 3, 2], [2, 1]]),
    "2.1": [6, 0],
    "2.2": [-2, 1, -1, 1],
    "2.3": divide_backward,
    "2.4": 1024,
    "2.5": centre_vjp,
    "2.6": residual_block,
    "2.7": smooth_vjp,
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
    ("2.1", [0, 0], "nearly", "that a is 0 now does not mean"),
    ("2.1", [5, 0], "nearly", "a is used twice"),
    ("2.1", [1, 5], "nearly", "times the other input, not times its own"),
    ("2.1", [0, 6], "nearly", "the numbers are right, their order is not"),
    ("2.2", [0, 0, 0, 0], "nearly", "the maximum follows its larger input"),
    ("2.2", [1, -2, -1, 1], "nearly", "w and x are exchanged"),
    ("2.2", [-2, 1, -1, -1], "nearly", "the score is negative, too"),
    ("2.2", [2, -1, 1, -1], "nearly", "the sign is off"),
    ("2.3", lambda g, a, b: (g * b, (g * a).sum(axis=0)), "nearly", "these are the slopes of a times b"),
    ("2.3", lambda g, a, b: (g / b, -g * a / b**2), "nearly", "dL_db: it is not summed over the batch (axis 0)"),
    ("2.3", lambda g, a, b: (g / b, (g * a / b**2).sum(axis=0)), "nearly", "dL_db: the sign is off"),
    ("2.3", lambda g, a, b: (g / b, -(g * a / b**2).mean(axis=0)), "nearly", "dL_db: it is too small by a factor of B"),
    ("2.3", lambda g, a, b: (g / b, -(g * a / b).sum(axis=0)), "nearly", "here it is divided by b once"),
    ("2.3", lambda g, a, b: (1 / b + 0 * a, -(a / b**2).sum(axis=0)), "nearly", "with the gradient that arrives"),
    ("2.4", 1023, "nearly", "one path goes past every f"),
    ("2.4", 20, "nearly", "they are chosen block by block"),
    ("2.4", 11, "nearly", "and not which ones"),
    ("2.4", 512, "nearly", "it is too small by a factor of 2"),
    ("2.4", 1000, "wrong", "this number is not the one"),
    ("2.5", lambda g: g, "nearly", "this is the direct way"),
    ("2.5", lambda g: g - g.sum(axis=1, keepdims=True), "nearly", "with weight 1 / n"),
    ("2.5", lambda g: g - g.mean(axis=0), "nearly", "mind the axis"),
    ("2.5", lambda g: g - g.mean(), "nearly", "it is right for one sample, and not for a batch"),
    ("2.5", lambda g: g * (1 - 1 / g.shape[1]), "nearly", "only the diagonal of the Jacobian"),
    ("2.5", lambda g: g + g.mean(axis=1, keepdims=True), "nearly", "the mean is subtracted"),
    ("2.5", lambda g: 0 * g - g.mean(axis=1, keepdims=True), "nearly", "each entry is used directly, too"),
    ("2.5", lambda g: g - g.mean(axis=1), "wrong", "raised ValueError: operands could not be broadcast"),
    ("2.6", MISTAKES["changed-in-place"].wrong, "nearly", "this is the function as it was"),
    ("2.6", lambda x, dy: (x + np.tanh(x), dy * (1 - np.tanh(x) ** 2)), "nearly", "the direct way is missing"),
    ("2.6", lambda x, dy: (x + np.tanh(x), dy + dy * (1 - x**2)), "nearly", "this squares its input"),
    ("2.6", lambda x, dy: (x + np.tanh(x), dy), "nearly", "the way through tanh is missing"),
    ("2.6", lambda x, dy: (x + np.tanh(x), 2 - np.tanh(x) ** 2), "nearly", "multiplied with what arrives, dy"),
    ("2.7", lambda g, x, a: smooth_vjp(g, x, a, carried=1 / a), "nearly", "into the next step with the factor a"),
    ("2.7", lambda g, x, a: smooth_vjp(g, x, a, fresh=-1.0), "nearly", "a stands in 1 - a with a minus"),
    ("2.7", lambda g, x, a: (smooth_vjp(g, x, a)[0] / (1 - a), smooth_vjp(g, x, a)[1]), "nearly", "the factor 1 - a"),
    ("2.7", lambda g, x, a: smooth_vjp(g, x, a, carried=0.0), "nearly", "two gradients come back"),
    ("2.7", lambda g, x, a: smooth_vjp(g, x, a, fresh=0.0), "nearly", "a stands in 1 - a as well"),
    ("2.7", lambda g, x, a: smooth_vjp(g[::-1], x, a), "wrong", "dL_dx: for grad = ["),
    ("2.7", lambda g, x, a: smooth_vjp(g, x, a, shift=1), "nearly", "a meets the s before"),
    ("2.7", lambda g, x, a: (smooth_vjp(g, x, a)[0], 0.0), "wrong", "dL_da: it is 0 everywhere"),
]
