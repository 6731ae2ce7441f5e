"""The book's own automatic differentiation, twice: for numbers (`Value`) and for arrays (`Tensor`).

Both record a graph while they compute and walk it backwards. Neither knows a derivative that was worked out for the
layers: every operation brings its own rule, so what is derived by hand can be checked against it.

====================  ========================================================================
``scalar``            Value
``tensor``            Tensor, its operators and methods, and how an operation is recorded
``recorded``          the state of a tensor: data, gradient, parents
``conversions``       a tensor as a number, a text, a pickle; and what NumPy may not do with it
``recording``         no_grad, and the clock that notices changes
``backward``          the walk back through the graph of tensors
``operands``          numbers, arrays and tensors of several dtypes as operands
``operation``         what an operation is: a function of arrays and its rules
``arithmetic``        + - * / **
``elementwise``       exp, log, sin, ..., sigmoid, gelu: smooth functions of every entry
``selections``        relu, abs, clip, maximum, max, ...: what hands on or keeps back
``reductions``        sum, mean, prod, norm, var, std
``probabilities``     softmax, log_softmax, logsumexp, cross_entropy
``products``          the matrix product
``shapes``            reshape, transpose, indexing
``functions``         where, split, concatenate, stack, einsum
``checkpointing``     checkpoint
``graphs``            graph: nodes and edges as plain data
====================  ========================================================================
"""

from backprop_lib._stable import masked
from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.checkpointing import checkpoint
from backprop_lib.autograd.functions import concatenate, einsum, split, stack, where
from backprop_lib.autograd.graphs import Graph, Node, graph
from backprop_lib.autograd.recording import no_grad
from backprop_lib.autograd.scalar import Value
from backprop_lib.autograd.tensor import Tensor, add, divide, matmul, multiply, power, record, subtract

# A method is a function, too, which takes arrays and numbers.
abs = Tensor.abs
clip = Tensor.clip
cos = Tensor.cos
cross_entropy = Tensor.cross_entropy
exp = Tensor.exp
flatten = Tensor.flatten
gelu = Tensor.gelu
getitem = Tensor.__getitem__
leaky_relu = Tensor.leaky_relu
log = Tensor.log
log1p = Tensor.log1p
log_softmax = Tensor.log_softmax
logsumexp = Tensor.logsumexp
max = Tensor.max
maximum = Tensor.maximum
mean = Tensor.mean
min = Tensor.min
minimum = Tensor.minimum
negative = Tensor.negative
norm = Tensor.norm
prod = Tensor.prod
relu = Tensor.relu
reshape = Tensor.reshape
sigmoid = Tensor.sigmoid
sin = Tensor.sin
softmax = Tensor.softmax
softplus = Tensor.softplus
sqrt = Tensor.sqrt
squeeze = Tensor.squeeze
std = Tensor.std
sum = Tensor.sum
tanh = Tensor.tanh
transpose = Tensor.transpose
var = Tensor.var

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
