"""What the interactive figures of lesson 3 must say in some of their states, computed once more."""

import numpy as np

import backprop_lib as bl
from tests.book.explorer.written import numbers

x, y = np.array([1.0, 2.0]), np.array([1.0, 0.0])
PARAMETERS = {
    "W1": np.array([[0.5, -0.5], [1.0, 0.25], [-1.0, 0.5]]),
    "b1": np.array([0.5, -0.5, -1.0]),
    "W2": np.array([[1.0, -1.0, 2.0], [0.5, 1.0, -1.0]]),
    "b2": np.array([0.5, -0.5]),
}


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
