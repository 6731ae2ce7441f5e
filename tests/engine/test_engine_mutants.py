"""Wrong rules, planted in the array engine one at a time: the comparison with formulas must report each.

A check that has never failed proves little. The operands whose gradients a mistake spoils are part of the expectation,
and so is silence where nothing is wrong.
"""

import numpy as np
import pytest

from backprop_lib import Activation, Linear, Sequential, SquaredError, activations, sigmoid, tanh
from backprop_lib.autograd import backward, tensor
from tests.engine.engine_agreement import TOLERANCES, assert_engine_agrees, disagreements
from tests.engine.engine_cases import CASES, Draw
from tests.engine.gradient_agreement import Weighted
from tests.engine.restated import disagreements_of_four

rng = np.random.default_rng(5)
X, Y = rng.uniform(0.5, 2.0, (2, 3, 3))
X[0] *= -1.0  # relu, abs and clip need both signs
ROW = rng.uniform(0.5, 2.0, (1, 3))
P, Q = np.abs(X), np.abs(Y)


def draw(*arrays, **options):
    return Draw(list(arrays), options, 1.0)


def reported(case, operands):
    """Numbers of the operands whose gradients both methods find wrong."""
    wrong = disagreements(CASES[case], operands)
    return {i for i, _ in wrong if all((i, method) in wrong for method in TOLERANCES)}


def plant(monkeypatch, operation, mistake):
    """Replace the rules of an operation by ``mistake(grad, result, operands, i, right)`` for its i-th operand."""
    original = tensor._result

    def replaced(rule, i, operands):
        data = [operand.data for operand in operands]
        return lambda grad, out, *rest: mistake(grad, out, data, i, lambda g: rule(g, out, *rest))

    def result(name, data, operands, rules, *arrays):
        if name == operation:
            rules = tuple(replaced(rule, i, operands) for i, rule in enumerate(rules))
        return original(name, data, operands, rules, *arrays)

    monkeypatch.setattr(tensor, "_result", result)


def spread(g, x):
    """A gradient of a sum without axes, as large as what was summed."""
    return np.broadcast_to(g, x.shape).copy()


def without_counting(index):
    """An index rule that assigns where it should add."""

    def rule(g, out, xs, i, right):
        whole = np.zeros_like(xs[0])
        whole[index] = g
        return whole

    return rule


LABELS = np.array([0, 2, 2])
MISTAKES = {  # name: (operation, case, operands, rule, operands that are reported)
    "sum: second operand doubled": ("+", "add", draw(P, Q), lambda g, out, xs, i, right: (1 + i) * g, {1}),
    "difference: sign forgotten": ("−", "subtract", draw(P, Q), lambda g, out, xs, i, right: g, {1}),
    "product: each with itself": ("×", "multiply", draw(P, Q), lambda g, out, xs, i, right: g * xs[i], {0, 1}),
    "quotient: denominator's square forgotten": (
        *("÷", "divide", draw(P, Q)),
        lambda g, out, xs, i, right: right(g) if i == 0 else -g * xs[0] / xs[1],
        {1},
    ),
    "quotient: sign forgotten": (
        *("÷", "divide", draw(P, Q)),
        lambda g, out, xs, i, right: right(g) if i == 0 else -right(g),
        {1},
    ),
    "power: exponent not lowered": (
        *("**", "power", draw(P + 1, Q)),
        lambda g, out, xs, i, right: right(g) if i else g * xs[1] * out,
        {0},
    ),
    "power: logarithm forgotten": (
        *("**", "power", draw(P + 1, Q)),
        lambda g, out, xs, i, right: g * out if i else right(g),
        {1},
    ),
    "negative: sign forgotten": ("negative", "negative", draw(X), lambda g, out, xs, i, right: g, {0}),
    "exp: of the gradient": ("exp", "exp", draw(X), lambda g, out, xs, i, right: np.exp(g), {0}),
    "log: multiplied": ("log", "log", draw(P), lambda g, out, xs, i, right: g * xs[0], {0}),
    "log1p: one forgotten": ("log1p", "log1p", draw(P), lambda g, out, xs, i, right: g / xs[0], {0}),
    "sin: not changed": ("sin", "sin", draw(X), lambda g, out, xs, i, right: g * np.sin(xs[0]), {0}),
    "cos: sign forgotten": ("cos", "cos", draw(X), lambda g, out, xs, i, right: -right(g), {0}),
    "sqrt: half forgotten": ("sqrt", "sqrt", draw(P), lambda g, out, xs, i, right: g / out, {0}),
    "abs: sign forgotten": ("abs", "abs", draw(X), lambda g, out, xs, i, right: g, {0}),
    "tanh: square forgotten": ("tanh", "tanh", draw(X), lambda g, out, xs, i, right: g * (1 - out), {0}),
    "tanh: of the input": ("tanh", "tanh", draw(X), lambda g, out, xs, i, right: g * (1 - xs[0] ** 2), {0}),
    "sigmoid: second factor forgotten": ("sigmoid", "sigmoid", draw(X), lambda g, out, xs, i, right: g * out, {0}),
    "relu: passes all": ("relu", "relu", draw(X), lambda g, out, xs, i, right: g, {0}),
    "relu: by the gradient's sign": ("relu", "relu", draw(X), lambda g, out, xs, i, right: g * (g > 0), {0}),
    "leaky_relu: no leak": ("leaky_relu", "leaky_relu", draw(X), lambda g, out, xs, i, right: g * (xs[0] > 0), {0}),
    "softplus: of the result": ("softplus", "softplus", draw(X), lambda g, out, xs, i, right: g * sigmoid(out), {0}),
    "gelu: sigmoid's slope wrong": ("sigmoid", "gelu", draw(X), lambda g, out, xs, i, right: g * out, {0}),
    "maximum: both get all": ("maximum", "maximum", draw(P, Q), lambda g, out, xs, i, right: g, {0, 1}),
    "maximum: half to each": ("maximum", "maximum", draw(P, Q), lambda g, out, xs, i, right: g / 2, {0, 1}),
    "minimum: to the larger": ("minimum", "minimum", draw(P, Q), lambda g, out, xs, i, right: g - right(g), {0, 1}),
    "clip: passes all": ("clip", "clip", draw(X), lambda g, out, xs, i, right: g, {0}),
    "where: both get all": (
        *("where", "where", draw(P, Q, condition=X > 0)),
        lambda g, out, xs, i, right: g,
        {0, 1},
    ),
    "sum: divided": (
        *("sum", "sum", draw(X, axis=None, keepdims=False)),
        lambda g, out, xs, i, right: right(g) / xs[0].size,
        {0},
    ),
    "mean: not divided": (
        *("÷", "mean", draw(X, axis=0, keepdims=True)),
        lambda g, out, xs, i, right: g,
        {0},
    ),
    "sum over rows: spread over columns": (
        *("sum", "sum", draw(X, axis=1, keepdims=False)),
        lambda g, out, xs, i, right: right(g).T.copy(),
        {0},
    ),
    "max: everybody wins": (
        *("max", "max", draw(X, axis=None, keepdims=False)),
        lambda g, out, xs, i, right: spread(g, xs[0]),
        {0},
    ),
    "min: to the largest": (
        *("min", "min", draw(X, axis=None, keepdims=False)),
        lambda g, out, xs, i, right: g * (xs[0] == xs[0].max()),
        {0},
    ),
    "prod: each with itself": (
        *("prod", "prod", draw(P, axis=None, keepdims=False)),
        lambda g, out, xs, i, right: spread(g, xs[0]) * out,
        {0},
    ),
    "var: half forgotten": (
        *("var", "var", draw(X, axis=1, keepdims=True, ddof=0)),
        lambda g, out, xs, i, right: right(g) / 2,
        {0},
    ),
    "var: over n in spite of ddof": (
        *("var", "var", draw(X, axis=0, keepdims=True, ddof=1)),
        lambda g, out, xs, i, right: right(g) * 2 / 3,
        {0},
    ),
    "std: of the variance": (
        *("std", "std", draw(X, axis=None, keepdims=False, ddof=0)),
        lambda g, out, xs, i, right: right(g) * 2 * out,
        {0},
    ),
    "logsumexp: everybody gets all": (
        *("logsumexp", "logsumexp", draw(X, axis=None, keepdims=False)),
        lambda g, out, xs, i, right: spread(g, xs[0]),
        {0},
    ),
    "softmax: its sum forgotten": (
        *("softmax", "softmax", draw(X, axis=1)),
        lambda g, out, xs, i, right: g * out,
        {0},
    ),
    "softmax: diagonal alone": (
        *("softmax", "softmax", draw(X, axis=1)),
        lambda g, out, xs, i, right: g * out * (1 - out),
        {0},
    ),
    "norm: not divided by the norm": (
        *("norm", "norm", draw(X, axis=None, keepdims=False)),
        lambda g, out, xs, i, right: g * xs[0],
        {0},
    ),
    "log_softmax: its sum forgotten": (
        *("log_softmax", "log_softmax", draw(X, axis=1)),
        lambda g, out, xs, i, right: g.copy(),
        {0},
    ),
    "log_softmax: along the other axis": (
        *("log_softmax", "log_softmax", draw(X, axis=1)),
        lambda g, out, xs, i, right: g - np.exp(out) * g.sum(axis=0, keepdims=True),
        {0},
    ),
    "cross_entropy: not averaged": (
        *("cross_entropy", "cross_entropy", draw(X, labels=LABELS)),
        lambda g, out, xs, i, right: right(g) * 3,
        {0},
    ),
    "cross_entropy: labels forgotten": (
        *("cross_entropy", "cross_entropy", draw(X, labels=LABELS)),
        lambda g, out, xs, i, right: right(g) + np.eye(3)[LABELS] / 3,
        {0},
    ),
    "reshape: in another order": (
        *("reshape", "reshape", draw(X, shape=(9,))),
        lambda g, out, xs, i, right: g.reshape(xs[0].shape, order="F"),
        {0},
    ),
    "transpose: not moved back": (
        *("transpose", "transpose", draw(X, axes=[1, 0])),
        lambda g, out, xs, i, right: g,
        {0},
    ),
    "transpose: moved on": (
        *("transpose", "transpose", draw(np.arange(27.0).reshape(3, 3, 3), axes=[1, 2, 0])),
        lambda g, out, xs, i, right: g.transpose(1, 2, 0),
        {0},
    ),
    "index: assigned, not added": (
        *("getitem", "array index", draw(X, index=([0, 0, 2],))),
        without_counting(([0, 0, 2],)),
        {0},
    ),
    "index behind a slice: assigned, not added": (
        *("getitem", "mixed index", draw(X, index=np.s_[:, [0, 1, 0]])),
        without_counting(np.s_[:, [0, 1, 0]]),
        {0},
    ),
    "index: every row": (
        *("getitem", "basic index", draw(X, index=0)),
        lambda g, out, xs, i, right: spread(g, xs[0]),
        {0},
    ),
    "concatenate: the first part for all": (
        *("concatenate", "concatenate", draw(X, Y, axis=0)),
        lambda g, out, xs, i, right: g[:3],
        {1},
    ),
    "stack: the other's part": (
        *("stack", "stack", draw(X, Y, axis=0)),
        lambda g, out, xs, i, right: g[1 - i],
        {0, 1},
    ),
    "matmul: not transposed": (
        *("@", "matmul", draw(X, Y)),
        lambda g, out, xs, i, right: g @ xs[1] if i == 0 else xs[0] @ g,
        {0, 1},
    ),
    "matmul: factors changed places": (
        *("@", "matmul", draw(X, Y)),
        lambda g, out, xs, i, right: xs[1].T @ g if i == 0 else g @ xs[0].T,
        {0, 1},
    ),
    "einsum: the other's places": (
        *("einsum", "einsum", draw(X, Y, subscripts="ij,jk->ik")),
        lambda g, out, xs, i, right: right(g).T,
        {0, 1},
    ),
    "einsum: off the diagonal too": (
        *("einsum", "einsum", draw(X, subscripts="ii->i")),
        lambda g, out, xs, i, right: right(g) + np.roll(right(g), 1, axis=0),
        {0},
    ),
    "one part in ten million": (
        "×",
        "multiply",
        draw(P, Q),
        lambda g, out, xs, i, right: right(g) * (1 + 1e-7 * i),
        {1},
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_wrong_rule_is_reported(monkeypatch, name):
    operation, case, operands, mistake, spoiled = MISTAKES[name]
    assert_engine_agrees(CASES[case], operands)
    plant(monkeypatch, operation, mistake)
    assert reported(case, operands) == spoiled


@pytest.mark.parametrize("name", MISTAKES)
def test_the_scaffold_is_right_itself(monkeypatch, name):
    operation, case, operands, _, _ = MISTAKES[name]
    plant(monkeypatch, operation, lambda grad, out, xs, i, right: right(grad))
    assert_engine_agrees(CASES[case], operands)


def test_the_report_names_operand_and_method(monkeypatch):
    plant(monkeypatch, "−", lambda g, out, xs, i, right: g)
    with pytest.raises(AssertionError, match=r"operand 1 by complex: .*; operand 1 by central: "):
        assert_engine_agrees(CASES["subtract"], draw(P, Q))


def test_a_gradient_of_another_shape_is_reported(monkeypatch):
    monkeypatch.setattr(backward, "unbroadcast", lambda grad, shape: grad)
    assert reported("add", draw(P, ROW)) == {1}


# Mistakes in the walk back


def test_copies_that_are_not_added_up(monkeypatch):
    monkeypatch.setattr(backward, "unbroadcast", lambda grad, shape: grad.mean(axis=0, keepdims=True).reshape(shape))
    assert reported("multiply", draw(P, ROW)) == {1}
    assert reported("multiply", draw(P, Q)) == set()


def test_copies_of_which_only_the_last_counts(monkeypatch):
    monkeypatch.setattr(backward, "unbroadcast", lambda grad, shape: grad[-1:].reshape(shape))
    assert reported("multiply", draw(P, ROW)) == {1}


def test_assignment_in_place_of_addition(monkeypatch):
    def assign(operand, grad, node, handed_on):
        operand.grad = grad

    monkeypatch.setattr(backward, "_add", assign)
    assert reported("used three times", draw(X)) == {0}
    assert reported("exp", draw(X)) == set()  # one path: nothing to add


def test_a_node_that_is_passed_too_early(monkeypatch):
    # h = exp(x) is used three times, and passed on when only the last use has sent its gradient.
    def in_wrong_order(root):
        nodes = original(root)
        return sorted(nodes, key=lambda node: (node is root, node.operation == "exp"))

    original = backward.computed
    monkeypatch.setattr(backward, "computed", in_wrong_order)
    case = CASES["exp"]._replace(
        engine=lambda x: (h := x.exp()) * h.tanh() + h, formula=lambda z: np.exp(z) * np.tanh(np.exp(z)) + np.exp(z)
    )
    assert {i for i, _ in disagreements(case, draw(0.1 * X))} == {0}
    monkeypatch.undo()
    assert disagreements(case, draw(0.1 * X)) == {}


# A mistake on any one of the four sides is reported by all comparisons in which that side takes part


def network():
    make = np.random.default_rng(7)
    return Sequential(Linear(3, 3, rng=make), Activation(tanh), Linear(3, 3, rng=make))


def sides(wrong):
    """Pairs of methods that disagree on the first layer's weight."""
    return {(one, other) for name, one, other in wrong if name == "parameter 0"}


def test_nothing_is_reported_where_nothing_is_wrong():
    for loss in SquaredError(), Weighted():
        assert disagreements_of_four(network(), loss, X, Y) == {}


def test_a_mistake_by_hand(monkeypatch):
    monkeypatch.setattr(activations.tanh, "_derivative", lambda z, h: 1.0 - h)
    wrong = sides(disagreements_of_four(network(), SquaredError(), X, Y))
    assert wrong == {("hand", "autograd"), ("hand", "complex"), ("hand", "central")}


def test_a_mistake_in_the_engine(monkeypatch):
    plant(monkeypatch, "tanh", lambda g, out, xs, i, right: g * (1 - out))
    wrong = sides(disagreements_of_four(network(), SquaredError(), X, Y))
    assert wrong == {("hand", "autograd"), ("autograd", "complex"), ("autograd", "central")}


def test_a_mistake_in_the_forward_pass(monkeypatch):
    # The function and its derivative by hand now belong to another function than the engine's.
    monkeypatch.setattr(activations.tanh, "_function", lambda z: np.tanh(2.0 * z))
    monkeypatch.setattr(activations.tanh, "_derivative", lambda z, h: 2.0 * (1.0 - h * h))
    wrong = disagreements_of_four(network(), SquaredError(), X, Y)
    assert ("loss", "hand", "autograd") in wrong
    assert sides(wrong) == {("hand", "autograd"), ("autograd", "complex"), ("autograd", "central")}
