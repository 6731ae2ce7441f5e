"""Naming what is off: every explanation where it holds, and none where it does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_book.exercises.differences import SINGLE, Pair, explain

SIZES = [(1, 1, 1), (2, 3, 4), (1, 3, 4), (2, 1, 4), (2, 3, 1), (3, 3, 3), (5, 2, 6)]


def pairs_of(make, expect=lambda G: G, *, shape="mn"):
    """Pairs of got and expected, made from random arrays (B, m, n) reduced to the shape wanted."""
    rng, pairs = np.random.default_rng(5), []
    for B, m, n in SIZES:
        sizes = {"B": B, "m": m, "n": n}
        G = rng.normal(size=[sizes[name] for name in shape])
        pairs.append(Pair(np.asarray(make(G, sizes)), np.asarray(expect(G)), sizes))
    return pairs


EXPLAINED = [
    ("it is 0 everywhere", lambda G, s: 0 * G),
    ("the sign is off", lambda G, s: -G),
    ("it is transposed", lambda G, s: G.T),
    ("it is transposed, and the sign is off", lambda G, s: -G.T),
    ("the numbers are right, the shape is not", lambda G, s: G.ravel()),
    ("the numbers are right, the shape is not", lambda G, s: G[:, None]),
    ("it is too large by a factor of 2", lambda G, s: 2 * G),
    ("it is too small by a factor of 2", lambda G, s: G / 2),
    ("it is too large by a factor of 2, and the sign is off", lambda G, s: -2 * G),
    (
        "it is too large by a factor of B; is it a sum over the batch, where the mean is meant?",
        lambda G, s: s["B"] * G,
    ),
    (
        "it is too small by a factor of B; is the mean over the batch taken once too often?",
        lambda G, s: G / s["B"],
    ),
    ("it is too large by a factor of n", lambda G, s: s["n"] * G),
    ("it is too small by a factor of m, and the sign is off", lambda G, s: -G / s["m"]),
    ("it is off by a constant factor, -0.3", lambda G, s: -0.3 * G),
    ("only the diagonal is there, and the rest is 0", lambda G, s: G * np.eye(*G.shape)),
    ("the magnitudes are right, the signs are not", lambda G, s: np.abs(G)),
    ("the entries are right, their order is reversed", lambda G, s: G[::-1]),
    ("the numbers are right, their order is not", lambda G, s: np.sort(G, axis=None).reshape(G.shape)),
    ("it is summed over all entries, which is too much", lambda G, s: G.sum()),
    ("it is summed over the batch (axis 0), which is too much", lambda G, s: G.sum(axis=0)),
    ("it is averaged over the batch (axis 0), which is too much", lambda G, s: G.mean(axis=0)),
    ("it is right for one sample, and not for a batch", lambda G, s: G + (s["B"] > 1) * G**2),
]


@pytest.mark.parametrize(("reason", "make"), EXPLAINED, ids=[reason for reason, _ in EXPLAINED])
def test_every_explanation_is_found_and_no_other(reason, make):
    assert explain(pairs_of(make)) == reason


@pytest.mark.parametrize("axis", [0, None])
def test_a_sum_that_is_missing(axis):
    expected = {0: "it is not summed over the batch (axis 0)", None: "it is not summed over all entries"}
    pairs = pairs_of(lambda G, s: G, lambda G: G.sum(axis=axis), shape="Bn")
    assert explain(pairs) == expected[axis]


def test_what_is_right_needs_no_explanation():
    assert explain(pairs_of(lambda G, s: G)) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda G, s: G + 1.0,
        lambda G, s: G**2,
        lambda G, s: G + np.eye(*G.shape),
        lambda G, s: np.tile(G, 2),
        lambda G, s: G * np.nan,
        lambda G, s: G * np.inf,
        lambda G, s: G if s["n"] == 3 else 2 * G,
        lambda G, s: G[:0],
    ],
)
def test_what_none_of_them_fits_is_not_explained(make):
    assert explain(pairs_of(make)) is None


def test_right_in_double_precision_only():
    pairs = pairs_of(lambda G, s: G)
    single = [Pair(p.got + 0.5, p.expected, p.sizes, SINGLE) for p in pairs[:2]]
    assert explain(pairs + single) == "it is right in float64, and not in float32"


def test_an_explanation_must_hold_for_every_pair():
    off, right = pairs_of(lambda G, s: 2 * G), pairs_of(lambda G, s: G)
    assert explain(off) == "it is too large by a factor of 2"
    assert explain([*off, *right]) is None


def test_a_single_number_is_not_given_away_by_a_factor():
    pair = Pair(np.array(3.0), np.array(1.7))
    assert explain([pair]) == "it is off by a constant factor, 1.76"
    assert explain([Pair(pair.got, pair.expected, worked_out=True)]) is None


@pytest.mark.parametrize(
    ("got", "reason"),
    [
        ([3.0, 2.0, 1.0], "the numbers are right, their order is not"),
        ([1.3, 2.6, 3.9], "it is off by the same factor"),
        ([-1.0, -2.0, -3.0], "the sign is off"),
    ],
)
def test_numbers_that_were_worked_out_are_not_given_away(got, reason):
    assert explain([Pair(np.array(got), np.array([1.0, 2.0, 3.0]), worked_out=True)]) == reason


@given(st.integers(0, 10_000), st.floats(1e-9, 1e-2), st.booleans())
def test_agreement_is_a_matter_of_the_tolerance(seed, tolerance, inside):
    expected = np.random.default_rng(seed).normal(size=4)
    error = np.zeros(4)
    error[seed % 4] = (0.9 if inside else 1.1) * tolerance * np.abs(expected).max()
    assert Pair(expected + error, expected, tolerance=tolerance).agrees is inside
