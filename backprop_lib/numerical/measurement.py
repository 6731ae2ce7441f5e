"""What the gradient check measures: central differences, how far off they may be, and a second look at one entry."""

from typing import NamedTuple

import numpy as np

from backprop_lib.numerical.differences import central, moved, real_function, steps_from

ROUNDINGS = 4.0  # a difference of two rounded values is seldom off by more times the rounding of one
UNSTEADY = 8.0  # as far as central differences with other steps are apart, the first may be off several times
STRAIGHT = 16.0  # at a kink the slope changes so many times more than on both sides of it together

# Where the second look goes, in steps: roots, so that values rounded to a grid do not fall on it evenly.
OUTWARD, FAR = np.sqrt([1.0, 3.0, 7.0, 17.0]), 1000.0


class Look(NamedTuple):
    """A second look at one entry.

    Attributes
    ----------
    kink : (float, float) or None
        Slopes from the left and from the right, where f has a kink.
    blur : float
        How far off each of them may be.
    error : float
        How far off the central difference may be.
    """

    kink: tuple[float, float] | None
    blur: float
    error: float


class Measurement:
    """Central differences of f at x, flattened and in float64, and how far rounding may take each of them off."""

    def __init__(self, f, x):
        self.f, self.x = real_function(f), x
        self.here = self.f(x)
        self.eps = float(max(np.finfo(x.dtype).eps, np.finfo(self.here.dtype).eps))
        self.steps = np.array(steps_from(self.eps, x, 1 / 3))
        self.numerical = np.array(central(self.f, x, self.steps), dtype=np.float64)
        self.rounding = ROUNDINGS * self.eps * abs(float(self.here)) / self.steps

    def look_again(self, i):
        """Measure slopes on both sides of x, and central differences with wider steps.

        The slopes are those between neighbours among x + h, x + 1.7 h, x + 2.6 h, x + 4.1 h, and on the left. So a kink
        is found that lies less than a step beside x, too. A smooth function shows none: its slope changes by as much on
        the sides as from one to the other, unless it bends within one step.
        """
        (left_at, left), (right_at, right) = (self._values(i, side * OUTWARD) for side in (-1.0, 1.0))
        with np.errstate(all="ignore"):
            before, after = np.diff(left) / np.diff(left_at), np.diff(right) / np.diff(right_at)
            wider = (right - left) / (right_at - left_at)
            changes = np.abs(np.diff([before, after])).sum()
            # A logarithm of what is near 1 is rounded as 1 is, however small its value.
            rounding = max(self.rounding[i], ROUNDINGS * self.eps / self.steps[i])
            error = UNSTEADY * np.ptp(wider) + max(rounding, self._jumps_beside(i, left, right) / self.steps[i])
            kink = abs(after[0] - before[0]) > STRAIGHT * max(changes, rounding)
        return Look((float(before[0]), float(after[0])) if kink else None, changes + rounding, error)

    def _values(self, i, distances):
        """Places along entry i, so many steps from x, and the values of f there."""
        points = [moved(self.x, i, float(distance) * self.steps[i]) for distance in distances]
        with np.errstate(all="ignore"):  # so far from x, f may be anything
            values = [self.f(point) for point in points]
        return np.array([[point.flat[i] for point in points], values], dtype=np.float64)

    def _jumps_beside(self, i, left, right):
        """How far f may jump between two values, if it stays the same over all steps: as float32 does, made a float."""
        if not np.all([left, right] == self.here):
            return 0.0
        return np.abs(self._values(i, [-FAR, FAR])[1] - self.here).max()
