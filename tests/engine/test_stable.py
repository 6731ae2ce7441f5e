"""Mathematics for numbers of any size, where its users' tests do not reach."""

import math

import numpy as np
import pytest
from scipy import special

from backprop_lib import _stable


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_arrays_that_are_finite(dtype, bad):
    finite, other = np.array([[1.0, 0.0], [-2.0, 3.0]], dtype), np.array([[1.0, bad], [0.0, 0.0]], dtype)
    assert _stable.all_finite(finite, finite)
    for a, b in [(finite, other), (other, finite), (other, np.zeros_like(finite))]:
        assert not _stable.all_finite(a, b)


def test_stable_exponentials_against_scipy():
    z = np.linspace(-700, 700, 2801)
    np.testing.assert_allclose(_stable.stable_sigmoid(z), special.expit(z), rtol=1e-14)
    np.testing.assert_allclose(_stable.stable_softplus(z), -special.log_expit(-z), rtol=1e-14)
    logits = z.reshape(-1, 1) * [1.0, 0.5, -1.0]
    np.testing.assert_allclose(_stable.log_softmax(logits), special.log_softmax(logits, axis=1), rtol=1e-14, atol=1e-15)


def test_folded_is_the_absolute_value_and_analytic_off_the_fold():
    np.testing.assert_array_equal(_stable.analytic_abs(np.array([-2.0, -0.0, 3.0])), [2.0, 0.0, 3.0])
    np.testing.assert_array_equal(_stable.analytic_abs(np.array([-2 + 1j, 3 - 1j])), [2 - 1j, 3 - 1j])


def test_log_softmax_of_infinite_logits():
    np.testing.assert_array_equal(_stable.log_softmax(np.array([-np.inf, 0.0, 0.0]))[0], -np.inf)
    for logits in [np.inf, 0.0], [-np.inf, -np.inf]:  # no limit exists; warnings are errors here
        assert np.isnan(_stable.log_softmax(np.array(logits))).all()


@pytest.mark.parametrize(("a", "b", "c"), [(3, 4, 5), (20, 99, 101), (57, 176, 185)])
@pytest.mark.parametrize("scale", [1.0, 2.0**-20, 2.0**40])
def test_joint_norm_of_whole_numbers_is_exact(a, b, c, scale):
    assert _stable.joint_norm([np.array([a * scale]), np.array([[0.0, b * scale]])]) == c * scale


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1e-35, 1e-20, 1e20, 1e35])
def test_joint_norm_where_squares_leave_the_number_range(dtype, size):
    arrays = [np.array([0.3, -0.7, 0.1], dtype) * dtype(size), np.array([[0.9]], dtype) * dtype(size)]
    # Not float32's precision but float64's: the squares are summed in it.
    assert _stable.joint_norm(arrays) == pytest.approx(
        math.hypot(*map(float, np.hstack([*map(np.ravel, arrays)]))), rel=1e-14
    )


def test_joint_norm_where_only_the_sum_of_squares_overflows():
    assert _stable.joint_norm([np.array([1e154]), np.array([1e154])] * 2) == pytest.approx(2e154, rel=1e-15)


def test_joint_norm_of_what_is_not_finite():
    assert _stable.joint_norm([np.zeros(2), np.zeros((1, 1))]) == 0.0
    assert _stable.joint_norm([np.ones(2), np.array([np.inf])]) == np.inf
    assert np.isnan(_stable.joint_norm([np.ones(2), np.array([np.nan])]))
