"""Exercises of Lesson 1: gradients."""

import numpy as np

from backprop_book.exercises.answers import Choice, Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.guard import Complaint
from backprop_book.exercises.inputs import positive_numbers
from backprop_book.exercises.measured import slopes
from backprop_book.mistakes import MISTAKES
from backprop_lib.descent import gradient_descent
from backprop_lib.numerical import numerical_gradient

X, Y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 4.0])  # the lesson's three points


def line_loss(p, x):
    """The lesson's loss of a line, for any inputs x."""
    return 0.5 * ((p[0] * x + p[1] - Y) ** 2).mean()


def bends(x):
    """Smallest and largest curvature of the line loss: eigenvalues of its measured second derivatives."""
    ways = np.eye(2)
    rise = [[line_loss(a + b, x) - line_loss(a, x) - line_loss(b, x) for b in ways] for a in ways]
    return np.linalg.eigvalsh(np.array(rise) + line_loss(np.zeros(2), x))


def walk_with_ten_times_the_loss():
    """What becomes of the distance to the lowest point, tried out."""
    path = gradient_descent(lambda w: 20.0 * (2.0 * w - 3.0), 0.0, learning_rate=0.1, steps=4)
    start, after, *_ = abs(path - 1.5)
    return "c" if after > start else "a" if np.isclose(after / start, 0.6) else "b"


ten_times_the_loss = Exercise(
    "1.1",
    "predict",
    "Ten times the loss",
    Choice(
        options="abc",
        expected=walk_with_ten_times_the_loss,
        mistakes={
            "a": "the lowest point stays where it is, but the slope on the way there does not stay as it is",
            "b": "each step is ten times as long, and the first one was 0.6 of a way of 1.5",
        },
    ),
    hints=(
        "What happens to the slope at w = 0 when the loss is multiplied by 10? And to the step?",
        "Compute the first step with pen and paper. How far from 1.5 do you stand after it?",
        "The factor of the distance is one minus learning rate times curvature. The curvature has grown tenfold, too.",
    ),
)


def slope_towards_one_one():
    """The slope of 6 w - 8 b along (1, 1), measured over a way of known length."""
    end = np.array([1.0, 1.0]) * 0.5
    return (end @ [6.0, -8.0]) / np.hypot(*end)


slope_in_a_direction = Exercise(
    "1.2",
    "predict",
    "The slope in a direction",
    Quantity(
        expected=slope_towards_one_one,
        mistakes=(
            (-2.0, "(1, 1) is longer than 1, so this is the change for more than one unit of the way"),
            (10.0, "this is the length of the gradient, the slope in its own direction"),
            (-1.0, "divide by the length of (1, 1), which is not 2"),
        ),
    ),
    hints=(
        "The slope in a direction is an inner product. With what?",
        "The formula holds for directions of length 1. How long is (1, 1)?",
        "Divide (1, 1) by its length, and take the inner product with (6, -8).",
    ),
)


def centred_valley():
    """Largest and smallest curvature for x - 2, and the rate at which both shrink alike."""
    smallest, largest = bends(X - 2.0)
    rates = np.linspace(0.0, 2.0, 20_001)
    slowest = np.maximum(abs(1.0 - rates * smallest), abs(1.0 - rates * largest))
    return [largest, smallest, rates[slowest.argmin()]]


mend_the_valley = Exercise(
    "1.3",
    "derive",
    "Mend the valley",
    Quantity(
        expected=centred_valley,
        mistakes=(
            (
                lambda: [*centred_valley()[:2], 2.0],
                "the curvatures are right; at this learning rate the steep direction swings for ever",
            ),
            *(
                (
                    lambda rate=rate: [*centred_valley()[:2], rate],
                    "the curvatures are right; at this rate one direction is done at once, and the other is slow",
                )
                for rate in (1.0, 1.5)
            ),
            ((3.0, 2.0, 0.4), "the loss is the mean over the points, not the sum"),
            (
                lambda: [*bends(X)[::-1], 2.0 / bends(X).sum()],
                "these are for x = (1, 2, 3), as on the page; subtract the mean",
            ),
        ),
    ),
    hints=(
        "Put x = (-1, 0, 1) into the formula for the curvature in a direction. The products of both entries cancel.",
        "What is left is 2/3 of the square of one entry plus the square of the other: largest when, smallest when?",
        "One factor is 1 minus rate times largest curvature, below zero; make it the other with its sign turned.",
    ),
)


def radial(x, c, s):
    """The unit r = 1 / (1 + s q), q the squared distance from x to c."""
    return 1.0 / (1.0 + s * ((x - c) ** 2).sum())


def radial_slopes(x, c, s):
    """All its slopes, measured by the complex step."""
    return slopes(radial, x, c, s)


def u_slopes(x, c, s):
    """Typical: the outer slope, that of 1/u, is left out."""
    return -2.0 * s * (x - c), 2.0 * s * (x - c), -((x - c) ** 2).sum()


radial_unit = Exercise(
    "1.4",
    "derive",
    "A unit that no page derives",
    Function(
        shapes={"x": "n", "c": "n", "s": ""},
        outputs=("dr_dx", "dr_dc", "dr_ds"),
        expected=radial_slopes,
        mistakes=(
            (
                lambda x, c, s: [radial_slopes(x, c, s)[i] for i in (0, 0, 2)],
                "x and c have opposite signs in x - c, and so have their slopes",
            ),
            (u_slopes, "this is the slope of u = 1 + s q with its sign turned; what is that of 1 / u?"),
            (
                lambda x, c, s: [radial(x, c, s) * part for part in u_slopes(x, c, s)],
                "the slope of 1 / u is -1 / u squared; here it is only divided by u",
            ),
        ),
        draw={"s": positive_numbers},
    ),
    hints=(
        "Write r = 1 / u with u = 1 + s q, and take one step after the other.",
        "The slope of 1 / u is -1 / u squared, which is -r squared. What is the slope of u by one x_j?",
        "The slope of u by x_j is 2 s (x_j - c_j), by c_j the opposite, and by s it is q.",
    ),
)


def cosine(u, v):
    """The cosine between two vectors."""
    return u @ v / (np.linalg.norm(u) * np.linalg.norm(v))


def root_of_squares(v):
    """The length of a vector, which may be complex."""
    return np.sqrt((v * v).sum())


def value_and_both_slopes(function, u, v):
    """What a function gives, and its slopes by the complex step."""
    shape = np.shape(function(u, v))
    if shape:
        raise Complaint(f"returned an array of shape {shape}; expected one number")
    if not np.iscomplexobj(function(u + 0j, v)):
        raise Complaint("returned a real number for a complex u, so the imaginary part is lost")
    return function(u, v), *slopes(function, u, v)


def cosine_measured(u, v):
    """The same by central differences."""
    return cosine(u, v), numerical_gradient(lambda u: cosine(u, v), u), numerical_gradient(lambda v: cosine(u, v), v)


safe_for_the_complex_step = Exercise(
    "1.5",
    "code",
    "Safe for the complex step",
    Function(
        shapes={"u": "n", "v": "n"},
        outputs=("value", "slope by u (complex step)", "slope by v (complex step)"),
        expected=cosine_measured,
        mistakes=(
            (
                lambda u, v: u @ v / (root_of_squares(u) * np.linalg.norm(v)),
                "it is mended for u, and not yet for v",
            ),
            *(
                (conjugated, "one factor of a product is conjugated, as np.vdot does; u @ v and u * u are not")
                for conjugated in (
                    lambda u, v: np.vdot(u, v) / (root_of_squares(u) * root_of_squares(v)),
                    lambda u, v: np.vdot(v, u) / (root_of_squares(u) * root_of_squares(v)),
                    lambda u, v: np.vdot(u, v) / np.sqrt(np.vdot(u, u) * np.vdot(v, v)),
                )
            ),
            (cosine, "the values are right, but the lengths lose the imaginary part; do they use a norm, abs, vdot?"),
        ),
        use=value_and_both_slopes,
    ),
    hints=(
        "Which function in the cosine returns something real even for complex arguments?",
        "The lesson shows the form of the norm that keeps the imaginary part. Both norms need it.",
        "The square root of (u * u).sum() takes the place of np.linalg.norm(u).",
    ),
)


def loss_point_by_point(predictions, targets):
    """Half the mean squared error, one sample after the other."""
    errors = [float(p[0]) - float(t) for p, t in zip(predictions, targets, strict=True)]
    return sum(0.5 * error * error for error in errors) / len(errors)


def loss_and_slope(predictions, targets):
    """The same and its measured gradient."""
    P = np.asarray(predictions, dtype=float)
    return loss_point_by_point(P, targets), numerical_gradient(lambda P: loss_point_by_point(P, targets), P)


it_learns_the_mean = Exercise(
    "1.6",
    "diagnose",
    "It learns nothing but the mean",
    Function(
        shapes={"predictions": "B 1", "targets": "B"},
        outputs=("loss", "gradient"),
        expected=loss_and_slope,
        mistakes=(
            (
                MISTAKES["broadcast-target"].wrong,
                "this is the function as it was; which shape has the difference for three samples?",
            ),
            (
                lambda P, y: [len(y) * part for part in loss_and_slope(P, y)],
                "the mistake is found; now it is a sum over the samples, and not their mean",
            ),
            (
                lambda P, y: [part.reshape(part.shape[:1]) for part in map(np.asarray, loss_and_slope(P, y))],
                "the mistake is found; the gradient must have the shape of the predictions, (B, 1)",
            ),
        ),
    ),
    hints=(
        "Call it with three predictions that equal their targets. Which loss do you expect, which do you get?",
        "Print the shape of the difference, for predictions (3, 1) and targets (3,).",
        "Broadcasting compares each prediction with each target. Give the targets the predictions' shape first.",
    ),
)


two_steps_and_done = Exercise(
    "1.7",
    "derive",
    "Two steps, and done",
    Quantity(
        expected=lambda: 1.0 / bends(X),
        mistakes=(
            (lambda: 2.0 / bends(X), "these are the limits, at which a direction swings for ever; you want it done"),
            (lambda: bends(X), "these are the curvatures; which rate finishes a direction at once?"),
            (lambda: (1 / bends(X)[1],) * 2, "one rate twice: the level direction keeps 95% of its way"),
        ),
        in_any_order=True,
    ),
    hints=(
        "A step multiplies what is left along the steepest and along the flattest direction, by different factors.",
        "After two steps the factor of a direction is a product of two. It is enough that one of them is 0.",
        "One rate finishes the largest curvature, the other the smallest. The curvatures are the eigenvalues of the "
        "matrix with the mean of x squared, twice the mean of x, and 1; or sweep finer than by one degree.",
    ),
)

EXERCISES = (
    ten_times_the_loss,
    slope_in_a_direction,
    mend_the_valley,
    radial_unit,
    safe_for_the_complex_step,
    it_learns_the_mean,
    two_steps_and_done,
)
