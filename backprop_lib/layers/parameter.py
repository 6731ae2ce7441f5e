"""The parameter: an array to be learned, with its gradient."""

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

    def __init__(self, data: ArrayLike):
        self.data = as_float_array(data, "data")
        self.grad: Array | None = None

    def add_gradient(self, gradient: Array) -> None:
        """Add ``gradient`` to ``grad``: a parameter that is used several times gets the sum over all uses.

        Parameters
        ----------
        gradient : array of data's shape
            In data's dtype afterwards. A new array, which nothing else writes to: the first is kept, not copied.
        """
        if gradient.dtype != self.data.dtype:
            gradient = gradient.astype(self.data.dtype, casting="same_kind")
        if self.grad is None:
            self.grad = gradient
        else:
            self.grad += gradient

    def zero_grad(self) -> None:
        """Empty the gradient."""
        self.grad = None

    def __repr__(self):
        return f"Parameter(shape={self.data.shape}, dtype={self.data.dtype})"
