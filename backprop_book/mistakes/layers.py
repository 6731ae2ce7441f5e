"""Mistakes in layers whose outputs depend on several inputs at once, or on chance."""

import numpy as np

from backprop_book.mistakes.checks import compare, gradient_check
from backprop_book.mistakes.entry import Mistake
from backprop_lib.numerical import numerical_gradient


def wrong_softmax_backward(dp, z):
    """Gradient at z, where p = softmax(z)."""
    p = np.exp(z - z.max())
    p /= p.sum()
    return p * (1.0 - p) * dp


def right_softmax_backward(dp, z):
    """Gradient at z, where p = softmax(z)."""
    p = np.exp(z - z.max())
    p /= p.sum()
    return p * (dp - dp @ p)


def _check_softmax_backward(version, rng):
    n = rng.integers(2, 6)
    z, dp = rng.normal(size=n), rng.normal(size=n)
    return gradient_check(lambda z: dp @ (np.exp(z) / np.exp(z).sum()), z, version(dp, z))


softmax_diagonal = Mistake(
    name="softmax-diagonal",
    title="Only the diagonal of softmax's Jacobian",
    story="p (1 - p) is the sigmoid's slope; in a softmax each logit also moves all the other probabilities, because "
    "they share one sum.",
    wrong=wrong_softmax_backward,
    right=right_softmax_backward,
    gradient_checker=_check_softmax_backward,
)


def wrong_batch_norm_backward(dY, X, eps=1e-5):
    """Gradient at X, where Y = (X - mean) / std, column by column."""
    centred = X - X.mean(axis=0)
    std = np.sqrt((centred**2).mean(axis=0) + eps)
    Y = centred / std
    return (dY - Y * (dY * Y).mean(axis=0)) / std


def right_batch_norm_backward(dY, X, eps=1e-5):
    """Gradient at X, where Y = (X - mean) / std, column by column."""
    centred = X - X.mean(axis=0)
    std = np.sqrt((centred**2).mean(axis=0) + eps)
    Y = centred / std
    return (dY - dY.mean(axis=0) - Y * (dY * Y).mean(axis=0)) / std


def _check_batch_norm_backward(version, rng):
    X, dY = rng.normal(size=(2, rng.integers(4, 8), rng.integers(2, 5)))

    def loss(X):
        return (dY * (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + 1e-5)).sum()

    return gradient_check(loss, X, version(dY, X))


batch_norm_constant_mean = Mistake(
    name="batch-norm-constant-mean",
    title="BatchNorm's mean is taken for a constant",
    story="An entry reaches the loss by itself, through the batch's standard deviation and through its mean; here the "
    "mean's own path is forgotten.",
    wrong=wrong_batch_norm_backward,
    right=right_batch_norm_backward,
    gradient_checker=_check_batch_norm_backward,
)


def wrong_layer_norm(X, dY, eps=1e-5):
    """LayerNorm's output Y for a batch X (B, n); gradient at X."""
    axis = 0
    centred = X - X.mean(axis, keepdims=True)
    std = np.sqrt((centred**2).mean(axis, keepdims=True) + eps)
    Y = centred / std
    along_Y = Y * (dY * Y).mean(axis, keepdims=True)
    return Y, (dY - dY.mean(axis, keepdims=True) - along_Y) / std


def right_layer_norm(X, dY, eps=1e-5):
    """LayerNorm's output Y for a batch X (B, n); gradient at X."""
    axis = 1
    centred = X - X.mean(axis, keepdims=True)
    std = np.sqrt((centred**2).mean(axis, keepdims=True) + eps)
    Y = centred / std
    along_Y = Y * (dY * Y).mean(axis, keepdims=True)
    return Y, (dY - dY.mean(axis, keepdims=True) - along_Y) / std


def _gradient_check_layer_norm(version, rng):
    X, dY = rng.normal(size=(2, *rng.integers(4, 7, size=2)))
    return gradient_check(lambda X: (dY * version(X, dY)[0]).sum(), X, version(X, dY)[1])


def _check_each_sample(version, rng):
    X, dY = rng.normal(size=(2, *rng.integers(4, 7, size=2)))
    each = [(x - x.mean()) / np.sqrt(x.var() + 1e-5) for x in X]
    return compare("output", version(X, dY)[0], each)


layer_norm_over_batch = Mistake(
    name="layer-norm-over-batch",
    title="LayerNorm over the batch and not over the features",
    story="With axis=0 it is BatchNorm: what one sample gives depends on its neighbours, and a sample alone always "
    "gives 0.",
    wrong=wrong_layer_norm,
    right=right_layer_norm,
    gradient_checker=_gradient_check_layer_norm,
    checker=_check_each_sample,
    caught_by="comparison with a loop over single samples",
    unseen_because="forward and backward use the same wrong axis",
)


def wrong_dropout(x, dy, p, rng):
    """Dropout's output, p the share dropped; gradient at x."""
    kept = rng.random(x.shape) >= p
    y = x * kept / (1.0 - p)
    kept = rng.random(x.shape) >= p
    return y, dy * kept / (1.0 - p)


def right_dropout(x, dy, p, rng):
    """Dropout's output, p the share dropped; gradient at x."""
    kept = rng.random(x.shape) >= p
    y = x * kept / (1.0 - p)
    return y, dy * kept / (1.0 - p)


def _check_dropout(version, rng):
    x, dy = rng.normal(size=(2, rng.integers(30, 40)))
    seed = rng.integers(1000)

    def dropped_alike(x):
        return version(x, dy, 0.5, np.random.default_rng(seed))

    return gradient_check(lambda x: dy @ dropped_alike(x)[0], x, dropped_alike(x)[1])


new_dropout_mask = Mistake(
    name="new-dropout-mask",
    title="Backward draws a dropout mask of its own",
    story="The gradient goes back through entries that were dropped and is cut off from entries that were kept: on "
    "average it looks right, and no single step is.",
    wrong=wrong_dropout,
    right=right_dropout,
    gradient_checker=_check_dropout,
    caught_by="gradient check with the generator seeded anew for each evaluation",
)


def wrong_max_backward(dm, windows):
    """Gradient at the windows (B, k), where m = windows.max(axis=1)."""
    largest = windows == windows.max(axis=1, keepdims=True)
    return dm[:, None] * largest


def right_max_backward(dm, windows):
    """Gradient at the windows (B, k), where m = windows.max(axis=1)."""
    largest = windows == windows.max(axis=1, keepdims=True)
    return dm[:, None] * largest / largest.sum(axis=1, keepdims=True)


def _gradient_check_max_backward(version, rng):
    windows = rng.normal(size=rng.integers(2, 5, size=2))
    dm = rng.normal(size=len(windows))
    return gradient_check(lambda windows: dm @ windows.max(axis=1), windows, version(dm, windows))


def _check_moving_all_together(version, rng):
    n_rows, n_columns = rng.integers(2, 5, size=2)
    windows = np.zeros((n_rows, n_columns))  # as a ReLU may leave it: all of them largest
    dm = rng.normal(size=n_rows)
    slope = numerical_gradient(lambda shift: dm @ (windows + shift[:, None]).max(axis=1), np.zeros(n_rows))
    return compare("slope along (1, ..., 1)", version(dm, windows).sum(axis=1), slope)


max_ties = Mistake(
    name="max-ties",
    title="Every one of several largest entries gets the whole gradient",
    story="Move all entries up by a little, and the maximum moves as much; with k of them tied this gradient says k "
    "times as much. Zeros out of a ReLU often tie.",
    wrong=wrong_max_backward,
    right=right_max_backward,
    gradient_checker=_gradient_check_max_backward,
    checker=_check_moving_all_together,
    caught_by="slope along (1, ..., 1), measured where entries tie",
    unseen_because="random numbers never tie; where entries do, the maximum has no slope in any one of them, and "
    "the central difference gives each of them a half",
)
