"""Gradient descent and clipping, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import SGD, Parameter, clip_gradient_norm


def parameter(data, grad=None):
    made = Parameter(np.array(data))
    made.grad = None if grad is None else np.array(grad, made.data.dtype)
    return made


def test_step_by_hand():
    w, b = parameter([[1.0, -2.0]], [[0.5, 4.0]]), parameter([3.0], [-1.0])
    SGD([w, b], 0.5).step()
    np.testing.assert_array_equal(w.data, [[0.75, -4.0]])
    np.testing.assert_array_equal(b.data, [3.5])


def test_step_changes_data_in_place_and_leaves_the_gradient():
    w = parameter([1.0, 2.0], [1.0, 1.0])
    memory = w.data
    SGD([w], 0.1).step()
    assert w.data is memory
    np.testing.assert_array_equal(w.grad, [1.0, 1.0])


def test_a_second_step_uses_the_gradient_again():
    w = parameter([1.0], [1.0])
    optimizer = SGD([w], 0.25)
    optimizer.step()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [0.5])


def test_parameters_without_a_gradient_stay():
    w, frozen = parameter([1.0], [1.0]), parameter([5.0])
    SGD([w, frozen], 0.5).step()
    np.testing.assert_array_equal(w.data, [0.5])
    np.testing.assert_array_equal(frozen.data, [5.0])


def test_zero_grad_empties_every_gradient():
    parameters = [parameter([1.0], [1.0]), parameter([1.0])]
    SGD(parameters, 0.5).zero_grad()
    assert all(p.grad is None for p in parameters)


def test_descent_on_a_bowl_shrinks_by_the_known_factor():
    # f = a x^2 / 2 has gradient a x, so each step multiplies x by 1 - learning_rate a.
    w = parameter([1.0, 1.0])
    a = np.array([1.0, 4.0])
    optimizer = SGD([w], 0.1)
    for _ in range(10):
        w.grad = a * w.data
        optimizer.step()
    np.testing.assert_allclose(w.data, [0.9**10, 0.6**10], rtol=1e-14)


def test_float32_stays_float32():
    w = parameter(np.ones(2, np.float32), [1.0, 1.0])
    SGD([w], 0.1).step()
    assert w.data.dtype == np.float32


def test_parameters_may_come_from_a_generator():
    w = parameter([1.0], [1.0])
    optimizer = SGD((p for p in [w]), 0.5)
    optimizer.step()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [0.0])


def test_anything_with_data_and_grad_will_do():
    class Other:
        data, grad = np.array([1.0]), np.array([1.0])

    SGD([Other], 0.5).step()
    np.testing.assert_array_equal(Other.data, [0.5])


@pytest.mark.parametrize(
    ("learning_rate", "error"),
    [
        (0, ValueError),
        (0.0, ValueError),
        (-0.1, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        ("0.1", TypeError),
        (None, TypeError),
        (True, TypeError),
        ([0.1], TypeError),
        (np.array([0.1]), TypeError),
        (0.1 + 0j, TypeError),
    ],
)
def test_learning_rates_are_refused(learning_rate, error):
    with pytest.raises(error, match="learning_rate: expected a positive"):
        SGD([parameter([1.0])], learning_rate)


@pytest.mark.parametrize("learning_rate", [1, 0.5, np.float32(0.5), np.int64(2)])
def test_learning_rates_of_any_real_type(learning_rate):
    w = parameter([1.0], [1.0])
    SGD([w], learning_rate).step()
    np.testing.assert_array_equal(w.data, [1.0 - float(learning_rate)])


@pytest.mark.parametrize("call", [lambda p: SGD(p, 0.1), lambda p: clip_gradient_norm(p, 1.0)], ids=["SGD", "clip"])
def test_parameters_are_refused(call):
    with pytest.raises(ValueError, match="parameters: expected at least one, got none"):
        call([])
    for bad in np.ones(3), "w":
        with pytest.raises(TypeError, match=r"parameters: expected objects with .data and .grad, got"):
            call([bad])


def test_step_without_any_gradient_is_refused():
    w = parameter([1.0])
    for call in SGD([w], 0.1).step, lambda: clip_gradient_norm([w], 1.0):
        with pytest.raises(ValueError, match="expected a backward pass before this"):
            call()


# Clipping


def test_clipping_by_hand():
    # Norm 5 over both gradients together.
    w, b = parameter([0.0, 0.0], [0.0, 3.0]), parameter([[0.0]], [[-4.0]])
    before = clip_gradient_norm([w, b], 1.0)
    assert before == 5.0
    assert type(before) is float
    np.testing.assert_allclose(w.grad, [0.0, 0.6], rtol=1e-15)
    np.testing.assert_allclose(b.grad, [[-0.8]], rtol=1e-15)
    np.testing.assert_array_equal(w.data, [0.0, 0.0])


@pytest.mark.parametrize("max_norm", [5.0, 5.1, 1e6])
def test_gradients_within_the_norm_stay_bit_for_bit(max_norm):
    w = parameter([0.0, 0.0], [3.0, 4.0])
    memory = w.grad
    assert clip_gradient_norm([w], max_norm) == 5.0
    assert w.grad is memory
    np.testing.assert_array_equal(w.grad, [3.0, 4.0])


@given(
    g=hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e6, 1e6)),
    h=hnp.arrays(np.float64, (4,), elements=st.floats(-1e6, 1e6)),
    max_norm=st.floats(1e-3, 1e6),
)
def test_clipping_bounds_the_norm_and_keeps_the_direction(g, h, max_norm):
    parameters = [parameter(np.zeros((2, 3)), g), parameter(np.zeros(4), h)]
    norm = np.linalg.norm(np.concatenate([g.ravel(), h]))
    before = clip_gradient_norm(parameters, max_norm)
    after = np.concatenate([p.grad.ravel() for p in parameters])
    assert before == pytest.approx(norm, rel=1e-12)
    assert np.linalg.norm(after) <= max_norm * (1 + 1e-12)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    np.testing.assert_allclose(after, factor * np.concatenate([g.ravel(), h]), rtol=1e-12)


def test_clipping_skips_parameters_without_a_gradient():
    w, frozen = parameter([0.0], [10.0]), parameter([0.0])
    assert clip_gradient_norm([w, frozen], 2.0) == 10.0
    np.testing.assert_array_equal(w.grad, [2.0])
    assert frozen.grad is None


@pytest.mark.parametrize(
    ("dtype", "size"), [(np.float64, 1e200), (np.float64, 1e-200), (np.float32, 1e25), (np.float32, 1e-30)]
)
def test_norms_whose_square_leaves_the_number_range(dtype, size):
    # Clipping is for gradients that explode: they must not be refused while they are finite.
    w = parameter(np.zeros(2, dtype), [3 * size, 4 * size])
    assert clip_gradient_norm([w], size) == pytest.approx(5 * size, rel=1e-6)
    np.testing.assert_allclose(w.grad / size, [0.6, 0.8], rtol=1e-6)
    assert w.grad.dtype == dtype


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_clipping_refuses_gradients_that_are_not_finite_and_changes_nothing(bad):
    w, b = parameter([0.0], [100.0]), parameter([0.0, 0.0], [1.0, bad])
    with pytest.raises(ValueError, match="gradient: expected a finite norm"):
        clip_gradient_norm([w, b], 1.0)
    np.testing.assert_array_equal(w.grad, [100.0])
    np.testing.assert_array_equal(b.grad, [1.0, bad])


@pytest.mark.parametrize(
    ("max_norm", "error"), [(0.0, ValueError), (-1.0, ValueError), (np.nan, ValueError), ("1", TypeError)]
)
def test_bad_norms_are_refused(max_norm, error):
    with pytest.raises(error, match="max_norm: expected a positive"):
        clip_gradient_norm([parameter([0.0], [1.0])], max_norm)
