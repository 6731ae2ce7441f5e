"""Exercises of Lesson 9: reading digits."""

from functools import partial

import numpy as np

from backprop_book.exercises.answers import Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.inputs import plain_numbers
from backprop_book.exercises.measured import slopes
from backprop_book.mistakes import MISTAKES
from backprop_lib.losses import SoftmaxCrossEntropy


def mean_losses():
    """Mean cross-entropy of both readers, from scores that give these probabilities."""

    def scores(p):
        return np.stack([np.log(p), np.log1p(-p)], axis=1)

    readers = [0.99] * 98 + [1e-4] * 2, [0.9] * 96 + [0.2] * 4
    return [SoftmaxCrossEntropy().value(scores(np.array(p)), np.zeros(100, dtype=int)) for p in readers]


fewer_mistakes = Exercise(
    "9.1",
    "predict",
    "Fewer mistakes, smaller loss?",
    Quantity(
        expected=mean_losses,
        mistakes=(
            (lambda: np.multiply(mean_losses(), 100), "this is the sum over the images; the loss is the mean"),
            (
                lambda: np.divide(mean_losses(), np.log(10)),
                "this is with logarithms to the base of 10; the page's are natural",
            ),
            ((0.0298, 0.136), "this is minus the logarithm of the mean; asked for is the mean of minus the logarithms"),
        ),
        tolerance=2.5e-2,  # two digits are enough
    ),
    hints=(
        "What does one image cost at 0.99? And one at 0.0001?",
        "Two images at 0.0001 cost 9.21 each. Divide by 100 only after adding up.",
        "98 times -ln 0.99 plus 2 times -ln 0.0001; and 96 times -ln 0.9 plus 4 times -ln 0.2. Both over 100.",
    ),
)


def enough_images(q=0.98, wanted=0.002):
    """Smallest test part with this standard error, from the spread of one image; searched by halving."""
    spread = q * (1.0 - q) ** 2 + (1.0 - q) * q**2
    low, high = 1, 10**6
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if spread / middle <= wanted**2 * (1.0 + 1e-9) else (middle + 1, high)
    return low


how_many_images = Exercise(
    "9.2",
    "derive",
    "How many images?",
    Quantity(
        expected=enough_images,
        mistakes=(
            (1319, "the error does not shrink like 1 / n, but like 1 over the root of n"),
            (980, "all five runs read the same images, so they count once"),
            (62500, "that would be for q = 1/2, where the spread is largest"),
        ),
        tolerance=1e-2,  # the page gives the error of 355 images to two digits
    ),
    hints=(
        "With 355 images the standard error is 0.0074. Which n makes it 0.002?",
        "Solve the formula of the page for n: square both sides.",
        "n is q (1 - q) over the square of 0.002.",
    ),
)


def labels_drawn(rng, shape):
    """Labels 0, 1 and 2, the first one being 0."""
    labels = rng.integers(3, size=shape, dtype=np.intp)
    labels[0] = 0
    return labels


def cross_entropy(logits, labels):
    """Mean cross-entropy, sample by sample."""
    losses = [np.log(np.exp(z).sum()) - z[label] for z, label in zip(logits, labels, strict=True)]
    return sum(losses) / len(losses)


def cross_entropy_and_slope(logits, labels):
    """The same and its gradient by the complex step."""
    return cross_entropy(logits, labels), *slopes(lambda z: cross_entropy(z, labels), logits)


it_reads_none = Exercise(
    "9.3",
    "diagnose",
    "The loss falls, and it reads none",
    Function(
        shapes={"logits": "B 3", "labels": "B"},
        outputs=("loss", "gradient"),
        expected=cross_entropy_and_slope,
        mistakes=(
            (MISTAKES["label-off-by-one"].wrong, "this is the function as it was; which column does label 0 choose?"),
            (
                lambda z, labels: [part * len(z) for part in cross_entropy_and_slope(z, labels)],
                "the mistake is found; now it is a sum over the samples, and not their mean",
            ),
            (
                lambda z, labels: cross_entropy_and_slope(z, (labels + 1) % 3),
                "now the labels are off by one in the other direction",
            ),
        ),
        draw={"labels": labels_drawn},
    ),
    hints=(
        "Train it on one image only. The loss falls to 0: which score has become the largest?",
        "Labels count from 0 here, and so do columns. Which column is number -1?",
        "NumPy's -1 is the last column. What does the first line do to the labels?",
    ),
)


def log_probabilities(logits, labels):
    """Of the right classes, without overflow, also for complex numbers."""
    shifted = logits - logits.real.max(axis=1, keepdims=True)
    return shifted[np.arange(len(labels)), labels] - np.log(np.exp(shifted).sum(axis=1))


def focal_loss(logits, labels):
    """Mean over the batch of -(1 - p)^2 log p."""
    log_p = log_probabilities(logits, labels)
    return -((1.0 - np.exp(log_p)) ** 2 * log_p).mean()


def focal_loss_and_slope(logits, labels):
    """The same and its gradient by the complex step."""
    return focal_loss(logits, labels), *slopes(lambda z: focal_loss(z, labels), logits)


def focal_with_factor(factor, logits, labels):
    """The loss, and p - y times a factor of p and log p: typical ones that are wrong."""
    log_p = log_probabilities(logits, labels)
    P = np.exp([log_probabilities(logits, np.full(len(labels), k)) for k in range(3)]).T
    along = P - np.eye(3)[labels]
    return focal_loss(logits, labels), factor(np.exp(log_p), log_p)[:, None] * along / len(labels)


def focal_capped(added, logits, labels):
    """Typical: something is added to p, so that its logarithm is never minus infinity."""
    p = np.exp(log_probabilities(logits, labels))
    return -((1.0 - p) ** 2 * np.log(p + added)).mean(), focal_loss_and_slope(logits, labels)[1]


def some_of_them_huge(rng, shape):
    """Scores of usual size, and in the last row of several a thousand times that."""
    logits = plain_numbers(rng, shape)
    logits[1:][-1:] *= 1000.0
    return logits


focal = Exercise(
    "9.4",
    "code",
    "The focal loss",
    Function(
        shapes={"logits": "B 3", "labels": "B"},
        outputs=("loss", "gradient"),
        expected=focal_loss_and_slope,
        mistakes=(
            (
                partial(focal_with_factor, lambda p, log_p: (1.0 - p) ** 2),
                "p depends on z in the factor (1 - p) squared, too: a product has two terms",
            ),
            (
                partial(focal_with_factor, lambda p, log_p: (1.0 - p) ** 2 + 2.0 * p * (1.0 - p) * log_p),
                "the two terms have different signs: the slope of (1 - p) squared is -2 (1 - p), and log p is below 0",
            ),
            (
                partial(focal_with_factor, lambda p, log_p: (1.0 - p) ** 2 - 2.0 * (1.0 - p) * log_p),
                "the slope of p by its own score is p (1 - p): one p is missing in the second term",
            ),
            (partial(focal_with_factor, lambda p, log_p: np.ones_like(p)), "this is the gradient of the cross-entropy"),
            *(
                (
                    partial(focal_capped, added),
                    f"an added constant caps the loss at {-np.log(added):.1f}; take log p from the scores, without p",
                )
                for added in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8)
            ),
        ),
        draw={"labels": labels_drawn, "logits": some_of_them_huge},
    ),
    hints=(
        "log p_c is minus the cross-entropy: take it in the form of the page that stays finite, and p_c from it.",
        "The cross-entropy's slope by p_c is -1 / p_c, and that led to p - y. What is the slope of the focal loss?",
        "Divide one slope by the other: p - y is multiplied by that ratio, in which every 1 / p_c cancels.",
    ),
)

EXERCISES = (
    fewer_mistakes,
    how_many_images,
    it_reads_none,
    focal,
)
