"""Gradients without derivation: finite differences, the complex step, and the check built on them.

The numerical gradients need n + 1 evaluations or more for n parameters, so they train nothing. They are independent
of every formula, so they check everything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backprop_lib._arrays import (
    Array,
    ArrayLike,
    as_finite_reals,
    as_float_array,
    check_callable,
    check_positive,
    check_real,
    check_same_shape,
)

# Below this both sides of a comparison count as zero, and their difference is taken as it stands.
NEGLIGIBLE = 1e-12

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
        Integers become float64. x is not changed; f sees copies.
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
        If x is complex or not numeric, or f loses the imaginary part that the complex step reads.

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
    columns = _differences(f, x, method, step, lambda value: as_float_array(value, "f(x)"))
    jacobian = np.stack(columns, axis=-1)
    return jacobian.reshape(jacobian.shape[:-1] + x.shape)


def relative_error(a: ArrayLike, b: ArrayLike) -> float:
    """Largest difference of two arrays, relative to their largest entry: max|a - b| / max(|a|, |b|).

    Parameters
    ----------
    a, b : number or array, any shape
        In no order: both are treated alike.

    Returns
    -------
    float
        The absolute difference where both are below 1e-12 everywhere; NaN where either holds a NaN.

    Raises
    ------
    ValueError
        If the shapes differ (nothing broadcasts) or the arrays are empty.

    Examples
    --------
    >>> relative_error([0.0, 1.99], [0.0, 2.0])
    0.0050000000000000044
    """
    a, b = as_float_array(a, "a"), as_float_array(b, "b")
    check_same_shape(a, b, "a", "b")
    if a.size == 0:
        raise ValueError(f"a and b: expected at least one entry to compare, got shape {a.shape}")
    with np.errstate(over="ignore", invalid="ignore"):  # the result says it: NaN or infinite
        difference = np.abs(a - b).max()
        scale = max(np.abs(a).max(), np.abs(b).max())
        return float(difference if scale < NEGLIGIBLE else difference / scale)


def worst_entry(a: Array, b: Array) -> tuple[Any, ...]:
    """Index where two arrays differ most; NaN is the worst difference there is, infinity the next."""
    with np.errstate(over="ignore", invalid="ignore"):
        difference = np.abs(a - b)
    return np.unravel_index(np.argmax(difference), difference.shape)  # argmax takes NaN for the largest


def in_words(a: Any, b: Any, digits: int) -> tuple[str, str]:
    """Both numbers as text with so many digits, or with all of them where the texts would not differ."""
    short = f"{a:.{digits}g}", f"{b:.{digits}g}"
    return short if short[0] != short[1] else (f"{a:.17g}", f"{b:.17g}")


@dataclass(frozen=True)
class GradientCheck:
    """Outcome of `check_gradient`: true where the gradient passed; printed, it names the worst entry.

    Attributes
    ----------
    passed : bool
    relative_error : float
        Over the whole array.
    tolerance : float
    worst_index : tuple of int
        Where the two sides differ most; () for a scalar.
    given, numerical : float
        Both values there.
    """

    passed: bool
    relative_error: float
    tolerance: float
    worst_index: tuple[int, ...]
    given: float
    numerical: float

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        given, numerical = in_words(self.given, self.numerical, 8)
        verdict, sign = ("agrees", "<=") if self.passed else ("is wrong", ">")
        entry = f"entry {list(self.worst_index)}" if self.worst_index else "value"
        return (
            f"gradient {verdict}: relative error {self.relative_error:.1e} {sign} {self.tolerance:g}\n"
            f"  worst {entry}: given {given}, central difference {numerical}"
        )


def check_gradient(
    f: Callable[[Array], Any], x: ArrayLike, gradient: ArrayLike, *, tolerance: float = 1e-6
) -> GradientCheck:
    """Compare a gradient with the central difference of f at x.

    Parameters
    ----------
    f : callable
        Takes an array of x's shape, returns one number.
    x : real array, any shape
        Where.
    gradient : array of x's shape
        The gradient to be checked.
    tolerance : float
        The largest `relative_error` that passes.

    Returns
    -------
    GradientCheck
        True where the gradient passed.

    Raises
    ------
    ValueError
        If the gradient has another shape than x.

    Examples
    --------
    >>> print(check_gradient(lambda x: (x**2).sum(), [1.0, 3.0], [2.0, 3.0]))
    gradient is wrong: relative error 5.0e-01 > 1e-06
      worst entry [1]: given 3, central difference 6
    """
    gradient = check_real(as_float_array(gradient, "gradient"), "gradient")
    check_same_shape(gradient, np.asarray(x), "gradient", "x")
    numerical = numerical_gradient(f, x)
    error = relative_error(gradient, numerical)
    worst = worst_entry(gradient, numerical)
    return GradientCheck(
        passed=bool(error <= check_positive(tolerance, "tolerance")),
        relative_error=error,
        tolerance=tolerance,
        worst_index=tuple(int(i) for i in worst),
        given=float(gradient[worst]),
        numerical=float(numerical[worst]),
    )


def _one_number(value):
    value = as_float_array(value, "f(x)")
    if value.shape != ():
        raise ValueError(f"f(x): expected one number, got shape {value.shape}; numerical_jacobian takes arrays")
    return value


def _differences(f, x, method, step, checked):
    """Derivatives of f along each coordinate of x in turn, as a list."""
    rules = {"central": _central, "forward": _forward, "complex": _complex_step}
    check_callable(f, "f")
    if not isinstance(method, str) or method not in rules:
        raise ValueError(f"method: expected one of {', '.join(rules)}, got {method!r}")
    if step is not None:
        check_positive(step, "step")

    def value(point):
        # A copy: f may write into its argument or return the same array every time.
        result = checked(f(point.copy()))
        return result.copy() if method == "complex" else check_real(result, "f(x)").copy()

    return rules[method](value, x, step)


def _moved(x, i, amount):
    """Copy of x with ``amount`` added to its i-th entry, counted along the flattened array."""
    moved = x.astype(np.result_type(x.dtype, np.complex64)) if isinstance(amount, complex) else x.copy()
    moved.flat[i] += amount
    if moved.flat[i] == x.flat[i]:
        raise ValueError(f"step: expected one that changes x, got {amount}, which is lost beside {x.flat[i]}")
    return moved


def _steps(x, step, power):
    eps = np.finfo(x.dtype).eps
    return [step or eps**power * max(1.0, abs(float(entry))) for entry in x.flat]


def _central(f, x, step):
    columns = []
    for i, h in enumerate(_steps(x, step, 1 / 3)):
        right, left = _moved(x, i, h), _moved(x, i, -h)
        # x + h is rounded; dividing by the distance that was really walked removes that error.
        columns.append((f(right) - f(left)) / (right.flat[i] - left.flat[i]))
    return columns


def _forward(f, x, step):
    here, columns = f(x), []
    for i, h in enumerate(_steps(x, step, 1 / 2)):
        right = _moved(x, i, h)
        columns.append((f(right) - here) / (right.flat[i] - x.flat[i]))
    return columns


def _complex_step(f, x, step):
    h = step or 1e-30
    columns = []
    for i in range(x.size):
        value = f(_moved(x, i, complex(0.0, h)))
        if value.dtype.kind != "c":
            raise TypeError("f: the complex step needs a complex result, got a real one; is f analytic throughout?")
        columns.append(value.imag / h)
    return columns
