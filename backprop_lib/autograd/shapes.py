"""Operations that move entries without changing them, and the matrix product.

Moving is linear, and its adjoint moves the gradient back: where an entry was taken twice, both gradients arrive.
"""

from collections.abc import Iterable
from operator import index as as_index
from typing import Any

import numpy as np

from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.operands import as_tensor, method, pair, same_dtype
from backprop_lib.autograd.tensor import Tensor, record


@method
def reshape(x: Any, *shape: Any) -> Tensor:
    """The same entries in another shape, given as numbers or one tuple; one length may be -1."""
    x = as_tensor(x)
    return record("reshape", x.data.reshape(*shape), (x,), (lambda grad, out: grad.reshape(x.shape),))


@method
def transpose(x: Any, *axes: int) -> Tensor:
    """The axes in another order, reversed where none is given. The gradient's go back to theirs."""
    x = as_tensor(x)
    places = [axis + x.ndim if as_index(axis) < 0 else axis for axis in axes]
    if axes and sorted(places) != list(range(x.ndim)):
        raise ValueError(f"transpose: expected each axis of shape {x.shape} once, got {axes}")
    back = np.argsort(places) if axes else None
    return record("transpose", x.data.transpose(*axes), (x,), (lambda grad, out: grad.transpose(back),))


def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index], whatever NumPy accepts. The gradient is zero elsewhere; an entry taken twice adds both gradients."""
    taken = x.data[index]
    is_view = np.may_share_memory(taken, x.data)  # of slices: no entry is taken twice

    def rule(grad, out):
        whole = np.zeros_like(x.data)
        if is_view:
            whole[index] = grad
        else:
            np.add.at(whole, index, grad)
        return whole

    return record("getitem", taken, (x,), (rule,))


def concatenate(tensors: Iterable[Any], axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have. Each gets its part of the gradient."""
    axis = as_index(axis)
    tensors = same_dtype(*map(as_tensor, _several(tensors, "concatenate")))
    joined = np.concatenate([tensor.data for tensor in tensors], axis)
    ends = np.cumsum([tensor.shape[axis] for tensor in tensors])
    starts = [0, *ends[:-1]]

    def part(start, end):
        rows = slice(start, end)
        return lambda grad, out: np.moveaxis(np.moveaxis(grad, axis, 0)[rows], 0, axis)

    return record("concatenate", joined, tuple(tensors), tuple(map(part, starts, ends)))


def stack(tensors: Iterable[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis. Each gets its slice of the gradient."""
    tensors = same_dtype(*map(as_tensor, _several(tensors, "stack")))
    if len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError(f"stack: expected tensors of one shape, got shapes {[tensor.shape for tensor in tensors]}")
    joined = np.stack([tensor.data for tensor in tensors], axis)

    def part(i):
        return lambda grad, out: np.moveaxis(grad, axis, 0)[i]

    return record("stack", joined, tuple(tensors), tuple(map(part, range(len(tensors)))))


def matmul(a: Any, b: Any) -> Tensor:
    """a @ b for vectors, matrices and batches of matrices. d(AB) = dA B + A dB: A gets G B^T, B gets A^T G."""
    a, b, x, y = pair(a, b)
    if not x.ndim or not y.ndim or x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise ValueError(f"@: expected shapes (..., n) and (..., n, m) or (n,), got {x.shape} and {y.shape}")
    if x.ndim == y.ndim == 2:
        return record("@", x @ y, (a, b), _MATRIX_RULES, (x, y))
    return _general_matmul(a, b, x, y)


_MATRIX_RULES = (
    lambda grad, out, x, y: grad @ y.T,
    lambda grad, out, x, y: (grad.T @ x).T,  # x^T grad, laid out in memory as weights that enter as W^T are
)


def _general_matmul(a, b, x, y):
    """A vector is a row on the left and a column on the right; the axes before the last two broadcast."""
    row = x[None, :] if x.ndim == 1 else x
    column = y[:, None] if y.ndim == 1 else y
    full = (row @ column).shape

    def rule_a(grad, out):
        return unbroadcast(grad.reshape(full) @ np.swapaxes(column, -1, -2), row.shape).reshape(x.shape)

    def rule_b(grad, out):
        return unbroadcast(np.swapaxes(row, -1, -2) @ grad.reshape(full), column.shape).reshape(y.shape)

    return record("@", x @ y, (a, b), (rule_a, rule_b))


def _several(tensors, name):
    if isinstance(tensors, Tensor) or not isinstance(tensors, Iterable):
        raise TypeError(f"{name}: expected a list of tensors, got {tensors!r}")
    tensors = list(tensors)
    if not tensors:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    return tensors


Tensor.__getitem__ = getitem
Tensor.__matmul__ = matmul
Tensor.__rmatmul__ = lambda self, other: matmul(other, self)
Tensor.T = property(transpose, doc="The axes reversed: the transposed matrix.")
