"""Layers that bring their input to mean 0 and variance 1, over the batch or over the features.

Both are built on one step, for the m numbers x_1 ... x_m that share a mean mu and a variance v::

    xhat_i = (x_i - mu) / s,    mu = sum_j x_j / m,    v = sum_j (x_j - mu)^2 / m,    s = sqrt(v + eps).

Moving x_j moves every xhat_i, by three paths: directly, through mu, and through s. With d mu / d x_j = 1 / m and
d s / d x_j = (x_j - mu) / (m s) = xhat_j / m (all x_i - mu add up to 0, so mu alone does not move s)::

    d xhat_i / d x_j = (delta_ij - 1 / m - xhat_i xhat_j / m) / s.

The matrix is symmetric, so backward, its transpose times g = dL/dxhat, takes no more than two means::

    dL/dx = (g - mean(g) - xhat mean(g xhat)) / s.

Nothing of g's mean and nothing along xhat comes through: shifting or stretching all x_j together changes no xhat_i
(stretching changes them a little, because of eps). It is eq-batch-norm-backward, there collapsed from eight steps.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from backprop_lib._checks import Array, ArrayLike, as_batch, as_rows, check_count, check_positive
from backprop_lib.layers.base import Layer, checked_dtype, checked_gradient
from backprop_lib.layers.parameter import Parameter


def normalize(X, axis, eps):
    """Xhat = (X - mean) / s with s = sqrt(variance + eps) along one axis. Returns Xhat, 1 / s, mean and variance."""
    mean = X.mean(axis, keepdims=True)
    centred = X - mean
    # That mean was rounded at the size of X. The spread of X may be many digits smaller, so what is left gets a mean of
    # its own.
    rest = centred.mean(axis, keepdims=True)
    centred -= rest
    variance = (centred * centred).mean(axis, keepdims=True)  # np.var would lose a complex step
    inverse_s = 1.0 / np.sqrt(variance + eps)
    return centred * inverse_s, inverse_s, mean + rest, variance


def normalize_backward(grad, X_hat, inverse_s, axis):
    """Gradient with respect to X from the gradient with respect to Xhat: the formula at the head of this module."""
    along_mean = grad.mean(axis, keepdims=True)
    along_X_hat = (grad * X_hat).mean(axis, keepdims=True)
    return (grad - along_mean - X_hat * along_X_hat) * inverse_s


class _Normalization(Layer):
    """Y = weight * Xhat + bias: once normalised, each feature gets a scale and a place of its own, both learned."""

    _X_hat: Any  # what forward keeps for backward
    _inverse_s: Any

    def __init__(self, n_features: int, eps: float, dtype: DTypeLike):
        n_features, dtype = check_count(n_features, "n_features"), checked_dtype(dtype)
        self.eps = check_positive(eps, "eps")
        self.weight = Parameter(np.ones(n_features, dtype))
        self.bias = Parameter(np.zeros(n_features, dtype))
        self._X_hat = self._inverse_s = None

    def _normalize(self, X):
        raise NotImplementedError

    def _normalize_backward(self, grad):
        raise NotImplementedError

    def forward(self, X: ArrayLike) -> Array:
        """Output of X's shape."""
        self._normalize(X)
        return self._X_hat * self.weight.data + self.bias.data

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._X_hat, None, grad_output)
        n_features = len(self.weight.data)
        self.weight.add_gradient((grad_output * self._X_hat).reshape(-1, n_features).sum(axis=0))
        self.bias.add_gradient(grad_output.reshape(-1, n_features).sum(axis=0))
        return self._normalize_backward(grad_output * self.weight.data) if input_gradient else None

    def parameters(self) -> list[Parameter]:
        """[weight, bias]."""
        return [self.weight, self.bias]

    def __repr__(self):
        return f"{type(self).__name__}({len(self.weight.data)})"


class BatchNorm(_Normalization):
    """Each feature normalised over the batch: Y = weight * (X - mean) / sqrt(variance + eps) + bias, X (B, n).

    In training, mean and variance (divided by B) are the batch's own, and running averages of them are kept; in
    evaluation the running averages take their place, so that a sample's output depends on that sample alone.
    Ioffe and Szegedy (2015). As ``torch.nn.BatchNorm1d``.

    Backward: in training as this module's head derives; in evaluation mean and variance are constants and
    dX = weight * dY / sqrt(variance + eps). The mode that counts is that of the forward pass.

    Parameters
    ----------
    n_features : int
        Length of a row.
    eps : float
        Positive; keeps a constant feature from a division by zero.
    momentum : float
        Share of the new batch in the running averages, above 0 and at most 1.
    dtype : numpy dtype
        Of the parameters, a floating one.

    Attributes
    ----------
    weight, bias : Parameter (n_features,)
        One and zero at first.
    running_mean, running_variance : array (n_features,)
        Zero and one at first. running <- (1 - momentum) running + momentum batch, with the batch's variance divided
        by B - 1 here. Every forward pass in training moves them, one of a numerical gradient too; but a batch whose
        mean or variance is not finite leaves them: its own output shows it, and later batches must not suffer.

    Examples
    --------
    >>> BatchNorm(2)([[1.0, 10.0], [3.0, 30.0]]).round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    buffers = ("running_mean", "running_variance")

    def __init__(self, n_features: int, *, eps: float = 1e-5, momentum: float = 0.1, dtype: DTypeLike = np.float64):
        super().__init__(n_features, eps, dtype)
        self.momentum = check_positive(momentum, "momentum")
        if momentum > 1.0:
            raise ValueError(f"momentum: expected at most 1, got {momentum!r}")
        self.running_mean = np.zeros(n_features, dtype)
        self.running_variance = np.ones(n_features, dtype)
        self._used_batch_statistics = None  # whether the last forward pass took the batch's own mean and variance

    def _normalize(self, X):
        n_features = len(self.weight.data)
        if np.ndim(X) > 2:
            raise ValueError(
                f"{self!r}: expected a batch of shape (B, {n_features}), got shape {np.shape(X)}; "
                f"sequences can be normalised by LayerNorm({n_features})"
            )
        X = as_batch(X, self, n_features, self.weight.data.dtype)
        if self.training and len(X) == 1:
            raise ValueError(f"{self!r}: expected at least 2 rows in training, got 1: it is its own mean")
        self._used_batch_statistics = self.training
        if self.training:
            self._X_hat, self._inverse_s, mean, variance = normalize(X, 0, self.eps)
            self._update_running(mean[0], variance[0] * len(X) / (len(X) - 1))
        else:
            self._inverse_s = 1.0 / np.sqrt(self.running_variance + self.eps)
            self._X_hat = (X - self.running_mean) * self._inverse_s

    def _update_running(self, mean, variance):
        # What a complex step adds to the imaginary part is no business of the running averages.
        mean, variance = (batch.real.astype(self.running_mean.dtype) for batch in (mean, variance))
        if np.isfinite(mean).all() and np.isfinite(variance).all():
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_variance += self.momentum * (variance - self.running_variance)

    def _normalize_backward(self, grad):
        if self._used_batch_statistics:
            return normalize_backward(grad, self._X_hat, self._inverse_s, 0)
        return grad * self._inverse_s


class LayerNorm(_Normalization):
    """Each row normalised over its own features: Y = weight * (X - mean) / sqrt(variance + eps) + bias.

    X is (B, n) or (B, ..., n); mean and variance (divided by n) go over the last axis. Training and evaluation are
    the same, and no row sees another. Ba, Kiros and Hinton (2016). As ``torch.nn.LayerNorm``.

    Backward: as this module's head derives.

    Parameters
    ----------
    n_features : int
        Length of a row.
    eps : float
        Positive; keeps a constant row from a division by zero.
    dtype : numpy dtype
        Of the parameters, a floating one.

    Attributes
    ----------
    weight, bias : Parameter (n_features,)
        One and zero at first.

    Examples
    --------
    >>> LayerNorm(2)([[1.0, 3.0], [30.0, 10.0]]).round(3)
    array([[-1.,  1.],
           [ 1., -1.]])
    """

    def __init__(self, n_features: int, *, eps: float = 1e-5, dtype: DTypeLike = np.float64):
        super().__init__(n_features, eps, dtype)

    def _normalize(self, X):
        X = as_rows(X, self, len(self.weight.data), self.weight.data.dtype)
        self._X_hat, self._inverse_s, _, _ = normalize(X, -1, self.eps)

    def _normalize_backward(self, grad):
        return normalize_backward(grad, self._X_hat, self._inverse_s, -1)
