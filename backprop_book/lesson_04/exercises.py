"""Exercises of Lesson 4: vectorization."""

import numpy as np

from backprop_book.exercises.answers import EXACT, Choice, Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.inputs import positive_numbers
from backprop_book.exercises.measured import slopes
from backprop_book.lesson_04 import layer_exercises as layers
from backprop_lib.numerical import check_gradient

# The lesson's batch.
X = np.array([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0], [-1.0, 0.0]])
T = np.array([[-4.0, 1.0, 3.0], [0.0, -4.25, -0.5], [6.0, -2.75, -3.5], [-8.0, -1.5, -4.0]])
W, B = np.array([[0.5, -0.5], [1.0, 0.25], [-1.0, 0.5]]), np.array([0.5, -0.5, -1.0])


def losses(X, T, W, b):
    """Half the squared error of a linear layer, for each sample."""
    return 0.5 * ((X @ W.T + b - T) ** 2).sum(axis=1)


def mean_loss_slopes(X, T, W, b):
    """Gradients of the mean loss at W, b and X."""
    return slopes(lambda W, b, X: losses(X, T, W, b).mean(), W, b, X)


def what_doubling_does():
    """Ratios of the gradients after and before every sample is given twice, measured."""
    before = mean_loss_slopes(X, T, W, B)
    after = mean_loss_slopes(np.tile(X, (2, 1)), np.tile(T, (2, 1)), W, B)
    return [abs(a[: len(b)]).max() / abs(b).max() for a, b in zip(after, before, strict=True)]


every_sample_twice = Exercise(
    "4.1",
    "predict",
    "Every sample twice",
    Quantity(
        expected=what_doubling_does,
        mistakes=(
            ((2, 2, 1), "these are the factors of a sum over the samples; the loss is their mean"),
            ((2, 2, 2), "the loss is the mean; does it change at all?"),
            ((1, 1, 1), "one row of X has only a share in the mean: which one is it now?"),
            ((0.5, 0.5, 0.5), "each sample counts half as much, but W and b are used by twice as many"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "Where does the number of samples stand in the equations of this page? In one place only.",
        "Each row of dL_dZ is half of what it was, and there are twice as many rows.",
        "W and b sum over the rows; the gradient of X keeps each row by itself.",
    ),
)


def mismatched(dZ, X, W):
    """The backward pass of the exercise: it pairs sums instead of summing pairs."""
    return np.outer(dZ.mean(axis=0), X.sum(axis=0)), dZ.sum(axis=0), dZ @ W


def test_that_fails():
    """The letter of the test that finds something, each of them carried out."""
    square = W[:2]
    tests = {
        "a": (X[:1], T[:1], W, B),
        "b": (X[[0, 0, 0, 0]], T[[0, 0, 0, 0]], W, B),
        "c": (X[:2], T[:2, :2], square, B[:2]),
    }
    for letter, (rows, targets, weights, bias) in tests.items():
        dW, *_ = mismatched((rows @ weights.T + bias - targets) / len(rows), rows, weights)
        if not check_gradient(lambda V: losses(rows, targets, V, bias).mean(), weights, dW):  # noqa: B023
            return letter
    return "d"


which_test_finds_it = Exercise(
    "4.2",
    "predict",
    "Which test finds it?",
    Choice(
        options="abcd",
        expected=test_that_fails,
        mistakes={
            "a": "different sizes find wrong shapes, and here all shapes are right; with one sample, what is a sum?",
            "b": "write the sum of four equal outer products, and the outer product of mean and sum",
            "d": "is the sum of products the product of the sums?",
        },
    ),
    hints=(
        "Three lines, one of them wrong. Compare each with the page.",
        "The first line makes one outer product. For which batches is that the sum of the samples' outer products?",
        "With two samples it also pairs the error of each with the input of the other. When does that not matter?",
    ),
)


def weighted_slopes(omega, X, W, b, T):
    """Gradients of the weighted sum of losses at W, b and X."""
    return slopes(lambda W, b, X: omega @ losses(X, T, W, b), W, b, X)


samples_with_weights = Exercise(
    "4.3",
    "derive",
    "Samples that count more",
    Function(
        shapes={"omega": "B", "X": "B n", "W": "m n", "b": "m", "T": "B m"},
        outputs=("dL_dW", "dL_db", "dL_dX"),
        expected=weighted_slopes,
        mistakes=(
            (
                lambda omega, *rest: weighted_slopes(omega / len(omega), *rest),
                "the weights stand where 1/B stood; it must not come in once more",
            ),
            (
                lambda omega, *rest: weighted_slopes(np.full_like(omega, 1.0 / len(omega)), *rest),
                "this is the mean over the batch, without the weights",
            ),
            (
                lambda omega, *rest: weighted_slopes(omega**2, *rest),
                "each sample's weight is in it twice; it enters once",
            ),
        ),
        draw={"omega": positive_numbers},
    ),
    hints=(
        "Which of the page's equations contain 1/B? What stands there now?",
        "Row k of the errors is multiplied with the weight of sample k. Nothing else changes.",
        "For rows, omega must be a column of shape (B, 1): omega[:, None]. Then come the page's three products.",
    ),
)


def half_of_the_most(n=1024):
    """Smallest batch with half of the operations per byte of an endless one, searched."""
    sizes = np.append(np.arange(1, 4 * n), 10**12)
    operations, numbers = 2 * sizes * n * n, 2 * sizes * n + n * n
    intensity = operations / numbers
    return sizes[np.argmax(intensity >= intensity[-1] / 2)]


half_of_the_limit = Exercise(
    "4.4",
    "derive",
    "Half of the limit",
    Quantity(
        expected=half_of_the_most,
        mistakes=(
            (1024, "there the samples' numbers, X and Z, are twice as many as the weights"),
            (256, "X and Z both have to be moved: how many numbers are that with B samples?"),
            (
                27,
                "that is where one machine stops waiting for memory, and not half of the limit",
            ),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "Put m = n into the formula for I(B) and cancel what you can.",
        "What is left is B n / (4 (2 B + n)). What becomes of it for very large B?",
        "The limit is n / 8. Solve B / (2 B + n) = 1/4.",
    ),
)


EXERCISES = (every_sample_twice, which_test_finds_it, samples_with_weights, half_of_the_limit, *layers.EXERCISES)
