"""Exercises of Lesson 6: autograd."""

from collections import Counter
from functools import partial

import numpy as np

from backprop_book.exercises.answers import EXACT, Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.inputs import plain_numbers, positive_numbers
from backprop_book.exercises.measured import slopes
from backprop_book.lesson_06.convolution import convolution
from backprop_book.lesson_06.walks import (
    counted_walk,
    forks,
    leaves_after,
    pushed,
    walk_at_once,
    walk_by_distance,
    what_a_walk_lacks,
)
from backprop_book.mistakes import MISTAKES
from backprop_lib.autograd import Tensor, Value, checkpoint


def three_calls():
    """What a leaf holds after each of the calls, by the package's engine."""
    w, held = Value(3.0), []
    L, M = (w + w) * w, 5.0 * w
    for root in L, M, L:
        root.backward(retain_graph=True)
        held.append(float(w.grad))
    return held


one_leaf_three_calls = Exercise(
    "6.1",
    "predict",
    "One leaf, three calls",
    Quantity(
        expected=three_calls,
        mistakes=(
            ((12, 5, 12), "backward adds to what a leaf holds; nobody has emptied w in between"),
            ((12, 17, 17), "a second call through the same graph adds its gradient once more"),
            ((12, 17, 35), "backward empties the nodes between root and leaves first, so a starts anew"),
            ((6, 11, 17), "a is 2 w, and w comes into L through a as well"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "L is 2 w squared. How large is its slope at w = 3?",
        "Between the calls nobody sets w.grad back.",
        "The third call empties a and L, not the leaf, and brings what the first one brought.",
    ),
)


def factors_of_the_pieces(sizes=(8, 8, 4)):
    """Factors that make the mean over all samples of the pieces' means, solved for any gradients of the samples."""
    means = np.zeros((len(sizes), sum(sizes)))
    for row, last, size in zip(means, np.cumsum(sizes), sizes, strict=True):
        row[last - size : last] = 1.0 / size
    return np.linalg.lstsq(means.T, np.full(sum(sizes), 1.0 / sum(sizes)), rcond=None)[0]


three_pieces = Exercise(
    "6.2",
    "derive",
    "A batch in three pieces",
    Quantity(
        expected=factors_of_the_pieces,
        mistakes=(
            ((1 / 3, 1 / 3, 1 / 3), "then each of the last four samples counts twice as much as one of the others"),
            ((1, 1, 1), "gradients add up: these are three means, one on top of the other"),
            ((8, 8, 4), "this makes sums of the means; the mean over all twenty is wanted"),
            ((1 / 20, 1 / 20, 1 / 20), "each loss is already divided by the number of samples in its piece"),
        ),
    ),
    hints=(
        "With which factor does one sample's loss come into the mean of its piece? With which into that of all twenty?",
        "1/8, 1/8 and 1/4 there, 1/20 here.",
        "The factor of a piece is its share in the batch.",
    ),
)


count_and_do_not_sort = Exercise(
    "6.3",
    "code",
    "Count, and do not sort",
    Function(
        shapes={"x": "n"},
        outputs=("gradients of the leaves",),
        expected=lambda x: slopes(forks, x)[0],
        mistakes=(
            (
                partial(counted_walk, arrows=lambda node: set(node.parents)),
                "a * a sends two arrows to a: count arrows, and not the nodes they come from",
            ),
            (walk_at_once, "a node passes on when its first contribution has come, and the others come too late"),
            (
                walk_by_distance,
                "a node that is near the root by one way may be far by another; it waits for what comes by both",
            ),
            (pushed, "a node passes on with every contribution, and what came first goes down again"),
            (
                partial(counted_walk, arrive=lambda held, slope, grad: slope * grad),
                "what arrives takes the place of what was there; contributions add up",
            ),
            (
                partial(counted_walk, arrive=lambda held, slope, grad: held + grad),
                "what goes along an arrow is multiplied with its slope",
            ),
        ),
        demand=what_a_walk_lacks,
        draw={"x": positive_numbers},
        use=leaves_after,
        where="in a graph with the leaves {}, whose gradients are compared,",
    ),
    hints=(
        "Before the walk: how many arrows leave a node toward the root? Count how often it is a parent.",
        "During the walk: whenever a node has received something, one contribution less is missing.",
        "Start with a list that holds the root. Take a node out, let it pass on, and put in each parent whose counter "
        "has come to 0.",
    ),
)


def shared_equally(dm, windows):
    """Gradient of the row-wise maximum, entry by entry."""
    dX = np.zeros(windows.shape)
    for row, g, entries in zip(dX, dm, windows.tolist(), strict=True):
        for i, entry in enumerate(entries):
            row[i] = g / entries.count(max(entries)) if entry == max(entries) else 0.0
    return dX


def out_of_a_relu(rng, shape):
    """Whole numbers that a ReLU let through, the first row all zeros."""
    windows = np.maximum(plain_numbers(rng, shape).round(), 0.0)
    windows[0] = 0.0
    return windows


largest_of_zeros = Exercise(
    "6.4",
    "diagnose",
    "Larger than they should be",
    Function(
        shapes={"dm": "B", "windows": "B k"},
        outputs=("dL_dwindows",),
        expected=shared_equally,
        mistakes=(
            (MISTAKES["max-ties"].wrong, "this is the rule as it was; what does it give for a window of zeros?"),
            (
                lambda dm, X: dm[:, None] * np.eye(X.shape[1])[X.argmax(axis=1)],
                "the sum is right now; give tied entries equal shares, as none of them is before the others",
            ),
            (lambda dm, X: dm[:, None] / X.shape[1] + 0.0 * X, "an entry below the largest gets nothing"),
        ),
        draw={"windows": out_of_a_relu},
    ),
    hints=(
        "Random numbers never tie. What do windows look like after a ReLU?",
        "Move all entries of a window up by 0.01: by how much does its maximum rise? So what must its row add up to?",
        "Count, row by row, how many entries are largest.",
    ),
)


def nested(x, performed, lengths):
    """A chain of operations in pieces, and these in pieces in turn; lengths from the outermost to the innermost."""
    if not lengths:
        performed["operations"] += 1
        return x.tanh()
    length, *inner = lengths
    for _ in range(length):
        x = checkpoint(lambda x: nested(x, performed, inner), x) if inner else nested(x, performed, inner)
    return x


def checkpoints_of_checkpoints(n=1000):
    """Fewest arrays over all ways to split the chain twice, and how often operations of a short one are performed."""
    divisors = [s for s in range(1, n + 1) if n % s == 0]
    splits = [(n // s, s // t, t) for s in divisors for t in divisors if s % t == 0]
    performed = Counter()
    nested(Tensor(np.ones(1), requires_grad=True), performed, (2, 3, 4)).sum().backward()
    return [min(map(sum, splits)), performed["operations"] / (2 * 3 * 4)]


checkpoints_twice = Exercise(
    "6.5",
    "predict",
    "Checkpoints between checkpoints",
    Quantity(
        expected=checkpoints_of_checkpoints,
        mistakes=(
            ((30, 2), "a piece that is computed again keeps checkpoints only; its own pieces are computed once more"),
            ((65, 2), "these are checkpoints of one kind only"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "Three kinds of arrays are alive: the wide checkpoints, those within one wide piece, those of one small piece.",
        "a wide pieces of b small ones of c operations: a b c = 1000. When is a + b + c least?",
        "First pass: nothing but wide checkpoints. Second: the small ones of one piece. When are the arrays made?",
    ),
)


def squared_distances(X):
    """From every row to every row."""
    difference = X[:, None, :] - X[None, :, :]
    return (difference * difference).sum(axis=2)


def one_side(grad, X, sign=0.0):
    """Typical: X as rows, and with some sign, or not at all, X as columns."""
    pulled = 2.0 * grad[:, :, None] * (X[:, None, :] - X[None, :, :])
    return pulled.sum(axis=1) + sign * pulled.sum(axis=0)


every_point_with_every_point = Exercise(
    "6.6",
    "derive",
    "Every point with every point",
    Function(
        shapes={"grad": "n n", "X": "n d"},
        outputs=("dL_dX",),
        expected=lambda grad, X: slopes(lambda X: (grad * squared_distances(X)).sum(), X)[0],
        mistakes=(
            (one_side, "X is used twice, as i and as j; this is what comes back from one of the uses"),
            (partial(one_side, sign=1.0), "x_j comes into the difference with a minus"),
            (
                lambda grad, X: 2.0 * one_side(grad, X),
                "this would be right for a symmetric gradient; the entries ij and ji may differ",
            ),
        ),
    ),
    hints=(
        "Let D be of two arrays, A and B, that happen to be equal. Which gradient has each of them?",
        "Broadcasting copied A along j and B along i. So A's gradient sums over j, and B's, with a minus, over i.",
        "Both add up: row k gets 2 (grad_kj + grad_jk) (x_k - x_j), summed over j.",
    ),
)


EXERCISES = (
    one_leaf_three_calls,
    three_pieces,
    count_and_do_not_sort,
    largest_of_zeros,
    checkpoints_twice,
    every_point_with_every_point,
    convolution,
)
