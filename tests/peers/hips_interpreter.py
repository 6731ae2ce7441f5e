"""Programs in HIPS autograd."""

import autograd.numpy as anp
import numpy as np
from autograd import make_vjp
from autograd.tracer import getval

from tests.peers.graph_comparison import Outcome
from tests.peers.graph_programs import VARIABLE
from tests.peers.numpy_operations import numpy_operations

OPERATIONS = numpy_operations(anp, detach=getval)


def run(program):
    """Values of all nodes and gradients of the variables."""
    variables = program.indices(VARIABLE)
    values = []

    def loss(*arrays):
        leaves = [leaf.data for leaf in program.leaves]
        for i, array in zip(variables, arrays, strict=True):
            leaves[i] = array
        nodes = program.nodes(OPERATIONS, leaves)
        values.extend(np.asarray(getval(node)) for node in nodes)
        return sum(anp.sum(nodes[i] * weights) for i, weights in program.weights.items())

    vjp, _ = make_vjp(loss, tuple(range(len(variables))))(*[program.leaves[i].data for i in variables])
    with np.errstate(over="ignore"):  # its rule of tanh divides by cosh(x)^2, which is infinite for large x
        gradients = vjp(1.0)
    reached = program.reached()  # to the others it gives zeros
    return Outcome(values, {i: grad for i, grad in zip(variables, gradients, strict=True) if i in reached})
