"""What is off: one function that looks at pairs of got and expected and names the difference between them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backprop_book.exercises.verdict import nearly, wrong

TOLERANCE = 1e-6  # relative to the largest entry, and for numbers that were worked out to each
FAR_TOO_LARGE = 10  # times the entries that are expected
SINGLE = 1e-3  # for what was computed from float32
ZERO = "it is 0 everywhere"
FOR_ONE_SAMPLE = "it is right for one sample, and not for a batch"
SMALLEST_SCALE = 1e-3  # below this an entry counts as zero beside the rounding of a numerical gradient


@dataclass(frozen=True, eq=False)
class Pair:
    """One result of a reader's, what it should be, and the sizes that its shapes were made from: {"B": 4, "n": 3}.

    ``worked_out`` is for numbers that a person rounds, each to so many digits; nothing is said of them that would
    give them away.
    """

    got: np.ndarray
    expected: np.ndarray
    sizes: Mapping = field(default_factory=dict)
    tolerance: float = TOLERANCE
    worked_out: bool = False

    @property
    def agrees(self):
        """Whether both are the same, in shape too."""
        return self.same(self.got, self.expected)

    def same(self, one, other):
        """Whether two arrays have one shape and, up to the tolerance, the same entries; NaN is never the same."""
        return one.shape == other.shape and bool(self.near(one, other).all())

    def near(self, one, other, tolerance=None):
        """For each entry, whether it is the same, or so up to another tolerance."""
        scale = max(np.abs(self.expected).max(initial=0.0), SMALLEST_SCALE)
        if self.worked_out:
            size = np.abs(other)
            scale = np.where(size < TOLERANCE * scale, scale, size)  # a zero has no digits of its own
        with np.errstate(invalid="ignore", over="ignore"):
            return np.abs(one - other) <= (tolerance or self.tolerance) * scale


def alike(one, other, tolerance):
    """Whether two arrays are the same, in the places that are not finite, too."""
    if one.shape != other.shape or not np.array_equal(finite := np.isfinite(one), np.isfinite(other)):
        return False
    return Pair(one[finite], other[finite], tolerance=tolerance).agrees


def verdict_of(reason, where=""):
    """Nearly, with what is off; but nothing at all is not nearly something."""
    return (wrong if reason == ZERO else nearly)(where + reason)


def verdict_of_shape(pair, where=""):
    """Nearly, if only the shape is off; wrong, if nothing came or far too much."""
    verdict = nearly if 0 < pair.got.size <= FAR_TOO_LARGE * pair.expected.size else wrong
    return verdict(f"{where}expected {_shape(pair.expected)}, got {_shape(pair.got)}")


def _shape(array):
    return f"shape {array.shape}" if array.ndim else "one number"


def explain(pairs):
    """What is off in all of these pairs alike, in words; None where no explanation fits all of them."""
    if all(pair.agrees for pair in pairs):
        return None
    for reason, holds in _reasons(pairs):
        if all(holds(pair) for pair in pairs):
            return reason
    return _partly_right(pairs)


def _reasons(pairs):
    """Reasons in the order in which they are tried, each with the test for one pair."""
    yield ZERO, lambda p: p.got.shape == p.expected.shape and not p.got.any()
    yield "the sign is off", lambda p: p.same(-p.got, p.expected)
    yield from _shape_reasons()
    yield from _factor_reasons(pairs)
    yield from _constant_factor(pairs)
    yield "only the diagonal is there, and the rest is 0", _only_the_diagonal
    yield "the magnitudes are right, the signs are not", lambda p: p.same(np.abs(p.got), np.abs(p.expected))
    yield "the entries are right, their order is reversed", _reversed
    yield "the numbers are right, their order is not", _right_in_another_order


def _shape_reasons():
    yield "it is transposed", lambda p: p.same(p.got.T, p.expected)
    yield "it is transposed, and the sign is off", lambda p: p.same(-p.got.T, p.expected)
    yield "the numbers are right, the shape is not", _right_in_another_shape
    yield "it is not summed over all entries", lambda p: p.same(p.got.sum(), p.expected)
    yield "it is not summed over the batch (axis 0)", lambda p: p.got.ndim > 0 and p.same(p.got.sum(axis=0), p.expected)
    yield "it is summed over all entries, which is too much", lambda p: p.same(p.got, p.expected.sum())
    yield "it is summed over the batch (axis 0), which is too much", _summed_over_the_batch
    yield "it is averaged over the batch (axis 0), which is too much", _averaged_over_the_batch


def _factor_reasons(pairs):
    """Two and every size, as a factor too much or too little, with the right sign and with the wrong one."""
    for sign, also in ((1.0, ""), (-1.0, ", and the sign is off")):
        for name in ("2", *pairs[0].sizes):
            samples = name == "B"
            too_large = "; is it a sum over the batch, where the mean is meant?" if samples else ""
            too_small = "; is the mean over the batch taken once too often?" if samples else ""
            yield f"it is too large by a factor of {name}{also}{too_large}", _times(name, sign, 1)
            yield f"it is too small by a factor of {name}{also}{too_small}", _times(name, sign, -1)


def _times(name, sign, power):
    def holds(pair):
        factor = float(pair.sizes.get(name, 2)) ** power
        return pair.same(sign * pair.got / factor, pair.expected)

    return holds


def _constant_factor(pairs):
    """The same factor in all pairs, whatever their sizes."""
    pair = max(pairs, key=lambda p: np.abs(p.expected).max(initial=0.0))
    if pair.got.shape != pair.expected.shape or not np.isfinite(pair.got).all() or not pair.expected.any():
        return
    factor = float((pair.got * pair.expected).sum() / (pair.expected**2).sum())
    if abs(factor) > 1e-3 and not (pair.worked_out and pair.expected.size < 3):  # of a single number that says nothing
        named = "the same factor" if pair.worked_out else f"a constant factor, {factor:.3g}"
        yield f"it is off by {named}", lambda p: p.same(p.got / factor, p.expected)


def _reversed(pair):
    return pair.got.ndim > 0 and not pair.worked_out and pair.same(pair.got[::-1], pair.expected)


def _only_the_diagonal(pair):
    if pair.got.ndim != 2 or pair.got.shape != pair.expected.shape:
        return False
    return pair.same(pair.got, pair.expected * np.eye(*pair.expected.shape))


def _right_in_another_shape(pair):
    return pair.got.size == pair.expected.size and pair.same(pair.got.reshape(pair.expected.shape), pair.expected)


def _right_in_another_order(pair):
    if pair.got.shape != pair.expected.shape:
        return False
    return pair.same(np.sort(pair.got, axis=None), np.sort(pair.expected, axis=None))


def _summed_over_the_batch(pair):
    return pair.expected.ndim > 0 and pair.same(pair.got, pair.expected.sum(axis=0))


def _averaged_over_the_batch(pair):
    return pair.expected.ndim > 0 and pair.same(pair.got, pair.expected.mean(axis=0))


def _partly_right(pairs):
    """What the pairs that are off have in common: float32, or more than one sample."""
    off = [pair for pair in pairs if not pair.agrees]
    if all(pair.tolerance == SINGLE for pair in off) and len(off) < len(pairs):
        return "it is right in float64, and not in float32"
    if "B" in pairs[0].sizes and all(pair.sizes["B"] > 1 for pair in off):
        return FOR_ONE_SAMPLE
    return None
