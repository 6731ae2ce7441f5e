"""Layers whose backward passes were derived by hand: each knows its input, its output and its own derivative.

A layer's ``forward`` keeps what its ``backward`` will need. ``backward`` takes the gradient of the loss with
respect to the layer's output, adds to the gradients of the layer's parameters, and returns the gradient with
respect to the layer's input. Nothing in this module differentiates automatically.

Inputs and outputs are kept by reference, not copied: do not change them in place between forward and backward.
"""

from backprop_lib.layers.activation import Activation
from backprop_lib.layers.base import Layer
from backprop_lib.layers.containers import Residual, Sequential
from backprop_lib.layers.dropout import Dropout
from backprop_lib.layers.linear import Linear
from backprop_lib.layers.normalization import BatchNorm, LayerNorm
from backprop_lib.layers.parameter import Parameter
from backprop_lib.layers.recurrent import GatedRecurrent, Recurrent

__all__ = [
    "Activation",
    "BatchNorm",
    "Dropout",
    "GatedRecurrent",
    "Layer",
    "LayerNorm",
    "Linear",
    "Parameter",
    "Recurrent",
    "Residual",
    "Sequential",
]
