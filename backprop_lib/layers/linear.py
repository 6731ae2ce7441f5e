"""The fully connected layer."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop_lib._arrays import Array, ArrayLike, as_batch, check_callable, check_count, check_rng
from backprop_lib.initializers import xavier_uniform
from backprop_lib.layers.base import Layer, Parameter, checked_dtype, checked_gradient


class Linear(Layer):
    """Z = X W^T + b for a batch of rows X (B, in_features).

    Backward: dW = dZ^T X, db = the column sums of dZ, dX = dZ W: the book's equations eq-batch-dw, eq-batch-db and
    eq-batch-dx. Row by row they are eq-dw2, eq-db2 and eq-dh, added up over the batch.

    Parameters
    ----------
    in_features, out_features : int
        Lengths of a row of X and of Z.
    rng : numpy.random.Generator
        For the initializer.
    initializer : callable
        Called as ``initializer((out_features, in_features), rng=rng)``. The bias starts at zero.
    dtype : numpy dtype
        Of the parameters, a floating one.

    Attributes
    ----------
    weight : Parameter (out_features, in_features)
        The matrix W.
    bias : Parameter (out_features,)
        The vector b.

    Examples
    --------
    >>> layer = Linear(2, 1, rng=np.random.default_rng(0))
    >>> layer.weight.data[:] = [[3.0, -1.0]]
    >>> layer([[1.0, 2.0], [0.0, 1.0]])
    array([[ 1.],
           [-1.]])
    >>> layer.backward([[1.0], [1.0]])
    array([[ 3., -1.],
           [ 3., -1.]])
    >>> layer.weight.grad
    array([[1., 3.]])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator,
        initializer: Callable[..., ArrayLike] = xavier_uniform,
        dtype: DTypeLike = np.float64,
    ):
        check_rng(rng)
        shape = check_count(out_features, "out_features"), check_count(in_features, "in_features")
        dtype = checked_dtype(dtype)
        weight = check_callable(initializer, "initializer")(shape, rng=rng)
        if np.shape(weight) != shape:
            raise ValueError(f"initializer: expected an array of shape {shape}, got shape {np.shape(weight)}")
        self.weight = Parameter(np.array(weight, dtype))
        self.bias = Parameter(np.zeros(out_features, dtype))
        self._X: Any = None

    def forward(self, X: ArrayLike) -> Array:
        """Output (B, out_features) for X (B, in_features)."""
        weight = self.weight.data
        X = as_batch(X, self, weight.shape[1])
        self._X = X
        return _add_to_rows(X @ weight.T, self.bias.data)  # (B, n) @ (n, m) + (m,) -> (B, m)

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._X, (self.weight.data.shape[0],), grad_output)
        self.weight.accumulate(np.matmul, grad_output.T, self._X)  # (m, B) @ (B, n) -> (m, n)
        # Every row used the same b, so its gradients add up; as a product with ones the sum is fastest.
        ones = np.ones(len(grad_output), grad_output.dtype)
        self.bias.accumulate(np.matmul, ones, grad_output)  # (B,) @ (B, m) -> (m,)
        return grad_output @ self.weight.data if input_gradient else None  # (B, m) @ (m, n) -> (B, n)

    def parameters(self) -> list[Parameter]:
        """[weight, bias]."""
        return [self.weight, self.bias]

    def __repr__(self):
        out_features, in_features = self.weight.data.shape
        return f"Linear({in_features}, {out_features})"


def _add_to_rows(Z, b):
    """Z + b, in Z's own memory unless b has another dtype: in the complex step b alone may be complex."""
    if b.dtype != Z.dtype:
        return Z + b
    Z += b
    return Z
