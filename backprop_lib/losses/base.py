"""What every loss is made of."""

from typing import Any

from backprop_lib._checks import Array, ArrayLike, as_float_array, check_real, check_same_shape


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


def as_targets(targets: ArrayLike, output: Array, output_name: str) -> Array:
    """Return targets as real numbers of the output's shape."""
    targets = check_real(as_float_array(targets, "targets"), "targets")
    check_same_shape(targets, output, "targets", output_name)
    return targets
