"""The optimisers' defaults are the documented ones, which are PyTorch's."""

import numpy as np
import pytest

from backprop_lib import SGD, Adam, AdamW, Parameter, RMSProp

DEFAULTS = {
    SGD: {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
    RMSProp: {"learning_rate": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0},
    Adam: {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0},
    AdamW: {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01},
}


def path(optimizer, **options):
    """Where two steps lead. One gradient is of the size of eps, so that eps shows."""
    parameter = Parameter(np.array([1.0, -2.0]))
    optimizer = optimizer([parameter], **options)
    for gradient in [0.5, 1e-8], [-0.25, 3e-8]:
        parameter.grad = np.array(gradient)
        optimizer.step()
    return parameter.data


@pytest.mark.parametrize("optimizer", DEFAULTS, ids=lambda optimizer: optimizer.__name__)
def test_defaults_are_the_documented_ones(optimizer):
    needed = {"learning_rate": 0.1} if optimizer is SGD else {}
    np.testing.assert_array_equal(path(optimizer, **needed), path(optimizer, **needed, **DEFAULTS[optimizer]))
