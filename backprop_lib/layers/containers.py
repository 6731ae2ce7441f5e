"""Layers made of layers."""

from typing import Any, Self

from backprop_lib._checks import Array, ArrayLike, as_float_array, as_rows
from backprop_lib.layers.base import Layer, checked_gradient
from backprop_lib.layers.parameter import Parameter


class Container(Layer):
    """What layers made of layers share: a switch of mode reaches all of them, and their parameters are listed."""

    def children(self) -> list[Layer]:
        """The layers inside, in order."""
        raise NotImplementedError

    def parameters(self) -> list[Parameter]:
        """Parameters of all layers, in order, each once: one that layers share stands at its first place."""
        parameters = [parameter for layer in self.children() for parameter in layer.parameters()]
        return list({id(parameter): parameter for parameter in parameters}.values())

    def train(self) -> Self:
        """Switch every layer to training. Returns the container."""
        for layer in self.children():
            layer.train()
        return super().train()

    def eval(self) -> Self:
        """Switch every layer to evaluation. Returns the container."""
        for layer in self.children():
            layer.eval()
        return super().eval()

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(map(repr, self.children()))})"


class Sequential(Container):
    """Layers one after another: forward from first to last, backward from last to first.

    Parameters
    ----------
    *layers : Layer
        At least one, and none of them twice: a layer remembers one forward pass.

    Examples
    --------
    >>> import numpy as np
    >>> from backprop_lib import Activation, Linear, sigmoid
    >>> rng = np.random.default_rng(0)
    >>> Sequential(Linear(64, 16, rng=rng), Activation(sigmoid), Linear(16, 10, rng=rng))
    Sequential(Linear(64, 16), Activation(sigmoid), Linear(16, 10))
    """

    def __init__(self, *layers: Layer):
        if not layers:
            raise ValueError("layers: expected at least one layer, got none")
        _check_layers(layers)
        self.layers = list(layers)

    def children(self) -> list[Layer]:
        """The layers, in order."""
        return self.layers

    def named_parts(self) -> dict[str, Any]:
        """The layers, by position from 0."""
        return {str(position): layer for position, layer in enumerate(self.layers)}

    def forward(self, X: Any) -> Array:
        """Output of the last layer for a batch X."""
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, grad_output: Any, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        first, *rest = self.layers
        for layer in reversed(rest):
            grad_output = layer.backward(grad_output)
        return first.backward(grad_output, input_gradient=input_gradient)


class Residual(Container):
    """Y = X + layer(X): a way past the layer, for the signal and for its gradient. He et al. (2016).

    Backward: X reaches Y along two paths, and their gradients add up, dX = dY + layer.backward(dY): eq-residual.

    Parameters
    ----------
    layer : Layer
        Usually a `Sequential`. Its output needs the shape of its input.

    Examples
    --------
    >>> from backprop_lib import Activation, relu
    >>> Residual(Activation(relu))([[-1.0, 2.0]])
    array([[-1.,  4.]])
    """

    def __init__(self, layer: Layer):
        _check_layers([layer])
        self.layer = layer
        self._Y: Any = None

    def children(self) -> list[Layer]:
        """The one layer."""
        return [self.layer]

    def forward(self, X: ArrayLike) -> Array:
        """Output of X's shape."""
        shape = as_rows(X, self).shape
        change = self.layer.forward(X)
        if change.shape != shape:
            raise ValueError(
                f"{self!r}: expected a layer whose output has its input's shape {shape}, got {change.shape}"
            )
        self._Y = as_float_array(X, self, change.dtype) + change
        return self._Y

    def backward(self, grad_output: ArrayLike, *, input_gradient: bool = True) -> Array | Any:
        """See `Layer.backward`."""
        grad_output = checked_gradient(self, self._Y, None, grad_output)
        grad_change = self.layer.backward(grad_output, input_gradient=input_gradient)
        return grad_output + grad_change if input_gradient else None


def _check_layers(layers):
    for layer in layers:
        if not isinstance(layer, Layer):
            raise TypeError(f"layers: expected layers, got {layer!r}")
    single = [id(leaf) for layer in layers for leaf in _leaves(layer)]
    if len(set(single)) < len(single):
        raise ValueError("layers: expected every layer once, got one twice; it remembers one forward pass")


def _leaves(layer):
    return [leaf for inner in layer.children() for leaf in _leaves(inner)] if isinstance(layer, Container) else [layer]
