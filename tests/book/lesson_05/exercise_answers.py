"""Answers to the exercises of Lesson 5: a solution of each, and wrong ones with their verdicts."""

from functools import partial

import numpy as np

from backprop_book import MISTAKES


def leaky_variances(a, n, m):
    return 2.0 / ((1.0 + a**2) * n), 2.0 / ((1.0 + a**2) * m)


def layer_norm(X, dY, eps=1e-5, *, axis=1, parts=(1, 1), ddof=0):
    centred = X - X.mean(axis, keepdims=True)
    std = np.sqrt(X.var(axis, keepdims=True, ddof=ddof) + eps)
    Y = centred / std
    along_Y = Y * (dY * Y).mean(axis, keepdims=True)
    return Y, (dY - parts[0] * dY.mean(axis, keepdims=True) - parts[1] * along_Y) / std


def highway_vjp(G, X, U, V, c, *, straight=1.0, cross=1.0, slopes=(1, 1), tanh_share=1, kept=1, transposed=False):
    gate, f = 1.0 / (1.0 + np.exp(-(X @ U.T + c))), np.tanh(X @ V.T)
    d_gate = G * (X - kept * f) * (gate * (1.0 - gate)) ** slopes[0]
    d_inner = G * (1.0 - gate) ** tanh_share * (1.0 - f**2) ** slopes[1]
    if transposed:
        U, V = U.T, V.T
    dL_dX = straight * G * gate + cross * d_gate @ U + d_inner @ V
    return dL_dX, d_gate.T @ X, d_inner.T @ X, d_gate.sum(axis=0)


def changed(k, change):
    """The highway's answer with one of its four results changed."""

    def answer(*arguments):
        results = list(highway_vjp(*arguments))
        results[k] = change(results[k], *arguments)
        return results

    return answer


SHIFT = (2 * np.pi) ** -0.5

SOLUTIONS = {
    "5.1": [50, 49, 49],
    "5.2": leaky_variances,
    "5.3": 103,
    "5.4": [SHIFT, (0.5 - 0.5 / np.pi) ** -0.5],
    "5.5": layer_norm,
    "5.6": 500,
    "5.7": highway_vjp,
}

WRONG = [
    ("5.1", [50, 50, 1], "nearly", "which 49 layers have doubled"),
    ("5.1", [50, 49, 0], "nearly", "which 49 layers have doubled"),
    ("5.1", [50, 50, 50], "nearly", "how many other layers are passed?"),
    ("5.1", [50, 49, 1], "nearly", "which 49 layers have doubled"),
    ("5.1", [50, 49, 50], "nearly", "not come through W_50 yet"),
    ("5.1", [49, 49, 49], "nearly", "goes through W_1, too"),
    ("5.1", [49, 49, 50], "nearly", "their order is not"),
    ("5.1", [51, 49, 48], "nearly", "right at [1], not elsewhere"),
    ("5.1", [2**50, 2**49, 2**49], "nearly", "answer with their exponents"),
    ("5.2", lambda a, n, m: leaky_variances(a, m, n), "nearly", "fan_in and fan_out are exchanged"),
    ("5.2", lambda a, n, m: (2 / n, 2 / m), "nearly", "this is He's, for a = 0"),
    ("5.2", lambda a, n, m: (1 / (1 + a**2) / n, 1 / (1 + a**2) / m), "nearly", "only half of the mean square"),
    ("5.2", lambda a, n, m: (2 / (1 + a) / n, 2 / (1 + a) / m), "nearly", "the leak's share in them is a squared"),
    ("5.2", lambda a, n, m: (2 / (1 + a**2),) * 2, "nearly", "this is the variance times n"),
    ("5.2", lambda a, n, m: (2 / (1 + a**2) / n,) * 2, "nearly", "a signal is a sum over the n inputs"),
    ("5.2", lambda a, n, m: ((2 / (1 + a**2) / n) ** 0.5, (2 / (1 + a**2) / m) ** 0.5), "nearly", "are the variances"),
    ("5.2", lambda a, n, m: (4 / (1 + a) ** 2 / n, 4 / (1 + a) ** 2 / m), "nearly", "not the square of the mean"),
    ("5.2", lambda a, n, m: (4 / (1 + a**2) / (n + m),) * 2, "nearly", "a compromise between the two"),
    ("5.2", lambda a, n, m: (1 / n / a, 1 / m / a), "wrong", "forward: for a ="),
    ("5.2", lambda a, n, m: 2 / (1 + a**2) / n, "wrong", "expected 2 results, forward, backward, got one number"),
    ("5.3", 16, "nearly", "the slope is 1/4 at z = 0 only"),
    ("5.3", 36 * np.pi, "nearly", "a good estimate by pencil"),
    ("5.3", 1.0, "nearly", "no usual variance keeps the gradient"),
    ("5.3", 500, "wrong", "this number is not the one"),
    ("5.4", [SHIFT, 2**0.5], "nearly", "which is no longer 1/2"),
    ("5.4", [SHIFT, 1 / (0.5 - 0.5 / np.pi)], "nearly", "multiplied by s squared"),
    ("5.4", [0.5, 2], "nearly", "1/2 is ReLU's mean square"),
    ("5.4", [1 / np.pi, 2**0.5], "nearly", "1/pi is the cosine"),
    ("5.4", [-SHIFT, 1.713], "nearly", "the magnitudes are right, the signs are not"),
    ("5.5", MISTAKES["layer-norm-over-batch"].wrong, "nearly", "this is the function as it was"),
    (
        "5.5",
        lambda X, dY: (layer_norm(X, dY)[0], layer_norm(X, dY, axis=0)[1]),
        "nearly",
        "the output is mended, the gradient still",
    ),
    ("5.5", lambda X, dY: (layer_norm(X, dY)[0], dY / X.std(axis=1, keepdims=True)), "wrong", "dX: for X ="),
    ("5.5", partial(layer_norm, eps=0), "nearly", "eps belongs under the root, and is 1e-5"),
    ("5.5", partial(layer_norm, parts=(0, 1)), "nearly", "the mean depends on X"),
    ("5.5", partial(layer_norm, parts=(1, 0)), "nearly", "the standard deviation depends on X"),
    ("5.5", partial(layer_norm, ddof=1), "nearly", "divided by n and not by n - 1"),
    (
        "5.5",
        lambda X, dY: (layer_norm(X, dY)[0], dY / np.sqrt(X.var(axis=1, keepdims=True) + 1e-5)),
        "nearly",
        "depend on X, and the gradient goes through them",
    ),
    ("5.5", lambda X, dY: layer_norm(X, dY, eps=1e-8), "nearly", "eps belongs under the root, and is 1e-5"),
    ("5.5", lambda X, dY: layer_norm(X, dY, eps=1e-3), "nearly", "eps belongs under the root, and is 1e-5"),
    ("5.5", lambda X, dY: layer_norm(X, dY, eps=0.5), "wrong", "Y: for X ="),
    ("5.5", lambda X, dY: layer_norm(X, dY)[0], "wrong", "expected 2 results, Y, dX, got one array"),
    ("5.6", 2000, "nearly", "the logarithm of the norm is half of that"),
    ("5.6", 1000, "nearly", "the standard deviation is to be 1/2"),
    ("5.6", 250, "nearly", "the drift is 5/2"),
    ("5.6", 64, "wrong", "this number is not the one"),
    ("5.7", lambda *given: highway_vjp(*given, straight=0.0), "nearly", "the way straight on is missing"),
    ("5.7", lambda *given: highway_vjp(*given, cross=0.0), "nearly", "x is in the gate, too"),
    ("5.7", partial(highway_vjp, slopes=(0, 1)), "nearly", "the slope of the sigmoid, gamma (1 - gamma)"),
    ("5.7", partial(highway_vjp, slopes=(1, 0)), "nearly", "on the way to V x stands the slope of tanh"),
    ("5.7", partial(highway_vjp, tanh_share=0), "nearly", "the tanh is multiplied with 1 - gamma"),
    ("5.7", partial(highway_vjp, kept=0), "nearly", "what does y do when gamma rises?"),
    ("5.7", partial(highway_vjp, kept=-1), "nearly", "what does y do when gamma rises?"),
    ("5.7", partial(highway_vjp, transposed=True), "nearly", "U and V are square"),
    ("5.7", changed(1, lambda dU, *given: dU.T), "nearly", "dL_dU: it is transposed"),
    ("5.7", changed(2, lambda dV, *given: -dV), "nearly", "dL_dV: the sign is off"),
    ("5.7", changed(3, lambda dc, *given: -dc), "nearly", "dL_dc: the sign is off"),
    ("5.7", changed(3, lambda dc, G, *given: dc / len(G)), "nearly", "dL_dc: it is too small by a factor of B"),
]
