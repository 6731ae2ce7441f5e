"""Operations that move entries without changing them.

Moving is linear, and its adjoint moves the gradient back: where an entry was taken twice, both gradients arrive.
"""

from collections.abc import Iterable
from operator import index as as_index
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from backprop_lib.autograd.operands import as_tensor, method, same_dtype
from backprop_lib.autograd.tensor import Tensor, record


@method
def reshape(x: Any, *shape: Any) -> Tensor:
    """The same entries in another shape, given as numbers or one tuple; one length may be -1."""
    x = as_tensor(x)
    return record("reshape", x.data.reshape(*shape), (x,), (lambda grad, out: grad.reshape(x.shape),))


@method
def flatten(x: Any) -> Tensor:
    """All entries in one axis, row by row."""
    return reshape(x, -1)


@method
def squeeze(x: Any, axis: Any = None) -> Tensor:
    """Without the axes of length 1, or without these of them."""
    x = as_tensor(x)
    axes = range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)
    if axis is not None and any(x.shape[i] != 1 for i in axes):
        raise ValueError(f"squeeze: expected axes of length 1, got axis {axis} of shape {x.shape}")
    return reshape(x, tuple(n for i, n in enumerate(x.shape) if n != 1 or i not in axes))


@method
def transpose(x: Any, *axes: Any) -> Tensor:
    """The axes in another order, given as numbers or one tuple, else reversed. The gradient's go back to theirs."""
    x = as_tensor(x)
    order = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
    places = [axis + x.ndim if as_index(axis) < 0 else axis for axis in order]
    if axes and sorted(places) != list(range(x.ndim)):
        raise ValueError(f"transpose: expected each axis of shape {x.shape} once, got {order}")
    back = np.argsort(places) if axes else None
    return record("transpose", x.data.transpose(*order), (x,), (lambda grad, out: grad.transpose(back),))


def getitem(x: Tensor, index: Any) -> Tensor:
    """x[index], whatever NumPy accepts. The gradient is zero elsewhere; an entry taken twice adds both gradients."""
    index = _own(index)
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


def _own(index):
    """The index with arrays of its own: the reader's may hold other numbers before the backward pass."""
    if isinstance(index, tuple):
        return tuple(map(_own, index))
    return np.array(index) if isinstance(index, (np.ndarray, list)) and np.size(index) else index


def split(x: Any, parts: Any, axis: int = 0) -> list[Tensor]:
    """The parts of a tensor along an axis, as `numpy.split` cuts them; PyTorch's split takes their length instead.

    Parameters
    ----------
    x : tensor or array
        What is cut; not changed.
    parts : int or list of ints
        How many parts of one length, or before which places to cut: [2, 5] gives x[:2], x[2:5] and x[5:].
    axis : int
        Along which.

    Returns
    -------
    list of Tensor
        Each gives its gradient back to its place in x.

    Examples
    --------
    >>> split(Tensor([1.0, 2.0, 3.0, 4.0]), 2)
    [Tensor([1., 2.]), Tensor([3., 4.])]
    """
    x = as_tensor(x)
    axis = normalize_axis_index(axis, x.ndim)
    n = x.shape[axis]
    if isinstance(parts, (int, np.integer)):
        if parts < 1 or n % parts:
            raise ValueError(f"split: expected a number of parts that divides the length {n}, got {parts}")
        cuts = [n // parts * i for i in range(1, parts)]
    else:
        cuts = [as_index(place) for place in parts]
    before = (slice(None),) * axis
    return [x[*before, start:end] for start, end in zip([0, *cuts], [*cuts, n], strict=True)]


def concatenate(tensors: Iterable[Any], axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have. Each gets its part of the gradient."""
    axis = as_index(axis)
    tensors = same_dtype(*_several(tensors, "concatenate"))
    joined = np.concatenate([tensor.data for tensor in tensors], axis)
    ends = np.cumsum([tensor.shape[axis] for tensor in tensors])
    starts = [0, *ends[:-1]]

    def part(start, end):
        rows = slice(start, end)
        return lambda grad, out: np.moveaxis(np.moveaxis(grad, axis, 0)[rows], 0, axis)

    return record("concatenate", joined, tuple(tensors), tuple(map(part, starts, ends)))


def stack(tensors: Iterable[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis. Each gets its slice of the gradient."""
    tensors = same_dtype(*_several(tensors, "stack"))
    if len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError(f"stack: expected tensors of one shape, got shapes {[tensor.shape for tensor in tensors]}")
    joined = np.stack([tensor.data for tensor in tensors], axis)

    def part(i):
        return lambda grad, out: np.moveaxis(grad, axis, 0)[i]

    return record("stack", joined, tuple(tensors), tuple(map(part, range(len(tensors)))))


def _several(tensors, name):
    if isinstance(tensors, Tensor) or not isinstance(tensors, Iterable):
        raise TypeError(f"{name}: expected a list of tensors, got {tensors!r}")
    tensors = list(tensors)
    if not tensors:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    return tensors


Tensor.__getitem__ = getitem
Tensor.T = property(transpose, doc="The axes reversed: the transposed matrix.")
