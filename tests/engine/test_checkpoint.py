"""checkpoint: the values and gradients of the plain computation, for less memory and one more forward pass."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib import SGD, Tensor, checkpoint, graph, no_grad
from backprop_lib import autograd as ag

A = np.arange(6.0).reshape(2, 3) / 6.0


def leaf(values=A, dtype=np.float64):
    return Tensor(np.array(values, dtype), requires_grad=True)


def results(run, f, arrays, dtype=np.float64, **options):
    """Value and gradients of a computation in which ``run`` calls f: directly, or through a checkpoint."""
    leaves = [leaf(array, dtype) for array in arrays]
    output = run(f, leaves)
    output.backward(np.cos(np.arange(output.data.size)).reshape(output.shape), **options)
    return [output.data, *(x.grad for x in leaves)]


def assert_same(f, arrays, run=lambda call, f, leaves: call(f, *leaves), **options):
    """Both ways compute the same, to the last bit: these are the same operations in the same order."""
    plain = results(lambda f, leaves: run(lambda f, *xs: f(*xs), f, leaves), f, arrays, **options)
    saved = results(lambda f, leaves: run(checkpoint, f, leaves), f, arrays, **options)
    for one, other in zip(plain, saved, strict=True):
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other, strict=True)


# The same as without


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x.tanh(),
        lambda x: x,
        lambda x: x * x + x,
        lambda x: x.reshape(-1),
        lambda x: x.T,
        lambda x: x[0],
        lambda x: x.sum(),
        lambda x: (x @ x.T).log_softmax(),
        lambda x: ag.where(x > 0.3, x, 0.0),
    ],
)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_one_input(f, dtype):
    assert_same(f, [A], dtype=dtype)
    assert_same(lambda x: f(x * 2.0) + 1.0, [A], dtype=dtype)


def test_several_inputs():
    assert_same(lambda x, y, z: (x * y).tanh() + z @ np.ones((2, 3)), [A, A + 1, A[:, :2]])


def test_the_same_input_twice():
    assert_same(lambda x, y: x * y + y, [A], lambda call, f, leaves: call(f, *leaves, *leaves))


def test_an_input_that_f_does_not_use():
    x, ignored = leaf(), leaf()
    y = checkpoint(lambda x, ignored: x * 2.0, x, ignored)
    y.backward(np.ones((2, 3)))
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))
    np.testing.assert_array_equal(ignored.grad, np.zeros((2, 3)))


def test_computed_inputs_and_a_result_that_goes_on():
    def run(call, f, leaves):
        return call(f, leaves[0].exp(), leaves[1] * leaves[0]).sum(axis=0) * leaves[1]

    assert_same(lambda x, y: (x - y).sigmoid(), [A, A[::-1]], run)


def test_inputs_that_require_no_gradient():
    x = leaf()
    for constant in A, Tensor(A), A.tolist(), 2.0, np.float64(3.0):
        x.zero_grad()
        checkpoint(lambda a, b: a * b, x, constant).backward(np.ones((2, 3)))
        values = constant.data if isinstance(constant, Tensor) else np.asarray(constant)
        np.testing.assert_array_equal(x.grad, np.broadcast_to(values, (2, 3)))


def test_leaves_that_f_uses_without_being_given_them():
    def run(call, f, leaves):
        x, w, b = leaves
        return call(lambda x: (x @ w + b).tanh() + x, x)

    assert_same(None, [A, np.eye(3), np.ones(3)], run)


def test_only_such_leaves_require_a_gradient():
    w = leaf()
    checkpoint(lambda x: x * w, A).backward(np.ones((2, 3)))
    np.testing.assert_array_equal(w.grad, A)
    w.zero_grad()
    checkpoint(lambda: w * w).backward(np.ones((2, 3)))
    np.testing.assert_array_equal(w.grad, 2 * A)
    w.zero_grad()
    checkpoint(lambda: w).backward(np.ones((2, 3)))
    np.testing.assert_array_equal(w.grad, np.ones((2, 3)))


def test_a_leaf_that_is_given_and_used_besides():
    x = leaf()
    checkpoint(lambda a: a * x, x).backward(np.ones((2, 3)))
    np.testing.assert_array_equal(x.grad, 2 * A)


@settings(max_examples=20)
@given(pieces=st.lists(st.integers(1, 3), min_size=1, max_size=4), seed=st.integers(0, 1000))
def test_a_chain_in_any_pieces(pieces, seed):
    weights = np.random.default_rng(seed).normal(size=(sum(pieces), 3, 3))

    def run(call, f, leaves):
        x, *ws = leaves
        for length in pieces:
            piece, ws = ws[:length], ws[length:]
            x = call(f, x, *piece)
        return x

    def f(x, *ws):
        for w in ws:
            x = (x @ w).tanh()
        return x

    assert_same(f, [A, *weights], run)


def test_nested():
    w = leaf(np.eye(3) + 0.1)

    def inner(x):
        return (x @ w).tanh()

    def plain(x):
        return inner(inner(x) * 2.0) + x

    def outer(x):
        return checkpoint(inner, checkpoint(inner, x) * 2.0) + x

    x = leaf()
    plain(x).backward(A)
    expected = x.grad, w.grad
    for f in (outer, lambda x: checkpoint(outer, x), lambda x: checkpoint(lambda x: checkpoint(outer, x), x)):
        x.zero_grad()
        w.zero_grad()
        f(x).backward(A)
        np.testing.assert_array_equal(x.grad, expected[0])
        np.testing.assert_allclose(w.grad, expected[1], rtol=1e-14)  # added up in another order


def test_retain_graph():
    x, w = leaf(), leaf(np.eye(3))
    y = checkpoint(lambda x: (x @ w).tanh(), x * 1.0) * 2.0
    for passes in 1, 2, 3:
        y.backward(np.ones((2, 3)), retain_graph=True)
        np.testing.assert_allclose(x.grad, passes * 2.0 * (1 - np.tanh(A) ** 2), rtol=1e-14)
        np.testing.assert_allclose(w.grad, passes * 2.0 * A.T @ (1 - np.tanh(A) ** 2), rtol=1e-14)


def test_a_second_backward_is_refused():
    x = leaf()
    y = checkpoint(lambda x: x * x, x).sum()
    y.backward()
    with pytest.raises(ValueError, match="was freed by an earlier backward pass"):
        y.backward()
    np.testing.assert_array_equal(x.grad, 2 * A)


def test_f_runs_once_forward_and_once_backward():
    calls = []

    def f(x):
        calls.append(None)
        return x * x

    y = checkpoint(f, leaf())
    assert len(calls) == 1
    y.backward(np.ones((2, 3)), retain_graph=True)
    assert len(calls) == 2
    y.backward(np.ones((2, 3)))
    assert len(calls) == 3


def test_the_operations_inside_are_not_in_the_graph():
    x = leaf()
    y = checkpoint(lambda x: x.exp().log().tanh(), x)
    assert {node.operation for node in graph(y).nodes} <= {"checkpoint", None}


# Without a graph


def test_nothing_is_recorded_within_no_grad():
    x = leaf()
    with no_grad():
        y = checkpoint(lambda x: x * 2.0, x)
    assert not y.requires_grad
    np.testing.assert_array_equal(y.data, 2 * A)


def test_nothing_is_recorded_for_constants():
    y = checkpoint(lambda x: x * 2.0, Tensor(A))
    assert not y.requires_grad
    np.testing.assert_array_equal(y.data, 2 * A)


def test_f_without_a_gradient_gives_a_constant():
    assert not checkpoint(lambda x: x.detach() * 2.0, leaf()).requires_grad


def test_backward_within_no_grad_computes_again_with_a_graph():
    x = leaf()
    y = checkpoint(lambda x: checkpoint(lambda x: x * x, x), x)
    with no_grad():
        y.backward(np.ones((2, 3)))
        assert not (x * 2.0).requires_grad
    np.testing.assert_array_equal(x.grad, 2 * A)


@pytest.mark.parametrize("x", [Tensor(A), leaf()], ids=["constant", "within no_grad"])
def test_a_constant_shares_no_memory_with_its_input(x):
    for f in (lambda x: x, lambda x: x.reshape(3, 2)):
        with no_grad():
            assert not np.shares_memory(checkpoint(f, x).data, x.data)


# What is refused


def test_a_computed_tensor_from_outside_is_refused():
    x = leaf()
    h = x * 2.0
    for f in (lambda x: x * h, lambda x: h, lambda x: checkpoint(lambda x: x * h, x)):
        with pytest.raises(ValueError, match="expected every computed tensor that f uses among its inputs, got one ou"):
            checkpoint(f, x)
    h.sum().backward()  # and its graph is still there
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_random_numbers_are_refused(rng):
    x = leaf()
    y = checkpoint(lambda x: x * rng.normal(size=3), x)
    with pytest.raises(ValueError, match="expected f to give the same result again, got another"):
        y.backward(np.ones((2, 3)))
    assert x.grad is None


def test_results_that_are_not_numbers_may_be_the_same_again():
    x = leaf([1.0, np.nan])
    checkpoint(lambda x: x * 2.0, x).backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [2.0, 2.0])


@pytest.mark.parametrize("result", [None, A, 1.0, [Tensor(A)], (leaf(), leaf())], ids=lambda r: type(r).__name__)
def test_f_returns_one_tensor(result):
    with pytest.raises(TypeError, match="checkpoint: expected f to return a Tensor, got"):
        checkpoint(lambda x: result, leaf())


@pytest.mark.parametrize("wrong", ["1", None, 1j], ids=repr)
def test_inputs_are_tensors_arrays_or_numbers(wrong):
    with pytest.raises(TypeError, match=r"expected .* numbers, got"):
        checkpoint(lambda x: x, wrong)


def test_an_error_inside_f_comes_out_and_leaves_recording_as_it_was():
    x, broken = leaf(), []

    def f(x):
        if broken:
            raise ZeroDivisionError
        return x * 2.0

    y = checkpoint(f, x)
    broken.append(True)
    with no_grad():
        with pytest.raises(ZeroDivisionError):
            y.backward(np.ones((2, 3)))
        assert not (x * 2.0).requires_grad
    assert (x * 2.0).requires_grad


@pytest.mark.parametrize("change", ["input", "weight", "constant", "optimiser"])
def test_changes_between_forward_and_backward_are_refused_before_any_gradient_is_touched(change):
    x, w, c, v = leaf(), leaf(), Tensor(A.copy()), leaf()
    # w enters squared: computed again with -w the result would be the same, and its gradient wrong.
    y = checkpoint(lambda x: x * w * w * c, x) + v
    if change == "optimiser":
        w.grad = 20.0 * w.data
        SGD([w], 0.1).step()
        w.zero_grad()
    else:
        changed = {"input": x, "weight": w, "constant": c}[change]
        changed.data = -changed.data
    with pytest.raises(ValueError, match=r"operands as they were, but one of shape .* was changed after checkpoint"):
        y.backward(np.ones((2, 3)))
    assert [t.grad is None for t in (x, w, v)] == [True] * 3


# Memory


def arrays_kept(n, piece, size=10_000):
    """How many arrays a chain of n operations holds at most, in pieces, forward and backward."""
    x = leaf(np.linspace(0.0, 1.0, size))

    def f(x):
        for _ in range(piece):
            x = x.tanh()
        return x

    tracemalloc.start()
    try:
        y = x
        for _ in range(n // piece):
            y = checkpoint(f, y) if piece > 1 else f(y)
        y.backward(np.ones(size))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak / (8 * size)


@pytest.mark.parametrize("root", [4, 8, 16])
def test_a_chain_keeps_about_twice_the_root_of_its_length(root):
    n = root * root
    assert arrays_kept(n, 1) > n
    # The results of all pieces and those inside one; a few more for gradients on their way.
    assert arrays_kept(n, root) < 2 * root + 8
