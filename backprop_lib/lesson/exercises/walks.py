"""A graph to walk over, right or wrong, for the exercises of Lesson 6."""

from collections import Counter

import numpy as np


class Node:
    """A node as the page's: a value, parents and slopes, and a gradient that is None before the walk."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.parents, self.slopes, self.grad = data, parents, slopes, None

    def __add__(self, other):
        return Node(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return Node(self.data * other.data, (self, other), (other.data, self.data))


def forks(x):
    """A function with forks of every kind: a long way beside a short one, arrows side by side, in either order."""
    h = x[0]
    for i, v in enumerate(x):
        h = (h + h) + h * v if i % 2 else h * v + (h + h)
        h = h + h * v if i % 2 else h * v + h
    return h * h


def nodes_behind(root):
    """All nodes, each once."""
    found, waiting = {root: None}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in found:
                found[parent] = None
                waiting.append(parent)
    return list(found)


def leaves_after(walk, x):
    """Gradients of the leaves after a walk over the nodes, which it is given in no helpful order."""
    leaves = [Node(value) for value in x]
    root = forks(leaves)
    nodes = nodes_behind(root)
    np.random.default_rng(0).shuffle(nodes)
    walk(nodes, root)
    return np.array([leaf.grad or 0.0 for leaf in leaves])


def counted_walk(nodes, root, *, arrows=lambda node: node.parents, ready_at=0):
    """The walk with counters, in which they can be wrong."""
    for node in nodes:
        node.grad = 0.0
    root.grad, waiting = 1.0, [root]
    missing = Counter(parent for node in nodes for parent in arrows(node))
    while waiting:
        node = waiting.pop()
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad
            missing[parent] -= 1
            if missing[parent] == ready_at:
                waiting.append(parent)


def walk_at_once(nodes, root):
    """Typical: whoever has received something passes on."""
    return counted_walk(nodes, root, arrows=lambda node: (), ready_at=-1)


def pushed(nodes, root):
    """The walk that passes on every contribution by itself."""

    def push(node):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad
            push(parent)

    for node in nodes:
        node.grad = 0.0
    root.grad = 1.0
    push(root)
