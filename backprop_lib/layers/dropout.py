"""Dropout: noise that keeps a network from relying on any single unit."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_rows, check_rng, is_real_number
from backprop_lib._stable import masked
from backprop_lib.layers.base import Layer, checked_gradient


class Dropout(Layer):
    """Y = mask * X, entry by entry: in training 0 with probability p, else 1 / (1 - p); in evaluation 1.

    The factor 1 / (1 - p) keeps the expected value of Y at X, so that evaluation has nothing to make up for
    ("inverted" dropout). Srivastava et al. (2014).

    Backward: for the mask that was drawn, Y is linear in X and its Jacobian is diagonal, so dX = mask * dY. What is
    dropped is 0 in both directions, whatever it was: infinity and NaN, too.

    Parameters
    ----------
    p : float
        Probability that an entry is dropped, from 0 up to, not including, 1.
    rng : numpy.random.Generator
        Draws a mask in every forward pass of training.

    Notes
    -----
    A numerical gradient needs one function, and every forward pass in training is another. To check the gradient,
    give the layer the same generator before each pass: ``layer.rng = np.random.default_rng(0)``.

    Examples
    --------
    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer([[1.0, 1.0, 1.0]])
    array([[2., 0., 0.]])
    >>> layer.eval()([[1.0, 1.0, 1.0]])
    array([[1., 1., 1.]])
    """

    def __init__(self, p: float, *, rng: np.random.Generator):
        if not is_real_number(p):
            raise TypeError(f"p: expected a number from 0 up to 1, got {p!r}")
        if not 0.0 <= p < 1.0:
            raise ValueError(f"p: expected 0 <= p < 1, got {p!r}")
        self.p = float(p)
        self.rng = check_rng(rng)
        self._mask: Any = None

    def forward(self, X: ArrayLike) -> Array:
        """Output of X's shape, (B, n) or (B, ..., n)."""
        X = as_rows(X, self)
        dtype = X.real.dtype
        if self.training:
            self._mask = (self.rng.random(X.shape) >= self.p) / dtype.type(1.0 - self.p)
        else:
            self._mask = np.ones(X.shape, dtype)
        return masked(X, self._mask)

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._mask, None, grad_output)
        return masked(grad_output, self._mask) if input_gradient else None

    def __repr__(self):
        return f"Dropout({self.p:g})"
