"""Memory of the array engine: who shares it with whom, what is freed and when, how deep a graph may be."""

import gc
import tracemalloc
from contextlib import contextmanager
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backprop_lib import SGD, Tensor, clip_gradient_norm, graph, no_grad
from backprop_lib import autograd as ag
from tests.engine.engine_cases import CASES

A = np.arange(9.0).reshape(3, 3) + 1.0
few = settings(max_examples=8)
each_case = pytest.mark.parametrize("name", CASES)


def leaf(values=A):
    return Tensor(np.array(values), requires_grad=True)


def nodes(root):
    """Every tensor of a graph, the root first."""
    found, waiting = {id(root): root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if id(parent) not in found:
                found[id(parent)] = parent
                waiting.append(parent)
    return list(found.values())


def assert_leaf_gradients_stand_alone(leaves, others):
    """No leaf's gradient shares memory with another's, or with any other array."""
    gradients = [x.grad for x in leaves]
    for one, other in combinations(gradients, 2):
        assert not np.shares_memory(one, other)
    for gradient in gradients:
        assert gradient.flags.writeable
        assert all(not np.shares_memory(gradient, other) for other in others if other is not None)


def arrays_around(root, seed):
    """All that a reader can lay hands on: data of every node, gradients inside, the gradient that was given."""
    inside = [node for node in nodes(root) if node.parents]
    return [seed, *(node.data for node in nodes(root)), *(node.grad for node in inside)]


# Gradients of leaves

# Operations that hand on the gradient itself, or a view of it, and a few that do not.
SHARERS = {
    "the leaf itself": lambda x, y: x,
    "add": lambda x, y: x + y,
    "add to itself": lambda x, y: x + x,
    "add a number": lambda x, y: x + 1.0,
    "add a row": lambda x, y: x + y[0],
    "subtract": lambda x, y: x - y,
    "subtract from a number": lambda x, y: 1.0 - x,
    "multiply": lambda x, y: x * y,
    "negative": lambda x, y: -x,
    "reshape": lambda x, y: x.reshape(9),
    "reshape twice": lambda x, y: x.reshape(9).reshape(3, 3),
    "reshape a sum": lambda x, y: (x + y).reshape(9),
    "sum of reshaped": lambda x, y: x.reshape(9) + y.reshape(9),
    "transpose": lambda x, y: x.T,
    "transpose twice": lambda x, y: x.T.T,
    "transpose a sum": lambda x, y: (x + y).T + x.T,
    "sum": lambda x, y: x.sum(),
    "sum of rows": lambda x, y: x.sum(axis=1, keepdims=True) + y,
    "mean": lambda x, y: x.mean(axis=0),
    "max": lambda x, y: x.max(axis=0),
    "concatenate": lambda x, y: ag.concatenate([x, y]),
    "concatenate one": lambda x, y: ag.concatenate([x]),
    "concatenate with itself": lambda x, y: ag.concatenate([x, x], axis=1),
    "stack": lambda x, y: ag.stack([x, y], axis=1),
    "stack one": lambda x, y: ag.stack([x]),
    "index": lambda x, y: x[1],
    "index of all": lambda x, y: x[...],
    "array index": lambda x, y: x[[0, 0, 2]],
    "where": lambda x, y: ag.where(A > 4, x, y),
    "clip": lambda x, y: x.clip(2.0, 7.0),
    "matmul": lambda x, y: x @ y,
    "matrix and vector": lambda x, y: x @ y[0],
    "square by itself": lambda x, y: x @ x,
    "checkpoint": lambda x, y: ag.checkpoint(lambda a, b: a + b, x, y),
    "checkpoint of nothing": lambda x, y: ag.checkpoint(lambda a: a, x),
    "checkpoint twice the same": lambda x, y: ag.checkpoint(lambda a, b: a + b, x, x),
    # A new gradient arrives at an operation that hands it on whole.
    "reshape, then double": lambda x, y: x.reshape(9) * 2.0,
    "transpose, then double": lambda x, y: x.T * 2.0,
    "index, then double": lambda x, y: x[...] * 2.0,
    "concatenate one, then double": lambda x, y: ag.concatenate([x]) * 2.0,
    "stack one, then double": lambda x, y: ag.stack([x]) * 2.0,
    "add, then double": lambda x, y: (x + y) * 2.0,
    "add a number, then double": lambda x, y: (x + 1.0) * 2.0,
    "sum with keepdims, then double": lambda x, y: x[:1].sum(axis=0, keepdims=True) * 2.0,
    "one row for two": lambda x, y: (x.reshape(9) * 2.0) + (y.reshape(9) * x.reshape(9)),
    "long way": lambda x, y: ((x + y).reshape(9).reshape(3, 3).T + (x - y)).T,
}


@pytest.mark.parametrize("retain_graph", [True, False])
@pytest.mark.parametrize("name", SHARERS)
def test_gradients_of_leaves_share_memory_with_nothing(name, retain_graph):
    x, y = leaf(), leaf(A.T)
    root = SHARERS[name](x, y)
    seed = np.ones(root.shape)
    for _ in range(2 if retain_graph else 1):
        root.backward(seed, retain_graph=retain_graph)
        touched = [tensor for tensor in (x, y) if tensor.grad is not None]
        assert touched
        assert_leaf_gradients_stand_alone(touched, arrays_around(root, seed))


@few
@given(data=st.data())
@each_case
def test_gradients_of_any_operation_share_memory_with_nothing(name, data):
    case = CASES[name]
    draw = data.draw(case.draws)
    leaves = [leaf(array) for array in draw.arrays]
    root = case.engine(*leaves, **draw.options)
    seed = np.ones(root.shape)
    root.backward(seed, retain_graph=True)
    assert_leaf_gradients_stand_alone(leaves, arrays_around(root, seed))


@pytest.mark.parametrize("name", SHARERS)
def test_a_gradient_taken_away_is_not_written_to_again(name):
    x, y = leaf(), leaf(A.T)
    root = SHARERS[name](x, y)
    root.backward(np.ones(root.shape), retain_graph=True)
    taken, before = x.grad, x.grad.copy()
    x.zero_grad()
    root.backward(3.0 * np.ones(root.shape))
    np.testing.assert_array_equal(taken, before)
    np.testing.assert_allclose(x.grad, 3.0 * before, rtol=1e-15)


@pytest.mark.parametrize("name", SHARERS)
def test_a_gradient_changed_in_place_changes_no_other(name):
    x, y = leaf(), leaf(A.T)
    root = SHARERS[name](x, y)
    root.backward(np.ones(root.shape), retain_graph=True)
    inside = [node for node in nodes(root) if node.parents]
    before = [None if t.grad is None else t.grad.copy() for t in (y, *inside)]
    clip_gradient_norm([x], 1e-3)
    x.grad[...] = np.nan
    for tensor, gradient in zip((y, *inside), before, strict=True):
        assert (tensor.grad is None) == (gradient is None)
        if gradient is not None:
            np.testing.assert_array_equal(tensor.grad, gradient)


def test_the_given_gradient_may_be_changed_afterwards():
    x = leaf()
    seed = np.ones((3, 3))
    (x + 0.0).backward(seed)
    seed[...] = np.nan
    np.testing.assert_array_equal(x.grad, np.ones((3, 3)))


def test_a_gradient_that_is_added_to_is_not_written_to():
    x = leaf()
    assigned = np.ones((3, 3))
    x.grad = assigned
    (x * 2.0).backward(np.ones((3, 3)))
    between = x.grad
    (x * 3.0).backward(np.ones((3, 3)))
    np.testing.assert_array_equal(assigned, np.ones((3, 3)))
    np.testing.assert_array_equal(between, np.full((3, 3), 3.0))
    np.testing.assert_array_equal(x.grad, np.full((3, 3), 6.0))


def test_a_sum_of_numbers_is_an_array_for_a_leaf_and_inside():
    x = leaf(2.0)
    y = x * 1.0
    (y * y).backward(retain_graph=True)
    (x * 1.0).backward()
    assert [type(tensor.grad) for tensor in (x, y)] == [np.ndarray, np.ndarray]
    assert (x.grad, y.grad) == (5.0, 4.0)


def handed(*makers):
    """Leaves, each of which gets from its rule what a maker makes of one new array; and that array."""
    leaves, new = [leaf(np.zeros((2, 2))) for _ in makers], np.arange(4.0).reshape(2, 2)
    rules = tuple(lambda grad, out, make=make: make(new) for make in makers)
    ag.record("handed", np.zeros((2, 2)), tuple(leaves), rules).backward(np.ones((2, 2)))
    return leaves, new


def test_a_leaf_keeps_a_new_array_whatever_its_order():
    (x,), new = handed(lambda new: new)
    assert x.grad is new
    by_columns = np.array(new, order="F")
    (x,), _ = handed(lambda new: by_columns)
    assert x.grad is by_columns


def test_a_leaf_keeps_a_view_of_a_new_array():
    (x,), new = handed(lambda new: new[:])
    assert np.shares_memory(x.grad, new)


@pytest.mark.parametrize("retain_graph", [False, True])
def test_a_leaf_keeps_the_gradient_of_a_node_that_is_freed_and_copies_that_of_one_that_is_retained(retain_graph):
    x, arrived = leaf(), []
    doubled = ag.record("mine", A.copy(), (x,), (lambda grad, out: arrived.append(grad) or grad,)) * 2.0
    doubled.backward(np.ones((3, 3)), retain_graph=retain_graph)
    assert np.shares_memory(x.grad, arrived[0]) == (not retain_graph)


@pytest.mark.parametrize("first", [lambda new: new[:], lambda new: new[:].reshape(2, 2)])
def test_of_leaves_that_are_handed_one_array_the_first_keeps_it(first):
    (x, y, z), new = handed(first, lambda new: new[:], lambda new: new[:])
    assert np.shares_memory(x.grad, new)
    assert_leaf_gradients_stand_alone([x, y, z], [])
    for tensor in x, y, z:
        np.testing.assert_array_equal(tensor.grad, new)


def test_views_of_memory_that_is_not_numpy_s_are_noticed_too():
    foreign = np.frombuffer(bytearray(32)).reshape(2, 2)
    (x, y), _ = handed(lambda new: foreign, lambda new: foreign[:])
    assert_leaf_gradients_stand_alone([x, y], [])


def test_a_part_of_an_array_as_the_given_gradient_is_not_kept():
    x, seed = leaf(), np.ones((6, 3))[:3]
    (x + 1.0).backward(seed)
    assert_leaf_gradients_stand_alone([x], [seed])


def test_a_view_that_a_retained_node_holds_is_not_kept():
    x, new = leaf(), np.ones((3, 3))
    inside = x + 1.0
    ag.record("mine", A.copy(), (inside,), (lambda grad, out: new[:],)).backward(A, retain_graph=True)
    assert_leaf_gradients_stand_alone([x], [inside.grad])


def test_gradients_stand_alone_after_a_rule_has_raised():
    def refuse(grad, out):
        raise ZeroDivisionError

    x, y, seed = leaf(), leaf(), np.ones((3, 3))
    last = ag.record("last", A.copy(), (leaf(),), (refuse,))
    with pytest.raises(ZeroDivisionError):
        (last + (x + y)).backward(seed)
    assert_leaf_gradients_stand_alone([x, y], [seed, last.grad])
    np.testing.assert_array_equal([x.grad, y.grad], [seed, seed])


@pytest.mark.parametrize("view", [lambda new: new.T, lambda new: np.broadcast_to(new[:1], (2, 2))])
def test_what_does_not_lie_row_by_row_or_cannot_be_written_to_is_copied(view):
    (x,), new = handed(view)
    assert not np.shares_memory(x.grad, new)
    assert x.grad.flags.carray
    np.testing.assert_array_equal(x.grad, view(new))


# Programs of linear operations on 2 x 2 matrices of whole numbers: every gradient is exact, so whoever adds to memory
# that is not his own is found out. Each takes one or two of what is there.
M = np.array([[1.0, 2.0], [0.0, -1.0]])
STEPS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "add to itself": lambda a, b: a + a,
    "double": lambda a, b: a * 2.0,
    "negative": lambda a, b: -a,
    "add a number": lambda a, b: a + 1.0,
    "transpose": lambda a, b: a.T,
    "reshape and back": lambda a, b: a.reshape(4).reshape(2, 2),
    "all of it": lambda a, b: a[...],
    "backwards": lambda a, b: a[::-1],
    "first row twice": lambda a, b: a[[0, 0]],
    "last column twice": lambda a, b: a[:, [1, 1]],
    "rows of both": lambda a, b: ag.concatenate([a[:1], b[1:]]),
    "concatenate one": lambda a, b: ag.concatenate([a]),
    "stack rows": lambda a, b: ag.stack([a[0], b[1]]),
    "row sums": lambda a, b: a.sum(axis=0, keepdims=True) + b,
    "choose": lambda a, b: ag.where(M > 0, a, b),
    "product": lambda a, b: a @ M,
    "product from the left": lambda a, b: M @ a,
    "checkpoint": lambda a, b: ag.checkpoint(lambda a, b: a.T - b, a, b),
    "checkpoint of nothing": lambda a, b: ag.checkpoint(lambda a: a, a),
}
step = st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 99), st.integers(0, 99))
programs = st.lists(step, min_size=4, max_size=16)


def run(program, pool, start=0):
    """The pool with the results of a program from one of its steps on; each uses what is among the last three."""
    pool = list(pool)
    for name, i, j in program[start:]:
        latest = pool[-3:]
        pool.append(STEPS[name](latest[i % len(latest)], latest[j % len(latest)]))
    return pool


def gradient_by_columns(program, arrays, position, g):
    """Gradient with respect to one entry of the pool: the program is linear, so differences of 1 are exact."""
    gradient = np.empty((2, 2))
    for i, j in np.ndindex(2, 2):
        moved = [Tensor(array.copy()) for array in arrays[: max(2, position + 1)]]
        moved[position].data[i, j] += 1.0
        after = run(program, moved, len(moved) - 2)[-1].data
        gradient[i, j] = (g * (after - arrays[-1])).sum()
    return gradient


@settings(max_examples=200)
@given(program=programs, seed=st.integers(0, 1000), retain_graph=st.booleans())
def test_any_program_of_linear_operations_is_exact(program, seed, retain_graph):
    rng = np.random.default_rng(seed)
    leaves = [leaf(rng.integers(-3, 4, (2, 2)).astype(float)) for _ in range(2)]
    pool = run(program, leaves)
    g = rng.integers(-3, 4, (2, 2)).astype(float)
    passes = 2 if retain_graph else 1
    for _ in range(passes):
        pool[-1].backward(g, retain_graph=retain_graph)
    arrays = [tensor.data for tensor in pool]
    for position, tensor in enumerate(pool):
        if tensor.grad is not None:
            expected = gradient_by_columns(program, arrays, position, g)
            np.testing.assert_array_equal(tensor.grad, (passes if position < 2 else 1) * expected)
    if retain_graph:
        assert all(node.grad is not None for node in nodes(pool[-1]) if node.requires_grad)
    touched = [tensor for tensor in leaves if tensor.grad is not None]
    assert_leaf_gradients_stand_alone(touched, arrays_around(pool[-1], g))


# What is read is not written to


@few
@given(data=st.data())
@each_case
def test_neither_operands_nor_the_given_gradient_are_changed(name, data):
    case = CASES[name]
    draw = data.draw(case.draws)
    for array in draw.arrays:
        array.flags.writeable = False
    leaves = [Tensor(array, requires_grad=True) for array in draw.arrays]
    root = case.engine(*leaves, **draw.options)
    before, seed = root.data.copy(), np.ones(root.shape)
    seed.flags.writeable = False
    root.backward(seed, retain_graph=True)
    root.backward(seed)
    np.testing.assert_array_equal(root.data, before)


# Constants


@few
@given(data=st.data())
@each_case
def test_a_constant_shares_no_memory_with_its_operands(name, data):
    case = CASES[name]
    draw = data.draw(case.draws)
    operands = [leaf(array) for array in draw.arrays]
    with no_grad():
        unrecorded = case.engine(*operands, **draw.options)
    constant = case.engine(*map(Tensor, draw.arrays), **draw.options)
    for array, operand in zip(draw.arrays, operands, strict=True):
        assert not np.shares_memory(unrecorded.data, operand.data)
        assert not np.shares_memory(constant.data, array)


@pytest.mark.parametrize("name", [name for name in SHARERS if name != "the leaf itself"])
def test_a_constant_survives_a_change_of_its_operands(name):
    x, y = leaf(), leaf(A.T)
    with no_grad():
        result = SHARERS[name](x, y)
        before = result.data.copy()
        x += 1.0
        y += 1.0
    np.testing.assert_array_equal(result.data, before)


# Freed without the collector


@contextmanager
def without_collector():
    """What is freed in this block is freed by counting references alone; what was there before is out of sight."""
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


def tensors_alive():
    return sum(type(thing) is Tensor for thing in gc.get_objects())


@few
@given(data=st.data())
@each_case
def test_nothing_is_left_of_any_operation(name, data):
    case = CASES[name]
    draw = data.draw(case.draws)
    with without_collector():
        leaves = [leaf(array) for array in draw.arrays]
        root = case.engine(*leaves, **draw.options)
        root.backward(np.ones(root.shape))
        assert tensors_alive() == len(leaves) + 1
        root = case.engine(*leaves, **draw.options)
        root.backward(np.ones(root.shape), retain_graph=True)
        graph(root)
        del root
        assert tensors_alive() == len(leaves)
        del leaves
        assert tensors_alive() == 0


def training_step(x, w):
    h = x
    for _ in range(5):
        h = ag.checkpoint(lambda h: (h @ w).tanh() + h, h)
    loss = ag.concatenate([h, h[[0, 0]] * 2.0]).log_softmax()[:, 0].mean()
    loss.backward()
    SGD([w], 0.1).step()
    w.zero_grad()


def array_memory():
    """Bytes that arrays take."""
    only_arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([only_arrays]).traces)


def test_training_does_not_grow():
    n = 50
    x, w = Tensor(np.ones((n, n))), leaf(np.eye(n))
    with without_collector():
        tracemalloc.start()
        try:
            training_step(x, w)
            start = array_memory()
            for _ in range(5):
                training_step(x, w)
            assert array_memory() - start < 8 * n * n  # not one array more
        finally:
            tracemalloc.stop()
        assert tensors_alive() == 0


def test_arrays_are_freed_on_the_way_back():
    n, size = 100, 10_000
    x = leaf(np.ones(size))
    y = x
    for _ in range(n):
        y = y.tanh()
    tracemalloc.start()
    try:
        y.backward(np.ones(size))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 8 * size  # a few arrays at a time, not one for each of a hundred operations


# Depth


def chain(x, length):
    for _ in range(length // 2):
        x = (x * 1.0).reshape(1)
    return x


def test_a_long_chain():
    x = leaf([2.0])
    y = chain(x, 100_000)
    y.backward()
    assert x.grad == [1.0]


def test_a_long_chain_is_deleted_unfreed():
    with without_collector():
        y = chain(leaf([1.0]), 100_000)
        assert tensors_alive() > 100_000
        del y
        assert tensors_alive() == 0


def test_a_sum_of_many_leaves():
    leaves = [leaf([float(i)]) for i in range(1000)]
    total = leaves[0] * leaves[0]
    for x in leaves[1:]:
        total = total + x * x
    total.backward()
    assert [x.grad.item() for x in leaves] == [2.0 * i for i in range(1000)]
