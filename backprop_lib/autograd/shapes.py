"""Operations that move entries without changing them.

Moving is linear, and its adjoint moves the gradient back: where an entry was taken twice, both gradients arrive.
"""

from operator import attrgetter
from operator import index as as_index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from backprop_lib.autograd.operation import unary, with_options


def _reshape(x: Any, *shape: Any) -> Any:
    """The same entries in another shape, given as numbers or one tuple; one length may be -1."""
    return (x.reshape(*shape),)


def flatten(x):
    """All entries in one axis, row by row."""
    return x.reshape(-1)


def squeeze(x, axis=None):
    """Without the axes of length 1, or without these of them."""
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)
    if axis is not None and any(x.shape[i] != 1 for i in axes):
        raise ValueError(f"squeeze: expected axes of length 1, got axis {axis} of shape {x.shape}")
    return x.reshape(tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in axes))


def _transpose(x: Any, *axes: Any) -> Any:
    """The axes in another order, given as numbers or one tuple, else reversed. The gradient's go back to theirs."""
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
    normalized = [axis + x.ndim if as_index(axis) < 0 else axis for axis in order]
    if axes and sorted(normalized) != list(range(x.ndim)):
        raise ValueError(f"transpose: expected each axis of shape {x.shape} once, got {order}")
    return x.transpose(*order), np.argsort(normalized) if axes else None


T = unary("transpose", attrgetter("T"), lambda grad, out, x: grad.T, "The axes reversed: the transposed matrix.")


def _getitem_rule(grad, out, x, index, is_view):
    whole = np.zeros_like(x)
    if is_view:
        whole[index] = grad
    else:
        np.add.at(whole, index, grad)
    return whole


def _getitem(x: Any, index: Any) -> Any:
    """x[index], whatever NumPy accepts. The gradient is zero elsewhere; an entry taken twice adds both gradients."""
    index = _copied(index)
    taken = x[index]
    return taken, index, np.may_share_memory(taken, x)  # a view is of slices: no entry is taken twice


def _copied(index):
    """The index with arrays of its own: the reader's may hold other numbers before the backward pass."""
    if isinstance(index, tuple):
        return tuple(map(_copied, index))
    return np.array(index) if isinstance(index, (np.ndarray, list)) and np.size(index) else index


# fmt: off
#                        forward     gradient of x
reshape   = with_options(_reshape,   lambda grad, out, x: grad.reshape(x.shape))
transpose = with_options(_transpose, lambda grad, out, x, back: grad.transpose(back))
getitem   = with_options(_getitem,   _getitem_rule)
# fmt: on
