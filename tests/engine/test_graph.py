"""graph: the computation behind a Value or a Tensor as plain data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import Tensor, Value, graph, no_grad
from backprop_lib import autograd as ag
from backprop_lib.autograd import Graph, Node

A = np.arange(6.0).reshape(2, 3)


def leaf(values=A):
    return Tensor(np.array(values), requires_grad=True)


def test_by_hand_of_values():
    a, b = Value(2.0), Value(3.0)
    y = (a * b + a).tanh()
    assert graph(y) == Graph(
        nodes=[
            Node(None, 2.0, 0.0),
            Node(None, 3.0, 0.0),
            Node("×", 6.0, None),
            Node("+", 8.0, None),
            Node("tanh", y.data, None),
        ],
        edges=[(0, 2), (1, 2), (2, 3), (0, 3), (3, 4)],
    )


def test_by_hand_of_tensors():
    x, w = leaf(), leaf(np.ones(3))
    nodes, edges = graph((x @ w).sum())
    assert [node.operation for node in nodes] == [None, None, "@", "sum"]
    assert edges == [(0, 2), (1, 2), (2, 3)]
    for node, data in zip(nodes, [A, np.ones(3), [3.0, 12.0], 15.0], strict=True):
        np.testing.assert_array_equal(node.data, data)
        assert node.grad is None


@pytest.mark.parametrize("root", [Value(2.0), leaf(), Tensor(A)], ids=["value", "leaf", "constant"])
def test_a_leaf_is_a_graph_of_one_node(root):
    nodes, edges = graph(root)
    assert len(nodes) == 1
    assert edges == []
    assert nodes[0].operation is None
    np.testing.assert_array_equal(nodes[0].data, root.data)


def test_an_operand_used_twice_has_two_edges():
    for x in Value(3.0), leaf():
        for y in x * x, x + x:
            assert graph(y).edges == [(0, 1), (0, 1)]
            assert len(graph(y).nodes) == 2


@pytest.mark.parametrize(
    ("f", "number"),
    [
        (lambda x: x + 5.0, 5.0),
        (lambda x: 5 * x, 5.0),
        (lambda x: x / 4, 4.0),
        (lambda x: x**3, 3.0),
        (lambda x: x + 0, 0.0),
    ],
)
def test_numbers_are_leaves_too(f, number):
    for x in Value(2.0), leaf(2.0):
        nodes, edges = graph(f(x))
        assert [node.operation for node in nodes[:-1]] == [None, None]
        assert sorted(float(node.data) for node in nodes[:-1]) == sorted([2.0, number])
        assert edges == [(0, 2), (1, 2)]


def test_constants_are_shown_and_have_no_gradient():
    x = leaf()
    y = (x * Tensor(A)).sum()
    y.backward(retain_graph=True)
    assert [node.grad is None for node in graph(y).nodes] == [False, True, False, False]


def test_gradients_inside():
    a, b = Value(2.0), Value(3.0)
    y = (a * b) * (a + b)
    y.backward(retain_graph=True)
    nodes = graph(y).nodes
    gradients = {(node.operation, node.data): node.grad for node in nodes}
    assert gradients == {(None, 2.0): 21.0, (None, 3.0): 16.0, ("×", 6.0): 5.0, ("+", 5.0): 6.0, ("×", 30.0): 1.0}


def test_gradients_inside_of_tensors():
    x = leaf()
    h = x * 2.0
    y = (h * h).sum(axis=0)
    y.backward(np.array([1.0, 2.0, 3.0]), retain_graph=True)
    by_operation = {node.operation: node.grad for node in graph(y).nodes if node.data.shape}
    np.testing.assert_array_equal(by_operation["sum"], [1.0, 2.0, 3.0])
    np.testing.assert_array_equal(by_operation[None], 8.0 * A * [1.0, 2.0, 3.0])
    assert [node.grad.shape for node in graph(y).nodes if node.operation] == [(2, 3), (2, 3), (3,)]


def test_the_copies_do_not_change_with_what_they_show():
    x = leaf()
    y = x * 2.0
    y.backward(np.ones((2, 3)), retain_graph=True)
    shown = graph(y)
    x.grad[...] = np.nan
    y.data[...] = np.nan
    assert np.isfinite([node.grad for node in shown.nodes if node.grad is not None]).all()
    assert np.isfinite(shown.nodes[-1].data).all()


def test_names():
    for a, b in (Value(2.0), Value(3.0)), (leaf(), leaf()):
        y = a * b
        assert [node.name for node in graph(y, {"a": a, "b": b, "y": y}).nodes] == ["a", "b", "y"]
        assert [node.name for node in graph(y, {"b": b}).nodes] == [None, "b", None]
        assert [node.name for node in graph(y).nodes] == [None, None, None]


programs = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=15)


@given(program=programs)
@pytest.mark.parametrize("make", [Value, lambda number: Tensor(number, requires_grad=True)], ids=["value", "tensor"])
def test_every_node_stands_once_and_after_its_operands(make, program):
    pool = [make(0.5)]
    for i, j in program:
        pool.append(pool[i % len(pool)] * pool[j % len(pool)])
    nodes, edges = graph(pool[-1])
    reached = {len(pool) - 1}
    for step, (i, j) in reversed(list(enumerate(program, start=1))):
        if step in reached:
            reached |= {i % step, j % step}
    assert len(nodes) == len(reached)
    assert len(edges) == 2 * (len(reached) - 1 if program else 0)
    assert all(start < end for start, end in edges)
    assert {start for start, _ in edges} == set(range(len(nodes) - 1))  # all but the root are somebody's operand
    for end, node in enumerate(nodes):
        operands = [float(nodes[start].data) for start, stop in edges if stop == end]
        assert (node.operation is None) == (not operands)
        if operands:
            assert float(node.data) == operands[0] * operands[1]


def test_a_long_chain():
    for x in Value(1.0), leaf(1.0):
        y = x
        for _ in range(20_000):
            y = -y
        nodes, edges = graph(y)
        assert len(nodes) == 20_001
        assert edges == [(i, i + 1) for i in range(20_000)]


def test_a_chain_of_diamonds_is_not_walked_path_by_path():
    y = Value(1.0)
    for _ in range(60):
        y = y + y
    assert len(graph(y).nodes) == 61


def test_looking_changes_nothing():
    x, value = leaf(), Value(2.0)
    y, z = (x * x).sum(), value * value
    for root in y, z:
        graph(root)
        root.backward()
    np.testing.assert_array_equal(x.grad, 2 * A)
    assert value.grad == 4.0


def test_within_no_grad_there_is_no_graph():
    x = leaf()
    with no_grad():
        assert graph(x * 2.0).edges == []


def test_a_freed_graph_is_refused():
    for x in Value(2.0), leaf(2.0):
        inner = x * 3.0
        y = inner * inner
        y.backward()
        for root in y, inner, inner + 1.0:
            with pytest.raises(ValueError, match=r"graph: expected a graph, but the one behind .* was freed"):
                graph(root)


@pytest.mark.parametrize("wrong", [3, 3.0, None, "y", A, [Value(1.0)]], ids=lambda w: type(w).__name__)
def test_the_root_is_a_value_or_a_tensor(wrong):
    with pytest.raises(TypeError, match="graph: expected a Value or a Tensor, got"):
        graph(wrong)


def test_every_operation_has_a_name_of_its_own():
    x = leaf(A + 1)
    results = {
        "+": x + x,
        "−": x - x,
        "×": x * x,
        "÷": x / x,
        "**": x**2,
        "@": x @ x.T,
        "getitem": x[0],
        "where": ag.where(A > 0, x, 0.0),
        "concatenate": ag.concatenate([x]),
        "stack": ag.stack([x]),
        "checkpoint": ag.checkpoint(ag.exp, x),
    }
    results |= {
        name: getattr(x, name)() for name in ("exp", "log", "sqrt", "tanh", "relu", "max", "norm", "log_softmax")
    }
    for name, tensor in results.items():
        assert graph(tensor).nodes[-1].operation == tensor.operation == name
