"""The walk back through a graph of tensors: every node once, after all the nodes that it went into."""

from operator import attrgetter

import numpy as np
from numpy import ndarray

from backprop_lib._checks import Array


class RuleError(ValueError):
    """A rule returned what cannot be the gradient of its operand.

    Attributes
    ----------
    operand : Tensor
        Whose gradient was expected.
    returned : object
        What came.
    """

    def __init__(self, node, operand, returned):
        came = f"shape {returned.shape}" if isinstance(returned, ndarray) else type(returned).__name__
        super().__init__(
            f"{node.operation}: expected a rule to return a gradient of its operand's shape {operand.shape}, got {came}"
        )
        self.operand, self.returned = operand, returned


def backward_pass(root, seed, retain_graph):
    """Carry a gradient from the root to the leaves, and free the graph on the way unless it is retained.

    No array that came from a rule is written to, since a rule may hand on the array that it was given: the second
    gradient that arrives at a tensor makes a new array. That one is the engine's own, and takes further ones in place.
    """
    nodes = computed(root)
    leaves, sums, kept = [], set(), [seed]
    _add(root, seed, leaves, sums)
    while nodes:
        node = nodes.pop()  # the newest: all that it went into is done, so its gradient is complete
        for operand, rule in zip(node._operands, node._rules, strict=False):
            if operand._requires_grad:
                grad = rule(node.grad, node._data, *node._arrays)
                if type(grad) is not ndarray or grad.shape != operand._data.shape:
                    grad = _fitted(grad, node, operand)
                _add(operand, grad, leaves, sums)
        if retain_graph:
            kept.append(node.grad)
        else:
            node.grad, node._operands, node._rules, node._arrays = None, (), (), ()
    _separate(leaves, kept)


def computed(root):
    """The recorded tensors that the root depends on, itself included, oldest first, their gradients emptied."""
    if root.operation is None:
        return []
    search = root._found = object()
    nodes = [root]
    for node in nodes:  # which grows meanwhile
        if not node._operands:
            raise ValueError(
                f"backward: expected a graph, but the one behind a result of {node.operation} was freed by an earlier "
                "backward pass; compute it anew, or keep it with backward(retain_graph=True)"
            )
        for operand in node._operands:
            if operand._stamp > node._stamp:
                raise ValueError(
                    f"backward: expected operands as they were, but one of shape {operand.shape} was changed after "
                    f"{node.operation} had used it; call backward before the change, or compute the result anew"
                )
            if operand.operation is not None and operand._found is not search:
                operand._found = search
                nodes.append(operand)
    for node in nodes:
        node.grad = None
    nodes.sort(key=attrgetter("_stamp"))  # a tensor is always newer than its operands
    return nodes


def _add(tensor, grad, leaves, sums):
    """Add to a tensor's gradient; note a leaf's first one, and whose gradients are sums made here."""
    if tensor.grad is None:
        tensor.grad = grad
        if tensor.operation is None:
            leaves.append(tensor)
    elif id(tensor) in sums:
        tensor.grad += grad
    else:
        tensor.grad = tensor.grad + grad
        sums.add(id(tensor))


def _fitted(grad, node, operand):
    """What a rule returned as an array of its operand's shape."""
    if not isinstance(grad, (ndarray, np.generic)):
        raise RuleError(node, operand, grad)
    grad = np.asarray(grad)
    if grad.shape == operand.shape:
        return grad
    if grad.shape != node.shape or np.broadcast_shapes(operand.shape, grad.shape) != grad.shape:
        raise RuleError(node, operand, grad)
    return unbroadcast(grad, operand.shape)


def _separate(leaves, kept):
    """Give every leaf a gradient of its own: it keeps the array that came, or a copy where others have that one too."""
    taken = {id(memory) for array in kept for memory in (array, array.base)} - {id(None)}
    for leaf in leaves:
        memory = {id(leaf.grad), id(leaf.grad.base)} - {id(None)}
        if memory & taken or not leaf.grad.flags.carray:
            leaf.grad = np.array(leaf.grad, order="C")
        taken |= memory


def unbroadcast(grad: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which an operand of this shape was repeated: copying's adjoint is summing.

    Parameters
    ----------
    grad : array
        Of the shape to which the operand was broadcast.
    shape : tuple of int
        The operand's own.

    Returns
    -------
    array of this shape
        The operand's gradient.

    Examples
    --------
    >>> unbroadcast(np.ones((5, 3)), (3,))
    array([5., 5., 5.])
    """
    if grad.ndim == 2 and shape == grad.shape[1:]:  # a row, as a bias is: as a product with ones the sum is fastest
        return np.ones(len(grad), grad.dtype) @ grad
    extra = grad.ndim - len(shape)
    repeated = tuple(i for i in range(extra, grad.ndim) if shape[i - extra] == 1 != grad.shape[i])
    return grad.sum(axis=(*range(extra), *repeated)).reshape(shape)
