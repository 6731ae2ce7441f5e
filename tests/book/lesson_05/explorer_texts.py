"""What the interactive figures of lesson 5 must say in some of their states, computed once more."""

import functools

import numpy as np

from backprop_lib import Activation, Linear, Sequential, relu, sigmoid, tanh

FUNCTIONS = {"sigmoid": sigmoid, "tanh": tanh, "ReLU": relu}
GAINS = {"v = 1/n (Xavier)": 1.0, "v = 2/n (He)": 2.0, "v = 4/n": 4.0}
WIDTH, NETWORKS, DEEPEST = 64, 20, 50


@functools.cache
def standard():
    """Weights of variance 1 by layer and network, as the lesson draws them."""
    shape = (DEEPEST, NETWORKS, WIDTH, WIDTH)
    return np.random.default_rng(2).standard_normal(shape, dtype=np.float32)


def predicted(activation, gain, depth):
    """Mean squares of the gradient at the input and of the signal at the last layer."""
    if activation == "ReLU":
        return (gain / 2.0) ** depth, (gain / 2.0) ** depth
    function = FUNCTIONS[activation]
    points, weights = np.polynomial.hermite_e.hermegauss(100)
    signal, gradient = 1.0, 1.0
    for _ in range(depth):
        z = np.sqrt(gain * signal) * points
        signal = weights @ function(z) ** 2 / weights.sum()
        gradient *= gain * (weights @ function.derivative(z) ** 2) / weights.sum()
    return gradient, signal


def measured(activation, gain, depth):
    """The medians of networks, by the package's layers."""
    inputs, arriving = np.random.default_rng(1).normal(size=(2, NETWORKS, 1, WIDTH))
    gradients, signals = [], []
    for k, (x, g) in enumerate(zip(inputs, arriving, strict=True)):
        network = Sequential(*layers(FUNCTIONS[activation], gain, standard()[:depth, k]))
        signals.append(np.mean(network.forward(x) ** 2))
        gradients.append(np.mean(network.backward(g) ** 2))
    return np.median(gradients), np.median(signals)


def layers(function, gain, weights):
    """Yield a Linear and an Activation for each matrix."""
    for matrix in weights:
        linear = Linear(WIDTH, WIDTH, rng=np.random.default_rng(0))
        linear.weight.data, linear.bias.data = np.sqrt(gain / WIDTH) * matrix, np.zeros(WIDTH)
        yield linear
        yield Activation(function)


def size(value):
    """A power of ten; near 1, one digit."""
    digit, exponent = f"{value:.0e}".split("e")
    nearest = round(float(np.log10(value)))
    if -2 < nearest < 2:
        return f"about {round(int(digit) * 10.0 ** int(exponent), 3):g}"
    return f"about 10^{nearest}"


@functools.cache
def depth(activation, initialisation, layers):
    """The text of a state."""
    state = activation, GAINS[initialisation], layers
    gradient, signal = (
        f"predicted {size(one)}, measured {size(other)}"
        for one, other in zip(predicted(*state), measured(*state), strict=True)
    )
    return (
        f"{activation}, {initialisation}, {layers} layers. Mean square of the gradient at the input: {gradient}; "
        f"of the signal at the last layer: {signal}."
    )
