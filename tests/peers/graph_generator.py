"""Seeded random programs, over all operations of the array engine, in domains where libraries may be compared.

Away from kinks, any two libraries must agree. On a kink (relu at 0, ties in max) they follow the same convention, but
rounding could put one of them beside it. So a step may meet a kink only where its operand is exact: the same bits in
every library, because it came from the leaves by operations that do not round, or that IEEE 754 rounds in one way only.
Other operands keep their distance from the kink.
"""

import functools
from collections import Counter

import numpy as np

from tests.peers.graph_operations import OPERATIONS
from tests.peers.graph_programs import ARRAY, CONSTANT, NUMBER, VARIABLE, Leaf, Program, Step, differentiable, outputs
from tests.peers.numpy_operations import NUMPY

SHAPES = [(), (1,), (3,), (4,), (3, 1), (1, 4), (3, 4), (4, 3), (4, 4), (2, 3, 4), (2, 1, 4), (2, 4, 3)]
LARGEST_VALUE = 50.0
LARGEST_SIZE = 96
EXACT = {"neg", "add", "sub", "mul", "relu", "abs", "clip", "where", "where_compared", "max", "min"}
EXACT |= {"maximum", "minimum", "reshape", "flatten", "squeeze", "split", "transpose", "index", "concatenate", "stack"}
EXACT |= {"detach"}


@functools.cache
def program(seed):
    """The random program of a seed."""
    writer = ProgramWriter(seed)
    length = writer.rng.integers(4, 15)
    while len(writer.steps) < length:
        writer.add_step()
    return writer.program()


def histogram(programs):
    """Counter of the operations, leaving out those on constants only."""
    counts = Counter()
    for one in programs:
        flags = differentiable(one.leaves, one.steps)
        counts.update(step.operation for step in one.steps if any(flags[i] for i in step.inputs))
    return counts


class ProgramWriter:
    """Writes a program step by step, and knows the value of every node so far."""

    def __init__(self, seed):
        self.seed = seed
        self.rng = np.random.default_rng(seed)
        self.leaves = self._random_leaves()
        self.values = [leaf.data for leaf in self.leaves]
        self.exact = [True] * len(self.leaves)
        self.tensors = [i for i, leaf in enumerate(self.leaves) if leaf.kind in (VARIABLE, CONSTANT)]
        self.steps = []

    def _random_leaves(self):
        kinds = [VARIABLE] * self.rng.integers(1, 4)
        kinds += [kind for kind in (CONSTANT, ARRAY, NUMBER) if self.rng.random() < 0.3]
        return [Leaf(kind, self._random_data(kind)) for kind in kinds]

    def _random_data(self, kind):
        shape = () if kind == NUMBER else self.choice(SHAPES)
        data = [
            lambda: self.rng.normal(size=shape),
            lambda: self.rng.uniform(0.5, 2.0, shape),
            lambda: self.rng.integers(-1, 3, shape),  # zeros and ties
        ][self.rng.integers(3)]()
        return np.asarray(data).astype(np.float32).astype(np.float64)  # the same numbers in either precision

    def choice(self, options):
        """One of a list."""
        return options[self.rng.integers(len(options))]

    def node(self):
        """Number of a random tensor, the later ones more often."""
        return self.tensors[self.rng.integers(len(self.tensors), size=2).max()]

    def operand(self, plain=(ARRAY, NUMBER)):
        """Number of a random tensor or of a leaf of the plain kinds."""
        candidates = [i for i, leaf in enumerate(self.leaves) if leaf.kind in plain]
        return self.choice(candidates) if candidates and self.rng.random() < 0.3 else self.node()

    def add_step(self):
        """Try a random operation a few times; not every operand fits every operation."""
        name = self.choice(list(OPERATIONS))
        for _ in range(8):
            try:
                step, value = self._propose(name)
            except ValueError:  # the shapes do not fit, or it is not safe
                continue
            self.tensors.append(len(self.values))
            self.steps.append(step)
            self.values.append(value)
            self.exact.append(name in EXACT and self._all_exact(step))
            return

    def _propose(self, name):
        inputs, options = OPERATIONS[name].propose(self)
        step = Step(name, inputs, options)
        operands = [self.values[i] for i in inputs]
        if not OPERATIONS[name].is_safe(operands, self._all_exact(step), **options):
            raise ValueError(f"{step}: not safe")
        value = np.asarray(NUMPY[name](*operands, **options))
        if not 0 < value.size <= LARGEST_SIZE or value.ndim > 4 or np.abs(value).max() > LARGEST_VALUE:
            raise ValueError(f"{step}: empty or too large")
        if not outputs(self.leaves, [*self.steps, step]):
            raise ValueError(f"{step}: leaves nothing to differentiate")
        return step, value

    def _all_exact(self, step):
        return all(self.exact[i] for i in step.inputs)

    def program(self):
        """What was written, with random weights for the outputs."""
        weights = {
            i: self.rng.uniform(-2.0, 2.0, self.values[i].shape).round(2) for i in outputs(self.leaves, self.steps)
        }
        return Program(self.seed, tuple(self.leaves), tuple(self.steps), weights).pruned()
