"""The gradient check: a gradient beside the central difference, the whole array and each entry by itself.

Where they differ the function is measured again, with other steps, before the gradient is called wrong: at a kink there
is no one slope, and where a function bends sharply the measurement is the worse of the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from backprop_lib._checks import (
    Array,
    ArrayLike,
    as_finite_reals,
    as_float_array,
    check_positive,
    check_real,
    check_same_shape,
)
from backprop_lib.numerical.comparison import NEGLIGIBLE, in_words, relative_error, worst_entry
from backprop_lib.numerical.measurement import Measurement

Verdict = Literal["agrees", "is wrong", "is not checked"]

COARSEST = 0.1  # of default tolerances: far from what would pass a wrong sign


@dataclass(frozen=True)
class GradientCheck:
    """Outcome of `check_gradient`: true where the gradient passed; printed, it names the entry that decided.

    Attributes
    ----------
    verdict : {"agrees", "is wrong", "is not checked"}
        Not checked: what was measured cannot tell, and ``reason`` says why.
    relative_error, tolerance : float
        Over the whole array.
    worst_index : tuple of int
        The entry that decided; where the gradient agrees, that where both sides differ most. () for a scalar.
    given, numerical : float
        Both values there.
    reason : str
        What else decided than the relative error; empty where nothing did.
    slopes : (float, float) or None
        From the left and from the right, where f has a kink at that entry or less than a step beside it. What is given
        may be a subgradient, between both, and is not checked; outside of them it is wrong.
    """

    verdict: Verdict
    relative_error: float
    tolerance: float
    worst_index: tuple[int, ...]
    given: float
    numerical: float
    reason: str = ""
    slopes: tuple[float, float] | None = None

    @property
    def passed(self) -> bool:
        """Whether the gradient agrees."""
        return self.verdict == "agrees"

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        given, measured = in_words(self.given, self.numerical, 8)
        measured = f"central difference {measured}"
        if self.slopes:
            left, right = (slope + 0.0 for slope in self.slopes)  # no sign on a zero
            measured = f"slope {left:.4g} from the left, {right:.4g} from the right"
        sign = "<=" if self.relative_error <= self.tolerance else ">"
        entry = f"entry {list(self.worst_index)}" if self.worst_index else "value"
        lines = [
            f"gradient {self.verdict}: relative error {self.relative_error:.1e} {sign} {self.tolerance:.3g}",
            f"worst {entry}: given {given}, {measured}",
            self.reason,
        ]
        return "\n  ".join(filter(None, lines))


def check_gradient(
    f: Callable[[Array], Any], x: ArrayLike, gradient: ArrayLike, *, tolerance: float | None = None
) -> GradientCheck:
    """Compare a gradient with the central difference of f at x: the whole array, and each entry by itself.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns one number.
    x : real array, any shape
        Where.
    gradient : array of x's shape
        The gradient to be checked.
    tolerance : float, optional
        The largest `relative_error` that passes. By default the largest of three, but 0.1 at the most: 1e-6;
        40 eps^(2/3), eps of the coarsest dtype among x, f(x) and the gradient, which is 1e-3 for float32; and what
        rounding does, see the notes.

    Returns
    -------
    GradientCheck
        True where the gradient passed.

    Raises
    ------
    ValueError
        If the gradient has another shape than x.

    Notes
    -----
    A small entry may be quite wrong beside a large one, and the relative error small. So each entry must also agree by
    itself, to the square root of the tolerance: half as many digits, for a small entry is measured with fewer. Below
    4 eps |f(x)| / h, h being the step, it need not agree: so far off is a right one, too, because f(x) is rounded.

    What fails is measured again, up to four steps away on either side. Where the slopes on both sides are steady and
    differ, f has a kink; where central differences with other steps differ as much from each other, f bends too sharply
    or is rounded too much. Then a gradient is not called wrong, but not checked: take another x, or float64.

    Examples
    --------
    >>> print(check_gradient(lambda x: (x**2).sum(), [1.0, 3.0], [2.0, 3.0]))
    gradient is wrong: relative error 5.0e-01 > 1e-06
      worst entry [1]: given 3, central difference 6
    >>> print(check_gradient(lambda x: np.abs(x).sum(), [0.0, 3.0], [0.5, 1.0]))
    gradient is not checked: relative error 5.0e-01 > 1e-06
      worst entry [0]: given 0.5, slope -1 from the left, 1 from the right
      at a kink: between both slopes it may be a subgradient
    """
    x = as_finite_reals(x, "x")
    gradient = check_real(as_float_array(gradient, "gradient"), "gradient")
    check_same_shape(gradient, x, "gradient", "x")
    if tolerance is not None:
        tolerance = check_positive(tolerance, "tolerance")
    return _Comparison(Measurement(f, x), gradient, tolerance).outcome()


class _Finding(NamedTuple):
    """What became of an entry."""

    verdict: Verdict
    reason: str = ""
    slopes: tuple[float, float] | None = None


class _Comparison:
    """A gradient beside what was measured, both flattened."""

    def __init__(self, measurement, gradient, tolerance):
        self.measurement, self.shape = measurement, gradient.shape
        self.given, self.numerical = gradient.astype(np.float64).ravel(), measurement.numerical
        self.error = relative_error(self.given, self.numerical)
        sizes = np.maximum(np.abs(self.given), np.abs(self.numerical))
        self.negligible = sizes.max() < NEGLIGIBLE
        self.scale = 1.0 if self.negligible else sizes.max()
        self.tolerance = tolerance or self._tolerance_by_default(gradient.dtype)
        self.alone = max(self.tolerance, self.tolerance**0.5)
        with np.errstate(all="ignore"):  # infinite or NaN: it fails both comparisons
            self.off = np.abs(self.given - self.numerical)
            self.fails = ~(self.off / self.scale <= self.tolerance)
            self.fails_alone = ~(self.off <= self.alone * sizes + measurement.rounding)
            self.alone_off = self.off / sizes

    def _tolerance_by_default(self, dtype):
        eps = max(self.measurement.eps, float(np.finfo(dtype).eps))
        return min(max(1e-6, 40.0 * eps ** (2 / 3), self.measurement.rounding.max() / self.scale), COARSEST)

    def outcome(self):
        """The report on the worst entry that is wrong; else on one that is not checked; else that all agree."""
        unchecked = None
        for i in self._suspects():
            finding = self._second_look(i)
            if finding.verdict == "is wrong":
                return self._report(i, finding)
            if finding.verdict == "is not checked" and unchecked is None:
                unchecked = self._report(i, finding)
        if unchecked is not None:
            return unchecked
        return self._report(*worst_entry(self.given, self.numerical), _Finding("agrees"))

    def _suspects(self):
        """Entries that fail, the worst first."""
        suspects = self.fails if self.negligible else self.fails | self.fails_alone
        order = np.argsort(-np.where(np.isnan(self.off), np.inf, self.off), kind="stable")
        return order[suspects[order]]

    def _second_look(self, i):
        """What becomes of an entry that fails."""
        if np.isfinite(self.given[i]) and not np.isfinite(self.numerical[i]):
            return _Finding("is not checked", "f has no finite difference there")
        if self.fails[i] and self.off[i] <= self.measurement.rounding[i]:
            return self._too_coarse(self.measurement.rounding[i])
        look = self.measurement.look_again(i)
        if look.kink:
            low, high = sorted(look.kink)
            if low - look.blur <= self.given[i] <= high + look.blur:
                return _Finding("is not checked", "at a kink: between both slopes it may be a subgradient", look.kink)
            return _Finding("is wrong", "at a kink, and outside of both slopes", look.kink)
        if self.off[i] <= look.error:
            return self._too_coarse(look.error) if self.fails[i] else _Finding("agrees")
        if self.fails[i]:
            return _Finding("is wrong")
        return _Finding("is wrong", f"by itself this entry is off by {self.alone_off[i]:.1e} > {self.alone:.3g}")

    def _too_coarse(self, error):
        return _Finding("is not checked", f"the central difference itself may be off by {error / self.scale:.1e}")

    def _report(self, i, finding):
        return GradientCheck(
            finding.verdict,
            self.error,
            float(self.tolerance),
            tuple(int(k) for k in np.unravel_index(i, self.shape)),
            float(self.given[i]),
            float(self.numerical[i]),
            finding.reason,
            finding.slopes,
        )
