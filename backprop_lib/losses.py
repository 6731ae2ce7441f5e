"""Losses: how wrong an output is, as one number, and the gradient with which backpropagation starts.

Every loss here is summed over the outputs of a sample and averaged over the B samples of the batch, so the
gradient carries the factor 1/B.
"""

from typing import Any

import numpy as np

from backprop_lib._arrays import (
    Array,
    ArrayLike,
    as_batch,
    as_float_array,
    as_labels,
    check_count,
    check_finite,
    check_real,
    check_same_shape,
    log_softmax,
    stable_sigmoid,
    stable_softplus,
)


class Loss:
    """What every loss can do: ``value`` and ``gradient``, apart or at once."""

    def value(self, output: ArrayLike, targets: ArrayLike) -> Any:
        """Loss of a batch, one number."""
        raise NotImplementedError

    def gradient(self, output: ArrayLike, targets: ArrayLike) -> Array:
        """Gradient with respect to the output, an array of its shape."""
        raise NotImplementedError

    def value_and_gradient(self, output: ArrayLike, targets: ArrayLike) -> tuple[Any, Array]:
        """Both, for a loop that needs both: what they have in common may be computed once."""
        return self.value(output, targets), self.gradient(output, targets)


class SquaredError(Loss):
    """Half the squared error, (1/B) sum_i sum_k (prediction_ik - target_ik)^2 / 2.

    The half makes the gradient the plain difference. (PyTorch's ``MSELoss`` has no half and also averages over
    the outputs.)

    Examples
    --------
    >>> loss = SquaredError()
    >>> float(loss.value([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 0.0]]))
    5.0
    >>> loss.gradient([[1.0, 2.0], [3.0, 4.0]], [[1.0, 0.0], [3.0, 0.0]])
    array([[0., 1.],
           [0., 2.]])
    """

    def value(self, predictions: ArrayLike, targets: ArrayLike) -> Any:
        """Loss of a batch.

        Parameters
        ----------
        predictions, targets : array (B, m)
            What the network gave, and what it should have given.

        Returns
        -------
        scalar
            Summed over the m outputs, averaged over the batch.

        Raises
        ------
        ValueError
            If the shapes differ, the batch is empty or a target is not finite.
        """
        difference = self._difference(predictions, targets)
        return 0.5 * (difference * difference).sum() / len(difference)

    def gradient(self, predictions: ArrayLike, targets: ArrayLike) -> Array:
        """Gradient with respect to the predictions, array (B, m): (prediction - target) / B."""
        difference = self._difference(predictions, targets)
        return difference / len(difference)

    @staticmethod
    def _difference(predictions: ArrayLike, targets: ArrayLike) -> Array:
        predictions = as_batch(predictions, "predictions")
        targets = check_real(as_float_array(targets, "targets"), "targets")
        check_same_shape(targets, predictions, "targets", "predictions")
        check_finite(targets, "targets")
        return predictions - targets.astype(predictions.real.dtype, copy=False)


class SoftmaxCrossEntropy(Loss):
    """Cross-entropy of the softmax of logits against integer labels, averaged over the batch.

    Softmax and logarithm are taken together (log-sum-exp), so the loss is finite for logits of any size, and the
    gradient collapses to softmax(logits) - one_hot(labels), over B: eq-softmax-gradient-batch.

    Examples
    --------
    >>> loss = SoftmaxCrossEntropy()
    >>> float(loss.value([[0.0, 1000.0]], [0]))
    1000.0
    >>> loss.gradient([[0.0, 0.0]], [1])
    array([[ 0.5, -0.5]])
    """

    def value(self, logits: ArrayLike, labels: ArrayLike) -> Any:
        """Loss of a batch.

        Parameters
        ----------
        logits : array (B, C)
            Scores before the softmax, not probabilities.
        labels : int array (B,)
            Class of each sample, 0 ... C - 1.

        Returns
        -------
        scalar
            Averaged over the batch.

        Raises
        ------
        TypeError
            If the labels are not integers.
        ValueError
            If shapes do not fit, the batch is empty, or a label is out of range.
        """
        return self.value_and_gradient(logits, labels)[0]

    def gradient(self, logits: ArrayLike, labels: ArrayLike) -> Array:
        """Gradient with respect to the logits, array (B, C): (softmax(logits) - one_hot(labels)) / B."""
        return self.value_and_gradient(logits, labels)[1]

    def value_and_gradient(self, logits: ArrayLike, labels: ArrayLike) -> tuple[Any, Array]:
        """Both at once, from one softmax, which is most of the work."""
        logits, labels = self._checked(logits, labels)
        n_samples = len(labels)
        at_labels = np.arange(n_samples), labels
        log_probabilities = log_softmax(logits)
        value = -log_probabilities[at_labels].sum() / n_samples
        gradient = np.exp(log_probabilities)
        gradient[at_labels] -= 1.0
        gradient /= n_samples
        return value, gradient

    @staticmethod
    def _checked(logits: ArrayLike, labels: ArrayLike) -> tuple[Array, Array]:
        logits = as_batch(logits, "logits")
        return logits, as_labels(labels, *logits.shape)


class SigmoidCrossEntropy(Loss):
    """Cross-entropy of sigmoid(logits) against targets in [0, 1], one yes-or-no question per output.

    Summed over the outputs, averaged over the batch: softplus(z) - t z for each entry, which is
    -t log(sigmoid(z)) - (1 - t) log(1 - sigmoid(z)) without the overflow.

    Examples
    --------
    >>> SigmoidCrossEntropy().gradient([[0.0, 0.0]], [[1.0, 0.5]])
    array([[-0.5,  0. ]])
    """

    def value(self, logits: ArrayLike, targets: ArrayLike) -> Any:
        """Loss of a batch.

        Parameters
        ----------
        logits : array (B, m)
            Scores before the sigmoid, not probabilities.
        targets : array (B, m)
            Values from 0 to 1.

        Returns
        -------
        scalar
            Summed over the m outputs, averaged over the batch.

        Raises
        ------
        ValueError
            If the shapes differ, the batch is empty, or a target lies outside [0, 1].
        """
        logits, targets = self._checked(logits, targets)
        return (stable_softplus(logits) - targets * logits).sum() / len(logits)

    def gradient(self, logits: ArrayLike, targets: ArrayLike) -> Array:
        """Gradient with respect to the logits, array (B, m): (sigmoid(logits) - targets) / B."""
        logits, targets = self._checked(logits, targets)
        return (stable_sigmoid(logits) - targets) / len(logits)

    @staticmethod
    def _checked(logits: ArrayLike, targets: ArrayLike) -> tuple[Array, Array]:
        logits = as_batch(logits, "logits")
        targets = check_real(as_float_array(targets, "targets"), "targets")
        check_same_shape(targets, logits, "targets", "logits")
        if not ((targets >= 0) & (targets <= 1)).all():
            raise ValueError("targets: expected real values from 0 to 1, got others")
        return logits, targets.astype(logits.real.dtype, copy=False)


def one_hot(labels: ArrayLike, n_classes: int) -> Array:
    """Indicator rows of integer labels: zeros with a 1 at each row's label.

    Parameters
    ----------
    labels : int array (B,)
        Values from 0 to n_classes - 1.
    n_classes : int
        Length of a row.

    Returns
    -------
    array (B, n_classes)
        Of float64.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    labels = np.asarray(labels)
    n_classes = check_count(n_classes, "n_classes")
    labels = as_labels(labels, labels.size, n_classes)
    return np.eye(n_classes)[labels]


def accuracy(logits: ArrayLike, labels: ArrayLike) -> float:
    """Fraction of the rows whose largest entry stands at the label.

    Parameters
    ----------
    logits : array (B, C)
        Scores or probabilities.
    labels : int array (B,)
        Class of each sample, 0 ... C - 1.

    Returns
    -------
    float
        From 0 to 1.

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    logits = as_batch(logits, "logits")
    labels = as_labels(labels, *logits.shape)
    return float((logits.argmax(axis=1) == labels).mean())
