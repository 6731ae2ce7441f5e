"""Answers to the exercises of lesson 2: a solution of each, and wrong ones with their verdicts."""

import numpy as np

from backprop_book import MISTAKES


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
    "2.1": [6, 0],
    "2.2": [-2, 1, -1, 1],
    "2.3": divide_backward,
    "2.4": 1024,
    "2.5": centre_vjp,
    "2.6": residual_block,
    "2.7": smooth_vjp,
}

WRONG = [
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
