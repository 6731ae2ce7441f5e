"""The checks that the modules share, where those modules' tests do not reach."""

import math
import sys

import numpy as np
import pytest
from scipy import special

from backprop_lib import Parameter, Value, _arrays


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_floating_arrays_come_back_as_they_are(dtype):
    array = np.ones(3, dtype)
    assert _arrays.as_float_array(array, "x") is array


@pytest.mark.parametrize("value", [3, True, [1, 2], np.arange(3, dtype=np.uint8)], ids=repr)
def test_whole_numbers_become_float64(value):
    array = _arrays.as_float_array(value, "x")
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, value)


@pytest.mark.parametrize(
    "value", ["a", None, [None], b"a", np.array("2020", "M8[Y]"), np.zeros(2, [("a", float)])], ids=repr
)
def test_everything_else_is_refused_by_name(value):
    with pytest.raises(TypeError, match=r"^something: expected an array of numbers, got dtype "):
        _arrays.as_float_array(value, "something")


@pytest.mark.parametrize("value", [Parameter(np.ones(2)), Value(1.0)], ids=lambda value: type(value).__name__)
def test_what_holds_an_array_is_told_to_hand_it_over(value):
    with pytest.raises(TypeError, match=r"^x: expected an array of numbers, got dtype object; pass its \.data$"):
        _arrays.as_float_array(value, "x")


def test_a_batch_may_be_asked_for_its_width():
    assert _arrays.as_batch([[1, 2, 3]], "X", 3).shape == (1, 3)
    with pytest.raises(ValueError, match=r"^X: expected a batch of shape \(B, 2\), got shape \(1, 3\)$"):
        _arrays.as_batch([[1, 2, 3]], "X", 2)


@pytest.mark.parametrize("check", [_arrays.as_batch, _arrays.as_rows], ids=lambda check: check.__name__)
def test_a_single_sample_is_told_how_to_become_a_batch(check):
    with pytest.raises(ValueError, match=r"got shape \(3,\); a single sample x is the batch x\[None, :\]$"):
        check([1, 2, 3], "X")


@pytest.mark.parametrize("shape", [(1, 3), (2, 1, 3), (2, 4, 5, 3)], ids=str)
def test_rows_of_any_number_of_axes(shape):
    X = np.ones(shape)
    assert _arrays.as_rows(X, "X") is X
    assert _arrays.as_rows(X, "X", 3) is X
    with pytest.raises(ValueError, match=r"^X: expected a batch of shape \(B, ..., 2\) with no axis of length 0, got"):
        _arrays.as_rows(X, "X", 2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_labels_of_every_row(dtype):
    labels = np.array([[0, 2], [1, 1]], dtype)
    assert _arrays.as_labels(labels, 2, 2, 3) is labels
    assert _arrays.as_labels(labels, 2, 2, 2, ignore=2) is labels
    with pytest.raises(ValueError, match=r"^labels: expected values from 0 to 1, got values from 0 to 2$"):
        _arrays.as_labels(labels, 2, 2, 2)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_labels_below_zero_are_refused(dtype):
    with pytest.raises(ValueError, match=r"^labels: expected values from 0 to 2, got values from -1 to 1$"):
        _arrays.as_labels(np.array([0, -1, 1], dtype), 3, 3)


@pytest.mark.parametrize("whole", [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64])
@pytest.mark.parametrize("beside", [np.float32, np.float64, np.longdouble, np.complex64])
def test_whole_numbers_become_what_numpy_makes_of_a_product(whole, beside):
    product = np.ones((1, 2), whole) * np.ones(2, beside)
    assert _arrays.as_float_array(np.ones(2, whole), "x", beside).dtype == product.dtype
    assert _arrays.as_rows(np.ones((1, 2), whole), "x", 2, beside).dtype == product.dtype
    assert _arrays.as_batch(np.ones((1, 2), whole), "x", 2, beside).dtype == product.dtype
    assert _arrays.as_float_array(np.ones(2), "x", np.float32).dtype == np.float64


@pytest.mark.parametrize("flag", [True, False, np.True_, np.False_], ids=repr)
def test_truth_values_of_python_and_numpy(flag):
    assert _arrays.check_flag(flag, "x") is bool(flag)


@pytest.mark.parametrize("flag", [1, 0, None, "True", np.array(True), np.int64(1), 1.0], ids=repr)
def test_other_things_are_no_truth_values(flag):
    with pytest.raises(TypeError, match=r"^x: expected True or False, got"):
        _arrays.check_flag(flag, "x")


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_arrays_that_are_finite(dtype, bad):
    finite, other = np.array([[1.0, 0.0], [-2.0, 3.0]], dtype), np.array([[1.0, bad], [0.0, 0.0]], dtype)
    assert _arrays.are_finite(finite, finite)
    for a, b in [(finite, other), (other, finite), (other, np.zeros_like(finite))]:
        assert not _arrays.are_finite(a, b)


@pytest.mark.parametrize(
    "value", [1, 0.5, np.float32(0.5), np.uint8(2), np.nextafter(0, 1), sys.float_info.max], ids=repr
)
def test_positive_numbers(value):
    assert _arrays.check_positive(value, "x") == value
    assert type(_arrays.check_positive(value, "x")) is float


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (0, ValueError),
        (-0.0, ValueError),
        (-1, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        (True, TypeError),
        (np.bool_(True), TypeError),
        ("1", TypeError),
        (None, TypeError),
        (1 + 0j, TypeError),
        ([1.0], TypeError),
        (np.array(1.0), TypeError),
    ],
    ids=repr,
)
def test_numbers_that_are_not_positive_are_refused(value, error):
    with pytest.raises(error, match=r"^rate: expected a positive (finite )?number, got "):
        _arrays.check_positive(value, "rate")


def test_checks_return_what_they_checked(rng):
    assert _arrays.check_rng(rng) is rng
    assert type(_arrays.check_count(np.int64(2), "x")) is int


def test_stable_exponentials_against_scipy():
    z = np.linspace(-700, 700, 2801)
    np.testing.assert_allclose(_arrays.stable_sigmoid(z), special.expit(z), rtol=1e-14)
    np.testing.assert_allclose(_arrays.stable_softplus(z), -special.log_expit(-z), rtol=1e-14)
    logits = z.reshape(-1, 1) * [1.0, 0.5, -1.0]
    np.testing.assert_allclose(_arrays.log_softmax(logits), special.log_softmax(logits, axis=1), rtol=1e-14, atol=1e-15)


def test_folded_is_the_absolute_value_and_analytic_off_the_fold():
    np.testing.assert_array_equal(_arrays.folded(np.array([-2.0, -0.0, 3.0])), [2.0, 0.0, 3.0])
    np.testing.assert_array_equal(_arrays.folded(np.array([-2 + 1j, 3 - 1j])), [2 - 1j, 3 - 1j])


def test_log_softmax_of_infinite_logits():
    np.testing.assert_array_equal(_arrays.log_softmax(np.array([-np.inf, 0.0, 0.0]))[0], -np.inf)
    for logits in [np.inf, 0.0], [-np.inf, -np.inf]:  # no limit exists; warnings are errors here
        assert np.isnan(_arrays.log_softmax(np.array(logits))).all()


@pytest.mark.parametrize(("a", "b", "c"), [(3, 4, 5), (20, 99, 101), (57, 176, 185)])
@pytest.mark.parametrize("scale", [1.0, 2.0**-20, 2.0**40])
def test_joint_norm_of_whole_numbers_is_exact(a, b, c, scale):
    assert _arrays.joint_norm([np.array([a * scale]), np.array([[0.0, b * scale]])]) == c * scale


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-35, 1e-20, 1e20, 1e35])
def test_joint_norm_where_squares_leave_the_number_range(dtype, size):
    arrays = [np.array([0.3, -0.7, 0.1], dtype) * dtype(size), np.array([[0.9]], dtype) * dtype(size)]
    # Not float32's precision but float64's: the squares are summed in it.
    assert _arrays.joint_norm(arrays) == pytest.approx(
        math.hypot(*map(float, np.hstack([*map(np.ravel, arrays)]))), rel=1e-14
    )


def test_joint_norm_where_only_the_sum_of_squares_overflows():
    assert _arrays.joint_norm([np.array([1e154]), np.array([1e154])] * 2) == pytest.approx(2e154, rel=1e-15)


def test_joint_norm_of_what_is_not_finite():
    assert _arrays.joint_norm([np.zeros(2), np.zeros((1, 1))]) == 0.0
    assert _arrays.joint_norm([np.ones(2), np.array([np.inf])]) == np.inf
    assert np.isnan(_arrays.joint_norm([np.ones(2), np.array([np.nan])]))
