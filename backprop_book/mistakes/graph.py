"""Mistakes of an autograd engine: in the order of the nodes, in adding up, in what it remembers."""

import numpy as np

from backprop_book.mistakes.checks import Comparison, compare, gradient_check
from backprop_book.mistakes.entry import Mistake


def wrong_fork_backward(dzs, Ws):
    """Gradient at h, which feeds several layers z = W h."""
    dh = np.zeros(Ws[0].shape[1])
    for dz, W in zip(dzs, Ws, strict=True):
        dh = W.T @ dz
    return dh


def right_fork_backward(dzs, Ws):
    """Gradient at h, which feeds several layers z = W h."""
    dh = np.zeros(Ws[0].shape[1])
    for dz, W in zip(dzs, Ws, strict=True):
        dh += W.T @ dz
    return dh


def _check_fork_backward(version, rng):
    n_layers, m, n = rng.integers(2, 5, size=3)
    Ws, dzs, h = rng.normal(size=(n_layers, m, n)), rng.normal(size=(n_layers, m)), rng.normal(size=n)
    return gradient_check(lambda h: (dzs * (Ws @ h)).sum(), h, version(dzs, Ws))


assign_at_fork = Mistake(
    name="assign-at-fork",
    title="= where += is meant",
    story="Where a value goes to several places, the gradients that come back add up; assigned, the last one wins. A "
    "chain has no such place, so nothing shows there.",
    wrong=wrong_fork_backward,
    right=right_fork_backward,
    gradient_checker=_check_fork_backward,
    caught_by="gradient check where one value is used twice",
)


def wrong_graph_backward(parents):
    """Gradient of the last node at each; parents[i]: (node, slope)."""
    grads = [0.0] * (len(parents) - 1) + [1.0]

    def visit(node):
        for parent, slope in parents[node]:
            grads[parent] += slope * grads[node]
            visit(parent)

    visit(len(parents) - 1)
    return grads


def right_graph_backward(parents):
    """Gradient of the last node at each; parents[i]: (node, slope)."""
    grads = [0.0] * (len(parents) - 1) + [1.0]

    def visit(node):
        for parent, slope in parents[node]:
            grads[parent] += slope * grads[node]

    for node in reversed(range(len(parents))):
        visit(node)
    return grads


def _doublings(n):
    """The graph of x -> x + x, n times over."""
    return [[]] + [[(node, 1.0), (node, 1.0)] for node in range(n)]


def _gradient_check_graph_backward(version, rng):
    n = int(rng.integers(2, 6))

    def doubled(x):
        for _ in range(n):
            x = x + x
        return x

    return gradient_check(doubled, rng.normal(), version(_doublings(n))[0])


def _check_doublings(version, rng):
    n = int(rng.integers(2, 6))
    return compare(f"slope of x after {n} doublings", version(_doublings(n))[0], 2.0**n)


passed_on_too_early = Mistake(
    name="passed-on-too-early",
    title="A node passes its gradient on before all has arrived",
    story="The recursion follows each contribution at once, so what came first is passed on again with the next: x + x "
    "repeated gives 2, 6, 26, 166 for 2, 4, 8, 16, in exponential time.",
    wrong=wrong_graph_backward,
    right=right_graph_backward,
    gradient_checker=_gradient_check_graph_backward,
    checker=_check_doublings,
    caught_by="worked number: n doublings have the slope 2 to the n",
)


def wrong_toposort(parents, root):
    """Nodes from the root back, each after all that use it."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        else:
            stack.append((node, True))
            for parent in parents[node]:
                if parent not in seen:
                    seen.add(parent)
                    stack.append((parent, False))
    return order[::-1]


def right_toposort(parents, root):
    """Nodes from the root back, each after all that use it."""
    order, seen, stack = [], set(), [(root, False)]
    while stack:
        node, finished = stack.pop()
        if finished:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            for parent in parents[node]:
                if parent not in seen:
                    stack.append((parent, False))
    return order[::-1]


def _residual_blocks(n):
    """Parents in the graph of x -> x + tanh(x), n times over: even nodes are sums, odd ones tanh."""
    parents = [()]
    for i in range(0, 2 * n, 2):
        parents += [(i,), (i, i + 1)]
    return parents


def _gradient_check_toposort(version, rng):
    n, x = int(rng.integers(2, 5)), rng.normal()

    def forward(x):
        values = [x]
        for _ in range(n):
            h = np.tanh(values[-1])
            values += [h, values[-1] + h]
        return values

    parents, values, grads = _residual_blocks(n), forward(x), np.zeros(2 * n + 1)
    grads[-1] = 1.0
    for node in version(parents, 2 * n):
        for parent in parents[node]:
            grads[parent] += grads[node] * (1.0 - values[node] ** 2 if node % 2 else 1.0)
    return gradient_check(lambda x: forward(x)[-1], x, grads[0])


def _check_order(version, rng):
    parents = _residual_blocks(int(rng.integers(2, 5)))
    order = version(parents, len(parents) - 1)
    complete = compare("nodes, sorted", sorted(order), np.arange(len(parents)))
    if not complete:
        return complete
    for node in order:
        for parent in parents[node]:
            if order.index(parent) < order.index(node):
                return Comparison(False, f"order {order}: expected node {node} before its parent {parent}")
    return Comparison(True, f"order {order}: each node before its parents")


marked_when_pushed = Mistake(
    name="marked-when-pushed",
    title="A depth-first sort marks a node when it is pushed",
    story="In x + f(x) the shortcut marks x before f(x) is reached, so x comes out ahead of f(x), whose gradient it "
    "still waits for, and passes on too little. Written as f(x) + x it comes out right.",
    wrong=wrong_toposort,
    right=right_toposort,
    gradient_checker=_gradient_check_toposort,
    checker=_check_order,
    caught_by="order check on x + tanh(x), repeated: each node before its parents",
)


def wrong_residual_block(x, dy):
    """y = x + tanh(x), and the gradient at x."""
    h = np.tanh(x)
    y = h
    y += x
    return y, dy + dy * (1.0 - h**2)


def right_residual_block(x, dy):
    """y = x + tanh(x), and the gradient at x."""
    h = np.tanh(x)
    y = h.copy()
    y += x
    return y, dy + dy * (1.0 - h**2)


def _check_residual_block(version, rng):
    x, dy = rng.normal(size=(2, rng.integers(2, 6)))
    return gradient_check(lambda x: dy @ (x + np.tanh(x)), x, version(x, dy)[1])


changed_in_place = Mistake(
    name="changed-in-place",
    title="An array that backward needs is changed in place",
    story="y = h gives the array a second name and no copy, so y += x changes h too. The output is right; the slope is "
    "taken from what h has become.",
    wrong=wrong_residual_block,
    right=right_residual_block,
    gradient_checker=_check_residual_block,
)


def wrong_network_gradient(x, W, cache):
    """Gradient of W, where the loss is the sum of tanh(W x)."""
    if "h" not in cache:
        cache["h"] = np.tanh(W @ x)
    return np.outer(1.0 - cache["h"] ** 2, x)


def right_network_gradient(x, W, cache):
    """Gradient of W, where the loss is the sum of tanh(W x)."""
    cache["h"] = np.tanh(W @ x)
    return np.outer(1.0 - cache["h"] ** 2, x)


def _pass(version, rng, n_passes):
    m, n = rng.integers(2, 6, size=2)
    x, cache = rng.normal(size=n), {}
    for _ in range(n_passes):
        W = rng.normal(size=(m, n))
        gradient = version(x, W, cache)
    return gradient_check(lambda W: np.tanh(W @ x).sum(), W, gradient)


stale_cache = Mistake(
    name="stale-cache",
    title="Backward reads what an earlier forward pass left behind",
    story="What forward keeps belongs to one input and one set of weights; kept to save work, it gives every later "
    "step the slopes of the first.",
    wrong=wrong_network_gradient,
    right=right_network_gradient,
    gradient_checker=lambda version, rng: _pass(version, rng, 1),
    checker=lambda version, rng: _pass(version, rng, 2),
    caught_by="second pass: the gradient check repeated after the weights moved",
    unseen_because="it makes one pass, and the cache is fresh",
)
