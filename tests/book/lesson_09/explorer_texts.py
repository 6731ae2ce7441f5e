"""What the interactive figures of lesson 9 must say in some of their states, computed once more."""

import functools

import numpy as np

import backprop_lib as bl

IMAGES = [3, 9, 78, 144, 217, 133]


@functools.cache
def digits():
    """Its data."""
    return bl.load_digits()


def sigmoid_network(rng):
    """Its network."""
    return bl.Sequential(bl.Linear(64, 64, rng=rng), bl.Activation(bl.sigmoid), bl.Linear(64, 10, rng=rng))


def trained(epochs, **options):
    """Its run with rate 3 and seed 0, for so many epochs: network and history."""
    rng = np.random.default_rng(0)
    network = sigmoid_network(rng)
    optimizer, data = bl.SGD(network.parameters(), 3.0), (digits().X_train, digits().y_train)
    validation = digits().X_validation, digits().y_validation
    options |= {"validation": validation, "epochs": epochs, "batch_size": 32, "rng": rng}
    return network, bl.fit(network, bl.SoftmaxCrossEntropy(), optimizer, *data, **options)


@functools.cache
def training_replay(epoch):
    """What a run that ends at this epoch has learned; the six units are those of the run with thirty."""
    network, loss = sigmoid_network(np.random.default_rng(0)), "before training, "
    if epoch:
        network, history = trained(epoch)
        loss = f"training loss {history.loss[-1]:.3f}, "
    logits, labels = network(digits().X_validation), digits().y_validation
    right, read = np.sum(logits.argmax(axis=1) == labels), logits.argmax(axis=1)
    weights = network.layers[0].weight.data[_largest_units()]
    return (
        f"Epoch {epoch}: {loss}validation loss {bl.SoftmaxCrossEntropy().value(logits, labels):.3f}, {right} of 357 "
        f"validation images read right. The six: {', '.join(f'{labels[i]} as {read[i]}' for i in IMAGES)}. "
        f"Largest weight of the six units: {np.abs(weights).max():.2f}."
    )


@functools.cache
def _largest_units():
    squares = np.sum(trained(30)[0].layers[0].weight.data ** 2, axis=1)
    return sorted(range(64), key=lambda unit: -squares[unit])[:6]
