"""The matrix product of vectors, matrices and batches of matrices."""

import numpy as np

from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.operation import binary


def _matmul(x, y):
    if not x.ndim or not y.ndim or x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise ValueError(f"@: expected shapes (..., n) and (..., n, m) or (n,), got {x.shape} and {y.shape}")
    return x @ y


def _as_matrices(grad, x, y):
    """A vector is a row on the left and a column on the right; the axes before the last two broadcast."""
    if y.ndim == 1:
        grad, y = grad[..., None], y[:, None]
    if x.ndim == 1:
        grad, x = grad[..., None, :], x[None, :]
    return grad, x, y


def _left_rule(grad, out, x, y):
    if x.ndim == y.ndim == 2:
        return grad @ y.T
    grad, row, column = _as_matrices(grad, x, y)
    return unbroadcast(grad @ np.swapaxes(column, -1, -2), row.shape).reshape(x.shape)


def _right_rule(grad, out, x, y):
    if x.ndim == y.ndim == 2:
        return (grad.T @ x).T  # x^T grad, laid out in memory as weights that enter as W^T are
    grad, row, column = _as_matrices(grad, x, y)
    return unbroadcast(np.swapaxes(row, -1, -2) @ grad, column.shape).reshape(y.shape)


matmul = binary(
    "matmul",
    "@",
    _matmul,
    _left_rule,
    _right_rule,
    "a @ b for vectors, matrices and batches of matrices. d(AB) = dA B + A dB: A gets G B^T, B gets A^T G.",
)
