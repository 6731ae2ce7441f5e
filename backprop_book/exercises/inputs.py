"""Inputs to try a function on: fresh numbers in every shape that a mistake could hide in."""

from dataclasses import dataclass

import numpy as np

from backprop_book.exercises.shown import shown_argument


@dataclass(frozen=True, eq=False)
class Inputs:
    """Arguments of one call, by name, and the sizes that their shapes were made from."""

    values: dict
    sizes: dict
    single: bool = False

    @property
    def arguments(self):
        """Fresh copies in order, for a function that may write into them."""
        return [value.copy() if isinstance(value, np.ndarray) else value for value in self.values.values()]

    @property
    def exact(self):
        """The same numbers in float64, for the reference."""
        return [_as_double(value) for value in self.values.values()]

    @property
    def n_entries(self):
        """How many numbers go in."""
        return sum(np.size(value) for value in self.values.values())

    def changed(self, arguments):
        """Names of the arguments that have been written into."""
        pairs = zip(self.values.items(), arguments, strict=True)
        return [name for (name, value), argument in pairs if not np.array_equal(value, argument)]

    def __str__(self):
        text = ", ".join(f"{name} {shown_argument(value)}" for name, value in self.values.items())
        return text + (" in float32" if self.single else "")


def inputs_to_try(shapes, draw, rng, edges=()):
    """Inputs, smallest first: all sizes 1, all different, each in turn 1, all alike, and float32.

    Parameters
    ----------
    shapes : dict of str to str
        The shape of each argument by the names of its sizes: "B n"; "" for a number.
    draw : dict of str to callable
        (rng, shape) -> array, for an argument that must not be just any numbers.
    edges : tuple of dict of str to int
        Sizes that come besides.
    """
    names = sorted({size for shape in shapes.values() for size in shape.split() if not size.isdigit()})
    tried = [*_sizes_to_try(names, rng), *edges]
    for single, sizes in [(False, sizes) for sizes in tried] + [(True, tried[1])]:
        values = {}
        for name, shape in shapes.items():
            numbers = tuple(int(size) if size.isdigit() else sizes[size] for size in shape.split())
            values[name] = _in_precision(draw.get(name, plain_numbers)(rng, numbers), single)
        yield Inputs(values, sizes, single)


def one_by_one(inputs, shapes):
    """The samples of a batch, each as an input of its own."""
    for k in range(inputs.sizes["B"]):
        values = {}
        for name, value in inputs.values.items():
            axes = shapes[name].split()
            values[name] = value.take([k], axis=axes.index("B")) if "B" in axes else value
        yield Inputs(values, inputs.sizes | {"B": 1}, inputs.single)


def plain_numbers(rng, shape):
    """Numbers of either sign with one decimal, from 0.3 to 2 in size: nothing vanishes, nothing is out of scale."""
    numbers = rng.uniform(0.3, 2.0, size=shape).round(1) * rng.choice([-1.0, 1.0], size=shape)
    return numbers if shape else float(numbers)


def positive_numbers(rng, shape):
    """`plain_numbers` without their signs."""
    return abs(plain_numbers(rng, shape))


def _sizes_to_try(names, rng):
    different = {name: size for size, name in enumerate(names, start=2)}
    drawn = {name: int(rng.integers(1, 7)) for name in names}
    one_of_them = [different | {name: 1} for name in names] if len(names) > 1 else []
    return [dict.fromkeys(names, 1), different, *one_of_them, dict.fromkeys(names, 3), drawn]


def _in_precision(value, single):
    if not single:
        return value
    array = np.asarray(value)
    return array.astype(np.float32)[()] if array.dtype.kind == "f" else value


def _as_double(value):
    array = np.asarray(value)
    if array.dtype.kind != "f":
        return value
    return array.astype(np.float64)[()]
