"""Programs in PyTorch."""

import operator

import numpy as np
import torch
from torch.nn import functional

from tests.peers.graph_comparison import Outcome
from tests.peers.graph_programs import NUMBER, VARIABLE
from tests.peers.numpy_operations import COMPARISONS


def run(program):
    """Values and gradients of all nodes."""
    leaves = [_leaf(leaf) for leaf in program.leaves]
    nodes = program.nodes(OPERATIONS, leaves)
    loss = sum((nodes[i] * torch.tensor(weights)).sum() for i, weights in program.weights.items())
    wanted = [i for i, node in enumerate(nodes) if torch.is_tensor(node) and node.requires_grad]
    gradients = torch.autograd.grad(loss, [nodes[i] for i in wanted], allow_unused=True)
    gradients = {i: grad.numpy() for i, grad in zip(wanted, gradients, strict=True) if grad is not None}
    values = [node.detach().numpy() if torch.is_tensor(node) else np.asarray(node) for node in nodes]
    return Outcome(values, gradients)


def _leaf(leaf):
    if leaf.kind == NUMBER:
        return float(leaf.data)
    return torch.tensor(leaf.data, requires_grad=leaf.kind == VARIABLE)


def _axes(x, axis):
    return tuple(range(x.ndim)) if axis is None else axis


def _reduction(function):
    return lambda x, axis, keepdims: function(x, dim=_axes(x, axis), keepdim=keepdims)


def _prod(x, axis, keepdims):
    axes = sorted((i % x.ndim for i in np.atleast_1d(_axes(x, axis)).astype(int)), reverse=True)
    x = x.clone()  # a node of its own without axes, too
    for i in axes:  # PyTorch takes one axis at a time
        x = torch.prod(x, dim=i, keepdim=keepdims)
    return x


def _deviation(function):
    return lambda x, axis, keepdims, ddof: function(x, dim=_axes(x, axis), correction=ddof, keepdim=keepdims)


def _split(x, parts, axis, which):
    return torch.tensor_split(x, parts, dim=axis)[which]  # PyTorch's split takes the length of a part


def _tensors(x, y):
    """A number beside a tensor as one of its dtype."""
    return [one if torch.is_tensor(one) else torch.tensor(one, dtype=(x if one is y else y).dtype) for one in (x, y)]


def _where(a, b, *, condition):
    return torch.where(torch.as_tensor(condition), a, b)


def _index(x, index):
    # PyTorch knows no negative steps; the positions of the wanted entries in the flat array say the same.
    positions = np.arange(x.numel()).reshape(x.shape)[index]
    return x.reshape(-1)[torch.tensor(positions.copy())]


OPERATIONS = {
    "neg": operator.neg,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "pow_number": lambda x, exponent: x**exponent,
    "matmul": operator.matmul,
    "exp": torch.exp,
    "log": torch.log,
    "log1p": torch.log1p,
    "sin": torch.sin,
    "cos": torch.cos,
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda x: functional.softplus(x, threshold=50),  # above the usual 20 it returns x, 2e-9 off
    "gelu": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "abs": torch.abs,
    "clip": lambda x, low, high: torch.clamp(x, low, high),
    "maximum": lambda x, y: torch.maximum(*_tensors(x, y)),
    "minimum": lambda x, y: torch.minimum(*_tensors(x, y)),
    "einsum": lambda *tensors, subscripts: torch.einsum(subscripts, *tensors),
    "where": _where,
    "where_compared": lambda x, y, a, b, *, sign: _where(a, b, condition=COMPARISONS[sign](x, y)),
    "detach": torch.detach,
    "sum": _reduction(torch.sum),
    "mean": _reduction(torch.mean),
    "max": _reduction(torch.amax),
    "min": _reduction(torch.amin),
    "prod": _prod,
    "norm": _reduction(torch.linalg.vector_norm),
    "var": _deviation(torch.var),
    "std": _deviation(torch.std),
    "logsumexp": _reduction(torch.logsumexp),
    "flatten": lambda x: torch.reshape(x, (-1,)),
    "squeeze": lambda x, axis: torch.squeeze(x) if axis is None else torch.squeeze(x, axis),
    "split": _split,
    "reshape": torch.reshape,
    "transpose": lambda x, axes: x.permute(axes or tuple(reversed(range(x.ndim)))),
    "index": _index,
    "concatenate": lambda *tensors, axis: torch.cat(tensors, axis),
    "stack": lambda *tensors, axis: torch.stack(tensors, axis),
    "softmax": lambda x, axis: functional.softmax(x, dim=axis),
    "log_softmax": lambda x, axis: functional.log_softmax(x, dim=axis),
    "cross_entropy": lambda logits, labels: functional.cross_entropy(logits, torch.tensor(labels)),
}
