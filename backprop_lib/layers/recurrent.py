"""Layers that read a sequence step by step: the same weights at every time, and a state h_t that is handed on.

Backward runs against time (backpropagation through time, Werbos 1990). The state h_t is used twice, as the output at
time t and in the step to h_{t+1}, so its gradient is the sum of both. Only this sum needs a loop. The weights are used
at every time, so their gradients add up over it: with all B T rows under one another that is one matrix product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop_lib._checks import Array, ArrayLike, as_rows, check_count, check_rng
from backprop_lib.activations import sigmoid
from backprop_lib.initializers import orthogonal, xavier_uniform
from backprop_lib.layers.base import Layer, checked_dtype, checked_gradient, rows
from backprop_lib.layers.parameter import Parameter


class _Recurrence(Layer):
    """What the layers below share: weights with a block of hidden_features rows for each gate, and their gradients."""

    hidden_gradients: Array | None
    _X: Any  # what forward keeps for backward
    _H: Any

    def __init__(self, in_features, hidden_features, blocks, rng, dtype):
        check_rng(rng)
        self.in_features = check_count(in_features, "in_features")
        self.hidden_features = check_count(hidden_features, "hidden_features")
        dtype = checked_dtype(dtype)

        def stacked(initializer, columns):
            parts = [initializer((self.hidden_features, columns), rng=rng) for _ in range(blocks)]
            return Parameter(np.concatenate(parts).astype(dtype))

        self.weight_x = stacked(xavier_uniform, self.in_features)
        self.weight_h = stacked(orthogonal, self.hidden_features)
        self.hidden_gradients = None
        self._X = self._H = None

    def _checked(self, X: ArrayLike) -> Array:
        X = as_rows(X, self, self.in_features, self.weight_x.data.dtype)
        if X.ndim != 3:
            raise ValueError(f"{self!r}: expected sequences of shape (B, T, {self.in_features}), got shape {X.shape}")
        return X

    def _add_weight_gradients(self, grad_A_x, grad_A_h):
        """Add dW_x = sum_t dA_t^T X_t and dW_h = sum_t dA_t^T H_{t-1}; dA are the gradients before the activation."""
        self.weight_x.add_gradient(rows(grad_A_x).T @ rows(self._X))  # (m, B T) @ (B T, n) -> (m, n)
        self.weight_h.add_gradient(rows(grad_A_h).T @ rows(_previous_states(self._H)))

    def __repr__(self):
        return f"{type(self).__name__}({self.in_features}, {self.hidden_features})"


class Recurrent(_Recurrence):
    """h_t = tanh(W_x x_t + W_h h_{t-1} + b) with h_0 = 0, for sequences X (B, T, in_features). Elman (1990).

    Backward, from t = T down to 1, with a_t for what tanh is taken of and dH for the gradient of the output::

        dh_t = dH_t + W_h^T da_{t+1}
        da_t = dh_t (1 - h_t^2)
        dx_t = W_x^T da_t

    and dW_x = sum_t da_t x_t^T, dW_h = sum_t da_t h_{t-1}^T, db = sum_t da_t, each added up over the batch too.

    Parameters
    ----------
    in_features, hidden_features : int
        Lengths of x_t and of h_t.
    rng : numpy.random.Generator
        Draws the weights.
    dtype : numpy dtype
        Of the parameters, a floating one.

    Attributes
    ----------
    weight_x : Parameter (hidden_features, in_features)
        `xavier_uniform` at first; ``weight_ih_l0`` in ``torch.nn.RNN``.
    weight_h : Parameter (hidden_features, hidden_features)
        `orthogonal` at first; ``weight_hh_l0``.
    bias : Parameter (hidden_features,)
        Zero at first; the sum of ``bias_ih_l0`` and ``bias_hh_l0``, which act only together.
    hidden_gradients : array (B, T, hidden_features), or None before the first ``backward``
        The dh_t of the last ``backward``: each state's gradient, by all that follows from it. How it fades backward
        in time: ``np.linalg.norm(layer.hidden_gradients, axis=(0, 2))``.

    Examples
    --------
    >>> layer = Recurrent(3, 4, rng=np.random.default_rng(0))
    >>> layer(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(
        self, in_features: int, hidden_features: int, *, rng: np.random.Generator, dtype: DTypeLike = np.float64
    ):
        super().__init__(in_features, hidden_features, 1, rng, dtype)
        self.bias = Parameter(np.zeros(hidden_features, dtype))

    def forward(self, X: ArrayLike) -> Array:
        """States of all times, (B, T, hidden_features), for X (B, T, in_features)."""
        X = self._checked(X)
        A_x = _matmul_rows(X, self.weight_x.data.T) + self.bias.data
        states = [np.zeros_like(A_x[:, 0])]
        for t in range(X.shape[1]):
            states.append(np.tanh(A_x[:, t] + states[-1] @ self.weight_h.data.T))
        self._X, self._H = X, np.stack(states[1:], axis=1)
        return self._H

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._H, None, grad_output)
        slopes = 1.0 - self._H * self._H
        grad_H = grad_output.astype(self._H.dtype)
        later = 0.0  # what h_t receives through h_{t+1}
        for t in reversed(range(grad_H.shape[1])):
            grad_H[:, t] += later
            later = (grad_H[:, t] * slopes[:, t]) @ self.weight_h.data
        self.hidden_gradients = grad_H
        grad_A = grad_H * slopes
        self._add_weight_gradients(grad_A, grad_A)
        self.bias.add_gradient(rows(grad_A).sum(axis=0))
        return _matmul_rows(grad_A, self.weight_x.data) if input_gradient else None

    def parameters(self) -> list[Parameter]:
        """[weight_x, weight_h, bias]."""
        return [self.weight_x, self.weight_h, self.bias]


class GatedRecurrent(_Recurrence):
    """The gated recurrent unit: h_t = (1 - z_t) n_t + z_t h_{t-1} with h_0 = 0, for sequences X (B, T, in_features).

    The gates, between 0 and 1, are computed from the input and the state before::

        r_t = sigmoid(W_xr x_t + b_xr + W_hr h_{t-1} + b_hr)         reset
        z_t = sigmoid(W_xz x_t + b_xz + W_hz h_{t-1} + b_hz)         update
        n_t = tanh(W_xn x_t + b_xn + r_t (W_hn h_{t-1} + b_hn))      new

    Where z_t is near 1 the state, and backward its gradient, passes unchanged: no matrix, no slope. Cho et al. (2014),
    in the form of ``torch.nn.GRU``, where r_t stands outside W_hn.

    Backward, with a_r, a_z, a_n for what sigmoid and tanh are taken of, and u_t = W_hn h_{t-1} + b_hn::

        da_n = dh_t (1 - z) (1 - n^2)           du   = da_n r
        da_z = dh_t (h_{t-1} - n) z (1 - z)     da_r = da_n u r (1 - r)
        dh_{t-1} = dH_{t-1} + z dh_t + W_h^T (da_r, da_z, du)

    Each is dh_t times a slope that forward has settled. W_x and b_x get their gradients from (da_r, da_z, da_n), W_h
    and b_h from (da_r, da_z, du), as in `Recurrent`.

    Parameters
    ----------
    in_features, hidden_features : int
        Lengths of x_t and of h_t.
    rng : numpy.random.Generator
        Draws the weights.
    dtype : numpy dtype
        Of the parameters, a floating one.

    Attributes
    ----------
    weight_x, weight_h : Parameter (3 hidden_features, in_features) and (3 hidden_features, hidden_features)
        Blocks of hidden_features rows: reset, update, new. ``weight_ih_l0`` and ``weight_hh_l0`` in ``torch.nn.GRU``.
        At first each block is `xavier_uniform` in weight_x and `orthogonal` in weight_h.
    bias_x, bias_h : Parameter (3 hidden_features,)
        Zero at first; ``bias_ih_l0`` and ``bias_hh_l0``. Of reset and update only the sum of both acts.
    hidden_gradients : array (B, T, hidden_features), or None before the first ``backward``
        The dh_t of the last ``backward``: each state's gradient, by all that follows from it.

    Examples
    --------
    >>> layer = GatedRecurrent(3, 4, rng=np.random.default_rng(0))
    >>> layer(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(
        self, in_features: int, hidden_features: int, *, rng: np.random.Generator, dtype: DTypeLike = np.float64
    ):
        super().__init__(in_features, hidden_features, 3, rng, dtype)
        self.bias_x = Parameter(np.zeros(3 * hidden_features, dtype))
        self.bias_h = Parameter(np.zeros(3 * hidden_features, dtype))
        self._gates: Any = None

    def forward(self, X: ArrayLike) -> Array:
        """States of all times, (B, T, hidden_features), for X (B, T, in_features)."""
        X = self._checked(X)
        A_x = _matmul_rows(X, self.weight_x.data.T) + self.bias_x.data
        h, steps = np.zeros_like(A_x[:, 0, : self.hidden_features]), []
        for t in range(X.shape[1]):
            steps.append(self._step(A_x[:, t], h))
            h = steps[-1][-1]
        *self._gates, self._H = (np.stack(of_all_times, axis=1) for of_all_times in zip(*steps, strict=True))
        self._X = X
        return self._H

    def _step(self, a_x, h):
        a_h = h @ self.weight_h.data.T + self.bias_h.data
        (x_r, x_z, x_n), (h_r, h_z, u) = np.split(a_x, 3, axis=1), np.split(a_h, 3, axis=1)
        r, z = sigmoid(x_r + h_r), sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * u)
        return r, z, n, u, (1.0 - z) * n + z * h

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._H, None, grad_output)
        slopes_x, slopes_h, z = self._slopes()
        grad_H = grad_output.astype(self._H.dtype)
        later = 0.0  # what h_t receives through h_{t+1}
        for t in reversed(range(grad_H.shape[1])):
            grad_H[:, t] += later
            grad_a_h = np.tile(grad_H[:, t], 3) * slopes_h[:, t]  # (B, 3 m): dh_t once for each block
            later = z[:, t] * grad_H[:, t] + grad_a_h @ self.weight_h.data
        self.hidden_gradients = grad_H
        grad_A_x, grad_A_h = np.tile(grad_H, 3) * slopes_x, np.tile(grad_H, 3) * slopes_h
        self._add_weight_gradients(grad_A_x, grad_A_h)
        self.bias_x.add_gradient(rows(grad_A_x).sum(axis=0))
        self.bias_h.add_gradient(rows(grad_A_h).sum(axis=0))
        return _matmul_rows(grad_A_x, self.weight_x.data) if input_gradient else None

    def _slopes(self):
        """Slopes of h_t by W_x x_t + b_x and by W_h h_{t-1} + b_h, (B, T, 3 hidden_features), and by h_{t-1} itself."""
        r, z, n, u = self._gates
        by_a_n = (1.0 - z) * (1.0 - n * n)
        by_a_z = (_previous_states(self._H) - n) * z * (1.0 - z)
        by_a_r = by_a_n * u * r * (1.0 - r)
        by_u = by_a_n * r
        return np.concatenate([by_a_r, by_a_z, by_a_n], axis=2), np.concatenate([by_a_r, by_a_z, by_u], axis=2), z

    def parameters(self) -> list[Parameter]:
        """[weight_x, weight_h, bias_x, bias_h]."""
        return [self.weight_x, self.weight_h, self.bias_x, self.bias_h]


def _matmul_rows(A, W):
    """A @ W for A (B, T, n) and W (n, m), as one product over all B T rows."""
    return (rows(A) @ W).reshape(*A.shape[:2], -1)


def _previous_states(H):
    """The state before each: H (B, T, m) one step later, with h_0 = 0 in front."""
    return np.concatenate([np.zeros_like(H[:, :1]), H[:, :-1]], axis=1)
