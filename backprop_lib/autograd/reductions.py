"""Operations that make one number of many: the rule hands the gradient of the one to all that went into it.

``axis`` is None (all), an int or a tuple; with ``keepdims`` the axes stay with length 1. The rules reshape the gradient
to ``kept``, the shape with those axes, from where it broadcasts over the operand.
"""

from typing import Any

import numpy as np

from backprop_lib import _arrays
from backprop_lib.autograd.elementwise import divide
from backprop_lib.autograd.operands import as_tensor, method
from backprop_lib.autograd.tensor import Tensor, record


@method
def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Sum. Every entry enters with the factor 1, so every entry's gradient is the sum's."""
    x = as_tensor(x)
    total = x.data.sum(axis=axis, keepdims=True)
    kept = total.shape

    def rule(grad, out):
        spread = np.empty_like(x.data)
        spread[...] = grad.reshape(kept)
        return spread

    return record("sum", _dropped(total, axis, keepdims), (x,), (rule,))


@method
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Mean: the sum divided by the number of entries."""
    x = _filled(x, "mean")
    total = sum(x, axis, keepdims)
    return divide(total, x.data.size // total.data.size)


@method
def max(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Largest entry. The gradient goes to it; where several tie, each gets an equal share."""
    x = _filled(x, "max")
    largest = x.data.max(axis=axis, keepdims=True)

    def rule(grad, out):
        ties = x.data == largest
        share = ties / ties.sum(axis=axis, keepdims=True, dtype=x.dtype)
        return grad.reshape(largest.shape) * share

    return record("max", _dropped(largest, axis, keepdims), (x,), (rule,))


@method
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Euclidean norm, the root of the sum of squares. d|x| = x / |x| dx; the gradient at 0 is 0."""
    x = as_tensor(x)
    scale = np.abs(x.data).max(axis=axis, keepdims=True, initial=np.finfo(x.dtype).tiny)  # the squares stay in range
    root = scale * np.sqrt(np.square(x.data / scale).sum(axis=axis, keepdims=True))

    def rule(grad, out):
        return grad.reshape(root.shape) * (x.data / np.where(root == 0, 1, root))

    return record("norm", _dropped(root, axis, keepdims), (x,), (rule,))


@method
def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """x minus the logarithm of its summed exponentials. dx gets grad - softmax(x) sum(grad) along the axis."""
    x = _filled(x, "log_softmax")
    out = np.swapaxes(_arrays.log_softmax(np.swapaxes(x.data, axis, -1)), axis, -1)

    def rule(grad, out):
        return grad - np.exp(out) * grad.sum(axis=axis, keepdims=True)

    return record("log_softmax", out, (x,), (rule,))


@method
def cross_entropy(logits: Any, labels: Any) -> Tensor:
    """Cross-entropy of the softmax of logits (B, C) against integer labels (B,), averaged over the batch.

    The loss of a row is -log p_y = log(sum_j exp(z_j)) - z_y, so its gradient is p - one_hot(y), over B for the mean.
    """
    logits = as_tensor(logits)
    z = _arrays.as_batch(logits.data, "logits")
    labels = _arrays.as_labels(labels, *z.shape)
    rows = np.arange(len(z))
    log_p = _arrays.log_softmax(z)

    def rule(grad, out):
        difference = np.exp(log_p)
        difference[rows, labels] -= 1.0
        difference *= grad / len(z)
        return difference

    return record("cross_entropy", -log_p[rows, labels].sum() / len(z), (logits,), (rule,))


def _filled(x: Any, name: str) -> Tensor:
    """A tensor with at least one entry: of none there is no mean and no largest."""
    x = as_tensor(x)
    if x.data.size == 0:
        raise ValueError(f"{name}: expected at least one entry, got shape {x.shape}")
    return x


def _dropped(kept, axis, keepdims):
    """A result that was computed with all axes kept, without the reduced ones unless they are wanted."""
    if keepdims:
        return kept
    return kept.reshape(()) if axis is None else np.squeeze(kept, axis)
