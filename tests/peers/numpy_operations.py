"""The operations of the programs in NumPy's words.

With NumPy itself they give values; with HIPS autograd's wrapped NumPy, gradients too. Where HIPS autograd has no such
function, or another convention at a kink, it is expressed in what HIPS autograd has.
"""

import functools
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
        "einsum": functools.partial(_einsum, xp),
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
        "log1p": xp.log1p,
        "sin": xp.sin,
        "cos": xp.cos,
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
        low, high = -1e9 if low is None else low, 1e9 if high is None else high
        return x * ((x >= low) & (x <= high)) + low * (x < low) + high * (x > high)  # slope 1 at the bounds

    return {
        "relu": lambda x: x * (x > 0),
        "leaky_relu": lambda x: x * ((x > 0) + 0.01 * (x <= 0)),
        "abs": xp.abs,
        "clip": clip,
        "maximum": xp.maximum,
        "minimum": xp.minimum,
        "where": where,
        "where_compared": lambda x, y, a, b, *, sign: where(a, b, condition=COMPARISONS[sign](x, y)),
    }


def _reductions(xp):
    def norm(x, *, axis, keepdims):
        squares = xp.sum(x * x, axis=axis, keepdims=keepdims)
        zero = squares == 0
        return xp.sqrt(squares + zero) - zero  # gradient 0 at 0

    def prod(x, *, axis, keepdims):
        # HIPS autograd divides by each factor, which may be 0: here they are multiplied one after the other.
        axes = range(xp.ndim(x)) if axis is None else [i % xp.ndim(x) for i in np.atleast_1d(axis)]
        for i in sorted(axes, reverse=True):
            x = functools.reduce(operator.mul, [x[(slice(None),) * i + (j,)] for j in range(np.shape(x)[i])])
            x = xp.expand_dims(x, i) if keepdims else x
        return x

    def var(x, *, axis, keepdims, ddof):
        mean = xp.mean(x, axis=axis, keepdims=True)
        squares = xp.sum((x - mean) ** 2, axis=axis, keepdims=keepdims)
        return squares / (math.prod(np.shape(x)) // math.prod(np.shape(mean)) - ddof)

    return {
        "min": lambda x, **options: xp.min(x, **options),
        "prod": prod,
        "var": var,
        "std": lambda x, **options: xp.sqrt(var(x, **options)),
        "logsumexp": lambda x, **options: xp.log(xp.sum(xp.exp(x), **options)),  # the generator keeps |x| below 50
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

    def split(x, parts, axis, which):
        places = np.split(np.arange(np.shape(x)[axis]), parts)[which]
        return x[(slice(None),) * (axis % xp.ndim(x)) + (places,)]

    return {
        "flatten": lambda x: xp.reshape(x, -1),
        "squeeze": lambda x, axis: xp.reshape(x, np.squeeze(np.empty(np.shape(x)), axis).shape),
        "split": split,
        "reshape": lambda x, shape: xp.reshape(x, shape),
        "transpose": transpose,
        "index": index,
        "concatenate": lambda *arrays, axis: xp.concatenate(arrays, axis),
        "stack": lambda *arrays, axis: xp.stack(arrays, axis),
    }


def _einsum(xp, *arrays, subscripts):
    """All operands side by side, an axis for each letter, multiplied and summed: HIPS autograd knows no diagonals."""
    left, arrow, result = subscripts.partition("->")
    terms = left.split(",")
    further = [xp.ndim(x) - len(term.replace("...", "")) for x, term in zip(arrays, terms, strict=True)]
    dots = "XYZ"[: max(further)]
    if not arrow:
        result = "".join(sorted(letter for letter in set(left) - {","} if left.count(letter) == 1))
    result = result.replace("...", dots)
    letters = dots + "".join(sorted(set(left) - set(".,")))
    product = 1.0
    for x, term, n in zip(arrays, terms, further, strict=True):
        own = term.replace("...", dots[len(dots) - n :])
        if own == "ii":
            own, x = "i", x[range(np.shape(x)[0]), range(np.shape(x)[0])]
        x = xp.transpose(x, [own.index(letter) for letter in letters if letter in own])
        lengths = iter(np.shape(x))
        product = product * xp.reshape(x, [next(lengths) if letter in own else 1 for letter in letters])
    summed = tuple(i for i, letter in enumerate(letters) if letter not in result)
    total = xp.sum(product, axis=summed) if summed else product
    left_over = [letter for letter in letters if letter in result]
    return xp.transpose(total, [left_over.index(letter) for letter in result])


def _classification(xp):
    def log_softmax(x, axis):
        return x - xp.log(xp.sum(xp.exp(x), axis=axis, keepdims=True))  # the generator keeps |x| below 50

    def cross_entropy(logits, labels):
        return -xp.mean(log_softmax(logits, -1)[range(len(labels)), labels])

    return {
        "softmax": lambda x, axis: xp.exp(log_softmax(x, axis)),
        "log_softmax": log_softmax,
        "cross_entropy": cross_entropy,
    }


NUMPY = numpy_operations(np)
