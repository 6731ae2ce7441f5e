"""Programs in PyTorch."""

import operator

import numpy as np
import torch
from graph_comparison import Outcome
from graph_programs import NUMBER, VARIABLE
from numpy_operations import COMPARISONS
from torch.nn import functional


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
    "sqrt": torch.sqrt,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "softplus": lambda x: functional.softplus(x, threshold=50),  # above the usual 20 it returns x, 2e-9 off
    "gelu": lambda x: functional.gelu(x, approximate="tanh"),
    "relu": torch.relu,
    "leaky_relu": functional.leaky_relu,
    "abs": torch.abs,
    "clip": lambda x, low, high: torch.clamp(x, low, high),
    "where": _where,
    "where_compared": lambda x, y, a, b, *, sign: _where(a, b, condition=COMPARISONS[sign](x, y)),
    "detach": torch.detach,
    "sum": _reduction(torch.sum),
    "mean": _reduction(torch.mean),
    "max": _reduction(torch.amax),
    "norm": _reduction(torch.linalg.vector_norm),
    "reshape": torch.reshape,
    "transpose": lambda x, axes: x.permute(axes or tuple(reversed(range(x.ndim)))),
    "index": _index,
    "concatenate": lambda *tensors, axis: torch.cat(tensors, axis),
    "stack": lambda *tensors, axis: torch.stack(tensors, axis),
    "log_softmax": lambda x, axis: functional.log_softmax(x, dim=axis),
    "cross_entropy": lambda logits, labels: functional.cross_entropy(logits, torch.tensor(labels)),
}
