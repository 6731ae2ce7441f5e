"""What every layer is made of: the interface, and the checks of what comes in."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from backprop_lib._checks import NO_FLOAT16, Array, ArrayLike, as_float_array
from backprop_lib.layers.parameter import Parameter
from backprop_lib.layers.state import checked_state_parts, copy_part, load


class Layer:
    """What every layer can do. A layer without parameters only writes ``forward`` and ``backward``.

    Attributes
    ----------
    training : bool
        True until ``eval`` is called. Few layers behave differently: `BatchNorm`, `Dropout`.
    buffers : tuple of str
        Names of the attributes, besides Parameters, that hold an array which training changes.
    """

    training = True
    buffers: tuple[str, ...] = ()

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

    def named_parts(self) -> dict[str, Any]:
        """What the layer holds, by name: its attributes. Those that training changes make up its state."""
        return vars(self)

    def state_dict(self) -> dict[str, Array]:
        """Copies of all that training changes, by name: parameters, running averages, states of generators.

        Returns
        -------
        dict of str to array
            A layer's own names are those of its attributes, ``"weight"``; a layer inside puts its place in front,
            ``"0.weight"``. A generator's state is one string in an array of shape (). A weight that two layers share
            is there once, under its first name.

        Examples
        --------
        >>> from backprop_lib import BatchNorm, Linear, Sequential
        >>> network = Sequential(Linear(2, 3, rng=np.random.default_rng(0)), BatchNorm(3))
        >>> list(network.state_dict())
        ['0.weight', '0.bias', '1.weight', '1.bias', '1.running_mean', '1.running_variance']
        """
        return {name: copy_part(part) for name, part in checked_state_parts(self).items()}

    def load_state_dict(self, state: Mapping[str, ArrayLike]) -> None:
        """Write a state into the layer's arrays, in place. All of it is checked before the first is written.

        Parameters
        ----------
        state : dict of str to array
            From ``state_dict`` of a network built in the same way.

        Raises
        ------
        ValueError
            If a name is missing or unexpected, or an array has another shape or dtype.
        """
        load(checked_state_parts(self), state)

    def __call__(self, X: ArrayLike) -> Array:
        return self.forward(X)


def checked_gradient(layer: Layer, cached: Array | None, out_features: int | None, grad_output: ArrayLike) -> Array:
    """Return grad_output as an array of the output's shape.

    ``cached`` is an array that the forward pass kept, None before it; the output has its shape, but for the last axis
    where ``out_features`` is given.
    """
    if cached is None:
        raise ValueError(f"{layer!r}.backward: expected a forward pass before, got none")
    grad_output = as_float_array(grad_output, "grad_output", cached.dtype)
    expected = cached.shape if out_features is None else (*cached.shape[:-1], out_features)
    if grad_output.shape != expected:
        raise ValueError(f"{layer!r}.backward: expected grad_output of shape {expected}, got {grad_output.shape}")
    return grad_output


def rows(A: Array) -> Array:
    """All rows of A (B, ..., n) under one another: (B ..., n)."""
    return A if A.ndim == 2 else A.reshape(-1, A.shape[-1])


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
