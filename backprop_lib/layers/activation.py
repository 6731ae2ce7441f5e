"""An activation function as a layer."""

from typing import Any

from backprop_lib._arrays import Array, ArrayLike, as_batch
from backprop_lib.activations import ActivationFunction
from backprop_lib.layers.base import Layer, checked_gradient


class Activation(Layer):
    """An activation function applied to every entry; its Jacobian is diagonal, so backward is a product of entries.

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
        """Output (B, n) for X (B, n)."""
        self._Z = as_batch(X, self)
        self._H = self.function(self._Z)
        return self._H

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._Z, None, grad_output)
        if not input_gradient:
            return None
        grad_input = self.function.derivative(self._Z, self._H)  # memory of its own, so the product may go there
        grad_input *= grad_output
        return grad_input

    def __repr__(self):
        return f"Activation({self.function})"
