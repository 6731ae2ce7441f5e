"""The graph behind a value or a tensor, as plain data for a drawing."""

from typing import Any, NamedTuple

import numpy as np

from backprop_lib.autograd.scalar import Value
from backprop_lib.autograd.tensor import Tensor


class Node(NamedTuple):
    """One node of a graph.

    Attributes
    ----------
    operation : str or None
        What computed it; None for a leaf.
    data : float or array
        Its value.
    grad : float, array or None
        None where no backward pass has left one; a leaf's of scalars is 0 then.
    name : str or None
        As given to `graph`.
    """

    operation: str | None
    data: Any
    grad: Any
    name: str | None = None


class Graph(NamedTuple):
    """Nodes, every one after its operands, and edges (operand, result) as pairs of positions among the nodes."""

    nodes: list[Node]
    edges: list[tuple[int, int]]


def graph(root: Value | Tensor, names: dict[str, Any] | None = None) -> Graph:
    """The computation that led to a Value or a Tensor. To see gradients inside, call ``backward(retain_graph=True)``.

    Parameters
    ----------
    root : Value or Tensor
        The result.
    names : dict of str to Value or Tensor, optional
        What to call some of the nodes.

    Returns
    -------
    Graph
        The root is the last node. An operand used twice has two edges.

    Raises
    ------
    TypeError
        If the root is neither.
    ValueError
        If a backward pass has freed a part of the graph, or a name is given to what is not in it.

    Examples
    --------
    >>> x = Value(2.0)
    >>> nodes, edges = graph(x * x, names={"x": x})
    >>> nodes[1].operation, edges
    ('×', [(0, 1), (0, 1)])
    """
    if not isinstance(root, (Tensor, Value)):
        raise TypeError(f"graph: expected a Value or a Tensor, got {root!r}")
    order = _toposort(root)
    position = {id(node): i for i, node in enumerate(order)}
    name_of = {id(node): name for name, node in (names or {}).items()}
    if not name_of.keys() <= position.keys():
        raise ValueError(f"names: expected nodes of the graph, got others among {names}")
    nodes = [_described(node, name_of.get(id(node))) for node in order]
    edges = [(position[id(operand)], position[id(node)]) for node in order for operand in _operands(node)]
    return Graph(nodes, edges)


def _toposort(root):
    """Every node after its operands: a node is done once all its operands are, without recursion."""
    order, found, path = [], {id(root)}, [(root, iter(_operands(root)))]
    while path:
        node, operands = path[-1]
        for operand in operands:
            if id(operand) not in found:
                found.add(id(operand))
                path.append((operand, iter(_operands(operand))))
                break
        else:
            order.append(node)
            path.pop()
    return order


def _operands(node):
    """A plain number is an operand without operands."""
    operands = getattr(node, "parents", ())
    if not operands and getattr(node, "operation", None) is not None:
        raise ValueError(f"graph: expected a graph, but the one behind {node!r} was freed by a backward pass")
    return operands


def _described(node, name):
    if isinstance(node, float):
        return Node(None, node, None)
    return Node(node.operation, _copied(node.data), _copied(node.grad), name)


def _copied(values):
    return values.copy() if isinstance(values, np.ndarray) else values
