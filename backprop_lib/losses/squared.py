"""The squared error."""

from typing import Any

from backprop_lib._checks import Array, ArrayLike, as_rows, check_finite
from backprop_lib.losses.base import Loss, as_targets, n_rows


class SquaredError(Loss):
    """Half the squared error, (1/B) sum_i sum_k (prediction_ik - target_ik)^2 / 2, over all B rows.

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
        predictions, targets : array (B, m) or (B, ..., m)
            What the network gave, and what it should have given.

        Returns
        -------
        scalar
            Summed over the m outputs, averaged over the rows.

        Raises
        ------
        ValueError
            If the shapes differ, the batch is empty or a target is not finite.
        """
        return self.value_and_gradient(predictions, targets)[0]

    def gradient(self, predictions: ArrayLike, targets: ArrayLike) -> Array:
        """Gradient with respect to the predictions, an array of their shape: (prediction - target) / B."""
        return self.value_and_gradient(predictions, targets)[1]

    def value_and_gradient(self, predictions: ArrayLike, targets: ArrayLike) -> tuple[Any, Array]:
        """Both at once, from one difference."""
        predictions = as_rows(predictions, "predictions")
        targets = as_targets(targets, predictions, "predictions")
        check_finite(targets, "targets")
        difference = predictions - targets.astype(predictions.real.dtype, copy=False)
        return 0.5 * (difference * difference).sum() / n_rows(difference), difference / n_rows(difference)
