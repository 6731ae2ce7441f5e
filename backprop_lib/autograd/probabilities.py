"""From logits to probabilities and to the loss, without overflow."""

from typing import Any

import numpy as np

from backprop_lib import _checks, _stable
from backprop_lib.autograd.operation import with_options
from backprop_lib.autograd.reductions import check_not_empty, drop_axes


def _stable_log_softmax(x, axis):
    return np.swapaxes(_stable.log_softmax(np.swapaxes(x, axis, -1)), axis, -1)


def _log_softmax_rule(grad, out, x, axis):
    return grad - np.exp(out) * grad.sum(axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: int = -1) -> Any:
    """x minus the logarithm of its summed exponentials. dx gets grad - softmax(x) sum(grad) along the axis."""
    check_not_empty(x, "log_softmax")
    return _stable_log_softmax(x, axis), axis


def _softmax_rule(grad, out, x, axis):
    return out * (grad - (out * grad).sum(axis=axis, keepdims=True))


def _softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) over its sum along the axis. dp_i = p_i (dx_i - sum_j p_j dx_j), so dx gets p (grad - sum(p grad))."""
    check_not_empty(x, "softmax")
    return np.exp(_stable_log_softmax(x, axis)), axis


def _logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Logarithm of the summed exponentials, a smooth maximum. Its derivative is softmax(x) = exp(x - out)."""
    check_not_empty(x, "logsumexp")
    largest = x.max(axis=axis, keepdims=True)
    shift = np.where(np.isinf(largest), 0, largest)
    with np.errstate(divide="ignore", over="ignore"):  # no entry above -inf, or one at inf: so is the result
        lse = shift + np.log(np.exp(x - shift).sum(axis=axis, keepdims=True))
    return drop_axes(lse, axis, keepdims), lse


def _cross_entropy_rule(grad, out, logits, log_p, labels):
    difference = np.exp(log_p)
    difference[np.arange(len(labels)), labels] -= 1.0
    difference *= grad / len(labels)
    return difference


def _cross_entropy(logits: Any, labels: Any) -> Any:
    """Cross-entropy of the softmax of logits (B, C) against integer labels (B,), averaged over the batch.

    The loss of a row is -log p_y = log(sum_j exp(z_j)) - z_y, so its gradient is p - one_hot(y), over B for the mean.
    """
    z = _checks.as_batch(logits, "logits")
    labels = _checks.as_labels(labels, *z.shape).copy()  # the array may hold the next batch's before backward
    log_p = _stable.log_softmax(z)
    return -log_p[np.arange(len(z)), labels].sum() / len(z), log_p, labels


# fmt: off
#                            forward         gradient of x
log_softmax   = with_options(_log_softmax,   _log_softmax_rule)
softmax       = with_options(_softmax,       _softmax_rule)
logsumexp     = with_options(_logsumexp,     lambda grad, out, x, lse: grad.reshape(lse.shape) * np.exp(x - lse))
cross_entropy = with_options(_cross_entropy, _cross_entropy_rule)
# fmt: on
