"""Cross-entropy of classes."""

from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_finite_reals, as_float_array, as_labels, as_rows
from backprop_lib._stable import masked, shifted_exponentials
from backprop_lib.losses.base import Loss
from backprop_lib.losses.labels import check_ignore_label, counted_rows, one_hot


class SoftmaxCrossEntropy(Loss):
    """Cross-entropy of the softmax of logits against labels, averaged over all rows.

    Softmax and logarithm are taken together (log-sum-exp), so the loss is finite for logits of any size, and the
    gradient collapses to softmax(logits) - one_hot(labels), over B: eq-softmax-gradient-batch. A logit of minus
    infinity leaves a class out; plus infinity has no softmax, and gives NaN.

    Parameters
    ----------
    class_weights : array (C,), optional
        Weight of each class, at least 0: a row counts with the weight of its label, and the average is the weighted
        one, the sum of weight times loss over the sum of the weights. As ``weight`` in PyTorch.
    ignore_label : int, optional
        Rows with this label, -1 say, are as if they were not there: in the average, too.

    Examples
    --------
    >>> loss = SoftmaxCrossEntropy()
    >>> float(loss.value([[0.0, 1000.0]], [0]))
    1000.0
    >>> loss.gradient([[0.0, 0.0]], [1])
    array([[ 0.5, -0.5]])

    A soft label, three quarters class 0; and a second row whose label nobody knows:

    >>> loss.gradient([[0.0, 0.0]], [[0.75, 0.25]])
    array([[-0.25,  0.25]])
    >>> SoftmaxCrossEntropy(ignore_label=-1).gradient([[0.0, 0.0], [5.0, 5.0]], [1, -1])
    array([[ 0.5, -0.5],
           [ 0. ,  0. ]])
    """

    def __init__(self, *, class_weights: ArrayLike | None = None, ignore_label: int | None = None):
        self.class_weights = None if class_weights is None else _checked_class_weights(class_weights)
        self.ignore_label = check_ignore_label(ignore_label)

    def value(self, logits: ArrayLike, labels: ArrayLike) -> Any:
        """Loss of a batch.

        Parameters
        ----------
        logits : array (B, C) or (B, ..., C)
            Scores before the softmax, not probabilities.
        labels : int array (B,) or (B, ...), or float array of the logits' shape
            Class of each row, 0 ... C - 1; or its soft label, a probability for each class.

        Returns
        -------
        scalar
            Averaged over the rows.

        Raises
        ------
        TypeError
            If the labels are neither integers nor soft labels.
        ValueError
            If shapes do not fit, the batch is empty, a label is out of range, a soft label is no distribution, or no
            row counts, because all are ignored or their classes weigh 0.
        """
        return self.value_and_gradient(logits, labels)[0]

    def gradient(self, logits: ArrayLike, labels: ArrayLike) -> Array:
        """Gradient with respect to the logits, an array of their shape: (softmax(logits) - one_hot(labels)) / B."""
        return self.value_and_gradient(logits, labels)[1]

    def value_and_gradient(self, logits: ArrayLike, labels: ArrayLike) -> tuple[Any, Array]:
        """Both at once, from one softmax, which is most of the work."""
        logits, labels = as_rows(logits, "logits"), np.asarray(labels)
        if labels.dtype.kind == "f" or self.class_weights is not None or self.ignore_label is not None:
            return _target_cross_entropy(logits, self._targets(logits, labels))
        labels = as_labels(labels, *logits.shape)
        if logits.ndim == 2:
            return _label_cross_entropy(logits, labels)
        value, gradient = _label_cross_entropy(logits.reshape(labels.size, -1), labels.reshape(-1))
        return value, gradient.reshape(logits.shape)

    def _targets(self, logits, labels):
        """What each class of each row should get, times what it counts: array of the logits' shape."""
        if labels.dtype.kind == "f":
            targets = _checked_soft_labels(labels, logits, self.ignore_label)
        else:
            labels = as_labels(labels, *logits.shape, ignore=self.ignore_label)
            counted = counted_rows(labels, self.ignore_label)
            targets = one_hot(np.where(counted, labels, 0), logits.shape[-1]) * counted[..., None]
        if self.class_weights is not None:
            if len(self.class_weights) != logits.shape[-1]:
                raise ValueError(
                    f"class_weights: expected {logits.shape[-1]}, one for each class, got {len(self.class_weights)}"
                )
            targets = targets * self.class_weights
        return targets.astype(logits.real.dtype, copy=False)


def _label_cross_entropy(logits, labels):
    """Value and gradient for integer labels that all count the same: the softmax, with 1 taken off at each label."""
    n_rows = len(labels)
    at_labels = np.arange(n_rows), labels
    shifted, gradient, sums = shifted_exponentials(logits)
    value = (np.log(sums[:, 0]) - shifted[at_labels]).sum() / n_rows
    gradient /= sums
    gradient[at_labels] -= 1.0
    gradient /= n_rows
    return value, gradient


def _target_cross_entropy(logits, targets):
    """Value and gradient for weighted targets t, over their sum: -sum t log(p), and sum(t) p - t in each row."""
    weights = targets.sum(axis=-1, keepdims=True)
    total = weights.sum()
    if total == 0.0:
        raise ValueError("labels: expected at least one row that counts, got none: all are ignored or weigh 0")
    shifted, exponentials, sums = shifted_exponentials(logits)
    value = masked(np.log(sums) - shifted, targets).sum() / total
    return value, (masked(exponentials / sums, weights) - targets) / total


def _checked_class_weights(class_weights):
    weights = as_finite_reals(class_weights, "class_weights").copy()
    if weights.ndim != 1 or weights.min() < 0 or weights.max() == 0:
        raise ValueError(f"class_weights: expected shape (C,), none below 0 and one above, got {class_weights!r}")
    return weights


def _checked_soft_labels(labels, logits, ignore_label):
    if labels.shape != logits.shape:
        raise TypeError(
            f"labels: expected integers, or probabilities of the logits' shape {logits.shape}, "
            f"got dtype {labels.dtype} and shape {labels.shape}"
        )
    if ignore_label is not None:
        raise ValueError(f"labels: expected integers beside ignore_label={ignore_label}, got dtype {labels.dtype}")
    labels = as_float_array(labels, "labels")
    if not (labels >= 0).all() or not (np.abs(labels.sum(axis=-1) - 1.0) < 1e-3).all():
        raise ValueError("labels: expected probabilities, at least 0 and with the sum 1 in each row, got others")
    return labels
