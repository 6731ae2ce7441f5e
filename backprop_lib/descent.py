"""Gradient descent on a function that is given by its gradient alone: no network, no data, only the path."""

from collections.abc import Callable

import numpy as np

from backprop_lib._checks import (
    Array,
    ArrayLike,
    as_finite_reals,
    as_float_array,
    check_callable,
    check_count,
    check_positive,
    check_real,
    check_same_shape,
)


def gradient_descent(
    gradient: Callable[[Array], ArrayLike], x0: ArrayLike, *, learning_rate: float, steps: int
) -> Array:
    """Path of x <- x - learning_rate * gradient(x), from x0 on.

    A learning rate that is too large makes the path diverge. It is returned all the same, up to infinity and NaN.

    Parameters
    ----------
    gradient : callable
        Takes an array of x0's shape, returns one of the same shape.
    x0 : real array (n,), or any other shape
        Where the path starts. Integers become float64. x0 is not changed.
    learning_rate : float
        Positive.
    steps : int
        At least 1.

    Returns
    -------
    array (steps + 1, n)
        The points in order, x0 first; of x0's dtype.

    Raises
    ------
    ValueError
        If x0 is empty or not finite, the gradient has another shape, or the learning rate or the number of steps is
        not positive.
    TypeError
        If one of them is not a number of the kind expected.

    Examples
    --------
    >>> gradient_descent(lambda x: 2 * x, [1.0], learning_rate=0.25, steps=3)
    array([[1.   ],
           [0.5  ],
           [0.25 ],
           [0.125]])
    """
    check_callable(gradient, "gradient")
    x0 = as_finite_reals(x0, "x0")
    learning_rate, steps = check_positive(learning_rate, "learning_rate"), check_count(steps, "steps")
    path = np.empty((steps + 1, *x0.shape), x0.dtype)
    path[0] = x0
    for t in range(steps):
        slope = check_real(as_float_array(gradient(path[t].copy()), "gradient(x)"), "gradient(x)")
        check_same_shape(slope, x0, "gradient(x)", "x0")
        with np.errstate(over="ignore", invalid="ignore"):  # the path shows what happened
            path[t + 1] = path[t] - learning_rate * slope
    return path
