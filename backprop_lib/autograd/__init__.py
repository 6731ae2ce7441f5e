"""The book's own automatic differentiation, twice: for numbers (`Value`) and for arrays (`Tensor`).

Both record a graph while they compute and walk it backwards. Neither knows a derivative that was worked out for the
layers: every operation brings its own rule, so what is derived by hand can be checked against it.

====================  ========================================================================
``scalar``            Value
``tensor``            Tensor, and how an operation is recorded
``backward``          the walk back through the graph of tensors
``operands``          numbers, arrays and tensors of several dtypes as operands
``elementwise``       arithmetic, exp, log, ..., relu, clip, where
``reductions``        sum, mean, max, norm, log_softmax, cross_entropy
``shapes``            reshape, transpose, indexing, concatenate, stack, and the matrix product
``checkpointing``     checkpoint
``graphs``            graph: nodes and edges as plain data
====================  ========================================================================
"""

from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.checkpointing import checkpoint
from backprop_lib.autograd.elementwise import (
    abs,
    add,
    clip,
    divide,
    exp,
    gelu,
    leaky_relu,
    log,
    multiply,
    negative,
    power,
    relu,
    sigmoid,
    softplus,
    sqrt,
    subtract,
    tanh,
    where,
)
from backprop_lib.autograd.graphs import Graph, Node, graph
from backprop_lib.autograd.reductions import cross_entropy, log_softmax, max, mean, norm, sum
from backprop_lib.autograd.scalar import Value
from backprop_lib.autograd.shapes import concatenate, getitem, matmul, reshape, stack, transpose
from backprop_lib.autograd.tensor import Tensor, no_grad, record

__all__ = [
    "Graph",
    "Node",
    "Tensor",
    "Value",
    "abs",
    "add",
    "checkpoint",
    "clip",
    "concatenate",
    "cross_entropy",
    "divide",
    "exp",
    "gelu",
    "getitem",
    "graph",
    "leaky_relu",
    "log",
    "log_softmax",
    "matmul",
    "max",
    "mean",
    "multiply",
    "negative",
    "no_grad",
    "norm",
    "power",
    "record",
    "relu",
    "reshape",
    "sigmoid",
    "softplus",
    "sqrt",
    "stack",
    "subtract",
    "sum",
    "tanh",
    "transpose",
    "unbroadcast",
    "where",
]
