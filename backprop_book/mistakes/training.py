"""Mistakes around a right gradient: in the labels, between two steps, in the optimiser."""

import numpy as np

from backprop_book.mistakes.checks import compare, gradient_check
from backprop_book.mistakes.entry import Mistake


def wrong_cross_entropy(logits, labels):
    """Softmax cross-entropy of labels 0 ... C - 1, and its gradient."""
    rows, columns = np.arange(len(labels)), labels - 1
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, columns]).mean()
    p[rows, columns] -= 1.0
    return loss, p / len(labels)


def right_cross_entropy(logits, labels):
    """Softmax cross-entropy of labels 0 ... C - 1, and its gradient."""
    rows, columns = np.arange(len(labels)), labels
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, columns]).mean()
    p[rows, columns] -= 1.0
    return loss, p / len(labels)


def _labelled_batch(rng):
    n_samples, n_classes = rng.integers(2, 6, size=2)
    return rng.normal(size=(n_samples, n_classes)), rng.integers(n_classes, size=n_samples, dtype=np.intp)


def _gradient_check_cross_entropy(version, rng):
    logits, labels = _labelled_batch(rng)
    return gradient_check(lambda logits: version(logits, labels)[0], logits, version(logits, labels)[1])


def _check_overfitting(version, rng):
    logits, labels = _labelled_batch(rng)
    for _ in range(100):
        logits = logits - len(labels) * version(logits, labels)[1]
    return compare("largest logit after 100 steps", logits.argmax(axis=1), labels)


label_off_by_one = Mistake(
    name="label-off-by-one",
    title="The labels are off by one",
    story="Subtracting 1 from labels that already count from 0 turns 0 into -1, which NumPy reads as the last class: "
    "the loss falls as it should, the accuracy does not rise.",
    wrong=wrong_cross_entropy,
    right=right_cross_entropy,
    gradient_checker=_gradient_check_cross_entropy,
    checker=_check_overfitting,
    caught_by="overfit one batch: its labels must be learned",
    unseen_because="it is the right gradient of the loss for other labels",
)


def wrong_descent(gradient, w, learning_rate, steps):
    """Path of gradient descent; each backward pass adds to grad."""
    path, grad = [w], np.zeros_like(w)
    for _ in range(steps):
        grad += gradient(w)
        w = w - learning_rate * grad
        path.append(w)
    return np.array(path)


def right_descent(gradient, w, learning_rate, steps):
    """Path of gradient descent; each backward pass adds to grad."""
    path, grad = [w], np.zeros_like(w)
    for _ in range(steps):
        grad[...] = 0.0
        grad += gradient(w)
        w = w - learning_rate * grad
        path.append(w)
    return np.array(path)


def _check_last_step(version, rng, steps):
    n = rng.integers(2, 6)
    A, w = rng.normal(size=(n, n)), rng.normal(size=n)
    path = version(lambda w: A.T @ np.tanh(A @ w), w, 0.1, steps)
    return gradient_check(lambda w: np.log(np.cosh(A @ w)).sum(), path[-2], (path[-2] - path[-1]) / 0.1)


gradients_not_zeroed = Mistake(
    name="gradients-not-zeroed",
    title="The gradients are not emptied between two steps",
    story="Backward adds to grad, so each step also repeats all the steps before it: like a momentum without friction "
    "that overshoots and swings back.",
    wrong=wrong_descent,
    right=right_descent,
    gradient_checker=lambda version, rng: _check_last_step(version, rng, 1),
    checker=lambda version, rng: _check_last_step(version, rng, 2),
    caught_by="second step: it must be the learning rate times the gradient there",
    unseen_because="it makes one pass, and grad is empty before it",
)


def wrong_adamw(w, gradient, m, v, t, learning_rate=0.1, decay=0.1):
    """Step t = 1, 2, ... of Adam with weight decay: new w, m, v."""
    gradient = gradient + decay * w
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient**2
    step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w - learning_rate * step, m, v


def right_adamw(w, gradient, m, v, t, learning_rate=0.1, decay=0.1):
    """Step t = 1, 2, ... of Adam with weight decay: new w, m, v."""
    m = 0.9 * m + 0.1 * gradient
    v = 0.999 * v + 0.001 * gradient**2
    step = (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
    return w - learning_rate * (step + decay * w), m, v


def _gradient_check_adamw(version, rng):
    """The gradient that reached the moments: of the loss alone, or of the loss with the penalty |w|^2 decay / 2."""
    w = rng.normal(size=rng.integers(2, 6))
    _, m, _ = version(w, np.tanh(w), np.zeros_like(w), np.zeros_like(w), 1)
    alone = gradient_check(lambda w: np.log(np.cosh(w)).sum(), w, m / 0.1)
    return alone or gradient_check(lambda w: np.log(np.cosh(w)).sum() + 0.05 * w @ w, w, m / 0.1)


def _check_decay(version, rng):
    w = start = rng.normal(size=rng.integers(2, 6))
    m = v = np.zeros_like(w)
    for t in (1, 2):
        w, m, v = version(w, np.zeros_like(w), m, v, t)
    return compare("weights after two steps of decay", w, 0.99 * 0.99 * start)


weight_decay_in_gradient = Mistake(
    name="weight-decay-in-gradient",
    title="Adam's weight decay is added to the gradient",
    story="Adam divides by the size of what it is given, so with no other gradient every weight moves by the learning "
    "rate, whatever the decay. This is what Adam(weight_decay=...) computes; AdamW keeps the decay apart.",
    wrong=wrong_adamw,
    right=right_adamw,
    gradient_checker=_gradient_check_adamw,
    checker=_check_decay,
    caught_by="worked number: without a gradient a step shrinks w by learning_rate * decay",
    unseen_because="it is the right gradient of the loss with a penalty; what is wrong is what Adam does with it",
)
