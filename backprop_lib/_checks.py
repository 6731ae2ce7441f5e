"""Checks that turn bad input into a clear error, and the names of types for hints.

Nothing here knows about networks. A check returns the array, so that it can stand where the array is used.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

# Type hints name no shapes and no dtypes: the docstrings do, and the functions below check them.
Array = NDArray[Any]
AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

FLOATING = "fdgFDG"  # NumPy's letters of the real and complex floating dtypes, float16 left out
NO_FLOAT16 = "sums of float16 overflow at 65504 and lose what is small: compute in float32, and round at the end"


def as_float_array(value: ArrayLike, name: object, beside: DTypeLike = np.float64) -> Array:
    """Return ``value`` as a real or complex floating array.

    Integers and booleans become what NumPy makes of them beside an array of dtype ``beside``: beside float32, those of
    up to 16 bits become float32 and larger ones float64.

    Raises
    ------
    TypeError
        If the array holds anything else: objects, strings, dates; or float16.
    ValueError
        If it is a list of lists of different lengths.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: expected numbers in rows of one length, got another: {error}") from None
    if array.dtype.char in FLOATING:
        return array
    if array.dtype == np.float16:
        raise TypeError(f"{name}: expected float32 or float64, got float16; {NO_FLOAT16}")
    if array.dtype.kind in "iub":
        return array.astype(np.result_type(array, beside))
    hint = "; pass its .data" if hasattr(value, "grad") else ""  # a Parameter, a Value
    raise TypeError(f"{name}: expected an array of numbers, got dtype {array.dtype}{hint}")


def as_batch(value: ArrayLike, name: object, n_features: int | None = None, beside: DTypeLike = np.float64) -> Array:
    """Return ``value`` as a batch of rows, shape (B, n_features) with B >= 1.

    Raises
    ------
    ValueError
        If it is not two-dimensional, has no rows, or has another number of columns.
    """
    array = as_float_array(value, name, beside)
    wanted = f"(B, {'n' if n_features is None else n_features})"
    if array.ndim != 2:
        hint = "; a single sample x is the batch x[None, :]" if array.ndim == 1 else ""
        raise ValueError(f"{name}: expected a batch of shape {wanted}, got shape {array.shape}{hint}")
    if n_features is not None and array.shape[1] != n_features:
        raise ValueError(f"{name}: expected a batch of shape {wanted}, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one row and one column, got shape {array.shape}")
    return array


def as_rows(value: ArrayLike, name: object, n_features: int | None = None, beside: DTypeLike = np.float64) -> Array:
    """Return ``value`` as rows, shape (B, ..., n_features) with something in it: a batch, or a batch of sequences.

    Raises
    ------
    ValueError
        If it has less than two axes, one of length 0, or another number of columns.
    """
    array = as_float_array(value, name, beside)
    if array.ndim < 2 or array.size == 0 or n_features not in (None, array.shape[-1]):
        wanted = f"(B, ..., {'n' if n_features is None else n_features})"
        hint = "; a single sample x is the batch x[None, :]" if array.ndim == 1 else ""
        raise ValueError(
            f"{name}: expected a batch of shape {wanted} with no axis of length 0, got shape {array.shape}{hint}"
        )
    return array


def as_labels(labels: ArrayLike, *shape: int, ignore: int | None = None) -> Array:
    """Return ``labels`` as integers from 0 to C - 1, or ``ignore``, one for each row of a shape (B, ..., C).

    Raises
    ------
    TypeError
        If the labels are not integers.
    ValueError
        If there are more or fewer labels than rows, or one is out of range.
    """
    labels = np.asarray(labels)
    rows, n_classes = shape[:-1], shape[-1]
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels: expected integers, got dtype {labels.dtype}")
    if labels.shape != rows:
        raise ValueError(f"labels: expected shape {rows}, one per row, got shape {labels.shape}")
    counted = labels if ignore is None else labels[labels != ignore]
    # Without its sign a negative label is a huge one, so that one comparison finds both.
    if counted.size and counted.astype(np.uint64).max() >= n_classes:
        raise ValueError(
            f"labels: expected values from 0 to {n_classes - 1}, got values from {counted.min()} to {counted.max()}"
        )
    return labels


def check_same_shape(array: Array, other: Array, name: str, other_name: str) -> None:
    """Raise ValueError unless both arrays have one shape: what differs would broadcast into a wrong answer."""
    if array.shape != other.shape:
        raise ValueError(f"{name}: expected shape {other.shape} as {other_name} has, got shape {array.shape}")


def check_state(state: Mapping[str, ArrayLike], like: Mapping[str, Array | None], owner: object) -> None:
    """Raise unless ``state`` has the names of ``like``, and under each an array of the same shape and dtype, if any."""
    if not isinstance(state, Mapping):
        raise TypeError(f"{owner}: expected a dict of arrays, as state_dict() returns it, got {type(state).__name__}")
    missing, unexpected = [n for n in like if n not in state], [str(n) for n in state if n not in like]
    if missing or unexpected:
        raise ValueError(
            f"{owner}: expected the names of its own state_dict(), "
            f"got {', '.join(missing) or 'none'} missing and {', '.join(unexpected) or 'none'} unexpected"
        )
    for name, own in like.items():
        array = np.asarray(state[name])
        if own is not None and (array.shape, array.dtype) != (own.shape, own.dtype):
            raise ValueError(
                f"{owner}: {name}: expected shape {own.shape} and dtype {own.dtype}, "
                f"got {array.shape} and {array.dtype}"
            )


def check_finite(array: Array, name: str) -> None:
    """Raise ValueError that names the first entry which is NaN or infinite."""
    finite = np.isfinite(array)
    if not finite.all():
        index = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(f"{name}: expected finite numbers, got {array[index]} at index {index}")


def check_real(array: Array, name: str) -> Array:
    """Return ``array``; raise TypeError where it is complex."""
    if array.dtype.kind == "c":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    return array


def as_finite_reals(value: ArrayLike, name: str) -> Array:
    """Return ``value`` as a real floating array with at least one entry, all of them finite."""
    array = check_real(as_float_array(value, name), name)
    if array.size == 0:
        raise ValueError(f"{name}: expected at least one entry, got shape {array.shape}")
    check_finite(array, name)
    return array


def is_real_number(value: object) -> bool:
    """Whether ``value`` is one real number, Python's or NumPy's; a truth value counts as none."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_positive(value: Any, name: str) -> float:
    """Return ``value`` as a float; raise unless it is one finite number above zero."""
    if not is_real_number(value):
        raise TypeError(f"{name}: expected a positive number, got {value!r}")
    if not 0 < value < math.inf:  # NaN fails every comparison
        raise ValueError(f"{name}: expected a positive finite number, got {value!r}")
    return float(value)


def check_from_zero(value: Any, name: str, below: float = math.inf) -> float:
    """Return ``value`` as a float; raise unless it is one number with 0 <= value < below."""
    wanted = "a number of at least 0" + (f" and below {below:g}" if below < math.inf else "")
    if not is_real_number(value):
        raise TypeError(f"{name}: expected {wanted}, got {value!r}")
    if not 0 <= value < below:
        raise ValueError(f"{name}: expected {wanted}, got {value!r}")
    return float(value)


def check_count(value: Any, name: str) -> int:
    """Return ``value`` as an int; raise unless it is a whole number of at least 1."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name}: expected a whole number of at least 1, got {value}")
    return int(value)


def check_callable(value: AnyFunction, name: str) -> AnyFunction:
    """Return ``value``; raise TypeError unless it can be called."""
    if not callable(value):
        raise TypeError(f"{name}: expected a function, got {value!r}")
    return value


def check_flag(value: bool, name: str) -> bool:
    """Return ``value``, Python's truth value for NumPy's; raise TypeError unless it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {value!r}")
    return bool(value)


def check_rng(rng: np.random.Generator) -> np.random.Generator:
    """Return ``rng``; raise TypeError unless it is a numpy.random.Generator."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng: expected a numpy.random.Generator, np.random.default_rng(0) say, got {rng!r}")
    return rng
