"""Losses: worked numbers, naive formulas, and gradients against both numerical methods."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special

from backprop_lib import (
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    accuracy,
    numerical_gradient,
    one_hot,
)
from backprop_lib.losses import Loss
from tests.engine.gradient_agreement import TOLERANCES, discrepancy

SQUARED, SOFTMAX, SIGMOID = SquaredError(), SoftmaxCrossEntropy(), SigmoidCrossEntropy()
LOSSES = {"squared": SQUARED, "softmax": SOFTMAX, "sigmoid": SIGMOID}
each_loss = pytest.mark.parametrize("name", LOSSES)
both_calls = pytest.mark.parametrize("call", ["value", "gradient"])


def problem(name, shape=(4, 3), seed=7, dtype=np.float64):
    """An output and targets that fit the loss."""
    rng = np.random.default_rng(seed)
    output = rng.normal(size=shape).astype(dtype)
    if name == "softmax":
        return output, rng.integers(shape[1], size=shape[0])
    return output, rng.uniform(size=shape).astype(dtype)


# Worked numbers


def test_squared_error_by_hand():
    # ((1 - 0)^2 + (2 - 4)^2 + (3 - 3)^2 + (0 - 1)^2) / 2 = 3 for two samples: mean 1.5
    predictions, targets = [[1.0, 2.0], [3.0, 0.0]], [[0.0, 4.0], [3.0, 1.0]]
    assert SQUARED.value(predictions, targets) == 1.5
    np.testing.assert_array_equal(SQUARED.gradient(predictions, targets), [[0.5, -1.0], [0.0, -0.5]])


def test_softmax_cross_entropy_by_hand():
    # Probabilities 1/4, 3/4 and 1/2, 1/2.
    logits, labels = [[0.0, math.log(3.0)], [5.0, 5.0]], [1, 0]
    assert SOFTMAX.value(logits, labels) == pytest.approx((math.log(4 / 3) + math.log(2)) / 2, rel=1e-15)
    expected = [[0.25 / 2, -0.25 / 2], [-0.5 / 2, 0.5 / 2]]
    np.testing.assert_allclose(SOFTMAX.gradient(logits, labels), expected, rtol=1e-14)


def test_sigmoid_cross_entropy_by_hand():
    # Probabilities 1/2, 3/4 and 1/2, 1/4, targets 1, 1 and 0.5, 0.
    logits = [[0.0, math.log(3.0)], [0.0, -math.log(3.0)]]
    targets = [[1.0, 1.0], [0.5, 0.0]]
    expected = (math.log(2) + math.log(4 / 3) + math.log(2) + math.log(4 / 3)) / 2
    assert SIGMOID.value(logits, targets) == pytest.approx(expected, rel=1e-15)
    expected = [[-0.25, -0.125], [0.0, 0.125]]
    np.testing.assert_allclose(SIGMOID.gradient(logits, targets), expected, rtol=1e-14, atol=1e-17)


# Independent formulas


def naive_value(name, output, targets):
    total = 0.0
    for row, target in zip(output.tolist(), targets.tolist(), strict=True):
        if name == "squared":
            total += sum(0.5 * (p - t) ** 2 for p, t in zip(row, target, strict=True))
        elif name == "softmax":
            total -= math.log(math.exp(row[target]) / sum(math.exp(z) for z in row))
        else:
            p = [1 / (1 + math.exp(-z)) for z in row]
            total -= sum(t * math.log(p) + (1 - t) * math.log(1 - p) for p, t in zip(p, target, strict=True))
    return total / len(output)


@given(shape=st.tuples(st.integers(1, 5), st.integers(1, 5)), seed=st.integers(0, 1000))
@each_loss
def test_value_is_the_naive_formula(name, shape, seed):
    output, targets = problem(name, shape, seed)
    # atol: the loss may be near 0, where log(1) has only absolute precision
    assert LOSSES[name].value(output, targets) == pytest.approx(
        naive_value(name, output, targets), rel=1e-13, abs=1e-15
    )


def test_values_against_scipy():
    logits, labels = problem("softmax")
    expected = -special.log_softmax(logits, axis=1)[np.arange(4), labels].mean()
    assert SOFTMAX.value(logits, labels) == pytest.approx(expected, rel=1e-14)
    logits, targets = problem("sigmoid")
    expected = -(targets * special.log_expit(logits) + (1 - targets) * special.log_expit(-logits)).sum() / 4
    assert SIGMOID.value(logits, targets) == pytest.approx(expected, rel=1e-14)


@given(shape=st.tuples(st.integers(1, 4), st.integers(2, 4)), seed=st.integers(0, 1000))
@pytest.mark.parametrize("method", TOLERANCES)
@each_loss
def test_gradient_agrees_with_numbers(name, method, shape, seed):
    output, targets = problem(name, shape, seed)
    gradient = LOSSES[name].gradient(output, targets)
    assert gradient.shape == output.shape
    numbers = numerical_gradient(lambda output: LOSSES[name].value(output, targets), output, method=method)
    assert discrepancy(gradient, numbers) <= TOLERANCES[method]


@pytest.mark.parametrize("method", TOLERANCES)
@each_loss
def test_gradient_agrees_with_numbers_where_a_network_starts(name, method):
    # All outputs 0, as from a network with zero weights: the folds of the stable formulas lie there.
    output, targets = np.zeros((4, 3)), problem(name)[1]
    numbers = numerical_gradient(lambda output: LOSSES[name].value(output, targets), output, method=method)
    assert discrepancy(LOSSES[name].gradient(output, targets), numbers) <= TOLERANCES[method]


@each_loss
def test_mean_over_the_batch(name):
    output, targets = problem(name)
    twice = np.concatenate([output, output]), np.concatenate([targets, targets])
    assert LOSSES[name].value(*twice) == pytest.approx(LOSSES[name].value(output, targets), rel=1e-14)
    np.testing.assert_allclose(
        LOSSES[name].gradient(*twice)[:4], LOSSES[name].gradient(output, targets) / 2, rtol=1e-14
    )


@pytest.mark.parametrize("name", ["squared", "sigmoid"])
def test_sum_over_the_outputs(name):
    output, targets = problem(name)
    twice = np.hstack([output, output]), np.hstack([targets, targets])
    assert LOSSES[name].value(*twice) == pytest.approx(2 * LOSSES[name].value(output, targets), rel=1e-14)
    np.testing.assert_allclose(LOSSES[name].gradient(*twice)[:, :3], LOSSES[name].gradient(output, targets), rtol=1e-14)


# Extremes


@pytest.mark.parametrize("size", [1e4, 1e300])
def test_softmax_cross_entropy_of_extreme_logits(size):
    logits = np.array([[size, -size, 0.0], [size, -size, 0.0]])
    assert SOFTMAX.value(logits, [0, 0]) == 0.0
    assert SOFTMAX.value(logits, [1, 1]) == 2 * size
    assert SOFTMAX.value(logits, [2, 2]) == size
    np.testing.assert_array_equal(SOFTMAX.gradient(logits, [0, 1]), np.array([[0, 0, 0], [1, -1, 0]]) / 2)


@pytest.mark.parametrize("size", [1e4, 1e300])
def test_sigmoid_cross_entropy_of_extreme_logits(size):
    logits = np.array([[size, -size]])
    assert SIGMOID.value(logits, [[1.0, 0.0]]) == 0.0
    assert SIGMOID.value(logits, [[0.0, 1.0]]) == 2 * size
    np.testing.assert_array_equal(SIGMOID.gradient(logits, [[1.0, 0.0]]), [[0.0, 0.0]])
    np.testing.assert_array_equal(SIGMOID.gradient(logits, [[0.0, 1.0]]), [[1.0, -1.0]])


@given(logits=hnp.arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4)), seed=st.integers(0, 100))
def test_cross_entropies_are_finite_and_not_negative(logits, seed):
    for name in "softmax", "sigmoid":
        value, gradient = (
            f(logits, problem(name, (3, 4), seed)[1]) for f in (LOSSES[name].value, LOSSES[name].gradient)
        )
        assert 0 <= value < np.inf
        # (p - t) / B lies between -1/B and 1/B
        assert np.abs(gradient).max() <= 1 / 3 + 1e-12


@given(logits=hnp.arrays(np.float64, (3, 4), elements=st.floats(-1e4, 1e4)), seed=st.integers(0, 100))
def test_softmax_gradient_sums_to_zero_in_every_row(logits, seed):
    labels = problem("softmax", (3, 4), seed)[1]
    # Logits of 1e4 are known to 1e-12, and so are the probabilities.
    assert np.abs(SOFTMAX.gradient(logits, labels).sum(axis=1)).max() <= 1e-12


# What comes back


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each_loss
def test_dtype_of_the_output_is_kept(name, dtype):
    output, targets = problem(name, dtype=dtype)
    assert np.asarray(LOSSES[name].value(output, targets)).dtype == dtype
    assert LOSSES[name].gradient(output, targets).dtype == dtype


@pytest.mark.parametrize("name", ["squared", "sigmoid"])
def test_whole_number_targets_do_not_change_float32(name):
    output = problem(name, dtype=np.float32)[0]
    targets = np.ones((4, 3), np.int64)
    assert LOSSES[name].gradient(output, targets).dtype == np.float32
    assert np.asarray(LOSSES[name].value(output, targets)).dtype == np.float32


@each_loss
def test_value_is_one_number(name):
    assert np.ndim(LOSSES[name].value(*problem(name))) == 0


@each_loss
def test_arguments_are_neither_changed_nor_shared(name):
    output, targets = problem(name)
    output.flags.writeable = targets.flags.writeable = False
    LOSSES[name].value(output, targets)
    first, second = LOSSES[name].gradient(output, targets), LOSSES[name].gradient(output, targets)
    for array in output, targets, second:
        assert not np.shares_memory(first, array)
    assert first.flags.writeable


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int64, np.uint64])
def test_labels_of_any_integer_type(kind):
    logits, labels = problem("softmax")
    assert SOFTMAX.value(logits, labels.astype(kind)) == SOFTMAX.value(logits, labels)
    np.testing.assert_array_equal(SOFTMAX.gradient(logits, labels.astype(kind)), SOFTMAX.gradient(logits, labels))


@both_calls
@each_loss
def test_nan_and_infinity_in_the_output_stay_visible(name, call):
    output, targets = problem(name)
    output[2, 1] = np.nan
    assert np.isnan(getattr(LOSSES[name], call)(output, targets)).any()


@each_loss
def test_value_and_gradient_at_once_are_those_apart(name):
    output, targets = problem(name)
    value, gradient = LOSSES[name].value_and_gradient(output, targets)
    assert value == pytest.approx(naive_value(name, output, targets), rel=1e-13)
    numbers = numerical_gradient(lambda output: naive_value(name, output, targets), output)
    assert discrepancy(gradient, numbers) <= TOLERANCES["central"]
    assert value == LOSSES[name].value(output, targets)
    np.testing.assert_array_equal(gradient, LOSSES[name].gradient(output, targets))


def test_a_loss_has_to_write_value_and_gradient():
    for call in Loss().value, Loss().gradient:
        with pytest.raises(NotImplementedError):
            call(np.zeros((1, 1)), np.zeros((1, 1)))


# Refusals


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 1, 2, 3], ValueError, "labels: expected values from 0 to 2, got values from 0 to 3"),
        ([0, -1, 2, 1], ValueError, "labels: expected values from 0 to 2, got values from -1 to 2"),
        ([0.0, 1.0, 2.0, 1.0], TypeError, "labels: expected integers, .*got dtype float64"),
        ([True, False, True, True], TypeError, "labels: expected integers, got dtype bool"),
        (["0", "1", "2", "1"], TypeError, "labels: expected integers, got dtype <U1"),
        (np.array([0, 1, 2, None]), TypeError, "labels: expected integers, got dtype object"),
        ([0, 1, 2], ValueError, r"labels: expected shape \(4,\), one per row, got shape \(3,\)"),
        ([[0], [1], [2], [1]], ValueError, r"labels: expected shape \(4,\), one per row, got shape \(4, 1\)"),
        (1, ValueError, r"labels: expected shape \(4,\), one per row, got shape \(\)"),
        (np.eye(3, dtype=int)[[0, 1, 2, 1]], ValueError, r"labels: expected shape \(4,\).* got shape \(4, 3\)"),
    ],
)
@pytest.mark.parametrize("call", [SOFTMAX.value, SOFTMAX.gradient, accuracy])
def test_labels_are_refused(call, labels, error, message):
    with pytest.raises(error, match=message):
        call(np.zeros((4, 3)), labels)


@pytest.mark.parametrize(
    ("output", "error", "message"),
    [
        (np.zeros(3), ValueError, r"expected a batch of shape \(B, ..., n\) .*, got shape \(3,\); a single sample x"),
        (np.float64(1.0), ValueError, r"expected a batch of shape \(B, ..., n\) .*, got shape \(\)$"),
        (np.zeros((2, 0, 3)), ValueError, r"expected .* with no axis of length 0, got shape \(2, 0, 3\)$"),
        (np.zeros((0, 3)), ValueError, r"expected .* with no axis of length 0, got shape \(0, 3\)$"),
        (np.zeros((3, 0)), ValueError, r"expected .* with no axis of length 0, got shape \(3, 0\)$"),
        (np.full((4, 3), "1"), TypeError, "expected an array of numbers, got dtype <U1"),
        (np.full((4, 3), None), TypeError, "expected an array of numbers, got dtype object"),
    ],
)
@both_calls
@each_loss
def test_outputs_are_refused(name, call, output, error, message):
    argument = "predictions" if name == "squared" else "logits"
    with pytest.raises(error, match=rf"^{argument}: {message}"):
        getattr(LOSSES[name], call)(output, problem(name)[1])


@pytest.mark.parametrize("shape", [(3,), (4,), (4, 1), (1, 3), (3, 4), (4, 3, 1)], ids=str)
@both_calls
@pytest.mark.parametrize("name", ["squared", "sigmoid"])
def test_targets_do_not_broadcast(name, call, shape):
    with pytest.raises(ValueError, match=r"^targets: expected shape \(4, 3\) as (predictions|logits) has, got shape"):
        getattr(LOSSES[name], call)(np.zeros((4, 3)), np.zeros(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@both_calls
@pytest.mark.parametrize("name", ["squared", "sigmoid"])
def test_targets_that_are_not_finite_are_refused(name, call, bad):
    output, targets = problem(name)
    targets[1, 2] = bad
    with pytest.raises(ValueError, match=r"^targets: expected"):
        getattr(LOSSES[name], call)(output, targets)


@pytest.mark.parametrize("bad", [-1e-9, 1 + 1e-9, 2, -1])
@both_calls
def test_sigmoid_targets_outside_0_and_1_are_refused(call, bad):
    logits, targets = problem("sigmoid")
    targets[3, 0] = bad
    with pytest.raises(ValueError, match=r"^targets: expected real values from 0 to 1"):
        getattr(SIGMOID, call)(logits, targets)


@both_calls
@pytest.mark.parametrize("name", ["squared", "sigmoid"])
def test_targets_that_are_no_real_numbers_are_refused(name, call):
    output, targets = problem(name)
    with pytest.raises(TypeError, match=r"^targets: expected an array of numbers"):
        getattr(LOSSES[name], call)(output, targets.astype(object))
    with pytest.raises((TypeError, ValueError), match=r"^targets: expected real"):
        getattr(LOSSES[name], call)(output, targets + 0j)


# one_hot and accuracy


def test_one_hot_by_hand():
    encoded = one_hot([2, 0, 1, 2], 4)
    np.testing.assert_array_equal(encoded, [[0, 0, 1, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    assert encoded.dtype == np.float64


def test_one_hot_of_no_labels():
    assert one_hot(np.array([], dtype=int), 3).shape == (0, 3)


def test_softmax_gradient_is_softmax_minus_one_hot():
    logits, labels = problem("softmax")
    expected = (special.softmax(logits, axis=1) - one_hot(labels, 3)) / 4
    np.testing.assert_allclose(SOFTMAX.gradient(logits, labels), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("labels", "n_classes", "error", "message"),
    [
        ([0, 3], 3, ValueError, "labels: expected values from 0 to 2"),
        ([-1, 0], 3, ValueError, "labels: expected values from 0 to 2"),
        ([0.0], 3, TypeError, "labels: expected integers"),
        ([[0, 1], [2, 3]], 3, ValueError, "labels: expected values from 0 to 2"),
        ([0], 0, ValueError, "n_classes: expected a whole number of at least 1"),
        ([0], 2.0, TypeError, "n_classes: expected a whole number"),
        ([0], True, TypeError, "n_classes: expected a whole number"),
    ],
)
def test_one_hot_refuses(labels, n_classes, error, message):
    with pytest.raises(error, match=message):
        one_hot(labels, n_classes)


def test_accuracy_by_hand():
    logits = [[0.1, 0.9], [2.0, 1.0], [0.0, -1.0], [5.0, 6.0]]
    assert accuracy(logits, [1, 0, 1, 0]) == 0.5
    assert accuracy(logits, [1, 0, 0, 1]) == 1.0
    assert accuracy(logits, [0, 1, 1, 0]) == 0.0
    assert type(accuracy(logits, [1, 0, 1, 0])) is float


def test_accuracy_refuses_a_vector():
    with pytest.raises(ValueError, match=r"^logits: expected a batch of shape \(B, ..., n\)"):
        accuracy([0.1, 0.9], [1])
