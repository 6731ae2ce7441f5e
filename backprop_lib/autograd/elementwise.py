"""Smooth functions of every entry by itself: each rule multiplies the gradient by a derivative, entry by entry."""

import numpy as np

from backprop_lib._stable import stable_sigmoid, stable_softplus
from backprop_lib.activations import GELU_CUBIC, GELU_SCALE
from backprop_lib.autograd.operation import unary


def _quotient(grad, divisor):
    """A quotient; at 0 the slope of a root or a logarithm is infinite, of which only the forward pass may warn."""
    with np.errstate(divide="ignore"):
        return grad / divisor


# fmt: off
#                name        forward          gradient of x
exp      = unary("exp",      np.exp,          lambda grad, out, x: grad * out,
                 "e^x, its own derivative.")
log      = unary("log",      np.log,          lambda grad, out, x: _quotient(grad, x),
                 "Natural logarithm. d log(x) = dx / x.")
log1p    = unary("log1p",    np.log1p,        lambda grad, out, x: _quotient(grad, 1.0 + x),
                 "log(1 + x), also for an x so small that 1 + x would be 1. d log(1 + x) = dx / (1 + x).")
sqrt     = unary("sqrt",     np.sqrt,         lambda grad, out, x: _quotient(grad, 2.0 * out),
                 "Square root. d sqrt(x) = dx / (2 sqrt(x)).")
sin      = unary("sin",      np.sin,          lambda grad, out, x: grad * np.cos(x),
                 "Sine of an angle in radians. d sin(x) = cos(x) dx.")
cos      = unary("cos",      np.cos,          lambda grad, out, x: -grad * np.sin(x),
                 "Cosine of an angle in radians. d cos(x) = -sin(x) dx.")
tanh     = unary("tanh",     np.tanh,         lambda grad, out, x: grad * (1.0 - out * out),
                 "Hyperbolic tangent. d tanh(x) = (1 - tanh(x)^2) dx.")
sigmoid  = unary("sigmoid",  stable_sigmoid,  lambda grad, out, x: grad * (out * (1.0 - out)),
                 "s(x) = 1 / (1 + exp(-x)). ds = s (1 - s) dx.")
softplus = unary("softplus", stable_softplus, lambda grad, out, x: grad * stable_sigmoid(x),
                 "log(1 + exp(x)). Derivative 1 / (1 + exp(-x)).")
# fmt: on


def gelu(x):
    """x (1 + tanh u) / 2 = x sigmoid(2u) with u = sqrt(2/pi) (x + 0.044715 x^3), put together from other operations."""
    x = x.clip(low=-50.0)  # there the sigmoid has long reached 0 and 1: the product is 0, for x = -infinity too,
    bounded = x.clip(high=50.0)  # and the cube of a huge x does not overflow
    return x * ((2.0 * GELU_SCALE) * (bounded + GELU_CUBIC * bounded * bounded * bounded)).sigmoid()
