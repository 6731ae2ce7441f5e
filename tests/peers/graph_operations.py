"""For every operation of the programs: how to propose random operands and options, and when these are safe.

A proposal is a pair (node numbers, options); ValueError where the drawn node does not fit. Safe means away from the
ends of a domain, and away from kinks unless the operands are exact (see `graph_generator`).
"""

from typing import NamedTuple

import numpy as np

from tests.peers.graph_programs import ARRAY
from tests.peers.numpy_operations import COMPARISONS

GAP = 1e-3  # distance of a rounded operand from a kink
DOMAIN = 0.1  # distance from the ends of a domain, where slopes grow without limit
LARGEST_EXPONENT = 4.0


class Operation(NamedTuple):
    propose: callable
    is_safe: callable


def always(operands, exact, **options):
    """Safe everywhere."""
    return True


# One operand


def unary(writer):
    """One tensor, no options."""
    return (writer.node(),), {}


def above(limit):
    """Safe where every entry lies above a limit."""
    return lambda operands, exact: operands[0].min() >= limit


def off_zero(operands, exact):
    """The kink of relu, leaky_relu and abs."""
    return exact or np.abs(operands[0]).min() >= GAP


def clip(writer):
    """Bounds that the integers among the leaves can meet; sometimes one of them alone."""
    low = writer.choice([-2.0, -1.0, -0.5, 0.0])
    bounds = {"low": low, "high": low + writer.choice([0.5, 1.0, 2.0, 3.0])}
    return (writer.node(),), bounds | writer.choice([{}, {}, {"low": None}, {"high": None}])


def off_bounds(operands, exact, low, high):
    """The kinks of clip."""
    bounds = [bound for bound in (low, high) if bound is not None]
    return exact or min(np.abs(operands[0] - bound).min() for bound in bounds) >= GAP


def power_of_number(writer):
    """x ** number."""
    return (writer.node(),), {"exponent": writer.choice([2, 3, 0.5, 1.5, -1, -0.5, -2, 1, 0])}


def has_power(operands, exact, exponent):
    """Whole exponents from 0 on are safe everywhere, negative ones off zero, broken ones above it."""
    if exponent == int(exponent):
        return exponent >= 0 or np.abs(operands[0]).min() >= 3 * DOMAIN
    return operands[0].min() >= DOMAIN


# Two operands


def binary(writer):
    """A tensor and a tensor, array or number, in either order; both may be the same tensor."""
    operands = [writer.node(), writer.operand()]
    writer.rng.shuffle(operands)
    return tuple(operands), {}


def divides(operands, exact):
    """Denominators keep away from zero."""
    return np.abs(operands[1]).min() >= 3 * DOMAIN


def base_is_positive(operands, exact):
    """x ** y with y's own slope x ** y log x needs x above zero; neither may be so large that it overflows."""
    return operands[0].min() >= DOMAIN and np.abs(operands[1]).max() <= LARGEST_EXPONENT


def is_ahead(operands, exact):
    """Neither of the two is just a little larger than the other."""
    return exact or np.abs(operands[0] - operands[1]).min() >= GAP


def matrix_product(writer):
    """A product of any two tensors, or a tensor and an array, that may fit; numbers never do."""
    operands = [writer.node(), writer.operand(plain=(ARRAY,))]
    writer.rng.shuffle(operands)
    return tuple(operands), {}


# Reductions


def reduction(writer):
    """One axis, all, or several; counted from either end."""
    i = writer.node()
    ndim = writer.values[i].ndim
    axes = [None, *range(-ndim, ndim)]
    if ndim >= 2:
        axes += [(0, 1), (-1, 0)]
    return (i,), {"axis": writer.choice(axes), "keepdims": bool(writer.rng.integers(2))}


def has_clear_maximum(operands, exact, axis, keepdims):
    """The largest entry stands out, or ties are ties in every library."""
    near = operands[0] >= operands[0].max(axis=axis, keepdims=True) - GAP
    return exact or near.sum(axis=axis).max() == 1


def has_norm(operands, exact, axis, keepdims):
    """Away from the zero vector, or exactly there."""
    norms = np.sqrt((operands[0] ** 2).sum(axis=axis))
    return bool(((norms >= DOMAIN) | ((norms == 0) & exact)).all())


def has_clear_minimum(operands, exact, axis, keepdims):
    """The smallest entry stands out, or ties are ties in every library."""
    return has_clear_maximum([-operands[0]], exact, axis, keepdims)


def deviation(writer):
    """A reduction with degrees of freedom left."""
    inputs, options = reduction(writer)
    x = writer.values[inputs[0]]
    ddof = writer.choice([0, 1])
    if x.size // x.sum(axis=options["axis"]).size <= ddof:
        raise ValueError("a single entry has no deviation")
    return inputs, options | {"ddof": ddof}


def deviates(operands, exact, axis, keepdims, ddof):
    """Away from equal entries, whose mean others round to something else."""
    return operands[0].std(axis=axis).min() >= DOMAIN


# Sums over letters


LETTERS = ["i->i", "i->", "ij->ji", "ij->j", "ij->", "ii->i", "ii->", "ij", "ji", "...i->...", "ijk->kj", "i...->..."]
LETTERS += ["i,i->i", "i,j->ij", "i,ij->j", "ij,jk->ik", "ij,jk", "ij,ij->i", "ij,kj->ki", "...ij,...jk->...ik"]
LETTERS += ["...i,...i->...", "ijk,ik->j", "ij,j,i->", "i,ij,j->i", "ij,jk,kl->il"]


def over_letters(writer):
    """Sums over letters, of which most do not fit the operands that are there."""
    subscripts = writer.choice(LETTERS)
    terms = subscripts.partition("->")[0].split(",")
    inputs = (writer.node(), *(writer.operand(plain=(ARRAY,)) for _ in terms[1:]))
    for i, term in zip(inputs, terms, strict=True):
        shape = writer.values[i].shape
        if ("..." not in term and len(shape) != len(term)) or (term == "ii" and shape[0] != shape[1]):
            raise ValueError("other axes")
    return inputs, {"subscripts": subscripts}


# Choices


def with_condition(writer):
    """where with a fixed condition."""
    a, b = binary(writer)[0]
    shape = np.broadcast_shapes(writer.values[a].shape, writer.values[b].shape)
    return (a, b), {"condition": writer.rng.random(shape) < 0.5}


def with_comparison(writer):
    """where(x < y, a, b) and the like."""
    return (*binary(writer)[0], *binary(writer)[0]), {"sign": writer.choice(list(COMPARISONS))}


def is_decided(operands, exact, sign):
    """No comparison hangs on rounding."""
    return exact or np.abs(operands[0] - operands[1]).min() >= GAP


# Shapes


def reshape(writer):
    """Another shape of the same size, the last length sometimes left to be found."""
    i = writer.node()
    shape = writer.values[i].shape
    shapes = [shape[::-1], (*shape, 1), (1, *shape), (writer.values[i].size,), (-1,), (*shape[:1], -1)]
    return (i,), {"shape": writer.choice(shapes)}


def transpose(writer):
    """All axes reversed (no axes named), or any permutation, counted from either end."""
    i = writer.node()
    ndim = writer.values[i].ndim
    axes = tuple(int(axis) - ndim * int(writer.rng.integers(2)) for axis in writer.rng.permutation(ndim))
    return (i,), {"axes": writer.choice([(), axes])}


def index(writer):
    """Integers, slices, new axes and an ellipsis; integer arrays with repetitions; a mask."""
    i = writer.node()
    shape = writer.values[i].shape
    if not shape:
        return (i,), {"index": writer.choice([(), Ellipsis, None])}
    kind = writer.choice([_basic_index, _integer_array, _pairs, _mask])
    return (i,), {"index": kind(writer.rng, shape)}


def _basic_index(rng, shape):
    slices = [slice(None), slice(1, None), slice(None, None, -1), slice(None, None, 2), slice(-2, None), slice(0, 1)]
    parts = [int(rng.integers(-n, n)) if rng.random() < 0.4 else slices[rng.integers(len(slices))] for n in shape]
    forms = [tuple(parts), tuple(parts[: rng.integers(1, len(parts) + 1)]), (..., parts[-1]), (None, *parts)]
    return forms[rng.integers(len(forms))]


def _integer_array(rng, shape):
    axis = rng.integers(len(shape))
    n = shape[axis]
    return (slice(None),) * axis + (rng.integers(-n, n, size=[(5,), (2, 2)][rng.integers(2)]),)


def _pairs(rng, shape):
    return tuple(rng.integers(n, size=5) for n in shape[:2])


def _mask(rng, shape):
    return rng.random(shape) < 0.7


def several(writer):
    """Two or three tensors or arrays, the same one perhaps twice, joined along an axis."""
    inputs = (writer.node(), *(writer.operand(plain=(ARRAY,)) for _ in range(writer.rng.integers(1, 3))))
    return inputs, {"axis": int(writer.rng.integers(-2, 2))}


def part(writer):
    """One of the parts along an axis: of one length, or cut at given places."""
    i = writer.node()
    ndim = writer.values[i].ndim
    axis = int(writer.rng.integers(-ndim, ndim))
    n = writer.values[i].shape[axis]
    parts = writer.choice([1, 2, 3, [n // 2], [1, 2], [n - 1]])
    return (i,), {
        "parts": parts,
        "axis": axis,
        "which": int(writer.rng.integers(np.size(parts) + 1 if np.ndim(parts) else parts)),
    }


def squeezed(writer):
    """All axes of length 1, or one of them."""
    i = writer.node()
    ones = [axis for axis, n in enumerate(writer.values[i].shape) if n == 1]
    return (i,), {"axis": writer.choice([None, *ones, *(axis - writer.values[i].ndim for axis in ones)])}


# Classification


def softmax(writer):
    """Logits and the axis of their classes."""
    i = writer.node()
    ndim = writer.values[i].ndim
    return (i,), {"axis": int(writer.rng.integers(-ndim, ndim))}


def labelled(writer):
    """Logits (B, C) with labels."""
    i = writer.node()
    n_samples, n_classes = writer.values[i].shape
    return (i,), {"labels": writer.rng.integers(n_classes, size=n_samples)}


OPERATIONS = {
    "neg": Operation(unary, always),
    "exp": Operation(unary, lambda operands, exact: operands[0].max() <= LARGEST_EXPONENT),
    "log": Operation(unary, above(DOMAIN)),
    "log1p": Operation(unary, above(DOMAIN - 1.0)),
    "sin": Operation(unary, always),
    "cos": Operation(unary, always),
    "sqrt": Operation(unary, above(DOMAIN)),
    "tanh": Operation(unary, always),
    "sigmoid": Operation(unary, always),
    "softplus": Operation(unary, always),
    "gelu": Operation(unary, always),
    "relu": Operation(unary, off_zero),
    "leaky_relu": Operation(unary, off_zero),
    "abs": Operation(unary, off_zero),
    "clip": Operation(clip, off_bounds),
    "detach": Operation(unary, always),
    "pow_number": Operation(power_of_number, has_power),
    "add": Operation(binary, always),
    "sub": Operation(binary, always),
    "mul": Operation(binary, always),
    "div": Operation(binary, divides),
    "pow": Operation(binary, base_is_positive),
    "maximum": Operation(binary, is_ahead),
    "minimum": Operation(binary, is_ahead),
    "matmul": Operation(matrix_product, always),
    "einsum": Operation(over_letters, always),
    "sum": Operation(reduction, always),
    "mean": Operation(reduction, always),
    "max": Operation(reduction, has_clear_maximum),
    "min": Operation(reduction, has_clear_minimum),
    "prod": Operation(reduction, always),
    "norm": Operation(reduction, has_norm),
    "var": Operation(deviation, always),
    "std": Operation(deviation, deviates),
    "logsumexp": Operation(reduction, always),
    "where": Operation(with_condition, always),
    "where_compared": Operation(with_comparison, is_decided),
    "reshape": Operation(reshape, always),
    "flatten": Operation(unary, always),
    "squeeze": Operation(squeezed, always),
    "split": Operation(part, always),
    "transpose": Operation(transpose, always),
    "index": Operation(index, always),
    "concatenate": Operation(several, always),
    "stack": Operation(several, always),
    "softmax": Operation(softmax, always),
    "log_softmax": Operation(softmax, always),
    "cross_entropy": Operation(labelled, always),
}
