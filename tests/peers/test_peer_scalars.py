"""Random scalar graphs in the book's `Value`, in micrograd, and, for what micrograd lacks, in PyTorch."""

import math
import operator
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest

from backprop_lib.autograd import Value

GRAPHS = 300
# Units of the precision times the largest value, or gradient, of any node. In 3000 graphs it was 7 units at most.
ROUNDINGS = 100

ARITHMETIC = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "neg": operator.neg,
    "**": operator.pow,
    "relu": operator.methodcaller("relu"),
}
ALL = ARITHMETIC | {name: operator.methodcaller(name) for name in ("exp", "log", "tanh", "sigmoid")}
ALL["power of nodes"] = operator.pow  # ** has a number as exponent, all that micrograd takes

ON_FLOATS = ALL | {
    "relu": lambda x: max(x, 0.0),
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sigmoid": lambda x: 1.0 / (1.0 + math.exp(-x)),
}


class Graph(NamedTuple):
    """Leaves, and steps (operation, *operands): an operand is the number of a node, or a float that stands for itself.

    The last step's result, the loss, depends on all others.
    """

    seed: int
    leaves: list
    steps: list

    def nodes(self, leaves):
        """All nodes, computed from a library's own leaves."""
        nodes = list(leaves)
        for name, *operands in self.steps:
            nodes.append(ALL[name](*(nodes[i] if isinstance(i, int) else i for i in operands)))
        return nodes


def random_graph(seed, operations):
    """A graph of the operations, off the ends of their domains."""
    rng = np.random.default_rng(seed)
    leaves = [float(x) for x in rng.integers(-4, 5, size=rng.integers(1, 4)) / 2]
    values, exact, steps = list(leaves), [True] * len(leaves), []
    length = rng.integers(5, 30)
    while len(steps) < length:
        name, *operands = step = random_step(rng, list(operations), len(values))
        arguments = [values[i] if isinstance(i, int) else i for i in operands]
        all_exact = all(exact[i] for i in operands if isinstance(i, int))
        if is_safe(name, arguments, all_exact) and abs(value := ON_FLOATS[name](*arguments)) <= 50.0:
            steps.append(step)
            values.append(value)
            exact.append(all_exact and name in {"+", "-", "*", "neg", "relu"})
    used = {i for step in steps for i in step[1:] if isinstance(i, int)}
    for i in [i for i in range(len(values) - 1) if i not in used]:
        steps.append(("+", len(leaves) + len(steps) - 1, i))
    return Graph(seed, leaves, steps)


def random_step(rng, operations, n_nodes):
    name = operations[rng.integers(len(operations))]
    a, b = (int(i) for i in rng.integers(n_nodes, size=2))
    number = float(rng.integers(-4, 7) / 2)
    if name == "**":
        return name, a, number
    if name not in {"+", "-", "*", "/", "power of nodes"}:
        return name, a
    return [(name, a, b), (name, a, number), (name, number, b)][rng.choice(3, p=[0.6, 0.2, 0.2])]


def is_safe(name, operands, exact):
    """Off the ends of the domain, and off relu's kink unless the operand came to it without rounding."""
    a, b = operands[0], operands[-1]
    if name == "/":
        return abs(b) >= 0.3
    if name == "**":
        return a >= 0.1 or (abs(a) >= 0.3 and b in (-2.0, -1.0)) or b in (1.0, 2.0, 3.0)
    if name == "relu":
        return exact or abs(a) >= 1e-3
    return {"log": a >= 0.1, "exp": a <= 4.0, "power of nodes": a >= 0.1}.get(name, True)


def assert_agree(graph, ours, peer):
    """Compare [(value, gradient)] of all nodes."""
    for what, a, b in zip(("value", "gradient"), zip(*ours, strict=True), zip(*peer, strict=True), strict=True):
        unit = np.finfo(float).eps * max(map(abs, b))
        error = np.abs(np.subtract(a, b))
        worst = int(error.argmax())
        assert error[worst] <= ROUNDINGS * unit, f"{what} of node {worst}: {a[worst]}, peer {b[worst]}, in {graph}"


def by_value(graph):
    """(value, gradient) of every node of the graph in the book's engine."""
    nodes = graph.nodes([Value(x) for x in graph.leaves])
    nodes[-1].backward(retain_graph=True)
    return [(node.data, node.grad) for node in nodes]


def assert_agrees_with_micrograd(micrograd):
    for seed in range(GRAPHS):
        graph = random_graph(seed, ARITHMETIC)
        nodes = graph.nodes([micrograd.Value(x) for x in graph.leaves])
        nodes[-1].backward()
        assert_agree(graph, by_value(graph), [(node.data, node.grad) for node in nodes])


def assert_agrees_with_torch(torch):
    for seed in range(GRAPHS):
        graph = random_graph(seed, ALL)
        nodes = graph.nodes([torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in graph.leaves])
        gradients = torch.autograd.grad(nodes[-1], nodes)
        peer = [(node.item(), gradient.item()) for node, gradient in zip(nodes, gradients, strict=True)]
        assert_agree(graph, by_value(graph), peer)


@pytest.mark.parametrize("operations", [ARITHMETIC, ALL], ids=["arithmetic", "all"])
def test_every_operation_occurs_often(operations):
    steps = [step for seed in range(GRAPHS) for step in random_graph(seed, operations).steps]
    counts = Counter(name for name, *_ in steps)
    assert counts.keys() == operations.keys()
    assert min(counts.values()) >= 200


def test_values_and_gradients_agree_with_micrograd(micrograd):
    assert_agrees_with_micrograd(micrograd)


def test_values_and_gradients_of_all_operations_agree_with_torch(torch):
    assert_agrees_with_torch(torch)


def test_another_convention_at_the_kink_is_reported(monkeypatch, micrograd):
    monkeypatch.setattr(Value, "relu", lambda self: self * (1.0 if self.data >= 0 else 0.0))
    with pytest.raises(AssertionError, match=r"^gradient of node"):
        assert_agrees_with_micrograd(micrograd)


@pytest.mark.parametrize("operation", ["exp", "log", "tanh", "sigmoid"])
def test_a_derivative_that_is_wrong_in_the_tenth_digit_is_reported(monkeypatch, torch, operation):
    function = getattr(Value, operation)

    def wrong(self):
        return function(self) + 1e-10 * (self - self.data)  # the value is right

    monkeypatch.setattr(Value, operation, wrong)
    with pytest.raises(AssertionError, match=r"^gradient of node"):
        assert_agrees_with_torch(torch)
