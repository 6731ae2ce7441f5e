"""Finite differences, the complex step and descent, against what is known in closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import (
    Tensor,
    Value,
    check_gradient,
    gradient_descent,
    numerical_gradient,
    numerical_jacobian,
    relative_error,
)

METHODS = ["central", "forward", "complex"]
# What each method can reach in float64 for derivatives of order 1: eps^(2/3), eps^(1/2), eps, with room for 50 eps.
ACCURACY = {"central": 1e-8, "forward": 1e-6, "complex": 1e-14}
SHAPES = [(), (1,), (4,), (2, 3), (2, 1, 3)]

# name: (f, its gradient), all analytic
FUNCTIONS = {
    "sum of cubes": (lambda x: (x**3).sum(), lambda x: 3 * x**2),
    "sum of sines": (lambda x: np.sin(x).sum(), np.cos),
    "exponential of the sum": (lambda x: np.exp(x.sum()), lambda x: np.full(x.shape, np.exp(x.sum()))),
    "product with places": (
        lambda x: (x * np.arange(1.0, x.size + 1).reshape(x.shape)).sum(),
        lambda x: np.arange(1.0, x.size + 1).reshape(x.shape),
    ),
}


def sample(shape, dtype=np.float64, seed=3):
    return np.random.default_rng(seed).uniform(-1.0, 1.0, shape).astype(dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("method", METHODS)
def test_gradient_equals_the_known_one(method, name, shape):
    f, gradient = FUNCTIONS[name]
    x = np.asarray(sample(shape))
    found = numerical_gradient(f, x, method=method)
    assert isinstance(found, np.ndarray)
    assert found.shape == shape
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, gradient(x), rtol=0, atol=50 * ACCURACY[method] * np.abs(gradient(x)).max())


def test_central_is_the_default():
    f, x = FUNCTIONS["sum of sines"][0], sample((3,))
    np.testing.assert_array_equal(numerical_gradient(f, x), numerical_gradient(f, x, method="central"))


@given(
    x=hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=4, max_side=3), elements=st.floats(-3, 3)),
    method=st.sampled_from(METHODS),
)
def test_gradient_of_a_quadratic_for_any_shape(x, method):
    found = numerical_gradient(lambda x: (x * x).sum() / 2, x, method=method)
    assert found.shape == x.shape
    # f is at most 4.5 an entry; its rounding divided by the step bounds what a difference can lose.
    allowed = {"central": 1e-7, "forward": 1e-5, "complex": 1e-15}[method]
    np.testing.assert_allclose(found, x, rtol=0, atol=allowed * max(1, x.size))


@pytest.mark.parametrize("scale", [1e-200, 1e-8, 1e8, 1e200])
def test_complex_step_holds_at_every_scale(scale):
    x = np.array([scale, -3 * scale])
    found = numerical_gradient(lambda x: (x * 2.0).sum() + np.sin(x * 0.0).sum(), x, method="complex")
    np.testing.assert_allclose(found, [2.0, 2.0], rtol=1e-15)


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_default_step_grows_with_the_entry(scale):
    x = np.array([scale, -2 * scale])
    # Relative: the step is eps^(1/3) |x|, the derivative of x^2 / 2 is x; below 1 the step is eps^(1/3) itself.
    found = numerical_gradient(lambda x: (x * x).sum() / 2, x, method="central")
    np.testing.assert_allclose(found, x, rtol=1e-8 if scale >= 1 else 1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_float32_stays_float32(method):
    x = sample((2, 3), np.float32)
    found = numerical_gradient(lambda x: (x**3).sum(), x, method=method)
    assert found.dtype == np.float32
    # eps is 1.2e-7: eps^(2/3) and eps^(1/2) times a few.
    allowed = {"central": 5e-4, "forward": 5e-3, "complex": 1e-6}[method]
    np.testing.assert_allclose(found, 3 * x**2, atol=allowed)


def test_float32_stays_float32_where_the_function_computes_in_float64():
    found = numerical_gradient(lambda x: float((x * x).sum()), sample((3,), np.float32))
    assert found.dtype == np.float32


@pytest.mark.parametrize("x", [[1, 2], np.array([1, 2], np.int32), np.array([True, False])])
def test_whole_numbers_become_float64(x):
    found = numerical_gradient(lambda x: (x * x).sum(), x)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, 2.0 * np.asarray(x), atol=1e-8)


def errors_at(method, steps):
    x = np.array([0.7])
    truth = np.exp(0.7)
    return np.array(
        [abs(numerical_gradient(lambda x: np.exp(x[0]), x, method=method, step=h)[0] - truth) for h in steps]
    )


@pytest.mark.parametrize(("method", "order"), [("forward", 1), ("central", 2)])
def test_error_has_the_stated_order(method, order):
    steps = np.array([1e-1, 1e-2, 1e-3])
    slope = np.polyfit(np.log(steps), np.log(errors_at(method, steps)), 1)[0]
    assert slope == pytest.approx(order, abs=0.05)


@pytest.mark.parametrize(("method", "best"), [("forward", 1e-8), ("central", 1e-5)])
def test_differences_get_worse_again_where_the_step_is_too_small(method, best):
    at_best, at_tiny = errors_at(method, [best, 1e-14])
    assert at_tiny > 100 * at_best


def test_complex_step_has_no_error_to_shrink():
    errors = errors_at("complex", [1e-10, 1e-30, 1e-100, 1e-200])
    assert errors.max() < 1e-15 * np.exp(0.7)


def test_a_step_that_is_given_is_taken():
    # The forward difference of x^2 / 2 at 0 is h / 2: it shows the step.
    found = numerical_gradient(lambda x: (x * x).sum() / 2, np.zeros(2), method="forward", step=0.25)
    np.testing.assert_array_equal(found, [0.125, 0.125])


def test_the_jacobian_takes_the_step_it_is_given():
    found = numerical_jacobian(lambda x: x * x / 2, np.zeros(2), method="forward", step=0.25)
    np.testing.assert_array_equal(found, [[0.125, 0.0], [0.0, 0.125]])


@pytest.mark.parametrize(("method", "power"), [("central", 1 / 3), ("forward", 1 / 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_default_step_is_the_documented_one(dtype, method, power):
    x = np.array([0.0, -0.5, 1.5, -8.0], dtype)
    seen = []

    def f(x):
        seen.append(x)
        return x.sum()

    numerical_gradient(f, x, method=method)
    walked = np.max(np.array(seen, np.float64) - x, axis=0)
    # The point seen is rounded to eps |x|: beside a step of eps^(1/2) that is eps^(1/2).
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(walked, eps**power * np.array([1.0, 1.0, 1.5, 8.0]), rtol=2 * eps**0.5)


def matrix_of(outputs, inputs):
    return np.random.default_rng(5).normal(size=(*outputs, *inputs))


@pytest.mark.parametrize("inputs", [(), (3,), (2, 2)], ids=str)
@pytest.mark.parametrize("outputs", [(), (1,), (2,), (2, 3)], ids=str)
@pytest.mark.parametrize("method", METHODS)
def test_jacobian_has_the_shape_of_output_then_input(method, outputs, inputs):
    A = matrix_of(outputs, inputs)

    def f(x):
        return np.tensordot(A, np.sin(x), axes=x.ndim)

    x = np.asarray(sample(inputs))
    found = numerical_jacobian(f, x, method=method)
    assert found.shape == outputs + inputs
    np.testing.assert_allclose(found, A * np.cos(x), rtol=0, atol=50 * ACCURACY[method])


def test_jacobian_rows_are_outputs():
    found = numerical_jacobian(lambda x: np.array([x[0] * x[1], x[0], 3 * x[1]]), np.array([2.0, 5.0]))
    np.testing.assert_allclose(found, [[5.0, 2.0], [1.0, 0.0], [0.0, 3.0]], atol=1e-8)


@pytest.mark.parametrize("numerical", [numerical_gradient, numerical_jacobian])
@pytest.mark.parametrize("method", METHODS)
def test_x_is_not_changed(method, numerical):
    x = sample((2, 3))
    before = x.copy()

    def f(x):
        x *= x
        return x.sum()

    numerical(f, x, method=method)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_writes_into_its_argument_gets_the_right_gradient(method):
    def f(x):
        x *= x
        return x.sum()

    x = sample((2, 3))
    np.testing.assert_allclose(numerical_gradient(f, x, method=method), 2 * x, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_reuses_the_array_it_returns_gets_the_right_jacobian(method):
    # As `Parameter.grad` does: it comes back in the same memory after every `zero_grad`.
    kept = {}

    def f(x):
        buffer = kept.setdefault(x.dtype, np.empty_like(x))
        return np.multiply(x, x, out=buffer)

    x = sample((3,))
    np.testing.assert_allclose(numerical_jacobian(f, x, method=method), np.diag(2 * x), atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_result_shares_no_memory_with_x(method):
    x = np.ones(3)
    assert not np.shares_memory(numerical_gradient(lambda x: x.sum(), x, method=method), x)
    assert not np.shares_memory(numerical_jacobian(lambda x: x, x, method=method), x)


@pytest.mark.parametrize("order", ["C", "F", "strided"])
def test_memory_layout_does_not_matter(order):
    x = {"C": sample((4, 6)), "F": np.asfortranarray(sample((4, 6))), "strided": sample((8, 12))[::2, ::-2]}[order]
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sin(x).sum(), x), np.cos(x), atol=1e-8)


def test_relu_at_zero_has_derivative_zero_by_the_complex_step():
    found = numerical_gradient(lambda x: np.where(x.real > 0, x, 0.0).sum(), np.zeros(2), method="complex")
    np.testing.assert_array_equal(found, [0.0, 0.0])


SUM = np.sum


@pytest.mark.parametrize("numerical", [numerical_gradient, numerical_jacobian])
@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (np.zeros((0, 3)), ValueError, r"x: expected at least one entry, got shape \(0, 3\)"),
        ([1.0, np.nan], ValueError, r"x: expected finite numbers, got nan at index \(1,\)"),
        ([[1.0], [-np.inf]], ValueError, r"x: expected finite numbers, got -inf at index \(1, 0\)"),
        ([1.0 + 0j], TypeError, "x: expected real numbers, got dtype complex128"),
        (np.array([1.0, None]), TypeError, "x: expected an array of numbers, got dtype object"),
        (["1.0"], TypeError, "x: expected an array of numbers, got dtype <U3"),
        (None, TypeError, "x: expected an array of numbers, got dtype object"),
    ],
)
def test_x_is_refused(numerical, x, error, message):
    with pytest.raises(error, match=message):
        numerical(SUM, x)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1,), (2,), (1, 1)], ids=str)
def test_gradient_refuses_a_function_with_an_array_as_value(method, shape):
    with pytest.raises(ValueError, match=r"f\(x\): expected one number, got shape .*numerical_jacobian"):
        numerical_gradient(lambda x: np.resize(x, shape), np.ones(2), method=method)


@pytest.mark.parametrize("numerical", [numerical_gradient, numerical_jacobian])
def test_a_value_that_is_no_number_is_refused(numerical):
    with pytest.raises(TypeError, match=r"f\(x\): expected an array of numbers, got dtype object"):
        numerical(lambda x: None, np.ones(2))


@pytest.mark.parametrize(
    ("numerical", "value", "message"),
    [
        (numerical_gradient, Tensor(2.0), r"f\(x\): expected one number, got a Tensor with its graph; .*\.item\(\)"),
        (numerical_gradient, Value(2.0), r"f\(x\): expected one number, got a Value with its graph; .*\.data"),
        (
            numerical_jacobian,
            Tensor([2.0]),
            r"f\(x\): expected numbers, got a Tensor with its graph; return its \.data",
        ),
        (numerical_gradient, True, r"f\(x\): expected one number, got True or False, which has no slope"),
        (numerical_jacobian, np.array([True]), r"f\(x\): expected numbers, got True or False, which has no slope"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_a_value_with_a_graph_or_without_a_slope_is_refused(numerical, value, message, method):
    with pytest.raises(TypeError, match=message):
        numerical(lambda x: value, np.ones(2), method=method)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", ["central", "forward"])
def test_an_entry_that_no_step_can_be_added_to_is_refused(method, dtype):
    with pytest.raises(ValueError, match="x: expected entries that a step can be added to, got "):
        numerical_gradient(SUM, np.array([1.0, np.finfo(dtype).max], dtype), method=method)


@pytest.mark.parametrize("method", ["central", "forward"])
def test_infinite_values_have_no_slope_and_make_no_noise(method):
    assert np.isnan(numerical_gradient(lambda x: np.inf, np.ones(1), method=method)).all()
    assert np.isinf(numerical_gradient(lambda x: 1e308 * np.sign(x.sum() - 1), np.ones(1), method=method)).all()


@pytest.mark.parametrize("numerical", [numerical_gradient, numerical_jacobian])
def test_unknown_method_is_refused(numerical):
    with pytest.raises(ValueError, match="method: expected one of central, forward, complex, got 'backward'"):
        numerical(SUM, np.ones(2), method="backward")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("step", "error"),
    [
        (0.0, ValueError),
        (-1e-5, ValueError),
        (np.inf, ValueError),
        (np.nan, ValueError),
        ("1e-5", TypeError),
        (1j, TypeError),
    ],
)
def test_bad_step_is_refused(method, step, error):
    with pytest.raises(error, match="step: expected a positive"):
        numerical_gradient(SUM, np.ones(2), method=method, step=step)


@pytest.mark.parametrize("method", ["central", "forward"])
def test_a_step_that_vanishes_in_rounding_is_refused(method):
    with pytest.raises(ValueError, match="step"):
        numerical_gradient(SUM, np.ones(2), method=method, step=1e-20)


def test_a_step_that_vanishes_in_float32_is_refused():
    with pytest.raises(ValueError, match="step"):
        numerical_gradient(SUM, np.ones(2, np.float32), method="complex", step=1e-60)


@pytest.mark.parametrize("numerical", [numerical_gradient, numerical_jacobian])
@pytest.mark.parametrize(
    "f", [lambda x: np.abs(x).sum(), lambda x: x.real.sum(), lambda x: 1.0], ids=["abs", "real", "1"]
)
def test_complex_step_refuses_a_function_that_drops_the_imaginary_part(numerical, f):
    with pytest.raises(TypeError, match=r"complex step needs a complex result, .* no abs, .*central"):
        numerical(f, np.ones(2), method="complex")


@pytest.mark.parametrize("method", ["central", "forward"])
@pytest.mark.parametrize("numerical", [numerical_gradient, numerical_jacobian])
def test_differences_refuse_a_complex_value(numerical, method):
    with pytest.raises(TypeError, match=r"^f\(x\): expected real numbers, got dtype complex128"):
        numerical(lambda x: (x * 1j).sum(), np.ones(2), method=method)


# relative_error


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ([1.0, 2.0], [1.0, 2.0], 0.0),
        ([1.0, 2.0], [1.0, 2.5], 0.2),  # 0.5 / 2.5, the larger of the two sides
        ([1.0, -4.0], [1.0, 4.0], 2.0),  # the largest value there is
        ([100.0, 1.0], [100.0, 2.0], 0.01),  # relative to the largest entry, not to the entry that differs
        (0.0, 0.5, 1.0),
        (2, 1, 0.5),
        (3j, 4j, 0.25),
        ([0.0, 0.0], [0.0, 0.0], 0.0),
        ([9e-13, 0.0], [0.0, 0.0], 9e-13),  # below 1e-12: absolute
        ([9e-13, 0.0], [-9e-13, 0.0], 1.8e-12),
        ([1e-12, 0.0], [0.0, 0.0], 1.0),  # not below: relative
        ([2e-12, 0.0], [0.0, 0.0], 1.0),
    ],
)
def test_relative_error_by_hand(a, b, expected):
    assert relative_error(a, b) == pytest.approx(expected, rel=1e-15)
    assert relative_error(b, a) == relative_error(a, b)
    assert type(relative_error(a, b)) is float


@given(
    a=hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e100, 1e100)),
    b=hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e100, 1e100)),
)
def test_relative_error_follows_its_definition(a, b):
    scale = max(abs(v) for v in [*a.flat, *b.flat])
    difference = max(abs(v - w) for v, w in zip(a.flat, b.flat, strict=True))
    assert relative_error(a, b) == (difference if scale < 1e-12 else difference / scale)


@pytest.mark.parametrize(("a", "b"), [([np.nan, 1.0], [0.0, 1.0]), ([0.0, 1.0], [0.0, np.nan]), (np.nan, np.nan)])
def test_relative_error_of_nan_is_nan(a, b):
    assert np.isnan(relative_error(a, b))


@pytest.mark.parametrize(
    ("a", "b"),
    [([np.inf], [np.inf]), ([np.inf], [1.0]), ([np.inf, 0.0], [-np.inf, 0.0]), ([1.7e308, 0.0], [-1.7e308, 0.0])],
)
def test_relative_error_of_infinity_is_not_small_and_does_not_warn(a, b):
    assert not relative_error(a, b) <= 1.0


@pytest.mark.parametrize(
    ("a", "b"), [([1.0], 1.0), ([[1.0, 1.0]], [1.0, 1.0]), ([1.0, 1.0], [1.0]), (np.ones((2, 1)), np.ones((1, 2)))]
)
def test_relative_error_broadcasts_nothing(a, b):
    with pytest.raises(ValueError, match=r"a: expected shape .* as b has, got shape"):
        relative_error(a, b)


def test_relative_error_refuses_empty_arrays_and_what_is_no_number():
    with pytest.raises(ValueError, match=r"expected at least one entry to compare, got shape \(0,\)"):
        relative_error([], [])
    with pytest.raises(TypeError, match=r"^a: expected an array of numbers"):
        relative_error(["1"], [1.0])
    with pytest.raises(TypeError, match=r"^b: expected an array of numbers"):
        relative_error([1.0], ["1"])


# gradient_descent


def test_descent_by_hand():
    # f = x^2 / 2 + 2 y^2 has the gradient (x, 4 y).
    path = gradient_descent(lambda x: x * [1.0, 4.0], [8.0, 1.0], learning_rate=0.5, steps=3)
    np.testing.assert_array_equal(path, [[8.0, 1.0], [4.0, -1.0], [2.0, 1.0], [1.0, -1.0]])


@given(a=st.floats(0.1, 4.0), learning_rate=st.floats(0.01, 1.0), steps=st.integers(1, 20))
def test_descent_on_a_parabola_multiplies_by_the_known_factor(a, learning_rate, steps):
    # f = a x^2 / 2: each step multiplies x by 1 - learning_rate a, below -1 too, where the path diverges.
    path = gradient_descent(lambda x: a * x, [1.0], learning_rate=learning_rate, steps=steps)
    expected = (1.0 - learning_rate * a) ** np.arange(steps + 1)
    np.testing.assert_allclose(path[:, 0], expected, rtol=1e-12, atol=1e-12)


def test_descent_with_a_numerical_gradient_finds_the_minimum():
    path = gradient_descent(
        lambda x: numerical_gradient(lambda x: ((x - [1.0, -2.0]) ** 2).sum(), x),
        [5.0, 5.0],
        learning_rate=0.3,
        steps=60,
    )
    np.testing.assert_allclose(path[-1], [1.0, -2.0], atol=1e-8)


def test_a_learning_rate_too_large_gives_a_path_to_infinity_and_no_warning():
    path = gradient_descent(lambda x: x, np.array([1.0, 0.0]), learning_rate=1e200, steps=3)
    np.testing.assert_array_equal(path[:, 0], [1.0, -1e200, np.inf, np.nan])
    np.testing.assert_array_equal(path[:, 1], 0.0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_path_has_one_point_more_than_steps(shape):
    x0 = np.asarray(sample(shape))
    path = gradient_descent(lambda x: x, x0, learning_rate=0.1, steps=4)
    assert path.shape == (5, *shape)
    np.testing.assert_array_equal(path[0], x0)
    assert not np.shares_memory(path, x0)


@pytest.mark.parametrize(
    ("dtype", "expected"), [(np.float32, np.float32), (np.float64, np.float64), (np.int64, np.float64)]
)
def test_the_path_has_the_dtype_of_its_start(dtype, expected):
    path = gradient_descent(lambda x: 2.0 * x.astype(np.float64), np.ones(2, dtype), learning_rate=0.25, steps=1)
    assert path.dtype == expected
    np.testing.assert_array_equal(path[1], [0.5, 0.5])


def test_a_gradient_that_writes_into_its_argument_leaves_the_path_alone():
    def gradient(x):
        x *= 2.0
        return x

    path = gradient_descent(gradient, [1.0], learning_rate=0.25, steps=2)
    np.testing.assert_array_equal(path, [[1.0], [0.5], [0.25]])


@pytest.mark.parametrize(
    ("x0", "error", "message"),
    [
        ([], ValueError, r"^x0: expected at least one entry, got shape \(0,\)"),
        ([1.0, np.inf], ValueError, r"^x0: expected finite numbers, got inf at index \(1,\)"),
        ([1.0j], TypeError, "^x0: expected real numbers, got dtype complex128"),
        (["1"], TypeError, "^x0: expected an array of numbers, got dtype <U1"),
    ],
)
def test_starts_are_refused(x0, error, message):
    with pytest.raises(error, match=message):
        gradient_descent(lambda x: x, x0, learning_rate=0.1, steps=1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"learning_rate": 0.0}, ValueError, "^learning_rate: expected a positive finite number, got 0.0"),
        ({"learning_rate": -0.1}, ValueError, "^learning_rate: expected a positive finite number, got -0.1"),
        ({"learning_rate": "0.1"}, TypeError, "^learning_rate: expected a positive number, got '0.1'"),
        ({"steps": 0}, ValueError, "^steps: expected a whole number of at least 1, got 0"),
        ({"steps": 10.0}, TypeError, "^steps: expected a whole number, got 10.0"),
    ],
)
def test_learning_rates_and_numbers_of_steps_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        gradient_descent(lambda x: x, [1.0], **({"learning_rate": 0.1, "steps": 1} | options))


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (1.0, ValueError, r"^gradient\(x\): expected shape \(2,\) as x0 has, got shape \(\)"),
        (np.ones((1, 2)), ValueError, r"^gradient\(x\): expected shape \(2,\) as x0 has, got shape \(1, 2\)"),
        ([1.0j, 0.0], TypeError, r"^gradient\(x\): expected real numbers, got dtype complex128"),
        (None, TypeError, r"^gradient\(x\): expected an array of numbers, got dtype object"),
    ],
)
def test_gradients_are_refused(value, error, message):
    with pytest.raises(error, match=message):
        gradient_descent(lambda x: value, [1.0, 2.0], learning_rate=0.1, steps=1)


def test_a_slope_of_zero_is_shown_without_a_sign():
    check = check_gradient(lambda x: np.maximum(x, 0.0), 1e-6, 1.0)
    assert math.copysign(1.0, check.slopes[0]) == -1.0
    assert "slope 0 from the left, 1 from the right" in str(check)
