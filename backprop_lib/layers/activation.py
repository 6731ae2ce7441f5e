"""An activation function as a layer."""

from backprop_lib._arrays import as_batch
from backprop_lib.activations import ActivationFunction
from backprop_lib.layers.base import Layer, checked_gradient


class Activation(Layer):
    """An activation function applied to every entry; its Jacobian is diagonal, so backward is a product of entries."""

    def __init__(self, function):
        if not isinstance(function, ActivationFunction):
            raise TypeError(f"function: expected an activation such as sigmoid, got {function!r}")
        self.function = function
        self._Z = self._H = None

    def forward(self, X):
        """Output (B, n) for X (B, n)."""
        self._Z = as_batch(X, self)
        self._H = self.function(self._Z)
        return self._H

    def backward(self, grad_output, *, input_gradient=True):
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._Z, None, grad_output)
        if not input_gradient:
            return None
        grad_input = self.function.derivative(self._Z, self._H)  # memory of its own, so the product may go there
        grad_input *= grad_output
        return grad_input

    def __repr__(self):
        return f"Activation({self.function})"
