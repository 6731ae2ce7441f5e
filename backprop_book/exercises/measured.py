"""What exercises of several lessons compute their answers with: slopes that are measured, products that are counted."""

import numpy as np

from backprop_lib.numerical import numerical_gradient


def slopes(f, *arguments):
    """Gradients of f at all of its arguments, by the complex step."""

    def along(k):
        return lambda value: f(*arguments[:k], value, *arguments[k + 1 :])

    return tuple(numerical_gradient(along(k), at, method="complex") for k, at in enumerate(arguments))


class Counted:
    """Stands for any number, and counts the multiplications that it is in."""

    def __init__(self):
        self.products = 0

    def array(self, *shape):
        """An array in which every entry is this number."""
        return np.full(shape, self)

    def __mul__(self, other):
        self.products += 1
        return self

    def __add__(self, other):
        return self

    __sub__ = __rsub__ = __add__
