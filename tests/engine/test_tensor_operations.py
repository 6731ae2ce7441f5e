"""Operations of the array engine: values as NumPy computes them, shapes, dtypes, conventions, both ends of the range.

That their gradients are right wherever they exist is shown in `test_agreement.py`. Here are the cases in which
something is to be counted or decided.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from backprop_lib import Tensor, no_grad
from backprop_lib import autograd as ag
from tests.engine.engine_cases import CASES, ELEMENTWISE

A = np.arange(6.0).reshape(2, 3)
seeds = st.integers(0, 2**32 - 1)
any_shape = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)


def leaf(values=A, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


def grad(f, *arrays, seed=None):
    """Gradients of f by its operands, from ones or a given gradient."""
    tensors = [leaf(array, np.asarray(array).dtype) for array in arrays]
    output = f(*tensors)
    output.backward(np.ones(output.shape) if seed is None else seed)
    gradients = [tensor.grad for tensor in tensors]
    return gradients[0] if len(arrays) == 1 else gradients


def whole_numbers(shape, seed):
    """Small whole numbers: sums and products of them are exact, whatever their order."""
    return np.random.default_rng(seed).integers(-5, 6, shape).astype(float)


# Values


@settings(max_examples=15)
@given(data=st.data())
@pytest.mark.parametrize("name", CASES)
def test_value_is_that_of_the_formula(name, data):
    case = CASES[name]
    draw = data.draw(case.draws)
    output = case.engine(*map(Tensor, draw.arrays), **draw.options)
    expected = np.asarray(case.formula(*draw.arrays, **draw.options))
    assert output.shape == expected.shape
    assert output.dtype == np.float64
    np.testing.assert_allclose(output.data, expected, rtol=0, atol=1e-13 * np.abs(expected).max(initial=0.0))


METHODS = [
    *("exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "softplus", "gelu"),
    *("relu", "leaky_relu", "abs", "clip", "maximum", "minimum", "max", "min"),
    *("sum", "mean", "prod", "norm", "var", "std", "softmax", "log_softmax", "logsumexp", "cross_entropy"),
    *("reshape", "flatten", "squeeze", "transpose"),
]


@pytest.mark.parametrize("name", METHODS)
def test_methods_are_the_functions(name):
    assert getattr(Tensor, name) is getattr(ag, name)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (lambda: ag.exp([0.0, 1.0]), [1.0, math.e]),
        (lambda: ag.add(1, [2, 3]), [3.0, 4.0]),
        (lambda: ag.sum(A), 15.0),
        (lambda: ag.max(A, axis=0), [3.0, 4.0, 5.0]),
        (lambda: ag.matmul(A, [1, 1, 1]), [3.0, 12.0]),
        (lambda: ag.where([True, False], [1.0, 2.0], 0.0), [1.0, 0.0]),
        (lambda: ag.concatenate([[1.0], [2, 3]]), [1.0, 2.0, 3.0]),
        (lambda: ag.stack([1.0, 2.0]), [1.0, 2.0]),
        (lambda: ag.reshape(A, 6)[1:3], [1.0, 2.0]),
        (lambda: ag.negative([1, 2]), [-1.0, -2.0]),
    ],
)
def test_functions_take_arrays_and_numbers_as_constants(result, expected):
    tensor = result()
    assert type(tensor) is Tensor
    assert not tensor.requires_grad
    np.testing.assert_allclose(tensor.data, expected, rtol=1e-15)


def test_abs_is_pythons_too():
    np.testing.assert_array_equal(abs(leaf([-1.0, 2.0])).data, [1.0, 2.0])


# Broadcasting


def copies_of(shape, result_shape):
    """For every entry of a result the number of the entry of the operand that was repeated there."""
    return np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), result_shape).ravel()


def collected(owners, values, shape):
    """Every value added to the entry of the shape that has its owner's number."""
    total = np.bincount(np.ravel(owners), weights=np.ravel(values), minlength=math.prod(shape))
    return total.astype(float).reshape(shape)  # of no values bincount makes whole numbers


def summed_over_copies(values, shape):
    """What the copies of each entry receive, added up."""
    return collected(copies_of(shape, values.shape), values, shape)


BROADCASTING = {  # the gradient of each operand before the copies are added up
    "add": (lambda x, y: x + y, lambda a, b, g: (g, g)),
    "subtract": (lambda x, y: x - y, lambda a, b, g: (g, -g)),
    "multiply": (lambda x, y: x * y, lambda a, b, g: (g * b, g * a)),
    "where": (
        lambda x, y: ag.where(x.data > y.data, x, y),
        lambda a, b, g: (np.where(a > b, g, 0.0), np.where(a > b, 0.0, g)),
    ),
}


@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, min_side=0, max_side=3),
    seed=seeds,
)
@pytest.mark.parametrize("name", BROADCASTING)
def test_a_gradient_is_summed_where_its_operand_was_repeated(name, shapes, seed):
    f, gradients = BROADCASTING[name]
    a, b = (whole_numbers(shape, seed + i) for i, shape in enumerate(shapes.input_shapes))
    g = whole_numbers(shapes.result_shape, seed + 2)
    for array, ours, full in zip((a, b), grad(f, a, b, seed=g), gradients(a, b, g), strict=True):
        full = np.broadcast_to(full, shapes.result_shape)
        np.testing.assert_array_equal(ours, summed_over_copies(full, array.shape), strict=True)


@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=0, max_side=3),
    start=any_shape,
    seed=seeds,
)
def test_unbroadcast_is_the_sum_over_copies(shapes, start, seed):
    g = whole_numbers(shapes.result_shape, seed)
    for shape in shapes.input_shapes:
        np.testing.assert_array_equal(ag.unbroadcast(g, shape), summed_over_copies(g, shape), strict=True)


@given(
    shapes=hnp.mutually_broadcastable_shapes(signature=np.matmul.signature, max_dims=2, min_side=0, max_side=3),
    seed=seeds,
)
def test_matrix_product_of_any_shapes(shapes, seed):
    a, b = (whole_numbers(shape, seed + i) for i, shape in enumerate(shapes.input_shapes))
    g = whole_numbers(shapes.result_shape, seed + 2)
    # One scalar product after another: out[..., i, k] = sum_j a[..., i, j] b[..., j, k].
    rows, columns = (a if a.ndim > 1 else a[None, :]), (b if b.ndim > 1 else b[:, None])
    terms = rows[..., :, :, None] * columns[..., None, :, :]  # (..., i, j, k)
    full_g = g.reshape((*terms.shape[:-3], terms.shape[-3], 1, terms.shape[-1]))
    by_a = (full_g * columns[..., None, :, :]).sum(axis=-1)
    by_b = (full_g * rows[..., :, :, None]).sum(axis=-3)
    ours = grad(lambda x, y: x @ y, a, b, seed=g)
    np.testing.assert_array_equal((Tensor(a) @ Tensor(b)).data, terms.sum(axis=-2).reshape(shapes.result_shape))
    np.testing.assert_array_equal(ours[0], summed_over_copies(by_a, rows.shape).reshape(a.shape), strict=True)
    np.testing.assert_array_equal(ours[1], summed_over_copies(by_b, columns.shape).reshape(b.shape), strict=True)


# Dtypes


UNARY = {name: CASES[name].engine for name in ELEMENTWISE} | {
    "mean": lambda x: x.mean(),
    "max": lambda x: x.max(axis=0),
    "min": lambda x: x.min(),
    "prod": lambda x: x.prod(),
    "var": lambda x: x.var(),
    "std": lambda x: x.std(),
    "logsumexp": lambda x: x.logsumexp(),
    "softmax": lambda x: x.softmax(),
    "norm": lambda x: x.norm(),
    "sum": lambda x: x.sum(axis=1),
    "log_softmax": lambda x: x.log_softmax(),
    "cross_entropy": lambda x: x.cross_entropy([0, 2]),
    "index": lambda x: x[0],
    "entry": lambda x: x[0, 0],
    "array index": lambda x: x[:, [0, 0]],
    "split": lambda x: ag.split(x, 3, axis=1)[1],
    "flatten": lambda x: x.flatten(),
    "squeeze": lambda x: x.squeeze(),
    "einsum": lambda x: ag.einsum("...->...", x),
    "reshape": lambda x: x.reshape(-1),
    "transpose": lambda x: x.T,
    "clip by NumPy's numbers": lambda x: x.clip(np.float64(0.5), np.int64(2)),
    "with Python's numbers": lambda x: (2 * x + 1.5) / 3 - 1,
}


@pytest.mark.parametrize("shape", [(2, 3), ()])
@pytest.mark.parametrize("name", UNARY)
def test_float32_stays(name, shape):
    needs_axes = {"max", "sum", "softmax", "log_softmax", "cross_entropy", "index", "entry", "array index", "split"}
    x = leaf(np.ones(shape if name not in needs_axes else (2, 3)), np.float32)
    y = UNARY[name](x)
    assert y.dtype == np.float32
    y.backward(np.ones(y.shape))  # given as float64
    assert x.grad.dtype == np.float32
    assert type(x.grad) is np.ndarray


BINARY = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "maximum": lambda x, y: x.maximum(y),
    "minimum": lambda x, y: ag.minimum(y, x),
    "matmul": lambda x, y: x @ y.T,
    "einsum": lambda x, y: ag.einsum("ij,ij->i", x, y),
    "where": lambda x, y: ag.where([True, False, True], x, y),
    "concatenate": lambda x, y: ag.concatenate([x, y]),
    "stack": lambda x, y: ag.stack([x, y]),
}


@pytest.mark.parametrize("one", [np.float32, np.float64])
@pytest.mark.parametrize("other", [np.float32, np.float64])
@pytest.mark.parametrize("name", BINARY)
def test_mixed_dtypes_promote_and_every_leaf_gets_its_own(name, one, other):
    x, y = leaf(A + 1, one), leaf(A + 2, other)
    z = BINARY[name](x, y)
    assert z.dtype == np.result_type(one, other)
    z.backward(np.ones(z.shape))
    assert (x.grad.dtype, y.grad.dtype) == (one, other)
    exact = grad(BINARY[name], A + 1, A + 2)
    # Each entry is a product or two of numbers, rounded, at most three of them added up.
    np.testing.assert_allclose(x.grad, exact[0], rtol=8 * np.finfo(one).eps)
    np.testing.assert_allclose(y.grad, exact[1], rtol=8 * np.finfo(other).eps)


OTHERS = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
JOIN = {  # tensors with arrays, and the same in NumPy
    "add": (lambda a, b: a + b, np.add),
    "subtract": (lambda a, b: a - b, np.subtract),
    "multiply": (lambda a, b: a * b, np.multiply),
    "divide": (lambda a, b: a / b, np.divide),
    "power": (lambda a, b: a**b, np.power),
    "maximum": (ag.maximum, np.maximum),
    "minimum": (ag.minimum, np.minimum),
    "where": (lambda a, b: ag.where(A > 2, a, b), lambda a, b: np.where(A > 2, a, b)),
    "matmul": (lambda a, b: a @ b.T, lambda a, b: a @ b.T),
    "einsum": (lambda a, b: ag.einsum("ij,kj->ik", a, b), lambda a, b: np.einsum("ij,kj->ik", a, b)),
    "concatenate": (lambda a, b: ag.concatenate([a, b]), lambda a, b: np.concatenate([a, b])),
    "stack": (lambda a, b: ag.stack([a, b]), lambda a, b: np.stack([a, b])),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("name", JOIN)
def test_arrays_of_any_type_promote_as_numpys_do(name, other):
    f, formula = JOIN[name]
    whole = (A % 2 + 1).astype(other)
    for dtype in np.float32, np.float64:
        for recorded in True, False:
            x = Tensor((A + 1).astype(dtype), requires_grad=recorded)
            for tensors, arrays in [((x, whole), (x.data, whole)), ((whole, x), (whole, x.data))]:
                result, expected = f(*tensors), formula(*arrays)
                np.testing.assert_allclose(result.data, expected, rtol=1e-6, strict=True)
                if recorded:
                    x.zero_grad()
                    result.backward(np.ones(result.shape))
                    assert x.grad.dtype == dtype


def test_whole_numbers_alone_become_float64():
    for result in (
        ag.add(1, 2),
        ag.multiply(np.int8([1, 2]), True),
        ag.stack([np.arange(2), np.arange(2)]),
        ag.sum([1, 2]),
    ):
        assert result.dtype == np.float64
    assert ag.maximum(np.int8([1, 2]), np.float32([1, 2])).dtype == np.float32


@pytest.mark.parametrize(
    ("number", "dtype"),
    [
        (True, np.float32),
        (np.True_, np.float32),
        (np.int8(2), np.float32),
        (np.int64(2), np.float64),
        (2, np.float32),
        (2.5, np.float32),
        (np.float32(2), np.float32),
        (np.float64(2), np.float64),
    ],
)
def test_numbers_promote_as_numpys_do(number, dtype):
    x = leaf(A, np.float32)
    assert (x * number).dtype == (number * x).dtype == (A.astype(np.float32) * number).dtype == dtype


# Reductions


@given(
    values=hnp.arrays(np.float64, hnp.array_shapes(min_dims=1, max_dims=3, max_side=4), elements=st.integers(0, 2)),
    data=st.data(),
)
def test_ties_in_max_share_equally(values, data):
    axis = data.draw(st.sampled_from([None, *range(-values.ndim, values.ndim)]))
    slices = values.reshape(1, -1) if axis is None else np.moveaxis(values, axis, -1).reshape(-1, values.shape[axis])
    expected = np.empty(slices.shape)
    for row, shares in zip(slices, expected, strict=True):
        winners = [i for i, entry in enumerate(row) if entry == max(row)]
        shares[...] = [1.0 / len(winners) if i in winners else 0.0 for i in range(len(row))]
    ours = grad(lambda x: x.max(axis=axis), values)
    ours = ours.reshape(1, -1) if axis is None else np.moveaxis(ours, axis, -1).reshape(slices.shape)
    np.testing.assert_allclose(ours, expected, rtol=1e-15)


def test_max_of_signed_zeros_ties():
    np.testing.assert_array_equal(grad(ag.max, np.array([0.0, -0.0])), [0.5, 0.5])


@pytest.mark.parametrize("zero", [0.0, -0.0])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_norm_of_nothing(shape, zero):
    np.testing.assert_array_equal(grad(ag.norm, np.full(shape, zero)), np.zeros(shape))


def test_norm_of_rows_with_a_row_of_zeros():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(grad(lambda x: x.norm(axis=1), x), [[0.6, 0.8], [0.0, 0.0]], rtol=1e-15)


@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 1), (1, -2), ()])
@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod", "var", "std"])
def test_shape_of_a_reduction_is_numpys(name, axis, keepdims):
    result = getattr(ag, name)(leaf(), axis=axis, keepdims=keepdims)
    expected = getattr(np, name)(A, axis=axis, keepdims=keepdims)
    # The root of the mean square and the norm over the root of n are rounded in other places.
    np.testing.assert_allclose(result.data, expected, rtol=4e-16 if name == "std" else 0, atol=0, strict=True)
    result.backward(np.ones(result.shape))


@pytest.mark.parametrize("name", ["sum", "mean", "max", "min", "prod"])
def test_without_axes_a_reduction_gives_one_number(name):
    result = getattr(leaf(), name)()
    np.testing.assert_array_equal(result.data, np.array(getattr(np, name)(A)), strict=True)
    assert leaf([3.0, 4.0]).norm().shape == leaf().std().shape == leaf().var().shape == leaf().logsumexp().shape == ()


def test_axes_that_are_not_given():
    np.testing.assert_array_equal(leaf().log_softmax().data, leaf().log_softmax(axis=1).data)
    np.testing.assert_array_equal(ag.concatenate([A, A]).data, np.concatenate([A, A], axis=0))
    np.testing.assert_array_equal(ag.stack([A, A]).data, np.stack([A, A], axis=0))


def test_sum_of_nothing_is_zero():
    x = leaf(np.ones((0, 3)))
    y = x.sum(axis=0)
    np.testing.assert_array_equal(y.data, np.zeros(3))
    y.backward(np.ones(3))
    assert x.grad.shape == (0, 3)
    assert leaf(np.ones((0, 3))).norm().item() == 0.0


@given(x=hnp.arrays(np.float64, (3, 4), elements=st.floats(-1e300, 1e300)), axis=st.sampled_from([0, 1, -1, -2]))
def test_log_softmax_of_any_size(x, axis):
    with np.errstate(over="ignore"):
        expected = special.log_softmax(x, axis=axis)
    y = leaf(x).log_softmax(axis=axis)
    finite = np.isfinite(expected)  # a difference beyond the number range counts as -infinity
    np.testing.assert_allclose(y.data[finite], expected[finite], rtol=1e-14, atol=1e-14)
    assert (y.data <= 0.0).all()
    gradient = grad(lambda x: x.log_softmax(axis=axis), x)
    assert np.isfinite(gradient).all()
    np.testing.assert_allclose(gradient.sum(axis=axis), 0.0, atol=1e-14)


@pytest.mark.parametrize("shape", [(1,), (3, 1), (2, 1, 1)])
def test_log_softmax_of_one_logit_is_zero(shape):
    x = leaf(np.full(shape, 7.3))
    y = x.log_softmax()
    y.backward(np.ones(shape))
    np.testing.assert_array_equal(y.data, np.zeros(shape))
    np.testing.assert_array_equal(x.grad, np.zeros(shape))


def test_cross_entropy_by_hand():
    # Two classes with logits 0 and log 3 have probabilities 1/4 and 3/4.
    x = leaf([[0.0, math.log(3.0)], [math.log(3.0), 0.0]])
    loss = x.cross_entropy([1, 1])
    loss.backward()
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(4)) / 2, rel=1e-15)
    np.testing.assert_allclose(x.grad, [[0.125, -0.125], [0.375, -0.375]], rtol=1e-15)


@pytest.mark.parametrize("size", [1e3, 1e155, 8e307])
def test_cross_entropy_of_huge_logits(size):
    x = leaf([[size, -size, 0.0], [-size, size, 0.0]])
    loss = ag.cross_entropy(x, [0, 0])
    loss.backward(np.array(2.0))
    assert loss.item() == size  # 0 for the first row, 2 size for the second
    np.testing.assert_array_equal(x.grad, [[0, 0, 0], [-1, 1, 0]])


def test_cross_entropy_takes_labels_of_any_integer_type():
    for labels in [0, 2], (0, 2), np.array([0, 2], np.uint8):
        np.testing.assert_allclose(grad(lambda x, y=labels: x.cross_entropy(y), A).sum(axis=1), [0, 0], atol=1e-16)


# Kinks and ends of the range

INF = np.inf


@pytest.mark.parametrize(
    ("f", "points", "values", "slopes"),
    [
        (ag.relu, [-1.0, -0.0, 0.0, 1.0], [0, 0, 0, 1], [0, 0, 0, 1]),
        (ag.leaky_relu, [-1.0, -0.0, 0.0, 1.0], [-0.01, 0, 0, 1], [0.01, 0.01, 0.01, 1]),
        (ag.abs, [-1.0, -0.0, 0.0, 1.0], [1, 0, 0, 1], [-1, 0, 0, 1]),
        (lambda x: x.clip(-1, 2), [-2.0, -1.0, 0.0, 2.0, 3.0], [-1, -1, 0, 2, 2], [0, 1, 1, 1, 0]),
        (lambda x: x.clip(1, 1), [0.0, 1.0, 2.0], [1, 1, 1], [0, 1, 0]),
        (lambda x: x.clip(-INF, INF), [-1e308, 0.0, 1e308], [-1e308, 0, 1e308], [1, 1, 1]),
        (lambda x: x**0, [-1.0, 0.0, 1.0], [1, 1, 1], [0, 0, 0]),
        (lambda x: x**1, [-1.0, 0.0, 1.0], [-1, 0, 1], [1, 1, 1]),
        (lambda x: x**2, [-1.0, 0.0, 1.0], [1, 0, 1], [-2, 0, 2]),
        (lambda x: x**1.5, [0.0, 4.0], [0, 8], [0, 3]),
        (lambda x: 0.0**x, [0.0, 1.0, 2.0], [1, 0, 0], [0, 0, 0]),
        (lambda x: 1.0**x, [-3.0, 0.0, 2.0], [1, 1, 1], [0, 0, 0]),
    ],
)
def test_kinks_and_edges(f, points, values, slopes):
    x = leaf(points)
    y = f(x)
    y.backward(np.ones(len(points)))
    np.testing.assert_allclose(y.data, values, rtol=1e-15)
    np.testing.assert_allclose(x.grad, slopes, rtol=1e-15)


def test_slopes_of_power_where_base_and_exponent_are_zero():
    x, y = leaf([0.0, 0.0, 2.0]), leaf([0.0, 1.0, 0.0])
    (x**y).backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, [0.0, 1.0, 0.0])
    np.testing.assert_allclose(y.grad, [0.0, 0.0, math.log(2.0)], rtol=1e-15)


LARGEST = np.finfo(float).max
ENDS = np.array([-LARGEST, -1e155, -1e4, -0.0, 5e-324, 1e4, 1e155, LARGEST])
BELOW = np.where(ENDS < 0, ENDS, 0.0)
AT_ENDS = {  # values and slopes; warnings are errors, so nothing may overflow on the way
    "sigmoid": ([0, 0, 0, 0.5, 0.5, 1, 1, 1], [0, 0, 0, 0.25, 0.25, 0, 0, 0]),
    "tanh": ([-1, -1, -1, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 0, 0, 0]),
    "relu": (ENDS - BELOW, ENDS > 0),
    "leaky_relu": (ENDS - BELOW + 0.01 * BELOW, np.where(ENDS > 0, 1.0, 0.01)),
    "softplus": (ENDS - BELOW + math.log(2) * (np.abs(ENDS) < 1), [0, 0, 0, 0.5, 0.5, 1, 1, 1]),
    "gelu": (ENDS - BELOW, [0, 0, 0, 0.5, 0.5, 1, 1, 1]),
    "abs": (np.abs(ENDS), [-1, -1, -1, 0, 1, 1, 1, 1]),
}


@pytest.mark.parametrize("name", AT_ENDS)
def test_both_ends_of_the_number_range(name):
    x = leaf(ENDS)
    y = getattr(ag, name)(x)
    y.backward(np.ones(len(ENDS)))
    values, slopes = AT_ENDS[name]
    np.testing.assert_allclose(y.data, values, rtol=1e-15, atol=5e-324)
    np.testing.assert_allclose(x.grad, slopes, rtol=1e-15)


@pytest.mark.parametrize("scale", [5e-324, 1e-320, 1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_norm_over_the_whole_number_range(scale):
    x = leaf(scale * np.array([3.0, 0.0, -4.0]))
    y = x.norm()
    y.backward()
    assert y.item() == pytest.approx(5 * scale, rel=1e-15)
    np.testing.assert_allclose(x.grad, [0.6, 0.0, -0.8], rtol=1e-15)


@pytest.mark.parametrize("name", ["exp", "log", "sqrt", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu"])
def test_nan_is_not_hidden(name):
    y = getattr(ag, name)(Tensor([np.nan, 1.0]))
    assert np.isnan(y.data).tolist() == [True, False]


# where


@given(
    shapes=hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=3, min_side=0, max_side=3),
    seed=seeds,
)
def test_where_broadcasts_all_three(shapes, seed):
    condition = whole_numbers(shapes.input_shapes[0], seed) > 0
    a, b = (whole_numbers(shape, seed + i) for i, shape in enumerate(shapes.input_shapes[1:], start=1))
    g = whole_numbers(shapes.result_shape, seed + 3)
    by_a, by_b = grad(lambda x, y: ag.where(condition, x, y), a, b, seed=g)
    np.testing.assert_array_equal(by_a, summed_over_copies(np.where(condition, g, 0.0), a.shape), strict=True)
    np.testing.assert_array_equal(by_b, summed_over_copies(np.where(condition, 0.0, g), b.shape), strict=True)


# Entries that move


def assert_entries_move(f, index_of, shape, seed):
    """The gradient of what was taken goes to where it was taken from, as often as it was."""
    a = whole_numbers(shape, seed)
    origin = index_of(np.arange(a.size).reshape(shape))  # for every entry of the result the number of the original's
    g = whole_numbers(np.shape(origin), seed + 1)
    x = leaf(a)
    y = f(x)
    y.backward(g)
    np.testing.assert_array_equal(y.data, index_of(a), strict=True)
    np.testing.assert_array_equal(x.grad, collected(origin, g, shape), strict=True)


@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4), seed=seeds)
def test_basic_index(data, shape, seed):
    index = data.draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    assert_entries_move(lambda x: x[index], lambda a: np.asarray(a[index]), shape, seed)


@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=3), seed=seeds)
def test_array_index(data, shape, seed):
    index = data.draw(hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)))
    assert_entries_move(lambda x: x[index], lambda a: a[index], shape, seed)


@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=3, max_side=3), seed=seeds)
def test_boolean_index(data, shape, seed):
    axes = data.draw(st.integers(1, len(shape)))
    mask = data.draw(hnp.arrays(bool, shape[:axes]))
    assert_entries_move(lambda x: x[mask], lambda a: a[mask], shape, seed)


MIXED = [
    np.s_[:, [0, 0]],
    np.s_[..., [1, 1, 0]],
    np.s_[[0, 0], :, 1],
    np.s_[[0, 1, 0], [2, 2, 2]],
    np.s_[None, [1, 1], ..., ::-1],
    np.s_[:, None, [0, 2, 0]],
    np.s_[0, [1, 1], None],
    np.s_[[[0, 1], [1, 1]], 1:],
    np.s_[1:, [True, False, True]],
    np.s_[np.array(1)],
    np.s_[..., np.array([], int)],
    np.s_[()],
    np.s_[...],
    np.s_[-1, ::2, 1:],
    np.s_[[-1, 1]],
]


@pytest.mark.parametrize("index", MIXED, ids=repr)
def test_mixed_index(index):
    assert_entries_move(lambda x: x[index], lambda a: np.asarray(a[index]), (2, 3, 4), 0)


def test_index_of_a_view():
    # What is indexed may itself be a view, of which NumPy then takes views and copies.
    x = leaf(np.arange(12.0))
    x.reshape(3, 4).T[:, [0, 0, 2]].sum().backward()
    np.testing.assert_array_equal(x.grad, [2] * 4 + [0] * 4 + [1] * 4)


@given(data=st.data(), shape=hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=3), seed=seeds)
def test_transpose(data, shape, seed):
    axes = data.draw(st.permutations(range(len(shape))))
    axes = [axis - len(shape) if data.draw(st.booleans()) else axis for axis in axes]
    assert_entries_move(lambda x: x.transpose(*axes), lambda a: a.transpose(axes), shape, seed)
    assert_entries_move(lambda x: x.transpose(), np.transpose, shape, seed)
    assert_entries_move(lambda x: x.T, np.transpose, shape, seed)


@pytest.mark.parametrize("shape", [(4, 6), (24,), (-1,), (2, 3, 4), (3, -1, 2), (1, 24, 1)])
def test_reshape(shape):
    for f in (lambda x: x.reshape(*shape), lambda x: x.reshape(shape), lambda x: ag.reshape(x, shape)):
        assert_entries_move(f, lambda a: a.reshape(shape), (2, 3, 4), 0)
        assert_entries_move(lambda x, f=f: f(x.T), lambda a: a.T.reshape(shape), (2, 3, 4), 0)  # a copy, no view


def test_reshape_to_and_from_a_number():
    assert_entries_move(lambda x: x.reshape(()), lambda a: a.reshape(()), (1, 1), 0)
    assert_entries_move(lambda x: x.reshape(1, 1), lambda a: a.reshape(1, 1), (), 0)


@given(
    lengths=st.lists(st.integers(0, 3), min_size=1, max_size=4),
    shape=hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=3),
    data=st.data(),
    seed=seeds,
)
def test_concatenate(lengths, shape, data, seed):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    arrays = [whole_numbers([*shape[: axis % len(shape)], n, *shape[axis % len(shape) + 1 :]], seed) for n in lengths]
    joined = np.concatenate(arrays, axis)
    g = whole_numbers(joined.shape, seed + 1)
    tensors = [leaf(array) for array in arrays]
    y = ag.concatenate(tensors, axis)
    np.testing.assert_array_equal(y.data, joined, strict=True)
    y.backward(g)
    parts = np.split(g, np.cumsum(lengths)[:-1], axis)
    for tensor, part in zip(tensors, parts, strict=True):
        np.testing.assert_array_equal(tensor.grad, part, strict=True)


@given(shape=any_shape, n=st.integers(1, 3), data=st.data(), seed=seeds)
def test_stack(shape, n, data, seed):
    axis = data.draw(st.integers(-len(shape) - 1, len(shape)))
    arrays = [whole_numbers(shape, seed + i) for i in range(n)]
    tensors = [leaf(array) for array in arrays]
    y = ag.stack(tensors, axis)
    np.testing.assert_array_equal(y.data, np.stack(arrays, axis), strict=True)
    g = whole_numbers(y.shape, seed)
    y.backward(g)
    for i, tensor in enumerate(tensors):
        np.testing.assert_array_equal(tensor.grad, np.take(g, i, axis), strict=True)


def test_joined_tensors_may_come_from_a_generator_and_with_constants():
    x = leaf()
    for join in ag.concatenate, ag.stack:
        y = join(part for part in (x, A, x * 2.0))
        y.backward(np.ones(y.shape))
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 6.0))


# Nothing warns that need not


def test_only_the_wanted_gradients_are_computed():
    # The exponent is a constant: no logarithm of a negative base is taken for its sake.
    x = leaf([-2.0, 3.0])
    (x ** np.array([2.0, 3.0])).backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [-4.0, 27.0])


def test_within_no_grad_values_are_the_same():
    x = leaf(A + 1)
    for f in UNARY.values():
        with no_grad():
            constant = f(x)
        np.testing.assert_array_equal(constant.data, f(x).data)
