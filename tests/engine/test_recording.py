"""What is recorded and what is not: `no_grad` in threads and tasks, flags that change, and buffers that are used again.

What a graph keeps must be what was computed with, whatever happens to the reader's arrays meanwhile.
"""

import asyncio
import threading

import numpy as np
import pytest

from backprop_lib import Tensor, checkpoint, no_grad
from backprop_lib import autograd as ag

A = np.arange(6.0).reshape(2, 3)


def leaf(values=A):
    return Tensor(np.array(values), requires_grad=True)


def is_recorded():
    return (leaf() * 2.0).requires_grad


# Threads and tasks


def test_overlapping_blocks_in_two_threads_are_apart():
    seen, entered, left = [], threading.Barrier(2, timeout=60), threading.Event()

    def stays_longer():
        with no_grad():
            entered.wait()
            assert left.wait(60)
            seen.append(("inside", is_recorded()))
        seen.append(("after", is_recorded()))

    thread = threading.Thread(target=stays_longer)
    thread.start()
    with no_grad():  # entered before or after the other's, left before it
        entered.wait()
    seen.append(("the other one's", is_recorded()))
    left.set()
    thread.join()
    assert seen == [("the other one's", True), ("inside", False), ("after", True)]
    assert is_recorded()


def test_a_thread_records_while_another_does_not():
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(is_recorded()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_tasks_are_apart():
    async def evaluate(entered, left):
        with no_grad():
            entered.set()
            await left.wait()
            return is_recorded()

    async def train(entered, left):
        await entered.wait()
        recorded = is_recorded()
        left.set()
        return recorded

    async def both():
        events = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(evaluate(*events), train(*events))

    assert asyncio.run(both()) == [False, True]
    assert is_recorded()


def test_two_threads_train_at_once():
    results = {}

    def train(name):
        x = leaf()
        for _ in range(200):
            (x * x).sum().backward()
            with no_grad():
                x -= 0.01 * x.grad
            x.zero_grad()
        results[name] = x.data

    threads = [threading.Thread(target=train, args=(name,)) for name in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    train("alone")
    assert set(results) == {0, 1, "alone"}
    for data in results.values():
        np.testing.assert_array_equal(data, results["alone"])


def test_a_generator_left_in_the_middle_ends_its_block():
    def values():
        with no_grad():
            yield is_recorded()

    generator = values()
    assert next(generator) is False
    generator.close()
    assert is_recorded()


# Flags


def test_a_result_cannot_be_cut_off_by_its_flag():
    x = leaf()
    y = x * 2.0
    with pytest.raises(
        ValueError, match=r"requires_grad: expected a leaf, got a result of ×; detach\(\) gives its val"
    ):
        y.requires_grad = False
    y.requires_grad = True  # as it is
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_a_frozen_leaf_receives_nothing():
    x, w = leaf(), leaf()
    y = (x * w).sum()
    w.requires_grad = False
    y.backward()
    np.testing.assert_array_equal(x.grad, A)
    assert w.grad is None
    assert not (w * 2.0).requires_grad


def test_a_constant_that_becomes_a_leaf_is_tracked_from_then_on():
    constant, x = Tensor(A), leaf()
    before = (x * constant).sum() + (constant * 2.0).sum()
    constant.requires_grad = True
    (constant * 3.0).sum().backward()
    np.testing.assert_array_equal(constant.grad, np.full((2, 3), 3.0))
    # One use of it was recorded for the sake of x and the other was not: half a gradient would be a wrong one.
    with pytest.raises(ValueError, match=r"one of shape .* was changed after × had used it"):
        before.backward()
    np.testing.assert_array_equal(constant.grad, np.full((2, 3), 3.0))


def test_a_result_without_a_graph_may_become_a_leaf():
    x = leaf()
    with no_grad():
        start = x * 2.0
    start.requires_grad = True
    start.grad = np.ones((2, 3))
    (start * start).sum().backward()
    np.testing.assert_array_equal(start.grad, 4 * A + 1)


# Buffers


def poured(buffer, f, *fillings):
    """The gradients of a sum over all fillings of one buffer, of which each is used and then overwritten."""
    x, total = leaf(), 0.0
    for filling in fillings:
        buffer[...] = filling
        total += (f(x, buffer) * np.arange(1.0, 4.0)).sum()
    buffer[...] = fillings[0]
    total.backward()
    return x.grad


# name: (a function of a tensor and a buffer, two fillings)
BUFFERS = {
    "index": (lambda x, buffer: x.flatten()[buffer], [0, 1, 1], [3, 5, 0]),
    "index of an axis": (lambda x, buffer: x[:, buffer][1], [0, 0, 1], [2, 0, 2]),
    "mask": (lambda x, buffer: x[0][buffer].sum(), [True, False, False], [False, True, True]),
    "mask and a slice": (lambda x, buffer: x[0:1, buffer].sum(), [True, False, False], [False, True, True]),
    "condition": (lambda x, buffer: ag.where(buffer, x, 2.0 * x), [True, False, False], [False, True, False]),
    "factor": (lambda x, buffer: x * buffer, [1.0, 2.0, 3.0], [0.5, -1.0, 4.0]),
    "factor on the left": (lambda x, buffer: buffer * x, [1.0, 2.0, 3.0], [0.5, -1.0, 4.0]),
    "divisor": (lambda x, buffer: x / buffer, [1.0, 2.0, 3.0], [0.5, -1.0, 4.0]),
    "base": (lambda x, buffer: buffer**x, [1.0, 2.0, 3.0], [0.5, 1.5, 2.5]),
    "exponent": (lambda x, buffer: (x + 1) ** buffer, [1.0, 2.0, 3.0], [0.5, 1.5, 2.5]),
    "rival": (lambda x, buffer: x.maximum(buffer), [1.0, 2.0, 3.0], [9.0, -1.0, 4.0]),
    "vector": (lambda x, buffer: (x @ buffer).sum(), [1.0, 2.0, 3.0], [0.5, -1.0, 4.0]),
    "factor of einsum": (lambda x, buffer: ag.einsum("ij,j->", x, buffer), [1.0, 2.0, 3.0], [0.5, -1.0, 4.0]),
    "joined": (lambda x, buffer: ag.stack([x[0], buffer]).prod(axis=0), [1.0, 2.0, 3.0], [0.5, -1.0, 4.0]),
    "input of a checkpoint": (
        lambda x, buffer: checkpoint(lambda a, b: a * b, x, buffer),
        [1.0, 2.0, 3.0],
        [4.0, 1.0, 0.5],
    ),
}


@pytest.mark.parametrize("name", BUFFERS)
def test_a_buffer_may_be_filled_anew_before_backward(name):
    f, *fillings = BUFFERS[name]
    buffer = np.array(fillings[0])
    apart = leaf()
    total = sum((f(apart, np.array(filling)) * np.arange(1.0, 4.0)).sum() for filling in fillings)
    total.backward()
    np.testing.assert_array_equal(poured(buffer, f, *fillings), apart.grad)


def test_labels_may_be_filled_anew_before_backward():
    x, labels = leaf(), np.array([0, 2])
    loss = x.cross_entropy(labels)
    labels[...] = 1
    loss.backward()
    apart = leaf()
    apart.cross_entropy([0, 2]).backward()
    np.testing.assert_array_equal(x.grad, apart.grad)


def test_an_index_buffer_by_hand():
    x, index, total = leaf([1.0, 2.0, 3.0, 4.0]), np.zeros(1, int), 0.0
    for i in range(4):
        index[0] = i
        total += (i + 1) * x[index].sum()
    total.backward()
    np.testing.assert_array_equal(x.grad, [1.0, 2.0, 3.0, 4.0])


def test_lists_and_empty_indices_are_indices_still():
    x, places = leaf(), [0, 0]
    y = x[places]
    places[:] = [1, 1]
    assert x[[]].shape == (0, 3)
    assert x[:, []].shape == (2, 0)
    y.backward(np.ones((2, 3)))
    np.testing.assert_array_equal(x.grad, [[2, 2, 2], [0, 0, 0]])


def test_where_nothing_is_recorded_nothing_is_copied(monkeypatch):
    copies = []
    monkeypatch.setattr(ag.tensor, "_constant", lambda value, dtype, copy=None: copies.append(copy) or Tensor(value))
    x, array = leaf(), A.copy()
    with no_grad():
        _ = x * array
    _ = Tensor(A) * array
    assert copies == [None, None]
    _ = x * array
    assert copies == [None, None, True]


def test_a_tensor_uses_its_array_and_a_copy_is_the_reader_s_own():
    buffer = np.ones(3)
    shared, apart, x = Tensor(buffer), Tensor(buffer.copy()), leaf(np.ones(3))
    total = (x * shared).sum() + (x * apart).sum()
    buffer[...] = 5.0
    total.backward()
    np.testing.assert_array_equal(x.grad, [6.0, 6.0, 6.0])  # 5 by the shared one, which nobody saw change, and 1
