"""Layers made of layers."""

from backprop_lib.layers.base import Layer


class Sequential(Layer):
    """Layers one after another: forward from first to last, backward from last to first."""

    def __init__(self, *layers):
        for layer in layers:
            if not isinstance(layer, Layer):
                raise TypeError(f"layers: expected layers, got {layer!r}")
        if not layers:
            raise ValueError("layers: expected at least one layer, got none")
        single = [id(part) for layer in layers for part in _leaves(layer)]
        if len(set(single)) < len(single):
            raise ValueError("layers: expected every layer once, got one twice; it remembers one forward pass")
        self.layers = list(layers)

    def forward(self, X):
        """Output of the last layer for a batch X."""
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, grad_output, *, input_gradient=True):
        """See `Layer.backward`."""
        first, *rest = self.layers
        for layer in reversed(rest):
            grad_output = layer.backward(grad_output)
        return first.backward(grad_output, input_gradient=input_gradient)

    def parameters(self):
        """Parameters of all layers, in order."""
        return [parameter for layer in self.layers for parameter in layer.parameters()]

    def train(self):
        """Switch every layer to training. Returns the network."""
        for layer in self.layers:
            layer.train()
        return self

    def eval(self):
        """Switch every layer to evaluation. Returns the network."""
        for layer in self.layers:
            layer.eval()
        return self

    def __repr__(self):
        return f"Sequential({', '.join(map(repr, self.layers))})"


def _leaves(layer):
    return [leaf for inner in layer.layers for leaf in _leaves(inner)] if isinstance(layer, Sequential) else [layer]
