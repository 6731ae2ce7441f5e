"""A graph to walk over, right or wrong, for the exercises of Lesson 6."""

import sys
from collections import Counter

import numpy as np

from backprop_book.exercises.guard import attempt


class WalkNode:
    """A node as the page's: a value, parents and slopes, and a gradient that is None before the walk."""

    def __init__(self, data, parents=(), slopes=()):
        self.data, self.parents, self.slopes, self.grad = data, parents, slopes, None

    def __add__(self, other):
        return WalkNode(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        return WalkNode(self.data * other.data, (self, other), (other.data, self.data))


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
    leaves = [WalkNode(value) for value in x]
    root = forks(leaves)
    nodes = nodes_behind(root)
    np.random.default_rng(0).shuffle(nodes)
    walk(nodes, root)
    return np.array([leaf.grad or 0.0 for leaf in leaves])


def what_a_walk_lacks(walk):
    """What a walk with the right gradients lacks, tried on a graph with many paths and then on a long one."""
    if attempt(lambda: walk(*halves(30))).trouble:
        return (
            "it goes along every path by itself, and 30 forks in a row have a thousand million of them; "
            "a node passes on once, when everything has arrived"
        )
    if attempt(lambda: walk(*halves(min(sys.getrecursionlimit(), 5000) + 100))).trouble:
        return "it calls itself, and in a long graph that ends with a RecursionError; keep a list of what is ready"
    return ""


def halves(length):
    """Nodes and root of a graph in which each node is half of the one before and half of the same once more."""
    nodes = [WalkNode(1.0)]
    for _ in range(length):
        nodes.append(WalkNode(1.0, (nodes[-1], nodes[-1]), (0.5, 0.5)))
    return nodes, nodes[-1]


def add_up(held, slope, grad):
    """What a parent holds when something has come along an arrow."""
    return held + slope * grad


def pass_on(node, arrive=add_up):
    """Along all arrows of a node."""
    for parent, slope in zip(node.parents, node.slopes, strict=True):
        parent.grad = arrive(parent.grad, slope, node.grad)


def start(nodes, root):
    """Nothing has arrived yet."""
    for node in nodes:
        node.grad = 0.0
    root.grad = 1.0


def counted_walk(nodes, root, *, arrows=lambda node: node.parents, ready_at=0, arrive=add_up):
    """The walk with counters, in which they can be wrong, or what arrives can."""
    start(nodes, root)
    waiting = [root]
    missing = Counter(parent for node in nodes for parent in arrows(node))
    while waiting:
        node = waiting.pop()
        pass_on(node, arrive)
        for parent in node.parents:
            missing[parent] -= 1
            if missing[parent] == ready_at:
                waiting.append(parent)


def walk_at_once(nodes, root):
    """Typical: whoever has received something passes on."""
    return counted_walk(nodes, root, arrows=lambda node: (), ready_at=-1)


def walk_by_distance(nodes, root):
    """Typical: the nearest to the root first."""
    start(nodes, root)
    order = {root: None}
    for _ in nodes:  # as many rounds as can be needed
        order |= dict.fromkeys(parent for near in order for parent in near.parents)
    for node in order:
        pass_on(node)


def pushed(nodes, root):
    """Typical: every contribution is passed on by itself, with what came before it."""

    def push(node):
        for parent, slope in zip(node.parents, node.slopes, strict=True):
            parent.grad += slope * node.grad
            push(parent)

    start(nodes, root)
    push(root)
