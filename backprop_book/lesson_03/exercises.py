"""Exercises of Lesson 3: the derivation."""

import numpy as np

from backprop_book.exercises.answers import EXACT, Choice, Quantity
from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.measured import Counted, slopes
from backprop_book.lesson_03 import layer_exercises as layers
from backprop_lib.activations import sigmoid

# The lesson's network.
X, Y = np.array([1.0, 2.0]), np.array([1.0, 0.0])
W1, B1 = np.array([[0.5, -0.5], [1.0, 0.25], [-1.0, 0.5]]), np.array([0.5, -0.5, -1.0])
W2, B2 = np.array([[1.0, -1.0, 2.0], [0.5, 1.0, -1.0]]), np.array([0.5, -0.5])


def lesson_loss(W1, b1, W2, b2):
    """Loss of the lesson's network."""
    return 0.5 * ((W2 @ sigmoid(W1 @ X + b1) + b2 - Y) ** 2).sum()


def two_steps_from_zero():
    """Which parameters move in two steps from W2 = 0, measured."""
    parameters, moved = (W1, B1, np.zeros_like(W2), B2), []
    for _ in range(2):
        gradients = slopes(lesson_loss, *parameters)
        moved.append([abs(gradient).max() > 1e-9 for gradient in gradients])
        parameters = tuple(at - 0.1 * gradient for at, gradient in zip(parameters, gradients, strict=True))
    first, second = moved
    if all(first) == any(first):
        return "d" if any(first) else "a"
    return "b" if all(second) else "c"


zero_weights = Exercise(
    "3.1",
    "predict",
    "Weights that are zero",
    Choice(
        options="abcd",
        expected=two_steps_from_zero,
        mistakes={
            "a": "a weight's gradient is the gradient at its head times the value at its tail; is either of them 0?",
            "c": "true for the first step; but is W2 still 0 after it?",
            "d": "on its way to the first layer the gradient goes through W2",
        },
    ),
    hints=(
        "Go through the equations in order with W2 = 0, and note for each gradient whether it is 0.",
        "The gradient of W2 does not contain W2. The gradient at h does.",
        "So the second layer moves and the first does not. Now take the second step, with the W2 that you have then.",
    ),
)


def products_counted(n_inputs=64, n_hidden=16, n_outputs=10):
    """Multiplications of a forward and of a backward pass, counted as they happen."""
    number = Counted()
    x, W1, W2 = number.array(n_inputs), number.array(n_hidden, n_inputs), number.array(n_outputs, n_hidden)
    h = W1 @ x
    y_hat = W2 @ h
    forward = number.products
    np.outer(y_hat, h)
    np.outer((W2.T @ y_hat) * (h * (1.0 - h)), x)
    return [forward, number.products - forward]


twice_the_price = Exercise(
    "3.2",
    "derive",
    "Always twice the price?",
    Quantity(
        expected=products_counted,
        mistakes=(
            ((1184, 2368), "not twice: there is a layer that passes nothing on"),
            ((1184, 2400), "the first layer has nobody to pass a gradient on to"),
            ((1184, 1344), "the activation's slope costs something, too"),
            ((1184, 1360), "one product makes h (1 - h), and another multiplies with it"),
            ((1184, 1216), "the second layer passes the gradient on, and makes that of its weights"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "Forward, each weight is used once. How many weights are there in each layer?",
        "Backward, the second layer costs twice its weights. And the first, which passes nothing on?",
        "It costs its weights once. Two more for each hidden unit: to make h (1 - h), and to multiply with it.",
    ),
)


def with_a_mistake_at(line):
    """The lesson's backward pass, with one line wrong."""

    def result(name, value):
        return 1.5 * value if name == line else value

    h = sigmoid(W1 @ X + B1)
    dL_dz2 = result("dL_dz2", W2 @ h + B2 - Y)
    dL_dW2 = result("dL_dW2", np.outer(dL_dz2, h))
    dL_dh = result("dL_dh", W2.T @ dL_dz2)
    dL_dz1 = result("dL_dz1", dL_dh * h * (1.0 - h))
    dL_dW1 = result("dL_dW1", np.outer(dL_dz1, X))
    return dL_dW1, dL_dz1, dL_dW2, dL_dz2


def failing_checks():
    """For each line, how many of the four gradients a mistake in it makes wrong, tried out."""
    right = slopes(lesson_loss, W1, B1, W2, B2)
    lines = ("dL_dz2", "dL_dW2", "dL_dh", "dL_dz1", "dL_dW1")
    return [4 - sum(map(np.allclose, with_a_mistake_at(line), right)) for line in lines]


reach_of_a_mistake = Exercise(
    "3.3",
    "predict",
    "How far a mistake reaches",
    Quantity(
        expected=failing_checks,
        mistakes=(
            ((1, 1, 1, 1, 1), "a wrong result goes on into every line that uses it"),
            ((2, 1, 2, 2, 1), "the error goes on from dL_dz2 to the first layer, too"),
            ((4, 3, 2, 2, 1), "which later line uses dL_dW2?"),
            ((4, 1, 2, 1, 1), "dL_dz1 is used for W1, and it is also a gradient by itself"),
        ),
        tolerance=EXACT,
    ),
    hints=(
        "For each line ask: which later lines use its result?",
        "Nothing uses the gradient of a weight matrix. What is used is what the error is passed on by.",
        "dL_dz2 reaches everything. From dL_dh on only the first layer is left: how many parameters has it?",
    ),
)


EXERCISES = (zero_weights, twice_the_price, reach_of_a_mistake, *layers.EXERCISES)
