"""The comparison of what two libraries make of the same program, and the search for the step where they part."""

from typing import NamedTuple

import numpy as np

from tests.peers.graph_programs import VARIABLE, Program
from tests.peers.numpy_operations import NUMPY

# A difference is measured in units of the precision, 2.2e-16 in float64, times the largest value or gradient that
# occurs on the way: where sums cancel, the rounding of what was added stays. Between PyTorch and HIPS autograd the
# largest difference over 20 000 programs was 55 such units.
ROUNDINGS = 400


class Outcome(NamedTuple):
    """Values of all nodes, and gradients {node: array} of those that the loss passes one to, variables at least."""

    values: list
    gradients: dict


class Disagreement(NamedTuple):
    """A program, cut off where it first goes wrong, and what is wrong with it."""

    program: Program
    differences: list

    def __str__(self):
        return "\n".join([str(self.program), *self.differences])


def differing_values(ours, peers):
    """What differs in the values of the nodes, one line each."""
    largest = max(np.abs(value).max() for value in peers)
    return _lines("value", dict(enumerate(ours)), dict(enumerate(peers)), largest)


def differing_gradients(ours, peers, largest, nodes=None):
    """What differs in the gradients of some nodes, or all, one line each; ``largest`` is the largest of any node."""
    if nodes is not None:
        ours, peers = ({i: grad for i, grad in gradients.items() if i in nodes} for gradients in (ours, peers))
    return _lines("gradient", ours, peers, largest)


def largest_gradient(outcome):
    """The largest entry, in magnitude, of all gradients."""
    return max(np.abs(gradient).max() for gradient in outcome.gradients.values())


def _lines(what, ours, peers, largest):
    differences = {i: _difference(ours.get(i), peers.get(i), largest) for i in sorted(ours.keys() | peers.keys())}
    return [f"{what} of n{i}: {difference}" for i, difference in differences.items() if difference]


def _difference(a, b, largest):
    if a is None or b is None:
        return f"{'none' if a is None else 'one'} where the peer has {'none' if b is None else 'one'}"
    a, b = np.asarray(a), np.asarray(b)
    if (a.shape, a.dtype) != (b.shape, b.dtype):
        return f"{a.dtype} {a.shape} where the peer has {b.dtype} {b.shape}"
    error = np.abs(a - b).max()
    if error <= ROUNDINGS * np.finfo(a.dtype).eps * largest:
        return None
    return f"{a.tolist()} where the peer has {b.tolist()}, {error:.1e} apart, along the way up to {largest:.1e}"


def with_torch(run, run_torch):
    """The comparison of a way to run programs with PyTorch, in all that it gives."""

    def compare(program):
        return _with_torch(program, run(program), run_torch(program))

    return reporting_errors(compare)


def with_both(run, run_torch, run_hips):
    """The comparison with PyTorch and with HIPS autograd, which gives the gradients of the variables only."""

    def compare(program):
        ours, torchs, hips = run(program), run_torch(program), run_hips(program)
        variables, largest = program.indices(VARIABLE), largest_gradient(torchs)
        lines = differing_values(ours.values, hips.values)
        lines += differing_gradients(ours.gradients, hips.gradients, largest, variables)
        return _with_torch(program, ours, torchs) + [f"HIPS autograd: {line}" for line in lines]

    return reporting_errors(compare)


def _with_torch(program, ours, torchs):
    lines = differing_values(ours.values, torchs.values) if ours.values else []
    nodes = None if ours.values else program.indices(VARIABLE)
    lines += differing_gradients(ours.gradients, torchs.gradients, largest_gradient(torchs), nodes)
    return [f"PyTorch: {line}" for line in lines]


def reporting_errors(compare):
    """An exception is a disagreement too: the program that led to it is to be shown."""

    def reported(program):
        try:
            return compare(program)
        except Exception as error:
            return [f"{type(error).__name__}: {error}"]

    return reported


def disagreements(programs, compare):
    """The programs for which ``compare`` returns differences, each cut off after the first step that shows one."""
    found = ((one, compare(one)) for one in programs)
    return [_shortest(one, compare, differences) for one, differences in found if differences]


def _shortest(program, compare, differences):
    values = program.nodes(NUMPY, [leaf.data for leaf in program.leaves])
    for length in range(1, len(program.steps)):
        prefix = program.prefix(length, values)
        if prefix.weights and (found := compare(prefix)):
            return Disagreement(prefix, found)
    return Disagreement(program, differences)
