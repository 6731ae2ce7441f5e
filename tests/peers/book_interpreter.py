"""Programs in the book's own engine, `backprop_lib.autograd`, run in every way that it offers."""

import operator

import numpy as np

from backprop_lib import autograd
from backprop_lib.autograd import Tensor
from tests.peers.graph_comparison import Outcome
from tests.peers.graph_programs import ARRAY, NUMBER, VARIABLE
from tests.peers.numpy_operations import COMPARISONS


def run(program):
    """Values and gradients of all nodes, from one backward pass."""
    return _run(program, FUNCTIONS)


def run_methods(program):
    """The same, by methods where there are methods."""
    return _run(program, METHODS)


def _run(program, operations):
    nodes = program.nodes(operations, _leaves(program))
    _loss(program, nodes).backward(retain_graph=True)
    values = [np.asarray(node.data if isinstance(node, Tensor) else node) for node in nodes]
    return Outcome(values, _gradients(nodes))


def run_by_output(program):
    """Gradients of the variables, added up by one backward pass from each output."""
    leaves = _leaves(program)
    nodes = program.nodes(FUNCTIONS, leaves)
    *others, last = program.weights
    for i in others:
        nodes[i].backward(program.weights[i], retain_graph=True)
    nodes[last].backward(program.weights[last])
    return Outcome([], _gradients(leaves))


def run_by_checkpoint(program):
    """Gradients of the variables where nothing but the loss is kept, and backward computes the program once more."""
    leaves = _leaves(program)
    variables = program.indices(VARIABLE)

    def loss(*tensors):
        given = dict(zip(variables, tensors, strict=True))
        return _loss(program, program.nodes(FUNCTIONS, [given.get(i, leaf) for i, leaf in enumerate(leaves)]))

    autograd.checkpoint(loss, *[leaves[i] for i in variables]).backward()
    reached = program.reached()  # the others receive zeros
    return Outcome([], {i: grad for i, grad in _gradients(leaves).items() if i in reached or grad.any()})


def _gradients(nodes):
    return {i: node.grad for i, node in enumerate(nodes) if isinstance(node, Tensor) and node.grad is not None}


def _leaves(program):
    return [_leaf(leaf) for leaf in program.leaves]


def _leaf(leaf):
    if leaf.kind == NUMBER:
        return float(leaf.data)
    return leaf.data if leaf.kind == ARRAY else Tensor(leaf.data, requires_grad=leaf.kind == VARIABLE)


def _loss(program, nodes):
    return sum((nodes[i] * weights).sum() for i, weights in program.weights.items())


def _transpose(x, axes):
    return autograd.transpose(x, *axes) if axes else x.T


NAMED = ["exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "sigmoid", "relu", "leaky_relu", "softplus", "gelu"]
NAMED += ["abs", "clip", "maximum", "minimum", "sum", "mean", "max", "min", "prod", "norm", "var", "std", "logsumexp"]
NAMED += ["flatten", "squeeze", "softmax", "log_softmax", "cross_entropy"]

FUNCTIONS = {
    "neg": operator.neg,
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "pow": operator.pow,
    "pow_number": lambda x, exponent: x**exponent,
    "matmul": operator.matmul,
    "where": lambda a, b, *, condition: autograd.where(condition, a, b),
    "where_compared": lambda x, y, a, b, *, sign: autograd.where(COMPARISONS[sign](x, y), a, b),
    "detach": Tensor.detach,
    "reshape": lambda x, shape: autograd.reshape(x, shape),
    "split": lambda x, parts, axis, which: autograd.split(x, parts, axis)[which],
    "einsum": lambda *tensors, subscripts: autograd.einsum(subscripts, *tensors),
    "transpose": _transpose,
    "index": lambda x, index: x[index],
    "concatenate": lambda *tensors, axis: autograd.concatenate(tensors, axis),
    "stack": lambda *tensors, axis: autograd.stack(tensors, axis),
} | {name: getattr(autograd, name) for name in NAMED}

METHODS = (
    FUNCTIONS
    | {name: getattr(Tensor, name) for name in NAMED if name not in ("maximum", "minimum")}  # a number may come first
    | {"reshape": lambda x, shape: x.reshape(*shape or [()]), "transpose": lambda x, axes: x.transpose(*axes)}
)
