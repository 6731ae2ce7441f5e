"""How the zoo's checks compare: each returns a report that is true where the version passed.

Most backward passes here are checked on the loss L = sum(dZ * Z) for a fixed array dZ: its gradient at Z is dZ, so what
a backward pass makes of dZ can be compared with the central difference of L.
"""

from dataclasses import dataclass

import numpy as np

from backprop_lib.numerical import check_gradient, in_words, relative_error, worst_entry

TOLERANCE = 1e-6  # as check_gradient's


@dataclass(frozen=True)
class Comparison:
    """Outcome of a comparison with what was expected: true where it passed; printed, it names both sides."""

    passed: bool
    text: str

    def __bool__(self):
        return self.passed

    def __str__(self):
        return self.text


def compare_shape(what, given, shape):
    """Whether an array has the shape that it must have."""
    got = np.shape(given)
    if got == shape:
        return Comparison(True, f"{what}: shape {shape} as expected")
    return Comparison(False, f"{what}: expected shape {shape}, got shape {got}")


def compare(what, given, expected):
    """Whether two numbers or arrays agree in shape and, up to a millionth of the largest entry, in value."""
    given, expected = np.asarray(given), np.asarray(expected)
    if given.shape != expected.shape:
        return compare_shape(what, given, expected.shape)
    if relative_error(given, expected) <= TOLERANCE:
        return Comparison(True, f"{what}: as expected")
    worst = worst_entry(given, expected)
    where = f" at entry {[int(i) for i in worst]}" if worst else ""
    got, wanted = in_words(given[worst], expected[worst], 4)
    return Comparison(False, f"{what}{where}: expected {wanted}, got {got}")


def gradient_check(f, x, gradient):
    """`check_gradient`, which a gradient of another shape than x's fails."""
    shapes = compare_shape("gradient", gradient, np.shape(x))
    return check_gradient(f, x, gradient) if shapes else shapes
