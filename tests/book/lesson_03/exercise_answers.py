"""Answers to the exercises of Lesson 3: a solution of each, and wrong ones with their verdicts."""

import numpy as np

from backprop_book import MISTAKES


def tanh_backward(x, y, W1, b1, W2, b2, *, transposed=True, hidden_slope=lambda z, h: 1.0 - h**2, last_slope=True):
    z1 = W1 @ x + b1
    h = np.tanh(z1)
    y_hat = np.tanh(W2 @ h + b2)
    dz2 = (y_hat - y) * (1.0 - y_hat**2) if last_slope else y_hat - y
    dz1 = ((W2.T if transposed else W2) @ dz2) * hidden_slope(z1, h)
    return np.outer(dz1, x), dz1, np.outer(dz2, h), dz2


def relu_backward(dh, z):
    return dh * (z > 0)


def autoencoder_backward(W, b, c, x, *, uses=(1.0, 1.0), fork=(1.0, 1.0)):
    h = 1.0 / (1.0 + np.exp(-(W @ x + b)))
    dL_dyhat = W.T @ h + c - x
    dL_dz = (W @ dL_dyhat) * h * (1.0 - h)
    dL_dW = uses[0] * np.outer(dL_dz, x) + uses[1] * np.outer(h, dL_dyhat)
    return dL_dW, dL_dz, dL_dyhat, fork[0] * (W.T @ dL_dz) - fork[1] * dL_dyhat


def endless_backward(dL_dh, W, x, *, steps=200, back=lambda W, slope, delta: slope * (W.T @ delta)):
    h = np.zeros_like(x)
    for _ in range(200):
        h = np.tanh(W @ h + x)
    slope, total = 1.0 - h**2, np.zeros_like(x)
    delta = slope * dL_dh
    for _ in range(steps):
        total = total + delta
        delta = back(W, slope, delta)
    return np.outer(total, h), total


def changed(function, **how):
    """The function, used in another way."""
    return lambda *arguments: function(*arguments, **how)


SOLUTIONS = {
    "3.1": "b",
    "3.2": [64 * 16 + 16 * 10, 2 * 16 * 10 + 64 * 16 + 2 * 16],
    "3.3": [4, 1, 2, 2, 1],
    "3.4": tanh_backward,
    "3.5": relu_backward,
    "3.6": autoencoder_backward,
    "3.7": endless_backward,
}

WRONG = [
    ("3.1", "a", "wrong", "times the value at its tail"),
    ("3.1", "c", "wrong", "is W2 still 0 after it?"),
    ("3.1", "d", "wrong", "the gradient goes through W2"),
    ("3.1", 0, "wrong", 'expected one of "a", "b", "c", "d"'),
    ("3.2", [1184, 2368], "nearly", "not twice"),
    ("3.2", [1184, 2400], "nearly", "nobody to pass a gradient on to"),
    ("3.2", [1184, 1344], "nearly", "the activation's slope costs something"),
    ("3.2", [1184, 1360], "nearly", "another multiplies with it"),
    ("3.2", [1184, 1216], "nearly", "makes that of its weights"),
    ("3.2", [1210, 1376], "nearly", "right at [1], not elsewhere"),
    ("3.2", [1376, 1184], "nearly", "their order is not"),
    ("3.2", 1376 / 1184, "nearly", "expected shape (2,), got one number"),
    ("3.3", [1, 1, 1, 1, 1], "nearly", "every line that uses it"),
    ("3.3", [2, 1, 2, 2, 1], "nearly", "to the first layer, too"),
    ("3.3", [4, 3, 2, 2, 1], "nearly", "which later line uses dL_dW2?"),
    ("3.3", [4, 1, 2, 1, 1], "nearly", "a gradient by itself"),
    ("3.3", [1, 2, 2, 1, 4], "nearly", "their order is not"),
    ("3.3", [4, 1, 3, 2, 1], "nearly", "right at [0], [1], [3], [4]"),
    ("3.4", changed(tanh_backward, last_slope=False), "nearly", "a slope between y_hat and z2"),
    ("3.4", changed(tanh_backward, hidden_slope=lambda z, h: h - h**2), "nearly", "the slope of the sigmoid"),
    ("3.4", changed(tanh_backward, hidden_slope=lambda z, h: 1.0 - z**2), "nearly", "with the output h"),
    ("3.4", changed(tanh_backward, hidden_slope=lambda z, h: 1.0), "nearly", "the hidden tanh is missing"),
    ("3.4", changed(tanh_backward, transposed=False), "wrong", "raised ValueError: matmul"),
    ("3.4", lambda *a: tanh_backward(*a)[:2], "wrong", "expected 4 results, dL_dW1, dL_db1, dL_dW2, dL_db2, got 2"),
    ("3.4", lambda *a: [g.T for g in tanh_backward(*a)], "nearly", "dL_dW1, dL_dW2: it is transposed"),
    ("3.4", lambda *a: [-g for g in tanh_backward(*a)], "nearly", "dL_dW1, dL_db1, dL_dW2, dL_db2: the sign is off"),
    ("3.5", MISTAKES["relu-mask"].wrong, "nearly", "this is the function as it was"),
    ("3.5", lambda dh, z: np.maximum(dh, 0.0) * (z > 0), "nearly", "half mended"),
    ("3.5", lambda dh, z: np.where(z > 0, 1.0, 0.0), "nearly", "this is the slope"),
    ("3.5", lambda dh, z: dh * z * (z > 0), "nearly", "with ReLU itself"),
    ("3.5", lambda dh, z: np.zeros_like(z), "wrong", "it is 0 everywhere"),
    ("3.6", changed(autoencoder_backward, uses=(0.0, 1.0)), "nearly", "W is used in the first step, too"),
    ("3.6", changed(autoencoder_backward, uses=(1.0, 0.0)), "nearly", "W is used in the second step, too"),
    ("3.6", changed(autoencoder_backward, fork=(1.0, 0.0)), "nearly", "x is the target, too"),
    ("3.6", changed(autoencoder_backward, fork=(0.0, 1.0)), "nearly", "x is the input, too"),
    ("3.6", lambda *a: [-g for g in autoencoder_backward(*a)], "nearly", "dL_dW, dL_db, dL_dc, dL_dx: the sign is off"),
    ("3.6", changed(autoencoder_backward, fork=(1.0, -1.0)), "wrong", "dL_dx: for W = "),
    ("3.7", changed(endless_backward, steps=1), "nearly", "from the last layer alone"),
    ("3.7", changed(endless_backward, back=lambda W, s, d: s * (W @ d)), "nearly", "a forgotten transpose fits"),
    ("3.7", changed(endless_backward, back=lambda W, s, d: W.T @ d), "nearly", "each multiplies with its slope"),
    ("3.7", changed(endless_backward, steps=2), "wrong", "dL_dW: for dL_dh = "),
    (
        "3.7",
        lambda g, W, x: (endless_backward(g, W, x)[0].T, endless_backward(g, W, x)[1]),
        "nearly",
        "dL_dW: it is transposed",
    ),
]
