"""What every layer is made of: the parameter, the interface, and the check of an incoming gradient."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backprop_lib._arrays import NO_FLOAT16, Array, ArrayLike, as_float_array


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
        self._buffer: Array | None = None

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


class Layer:
    """What every layer can do. A layer without parameters only writes ``forward`` and ``backward``.

    Attributes
    ----------
    training : bool
        True until ``eval`` is called. Few layers behave differently: `BatchNorm`, `Dropout`.
    """

    training = True

    def forward(self, X: ArrayLike) -> Array:
        """Output of the layer for a batch X (B, n)."""
        raise NotImplementedError

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """Gradient with respect to the input of the last ``forward``; adds to the parameters' gradients.

        Parameters
        ----------
        grad_output : array of the output's shape
            Gradient of the loss with respect to the output.
        input_gradient : bool
            False skips the gradient with respect to the input, which nothing needs for a network's first layer.

        Returns
        -------
        array of the input's shape
            None where ``input_gradient`` is False.

        Raises
        ------
        ValueError
            If there was no ``forward``, or grad_output has another shape than its output.
        """
        raise NotImplementedError

    def parameters(self) -> list[Parameter]:
        """List of the layer's Parameters, weight before bias."""
        return []

    def train(self) -> Self:
        """Switch to training. Returns the layer."""
        self.training = True
        return self

    def eval(self) -> Self:
        """Switch to evaluation. Returns the layer."""
        self.training = False
        return self

    def __call__(self, X: ArrayLike) -> Array:
        return self.forward(X)


def checked_gradient(
    layer: Layer, cached: Array | None, features: tuple[int, ...] | None, grad_output: ArrayLike
) -> Array:
    """Return grad_output as an array of the output's shape, (len(cached), *features).

    ``cached`` is an array that the forward pass kept, None before it; ``features`` None means all of its axes.
    """
    if cached is None:
        raise ValueError(f"{layer!r}.backward: expected a forward pass before, got none")
    grad_output = as_float_array(grad_output, "grad_output")
    expected = cached.shape if features is None else (len(cached), *features)
    if grad_output.shape != expected:
        raise ValueError(f"{layer!r}.backward: expected grad_output of shape {expected}, got {grad_output.shape}")
    return grad_output


def checked_rows(layer: Layer, X: ArrayLike, features: int | None = None) -> Array:
    """Return X as an array (B, ..., features) with something in it: a batch of rows, or of sequences of rows."""
    X = as_float_array(X, layer)
    if X.ndim < 2 or X.size == 0 or features not in (None, X.shape[-1]):
        wanted = f"(B, ..., {'n' if features is None else features})"
        raise ValueError(f"{layer!r}: expected a batch of shape {wanted} with no axis of length 0, got shape {X.shape}")
    return X


def checked_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """Return the dtype of a layer's parameters; whole numbers would cut them to zero."""
    try:
        known = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype: expected a floating dtype, got {dtype!r}") from None
    if known == np.float16:
        raise TypeError(f"dtype: expected float32 or float64, got float16; {NO_FLOAT16}")
    if known.kind not in "fc":
        raise TypeError(f"dtype: expected a floating dtype, got {known}")
    return known
