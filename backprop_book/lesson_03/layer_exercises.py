"""Exercises of Lesson 3, second part: networks and layers that are not the lesson's."""

from functools import partial

import numpy as np

from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.inputs import plain_numbers
from backprop_book.exercises.measured import slopes
from backprop_book.mistakes import MISTAKES
from backprop_lib.activations import sigmoid
from backprop_lib.numerical import numerical_gradient


def tanh_loss(x, y, W1, b1, W2, b2):
    """Half the squared error of a network with tanh after both layers."""
    return 0.5 * ((np.tanh(W2 @ np.tanh(W1 @ x + b1) + b2) - y) ** 2).sum()


def slope_of_tanh(h):
    """By its output."""
    return 1.0 - h**2


def sweep(x, y, W1, b1, W2, b2, *, hidden, last=slope_of_tanh):
    """A backward pass with these two slopes, of which one is wrong."""
    z1 = W1 @ x + b1
    h = np.tanh(z1)
    y_hat = np.tanh(W2 @ h + b2)
    dz2 = (y_hat - y) * last(y_hat)
    dz1 = (W2.T @ dz2) * hidden(z1, h)
    return np.outer(dz1, x), dz1, np.outer(dz2, h), dz2


def gentle(rng, shape):
    """Weights so small that no tanh and no sigmoid is level."""
    return plain_numbers(rng, shape) / 4.0


tanh_twice = Exercise(
    "3.4",
    "code",
    "Tanh in both layers",
    Function(
        shapes={"x": "n", "y": "m", "W1": "h n", "b1": "h", "W2": "m h", "b2": "m"},
        outputs=("dL_dW1", "dL_db1", "dL_dW2", "dL_db2"),
        expected=lambda x, y, *parameters: slopes(partial(tanh_loss, x, y), *parameters),
        mistakes=(
            (
                partial(sweep, hidden=lambda z, h: slope_of_tanh(h), last=np.ones_like),
                "the output has an activation here, and so a slope between y_hat and z2",
            ),
            (partial(sweep, hidden=lambda z, h: h * (1.0 - h)), "h (1 - h) is the slope of the sigmoid"),
            (partial(sweep, hidden=lambda z, h: slope_of_tanh(z)), "the slope is 1 - h squared, with the output h"),
            (partial(sweep, hidden=lambda z, h: 1.0), "the slope of the hidden tanh is missing"),
        ),
        draw={"W1": gentle, "W2": gentle},
    ),
    hints=(
        "Write the shape of each gradient first. Then take the lesson's equations and ask which contain a slope.",
        "There are two activations now, and each multiplies the gradient with its slope, 1 minus its output squared.",
        "Begin with dL_dz2: the error times the slope at y_hat. From there on only h (1 - h) is another.",
    ),
)


relu_backward = Exercise(
    "3.5",
    "diagnose",
    "Nothing below zero",
    Function(
        shapes={"dh": "n", "z": "n"},
        outputs=("dL_dz",),
        expected=lambda dh, z: numerical_gradient(lambda z: dh @ np.maximum(z, 0.0), z),
        mistakes=(
            (MISTAKES["relu-mask"].wrong, "this is the function as it was; where is the slope of ReLU 1?"),
            (
                lambda dh, z: dh * (dh > 0) * (z > 0),
                "half mended: a negative gradient passes, too, where z is positive",
            ),
            (lambda dh, z: 1.0 * (z > 0), "this is the slope; what arrives is multiplied with it"),
            (lambda dh, z: dh * np.maximum(z, 0.0), "this multiplies with ReLU itself and not with its slope"),
        ),
    ),
    hints=(
        "Take one unit with z = 1, so that h = z. Let dh be -3. What is the gradient at z?",
        "Backward multiplies with the slope of the forward function. Of which number is ReLU a function?",
        "The slope is 1 where z was positive and 0 elsewhere, whatever comes back.",
    ),
)


def rebuilding_loss(encoder, decoder, b, c, source, target):
    """Half the squared error of an autoencoder; each use of W and of x is an argument of its own."""
    return 0.5 * ((decoder.T @ sigmoid(encoder @ source + b) + c - target) ** 2).sum()


def rebuilding_slopes(W, b, c, x, *, held=None):
    """Its slopes. A use of W or x that is held still counts for nothing."""
    still = {"encoder": W, "decoder": W, "source": x, "target": x}

    def loss(V, b, c, v):
        uses = {"encoder": V, "decoder": V, "source": v, "target": v}
        if held:
            uses[held] = still[held]
        return rebuilding_loss(b=b, c=c, **uses)

    return slopes(loss, W, b, c, x)


autoencoder = Exercise(
    "3.6",
    "derive",
    "One matrix, used twice",
    Function(
        shapes={"W": "m n", "b": "m", "c": "n", "x": "n"},
        outputs=("dL_dW", "dL_db", "dL_dc", "dL_dx"),
        expected=rebuilding_slopes,
        mistakes=(
            (partial(rebuilding_slopes, held="encoder"), "W is used in the first step, too"),
            (partial(rebuilding_slopes, held="decoder"), "W is used in the second step, too"),
            (partial(rebuilding_slopes, held="target"), "x is the target, too"),
            (partial(rebuilding_slopes, held="source"), "x is the input, too"),
        ),
        draw={"W": gentle},
    ),
    hints=(
        "Call the two uses of W by different names, derive for both, and add. The same for x.",
        "In the second step W[i, k] stands beside h[i] and leads to output k. Which outer product has the shape of W?",
        "The second use gives np.outer(h, y_hat - x). Backward through W.T goes W itself, to h. From there on it is "
        "the lesson's first layer; x gets what comes back through it, minus y_hat - x.",
    ),
)


def settled(W, x):
    """Where h = tanh(W h + x) comes to rest."""
    h = 0.0 * x
    for _ in range(200):
        h = np.tanh(W @ h + x)
    return h


def coming_to_rest(rng, shape):
    """Weights with which h settles: less than 0.8 in each row together."""
    return rng.uniform(0.4, 0.8, size=shape).round(2) * rng.choice([-1.0, 1.0], size=shape) / shape[0]


def arriving(dL_dh, W, x, *, back):
    """Gradients where a step back is made wrongly: t = slope * dL_dh + back(W, slope) t."""
    h = settled(W, x)
    slope = slope_of_tanh(h)
    total = np.linalg.solve(np.eye(len(x)) - back(W, slope[:, None]), slope * dL_dh)
    return np.outer(total, h), total


endless = Exercise(
    "3.7",
    "code",
    "A network without an end",
    Function(
        shapes={"dL_dh": "n", "W": "n n", "x": "n"},
        outputs=("dL_dW", "dL_dx"),
        expected=lambda dL_dh, W, x: slopes(lambda W, x: dL_dh @ settled(W, x), W, x),
        mistakes=(
            (
                partial(arriving, back=lambda W, slope: 0.0 * W),
                "this comes back from the last layer alone; W and x are used in every layer",
            ),
            (partial(arriving, back=lambda W, slope: slope * W), "W is square, so a forgotten transpose fits"),
            (partial(arriving, back=lambda W, slope: W.T), "each layer has a tanh, and each multiplies with its slope"),
        ),
        draw={"W": coming_to_rest, "x": gentle},
    ),
    hints=(
        "Near the end all layers have the same h, so the same slope. Write delta of the last layer, then BP2.",
        "W and x are used in every layer: what they get adds up. All layers have the same h, so add the deltas first.",
        "Go back with two arrays, the delta of the layer you are at and the sum of all deltas so far, until the delta "
        "has died away. The sum then stands where BP3 and BP4 have one delta.",
    ),
)

EXERCISES = (tanh_twice, relu_backward, autoencoder, endless)
