"""Activations against formulas of their own (decimals, scipy), and their derivatives against both numerical methods."""

import decimal
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from backprop_lib import (
    gelu,
    identity,
    leaky_relu,
    numerical_gradient,
    relu,
    sigmoid,
    softmax,
    softplus,
    tanh,
)
from backprop_lib.activations import ActivationFunction
from tests.engine.gradient_agreement import TOLERANCES, discrepancy

ACTIVATIONS = [sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity]
SMOOTH = [sigmoid, tanh, softplus, gelu, identity]
each_activation = pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)

decimal.getcontext().prec = 60


def exact_exp(z):
    return decimal.Decimal(z).exp()


def exact_tanh(u):
    power = (2 * u).exp()
    return (power - 1) / (power + 1)


def exact_gelu(z):
    z = decimal.Decimal(z)
    # sqrt(2/pi) and the cubic's constant as the float64 that the formula is evaluated with
    u = decimal.Decimal(math.sqrt(2 / math.pi)) * (z + decimal.Decimal.from_float(0.044715) * z**3)
    return z * (1 + exact_tanh(u)) / 2


# Each by 60 decimal digits, so that every digit of the float64 answer is known.
EXACT = {
    sigmoid: lambda z: 1 / (1 + exact_exp(-z)),
    tanh: lambda z: exact_tanh(decimal.Decimal(z)),
    relu: lambda z: decimal.Decimal(max(z, 0.0)),
    leaky_relu: lambda z: decimal.Decimal(z) * (1 if z > 0 else decimal.Decimal.from_float(0.01)),
    softplus: lambda z: (1 + exact_exp(z)).ln(),
    gelu: exact_gelu,
    identity: decimal.Decimal,
}
MILD = [-30.0, -5.0, -2.5, -1.0, -0.3, -1e-3, 0.0, 1e-3, 0.3, 1.0, 2.5, 5.0, 30.0]


@pytest.mark.parametrize("z", MILD)
@each_activation
def test_value_to_the_last_digits(activation, z):
    # Errors are measured against the larger of |z| and the value: the tails of gelu cancel, by design of its formula.
    allowed = 4 * np.finfo(float).eps * max(abs(z), abs(float(EXACT[activation](z))))
    assert activation(z) == pytest.approx(float(EXACT[activation](z)), rel=0, abs=allowed)


@pytest.mark.parametrize("activation", [sigmoid, tanh, softplus], ids=repr)
@pytest.mark.parametrize("z", [-700.0, -40.0, -5.0, -1e-8, 1e-8, 5.0, 40.0, 700.0])
def test_small_values_keep_their_relative_precision(activation, z):
    assert activation(z) == pytest.approx(float(EXACT[activation](z)), rel=1e-14)


def test_sigmoid_is_scipys():
    z = np.linspace(-700, 700, 4001)
    np.testing.assert_allclose(sigmoid(z), special.expit(z), rtol=1e-14)


def test_gelu_is_near_the_exact_one_with_the_error_function():
    z = np.linspace(-8, 8, 2001)
    assert np.abs(gelu(z) - z * special.ndtr(z)).max() < 5e-4  # Hendrycks and Gimpel's tanh form is an approximation
    assert np.abs(gelu(z) - z * special.ndtr(z)).max() > 1e-4  # and it is that form


EXTREME = np.array(
    [-np.finfo(float).max, -1e308, -1e155, -1e4, -0.0, 0.0, 5e-324, 1e4, 1e155, 1e308, np.finfo(float).max]
)
ZERO, BELOW = np.zeros_like(EXTREME), np.where(EXTREME < 0, EXTREME, 0.0)
AT_EXTREMES = {
    sigmoid: np.array([0, 0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1, 1]),
    tanh: np.array([-1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 1]),
    relu: EXTREME - BELOW,
    leaky_relu: EXTREME - BELOW + 0.01 * BELOW,
    softplus: EXTREME - BELOW + np.where(np.abs(EXTREME) < 1, math.log(2), 0.0),
    gelu: EXTREME - BELOW,
    identity: EXTREME,
}
SLOPES_AT_EXTREMES = {
    sigmoid: np.array([0, 0, 0, 0, 0.25, 0.25, 0.25, 0, 0, 0, 0]),
    tanh: np.array([0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0]),
    relu: (EXTREME > 0).astype(float),
    leaky_relu: np.where(EXTREME > 0, 1.0, 0.01),
    softplus: AT_EXTREMES[sigmoid],
    gelu: AT_EXTREMES[sigmoid],
    identity: np.ones(len(EXTREME)),
}


@each_activation
def test_stable_at_the_ends_of_the_number_range(activation):
    # warnings are errors in this suite: an overflow on the way fails too
    np.testing.assert_allclose(activation(EXTREME), AT_EXTREMES[activation], rtol=1e-15, atol=5e-324)
    np.testing.assert_allclose(activation.derivative(EXTREME), SLOPES_AT_EXTREMES[activation], rtol=1e-15)


@each_activation
def test_stable_at_the_ends_of_float32(activation):
    z = np.array([-3e38, -1e4, -0.0, 0.0, 1e4, 3e38], np.float32)
    np.testing.assert_allclose(activation(z), activation(z.astype(np.float64)), rtol=1e-6)
    np.testing.assert_allclose(activation.derivative(z), activation.derivative(z.astype(np.float64)), rtol=1e-6)


# Not gelu: its formula is the product of minus infinity and 0 there, as in other libraries.
@pytest.mark.parametrize("activation", [sigmoid, tanh, relu, leaky_relu, softplus, identity], ids=repr)
def test_infinity_has_the_limit_as_value(activation):
    z = np.array([-np.inf, np.inf])
    expected = {sigmoid: [0, 1], tanh: [-1, 1], leaky_relu: z, identity: z}.get(activation, [0, np.inf])
    np.testing.assert_array_equal(activation(z), expected)


@each_activation
def test_nan_is_not_hidden(activation):
    assert np.isnan(activation(np.array([np.nan, 1.0]))).tolist() == [True, False]


@given(
    z=hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=0, max_dims=3), elements=st.floats(allow_nan=False, allow_infinity=False)
    )
)
@each_activation
def test_any_finite_input_gives_finite_output_of_the_same_shape(activation, z):
    value, slope = activation(z), activation.derivative(z)
    assert np.shape(value) == np.shape(slope) == z.shape
    assert np.isfinite(value).all()
    assert np.isfinite(slope).all()


@given(z=hnp.arrays(np.float64, (5,), elements=st.floats(-1e308, 1e308)))
def test_identities_between_activations(z):
    np.testing.assert_allclose(sigmoid(z) + sigmoid(-z), 1.0, rtol=1e-15)
    np.testing.assert_allclose(tanh(-z), -tanh(z), rtol=0)
    np.testing.assert_allclose(relu(z) - relu(-z), z, rtol=0)
    small = np.clip(z, -300, 300)
    np.testing.assert_allclose(tanh(small / 2), 2 * sigmoid(small) - 1, rtol=0, atol=1e-15)
    np.testing.assert_allclose(softplus(small) - softplus(-small), small, rtol=1e-14, atol=1e-15)


# Every entry by itself would ask for relative precision in the tails, where 1 - h cancels; the agreement is promised
# over an array with entries of ordinary size.
GRID = np.concatenate([np.linspace(-8, 8, 81), [1e-3, -1e-3, 20.0, -20.0, 300.0, -300.0]])
AWAY_FROM_KINKS = GRID[np.abs(GRID) > 1e-4]


@pytest.mark.parametrize("method", TOLERANCES)
@each_activation
def test_derivative_agrees_with_numbers(activation, method):
    z = GRID if activation in SMOOTH else AWAY_FROM_KINKS
    numbers = numerical_gradient(lambda z: activation(z).sum(), z, method=method)
    if method == "central":  # entry by entry: in the sum over all of them the largest would round away digits
        numbers = np.array([numerical_gradient(activation, entry) for entry in z])
    assert discrepancy(activation.derivative(z), numbers) <= TOLERANCES[method]


@given(z=hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=3), elements=st.floats(-3, 3)))
@pytest.mark.parametrize("activation", SMOOTH, ids=repr)
def test_derivative_agrees_with_the_complex_step_anywhere(activation, z):
    numbers = numerical_gradient(lambda z: activation(z).sum(), z, method="complex")
    # For |z| <= 3 the smallest slope is tanh's 0.0099, and rounding in 1 - h^2 is 1e-16: 1e-13 leaves no other error.
    assert np.abs(activation.derivative(z) - numbers).max() <= 1e-15
    assert discrepancy(activation.derivative(z), numbers) <= TOLERANCES["complex"]


@pytest.mark.parametrize("z", [-6.0, -5.0, -4.0])
def test_gelu_keeps_its_precision_in_the_left_tail(z):
    z = np.array([z])
    numbers = numerical_gradient(lambda z: gelu(z).sum(), z, method="complex")
    assert discrepancy(gelu.derivative(z), numbers) <= TOLERANCES["complex"]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2)], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64, np.complex128])
@each_activation
def test_dtype_and_shape_are_kept(activation, dtype, shape):
    z = np.full(shape, -0.7, dtype)
    for result in activation(z), activation.derivative(z), activation.derivative(z, activation(z)):
        assert np.shape(result) == shape
        assert np.asarray(result).dtype == dtype


@each_activation
def test_whole_numbers_become_float64(activation):
    for z in [-1, 0, 2], np.array([-1, 0, 2], np.int8):
        np.testing.assert_array_equal(activation(z), activation(np.array([-1.0, 0.0, 2.0])))
        np.testing.assert_array_equal(activation.derivative(z), activation.derivative(np.array([-1.0, 0.0, 2.0])))
    assert activation([1, 2]).dtype == np.float64


@each_activation
def test_a_number_gives_a_number(activation):
    assert isinstance(activation(0.5), float)
    assert isinstance(activation.derivative(0.5), float)


@each_activation
def test_derivative_from_the_output_is_the_same(activation):
    np.testing.assert_array_equal(activation.derivative(GRID, activation(GRID)), activation.derivative(GRID))
    np.testing.assert_array_equal(activation.derivative(GRID, h=activation(GRID)), activation.derivative(GRID))


@pytest.mark.parametrize("activation", [sigmoid, tanh], ids=repr)
def test_derivative_uses_the_output_it_is_given(activation):
    # An output that is not the function's own shows in the result: the exponential is really saved.
    assert activation.derivative(np.array([0.3]), np.array([0.0])) != activation.derivative(np.array([0.3]))


def test_slopes_at_the_kinks():
    assert relu.derivative(0.0) == 0.0
    assert relu.derivative(-0.0) == 0.0
    assert leaky_relu.derivative(0.0) == 0.01
    for activation in relu, leaky_relu:
        by_complex_step = numerical_gradient(
            lambda z, a=activation: a(z).sum(), np.array([0.0, -0.0]), method="complex"
        )
        np.testing.assert_allclose(by_complex_step, activation.derivative(np.array([0.0, -0.0])), rtol=1e-15)


@each_activation
def test_input_is_neither_modified_nor_returned(activation):
    z = GRID.copy()
    z.flags.writeable = False
    value = activation(z)
    slope, slope_from_value = activation.derivative(z), activation.derivative(z, value)
    np.testing.assert_array_equal(z, GRID)
    for result in value, slope, slope_from_value:
        assert not np.shares_memory(result, z)
        assert result.flags.writeable
    assert not np.shares_memory(slope_from_value, value)


@pytest.mark.parametrize("z", [np.array([1.0, None]), "0.5", ["a"], None, np.array(["2020-01-01"], "M8[D]")], ids=repr)
@each_activation
def test_what_is_no_number_is_refused(activation, z):
    with pytest.raises(TypeError, match=r"^z: expected an array of numbers, got dtype"):
        activation(z)
    with pytest.raises(TypeError, match=r"^z: expected an array of numbers, got dtype"):
        activation.derivative(z)


@pytest.mark.parametrize("activation", [sigmoid, tanh], ids=repr)
def test_an_output_of_another_shape_is_refused(activation):
    with pytest.raises(ValueError, match=r"^h: expected shape \(3, 1\) as z has, got shape \(1, 3\)$"):
        activation.derivative(np.zeros((3, 1)), np.zeros((1, 3)))


def test_an_output_that_is_no_number_is_refused():
    with pytest.raises(TypeError, match=r"^h: expected an array of numbers"):
        sigmoid.derivative(np.zeros(1), ["a"])


def test_an_activation_of_ones_own():
    def square(z):
        """The square of z."""
        return z * z

    activation = ActivationFunction("square", square, lambda z, h: h * 2.0 / z)
    assert repr(activation) == activation.__name__ == "square"
    assert activation.__doc__ == "The square of z."
    np.testing.assert_array_equal(activation([2, 4]), [4.0, 16.0])
    np.testing.assert_array_equal(activation.derivative([2, 4]), [4.0, 8.0])


def test_names_and_documentation():
    for activation in ACTIVATIONS:
        assert repr(activation) == activation.__name__
        assert activation.__doc__ == activation._function.__doc__
    assert [repr(a) for a in ACTIVATIONS] == ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "identity"]


# softmax


@given(logits=hnp.arrays(np.float64, hnp.array_shapes(max_dims=3, max_side=4), elements=st.floats(-1e4, 1e4)))
def test_softmax_rows_are_probabilities(logits):
    p = softmax(logits)
    assert p.shape == logits.shape
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=-1), 1.0, rtol=1e-12)  # logits of 1e4 are known to 1e-12


def test_softmax_by_the_formula():
    logits = np.array([[0.0, 1.0, 2.0], [-1.0, -1.0, 3.0]])
    expected = [[math.exp(v) / sum(math.exp(w) for w in row) for v in row] for row in logits.tolist()]
    np.testing.assert_allclose(softmax(logits), expected, rtol=1e-14)
    np.testing.assert_allclose(softmax(logits), special.softmax(logits, axis=-1), rtol=1e-14)


def test_softmax_does_not_see_a_constant_added_to_a_row():
    logits = np.array([0.0, 1.0, 2.0])
    np.testing.assert_allclose(softmax(logits + 1024.0), softmax(logits), rtol=1e-12)


@pytest.mark.parametrize("size", [1e4, 1e307, 1.7e308])
def test_softmax_of_huge_logits(size):
    np.testing.assert_allclose(softmax([[size, -size], [size, size]]), [[1.0, 0.0], [0.5, 0.5]], atol=1e-300)


def test_softmax_keeps_its_input_and_the_dtype():
    logits = np.array([[1.0, 2.0]], np.float32)
    logits.flags.writeable = False
    assert softmax(logits).dtype == np.float32
    assert softmax([1, 2]).dtype == np.float64


def test_softmax_refuses_what_is_no_number():
    with pytest.raises(TypeError, match=r"^logits: expected an array of numbers"):
        softmax(["a", "b"])


@pytest.mark.parametrize("method", TOLERANCES)
def test_softmax_through_both_numerical_methods(method):
    logits = np.array([0.2, -1.0, 0.7])
    p = softmax(logits)
    jacobian = np.diag(p) - np.outer(p, p)
    columns = [numerical_gradient(lambda z, k=k: softmax(z)[k], logits, method=method) for k in range(3)]
    assert discrepancy(jacobian, columns) <= TOLERANCES[method]
