"""Programs: lists of array operations in a neutral form that every library can execute.

A program's nodes are numbered: first its leaves, then the result of each step. Its loss is the sum of <weights, node>
over its outputs, the results that no step uses.
"""

from dataclasses import dataclass, replace

import numpy as np

VARIABLE = "variable"  # wants a gradient
CONSTANT = "constant"  # a tensor without one
ARRAY = "array"  # a NumPy array, to stand beside tensors in an operation
NUMBER = "number"  # a Python float


@dataclass(frozen=True)
class Leaf:
    """Where a program starts: a value and the kind of operand it is."""

    kind: str
    data: np.ndarray

    def __str__(self):
        return f"{self.kind} {self.data.shape} {self.data.tolist()}"


@dataclass(frozen=True)
class Step:
    """One operation on earlier nodes."""

    operation: str
    inputs: tuple
    options: dict

    def __str__(self):
        arguments = [f"n{i}" for i in self.inputs] + [f"{name}={value!r}" for name, value in self.options.items()]
        return f"{self.operation}({', '.join(arguments)})"


@dataclass(frozen=True)
class Program:
    """Leaves, steps, and the weights {node: array} with which the outputs enter the loss."""

    seed: int
    leaves: tuple
    steps: tuple
    weights: dict

    def nodes(self, operations, leaves):
        """Values of all nodes, computed by a library's operations from its own leaves."""
        nodes = list(leaves)
        for step in self.steps:
            nodes.append(operations[step.operation](*[nodes[i] for i in step.inputs], **step.options))
        return nodes

    def indices(self, kind):
        """Numbers of the leaves of one kind."""
        return [i for i, leaf in enumerate(self.leaves) if leaf.kind == kind]

    def as_dtype(self, dtype):
        """The same program with leaves of another precision."""
        leaves = tuple(replace(leaf, data=leaf.data.astype(dtype)) for leaf in self.leaves)
        return replace(self, leaves=leaves, weights={i: w.astype(dtype) for i, w in self.weights.items()})

    def prefix(self, length, values):
        """The program cut off after some steps, with the last one's result, weighted 1, 2, 3 …, as its loss.

        ``values`` are those of the whole program's nodes: the shape of the weights is read from them. Without weights
        where no gradient reaches the result.
        """
        last = len(self.leaves) + length - 1
        steps = self.steps[:length]
        if not differentiable(self.leaves, steps)[last]:
            return replace(self, steps=steps, weights={})
        weights = np.arange(1, values[last].size + 1, dtype=self.leaves[0].data.dtype).reshape(values[last].shape)
        return replace(self, steps=steps, weights={last: weights}).pruned()

    def pruned(self):
        """The program without the nodes that its loss does not depend on; the others are numbered anew."""
        n_leaves, needed = len(self.leaves), set(self.weights)
        for i, step in reversed(list(enumerate(self.steps, start=n_leaves))):
            if i in needed:
                needed.update(step.inputs)
        number = {old: new for new, old in enumerate(sorted(needed))}
        steps = [step for i, step in enumerate(self.steps, start=n_leaves) if i in needed]
        return replace(
            self,
            leaves=tuple(leaf for i, leaf in enumerate(self.leaves) if i in needed),
            steps=tuple(replace(step, inputs=tuple(number[i] for i in step.inputs)) for step in steps),
            weights={number[i]: weights for i, weights in self.weights.items()},
        )

    def reached(self):
        """The nodes that the loss passes a gradient to."""
        found = set(self.weights)
        for i, step in reversed(list(enumerate(self.steps, start=len(self.leaves)))):
            if i in found:
                found.update(_passing(step))
        return found

    def __str__(self):
        nodes = [*self.leaves, *self.steps]
        lines = [f"n{i} = {node}" for i, node in enumerate(nodes)]
        lines += [f"loss += <n{i}, {weights.tolist()}>" for i, weights in self.weights.items()]
        return "\n".join([f"program({self.seed}):", *lines])


def differentiable(leaves, steps):
    """For every node, whether a gradient passes through it to a variable."""
    flags = [leaf.kind == VARIABLE for leaf in leaves]
    for step in steps:
        flags.append(any(flags[i] for i in _passing(step)))
    return flags


def _passing(step):
    """The inputs that a gradient passes to."""
    if step.operation == "detach":
        return ()
    return step.inputs[2:] if step.operation == "where_compared" else step.inputs


def outputs(leaves, steps):
    """Numbers of the results that no step uses and that depend on a variable."""
    used = {i for step in steps for i in step.inputs}
    flags = differentiable(leaves, steps)
    return [i for i in range(len(leaves), len(flags)) if flags[i] and i not in used]
