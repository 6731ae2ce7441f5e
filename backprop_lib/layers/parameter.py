"""The parameter: an array to be learned, with its gradient."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_float_array


class Parameter:
    """An array to be learned, and the gradient that has been added up for it.

    The array is used, not copied: an optimiser changes it in place.

    Parameters
    ----------
    data : array of numbers, any shape
        Where it starts.

    Attributes
    ----------
    data : array
        The values.
    grad : array of data's shape, or None
        None until a backward pass writes it, and again after ``zero_grad``.

    Examples
    --------
    >>> Parameter([[1.0, 2.0]])
    Parameter(shape=(1, 2), dtype=float64)
    """

    _buffer: Array | None = None  # memory of the last gradient, for the next one

    def __init__(self, data: ArrayLike):
        self.data = as_float_array(data, "data")
        self.grad: Array | None = None

    def __getstate__(self):
        # A copy gets memory of its own, when it needs some.
        return {name: value for name, value in vars(self).items() if name != "_buffer"}

    def accumulate(self, operation: Callable[..., Array], *operands: Array, **options: Any) -> None:
        """Add ``operation(*operands)`` to ``grad``.

        The first write after ``zero_grad`` goes straight into memory kept from the last step, so that a training
        step allocates nothing for its gradients. Hence the operation, a NumPy function with ``out=``, and not
        its result.

        Parameters
        ----------
        operation : callable
            ``np.matmul``, ``np.sum`` or another with ``out=``.
        *operands, **options
            What it is called with.
        """
        if self.grad is not None:
            self.grad += operation(*operands, **options)
            return
        if self._buffer is None or self._buffer.shape != self.data.shape or self._buffer.dtype != self.data.dtype:
            self._buffer = np.empty_like(self.data)
        self.grad = operation(*operands, **options, out=self._buffer)

    def zero_grad(self) -> None:
        """Empty the gradient. Its memory is kept and overwritten by the next backward pass."""
        self.grad = None

    def __repr__(self):
        return f"Parameter(shape={self.data.shape}, dtype={self.data.dtype})"
