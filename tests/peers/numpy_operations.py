"""The operations of the programs in NumPy's words.

With NumPy itself they give values; with HIPS autograd's wrapped NumPy, gradients too. Where HIPS autograd has no such
function, or another convention at a kink, it is expressed in what HIPS autograd has.
"""

import math
import operator

import numpy as np

COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def numpy_operations(xp, detach=lambda x: x):
    """{name: function} in terms of a NumPy namespace. ``detach`` returns the plain value of a tracked one."""
    return {
        **_arithmetic(),
        **_entrywise(xp),
        **_kinked(xp),
        **_reductions(xp),
        **_shapes(xp),
        **_classification(xp),
        "detach": detach,
    }


def _arithmetic():
    return {
        "neg": operator.neg,
        "add": operator.add,
        "sub": operator.sub,
        "mul": operator.mul,
        "div": operator.truediv,
        "pow": operator.pow,
        "pow_number": lambda x, exponent: x**exponent,
        "matmul": operator.matmul,
    }


def _entrywise(xp):
    return {
        "exp": xp.exp,
        "log": xp.log,
        "sqrt": xp.sqrt,
        "tanh": xp.tanh,
        "sigmoid": lambda x: 1.0 / (1.0 + xp.exp(-x)),
        "softplus": lambda x: xp.logaddexp(x, 0.0),
        "gelu": lambda x: 0.5 * x * (1.0 + xp.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x * x * x))),
    }


def _kinked(xp):
    def where(a, b, *, condition):
        return condition * a + ~condition * b  # HIPS autograd's where does not broadcast

    def clip(x, low, high):
        return x * ((x >= low) & (x <= high)) + low * (x < low) + high * (x > high)  # slope 1 at the bounds

    return {
        "relu": lambda x: x * (x > 0),
        "leaky_relu": lambda x: x * ((x > 0) + 0.01 * (x <= 0)),
        "abs": xp.abs,
        "clip": clip,
        "where": where,
        "where_compared": lambda x, y, a, b, *, sign: where(a, b, condition=COMPARISONS[sign](x, y)),
    }


def _reductions(xp):
    def norm(x, *, axis, keepdims):
        squares = xp.sum(x * x, axis=axis, keepdims=keepdims)
        zero = squares == 0
        return xp.sqrt(squares + zero) - zero  # gradient 0 at 0

    return {
        "sum": lambda x, **options: xp.sum(x, **options),
        "mean": lambda x, **options: xp.mean(x, **options),
        "max": lambda x, **options: xp.max(x, **options),
        "norm": norm,
    }


def _shapes(xp):
    def index(x, index):
        if xp.ndim(x) == 0:  # HIPS autograd cannot add up what comes back to an indexed 0-d array
            return xp.reshape(x, np.empty(())[index].shape)
        return x[index]

    def transpose(x, axes):
        # HIPS autograd does not expect axes counted from the end.
        return xp.transpose(x, [axis % xp.ndim(x) for axis in axes] if axes else None)

    return {
        "reshape": lambda x, shape: xp.reshape(x, shape),
        "transpose": transpose,
        "index": index,
        "concatenate": lambda *arrays, axis: xp.concatenate(arrays, axis),
        "stack": lambda *arrays, axis: xp.stack(arrays, axis),
    }


def _classification(xp):
    def log_softmax(x, axis):
        return x - xp.log(xp.sum(xp.exp(x), axis=axis, keepdims=True))  # the generator keeps |x| below 50

    def cross_entropy(logits, labels):
        return -xp.mean(log_softmax(logits, -1)[range(len(labels)), labels])

    return {"log_softmax": log_softmax, "cross_entropy": cross_entropy}


NUMPY = numpy_operations(np)
