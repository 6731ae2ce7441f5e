"""What the interactive figures of lesson 4 must say in some of their states, computed once more."""

import numpy as np

import backprop_lib as bl
from tests.book.explorer.written import numbers

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
