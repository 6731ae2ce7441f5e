"""The two autograd engines: what a node costs in time and in memory, and what checkpointing saves."""

import gc
import sys
from functools import partial

import micrograd.engine
import numpy as np
import torch

from backprop_lib import relative_error
from backprop_lib.autograd import Tensor, Value, checkpoint
from benchmarks.measuring import Ratio, bytes_in_use, interleaved, peak_bytes, traced_memory

CHAIN = 1000
PIECES = [10, *range(44, 0, -1)]  # of the same chain; a late piece meets all earlier results, so it is shorter


# A multiplication in the array engine


def multiplications(Array, wanted):
    """A chain of multiplications of 8 entries and its backward pass; returns the gradient of the first factor."""
    x, factor = Array(np.ones(8, np.float32)), Array(np.full(8, 1.001, np.float32))
    x.requires_grad = factor.requires_grad = True

    def run():
        x.grad = factor.grad = None
        y = x
        for _ in range(CHAIN):
            y = y * factor
        y.backward(wanted)
        return np.asarray(x.grad)

    return run


def multiplication_node():
    """(Seconds of a node forward and backward, ratio to PyTorch's)."""
    seed = np.ones(8, np.float32)
    ours, theirs = multiplications(Tensor, seed), multiplications(torch.tensor, torch.tensor(seed))
    _check_equal(ours(), theirs())
    times = interleaved({"ours": ours, "PyTorch": theirs}, rounds=25)
    return np.median(times["ours"]) / CHAIN, Ratio.of(times["ours"], times["PyTorch"])


# The scalar engine


def tree(Value, n_nodes):
    """Products of 16 numbers with 16 others, summed pairwise: as many nodes as wanted, but only a few levels."""
    xs, ws = [Value(1.0 + i / 16) for i in range(16)], [Value(1.0 - i / 16) for i in range(16)]

    def run():
        terms = [xs[i % 16] * ws[i // 16 % 16] for i in range(n_nodes // 2)]
        while len(terms) > 1:
            last = terms[-1:] if len(terms) % 2 else []
            terms = [a + b for a, b in zip(terms[::2], terms[1::2], strict=False)] + last
        return _gradients(terms[0], xs + ws)

    return run


def chain(Value, n_nodes):
    """y <- 0.999 y + 0.001 x, again and again: as many levels as nodes, nearly."""
    x = Value(0.5)

    def run():
        y = x
        for _ in range(n_nodes // 3):
            y = y * 0.999 + x * 0.001
        return _gradients(y, [x])

    return run


def _gradients(result, leaves):
    for leaf in leaves:
        leaf.grad = 0.0
    result.backward()
    return np.array([leaf.grad for leaf in leaves])


def against_micrograd(shape, n_nodes, rounds):
    """(Our seconds of a node, ratio to micrograd's), garbage collection on."""
    sys.setrecursionlimit(10 * n_nodes + 1000)  # micrograd goes one level deeper for each node of a chain
    ours, theirs = shape(Value, n_nodes), shape(micrograd.engine.Value, n_nodes)
    _check_equal(ours(), theirs())
    times = interleaved({"ours": ours, "micrograd": theirs}, rounds=rounds)
    return np.median(times["ours"]) / n_nodes, Ratio.of(times["ours"], times["micrograd"])


def memory_of_a_node(n_nodes=100_000):
    """(Bytes of a node of the scalar engine, bytes left of it after backward without the garbage collector)."""
    x = Value(0.5)
    gc.disable()
    with traced_memory():
        before = bytes_in_use()
        y = x
        for _ in range(n_nodes):
            y = y * 0.999
        full = bytes_in_use()
        y.backward()
        del y
        left = bytes_in_use()
    gc.enable()
    return (full - before) / n_nodes, (left - before) / n_nodes


# Checkpointing


def checkpointing(size=30_000):
    """A thousand multiplications of an array in pieces, each computed twice.

    Returns (arrays alive at the peak with checkpoints, and without; ratio of the times).
    """
    x, factor = Tensor(np.ones(size), requires_grad=True), Tensor(np.full(size, 1.001), requires_grad=True)
    seed = np.ones(size)

    def multiplied(y, times):
        for _ in range(times):
            y = y * factor
        return y

    def gradient(y):
        x.grad = factor.grad = None
        y.backward(seed)
        return x.grad

    def stored():
        return gradient(multiplied(x, CHAIN))

    def computed_twice():
        y = x
        for times in PIECES:
            y = checkpoint(partial(multiplied, times=times), y)
        return gradient(y)

    _check_equal(computed_twice(), stored())
    times = interleaved({"twice": computed_twice, "stored": stored}, rounds=9)
    with traced_memory():
        alive = [peak_bytes(run) / seed.nbytes for run in (computed_twice, stored)]
    return *alive, Ratio.of(times["twice"], times["stored"])


def _check_equal(ours, theirs):
    if not relative_error(ours, theirs) <= 1e-6:
        raise ValueError(f"expected equal gradients, got {ours} and {theirs}")
