"""Mistakes that come with the batch: a sum left out, a mean taken once too often, an array broadcast in silence."""

import numpy as np

from backprop_book.mistakes.checks import compare, compare_shape, gradient_check
from backprop_book.mistakes.entry import Mistake


def wrong_bias_gradient(dZ):
    """Gradient of b, where Z = X W.T + b."""
    return dZ


def right_bias_gradient(dZ):
    """Gradient of b, where Z = X W.T + b."""
    return dZ.sum(axis=0)


def _check_bias_gradient(version, rng):
    dZ = rng.normal(size=rng.integers(2, 6, size=2))
    XW, b = rng.normal(size=dZ.shape), rng.normal(size=dZ.shape[1])
    return gradient_check(lambda b: (dZ * (XW + b)).sum(), b, version(dZ))


def _check_bias_shape(version, rng):
    dZ = rng.normal(size=rng.integers(2, 6, size=2))
    return compare_shape("gradient of b", version(dZ), (dZ.shape[1],))


bias_not_summed = Mistake(
    name="bias-not-summed",
    title="The bias gradient is not summed over the batch",
    story="Every row used the same b, so its gradients add up; left as rows, b = b - 0.1 * db gives each sample of the "
    "batch a bias of its own.",
    wrong=wrong_bias_gradient,
    right=right_bias_gradient,
    gradient_checker=_check_bias_gradient,
    checker=_check_bias_shape,
    caught_by="shape check: a gradient has the shape of its parameter",
)


def wrong_embedding_backward(dH, words, n_words):
    """Gradient of E, where H = E[words]: one row for each word."""
    dE = np.zeros((n_words, dH.shape[1]))
    dE[words] += dH
    return dE


def right_embedding_backward(dH, words, n_words):
    """Gradient of E, where H = E[words]: one row for each word."""
    dE = np.zeros((n_words, dH.shape[1]))
    np.add.at(dE, words, dH)
    return dE


def _check_embedding_backward(version, rng):
    n_words, features = rng.integers(2, 6, size=2)
    words = rng.permutation(np.append(np.arange(n_words), 0))  # word 0 occurs twice
    E, dH = rng.normal(size=(n_words, features)), rng.normal(size=(len(words), features))
    return gradient_check(lambda E: (dH * E[words]).sum(), E, version(dH, words, n_words))


repeated_index = Mistake(
    name="repeated-index",
    title="+= through a list of indices in which one occurs twice",
    story="dE[words] += dH reads all rows, adds, and writes them back: of two gradients for the same row the last one "
    "written remains.",
    wrong=wrong_embedding_backward,
    right=right_embedding_backward,
    gradient_checker=_check_embedding_backward,
    caught_by="gradient check on a batch in which a word occurs twice",
)


def wrong_squared_error(predictions, targets):
    """Half the mean squared error of predictions (B, 1); gradient."""
    difference = predictions - targets
    gradient = difference.mean(axis=1, keepdims=True) / len(predictions)
    return 0.5 * (difference**2).mean(), gradient


def right_squared_error(predictions, targets):
    """Half the mean squared error of predictions (B, 1); gradient."""
    difference = predictions - targets[:, None]
    gradient = difference.mean(axis=1, keepdims=True) / len(predictions)
    return 0.5 * (difference**2).mean(), gradient


def _gradient_check_squared_error(version, rng):
    predictions, targets = rng.normal(size=(2, rng.integers(2, 6)))
    P = predictions[:, None]
    return gradient_check(lambda P: version(P, targets)[0], P, version(P, targets)[1])


def _check_perfect_predictions(version, rng):
    targets = rng.normal(size=rng.integers(2, 6))
    return compare("loss of perfect predictions", version(targets[:, None], targets)[0], 0.0)


broadcast_target = Mistake(
    name="broadcast-target",
    title="Predictions (B, 1) minus targets (B,) is a matrix (B, B)",
    story="Every prediction is compared with every target, so the best that the network can do is to predict the mean "
    "of the targets for every sample.",
    wrong=wrong_squared_error,
    right=right_squared_error,
    gradient_checker=_gradient_check_squared_error,
    checker=_check_perfect_predictions,
    caught_by="worked number: perfect predictions cost 0",
    unseen_because="loss and gradient broadcast alike, so it is the right gradient of the wrong loss",
)


def wrong_cross_entropy(logits, labels):
    """Mean softmax cross-entropy over the batch, and its gradient."""
    n, rows = len(labels), np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    losses = -np.log(p[rows, labels]) / n
    p[rows, labels] -= 1.0
    return losses.mean(), p / n / n


def right_cross_entropy(logits, labels):
    """Mean softmax cross-entropy over the batch, and its gradient."""
    n, rows = len(labels), np.arange(len(labels))
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    losses = -np.log(p[rows, labels])
    p[rows, labels] -= 1.0
    return losses.mean(), p / n


def _gradient_check_cross_entropy(version, rng):
    n_samples, n_classes = rng.integers(2, 6, size=2)
    logits, labels = rng.normal(size=(n_samples, n_classes)), rng.integers(n_classes, size=n_samples)
    return gradient_check(lambda z: version(z, labels)[0], logits, version(logits, labels)[1])


def _check_initial_loss(version, rng):
    n_samples, n_classes = rng.integers(2, 6, size=2)
    labels = rng.integers(n_classes, size=n_samples)
    loss, _ = version(np.zeros((n_samples, n_classes)), labels)
    return compare(f"loss before training, {n_classes} classes", loss, np.log(n_classes))


mean_twice = Mistake(
    name="mean-twice",
    title="The mean over the batch is taken twice",
    story="Each sample's loss is divided by B, and then the mean divides by B again: the steps are B times too short, "
    "and a larger batch learns more slowly.",
    wrong=wrong_cross_entropy,
    right=right_cross_entropy,
    gradient_checker=_gradient_check_cross_entropy,
    checker=_check_initial_loss,
    caught_by="initial loss: C equal logits cost log C, whatever the batch",
    unseen_because="loss and gradient are too small by the same factor",
)
