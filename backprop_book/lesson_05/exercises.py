"""Exercises of Lesson 5: vanishing and exploding gradients."""

import numpy as np

from backprop_book.exercises.answers import EXACT, Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.lesson_05.layer_exercises import highway_layer, one_image_at_a_time
from backprop_lib.activations import sigmoid
from backprop_lib.numerical import numerical_gradient

# A standard normal variable: its values, none of them at a kink at 0, and their shares.
U = np.linspace(-10.0, 10.0, 1000)
SHARE = np.exp(-(U**2) / 2) / np.sum(np.exp(-(U**2) / 2))


def mean(values):
    """Mean of a function of the normal variable, given at U."""
    return np.sum(SHARE * values)


def slopes_at_the_ends(scale, depth=50, n=16):
    """Measured slopes of a ReLU network's output along a way for h_0, for the first and for the last weights."""
    rng = np.random.default_rng(0)
    weights = scale * np.sqrt(2.0 / n) * rng.normal(size=(depth, n, n))
    x, way, (first, last) = rng.normal(size=n), rng.normal(size=n), rng.normal(size=(2, n, n))

    def output(moved):
        h = x + moved[0] * way
        for W in [weights[0] + moved[1] * first, *weights[1:-1], weights[-1] + moved[2] * last]:
            h = np.maximum(W @ h, 0.0)
        return h.sum()

    return numerical_gradient(output, np.zeros(3))


def powers_of_two():
    """How often the gradients double when all weights do, tried out."""
    return np.log2(slopes_at_the_ends(2.0) / slopes_at_the_ends(1.0)).round(3)


weights_twice_as_large = Exercise(
    "5.1",
    "predict",
    "All weights twice as large",
    Quantity(
        expected=powers_of_two,
        mistakes=(
            *(
                ((50, first, last), "the gradient of W_50 holds h_49, which 49 layers have doubled")
                for first in (49, 50)
                for last in (0, 1)
            ),
            *(
                ((50, *exponents), "on the way to a layer's own weights, how many other layers are passed?")
                for exponents in ((50, 50), (50, 49))
            ),
            ((49, 49, 49), "h_0 lies before W_1: on the way back to it the gradient goes through W_1, too"),
            (
                (50, 49, 50),
                "the gradient of W_50 holds h_49, which has not come through W_50 yet",
            ),
            (lambda: 2.0 ** np.array([50, 49, 49]), "these are the factors; answer with their exponents"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "A ReLU passes a factor of 2 on as it is. What happens to h_1, h_2 and h_50 on the way forward?",
        "The gradient at z of layer k comes through the layers behind it, k + 1 to 50: 50 - k doublings.",
        "The weight's gradient is that times the layer's input, which has doubled in layers 1 to k - 1.",
    ),
)


def leaky_variances(a, n, m):
    """The variances that keep signal and gradient, from mean squares of value and slope by quadrature."""
    value, slope = np.where(U > 0, U, a * U), np.where(U > 0, 1.0, a)
    return 1.0 / (n * mean(value**2)), 1.0 / (m * mean(slope**2))


leaky_relu = Exercise(
    "5.2",
    "derive",
    "He for a leak",
    Function(
        shapes={"a": "", "n": "", "m": ""},
        outputs=("forward", "backward"),
        expected=leaky_variances,
        mistakes=(
            (
                lambda a, n, m: [leaky_variances(a, n, m)[0]] * 2,
                "a signal is a sum over the n inputs; over how many does the gradient sum on its way back?",
            ),
            (lambda a, n, m: leaky_variances(a, m, n), "fan_in and fan_out are exchanged"),
            (lambda a, n, m: leaky_variances(0.0, n, m), "this is He's, for a = 0"),
            (
                lambda a, n, m: leaky_variances(a, 1, 1),
                "this is the variance times n, or times m: each sum has so many terms",
            ),
            (
                lambda a, n, m: [part**0.5 for part in leaky_variances(a, n, m)],
                "these are standard deviations; asked for are the variances",
            ),
            (
                lambda a, n, m: [4.0 / (1.0 + a) ** 2 / fan for fan in (n, m)],
                "the mean of a square is not the square of the mean",
            ),
            (
                lambda a, n, m: [2.0 / (1.0 - a**2) / fan for fan in (n, m)],
                "a square is positive, on the side of the leak, too",
            ),
            (
                lambda a, n, m: [4.0 / (1.0 + a**2) / (n + m)] * 2,
                "this is a compromise between the two, as Xavier's; each is asked for by itself",
            ),
            (
                lambda a, n, m: [part / 2.0 for part in leaky_variances(a, n, m)],
                "each side of 0 has only half of the mean square",
            ),
            (
                lambda a, n, m: leaky_variances(a**0.5, n, m),
                "it is mean squares that are kept, and the leak's share in them is a squared",
            ),
        ),
        draw={"a": lambda rng, shape: round(float(rng.uniform(0.1, 0.9)), 2)}
        | dict.fromkeys("nm", lambda rng, shape: int(rng.integers(20, 100))),
    ),
    hints=(
        "Split the mean of the squared value in two: where z is positive, and where it is negative.",
        "Each side has half of the mean of z squared. The negative one is multiplied by a squared.",
        "So half became (1 + a squared) / 2, for values and for slopes. Its product with n v, or m v, must be 1.",
    ),
)


def sigmoid_factor(gain):
    """What a sigmoid layer deep in a network makes of the gradient's mean square."""
    signal = 1.0
    for _ in range(20):
        signal = mean(sigmoid(np.sqrt(gain * signal) * U) ** 2)
    return gain * mean(sigmoid.derivative(np.sqrt(gain * signal) * U) ** 2)


def gain_of_one():
    """Where that factor is 1, read from a table."""
    gains = np.linspace(50.0, 150.0, 101)
    return np.interp(1.0, [sigmoid_factor(gain) for gain in gains], gains)


variance_for_the_sigmoid = Exercise(
    "5.3",
    "code",
    "A variance for the sigmoid",
    Quantity(
        expected=gain_of_one,
        mistakes=(
            (16.0, "the slope is 1/4 at z = 0 only, and weights as large as these lead away from there"),
            (4.0, "the slope is 1/4 at z = 0 only, and weights as large as these lead away from there"),
            (36 * np.pi, "a good estimate by pencil, for the limit of large q; the halving gives three digits"),
            (1.0, "as the figure shows, no usual variance keeps the gradient; far larger ones are asked for"),
        ),
    ),
    hints=(
        "predict(bl.sigmoid, gain) gives the mean squares of signal and gradient at every layer, and gain is n v.",
        "Take the quotient of two neighbours somewhere in the middle, as gradient[10] / gradient[11].",
        "At a gain of 1 the quotient is far below 1, at 1000 it is above. Halve that interval thirty times.",
    ),
)


def shifted_relu():
    """The shift at which the mean is 0, searched, and the factor that the mean square then needs."""
    low, high = 0.0, 0.5
    for _ in range(40):
        shift = (low + high) / 2
        mean_value = mean(np.maximum(U, 0.0) - shift)
        low, high = (shift, high) if mean_value > 0 else (low, shift)
    return [low, mean((np.maximum(U, 0.0) - low) ** 2) ** -0.5]


SHIFT, SCALE = shifted_relu()

images_that_stay_apart = Exercise(
    "5.4",
    "derive",
    "Images that stay apart",
    Quantity(
        expected=shifted_relu,
        mistakes=(
            ((SHIFT, 2.0**0.5), "c is right; the shift takes away from the mean square, which is no longer 1/2"),
            ((SHIFT, SCALE**2), "c is right; it is the mean square that is multiplied by s squared"),
            ((1 / np.pi, 2.0**0.5), "1/pi is the cosine: the squared mean over the mean square"),
            ((0.5, 2.0), "1/2 is ReLU's mean square; the mean itself is wanted"),
        ),
    ),
    hints=(
        "For independent u and u', the mean of a product is the product of the means. When is it 0?",
        "The page gives the squared mean of ReLU(u) over its mean square, 1/pi, and the mean square itself, 1/2.",
        "So c is the root of 1 / (2 pi). The mean of (ReLU(u) - c) squared is 1/2 minus c squared; s makes 1 of it.",
    ),
)


def narrowest(depth=100, wanted=0.5):
    """Smallest width at which the norm strays no more, from the mean squares of one unit."""
    active = np.maximum(U, 0.0)
    per_unit = 4.0 * (mean(active**4) - mean(active**2) ** 2)
    widths = np.arange(1, 3000)
    return widths[0.5 * np.sqrt(depth * per_unit / widths) <= wanted * (1.0 + 1e-9)][0]


wide_enough = Exercise(
    "5.6",
    "derive",
    "How wide is wide enough?",
    Quantity(
        expected=narrowest,
        mistakes=(
            (2000, "the page speaks of the squared norm; the logarithm of the norm is half of that"),
            (1000, "the standard deviation is to be 1/2, not the variance of the squared norm's logarithm"),
            (250, "the drift is 5/2, the variance is 5"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "ln |g| is half of ln |g| squared. So what may the standard deviation of the latter be?",
        "It may be 1, and then so may the variance.",
        "5 K / n = 1, with K = 100.",
    ),
)


EXERCISES = (
    weights_twice_as_large,
    leaky_relu,
    variance_for_the_sigmoid,
    images_that_stay_apart,
    one_image_at_a_time,
    wide_enough,
    highway_layer,
)
