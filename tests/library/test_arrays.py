"""The checks that the modules share, where those modules' tests do not reach."""

import numpy as np
import pytest
from scipy import special

from backprop_lib import _arrays


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
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


def test_a_batch_may_be_asked_for_its_width():
    assert _arrays.as_batch([[1, 2, 3]], "X", 3).shape == (1, 3)
    with pytest.raises(ValueError, match=r"^X: expected a batch of shape \(B, 2\), got shape \(1, 3\)$"):
        _arrays.as_batch([[1, 2, 3]], "X", 2)


def test_checks_return_what_they_checked(rng):
    assert _arrays.check_rng(rng) is rng
    assert _arrays.check_positive(np.float32(0.5), "x") == 0.5
    assert type(_arrays.check_positive(2, "x")) is float
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
