"""What every loss is made of."""

from typing import Any

import numpy as np

from backprop_lib._arrays import Array, ArrayLike


class Loss:
    """What every loss can do: ``value`` and ``gradient``, apart or at once."""

    def value(self, output: ArrayLike, targets: ArrayLike) -> Any:
        """Loss of a batch, one number: summed over the outputs of a row, averaged over all rows."""
        raise NotImplementedError

    def gradient(self, output: ArrayLike, targets: ArrayLike) -> Array:
        """Gradient with respect to the output, an array of its shape."""
        raise NotImplementedError

    def value_and_gradient(self, output: ArrayLike, targets: ArrayLike) -> tuple[Any, Array]:
        """Both, for a loop that needs both: what they have in common may be computed once."""
        return self.value(output, targets), self.gradient(output, targets)


def n_rows(A: Array) -> int:
    """Number of rows of A (B, ..., m), over which a loss is averaged."""
    return A.size // A.shape[-1]


def selected_product(factor: Array, values: Array) -> Array:
    """factor * values, and 0 where the factor is 0, whatever the value: infinity times 0 would be NaN."""
    return np.multiply(factor, values, out=np.zeros_like(values), where=factor != 0.0)
