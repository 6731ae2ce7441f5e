"""`verify`: what it prints, what it refuses, and that it fails where it must."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_book import verify
from backprop_book.verification import EquationError


def test_prints_one_line(capsys):
    verify("eq-dw1", [1.0, 2.0], np.array([1.0, 2.0]))
    out, err = capsys.readouterr()
    assert out == "✓ eq-dw1 agrees to 1e-08\n"
    assert err == ""


def test_returns_nothing():
    assert verify("eq-a", 1.0, 1.0) is None


def test_the_line_does_not_depend_on_the_last_bits(capsys):
    rng = np.random.default_rng(0)
    left = rng.normal(size=(3, 4))
    for noise in 0.0, 1e-16, 1e-13, 9e-10:
        verify("eq-dw1", left, left + noise * rng.uniform(-1, 1, left.shape))
    assert len(set(capsys.readouterr().out.splitlines())) == 1


@pytest.mark.parametrize("tolerance", [1e-12, 1e-8, 1.4e-6, 2.5e-3, 0.01])
def test_the_tolerance_is_printed_as_it_is(tolerance, capsys):
    verify("eq-a", 1.0, 1.0, tolerance=tolerance)
    assert float(capsys.readouterr().out.split("agrees to ")[1]) == tolerance
    with pytest.raises(EquationError) as error:
        verify("eq-a", 1.0, 2.0, tolerance=tolerance)
    assert float(re.search(r"> (\S+);", str(error.value))[1]) == tolerance


def test_prints_nothing_where_it_raises(capsys):
    with pytest.raises(EquationError):
        verify("eq-a", 1.0, 2.0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "side", [2, 2.0, 2.0 + 1j, np.float32(2), [[1.0], [2.0]], np.ones((2, 1, 3)), [1e-11], (1, 2)], ids=repr
)
def test_sides_of_any_shape(side):
    verify("eq-a", side, side)


def test_worked_numbers_may_be_written_without_a_decimal_point():
    verify("eq-a", [1, 2], np.array([1.0, 2.0]))
    verify("eq-a", np.float64(3.0), 3)


def test_precisions_of_one_kind_may_differ():
    verify("eq-a", np.float32(0.1), 0.1, tolerance=1e-6)


def test_names_label_worst_entry_and_both_values():
    left = np.array([[1.0, 2.0], [3.0, 4.0]])
    right = np.array([[1.0, 2.25], [3.0, 4.1]])
    with pytest.raises(EquationError) as error:
        verify("eq-dw1", left, right)
    message = str(error.value)
    assert message.startswith("eq-dw1: the sides disagree, relative error 6.1e-02 > 1e-08;")
    assert "entry [0, 1]: left 2, right 2.25" in message


def test_names_the_values_of_a_number():
    with pytest.raises(EquationError, match=r"worst at the value: left 1.5, right 2.5"):
        verify("eq-a", 1.5, 2.5)


def test_names_complex_values():
    with pytest.raises(EquationError, match=r"left 1\+2j, right 1-2j"):
        verify("eq-a", 1 + 2j, 1 - 2j)


@pytest.mark.parametrize("error", [1e-11, 1e-14])
def test_the_two_values_differ_in_print(error):
    with pytest.raises(EquationError) as failure:
        verify("eq-a", [1.0], [1.0 + error], tolerance=error / 10)
    left, right = str(failure.value).split("left ")[1].split(", right ")
    assert left != right


def test_a_failed_equation_is_a_failed_assertion():
    with pytest.raises(AssertionError):
        verify("eq-a", 1.0, 2.0)


@given(
    seed=st.integers(0, 1000),
    shape=st.sampled_from([(), (3,), (2, 3), (2, 1, 2)]),
    tolerance=st.sampled_from([1e-12, 1e-8, 1e-4, 1e-2]),
    scale=st.sampled_from([1e-6, 1.0, 1e6]),
)
def test_an_entry_off_by_ten_times_the_tolerance_fails_wherever_it_is(seed, shape, tolerance, scale):
    left = np.asarray(scale * np.random.default_rng(seed).uniform(-1, 1, shape))
    off = 10 * tolerance * np.abs(left).max()  # relative to the largest entry, as the tolerance is
    for index in np.ndindex(shape):
        for sign in 1, -1:
            right = left.copy()
            right[index] += sign * off
            with pytest.raises(EquationError) as error:
                verify("eq-a", left, right, tolerance=tolerance)
            assert (f"entry {list(index)}" if shape else "the value") in str(error.value)
            with pytest.raises(EquationError):
                verify("eq-a", right, left, tolerance=tolerance)


@given(seed=st.integers(0, 1000), tolerance=st.sampled_from([1e-12, 1e-8, 1e-4]))
def test_an_entry_off_by_half_the_tolerance_passes(seed, tolerance):
    left = np.random.default_rng(seed).uniform(-1, 1, (2, 3))
    verify("eq-a", left, left + 0.5 * tolerance * np.abs(left).max(), tolerance=tolerance)


def test_the_tolerance_is_the_largest_error_that_passes():
    verify("eq-a", 1.0, 0.5, tolerance=0.5)
    with pytest.raises(EquationError):
        verify("eq-a", 1.0, 0.5, tolerance=0.49)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (1.0, [1.0]),
        ([1.0], 1.0),
        ([1.0, 1.0], 1.0),
        ([1.0, 1.0], [1.0]),
        ([[1.0, 1.0]], [1.0, 1.0]),
        (np.ones((2, 1)), np.ones((1, 2))),
        (np.ones((2, 3)), np.ones((3, 2))),
    ],
)
def test_nothing_broadcasts(left, right):
    with pytest.raises(EquationError, match=r"^eq-a: the left side has shape \(.*\), the right side \(.*\)"):
        verify("eq-a", left, right)


@pytest.mark.parametrize(
    ("left", "right"), [(1.0, 1.0 + 0j), ([1j], [1.0]), (np.complex64(1), np.float64(1)), (1, 1 + 0j)]
)
def test_real_and_complex_sides_are_not_mixed(left, right):
    with pytest.raises(EquationError, match=r"^eq-a: the left side has dtype .*, the right side"):
        verify("eq-a", left, right)


@pytest.mark.parametrize(("left", "right"), [(True, 1.0), (np.array([True, False]), np.array([1.0, 0.0])), (1, True)])
def test_truth_values_are_not_numbers(left, right):
    with pytest.raises((EquationError, TypeError)):
        verify("eq-a", left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (np.nan, np.nan),
        (np.nan, 1.0),
        ([1.0, np.nan], [1.0, np.nan]),
        (np.inf, np.inf),
        (np.inf, -np.inf),
        ([1.0, np.inf], [1.0, 2.0]),
        ([np.inf, 1.0], [np.inf, 2.0]),
    ],
)
def test_what_is_not_finite_never_agrees(left, right):
    with pytest.raises(EquationError, match=r"^eq-a.*(nan|inf)"):
        verify("eq-a", left, right)


@pytest.mark.parametrize(
    "label", ["dw1", "", "EQ-a", " eq-a", "eq-", "eq-a\nb", "eq-a b", None, 3, b"eq-a", ["eq-a"]], ids=repr
)
def test_bad_labels_are_refused(label):
    with pytest.raises((ValueError, TypeError), match=r"label: expected the equation's label, 'eq-\.\.\.', got"):
        verify(label, 1.0, 1.0)


@pytest.mark.parametrize(
    ("tolerance", "error"),
    [
        (0.0, ValueError),
        (-1e-8, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        ("1e-8", TypeError),
        (True, TypeError),
    ],
)
def test_bad_tolerances_are_refused(tolerance, error):
    with pytest.raises(error, match="tolerance: expected a positive"):
        verify("eq-a", 1.0, 1.0, tolerance=tolerance)


@pytest.mark.parametrize("tolerance", [1.0, 2.0, 100.0])
def test_a_tolerance_that_everything_would_meet_is_refused(tolerance):
    # The relative error is at most 2, and 1 against zeros: such a check could hardly fail.
    with pytest.raises(ValueError, match="tolerance"):
        verify("eq-a", 1.0, -1.0, tolerance=tolerance)


@pytest.mark.parametrize("bad", ["1.0", None, [None], np.array(["a"]), np.array([1.0, None])], ids=repr)
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(TypeError, match="left: expected an array of numbers"):
        verify("eq-a", bad, 1.0)
    with pytest.raises(TypeError, match="right: expected an array of numbers"):
        verify("eq-a", 1.0, bad)


@pytest.mark.parametrize("side", [0.0, np.zeros((2, 3)), [1e-13, -1e-20]], ids=repr)
def test_sides_too_small_to_compare_are_refused(side):
    # Their difference counts as it stands there, so that every tolerance of a lesson would let it pass.
    with pytest.raises(EquationError, match="eq-a: both sides are below 1e-12"):
        verify("eq-a", side, np.zeros(np.shape(side)))


def test_empty_sides_are_refused():
    with pytest.raises(ValueError, match="expected at least one entry to compare"):
        verify("eq-a", np.zeros((0, 3)), np.zeros((0, 3)))
