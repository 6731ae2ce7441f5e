"""The book's own automatic differentiation, twice: for numbers (`Value`) and for arrays (`Tensor`).

Both record a graph while they compute and walk it backwards. Neither knows a derivative that was worked out for the
layers: every operation brings its own rule, so what is derived by hand can be checked against it.

====================  ========================================================================
``scalar``            Value
``tensor``            Tensor, and how an operation is recorded
``conversions``       a tensor as a number, a text, a pickle; and what NumPy may not do with it
``recording``         no_grad, and the clock that notices changes
``backward``          the walk back through the graph of tensors
``operands``          numbers, arrays and tensors of several dtypes as operands
``arithmetic``        + - * / ** and their operators
``elementwise``       exp, log, sin, ..., sigmoid, gelu: smooth functions of every entry
``selections``        relu, abs, clip, where, maximum, max, ...: what hands on or keeps back
``reductions``        sum, mean, prod, norm, var, std
``probabilities``     softmax, log_softmax, logsumexp, cross_entropy
``products``          the matrix product, and einsum
``shapes``            reshape, transpose, indexing, split, concatenate, stack
``checkpointing``     checkpoint
``graphs``            graph: nodes and edges as plain data
====================  ========================================================================
"""

from backprop_lib._stable import masked
from backprop_lib.autograd.arithmetic import add, divide, multiply, negative, power, subtract
from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.checkpointing import checkpoint
from backprop_lib.autograd.elementwise import cos, exp, gelu, log, log1p, sigmoid, sin, softplus, sqrt, tanh
from backprop_lib.autograd.graphs import Graph, Node, graph
from backprop_lib.autograd.probabilities import cross_entropy, log_softmax, logsumexp, softmax
from backprop_lib.autograd.products import einsum, matmul
from backprop_lib.autograd.recording import no_grad
from backprop_lib.autograd.reductions import mean, norm, prod, std, sum, var
from backprop_lib.autograd.scalar import Value
from backprop_lib.autograd.selections import abs, clip, leaky_relu, max, maximum, min, minimum, relu, where
from backprop_lib.autograd.shapes import concatenate, flatten, getitem, reshape, split, squeeze, stack, transpose
from backprop_lib.autograd.tensor import Tensor, record

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
    "cos",
    "cross_entropy",
    "divide",
    "einsum",
    "exp",
    "flatten",
    "gelu",
    "getitem",
    "graph",
    "leaky_relu",
    "log",
    "log1p",
    "log_softmax",
    "logsumexp",
    "masked",
    "matmul",
    "max",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "no_grad",
    "norm",
    "power",
    "prod",
    "record",
    "relu",
    "reshape",
    "sigmoid",
    "sin",
    "softmax",
    "softplus",
    "split",
    "sqrt",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "tanh",
    "transpose",
    "unbroadcast",
    "var",
    "where",
]
