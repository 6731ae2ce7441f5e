"""Every operation of the array engine beside the same formula in NumPy, and the operands on which they are compared.

The formulas are written for complex arrays, so that the complex step applies to them. They share nothing with the
engine. Operands keep away from kinks and from where a formula itself loses digits; the reason stands beside each
domain. What happens at kinks and beyond is asserted elsewhere, number by number.
"""

from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import autograd as ag

seeds = st.integers(0, 2**32 - 1)
shapes = hnp.array_shapes(min_dims=0, max_dims=3, max_side=3)


class Draw(NamedTuple):
    """Operands of a call, its options, and the distance over which the function bends: the measure of a step."""

    arrays: list
    options: dict
    length: float


class Case(NamedTuple):
    """An operation on tensors, the same formula for arrays, and a strategy of draws."""

    engine: Callable
    formula: Callable
    draws: st.SearchStrategy


def spread(rng, shape, low, high, signed):
    """Numbers with low <= |x| <= high, or between the two where ``signed`` is None."""
    values = rng.uniform(low, high, shape)
    return values * rng.choice([-1.0, 1.0], shape) if signed else values


@st.composite
def operands(draw, shapes=shapes, n=1, low=-2.0, high=2.0, signed=False, powers=0, options=None):
    """n arrays of one shape, or arrays of the drawn shapes, times a common power of ten; options from the shapes."""
    drawn = draw(shapes)
    drawn = [drawn] * n if isinstance(drawn, tuple) and not isinstance(drawn, hnp.BroadcastableShapes) else drawn
    drawn = list(drawn.input_shapes) if isinstance(drawn, hnp.BroadcastableShapes) else list(drawn)
    rng = np.random.default_rng(draw(seeds))
    scale = 10.0 ** draw(st.integers(-powers, powers))
    arrays = [np.asarray(scale * spread(rng, shape, low, high, signed)) for shape in drawn]
    return Draw(arrays, draw(options(*drawn)) if options else {}, scale)


def pairs(**kwargs):
    """Two operands whose shapes broadcast together."""
    return operands(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), **kwargs)


# Elementwise


def _gelu(z):
    u = np.sqrt(2.0 / np.pi) * (z + 0.044715 * z**3)
    return z / (1.0 + np.exp(-2.0 * u))  # (1 + tanh u) / 2 = 1 / (1 + exp(-2u)), without cancellation


def _clip(z, low, high):
    return np.where(z.real < low, low, np.where(z.real > high, high, z))


mild = operands()
# Off a kink at zero, and over many orders of magnitude: the functions below are powers or made of straight lines.
scaled = operands(low=0.5, signed=True, powers=60)
scaled_positive = operands(low=0.5, powers=60)

ELEMENTWISE = {
    "exp": Case(lambda x: x.exp(), np.exp, operands(low=-300.0, high=300.0)),
    "log": Case(lambda x: x.log(), np.log, scaled_positive),
    "log1p": Case(lambda x: x.log1p(), np.log1p, operands(low=-0.5, high=30.0)),
    "sqrt": Case(lambda x: x.sqrt(), np.sqrt, scaled_positive),
    "sin": Case(lambda x: x.sin(), np.sin, operands(low=-6.0, high=6.0)),
    "cos": Case(lambda x: x.cos(), np.cos, operands(low=-6.0, high=6.0)),
    "abs": Case(abs, lambda z: np.where(z.real < 0, -z, z), scaled),
    # The slope 1 - h^2 is rounded by eps; it is 5e-3 at 3.3, so two digits of 1e-16 / 5e-3 are left to 1e-12.
    "tanh": Case(lambda x: x.tanh(), np.tanh, operands(low=-3.3, high=3.3)),
    # The slope h (1 - h) is rounded by eps and is exp(-x) for large x: 1e-3 at 7. For small x nothing cancels.
    "sigmoid": Case(lambda x: x.sigmoid(), lambda z: 1.0 / (1.0 + np.exp(-z)), operands(low=-300.0, high=7.0)),
    "softplus": Case(lambda x: x.softplus(), lambda z: np.log1p(np.exp(z)), operands(low=-30.0, high=300.0)),
    "gelu": Case(lambda x: x.gelu(), _gelu, operands(low=-8.0, high=8.0)),
    "relu": Case(lambda x: x.relu(), lambda z: np.where(z.real > 0, z, 0.0), scaled),
    "leaky_relu": Case(lambda x: x.leaky_relu(), lambda z: np.where(z.real > 0, z, 0.01 * z), scaled),
    "negative": Case(lambda x: -x, lambda z: -z, scaled),
    "clip": Case(
        lambda x: x.clip(-1.0, 0.25), lambda z: _clip(z, -1.0, 0.25), operands(low=0.5, high=2.0, signed=True)
    ),
    "clip from below": Case(
        lambda x: x.clip(low=0.25), lambda z: _clip(z, 0.25, np.inf), operands(low=0.5, high=2.0, signed=True)
    ),
    "clip from above": Case(
        lambda x: x.clip(high=0.25), lambda z: _clip(z, -np.inf, 0.25), operands(low=0.5, high=2.0, signed=True)
    ),
    "square": Case(lambda x: x**2, lambda z: z * z, scaled),
    "reciprocal": Case(lambda x: 1 / x, lambda z: 1 / z, scaled),
    "broken power": Case(lambda x: x**-1.5, lambda z: z**-1.5, scaled_positive),
    # The slope 2x - 1 cancels at 1/2.
    "used three times": Case(lambda x: x * x - x, lambda z: z * z - z, operands(low=0.75)),
    "number minus": Case(lambda x: 3.0 - x, lambda z: 3.0 - z, mild),
    "number to the power": Case(lambda x: 2.5**x, lambda z: np.exp(np.log(2.5) * z), mild),
}

# Two operands that broadcast


def _conditions(*shapes):
    return st.builds(lambda seed: {"condition": np.random.default_rng(seed).random(shapes[0]) < 0.5}, seeds)


ARITHMETIC = {
    "add": Case(lambda x, y: x + y, lambda a, b: a + b, pairs(low=0.5, signed=True, powers=60)),
    "subtract": Case(lambda x, y: x - y, lambda a, b: a - b, pairs(low=0.5, signed=True, powers=60)),
    "multiply": Case(lambda x, y: x * y, lambda a, b: a * b, pairs(low=0.5, signed=True, powers=60)),
    "divide": Case(lambda x, y: x / y, lambda a, b: a / b, pairs(low=0.5, signed=True, powers=60)),
    "power": Case(lambda x, y: x**y, lambda a, b: np.exp(b * np.log(a)), pairs(low=0.5, high=3.0)),
    # Two numbers must not change their order within a central difference, so the scale is all that varies.
    "maximum": Case(lambda x, y: x.maximum(y), lambda a, b: np.where(a.real > b.real, a, b), pairs(powers=60)),
    "minimum": Case(lambda x, y: x.minimum(y), lambda a, b: np.where(a.real < b.real, a, b), pairs(powers=60)),
    "where": Case(
        lambda x, y, condition: ag.where(condition, x, y),
        lambda a, b, condition: np.where(condition, a, b),
        pairs(low=0.5, signed=True, powers=60, options=_conditions),
    ),
}

# Reductions


@st.composite
def reductions(draw, shape):
    """Any axes, counted from either end, and keepdims."""
    every = [axes for k in range(1, len(shape) + 1) for axes in combinations(range(len(shape)), k)]
    single = list(range(-len(shape), len(shape)))
    axis = draw(st.sampled_from([None, *single, *every]))
    return {"axis": axis, "keepdims": draw(st.booleans())}


@st.composite
def _deviations(draw, shape):
    """The options of a reduction, and no more degrees of freedom than leave one: a single entry has no deviation."""
    return draw(reductions(shape)) | {"ddof": draw(st.sampled_from([0, 1, 0.5]))}


@st.composite
def _axes_from_the_end(draw, shape):
    return {"axis": draw(st.integers(-len(shape), len(shape) - 1))}


@st.composite
def _labels(draw, shape):
    rng = np.random.default_rng(draw(seeds))
    return {"labels": rng.integers(0, shape[1], shape[0])}


def _max(z, axis, keepdims):
    largest = z.real == z.real.max(axis=axis, keepdims=True)  # one entry, as the numbers are random
    return np.where(largest, z, 0.0).sum(axis=axis, keepdims=keepdims)


def _min(z, axis, keepdims):
    return -_max(-z, axis, keepdims)


def _norm(z, axis, keepdims):
    return np.sqrt((z * z).sum(axis=axis, keepdims=keepdims))


def _var(z, axis, keepdims, ddof):
    mean = z.mean(axis=axis, keepdims=True)
    return ((z - mean) ** 2).sum(axis=axis, keepdims=keepdims) / (z.size // mean.size - ddof)


def _std(z, axis, keepdims, ddof):
    return np.sqrt(_var(z, axis, keepdims, ddof))


def _log_softmax(z, axis):
    return z - np.log(np.exp(z).sum(axis=axis, keepdims=True))


def _logsumexp(z, axis, keepdims):
    return np.log(np.exp(z).sum(axis=axis, keepdims=keepdims))


def _cross_entropy(z, labels):
    return -_log_softmax(z, 1)[np.arange(len(z)), labels].sum() / len(z)


with_axes = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4)
# The log_softmax of one logit is 0 whatever it is; a central difference would compare rounding with rounding.
with_several = hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=4)
matrices = hnp.array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=5)

REDUCTIONS = {
    "sum": Case(ag.sum, lambda z, axis, keepdims: z.sum(axis, keepdims=keepdims), operands(options=reductions)),
    "mean": Case(ag.mean, lambda z, axis, keepdims: z.mean(axis, keepdims=keepdims), operands(options=reductions)),
    # Two entries must not change their order within a central difference, so the scale is all that varies.
    "max": Case(ag.max, _max, operands(options=reductions)),
    "min": Case(ag.min, _min, operands(options=reductions)),
    "prod": Case(
        ag.prod,
        lambda z, axis, keepdims: z.prod(axis, keepdims=keepdims),
        operands(low=0.5, signed=True, options=reductions),
    ),
    "norm": Case(ag.norm, _norm, operands(low=0.5, signed=True, powers=60, options=reductions)),
    "var": Case(ag.var, _var, operands(with_several, powers=60, options=_deviations)),
    "std": Case(ag.std, _std, operands(with_several, powers=60, options=_deviations)),
    # Softmax minus one cancels where a probability is nearly 1; within [-3, 3] none of at most five comes nearer than
    # exp(-6) / 5 = 5e-4 to 0 or 1.
    "log_softmax": Case(
        ag.log_softmax, _log_softmax, operands(with_several, low=-3.0, high=3.0, options=_axes_from_the_end)
    ),
    "softmax": Case(
        ag.softmax,
        lambda z, axis: np.exp(_log_softmax(z, axis)),
        operands(with_several, low=-3.0, high=3.0, options=_axes_from_the_end),
    ),
    "logsumexp": Case(ag.logsumexp, _logsumexp, operands(low=-3.0, high=3.0, options=reductions)),
    "cross_entropy": Case(ag.cross_entropy, _cross_entropy, operands(matrices, low=-3.0, high=3.0, options=_labels)),
}

# Shapes


@st.composite
def _new_shape(draw, shape):
    size = int(np.prod(shape))
    divisors = [d for d in range(1, size + 1) if size % d == 0]
    rows = draw(st.sampled_from(divisors))
    options = [(size,), (-1,), (rows, size // rows), (rows, -1), (1, rows, -1), tuple(reversed(shape))]
    return {"shape": draw(st.sampled_from(options))}


@st.composite
def _new_order(draw, shape):
    axes = draw(st.permutations(range(len(shape))))
    return {"axes": [axis - len(shape) * draw(st.booleans()) for axis in axes]}


@st.composite
def _to_squeeze(draw, shape):
    ones = [i - len(shape) * draw(st.booleans()) for i, n in enumerate(shape) if n == 1]
    return {"axis": draw(st.sampled_from([None, tuple(ones), *ones]))}


@st.composite
def _to_split(draw, shape):
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    n = shape[axis]
    cuts = draw(st.lists(st.integers(0, n), max_size=3).map(sorted))
    whole = draw(st.sampled_from([d for d in range(1, n + 1) if n % d == 0]))
    return {"parts": draw(st.sampled_from([cuts, whole])), "axis": axis}


def _index_of(strategy):
    return lambda shape: st.builds(lambda index: {"index": index}, strategy(shape))


def _mixed(shape):
    """A slice, entries that may come twice, and what is left."""
    return st.builds(lambda i, j: (slice(None), np.array([i, j, i])), *[st.integers(0, shape[1] - 1)] * 2)


def _masks(shape):
    return st.builds(lambda seed: np.random.default_rng(seed).random(shape) < 0.6, seeds)


def _basic(shape):
    return hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True)


@st.composite
def _to_concatenate(draw):
    """Shapes that differ along one axis only; also as the axis is counted from the end."""
    shape = list(draw(with_axes))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    lengths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    rng = np.random.default_rng(draw(seeds))
    arrays = []
    for length in lengths:
        shape[axis] = length
        arrays.append(rng.normal(size=shape))
    return Draw(arrays, {"axis": axis}, 1.0)


@st.composite
def _to_stack(draw):
    shape = draw(shapes)
    axis = draw(st.integers(-len(shape) - 1, len(shape)))
    rng = np.random.default_rng(draw(seeds))
    return Draw([rng.normal(size=shape) for _ in range(draw(st.integers(1, 3)))], {"axis": axis}, 1.0)


@st.composite
def _to_sum_over_letters(draw):
    """Subscripts of one to three operands, with letters that come twice in one, that only one has, and dots."""
    lengths = dict(zip("ijkl", draw(st.lists(st.integers(1, 3), min_size=4, max_size=4)), strict=True))
    terms = draw(st.lists(st.text("ijkl", max_size=3), min_size=1, max_size=3))
    found = sorted(set("".join(terms)))
    result = draw(st.sampled_from([None, *(draw(st.permutations(found))[:n] for n in range(len(found) + 1))]))
    further = draw(st.sampled_from([None, (), (2,), (1, 2)]))
    shapes = [(*(further or ()), *(lengths[letter] for letter in term)) for term in terms]
    dots = "" if further is None else "..."
    arrow = "" if result is None else "->" + dots + "".join(result)
    rng = np.random.default_rng(draw(seeds))
    arrays = [np.asarray(spread(rng, shape, 0.5, 2.0, True)) for shape in shapes]
    return Draw(arrays, {"subscripts": ",".join(dots + term for term in terms) + arrow}, 1.0)


products = hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=1, max_side=3)

SHAPES = {
    "reshape": Case(
        lambda x, shape: x.reshape(*shape or [()]), lambda z, shape: z.reshape(shape), operands(options=_new_shape)
    ),
    "reshape to a tuple": Case(
        lambda x, shape: ag.reshape(x, shape), lambda z, shape: z.reshape(shape), operands(options=_new_shape)
    ),
    "transpose": Case(
        lambda x, axes: x.transpose(*axes), lambda z, axes: np.transpose(z, axes or None), operands(options=_new_order)
    ),
    "flatten": Case(lambda x: x.flatten(), np.ravel, operands()),
    "squeeze": Case(
        lambda x, axis: x.squeeze(axis), lambda z, axis: np.squeeze(z, axis), operands(options=_to_squeeze)
    ),
    "split": Case(
        lambda x, parts, axis: ag.concatenate(ag.split(x, parts, axis)[::-1], axis),
        lambda z, parts, axis: np.concatenate(np.split(z, parts, axis)[::-1], axis),
        operands(with_axes, options=_to_split),
    ),
    "einsum": Case(
        lambda *xs, subscripts: ag.einsum(subscripts, *xs),
        lambda *zs, subscripts: np.einsum(subscripts, *zs),
        _to_sum_over_letters(),
    ),
    "T": Case(lambda x: x.T, lambda z: z.T, operands()),
    "basic index": Case(
        lambda x, index: x[index], lambda z, index: z[index], operands(with_axes, options=_index_of(_basic))
    ),
    "array index": Case(
        lambda x, index: x[index],
        lambda z, index: z[index],
        operands(with_axes, options=_index_of(hnp.integer_array_indices)),
    ),
    "mixed index": Case(
        lambda x, index: x[index], lambda z, index: z[index], operands(matrices, options=_index_of(_mixed))
    ),
    "mask": Case(lambda x, index: x[index], lambda z, index: z[index], operands(with_axes, options=_index_of(_masks))),
    "concatenate": Case(
        lambda *xs, axis: ag.concatenate(xs, axis), lambda *zs, axis: np.concatenate(zs, axis), _to_concatenate()
    ),
    "stack": Case(lambda *xs, axis: ag.stack(xs, axis), lambda *zs, axis: np.stack(zs, axis), _to_stack()),
    "matmul": Case(lambda x, y: x @ y, lambda a, b: a @ b, operands(products, low=0.5, signed=True, powers=60)),
}

CASES = ELEMENTWISE | ARITHMETIC | REDUCTIONS | SHAPES
