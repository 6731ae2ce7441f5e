"""The fully connected layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop_lib._checks import Array, ArrayLike, as_rows, check_callable, check_count, check_flag, check_rng
from backprop_lib.initializers import xavier_uniform
from backprop_lib.layers.base import Layer, checked_dtype, checked_gradient, rows
from backprop_lib.layers.parameter import Parameter


class Linear(Layer):
    """Z = X W^T + b for a batch of rows X (B, in_features), or of sequences of rows (B, ..., in_features).

    Backward: dW = dZ^T X, db = the column sums of dZ, dX = dZ W: the book's equations eq-batch-dw, eq-batch-db and
    eq-batch-dx. Row by row they are eq-dw2, eq-db2 and eq-dh, added up over all rows.

    Two layers may share a weight, ``second.weight = first.weight``: their gradients add up.

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
    bias : bool
        False leaves b out, for a layer before one with a bias of its own, as BatchNorm.

    Attributes
    ----------
    weight : Parameter (out_features, in_features)
        The matrix W.
    bias : Parameter (out_features,), or None
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
        bias: bool = True,
    ):
        check_rng(rng)
        shape = check_count(out_features, "out_features"), check_count(in_features, "in_features")
        dtype = checked_dtype(dtype)
        weight = check_callable(initializer, "initializer")(shape, rng=rng)
        if np.shape(weight) != shape:
            raise ValueError(f"initializer: expected an array of shape {shape}, got shape {np.shape(weight)}")
        self.weight = Parameter(np.array(weight, dtype))
        self.bias = Parameter(np.zeros(out_features, dtype)) if check_flag(bias, "bias") else None
        self._X: Any = None

    def forward(self, X: ArrayLike) -> Array:
        """Output (B, out_features) for X (B, in_features), or (B, ..., out_features) for (B, ..., in_features)."""
        weight = self.weight.data
        self._X = as_rows(X, self, weight.shape[1], weight.dtype)
        Z = rows(self._X) @ weight.T  # (B, n) @ (n, m) -> (B, m)
        if self.bias is not None:
            Z = _add_to_rows(Z, self.bias.data)
        return Z if self._X.ndim == 2 else Z.reshape(*self._X.shape[:-1], -1)

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_Z = rows(checked_gradient(self, self._X, self.weight.data.shape[0], grad_output))
        self.weight.add_gradient(grad_Z.T @ rows(self._X))  # (m, B) @ (B, n) -> (m, n)
        if self.bias is not None:
            self.bias.add_gradient(grad_Z.sum(axis=0))  # every row used the same b: (B, m) -> (m,)
        if not input_gradient:
            return None
        grad_X = grad_Z @ self.weight.data  # (B, m) @ (m, n) -> (B, n)
        return grad_X if self._X.ndim == 2 else grad_X.reshape(self._X.shape)

    def parameters(self) -> list[Parameter]:
        """[weight, bias], or [weight]."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]

    def __repr__(self):
        out_features, in_features = self.weight.data.shape
        return f"Linear({in_features}, {out_features})"


def _add_to_rows(Z, b):
    """Z + b, in Z's own memory unless b has another dtype: in the complex step b alone may be complex."""
    if b.dtype != Z.dtype:
        return Z + b
    Z += b
    return Z
