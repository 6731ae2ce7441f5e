"""Mistakes planted in the book's array engine, one at a time: the comparison with PyTorch must report each.

The report must also point at the right place: a program is cut off where it first goes wrong, so its last step is the
operation whose rule is wrong.
"""

import numpy as np
import pytest

from backprop_lib.autograd import backward, tensor
from tests.peers import book_interpreter
from tests.peers.graph_comparison import disagreements, with_torch
from tests.peers.graph_generator import program

# The engine's names of its operations, where they differ from the steps of programs that use them.
STEPS = {
    "+": {"add", "gelu"},
    "−": {"sub", "neg"},
    "×": {"mul", "gelu"},
    "÷": {"div", "mean"},
    "**": {"pow", "pow_number"},
    "@": {"matmul"},
    "sigmoid": {"sigmoid", "gelu"},
    "clip": {"clip", "gelu"},
    "sum": {"sum", "mean"},
    "getitem": {"index", "split"},
    "reshape": {"reshape", "flatten", "squeeze"},
    "where": {"where", "where_compared"},
}
NAMED_ALIKE = ["exp", "log", "log1p", "sqrt", "sin", "cos", "tanh", "relu", "leaky_relu", "abs", "softplus"]
NAMED_ALIKE += ["maximum", "minimum", "max", "min", "prod", "norm", "var", "std", "softmax", "log_softmax", "logsumexp"]
NAMED_ALIKE += ["cross_entropy", "transpose", "concatenate", "stack", "einsum"]
STEPS |= {name: {name} for name in NAMED_ALIKE}


def places(run_torch, programs):
    """Operations at which the programs go wrong, as the comparison reports them."""
    found = disagreements(programs, with_torch(book_interpreter.run_by_output, run_torch))
    return {one.program.steps[-1].operation for one in found}


def programs_with(steps, count):
    """The first programs in which one of the steps occurs."""
    seeds = (seed for seed in range(2400) if any(step.operation in steps for step in program(seed).steps))
    return [program(next(seeds)) for _ in range(count)]


def plant(monkeypatch, operation, mistake):
    """Replace the rules of an operation: ``mistake`` makes a wrong one from the operand's array and the right one."""
    original = tensor._result

    def wrong(operand, rule):
        return lambda grad, *rest: mistake(operand.data, lambda grad: rule(grad, *rest))(grad)

    def result(name, data, operands, rules, *arrays):
        if name == operation:
            rules = tuple(map(wrong, operands, rules))
        return original(name, data, operands, rules, *arrays)

    monkeypatch.setattr(tensor, "_result", result)


def test_nothing_is_reported_where_nothing_is_wrong(run_torch):
    assert places(run_torch, map(program, range(400))) == set()


@pytest.mark.parametrize("operation", STEPS)
def test_a_rule_that_is_wrong_in_the_tenth_digit(monkeypatch, run_torch, operation):
    plant(monkeypatch, operation, lambda x, rule: lambda grad: rule(grad) * (1.0 + 1e-10))
    reported = places(run_torch, programs_with(STEPS[operation], 40))
    assert reported
    assert reported <= STEPS[operation]


def all_ties_in_full(x, rule):
    def wrong(grad):
        shares = rule(np.ones_like(grad))
        return np.divide(rule(grad), shares, out=np.zeros_like(shares), where=shares > 0)

    return wrong


AT_KINKS = {
    "relu": lambda x, rule: lambda grad: grad * (x >= 0),
    "leaky_relu": lambda x, rule: lambda grad: grad * np.where(x >= 0, 1.0, 0.01),
    "abs": lambda x, rule: lambda grad: grad * np.where(x >= 0, 1.0, -1.0),
    "clip": lambda x, rule: lambda grad: rule(grad) * ~np.isin(x, [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0]),
    "max": all_ties_in_full,
    "min": all_ties_in_full,
    "maximum": lambda x, rule: lambda grad: np.where(rule(grad) == 0, 0, grad),
    "minimum": lambda x, rule: lambda grad: np.where(rule(grad) == 0, 0, grad),
    "norm": lambda x, rule: lambda grad: rule(grad) if x.any() else np.full_like(x, np.nan),
}


@pytest.mark.parametrize("operation", AT_KINKS)
def test_another_convention_at_a_kink(monkeypatch, run_torch, operation):
    plant(monkeypatch, operation, AT_KINKS[operation])
    assert operation in places(run_torch, programs_with({operation}, 200))


def test_a_gradient_of_another_dtype(monkeypatch, run_torch):
    plant(monkeypatch, "exp", lambda x, rule: lambda grad: rule(grad).astype(np.float32))
    assert places(run_torch, programs_with({"exp"}, 40)) == {"exp"}


def test_an_operation_that_raises(monkeypatch, run_torch):
    monkeypatch.setitem(book_interpreter.FUNCTIONS, "tanh", lambda x: x.no_such_method())
    assert "tanh" in places(run_torch, programs_with({"tanh"}, 10))


# Mistakes of the engine itself: found, though not at one operation


def test_repeated_operands_whose_gradients_are_averaged(monkeypatch, run_torch):
    original = backward.unbroadcast
    monkeypatch.setattr(backward, "unbroadcast", lambda grad, shape: original(grad, shape) * np.prod(shape) / grad.size)
    assert places(run_torch, programs_with({"add", "mul"}, 40)) >= {"add", "mul"}


def test_the_last_gradient_in_place_of_the_sum(monkeypatch, run_torch):
    original = backward._add

    def assign(operand, grad, *rest):
        operand.grad = None
        original(operand, grad, *rest)

    monkeypatch.setattr(backward, "_add", assign)
    assert len(places(run_torch, map(program, range(40)))) >= 5


def test_nodes_in_the_order_of_a_search(monkeypatch, run_torch):
    """An iterative depth-first search that marks a node when it is pushed puts some before what depends on them."""
    original = backward.computed

    def as_found(root):
        nodes, waiting, seen = [], [root], {id(root)}
        while waiting:
            node = waiting.pop()
            nodes.append(node)
            for operand in node.parents:
                if operand.operation is not None and id(operand) not in seen:
                    seen.add(id(operand))
                    waiting.append(operand)
        return nodes[::-1] if original(root) else []

    monkeypatch.setattr(backward, "computed", as_found)
    assert len(places(run_torch, map(program, range(100)))) >= 5
