"""Layers whose backward passes were derived by hand: each knows its input, its output and its own derivative.

A layer's ``forward`` keeps what its ``backward`` will need. ``backward`` takes the gradient of the loss with
respect to the layer's output, adds to the gradients of the layer's parameters, and returns the gradient with
respect to the layer's input. Nothing in this module differentiates automatically.

Inputs and outputs are kept by reference, not copied: do not change them in place between forward and backward.
"""

import numpy as np

from backprop_lib._arrays import as_batch, as_float_array, check_count, check_rng
from backprop_lib.activations import ActivationFunction
from backprop_lib.initializers import xavier_uniform


class Parameter:
    """An array to be learned, and the gradient that has been added up for it.

    The array is used, not copied: an optimiser changes it in place.

    Attributes
    ----------
    data : array
    grad : array of data's shape, or None
        None until a backward pass writes it, and again after ``zero_grad``.
    """

    def __init__(self, data):
        self.data = as_float_array(data, "data")
        self.grad = None
        self._buffer = None

    def accumulate(self, operation, *operands, **options):
        """Add ``operation(*operands)`` to ``grad``.

        The first write after ``zero_grad`` goes straight into memory kept from the last step, so that a training
        step allocates nothing for its gradients. Hence the operation, a NumPy function with ``out=``, and not
        its result.
        """
        if self.grad is not None:
            self.grad += operation(*operands, **options)
            return
        if self._buffer is None or self._buffer.shape != self.data.shape or self._buffer.dtype != self.data.dtype:
            self._buffer = np.empty_like(self.data)
        self.grad = operation(*operands, **options, out=self._buffer)

    def zero_grad(self):
        """Empty the gradient. Its memory is kept and overwritten by the next backward pass."""
        self.grad = None

    def __repr__(self):
        return f"Parameter(shape={self.data.shape}, dtype={self.data.dtype})"


class Layer:
    """What every layer can do. A layer without parameters and modes only writes ``forward`` and ``backward``."""

    def forward(self, X):
        """Output of the layer for a batch X (B, n)."""
        raise NotImplementedError

    def backward(self, grad_output, *, input_gradient=True):
        """Gradient with respect to the input of the last ``forward``; adds to the parameters' gradients.

        Parameters
        ----------
        grad_output : array of the output's shape
            Gradient of the loss with respect to the output.
        input_gradient : bool
            False skips the gradient with respect to the input, which nothing needs for a network's first layer.

        Returns
        -------
        array of the input's shape, or None where ``input_gradient`` is False

        Raises
        ------
        ValueError
            If there was no ``forward``, or grad_output has another shape than its output.
        """
        raise NotImplementedError

    def parameters(self):
        """List of the layer's Parameters, weight before bias."""
        return []

    def train(self):
        """Switch to training. Returns the layer."""
        return self

    def eval(self):
        """Switch to evaluation. Returns the layer."""
        return self

    def __call__(self, X):
        return self.forward(X)


class Linear(Layer):
    """Z = X W^T + b for a batch of rows X (B, in_features).

    Backward: dW = dZ^T X, db = the column sums of dZ, dX = dZ W. Row by row these are the book's equations
    eq-dw2, eq-db2 and eq-dh, added up over the batch.

    Parameters
    ----------
    in_features, out_features : int
    rng : numpy.random.Generator
    initializer : callable
        (shape, *, rng) -> array, called with shape (out_features, in_features). The bias starts at zero.
    dtype : numpy dtype

    Attributes
    ----------
    weight : Parameter (out_features, in_features)
    bias : Parameter (out_features,)
    """

    def __init__(self, in_features, out_features, *, rng, initializer=xavier_uniform, dtype=np.float64):
        check_rng(rng)
        shape = check_count(out_features, "out_features"), check_count(in_features, "in_features")
        if np.dtype(dtype).kind not in "fc":
            raise TypeError(f"dtype: expected a floating dtype, got {np.dtype(dtype)}")
        weight = initializer(shape, rng=rng)
        if np.shape(weight) != shape:
            raise ValueError(f"initializer: expected an array of shape {shape}, got shape {np.shape(weight)}")
        self.weight = Parameter(np.array(weight, dtype))
        self.bias = Parameter(np.zeros(out_features, dtype))
        self._X = None

    def forward(self, X):
        """Output (B, out_features) for X (B, in_features)."""
        weight = self.weight.data
        X = as_batch(X, repr(self), weight.shape[1])
        self._X = X
        return X @ weight.T + self.bias.data  # (B, n) @ (n, m) + (m,) -> (B, m)

    def backward(self, grad_output, *, input_gradient=True):
        """See `Layer.backward`."""
        grad_output = _checked_gradient(self, self._X, (self.weight.data.shape[0],), grad_output)
        self.weight.accumulate(np.matmul, grad_output.T, self._X)  # (m, B) @ (B, n) -> (m, n)
        self.bias.accumulate(np.sum, grad_output, axis=0)  # every row used the same b, so its gradients add up
        return grad_output @ self.weight.data if input_gradient else None  # (B, m) @ (m, n) -> (B, n)

    def parameters(self):
        """[weight, bias]."""
        return [self.weight, self.bias]

    def __repr__(self):
        out_features, in_features = self.weight.data.shape
        return f"Linear({in_features}, {out_features})"


class Activation(Layer):
    """An activation function applied to every entry; its Jacobian is diagonal, so backward is a product of entries."""

    def __init__(self, function):
        if not isinstance(function, ActivationFunction):
            raise TypeError(f"function: expected an activation such as sigmoid, got {function!r}")
        self.function = function
        self._Z = self._H = None

    def forward(self, X):
        """Output (B, n) for X (B, n)."""
        self._Z = as_batch(X, repr(self))
        self._H = self.function(self._Z)
        return self._H

    def backward(self, grad_output, *, input_gradient=True):
        """See `Layer.backward`."""
        features = None if self._Z is None else self._Z.shape[1:]
        grad_output = _checked_gradient(self, self._Z, features, grad_output)
        return grad_output * self.function.derivative(self._Z, self._H) if input_gradient else None

    def __repr__(self):
        return f"Activation({self.function})"


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


def _checked_gradient(layer, cached_input, features, grad_output):
    if cached_input is None:
        raise ValueError(f"{layer!r}.backward: expected a forward pass before, got none")
    grad_output = as_float_array(grad_output, f"{layer!r}.backward: grad_output")
    expected = (len(cached_input), *features)
    if grad_output.shape != expected:
        raise ValueError(f"{layer!r}.backward: expected grad_output of shape {expected}, got {grad_output.shape}")
    return grad_output
