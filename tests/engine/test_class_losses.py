"""Class weights, soft labels and an ignored label: a weighted mean over the rows that count."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib import SoftmaxCrossEntropy, accuracy, numerical_gradient, one_hot
from tests.engine.gradient_agreement import TOLERANCES, discrepancy

PLAIN = SoftmaxCrossEntropy()
WEIGHTS = [1.0, 0.5, 3.0]


def problem(seed=7, rows=6):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, 3)), rng.integers(3, size=rows)


def naive_value(logits, targets, weights=(1.0, 1.0, 1.0)):
    """Sum over rows and classes of weight times target times -log(p), over the sum of weight times target."""
    loss = total = 0.0
    for row, target in zip(logits.tolist(), np.asarray(targets).tolist(), strict=True):
        norm = sum(math.exp(z) for z in row)
        for z, t, w in zip(row, target, weights, strict=True):
            loss -= w * t * math.log(math.exp(z) / norm)
            total += w * t
    return loss / total


# By hand: probabilities 1/4, 3/4 and 1/2, 1/2


def test_class_weights_by_hand():
    logits, loss = [[0.0, math.log(3.0)], [5.0, 5.0]], SoftmaxCrossEntropy(class_weights=[3.0, 1.0])
    assert loss.value(logits, [1, 0]) == pytest.approx((math.log(4 / 3) + 3 * math.log(2)) / 4, rel=1e-15)
    expected = [[0.25 / 4, -0.25 / 4], [-0.5 * 3 / 4, 0.5 * 3 / 4]]
    np.testing.assert_allclose(loss.gradient(logits, [1, 0]), expected, rtol=1e-14)


def test_soft_labels_by_hand():
    logits, labels = [[0.0, math.log(3.0)]], [[0.5, 0.5]]
    assert PLAIN.value(logits, labels) == pytest.approx((math.log(4) + math.log(4 / 3)) / 2, rel=1e-15)
    np.testing.assert_allclose(PLAIN.gradient(logits, labels), [[-0.25, 0.25]], rtol=1e-14)


def test_an_ignored_label_by_hand():
    logits, loss = [[0.0, math.log(3.0)], [5.0, 5.0]], SoftmaxCrossEntropy(ignore_label=0)
    assert loss.value(logits, [1, 0]) == pytest.approx(math.log(4 / 3), rel=1e-15)
    np.testing.assert_allclose(loss.gradient(logits, [1, 0]), [[0.25, -0.25], [0.0, 0.0]], rtol=1e-14)


# By the naive formula, and by numbers


@settings(max_examples=10)
@given(seed=st.integers(0, 1000))
@pytest.mark.parametrize("weights", [None, WEIGHTS, [0.0, 1.0, 1.0]], ids=str)
@pytest.mark.parametrize("kind", ["labels", "soft labels", "ignored"])
def test_value_and_gradient(kind, weights, seed):
    logits, labels = problem(seed)
    labels[:2] = 1, 2  # what counts in every case
    ignored = 0 if kind == "ignored" else None
    targets = one_hot(labels, 3) * (labels != ignored)[:, None]
    if kind == "soft labels":
        targets = labels = np.random.default_rng(seed).dirichlet(np.ones(3), len(logits))
    loss = SoftmaxCrossEntropy(class_weights=weights, ignore_label=ignored)
    value, gradient = loss.value_and_gradient(logits, labels)
    assert value == pytest.approx(naive_value(logits, targets, weights or np.ones(3)), rel=1e-12)
    for method, tolerance in TOLERANCES.items():
        numbers = numerical_gradient(lambda logits: loss.value(logits, labels), logits, method=method)
        assert discrepancy(gradient, numbers, scale=max(value, 1e-12) if method == "central" else 1e-12) <= tolerance


# One thing said in two ways


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=str)
def test_a_soft_label_with_one_class_is_that_label(weights):
    logits, labels = problem()
    loss = SoftmaxCrossEntropy(class_weights=weights)
    assert loss.value(logits, one_hot(labels, 3)) == pytest.approx(loss.value(logits, labels), rel=1e-14)
    np.testing.assert_allclose(
        loss.gradient(logits, one_hot(labels, 3)), loss.gradient(logits, labels), rtol=1e-13, atol=1e-16
    )


@pytest.mark.parametrize("size", [1.0, 2.0, 1e-3])
def test_equal_weights_are_none(size):
    logits, labels = problem()
    value, gradient = SoftmaxCrossEntropy(class_weights=[size] * 3).value_and_gradient(logits, labels)
    assert value == pytest.approx(PLAIN.value(logits, labels), rel=1e-14)
    np.testing.assert_allclose(gradient, PLAIN.gradient(logits, labels), rtol=1e-13, atol=1e-16)


def test_a_class_of_weight_two_counts_as_if_its_rows_stood_there_twice():
    logits, labels = problem()
    twice = labels == 1
    expected = PLAIN.value(np.concatenate([logits, logits[twice]]), np.concatenate([labels, labels[twice]]))
    assert SoftmaxCrossEntropy(class_weights=[1, 2, 1]).value(logits, labels) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("ignored", [0, 2, -1, -100, 7])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=str)
def test_ignored_rows_are_as_if_they_were_not_there(ignored, weights):
    logits, labels = problem()
    labels[[1, 4]] = ignored
    counted = labels != ignored
    loss, rest = (
        SoftmaxCrossEntropy(class_weights=weights, ignore_label=ignored),
        SoftmaxCrossEntropy(class_weights=weights),
    )
    value, gradient = loss.value_and_gradient(logits, labels)
    assert value == pytest.approx(rest.value(logits[counted], labels[counted]), rel=1e-14)
    np.testing.assert_allclose(
        gradient[counted], rest.gradient(logits[counted], labels[counted]), rtol=1e-13, atol=1e-16
    )
    np.testing.assert_array_equal(gradient[~counted], 0.0)
    assert accuracy(logits, labels, ignore_label=ignored) == accuracy(logits[counted], labels[counted])


def test_an_ignored_label_that_does_not_occur_changes_nothing():
    logits, labels = problem()
    loss = SoftmaxCrossEntropy(ignore_label=-1)
    assert loss.value(logits, labels.astype(np.uint8)) == pytest.approx(PLAIN.value(logits, labels), rel=1e-14)
    assert accuracy(logits, labels.astype(np.uint8), ignore_label=-1) == accuracy(logits, labels)


def test_class_weights_are_copied():
    weights = np.ones(3)
    loss = SoftmaxCrossEntropy(class_weights=weights)
    logits, labels = problem()
    before = loss.value(logits, labels)
    weights[...] = 0.0, 1.0, 5.0
    assert loss.value(logits, labels) == before


# Refusals


@pytest.mark.parametrize(
    ("loss", "labels"),
    [
        (SoftmaxCrossEntropy(ignore_label=-1), [-1, -1]),
        (SoftmaxCrossEntropy(class_weights=[0, 1, 1]), [0, 0]),
        (SoftmaxCrossEntropy(class_weights=[0, 1, 1], ignore_label=2), [0, 2]),
        (SoftmaxCrossEntropy(class_weights=[0, 1, 1]), [[1.0, 0, 0], [1.0, 0, 0]]),
    ],
)
def test_a_batch_in_which_nothing_counts_is_refused(loss, labels):
    for call in loss.value, loss.gradient, loss.value_and_gradient:
        with pytest.raises(ValueError, match=r"^labels: expected at least one row that counts, got none"):
            call(np.zeros((2, 3)), labels)


def test_accuracy_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"^labels: expected at least one row that counts, got all of them -1$"):
        accuracy(np.zeros((2, 3)), [-1, -1], ignore_label=-1)


@pytest.mark.parametrize("weights", [[-1.0, 1.0], [0.0, 0.0], [[1.0, 1.0]], 3.0], ids=str)
def test_class_weights_that_are_none_are_refused(weights):
    with pytest.raises(ValueError, match=r"^class_weights: expected shape \(C,\), none below 0 and one above, got"):
        SoftmaxCrossEntropy(class_weights=weights)


def test_class_weights_for_other_classes_are_refused():
    for labels in [0], [[1.0, 0.0, 0.0]]:
        with pytest.raises(ValueError, match=r"^class_weights: expected 3, one for each class, got 2$"):
            SoftmaxCrossEntropy(class_weights=[1, 1]).value(np.zeros((1, 3)), labels)


@pytest.mark.parametrize(
    "labels",
    [[[0.5, 0.502, 0.0]], [[1.5, -0.5, 0.0]], [[np.nan, 0.5, 0.5]], [[np.inf, 0.0, 0.0]], [[0.0, 0.0, 0.0]]],
    ids=str,
)
def test_soft_labels_that_are_no_probabilities_are_refused(labels):
    with pytest.raises(ValueError, match=r"^labels: expected probabilities, at least 0 and with the sum 1 in each row"):
        PLAIN.value(np.zeros((1, 3)), labels)


def test_soft_labels_in_float32_are_probabilities_up_to_rounding():
    labels = np.random.default_rng(0).dirichlet(np.ones(1000), 5).astype(np.float32)
    assert np.isfinite(PLAIN.value(np.zeros((5, 1000)), labels))
    assert np.isfinite(PLAIN.value(np.zeros((1, 3)), [[0.5, 0.4995, 0.0]]))


def test_soft_labels_beside_an_ignored_label_are_refused():
    with pytest.raises(ValueError, match=r"^labels: expected integers beside ignore_label=-1, got dtype float64$"):
        SoftmaxCrossEntropy(ignore_label=-1).value(np.zeros((1, 2)), [[0.5, 0.5]])


def test_float_labels_of_another_shape_are_refused():
    with pytest.raises(
        TypeError, match=r"probabilities of the logits' shape \(4, 3\), got dtype float64 and shape \(4,\)$"
    ):
        PLAIN.value(np.zeros((4, 3)), [0.0, 1.0, 2.0, 1.0])
