"""An activation function as a layer."""

from typing import Any

from backprop_lib._checks import Array, ArrayLike, as_rows
from backprop_lib.activations import ActivationFunction
from backprop_lib.layers.base import Layer, checked_gradient


class Activation(Layer):
    """An activation function applied to every entry; its Jacobian is diagonal, so backward goes entry by entry, too.

    Parameters
    ----------
    function : ActivationFunction
        `sigmoid`, `relu` or another.

    Examples
    --------
    >>> from backprop_lib import relu
    >>> layer = Activation(relu)
    >>> layer([[-1.0, 2.0]])
    array([[0., 2.]])
    >>> layer.backward([[5.0, 5.0]])
    array([[0., 5.]])
    """

    _Z: Any  # what forward keeps for backward
    _H: Any

    def __init__(self, function: ActivationFunction):
        if not isinstance(function, ActivationFunction):
            raise TypeError(f"function: expected an activation such as sigmoid, got {function!r}")
        self.function = function
        self._Z = self._H = None

    def forward(self, X: ArrayLike) -> Array:
        """Output of X's shape, (B, n) or (B, ..., n)."""
        self._Z = as_rows(X, self)
        self._H = self.function.forward(self._Z)
        return self._H

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._Z, None, grad_output)
        return self.function.vjp(grad_output, self._Z, self._H) if input_gradient else None

    def __repr__(self):
        return f"Activation({self.function})"
