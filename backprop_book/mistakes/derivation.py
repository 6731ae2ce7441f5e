"""Mistakes in the derivation for a single sample."""

import numpy as np

from backprop_book.mistakes.checks import compare_shape, gradient_check
from backprop_book.mistakes.entry import Mistake


def wrong_input_gradient(dz, W):
    """Gradient at h, where z = W h."""
    return W @ dz


def right_input_gradient(dz, W):
    """Gradient at h, where z = W h."""
    return W.T @ dz


def _check_input_gradient(version, rng):
    n = rng.integers(2, 6)
    W, h, dz = rng.normal(size=(n, n)), rng.normal(size=n), rng.normal(size=n)
    return gradient_check(lambda h: dz @ (W @ h), h, version(dz, W))


missing_transpose = Mistake(
    name="missing-transpose",
    title="The transpose of W is missing",
    story="W (3, 2) would not fit dz (3,) and raise an error; a square W fits both ways round, and nothing complains.",
    wrong=wrong_input_gradient,
    right=right_input_gradient,
    gradient_checker=_check_input_gradient,
)


def wrong_weight_gradient(dz, h):
    """Gradient of W, where z = W h."""
    return dz @ h.T


def right_weight_gradient(dz, h):
    """Gradient of W, where z = W h."""
    return np.outer(dz, h)


def _equally_long(rng):
    n = rng.integers(2, 6)
    return rng.normal(size=n), rng.normal(size=n)


def _check_weight_gradient(version, rng):
    dz, h = _equally_long(rng)
    W = rng.normal(size=(len(dz), len(h)))
    return gradient_check(lambda W: dz @ (W @ h), W, version(dz, h))


def _check_weight_shape(version, rng):
    dz, h = _equally_long(rng)
    return compare_shape("gradient of W", version(dz, h), (len(dz), len(h)))


inner_for_outer = Mistake(
    name="inner-for-outer",
    title="An inner product where the outer product is meant",
    story="On paper it is dz times h transposed; a NumPy vector has nothing to transpose, @ returns one number, and "
    "W -= 0.1 * dW subtracts it from every weight.",
    wrong=wrong_weight_gradient,
    right=right_weight_gradient,
    gradient_checker=_check_weight_gradient,
    checker=_check_weight_shape,
    caught_by="shape check: a gradient has the shape of its parameter",
)


def wrong_sigmoid_backward(dh, z, h):
    """Gradient at z, where h = sigmoid(z)."""
    return dh * z * (1.0 - z)


def right_sigmoid_backward(dh, z, h):
    """Gradient at z, where h = sigmoid(z)."""
    return dh * h * (1.0 - h)


def _check_sigmoid_backward(version, rng):
    n = rng.integers(2, 6)
    z, dh = rng.normal(size=n), rng.normal(size=n)

    def sigmoid(z):
        return 1.0 / (1.0 + np.exp(-z))

    return gradient_check(lambda z: dh @ sigmoid(z), z, version(dh, z, sigmoid(z)))


slope_from_z = Mistake(
    name="slope-from-z",
    title="h (1 - h) is computed from z",
    story="The slope is h (1 - h) with the output h of the sigmoid; from its input z the same expression has the right "
    "shape, and any size and sign.",
    wrong=wrong_sigmoid_backward,
    right=right_sigmoid_backward,
    gradient_checker=_check_sigmoid_backward,
)


def wrong_relu_backward(dh, z):
    """Gradient at z, where h = max(z, 0)."""
    return dh * (dh > 0)


def right_relu_backward(dh, z):
    """Gradient at z, where h = max(z, 0)."""
    return dh * (z > 0)


def _check_relu_backward(version, rng):
    signs = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])  # every pair of signs, far from the kink
    n_copies = rng.integers(1, 4)
    z, dh = np.tile(signs, n_copies) * rng.uniform(0.5, 1.5, size=(2, 4 * n_copies))
    return gradient_check(lambda z: dh @ np.maximum(z, 0.0), z, version(dh, z))


relu_mask = Mistake(
    name="relu-mask",
    title="ReLU's mask is taken from the gradient",
    story="Backward is not ReLU applied to the gradient: what counts is where the input was positive, and a negative "
    "gradient passes there too.",
    wrong=wrong_relu_backward,
    right=right_relu_backward,
    gradient_checker=_check_relu_backward,
)
