"""Random programs in the book's array engine, in PyTorch and in HIPS autograd: values and gradients agree.

A failure prints the program, cut off where it first goes wrong; `graph_generator.program(seed)` gives the whole of it.
"""

from collections import Counter

import numpy as np
import pytest

from tests.peers import book_interpreter
from tests.peers.graph_comparison import disagreements, with_both, with_torch
from tests.peers.graph_generator import histogram, program
from tests.peers.graph_operations import OPERATIONS
from tests.peers.graph_programs import VARIABLE
from tests.peers.numpy_operations import NUMPY

GRAPHS = 4800
ARITHMETIC = {"add", "sub", "mul", "div", "pow"}


def programs(count=GRAPHS):
    return (program(seed) for seed in range(count))


def assert_agreement(count, compare):
    """Fail with a report on the programs that disagree, three of them in full."""
    found = disagreements(programs(count), compare)
    if found:
        report = [f"{len(found)} of {count} programs disagree", *map(str, found[:3])]
        pytest.fail("\n\n".join(report), pytrace=False)


# What is compared


def test_every_operation_occurs_often():
    counts = histogram(programs())
    assert counts.keys() == OPERATIONS.keys()
    assert min(counts[name] for name in OPERATIONS if name != "detach") >= 300
    assert counts["detach"] >= 100
    assert all(one.reached() & {*one.indices(VARIABLE)} for one in programs())  # each has a gradient to compare


def test_nodes_are_shared_and_operands_broadcast():
    counts = Counter()
    for one in programs():
        values = one.nodes(NUMPY, [leaf.data for leaf in one.leaves])
        uses = Counter(i for step in one.steps for i in step.inputs)
        counts["leaf used again"] += any(uses[i] > 1 for i in one.indices(VARIABLE))
        counts["result used again"] += any(uses[i] > 1 for i in range(len(one.leaves), len(values)))
        for step in one.steps:
            shapes = [values[i].shape for i in step.inputs]
            counts["one operand twice"] += len(set(step.inputs)) < len(step.inputs)
            counts["broadcast"] += step.operation in ARITHMETIC and len(set(shapes)) > 1
            counts["(3, 1) with (4,)"] += step.operation in ARITHMETIC and set(shapes) == {(3, 1), (4,)}
            counts["vector @ matrix"] += step.operation == "matmul" and tuple(map(len, shapes)) == (1, 2)
            counts["batch @ batch"] += step.operation == "matmul" and tuple(map(len, shapes)) == (3, 3)
            counts["matrix @ batch"] += step.operation == "matmul" and tuple(map(len, shapes)) == (2, 3)
    assert counts.pop("(3, 1) with (4,)") >= 10
    assert min(counts.values()) >= 20, counts


def test_kinks_are_met_exactly():
    counts = Counter()
    for one in programs():
        values = one.nodes(NUMPY, [leaf.data for leaf in one.leaves])
        for step in one.steps:
            counts[step.operation] += meets_kink(step, *(values[i] for i in step.inputs))
    names = ("relu", "leaky_relu", "abs", "clip", "max", "min", "norm", "maximum", "minimum", "prod")
    kinked = {name: counts[name] for name in names}
    assert min(kinked.values()) >= 20, kinked


def meets_kink(step, x, *others):
    """Whether an entry of the operand lies exactly where the operation has a kink, or is a factor of 0."""
    if step.operation in ("maximum", "minimum"):
        return (x == others[0]).any()
    if step.operation == "prod":
        return (x == 0).any()
    if step.operation in ("relu", "leaky_relu", "abs"):
        return (x == 0).any()
    if step.operation == "clip":
        return np.isin(x, list(step.options.values())).any()
    if step.operation == "norm":
        return (NUMPY["norm"](x, **step.options) == 0).any()
    if step.operation in ("max", "min"):
        ties = x == getattr(x, step.operation)(axis=step.options["axis"], keepdims=True)
        return (ties.sum(axis=step.options["axis"]) > 1).any()
    return False


# The comparison


def test_the_peers_agree_with_each_other(run_torch, run_hips):
    assert_agreement(400, with_both(run_torch, run_torch, run_hips))


def test_values_and_gradients_agree_with_torch_and_hips(run_torch, run_hips):
    assert_agreement(GRAPHS, with_both(book_interpreter.run, run_torch, run_hips))


@pytest.mark.parametrize("way", ["run_methods", "run_by_output", "run_by_checkpoint"])
def test_every_way_to_run_agrees_with_torch(way, run_torch):
    assert_agreement(800, with_torch(getattr(book_interpreter, way), run_torch))


def test_float32_stays_float32_and_agrees_with_torch(run_torch):
    compare = with_torch(book_interpreter.run, run_torch)
    assert_agreement(800, lambda program: compare(program.as_dtype(np.float32)))
