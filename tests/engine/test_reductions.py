"""Reductions and products where something is to be decided: zeros, equal entries, infinities, repeated letters."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import Tensor
from backprop_lib import autograd as ag

A = np.arange(6.0).reshape(2, 3)
INF = np.inf


def leaf(values=A, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


def grad(f, *arrays):
    """Gradients of f by its operands, from ones."""
    tensors = [leaf(array) for array in arrays]
    output = f(*tensors)
    output.backward(np.ones(output.shape))
    gradients = [tensor.grad for tensor in tensors]
    return gradients[0] if len(arrays) == 1 else gradients


# Products of entries


@given(
    x=hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), elements=st.integers(-2, 2)
    ),
    data=st.data(),
)
def test_the_slope_of_a_product_is_the_product_of_the_others(x, data):
    axes = data.draw(st.sampled_from([None, (), *range(-x.ndim, x.ndim), tuple(range(x.ndim)[::-1])]))
    keepdims = data.draw(st.booleans())
    reduced = {*range(x.ndim)} if axes is None else {axis % x.ndim for axis in np.atleast_1d(axes).astype(int)}
    expected = np.empty(x.shape)
    for place in np.ndindex(x.shape):
        others = x.copy()
        others[place] = 1.0
        row = tuple(slice(None) if axis in reduced else i for axis, i in enumerate(place))
        expected[place] = math.prod(others[row].ravel())
    product = leaf(x).prod(axes, keepdims)
    np.testing.assert_array_equal(product.data, x.prod(axis=axes, keepdims=keepdims), strict=True)
    np.testing.assert_array_equal(grad(lambda x: x.prod(axes, keepdims), x), expected)


@pytest.mark.parametrize(
    ("x", "slopes"),
    [([2.0, 3.0, 5.0], [15, 10, 6]), ([0.0, 3.0, 5.0], [15, 0, 0]), ([0.0, 3.0, 0.0], [0, 0, 0]), ([7.0], [1])],
)
def test_products_by_hand(x, slopes):
    assert leaf(x).prod().item() == math.prod(x)
    np.testing.assert_array_equal(grad(ag.prod, x), slopes)


def test_the_product_of_nothing_is_one():
    y = leaf(np.ones((0, 3))).prod(axis=0)
    np.testing.assert_array_equal(y.data, np.ones(3))
    assert leaf([]).prod().item() == 1.0


# Variance and standard deviation


def test_variance_and_deviation_by_hand():
    x = [1.0, 2.0, 3.0, 6.0]  # mean 3, squared differences 4 + 1 + 0 + 9
    assert (leaf(x).var().item(), leaf(x).var(ddof=2).item()) == (3.5, 7.0)
    assert leaf(x).std().item() == pytest.approx(math.sqrt(3.5), rel=1e-15)
    np.testing.assert_allclose(grad(ag.var, x), [-1.0, -0.5, 0.0, 1.5], rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: x.var(ddof=2), x), [-2.0, -1.0, 0.0, 3.0], rtol=1e-15)
    np.testing.assert_allclose(grad(ag.std, x), np.array([-2.0, -1.0, 0.0, 3.0]) / 4 / math.sqrt(3.5), rtol=1e-15)
    np.testing.assert_allclose(
        grad(lambda x: x.std(ddof=1), x), np.array([-2.0, -1.0, 0.0, 3.0]) / 3 / math.sqrt(14 / 3), rtol=1e-15
    )


@given(number=st.floats(-1e300, 1e300), n=st.integers(1, 12), rows=st.integers(1, 3))
def test_equal_entries_have_no_deviation_and_no_gradient(number, n, rows):
    x = np.full((rows, n), number)
    for f in ag.std, ag.var:
        for axis in None, 0, 1:
            np.testing.assert_array_equal(f(Tensor(x), axis).data, np.zeros(x.sum(axis=axis).shape))
            np.testing.assert_array_equal(grad(lambda x, f=f, axis=axis: f(x, axis), x), np.zeros(x.shape))


def test_a_row_of_equal_entries_among_others():
    x = [[0.1, 0.1, 0.1], [1.0, 2.0, 3.0]]
    np.testing.assert_allclose(leaf(x).std(axis=1).data, [0.0, math.sqrt(2 / 3)], rtol=1e-15)
    np.testing.assert_allclose(
        grad(lambda x: x.std(axis=1), x), [[0, 0, 0], [-1 / math.sqrt(6), 0, 1 / math.sqrt(6)]], rtol=1e-15, atol=1e-16
    )


@given(offset=st.integers(-(10**8), 10**8), steps=st.lists(st.integers(-3, 3), min_size=2, max_size=6))
def test_the_variance_of_numbers_far_from_zero_is_exact(offset, steps):
    # Whole numbers: every difference is exact, and so is their sum; what is left is the rounding of a few quotients.
    x = [offset + step for step in steps]
    mean = Fraction(sum(x), len(x))
    variance = sum((entry - mean) ** 2 for entry in x) / len(x)
    assert leaf(x).var().item() == pytest.approx(float(variance), rel=1e-14)
    assert leaf(x).std().item() == pytest.approx(math.sqrt(variance), rel=1e-14)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_deviations_over_the_whole_number_range(scale):
    x = leaf(scale * np.array([1.0, 2.0, 3.0]))
    y = x.std()
    y.backward()
    assert y.item() == pytest.approx(scale * math.sqrt(2 / 3), rel=1e-15)
    np.testing.assert_allclose(x.grad, [-1 / math.sqrt(6), 0.0, 1 / math.sqrt(6)], rtol=1e-15, atol=1e-16)


@pytest.mark.parametrize("name", ["var", "std"])
def test_degrees_of_freedom_keep_the_dtype_and_leave_some(name):
    x = leaf(A, np.float32)
    for ddof in 1, 0.5, np.int64(1), np.float64(1.5):
        y = getattr(x, name)(axis=1, ddof=ddof)
        assert y.dtype == np.float32
        np.testing.assert_allclose(y.data, getattr(np, name)(A, axis=1, ddof=float(ddof)), rtol=1e-6)
    for ddof in 3, 4, -1, math.nan:
        with pytest.raises(ValueError, match=rf"{name}: expected ddof from 0 to below .* entries, 3, got {ddof}"):
            getattr(x, name)(axis=1, ddof=ddof)
    assert getattr(x, name)(ddof=5).shape == ()


# Infinite entries


@pytest.mark.parametrize("x", [[INF, 1.0], [1.0, -INF], [INF, -INF, 0.0]])
def test_the_norm_of_an_infinite_entry_is_infinite(x):
    assert leaf(x).norm().item() == INF
    with np.errstate(invalid="ignore"):
        slopes = grad(ag.norm, x)
    np.testing.assert_array_equal(slopes, np.where(np.isinf(x), np.nan, 0.0))  # infinity has no one direction


def test_the_norm_of_other_rows_is_what_it_was():
    x = leaf([[INF, 1.0], [3.0, 4.0], [0.0, 0.0]])
    y = x.norm(axis=1)
    np.testing.assert_array_equal(y.data, [INF, 5.0, 0.0])
    with np.errstate(invalid="ignore"):
        y.backward(np.ones(3))
    np.testing.assert_allclose(x.grad[1:], [[0.6, 0.8], [0.0, 0.0]], rtol=1e-15)


@pytest.mark.parametrize(
    ("x", "value"),
    [
        ([-INF, 1.0], 1.0),
        ([INF, 1000.0, -INF], INF),
        ([-INF, -INF], -INF),
        ([1000.0, 1000.0], 1000.0 + math.log(2.0)),
        ([-1000.0, -1001.0], -1000.0 + math.log1p(math.exp(-1.0))),
        ([1e308, -1e308], 1e308),
        ([7.0], 7.0),
    ],
)
def test_logsumexp_of_any_size(x, value):
    assert leaf(x).logsumexp().item() == pytest.approx(value, rel=1e-15)


def test_what_is_excluded_by_minus_infinity_takes_no_part():
    x = [[0.0, -INF, math.log(3.0)], [-INF, 2.0, -INF]]
    p = [[0.25, 0.0, 0.75], [0.0, 1.0, 0.0]]
    np.testing.assert_allclose(leaf(x).softmax().data, p, rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: x.logsumexp(axis=1), x), p, rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: x.softmax()[:, 0], x), [[3 / 16, 0, -3 / 16], [0, 0, 0]], rtol=1e-15)
    np.testing.assert_allclose(grad(lambda x: x.cross_entropy([0, 1]), x), [[-0.375, 0, 0.375], [0, 0, 0]], rtol=1e-15)
    np.testing.assert_allclose(
        grad(lambda x: x.log_softmax()[[0, 1], [0, 1]], x), [[0.75, 0, -0.75], [0, 0, 0]], rtol=1e-15
    )


# Einstein's summation


@pytest.mark.parametrize(
    ("subscripts", "operands", "value", "slopes"),
    [
        ("ij,j->i", (A, [1.0, 2.0, 3.0]), [8, 26], ([[1, 2, 3]] * 2, [3, 5, 7])),
        ("ii->i", ([[1.0, 2.0], [3.0, 4.0]],), [1, 4], ([[1, 0], [0, 1]],)),
        ("ii", ([[1.0, 2.0], [3.0, 4.0]],), 5, ([[1, 0], [0, 1]],)),
        ("ij->", (A,), 15, (np.ones((2, 3)),)),
        ("ji", (A,), A.T, (np.ones((2, 3)),)),
        ("i , j -> i j", ([1.0, 2.0], [3.0, 4.0, 5.0]), [[3, 4, 5], [6, 8, 10]], ([12, 12], [3, 3, 3])),
        ("...i,...i->...", (A, [1.0, 0.0, 2.0]), [4, 13], ([[1, 0, 2]] * 2, [3, 5, 7])),
        ("...->...", (A,), A, (np.ones((2, 3)),)),
        (",i->i", (2.0, [3.0, 4.0]), [6, 8], (7, [2, 2])),
        ("i,i,i->", ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]), 63, ([15, 24], [5, 12], [3, 8])),
        ("i,i->i", ([2.0], [3.0, 4.0]), [6, 8], ([7], [2, 2])),
        ("aab,b->a", (np.arange(12.0).reshape(2, 2, 3), [1, 1, 2]), [5, 41], None),
    ],
)
def test_sums_over_letters_by_hand(subscripts, operands, value, slopes):
    tensors = [leaf(operand) for operand in operands]
    y = ag.einsum(subscripts, *tensors)
    np.testing.assert_array_equal(y.data, np.asarray(value, float), strict=True)
    y.backward(np.ones(y.shape))
    for tensor, expected in zip(tensors, slopes or (), strict=bool(slopes)):
        np.testing.assert_array_equal(tensor.grad, np.asarray(expected, float), strict=True)
    if slopes is None:
        np.testing.assert_array_equal(tensors[0].grad, [[[1, 1, 2], [0, 0, 0]], [[0, 0, 0], [1, 1, 2]]])
        np.testing.assert_array_equal(tensors[1].grad, [9, 11, 13])


def test_one_tensor_in_two_places_receives_both():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    ag.einsum("ij,ij->", x, x).backward()
    np.testing.assert_array_equal(x.grad, 2 * x.data)


def test_numbers_and_arrays_are_factors_too():
    x = leaf([1.0, 2.0], np.float32)
    y = ag.einsum(",i,i->", 2.0, x, np.array([3, 4], np.int8))
    assert (y.item(), y.dtype) == (22.0, np.float32)
    y.backward()
    np.testing.assert_array_equal(x.grad, np.array([6, 8], np.float32), strict=True)


# Shapes


def test_parts_by_hand():
    x = leaf(np.arange(12.0).reshape(2, 6))
    for parts, shapes in [
        (3, [2, 2, 2]),
        ([1, 4], [1, 3, 2]),
        ([], [6]),
        ([2, 2], [2, 0, 4]),
        (1, [6]),
        ([-1], [5, 1]),
    ]:
        found = ag.split(x, parts, axis=1)
        assert [part.shape for part in found] == [(2, n) for n in shapes]
        for part, expected in zip(found, np.split(x.data, parts, axis=1), strict=True):
            np.testing.assert_array_equal(part.data, expected, strict=True)
    first, _, last = ag.split(x, 3, axis=-1)
    (first * 2.0 + last).sum().backward()
    np.testing.assert_array_equal(x.grad, [[2, 2, 0, 0, 1, 1]] * 2)
    assert [part.shape for part in ag.split(A, np.int64(2))] == [(1, 3), (1, 3)]
    assert [part.shape for part in ag.split(np.ones((0, 3)), 2)] == [(0, 3), (0, 3)]


def test_axes_of_length_one():
    x = leaf(np.ones((1, 3, 1)))
    assert [x.squeeze(axis).shape for axis in (None, 0, -1, (0, 2), ())] == [(3,), (3, 1), (1, 3), (3,), (1, 3, 1)]
    x.squeeze().backward(np.arange(3.0))
    np.testing.assert_array_equal(x.grad, np.arange(3.0).reshape(1, 3, 1))


def test_axes_in_a_tuple():
    x = leaf(np.arange(24.0).reshape(2, 3, 4))
    for order in (1, 2, 0), [1, 2, 0], (-2, -1, -3):
        y = x.transpose(order)
        np.testing.assert_array_equal(y.data, x.data.transpose(1, 2, 0))
        x.zero_grad()
        y.backward(np.arange(24.0).reshape(3, 4, 2))
        np.testing.assert_array_equal(x.grad, np.arange(24.0).reshape(3, 4, 2).transpose(2, 0, 1))
    assert leaf(2.0).transpose(()).shape == ()
