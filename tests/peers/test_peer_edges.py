"""Infinities, zeros and NaN: every operation of the array engine, alone and behind every other, beside PyTorch.

Where the two differ, the book's convention is another, and it is stated here: where the forward pass is NaN, so is the
gradient; and what was not taken, as by |x| at 0, receives 0 even from an infinite slope.
"""

import importlib
import math
from itertools import product

import numpy as np
import pytest

from backprop_lib import Tensor
from backprop_lib import autograd as ag

INF, NAN = np.inf, np.nan
POINTS = np.array([-INF, -2.0, -1.0, 0.0, 0.5, 1.0, 2.0, INF, NAN])


def functions():
    """{name: (ours, PyTorch's)} of one operand, each of every entry by itself."""
    torch = importlib.import_module("torch")
    functional = torch.nn.functional
    found = {name: (getattr(ag, name), getattr(torch, name)) for name in ("exp", "log", "log1p", "sqrt", "sin", "cos")}
    found |= {name: (getattr(ag, name), getattr(torch, name)) for name in ("tanh", "sigmoid", "relu", "abs")}
    found |= {f"**{e}": (lambda x, e=e: x**e,) * 2 for e in (0, 1, 2, 3, -1, 1.5, 0.25, -0.75)}
    found |= {f"{a}**": (lambda x, a=a: a**x,) * 2 for a in (0.0, 1.0, 2.0)}
    return found | {
        "leaky_relu": (ag.leaky_relu, functional.leaky_relu),
        "softplus": (ag.softplus, lambda x: functional.softplus(x, threshold=50)),
        "gelu": (ag.gelu, lambda x: functional.gelu(x, approximate="tanh")),
        "clip": (lambda x: x.clip(-1.0, 1.0), lambda x: x.clamp(-1.0, 1.0)),
        "clip from below": (lambda x: x.clip(0.0), lambda x: x.clamp(0.0)),
        "clip from above": (lambda x: x.clip(high=0.0), lambda x: x.clamp(max=0.0)),
        "maximum": (lambda x: x.maximum(0.0), lambda x: torch.maximum(x, torch.zeros_like(x))),
        "minimum": (lambda x: x.minimum(0.0), lambda x: torch.minimum(x, torch.zeros_like(x))),
        "where": (lambda x: ag.where(x > 0, x, 0.0), lambda x: torch.where(x > 0, x, 0.0)),
        "negative": (lambda x: -x,) * 2,
        "reciprocal": (lambda x: 1.0 / x,) * 2,
    }


def both(torch, ours, theirs, *arrays):
    """Value and gradients, of ours and of PyTorch's."""
    tensors = [Tensor(array.copy(), requires_grad=True) for array in arrays]
    with np.errstate(all="ignore"):
        y = ours(*tensors)
        y.backward(np.ones(y.shape))
    peers = [torch.tensor(array, requires_grad=True) for array in arrays]
    z = theirs(*peers)
    z.sum().backward()
    return [y.data, *(one.grad for one in tensors)], [z.detach().numpy(), *(one.grad.numpy() for one in peers)]


def differ(ours, theirs):
    """Where the two are not one number: both NaN, both the same infinity, or nearly equal."""
    return ~np.isclose(ours, theirs, rtol=1e-9, atol=1e-15, equal_nan=True)


def test_every_function_at_the_edges(torch):
    wrong = {}
    for name, (ours, theirs) in functions().items():
        (value, grad), (value_of_peer, grad_of_peer) = both(torch, ours, theirs, POINTS)
        is_gelu_at_infinity = (name == "gelu") & np.isinf(POINTS)  # where PyTorch's value or gradient is NaN
        shows = np.isnan(value) & np.isnan(grad)  # also where PyTorch hides it
        excused = is_gelu_at_infinity | shows
        wrong |= {(name, x, "value"): 0 for x in POINTS[differ(value, value_of_peer) & ~is_gelu_at_infinity]}
        wrong |= {(name, x, "gradient"): 0 for x in POINTS[differ(grad, grad_of_peer) & ~excused]}
    assert wrong == {}


def test_gelu_at_infinity_is_its_limit(torch):
    ours, theirs = functions()["gelu"]
    (value, grad), (value_of_peer, grad_of_peer) = both(torch, ours, theirs, np.array([-INF, INF]))
    assert (value.tolist(), grad.tolist()) == ([0.0, INF], [0.0, 1.0])
    assert np.isnan([*value_of_peer[:1], *grad_of_peer]).all()


def test_every_function_behind_every_other(torch):
    wrong = {}
    points = POINTS[~np.isnan(POINTS)]
    named = {name: pair for name, pair in functions().items() if name != "gelu"}
    for (inner, (f, f_of_peer)), (outer, (g, g_of_peer)) in product(named.items(), repeat=2):
        ours, theirs = (lambda x, f=f, g=g: g(f(x))), (lambda x, f=f_of_peer, g=g_of_peer: g(f(x)))
        (value, grad), (value_of_peer, grad_of_peer) = both(torch, ours, theirs, points)
        (inside, slope), _ = both(torch, f, f_of_peer, points)
        shows = np.isnan(inside) & np.isnan(grad)  # NaN on the way, which PyTorch's outer function may hide
        selects = (slope == 0) & (grad == 0) & np.isnan(grad_of_peer) & (inner in ("abs", "0.0**"))
        wrong |= {(outer, inner, x): "value" for x in points[differ(value, value_of_peer)]}
        wrong |= {(outer, inner, x): "gradient" for x in points[differ(grad, grad_of_peer) & ~shows & ~selects]}
    assert wrong == {}


ROWS = [[INF, 1.0], [-INF, 1.0], [INF, INF], [-INF, -INF], [INF, -INF, 0.0], [NAN, 1.0], [0.0, 0.0], [0.0, 2.0, 0.0]]
ROWS += [[0.5, 0.5, 0.5], [1e300, 1e300], [-1e300, 1e300], [INF, 0.0], [1.0], [3.0, -1.0, 2.0]]
REDUCTIONS = ["sum", "mean", "max", "min", "prod", "norm", "logsumexp", "softmax", "log_softmax", "var", "std"]


def reductions(torch):
    """{name: (ours, PyTorch's)} of one row."""
    found = {name: (getattr(ag, name), getattr(torch, name)) for name in ("sum", "mean", "prod")}
    return found | {
        "max": (ag.max, torch.amax),
        "min": (ag.min, torch.amin),
        "norm": (ag.norm, torch.linalg.vector_norm),
        "logsumexp": (ag.logsumexp, lambda x: torch.logsumexp(x, dim=0)),
        "softmax": (ag.softmax, lambda x: torch.softmax(x, dim=0)),
        "log_softmax": (ag.log_softmax, lambda x: torch.log_softmax(x, dim=0)),
        "var": (ag.var, lambda x: torch.var(x, correction=0)),
        "std": (ag.std, lambda x: torch.std(x, correction=0)),
    }


@pytest.mark.parametrize("row", ROWS, ids=repr)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_at_the_edges(torch, name, row):
    ours, theirs = both(torch, *reductions(torch)[name], np.array(row))
    if name in ("var", "std") and not np.isfinite(row).all():  # NaN, of which PyTorch leaves some slopes infinite
        assert np.isnan([ours[0], theirs[0]]).all()
        assert not np.isfinite(ours[1]).any()
    elif name == "prod" and not np.isfinite(theirs[1]).all():  # PyTorch divides the product by the entry
        others = [math.prod(row[:i] + row[i + 1 :]) for i in range(len(row))]
        np.testing.assert_array_equal(ours[1], others)
    elif name in ("norm", "std") and np.abs(row).max() == 1e300:  # PyTorch squares what is too large for that
        assert np.isfinite([ours[0], *ours[1]]).all()
    elif name == "var" and np.abs(row).max() == 1e300 and len(set(row)) > 1:
        assert ours[0] == theirs[0] == INF
    else:
        for a, b in zip(ours, theirs, strict=True):
            assert not differ(a, b).any(), (a, b)


PAIRS = {
    "add": (lambda x, y: x + y,) * 2,
    "subtract": (lambda x, y: x - y,) * 2,
    "multiply": (lambda x, y: x * y,) * 2,
    "divide": (lambda x, y: x / y,) * 2,
    "power": (lambda x, y: x**y,) * 2,
}


@pytest.mark.parametrize("name", [*PAIRS, "maximum", "minimum"])
def test_pairs_at_the_edges(torch, name):
    ours, theirs = PAIRS.get(name) or (getattr(ag, name), getattr(torch, name))
    numbers = np.array([-INF, -2.0, -1.0, 0.0, 0.25, 1.0, 1.5, 2.0, 3.0, INF, NAN])
    x, y = (side.ravel() for side in np.meshgrid(numbers, numbers))
    (value, *grads), (value_of_peer, *grads_of_peer) = both(torch, ours, theirs, x, y)
    assert not differ(value, value_of_peer).any()
    shows = np.isnan(value) & (name in ("maximum", "minimum"))  # PyTorch hands the gradient to both
    for grad, grad_of_peer in zip(grads, grads_of_peer, strict=True):
        assert np.isnan(grad[shows]).all()
        wrong = differ(grad, grad_of_peer) & ~shows
        assert not wrong.any(), list(zip(x[wrong], y[wrong], grad[wrong], grad_of_peer[wrong], strict=True))
