"""A bound on the size of a step."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from backprop_lib._checks import check_positive
from backprop_lib._stable import joint_norm
from backprop_lib.optimizers.groups import checked_parameters, parameters_with_gradient


def clip_gradient_norm(parameters: Iterable[Any], max_norm: float) -> float:
    """Scale all gradients together so that their joint Euclidean norm is at most ``max_norm``.

    The direction of the step stays. Pascanu, Mikolov and Bengio (2013).

    Parameters
    ----------
    parameters : list
        As in `SGD`.
    max_norm : float
        Positive.

    Returns
    -------
    float
        The norm before clipping.

    Raises
    ------
    ValueError
        If ``max_norm`` is not positive, or no parameter has a gradient, or one is not finite.
    """
    check_positive(max_norm, "max_norm")
    moving = parameters_with_gradient(checked_parameters(parameters))
    norm = joint_norm([parameter.grad for parameter in moving])
    if not np.isfinite(norm):
        raise ValueError(f"gradient: expected a finite norm, got {norm}")
    if norm > max_norm:
        for parameter in moving:
            parameter.grad *= max_norm / norm
    return norm
