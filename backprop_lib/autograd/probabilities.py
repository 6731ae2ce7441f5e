"""From logits to probabilities and to the loss, without overflow."""

from typing import Any

import numpy as np

from backprop_lib import _checks, _stable
from backprop_lib.autograd.operands import as_tensor, dropped, filled, method
from backprop_lib.autograd.tensor import Tensor, record


def _log_softmax(x, axis):
    return np.swapaxes(_stable.log_softmax(np.swapaxes(x, axis, -1)), axis, -1)


@method
def log_softmax(x: Any, axis: int = -1) -> Tensor:
    """x minus the logarithm of its summed exponentials. dx gets grad - softmax(x) sum(grad) along the axis."""
    x = filled(x, "log_softmax")

    def rule(grad, out):
        return grad - np.exp(out) * grad.sum(axis=axis, keepdims=True)

    return record("log_softmax", _log_softmax(x.data, axis), (x,), (rule,))


@method
def softmax(x: Any, axis: int = -1) -> Tensor:
    """exp(x) over its sum along the axis. dp_i = p_i (dx_i - sum_j p_j dx_j), so dx gets p (grad - sum(p grad))."""
    x = filled(x, "softmax")

    def rule(grad, out):
        return out * (grad - (out * grad).sum(axis=axis, keepdims=True))

    return record("softmax", np.exp(_log_softmax(x.data, axis)), (x,), (rule,))


@method
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Logarithm of the summed exponentials, a smooth maximum. Its derivative is softmax(x) = exp(x - out)."""
    x = filled(x, "logsumexp")
    largest = x.data.max(axis=axis, keepdims=True)
    shift = np.where(np.isinf(largest), 0, largest)
    with np.errstate(divide="ignore", over="ignore"):  # no entry above -inf, or one at inf: so is the result
        kept = shift + np.log(np.exp(x.data - shift).sum(axis=axis, keepdims=True))

    def rule(grad, out):
        return grad.reshape(kept.shape) * np.exp(x.data - kept)

    return record("logsumexp", dropped(kept, axis, keepdims), (x,), (rule,))


@method
def cross_entropy(logits: Any, labels: Any) -> Tensor:
    """Cross-entropy of the softmax of logits (B, C) against integer labels (B,), averaged over the batch.

    The loss of a row is -log p_y = log(sum_j exp(z_j)) - z_y, so its gradient is p - one_hot(y), over B for the mean.
    """
    logits = as_tensor(logits)
    z = _checks.as_batch(logits.data, "logits")
    labels = _checks.as_labels(labels, *z.shape).copy()  # the array may hold the next batch's before backward
    rows = np.arange(len(z))
    log_p = _stable.log_softmax(z)

    def rule(grad, out):
        difference = np.exp(log_p)
        difference[rows, labels] -= 1.0
        difference *= grad / len(z)
        return difference

    return record("cross_entropy", -log_p[rows, labels].sum() / len(z), (logits,), (rule,))
