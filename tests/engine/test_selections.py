"""Operations that choose: what is not taken receives exactly 0, also where an infinite gradient arrives; NaN shows.

Warnings are errors here as everywhere: a root's infinite slope behind a mask must not make one.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import Tensor, Value
from backprop_lib import autograd as ag
from tests.engine.engine_cases import CASES, spread

INF, NAN = np.inf, np.nan
seeds = st.integers(0, 2**32 - 1)


def leaf(values, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


def grad(f, *arrays, seed=None):
    """Gradients of f by its operands, from ones or a given gradient."""
    tensors = [leaf(array, np.asarray(array).dtype) for array in arrays]
    output = f(*tensors)
    output.backward(np.ones(output.shape) if seed is None else seed)
    gradients = [tensor.grad for tensor in tensors]
    return gradients[0] if len(arrays) == 1 else gradients


# Masks

P = np.array([-1.0, -0.0, 0.0, 1.0, 4.0])
# name: (a function that chooses, its slopes at P). Each is a function of its own entry, or chooses among them.
CHOICES = {
    "relu": (ag.relu, [0, 0, 0, 1, 1]),
    "abs": (ag.abs, [-1, 0, 0, 1, 1]),
    "leaky_relu": (ag.leaky_relu, [0.01, 0.01, 0.01, 1, 1]),
    "clip": (lambda x: x.clip(0.0, 2.0), [0, 1, 1, 1, 0]),
    "clip from below": (lambda x: x.clip(low=0.5), [0, 0, 0, 1, 1]),
    "clip from above": (lambda x: x.clip(high=0.5), [1, 1, 1, 0, 0]),
    "where, taken": (lambda x: ag.where(P > 0, x, 0.0), [0, 0, 0, 1, 1]),
    "where, left": (lambda x: ag.where(P > 0, 0.0, x), [1, 1, 1, 0, 0]),
    "maximum": (lambda x: x.maximum(0.0), [0, 0.5, 0.5, 1, 1]),
    "minimum": (lambda x: ag.minimum(0.0, x), [1, 0.5, 0.5, 0, 0]),
    "max": (lambda x: x.max(), [0, 0, 0, 0, 1]),
    "min": (lambda x: x.min(keepdims=True), [1, 0, 0, 0, 0]),
    "max of pairs": (lambda x: x[1:].reshape(2, 2).max(axis=1), [0, 0.5, 0.5, 0, 1]),
    "power of zero": (lambda x: x**0, [0, 0, 0, 0, 0]),
    "norm of nothing": (lambda x: x[1:3].norm(), [0, 0, 0, 0, 0]),
    "std of equals": (lambda x: x[1:3].std(), [0, 0, 0, 0, 0]),
}


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("arriving", [1.0, INF, -INF, NAN])
@pytest.mark.parametrize("name", CHOICES)
def test_what_is_not_taken_receives_exactly_nothing(name, arriving, dtype):
    f, slopes = CHOICES[name]
    x = leaf(P, dtype)
    y = f(x)
    y.backward(np.full(y.shape, arriving))
    expected = [slope and slope * arriving for slope in slopes]
    np.testing.assert_array_equal(x.grad, np.array(expected, dtype), strict=True)


STEEP = {  # functions with an infinite slope at 0, and their slopes elsewhere
    "sqrt": (ag.sqrt, lambda y: 0.5 / np.sqrt(y)),
    "power of a half": (lambda y: y**0.5, lambda y: 0.5 / np.sqrt(y)),
    "power of tensors": (lambda y: y ** leaf(0.5), lambda y: 0.5 / np.sqrt(y)),
    "power of a third": (lambda y: y ** (1 / 3), lambda y: y ** (-2 / 3) / 3),
    "log": (ag.log, lambda y: 1 / y),
    "reciprocal": (lambda y: 1.0 / y, lambda y: -(y**-2)),
    "negative power": (lambda y: y**-0.5, lambda y: -0.5 * y**-1.5),
    "root of the norm": (lambda y: y.reshape(-1, 1).norm(axis=1).sqrt(), lambda y: 0.5 / np.sqrt(y)),
}


@pytest.mark.parametrize("steep", STEEP)
@pytest.mark.parametrize("name", ["relu", "abs", "where, taken", "power of zero"])
def test_behind_a_mask_an_infinite_slope_counts_nothing(name, steep):
    f, slopes = CHOICES[name]
    g, slope_of = STEEP[steep]
    x = leaf(P)
    with np.errstate(divide="ignore"):  # the logarithm of 0 and its reciprocal are infinite themselves, and warn
        y = g(f(x))
    y.sum().backward()
    values = f(leaf(P)).data
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(np.array(slopes) == 0, 0.0, np.array(slopes) * slope_of(values))
    np.testing.assert_allclose(x.grad, expected, rtol=1e-15)


@pytest.mark.parametrize("f", [lambda x: x.relu(), lambda x: ag.where(x.data > 0, x, 0.0), lambda x: x.maximum(0.0)])
def test_by_hand_the_root_behind_a_mask(f):
    np.testing.assert_array_equal(grad(lambda x: f(x).sqrt(), [-1.0, 4.0]), [0.0, 0.25])


def test_a_root_at_zero_has_an_infinite_slope_and_no_warning():
    for f in ag.sqrt, lambda x: x**0.5, lambda x: x ** np.array(0.25):
        np.testing.assert_array_equal(grad(f, [0.0, 0.0], seed=[1.0, -2.0]), [INF, -INF])


def test_what_is_chosen_twice_has_no_slope_where_it_is_not_taken():
    x = np.array([-1.0, 0.0, 4.0])
    positive = x > 0

    def once(x):
        return ag.where(positive, x.sqrt(), 0.0)

    def twice(x):
        return ag.where(positive, ag.where(positive, x, 1.0).sqrt(), 0.0)

    np.testing.assert_array_equal(grad(twice, x), [0.0, 0.0, 0.25])
    with np.errstate(invalid="ignore"):  # the root of -1, and 0 times an infinite slope: why to choose twice
        np.testing.assert_array_equal(grad(once, x), [NAN, NAN, 0.25])


masks = hnp.arrays(bool, hnp.array_shapes(max_dims=3, max_side=4))


@given(
    mask=masks,
    seed=seeds,
    dtype=st.sampled_from([np.float64, np.float32]),
    special=st.sampled_from([1.0, INF, -INF, NAN]),
)
def test_masked_is_the_choice(mask, seed, dtype, special):
    rng = np.random.default_rng(seed)
    gradient = np.where(rng.random(mask.shape) < 0.3, special, rng.normal(size=mask.shape)).astype(dtype)
    slopes = (mask * spread(rng, mask.shape, 0.5, 2.0, True)).astype(dtype)
    expected = np.zeros(mask.shape, dtype)
    for place in np.argwhere(mask):
        expected[tuple(place)] = gradient[tuple(place)] * slopes[tuple(place)]
    np.testing.assert_array_equal(ag.masked(gradient, slopes), expected, strict=True)
    np.testing.assert_array_equal(ag.masked(gradient, mask), np.where(mask, gradient, 0).astype(dtype), strict=True)


# NaN

ONE = {  # of one operand, of any shape
    name: CASES[name].engine
    for name in (
        "exp",
        "log",
        "log1p",
        "sqrt",
        "sin",
        "cos",
        "tanh",
        "sigmoid",
        "softplus",
        "gelu",
        "relu",
        "leaky_relu",
    )
}
ONE |= {
    name: CASES[name].engine for name in ("abs", "negative", "clip", "clip from below", "clip from above", "square")
}
ONE |= {"maximum": lambda x: x.maximum(1.0), "minimum": lambda x: ag.minimum(1.0, x), "power": lambda x: x**1.5}


@pytest.mark.parametrize("name", [name for name in ONE if name != "negative"])
def test_nan_shows_going_forward_and_going_back(name):
    x = leaf([NAN, 1.0])
    y = ONE[name](x)
    y.backward(np.ones(2))
    assert np.isnan(y.data).tolist() == np.isnan(x.grad).tolist() == [True, False]


MANY = ["max", "min", "prod", "norm", "var", "std", "logsumexp"]


@pytest.mark.parametrize("name", MANY)
def test_nan_among_many_shows_in_its_row_alone(name):
    x = leaf([[1.0, NAN, 3.0], [2.0, 1.0, 0.5]])
    y = getattr(x, name)(axis=1)
    y.backward(np.ones(2))
    assert np.isnan(y.data).tolist() == [True, False]
    assert np.isnan(x.grad[0]).sum() >= 1 + (name != "prod")  # of the product the slope by NaN is the others'
    assert np.isfinite(x.grad[1]).all()


def test_nan_that_was_not_taken_stays_out():
    x = leaf([NAN, 1.0])
    y = ag.where(np.isnan(x.data), 0.0, x)
    y.sum().backward()
    np.testing.assert_array_equal(y.data, [0.0, 1.0])
    np.testing.assert_array_equal(x.grad, [0.0, 1.0])


@pytest.mark.parametrize("name", ["exp", "tanh", "relu", "sigmoid"])
def test_nan_of_a_value_shows_in_both_directions(name):
    x = Value(NAN)
    y = getattr(x, name)()
    y.backward()
    assert math.isnan(y.data)
    assert math.isnan(x.grad)


# The larger and the smaller


@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    seed=seeds,
)
@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_the_larger_and_the_smaller_of_any_shapes(name, shapes, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-1, 2, shape).astype(float) for shape in shapes.input_shapes)  # many ties
    g = rng.integers(-5, 6, shapes.result_shape).astype(float)
    sign = 1 if name == "maximum" else -1
    shares = [np.empty(shapes.result_shape) for _ in range(2)]
    whole = np.broadcast_to(a, shapes.result_shape), np.broadcast_to(b, shapes.result_shape)
    for place in np.ndindex(shapes.result_shape):
        lead = sign * (whole[0][place] - whole[1][place])
        share = 1.0 if lead > 0 else 0.0 if lead < 0 else 0.5
        shares[0][place], shares[1][place] = share * g[place], (1 - share) * g[place]
    f = getattr(ag, name)
    np.testing.assert_array_equal(f(Tensor(a), Tensor(b)).data, getattr(np, name)(a, b), strict=True)
    for ours, share, array in zip(grad(f, a, b, seed=g), shares, (a, b), strict=True):
        np.testing.assert_array_equal(ours, ag.unbroadcast(share, array.shape), strict=True)


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_ties_give_half_to_each(name):
    f = getattr(ag, name)
    for tie in 2.0, 0.0, INF, -INF:
        assert [gradient.item() for gradient in grad(f, [tie], [tie], seed=[3.0])] == [1.5, 1.5]
    assert [gradient.item() for gradient in grad(f, [0.0], [-0.0])] == [0.5, 0.5]
    np.testing.assert_array_equal(grad(lambda x: f(x, x), [1.0, -1.0]), [1.0, 1.0])


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_of_nan_and_a_number_both_gradients_are_nan(name):
    for a, b in ([NAN, 1.0], [1.0, NAN], [NAN, NAN]):
        assert np.isnan(grad(getattr(ag, name), [a], [b])).all()


# Infinity


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    ("f", "values", "slopes"),
    [
        (ag.sigmoid, [0, 1], [0, 0]),
        (ag.tanh, [-1, 1], [0, 0]),
        (ag.relu, [0, INF], [0, 1]),
        (ag.leaky_relu, [-INF, INF], [0.01, 1]),
        (ag.softplus, [0, INF], [0, 1]),
        (ag.abs, [INF, INF], [-1, 1]),
        (ag.exp, [0, INF], [0, INF]),
        (lambda x: x.clip(-1, 1), [-1, 1], [0, 0]),
        (lambda x: x.maximum(0.0), [0, INF], [0, 1]),
        (lambda x: x**0, [1, 1], [0, 0]),
        (lambda x: x**-1, [0, 0], [0, 0]),
    ],
)
def test_at_infinity_value_and_slope_are_the_limits(f, values, slopes, dtype):
    x = leaf([-INF, INF], dtype)
    y = f(x)
    y.backward(np.ones(2))
    np.testing.assert_array_equal(y.data, np.array(values, dtype), strict=True)
    np.testing.assert_array_equal(x.grad, np.array(slopes, dtype), strict=True)


def test_gelu_at_infinity_is_its_limit_too():
    x = leaf([-INF, INF])
    y = x.gelu()
    with np.errstate(invalid="ignore"):  # infinity times the sigmoid's slope of 0, on the way
        y.backward(np.ones(2))
    np.testing.assert_array_equal(y.data, [0, INF])
    np.testing.assert_array_equal(x.grad, [0, 1])


# Bounds


def test_a_bound_of_any_kind_of_number():
    for low, high in [(-1, None), (np.float64(-1.0), INF), (np.int8(-1), None)]:
        x = leaf([-2.0, 0.5], np.float32)
        y = x.clip(low, high)
        assert y.dtype == np.float32
        np.testing.assert_array_equal(y.data, [-1.0, 0.5])


def test_infinite_entries_and_bounds():
    x = leaf([-INF, -1.0, INF])
    y = x.clip(high=2.0)
    y.backward(np.ones(3))
    np.testing.assert_array_equal(y.data, [-INF, -1.0, 2.0])
    np.testing.assert_array_equal(x.grad, [1.0, 1.0, 0.0])
