"""Where the weights start: random matrices whose scale keeps signals from shrinking or growing.

Shapes are (out, in), as `Linear` stores its weight; fan_in is the second number, fan_out the first.
"""

from __future__ import annotations

import numpy as np

from backprop_lib._checks import Array, check_count, check_rng


def xavier_uniform(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Uniform on (-a, a), a = sqrt(6 / (fan_in + fan_out)); variance 2 / (fan_in + fan_out).

    Glorot and Bengio (2010), equation 16.

    Parameters
    ----------
    shape : tuple (fan_out, fan_in)
        Of the weights.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    array (fan_out, fan_in)
        Of float64.

    Examples
    --------
    >>> W = xavier_uniform((3, 5), rng=np.random.default_rng(0))
    >>> W.shape, bool(abs(W).max() < np.sqrt(6 / (3 + 5)))
    ((3, 5), True)
    """
    fan_out, fan_in = _checked(shape, rng)
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_out, fan_in))


def xavier_normal(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Normal with variance 2 / (fan_in + fan_out). Glorot and Bengio (2010).

    Parameters
    ----------
    shape : tuple (fan_out, fan_in)
        Of the weights.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    array (fan_out, fan_in)
        Of float64.
    """
    fan_out, fan_in = _checked(shape, rng)
    return rng.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), size=(fan_out, fan_in))


def he_uniform(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Uniform on (-a, a), a = sqrt(6 / fan_in); variance 2 / fan_in, for ReLU.

    He et al. (2015), equation 10.

    Parameters
    ----------
    shape : tuple (fan_out, fan_in)
        Of the weights.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    array (fan_out, fan_in)
        Of float64.
    """
    fan_out, fan_in = _checked(shape, rng)
    bound = np.sqrt(6.0 / fan_in)
    return rng.uniform(-bound, bound, size=(fan_out, fan_in))


def he_normal(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Normal with variance 2 / fan_in, for ReLU.

    He et al. (2015), equation 10.

    Parameters
    ----------
    shape : tuple (fan_out, fan_in)
        Of the weights.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    array (fan_out, fan_in)
        Of float64.
    """
    fan_out, fan_in = _checked(shape, rng)
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_out, fan_in))


def orthogonal(shape: tuple[int, int], *, rng: np.random.Generator) -> Array:
    """Orthonormal rows or columns, whichever are fewer; every singular value is 1.

    The signs of R's diagonal are moved into Q, without which the result is not uniform over rotations. Saxe et al.
    (2014).

    Parameters
    ----------
    shape : tuple (fan_out, fan_in)
        Of the weights.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    array (fan_out, fan_in)
        Of float64.

    Examples
    --------
    >>> Q = orthogonal((2, 3), rng=np.random.default_rng(0))
    >>> bool(np.allclose(Q @ Q.T, np.eye(2)))
    True
    """
    fan_out, fan_in = _checked(shape, rng)
    tall = rng.normal(size=(max(fan_out, fan_in), min(fan_out, fan_in)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diag(r))
    return q if fan_out >= fan_in else np.ascontiguousarray(q.T)


def _checked(shape, rng):
    check_rng(rng)
    if not isinstance(shape, tuple) or len(shape) != 2:
        raise ValueError(f"shape: expected (out, in), got {shape!r}")
    return check_count(shape[0], "out"), check_count(shape[1], "in")
