"""Answers to the exercises of Lesson 6: a solution of each, and wrong ones with their verdicts."""

from collections import Counter
from functools import partial

import numpy as np

from backprop_book import MISTAKES
from backprop_lib import autograd


def start(nodes, root):
    for node in nodes:
        node.grad = 0.0
    root.grad = 1.0


def pass_on(node):
    for parent, slope in zip(node.parents, node.slopes, strict=True):
        parent.grad += slope * node.grad


def by_counting(nodes, root, *, begin=start, count=lambda node: node.parents, pass_on=pass_on):
    begin(nodes, root)
    ready = [root]
    missing = Counter(parent for node in nodes for parent in count(node))
    while ready:
        node = ready.pop()
        pass_on(node)
        for parent in node.parents:
            missing[parent] -= 1
            if missing[parent] == 0:
                ready.append(parent)


def push(nodes, root):
    def visit(node):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad
            visit(parent)

    start(nodes, root)
    visit(root)


def depth_first(nodes, root):
    start(nodes, root)
    seen, waiting = {root}, [root]
    while waiting:
        node = waiting.pop()
        pass_on(node)
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                waiting.append(parent)


def breadth_first(nodes, root):
    start(nodes, root)
    waiting = [root]
    for node in waiting:
        pass_on(node)
        waiting += [parent for parent in dict.fromkeys(node.parents) if parent not in waiting]


def in_given_order(nodes, root):
    start(nodes, root)
    for node in nodes:
        pass_on(node)


def recursive_sort(nodes, root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    start(nodes, root)
    for node in reversed(order):
        pass_on(node)


def iterative_sort(nodes, root):
    order, waiting, seen = [], [(root, False)], set()
    while waiting:
        node, done = waiting.pop()
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            waiting += [(node, True), *((parent, False) for parent in node.parents)]
    start(nodes, root)
    for node in reversed(order):
        pass_on(node)


def by_counting_slowly(nodes, root):
    start(nodes, root)
    missing = {node: sum(parent is node for other in nodes for parent in other.parents) for node in nodes}
    ready = [root]
    for node in ready:
        pass_on(node)
        for parent in node.parents:
            missing[parent] -= 1
            if missing[parent] == 0:
                ready.append(parent)


def along_every_path(nodes, root):
    def visit(node, contribution):
        node.grad += contribution
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            visit(parent, slope * contribution)

    start(nodes, root)
    root.grad = 0.0
    visit(root, 1.0)


def overwrite(node):
    for parent, slope in zip(node.parents, node.slopes, strict=True):
        parent.grad = slope * node.grad


def add_without_slopes(node):
    for parent in node.parents:
        parent.grad += node.grad


def max_backward(dm, windows):
    largest = windows == windows.max(axis=1, keepdims=True)
    return dm[:, None] * largest / largest.sum(axis=1, keepdims=True)


def first_largest(dm, windows):
    dX = np.zeros_like(windows)
    dX[np.arange(len(dm)), windows.argmax(axis=1)] = dm
    return dX


def distances_vjp(grad, X):
    both = grad + grad.T
    return 2.0 * (both.sum(axis=1)[:, None] * X - both @ X)


def convolution_with(rule_X=None, rule_w=None, data=None):
    """The convolution as an operation on tensors, with the right rules or with others: (grad, padded, w) -> gradient"""

    def shifted_back(grad, padded, w):
        back, T = np.zeros_like(padded), grad.shape[1]
        for k, weight in enumerate(w):
            back[:, k : k + T] += weight * grad
        return back[:, :T]

    def met(grad, padded, w):
        return np.array([(grad * padded[:, k : k + grad.shape[1]]).sum() for k in range(len(w))], grad.dtype)

    def convolve(X, w):
        T, K = X.data.shape[1], len(w.data)
        padded = np.pad(X.data, ((0, 0), (0, K - 1)))
        result = data(X.data, w.data) if data else sum(w.data[k] * padded[:, k : k + T] for k in range(K))
        rules = (
            lambda grad, out: (rule_X or shifted_back)(grad, padded, w.data),
            lambda grad, out: (rule_w or met)(grad, padded, w.data),
        )
        return autograd.record("convolve", result, (X, w), rules)

    return convolve


def one_over_the_other(grad, padded, w):
    back, T = np.zeros_like(padded), grad.shape[1]
    for k, weight in enumerate(w):
        back[:, k : k + T] = weight * grad
    return back[:, :T]


def from_numpy(X, w, mode):
    padded = np.pad(X, ((0, 0), (0, len(w) - 1))) if mode == "same" else X
    return np.array([np.convolve(x, w, "valid" if mode == "same" else mode) for x in padded])


def shortened(X, w):
    Y, T = np.zeros_like(X), X.shape[1]
    for k, weight in enumerate(w):
        Y[:, : T - k] += weight * X[:, k:]
    return Y


def around(X, w):
    return sum(weight * np.roll(X, -k, axis=1) for k, weight in enumerate(w))


def in_many_operations(X, w):
    T, K = X.data.shape[1], len(w.data)
    padded = autograd.concatenate([X, autograd.Tensor(np.zeros((len(X.data), K), X.data.dtype))], axis=1)
    return sum((w[k] * padded[:, k : k + T] for k in range(1, K)), w[0] * X)


def forward_again(grad, padded, w):
    T = grad.shape[1]
    padded = np.pad(grad, ((0, 0), (0, len(w) - 1)))
    return sum(w[k] * padded[:, k : k + T] for k in range(len(w)))


def wrapped(grad, padded, w):
    return sum(w[k] * np.roll(grad, k, axis=1) for k in range(len(w)))


def recorded_with(parents, n_rules):
    """An operation with parents and rules that do not fit each other, or the arguments."""

    def operation(X, w):
        rules = (lambda grad, out: np.zeros_like(parents(X, w)[0].data),) * n_rules
        return autograd.record("operation", X.data.copy(), parents(X, w), rules)

    return operation


SOLUTIONS = {
    "6.1": [12, 17, 29],
    "6.2": [0.4, 0.4, 0.2],
    "6.3": by_counting,
    "6.4": max_backward,
    "6.5": [30, 3],
    "6.6": distances_vjp,
    "6.7": convolution_with(),
}

WRONG = [
    ("6.1", [12, 5, 12], "nearly", "backward adds to what a leaf holds"),
    ("6.1", [12, 17, 17], "nearly", "adds its gradient once more"),
    ("6.1", [12, 17, 35], "nearly", "so a starts anew"),
    ("6.1", [6, 11, 17], "nearly", "w comes into L through a as well"),
    ("6.1", [12, 17, 34], "nearly", "right at [0], [1], not elsewhere"),
    ("6.2", [1 / 3] * 3, "nearly", "counts twice as much"),
    ("6.2", [1, 1, 1], "nearly", "these are three means"),
    ("6.2", [8, 8, 4], "nearly", "this makes sums of the means"),
    ("6.2", [0.05] * 3, "nearly", "already divided by the number of samples"),
    ("6.3", lambda nodes, root: by_counting(nodes, root, count=lambda n: set(n.parents)), "nearly", "count arrows"),
    ("6.3", push, "nearly", "what came first goes down again"),
    ("6.3", depth_first, "nearly", "when its first contribution has come"),
    ("6.3", breadth_first, "nearly", "near the root by one way may be far by another"),
    ("6.3", recursive_sort, "nearly", "the results are right, but it calls itself"),
    ("6.3", along_every_path, "nearly", "the results are right, but it goes along every path by itself"),
    (
        "6.3",
        partial(by_counting, pass_on=overwrite),
        "nearly",
        "takes the place of what was there",
    ),
    (
        "6.3",
        partial(by_counting, pass_on=add_without_slopes),
        "nearly",
        "is multiplied with its slope",
    ),
    ("6.3", lambda nodes, root: push(nodes, root) or root.grad, "nearly", "what came first goes down again"),
    ("6.3", in_given_order, "wrong", "it is 0 everywhere"),
    ("6.3", lambda nodes, root: by_counting(nodes, root, begin=lambda nodes, root: None), "wrong", "raised TypeError"),
    (
        "6.3",
        lambda nodes, root: by_counting(nodes, root, begin=lambda nodes, root: start(nodes, nodes[0])),
        "wrong",
        "whose gradients are compared, got [",
    ),
    ("6.3", lambda nodes, root: None, "wrong", "it is 0 everywhere"),
    ("6.4", MISTAKES["max-ties"].wrong, "nearly", "this is the rule as it was"),
    ("6.4", first_largest, "nearly", "give tied entries equal shares"),
    ("6.4", lambda dm, X: np.tile(dm[:, None] / X.shape[1], X.shape[1]), "nearly", "below the largest gets nothing"),
    ("6.4", lambda dm, X: dm[:, None] * (X > 0), "wrong", "for dm = ["),
    ("6.5", [30, 2], "nearly", "its own pieces are computed once more"),
    ("6.5", [65, 2], "nearly", "of one kind only"),
    ("6.5", [30, 4], "nearly", "right at [0], not elsewhere"),
    ("6.5", [1000, 1], "wrong", "these numbers are not the ones"),
    ("6.6", lambda g, X: 2 * (g.sum(axis=1)[:, None] * X - g @ X), "nearly", "from one of the uses"),
    ("6.6", lambda g, X: 4 * (g.sum(axis=1)[:, None] * X - g @ X), "nearly", "right for a symmetric gradient"),
    ("6.6", lambda g, X: distances_vjp(g, X) / 2, "nearly", "too small by a factor of 2"),
    ("6.6", lambda g, X: -distances_vjp(g, X), "nearly", "the sign is off"),
    (
        "6.6",
        lambda g, X: 2 * ((g - g.T).sum(axis=1)[:, None] * X - (g - g.T) @ X),
        "nearly",
        "into the difference with a minus",
    ),
    ("6.7", convolution_with(rule_X=forward_again), "nearly", "w runs forward here"),
    ("6.7", convolution_with(rule_X=lambda g, padded, w: w[0] * g), "nearly", "only the use with w_0 comes back"),
    (
        "6.7",
        convolution_with(rule_w=lambda g, padded, w: np.full_like(w, (g * padded[:, : g.shape[1]]).sum())),
        "nearly",
        "w_k met the x that stands k places",
    ),
    ("6.7", convolution_with(rule_X=wrapped), "nearly", "what leaves the row on one side comes in on the other"),
    ("6.7", convolution_with(rule_X=one_over_the_other), "nearly", "here the last use overwrites"),
    ("6.7", convolution_with(rule_X=lambda g, padded, w: w.sum() * g), "wrong", "dL_dX: for grad = ["),
    ("6.7", convolution_with(rule_X=lambda g, padded, w: padded), "wrong", "a rule for X that returned shape (2, 6)"),
    (
        "6.7",
        convolution_with(rule_w=lambda g, padded, w: [1.0]),
        "wrong",
        "rule for w that returned no array, but list",
    ),
    ("6.7", convolution_with(data=lambda X, w: from_numpy(X, w, "same")), "nearly", "np.convolve turns w round"),
    ("6.7", convolution_with(data=lambda X, w: from_numpy(X, w, "full")), "wrong", "returned Y of shape (2, 6)"),
    ("6.7", convolution_with(data=around), "nearly", "Y: beyond its end x is 0; here it begins again"),
    (
        "6.7",
        convolution_with(data=shortened),
        "wrong",
        "w = [0.6, 1.3, -1.3, 1.9, 0.4] your function raised",
    ),
    ("6.7", in_many_operations, "wrong", "recorded more than one operation"),
    ("6.7", lambda X, w: X.data * w.data[0], "wrong", "returned an array; expected a Tensor: use autograd.record"),
    ("6.7", lambda X, w: autograd.Tensor(X.data), "wrong", "returned a Tensor that no operation was recorded for"),
    ("6.7", lambda X, w: None, "wrong", "returned NoneType; expected a Tensor"),
    ("6.7", recorded_with(lambda X, w: (X,), n_rules=1), "wrong", "passes nothing back to w; is it among the parents?"),
    ("6.7", recorded_with(lambda X, w: (w,), n_rules=1), "wrong", "passes nothing back to X; is it among the parents?"),
    ("6.7", recorded_with(lambda X, w: (X, w), n_rules=1), "wrong", "a rule for each of its 2 operands, got 1"),
    ("6.7", lambda X, w: 1 / 0, "wrong", "raised ZeroDivisionError"),
    ("6.7", convolution_with(rule_w=lambda g, padded, w: w * 0), "wrong", "dL_dw: it is 0 everywhere"),
]
