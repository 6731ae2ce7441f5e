"""Cross-entropy of yes-or-no questions."""

from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_rows
from backprop_lib._stable import analytic_abs, masked, stable_sigmoid
from backprop_lib.losses.base import Loss, as_targets, n_rows


class SigmoidCrossEntropy(Loss):
    """Cross-entropy of sigmoid(logits) against targets in [0, 1], one yes-or-no question per output.

    Summed over the outputs, averaged over all rows: softplus(z) - t z for each entry, which is
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
        logits : array (B, m) or (B, ..., m)
            Scores before the sigmoid, not probabilities.
        targets : array of the logits' shape
            Values from 0 to 1.

        Returns
        -------
        scalar
            Summed over the m outputs, averaged over the rows.

        Raises
        ------
        ValueError
            If the shapes differ, the batch is empty, or a target lies outside [0, 1].
        """
        return self.value_and_gradient(logits, targets)[0]

    def gradient(self, logits: ArrayLike, targets: ArrayLike) -> Array:
        """Gradient with respect to the logits, an array of their shape: (sigmoid(logits) - targets) / B."""
        return self.value_and_gradient(logits, targets)[1]

    def value_and_gradient(self, logits: ArrayLike, targets: ArrayLike) -> tuple[Any, Array]:
        """Both at once."""
        logits = as_rows(logits, "logits")
        targets = as_targets(targets, logits, "logits")
        if not ((targets >= 0) & (targets <= 1)).all():
            raise ValueError("targets: expected real values from 0 to 1, got others")
        targets = targets.astype(logits.real.dtype, copy=False)
        # softplus(z) - t z = log(1 + exp(-|z|)) + |z| times the probability of the answer that z denies
        size, denied = analytic_abs(logits), np.where(logits.real < 0, targets, 1.0 - targets)
        value = (np.log1p(np.exp(-size)) + masked(size, denied)).sum() / n_rows(logits)
        return value, (stable_sigmoid(logits) - targets) / n_rows(logits)
