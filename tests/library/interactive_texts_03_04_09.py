"""What the interactive figures of lessons 3, 4 and 9 must say in some of their states, computed once more.

Where the figures go backward through layers, here stand numerical gradients; where they keep a training's parameters,
a training that ends at that epoch.
"""

import functools

import numpy as np

import backprop_lib as bl

# Lesson 3: its network

x, y = np.array([1.0, 2.0]), np.array([1.0, 0.0])
PARAMETERS = {
    "W1": np.array([[0.5, -0.5], [1.0, 0.25], [-1.0, 0.5]]),
    "b1": np.array([0.5, -0.5, -1.0]),
    "W2": np.array([[1.0, -1.0, 2.0], [0.5, 1.0, -1.0]]),
    "b2": np.array([0.5, -0.5]),
}


def numbers(array, digits=3):
    """Rounded numbers in brackets."""
    array = np.asarray(array)
    if array.ndim == 0:
        return f"{round(float(array), digits) + 0.0:g}"
    return f"[{', '.join(numbers(row, digits) for row in array)}]"


def _loss(W1, b1, W2, b2):
    return _loss_from_h(bl.sigmoid(W1 @ x + b1), W2, b2)


def _loss_from_h(h, W2=PARAMETERS["W2"], b2=PARAMETERS["b2"]):
    return 0.5 * np.sum((W2 @ h + b2 - y) ** 2)


def _measured(name):
    return bl.numerical_gradient(lambda value: _loss(**{**PARAMETERS, name: value}), PARAMETERS[name], method="complex")


def derivation(step):
    """Nine of the twelve steps: what each computes, from NumPy going forward, by complex steps going back."""
    z1 = PARAMETERS["W1"] @ x + PARAMETERS["b1"]
    h = bl.sigmoid(z1)
    return {
        1: f"Step 1, forward: x, the input. Shapes: (2,). Numbers: {numbers(x)}.",
        2: f"Step 2, forward: z₁ = W₁ x + b₁. Shapes: (3, 2) @ (2,) + (3,) → (3,). Numbers: {numbers(z1)}.",
        3: f"Step 3, forward: h = σ(z₁). Shapes: (3,) → (3,). Numbers: {numbers(h)}.",
        5: f"Step 5, forward: L = ½ Σ (ŷ − y)². Shapes: (2,) − (2,) → (). Numbers: {numbers(_loss(**PARAMETERS))}.",
        7: "Step 7, backward: ∂L/∂W₂ = ∂L/∂z₂ hᵀ. Shapes: (2,) and (3,) → (2, 3). "
        f"Numbers: {numbers(_measured('W2'))}.",
        8: f"Step 8, backward: ∂L/∂b₂ = ∂L/∂z₂. Shapes: (2,) → (2,). Numbers: {numbers(_measured('b2'))}.",
        9: "Step 9, backward: ∂L/∂h = W₂ᵀ ∂L/∂z₂. Shapes: (3, 2) @ (2,) → (3,). "
        f"Numbers: {numbers(bl.numerical_gradient(_loss_from_h, h, method='complex'))}.",
        11: "Step 11, backward: ∂L/∂W₁ = ∂L/∂z₁ xᵀ. Shapes: (3,) and (2,) → (3, 2). "
        f"Numbers: {numbers(_measured('W1'))}.",
        12: f"Step 12, backward: ∂L/∂b₁ = ∂L/∂z₁. Shapes: (3,) → (3,). Numbers: {numbers(_measured('b1'))}.",
    }[step]


# Lesson 4: its batch

X = np.array([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0], [-1.0, 0.0]])
DL_DZ = np.array([[4.0, 0.0, -4.0], [0.0, 4.0, 0.0], [-4.0, 4.0, 0.0], [8.0, 0.0, 4.0]]) / 4.0


def growing_batch(samples):
    """The gradient for the first samples, by a layer; and what a loop counts."""
    layer = bl.Linear(2, 3, rng=np.random.default_rng(0))
    layer.forward(X[:samples])
    layer.backward(DL_DZ[:samples])
    gradient = numbers(layer.weight.grad)
    multiplications = sum(1 for _ in np.ndindex(samples, 3, 2))
    apart = sum(
        row.size + delta.size + np.outer(delta, row).size for row, delta in zip(X[:samples], DL_DZ, strict=False)
    )
    at_once = X[:samples].size + DL_DZ[:samples].size + layer.weight.grad.size
    words = "1 sample" if samples == 1 else f"{samples} samples"
    return (
        f"With {words}, by a loop: {multiplications} multiplications, {apart} numbers moved, the sum is {gradient}; "
        f"by one product: {multiplications} multiplications, {at_once} numbers moved, the result is {gradient}."
    )


# Lesson 9: its first run

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
