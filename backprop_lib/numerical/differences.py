"""Derivatives measured from outside, one coordinate at a time: central, forward, and by the complex step."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from backprop_lib._checks import (
    Array,
    ArrayLike,
    as_finite_reals,
    as_float_array,
    check_callable,
    check_positive,
    check_real,
)

Method = Literal["central", "forward", "complex"]


def numerical_gradient(
    f: Callable[[Array], Any], x: ArrayLike, *, method: Method = "central", step: float | None = None
) -> Array:
    """Gradient of a scalar function, one coordinate at a time.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns one number.
    x : real array, any shape
        Integers become float64. x is not changed; f sees copies. Its dtype sets the step: where f computes in float32,
        so should x be.
    method : {"central", "forward", "complex"}
        Central: (f(x + h) - f(x - h)) / 2h, error of order h^2, eq-central-difference. Forward: (f(x + h) - f(x)) / h,
        error of order h, eq-forward-difference. Complex: Im f(x + ih) / h, eq-complex-step; no subtraction and so no
        cancellation; f must be analytic and accept complex arrays (Squire and Trapp, 1998). It fails without a word
        where f uses abs, conjugate, ``np.var``.
    step : float, optional
        The h above. By default eps^(1/3), eps^(1/2) times max(1, |x_i|) for central and forward, and 1e-30 for complex.

    Returns
    -------
    array of x's shape and dtype
        The derivative by each entry of x.

    Raises
    ------
    ValueError
        If x is empty or not finite, f returns more than one number, or the method is unknown.
    TypeError
        If x is complex or not numeric, f returns a truth value or a node of a graph, or f loses the imaginary part that
        the complex step reads.

    Examples
    --------
    >>> numerical_gradient(lambda x: (x**3).sum(), [1.0, 2.0]).round(6)
    array([ 3., 12.])
    """
    x = as_finite_reals(x, "x")
    columns = _differences(f, x, method, step, _one_number)
    return np.array(columns, dtype=x.dtype).reshape(x.shape)


def numerical_jacobian(
    f: Callable[[Array], ArrayLike], x: ArrayLike, *, method: Method = "central", step: float | None = None
) -> Array:
    """Jacobian of an array-valued function: entry [i..., j...] is the derivative of output i by input j.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns one of any shape.
    x : real array, any shape
        As for `numerical_gradient`, which also says what is raised.
    method : {"central", "forward", "complex"}
        As for `numerical_gradient`.
    step : float, optional
        As for `numerical_gradient`.

    Returns
    -------
    array of shape f(x).shape + x.shape
        A row for each output where both are vectors.

    Examples
    --------
    >>> numerical_jacobian(lambda x: np.array([x[0] * x[1], x[0]]), [2.0, 3.0], method="complex")
    array([[3., 2.],
           [1., 0.]])
    """
    x = as_finite_reals(x, "x")
    columns = _differences(f, x, method, step, _numbers)
    jacobian = np.stack(columns, axis=-1)
    return jacobian.reshape(jacobian.shape[:-1] + x.shape)


def real_function(f: Callable[[Array], Any]) -> Callable[[Array], Array]:
    """f with its one value checked; it sees copies, for it may write into its argument."""
    check_callable(f, "f")
    return lambda point: check_real(_one_number(f(point.copy())), "f(x)")


def steps_from(eps: float, x: Array, power: float) -> list[float]:
    """A step for each entry, the larger the larger the entry is."""
    return [float(eps) ** power * max(1.0, abs(float(entry))) for entry in x.flat]


def _one_number(value):
    value = _numbers(value, "one number", "return its .data or .item()")
    if value.shape != ():
        raise ValueError(f"f(x): expected one number, got shape {value.shape}; numerical_jacobian takes arrays")
    return value


def _numbers(value, wanted="numbers", instead="return its .data"):
    if hasattr(value, "backward"):
        raise TypeError(f"f(x): expected {wanted}, got a {type(value).__name__} with its graph; {instead}")
    numbers = as_float_array(value, "f(x)")
    if np.asarray(value).dtype.kind == "b":
        raise TypeError(f"f(x): expected {wanted}, got True or False, which has no slope")
    return numbers


def _differences(f, x, method, step, checked):
    """Derivatives of f along each coordinate of x in turn, as a list."""
    rules = {"central": central, "forward": _forward, "complex": _complex_step}
    powers = {"central": 1 / 3, "forward": 1 / 2, "complex": 0.0}
    check_callable(f, "f")
    if not isinstance(method, str) or method not in rules:
        raise ValueError(f"method: expected one of {', '.join(rules)}, got {method!r}")
    if step is not None:
        steps = x.size * [check_positive(step, "step")]
    elif method == "complex":
        steps = x.size * [1e-30]
    else:
        steps = steps_from(np.finfo(x.dtype).eps, x, powers[method])

    def value(point):
        # Copies: f may write into its argument or return the same array every time.
        result = checked(f(point.copy()))
        return result.copy() if method == "complex" else check_real(result, "f(x)").copy()

    return rules[method](value, x, steps)


def moved(x: Array, i: int, amount: complex) -> Array:
    """Copy of x with ``amount`` added to its i-th entry, counted along the flattened array."""
    result = x.astype(np.result_type(x.dtype, np.complex64)) if isinstance(amount, complex) else x.copy()
    with np.errstate(over="ignore"):
        result.flat[i] += amount
    if result.flat[i] == x.flat[i]:
        raise ValueError(f"step: expected one that changes x, got {amount}, which is lost beside {x.flat[i]}")
    if not np.isfinite(result.flat[i]):
        raise ValueError(f"x: expected entries that a step can be added to, got {x.flat[i]}")
    return result


def central(f: Callable[[Array], Array], x: Array, steps: list[float]) -> list[Array]:
    """Central differences of f along each coordinate."""
    columns = []
    for i, h in enumerate(steps):
        right, left = moved(x, i, h), moved(x, i, -h)
        # x + h is rounded; dividing by the distance that was really walked removes that error.
        columns.append(_slope(f(left), f(right), right.flat[i] - left.flat[i]))
    return columns


def _forward(f, x, steps):
    here, columns = f(x), []
    for i, h in enumerate(steps):
        right = moved(x, i, h)
        columns.append(_slope(here, f(right), right.flat[i] - x.flat[i]))
    return columns


def _slope(before, after, distance):
    with np.errstate(over="ignore", invalid="ignore"):  # the slope says it: infinite or NaN
        return (after - before) / distance


def _complex_step(f, x, steps):
    columns = []
    for i, h in enumerate(steps):
        value = f(moved(x, i, complex(0.0, h)))
        if value.dtype.kind != "c":
            raise TypeError(
                "f: the complex step needs a complex result, got a real one; f may use no abs, float, norm or anything "
                'else that makes a complex number real; method="central" takes any f'
            )
        columns.append(value.imag / h)
    return columns
