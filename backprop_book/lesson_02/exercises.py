"""Exercises of Lesson 2: the chain rule, backward."""

import itertools
from functools import partial

import numpy as np

from backprop_book.exercises.answers import EXACT, Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.mistakes import MISTAKES
from backprop_lib.numerical import numerical_gradient

worth_zero = Exercise(
    "2.1",
    "predict",
    "A value of zero",
    Quantity(
        expected=lambda: numerical_gradient(lambda v: v[0] * v[1] + v[0], [0.0, 5.0]),
        mistakes=(
            ((0.0, 5.0), "each input of a product gets the gradient times the other input, not times its own"),
            ((1.0, 5.0), "each input of a product gets the gradient times the other input, not times its own"),
            ((0.0, 0.0), "that a is 0 now does not mean that nothing changes when it moves"),
            ((5.0, 0.0), "a is used twice, and this is what comes back from one of the uses"),
            ((1.0, 0.0), "a is used twice, and this is what comes back from one of the uses"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "Nudge a by 0.01 in your head. By how much does L move?",
        "A multiply gate gives each input the gradient times the other input.",
        "a goes into the product and into the sum: what comes back from both adds up.",
    ),
)


def hinge(v):
    """The hinge loss of one neuron for w, x, b, y."""
    w, x, b, y = v
    return np.maximum(0.0, 1.0 - y * (w * x + b))


hinge_on_paper = Exercise(
    "2.2",
    "derive",
    "A hinge on paper",
    Quantity(
        expected=lambda: numerical_gradient(hinge, [-1.0, 2.0, 1.0, 1.0]),
        mistakes=(
            ((0.0, 0.0, 0.0, 0.0), "the maximum follows its larger input, which is 2 here and not 0"),
            ((1.0, -2.0, -1.0, 1.0), "w and x are exchanged: each gets the gradient times the other"),
            ((-2.0, 1.0, -1.0, -1.0), "y gets minus one times the score, and the score is negative, too"),
            ((-1.0, 2.0, -1.0, 1.0), "w and x get the gradient at the product times the other, signs included"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "Write the values first: product, score, y times score, one minus that, maximum.",
        "Start with 1 at L. The maximum is open; the subtraction turns the sign; the product with y exchanges.",
        "At y times the score stands -1, and so does it at the score, since y is 1. From there go on to w, x and b.",
    ),
)


def division_slopes(grad, a, b):
    """Gradients of a / b at both, by the complex step."""
    return (
        numerical_gradient(lambda a: (grad * (a / b)).sum(), a, method="complex"),
        numerical_gradient(lambda b: (grad * (a / b)).sum(), b, method="complex"),
    )


division_gate = Exercise(
    "2.3",
    "derive",
    "A gate that divides",
    Function(
        shapes={"grad": "B n", "a": "B n", "b": "n"},
        outputs=("dL_da", "dL_db"),
        expected=division_slopes,
        mistakes=(
            (lambda g, a, b: (g * b, (g * a).sum(axis=0)), "these are the slopes of a times b"),
            (
                lambda g, a, b: (g / b, -(g * a / b).sum(axis=0)),
                "the slope of 1 / b is -1 / b squared; here it is divided by b once",
            ),
            (lambda g, a, b: (g / b, -(g / b**2).sum(axis=0)), "the slope of a / b by b holds a as well"),
            (
                lambda g, a, b: (np.ones_like(a) / b, -(a / b**2).sum(axis=0)),
                "these are the slopes of a / b; each is multiplied with the gradient that arrives",
            ),
        ),
    ),
    hints=(
        "Begin with numbers: the slope of a / b by a, with b held still, and the other way round.",
        "They are 1 / b and -a / b squared. Each is multiplied with the gradient that comes from behind.",
        "Every row of a was divided by the same b: what comes back from the rows adds up.",
    ),
)


ways_through_blocks = Exercise(
    "2.4",
    "predict",
    "Ways through ten blocks",
    Quantity(
        expected=lambda: len(list(itertools.product(("past f", "through f"), repeat=10))),
        mistakes=(
            (20, "two ways for each block, but they are chosen block by block"),
            (100, "two ways for each block, but they are chosen block by block"),
            (11, "this counts how many blocks a path goes through, and not which ones"),
            (10, "this counts the blocks"),
            (1023, "one path goes past every f: it counts, too"),
            (1, "each block offers a way past f, too"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "How many paths are there with one block? With two?",
        "A path chooses at each block anew: past f or through f.",
        "Each block doubles the number.",
    ),
)


def centring_slopes(grad):
    """Gradient at the input of a layer that centres each row, by the complex step."""

    def loss(X):
        return sum((g * (x - x.sum() / x.size)).sum() for g, x in zip(grad, X, strict=True))

    return numerical_gradient(loss, np.zeros_like(grad), method="complex")


centring = Exercise(
    "2.5",
    "code",
    "Centring",
    Function(
        shapes={"grad": "B n"},
        outputs=("dL_dX",),
        expected=centring_slopes,
        mistakes=(
            (lambda grad: grad * 1.0, "this is the direct way; each entry is used in the mean of its row, too"),
            (lambda grad: grad - grad.sum(axis=1, keepdims=True), "each entry goes into the mean with weight 1 / n"),
            (
                lambda grad: -grad.mean(axis=1, keepdims=True) + 0.0 * grad,
                "this is the way through the mean; each entry is used directly, too",
            ),
            (
                lambda grad: grad + grad.mean(axis=1, keepdims=True),
                "the mean is subtracted, and so is what comes back through it",
            ),
            (lambda grad: grad - grad.mean(axis=0), "each row has a mean of its own: mind the axis"),
            (
                lambda grad: grad * (1.0 - 1.0 / grad.shape[1]),
                "only the diagonal of the Jacobian: the mean that an "
                "entry moves is subtracted from all entries of its row",
            ),
        ),
    ),
    hints=(
        "Draw one row: x_j goes to c_j directly, and to the mean, which is copied to every c_i.",
        "The adjoint of copying is summing, the adjoint of summing is copying. Which gradient arrives at the mean?",
        "At the mean of a row arrives minus the sum of its gradients; each entry gets 1 / n of that besides its own.",
    ),
)


def residual_slopes(x, dy):
    """Output of x + tanh(x), and its gradient by the complex step."""
    return np.tanh(x) + x, numerical_gradient(lambda x: dy @ (np.tanh(x) + x), x, method="complex")


block_in_place = Exercise(
    "2.6",
    "diagnose",
    "The output is right, the gradient is not",
    Function(
        shapes={"x": "n", "dy": "n"},
        outputs=("y", "dx"),
        expected=residual_slopes,
        mistakes=(
            (MISTAKES["changed-in-place"].wrong, "this is the function as it was. After y += x, what is in h?"),
            (
                lambda x, dy: (np.tanh(x) + x, dy * (1.0 - np.tanh(x) ** 2)),
                "x is used twice, and the direct way is missing",
            ),
            (
                lambda x, dy: (np.tanh(x) + x, dy + dy * (1.0 - x**2)),
                "the slope of tanh is 1 minus the square of its output; this squares its input",
            ),
            (lambda x, dy: (np.tanh(x) + x, 1.0 * dy), "x is used twice, and the way through tanh is missing"),
            (
                lambda x, dy: (np.tanh(x) + x, 2.0 - np.tanh(x) ** 2),
                "this is the slope; it is multiplied with what arrives, dy",
            ),
        ),
    ),
    hints=(
        "The formula for dx is right. Print what goes into it.",
        "y = h makes no copy: both names stand for the same array.",
        "y += x writes into that array. Let y be a new one, as y = h + x.",
    ),
)


def smooth(x, a):
    """The smoothed signal s_1 ... s_T, from s_0 = 0."""
    s = [0.0]
    for value in x:
        s.append(a * s[-1] + (1.0 - a) * value)
    return np.array(s[1:])


def smoothing_slopes(grad, x, a):
    """Gradients at x and a, by the complex step."""
    return (
        numerical_gradient(lambda x: grad @ smooth(x, a), x, method="complex"),
        numerical_gradient(lambda a: grad @ smooth(x, a), a, method="complex"),
    )


def swept(grad, x, a, *, carry=lambda a: a, share=lambda a: 1.0 - a, kept=1.0, fresh=1.0, shift=0, last_first=True):
    """The backward sweep, from which a part can be left out, or in which one can be another."""
    s, total, dL_dx, dL_da = np.append(0.0, smooth(x, a)), 0.0, np.zeros(len(x)), 0.0
    for t in reversed(range(len(x))) if last_first else range(len(x)):
        total = grad[t] + carry(a) * total
        dL_dx[t] = total * share(a)
        dL_da += total * (kept * s[t + shift] - fresh * x[t])
    return dL_dx, dL_da


smoothing = Exercise(
    "2.7",
    "code",
    "A layer with a memory",
    Function(
        shapes={"grad": "T", "x": "T", "a": ""},
        outputs=("dL_dx", "dL_da"),
        expected=smoothing_slopes,
        mistakes=(
            (
                partial(swept, carry=lambda a: 0.0),
                "every s_t is an output, and it goes into the next step: two gradients come back",
            ),
            (partial(swept, fresh=0.0), "a stands in 1 - a as well"),
            (partial(swept, fresh=-1.0), "a stands in 1 - a with a minus"),
            (partial(swept, kept=0.0), "a is a factor of the s before as well"),
            (partial(swept, shift=1), "a meets the s before, s_{t-1}, and here it meets s_t"),
            (partial(swept, share=lambda a: 1.0), "x_t comes into s_t with the factor 1 - a"),
            (partial(swept, share=lambda a: a), "x_t comes into s_t with the factor 1 - a, and s_{t-1} with a"),
            (partial(swept, carry=lambda a: 1.0), "s_t goes into the next step with the factor a"),
            (partial(swept, last_first=False), "what comes back to s_t has been at s_{t+1} before: begin at the end"),
        ),
        draw={"a": lambda rng, shape: round(float(rng.uniform(0.3, 0.9)), 1)},
    ),
    hints=(
        "Draw two steps. Which values go to two places?",
        "s_t goes to the loss and into step t + 1, with slope a. So walk from the last step to the first.",
        "Carry one number: grad[t] plus a times what was carried. Times 1 - a it belongs to x_t; a gets it times the s "
        "before minus x_t, summed over all steps.",
    ),
)

EXERCISES = (
    worth_zero,
    hinge_on_paper,
    division_gate,
    ways_through_blocks,
    centring,
    block_in_place,
    smoothing,
)
