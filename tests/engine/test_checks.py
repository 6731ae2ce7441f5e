"""The checks that the modules share, where those modules' tests do not reach."""

import sys

import numpy as np
import pytest

from backprop_lib import Parameter, Value, _checks


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
def test_floating_arrays_come_back_as_they_are(dtype):
    array = np.ones(3, dtype)
    assert _checks.as_float_array(array, "x") is array


@pytest.mark.parametrize("value", [3, True, [1, 2], np.arange(3, dtype=np.uint8)], ids=repr)
def test_whole_numbers_become_float64(value):
    array = _checks.as_float_array(value, "x")
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, value)


@pytest.mark.parametrize(
    "value", ["a", None, [None], b"a", np.array("2020", "M8[Y]"), np.zeros(2, [("a", float)])], ids=repr
)
def test_everything_else_is_refused_by_name(value):
    with pytest.raises(TypeError, match=r"^something: expected an array of numbers, got dtype "):
        _checks.as_float_array(value, "something")


@pytest.mark.parametrize("value", [Parameter(np.ones(2)), Value(1.0)], ids=lambda value: type(value).__name__)
def test_what_holds_an_array_is_told_to_hand_it_over(value):
    with pytest.raises(TypeError, match=r"^x: expected an array of numbers, got dtype object; pass its \.data$"):
        _checks.as_float_array(value, "x")


def test_a_batch_may_be_asked_for_its_width():
    assert _checks.as_batch([[1, 2, 3]], "X", 3).shape == (1, 3)
    with pytest.raises(ValueError, match=r"^X: expected a batch of shape \(B, 2\), got shape \(1, 3\)$"):
        _checks.as_batch([[1, 2, 3]], "X", 2)


@pytest.mark.parametrize("check", [_checks.as_batch, _checks.as_rows], ids=lambda check: check.__name__)
def test_a_single_sample_is_told_how_to_become_a_batch(check):
    with pytest.raises(ValueError, match=r"got shape \(3,\); a single sample x is the batch x\[None, :\]$"):
        check([1, 2, 3], "X")


@pytest.mark.parametrize("shape", [(1, 3), (2, 1, 3), (2, 4, 5, 3)], ids=str)
def test_rows_of_any_number_of_axes(shape):
    X = np.ones(shape)
    assert _checks.as_rows(X, "X") is X
    assert _checks.as_rows(X, "X", 3) is X
    with pytest.raises(ValueError, match=r"^X: expected a batch of shape \(B, ..., 2\) with no axis of length 0, got"):
        _checks.as_rows(X, "X", 2)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.uint64])
def test_labels_of_every_row(dtype):
    labels = np.array([[0, 2], [1, 1]], dtype)
    assert _checks.as_labels(labels, 2, 2, 3) is labels
    assert _checks.as_labels(labels, 2, 2, 2, ignore=2) is labels
    with pytest.raises(ValueError, match=r"^labels: expected values from 0 to 1, got values from 0 to 2$"):
        _checks.as_labels(labels, 2, 2, 2)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64])
def test_labels_below_zero_are_refused(dtype):
    with pytest.raises(ValueError, match=r"^labels: expected values from 0 to 2, got values from -1 to 1$"):
        _checks.as_labels(np.array([0, -1, 1], dtype), 3, 3)


@pytest.mark.parametrize("whole", [np.bool_, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64])
@pytest.mark.parametrize("beside", [np.float32, np.float64, np.longdouble, np.complex64])
def test_whole_numbers_become_what_numpy_makes_of_a_product(whole, beside):
    product = np.ones((1, 2), whole) * np.ones(2, beside)
    assert _checks.as_float_array(np.ones(2, whole), "x", beside).dtype == product.dtype
    assert _checks.as_rows(np.ones((1, 2), whole), "x", 2, beside).dtype == product.dtype
    assert _checks.as_batch(np.ones((1, 2), whole), "x", 2, beside).dtype == product.dtype
    assert _checks.as_float_array(np.ones(2), "x", np.float32).dtype == np.float64


@pytest.mark.parametrize("flag", [True, False, np.True_, np.False_], ids=repr)
def test_truth_values_of_python_and_numpy(flag):
    assert _checks.check_flag(flag, "x") is bool(flag)


@pytest.mark.parametrize("flag", [1, 0, None, "True", np.array(True), np.int64(1), 1.0], ids=repr)
def test_other_things_are_no_truth_values(flag):
    with pytest.raises(TypeError, match=r"^x: expected True or False, got"):
        _checks.check_flag(flag, "x")


@pytest.mark.parametrize(
    "value", [1, 0.5, np.float32(0.5), np.uint8(2), np.nextafter(0, 1), sys.float_info.max], ids=repr
)
def test_positive_numbers(value):
    assert _checks.check_positive(value, "x") == value
    assert type(_checks.check_positive(value, "x")) is float


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
        _checks.check_positive(value, "rate")


def test_checks_return_what_they_checked(rng):
    assert _checks.check_rng(rng) is rng
    assert type(_checks.check_count(np.int64(2), "x")) is int
