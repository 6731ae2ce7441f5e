"""Backpropagation in readable NumPy: the package that the book *Backpropagation You Can Run* builds up and checks.

Batches are rows X (B, n), weights are (out, in), losses are summed over outputs and averaged over the batch.
The code of the lessons stands beside it, in `backprop_book`.
"""

from backprop_lib.activations import gelu, identity, leaky_relu, relu, sigmoid, softmax, softplus, tanh
from backprop_lib.autograd import Tensor, Value, checkpoint, graph, no_grad
from backprop_lib.datasets import Dataset, load_digits, make_spirals
from backprop_lib.descent import gradient_descent
from backprop_lib.initializers import he_normal, he_uniform, orthogonal, xavier_normal, xavier_uniform
from backprop_lib.layers import (
    Activation,
    BatchNorm,
    Dropout,
    GatedRecurrent,
    LayerNorm,
    Linear,
    Parameter,
    Recurrent,
    Residual,
    Sequential,
)
from backprop_lib.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy, SquaredError, accuracy, one_hot
from backprop_lib.numerical import (
    GradientCheck,
    check_gradient,
    numerical_gradient,
    numerical_jacobian,
    relative_error,
)
from backprop_lib.optimizers import SGD, Adam, AdamW, RMSProp, clip_gradient_norm
from backprop_lib.saving import load, save
from backprop_lib.training import History, fit

__all__ = [
    "SGD",
    "Activation",
    "Adam",
    "AdamW",
    "BatchNorm",
    "Dataset",
    "Dropout",
    "GatedRecurrent",
    "GradientCheck",
    "History",
    "LayerNorm",
    "Linear",
    "Parameter",
    "RMSProp",
    "Recurrent",
    "Residual",
    "Sequential",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "Tensor",
    "Value",
    "accuracy",
    "check_gradient",
    "checkpoint",
    "clip_gradient_norm",
    "fit",
    "gelu",
    "gradient_descent",
    "graph",
    "he_normal",
    "he_uniform",
    "identity",
    "leaky_relu",
    "load",
    "load_digits",
    "make_spirals",
    "no_grad",
    "numerical_gradient",
    "numerical_jacobian",
    "one_hot",
    "orthogonal",
    "relative_error",
    "relu",
    "save",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
    "xavier_normal",
    "xavier_uniform",
]
