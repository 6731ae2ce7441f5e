"""Where the weights start: random matrices whose scale keeps signals from shrinking or growing.

Shapes are (out, in), as `Linear` stores its weight; fan_in is the second number, fan_out the first.
"""

import numpy as np

from backprop_lib._arrays import check_count, check_rng


def xavier_uniform(shape, *, rng):
    """Uniform on (-a, a), a = sqrt(6 / (fan_in + fan_out)); variance 2 / (fan_in + fan_out).

    Glorot and Bengio (2010), equation 16.
    """
    fan_out, fan_in = _checked(shape, rng)
    bound = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-bound, bound, size=(fan_out, fan_in))


def xavier_normal(shape, *, rng):
    """Normal with variance 2 / (fan_in + fan_out). Glorot and Bengio (2010)."""
    fan_out, fan_in = _checked(shape, rng)
    return rng.normal(0.0, np.sqrt(2.0 / (fan_in + fan_out)), size=(fan_out, fan_in))


def he_uniform(shape, *, rng):
    """Uniform on (-a, a), a = sqrt(6 / fan_in); variance 2 / fan_in, for ReLU. He et al. (2015), equation 10."""
    fan_out, fan_in = _checked(shape, rng)
    bound = np.sqrt(6.0 / fan_in)
    return rng.uniform(-bound, bound, size=(fan_out, fan_in))


def he_normal(shape, *, rng):
    """Normal with variance 2 / fan_in, for ReLU. He et al. (2015), equation 10."""
    fan_out, fan_in = _checked(shape, rng)
    return rng.normal(0.0, np.sqrt(2.0 / fan_in), size=(fan_out, fan_in))


def orthogonal(shape, *, rng):
    """Orthonormal rows or columns, whichever are fewer; every singular value is 1. Saxe et al. (2014).

    The signs of R's diagonal are moved into Q, without which the result is not uniform over rotations.
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
