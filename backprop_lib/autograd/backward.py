"""The walk back through a graph of tensors: every node once, after all the nodes that it went into."""

from operator import attrgetter

import numpy as np
from numpy import ndarray

from backprop_lib._checks import Array


def backward_pass(root, seed, retain_graph):
    """Carry a gradient from the root to the leaves, and free the graph on the way unless it is retained."""
    nodes = computed(root)
    _add(root, seed, None)
    while nodes:
        node = nodes.pop()  # the newest: all that it went into is done, so its gradient is complete
        if retain_graph:
            node._owns_grad = False  # it stays to be read, so nobody may have it
        for i, operand in enumerate(node._operands):
            if operand._requires_grad:
                _add(operand, node._rules[i](node.grad, node._data, *node._arrays), node)
        if not retain_graph:
            node.grad, node._operands, node._rules, node._arrays = None, (), (), ()


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


def _add(tensor, grad, node):
    """Add to a tensor's gradient what the rule of a node has returned, or the caller of ``backward`` given (None).

    Within the graph the first gradient is kept as it is, the second makes a new array, and only what nobody else uses
    is added to in place. A leaf keeps its gradient for the reader: it is an array of its own from the start.
    """
    if grad.shape != tensor._data.shape:
        grad = unbroadcast(grad, tensor._data.shape)
    if tensor.grad is None:
        owned = _is_owned(grad, node)
        if tensor.operation is None and not (owned and type(grad) is ndarray):
            grad, owned = np.array(grad, order="C"), True
        tensor.grad, tensor._owns_grad = grad, owned
    elif tensor._owns_grad:
        tensor.grad += grad
    else:
        tensor.grad, tensor._owns_grad = tensor.grad + grad, True


def _is_owned(grad, node):
    """Whether only its receiver will use this array: it is new, or the node hands its own gradient on whole."""
    if node is None:
        return False
    source = node.grad
    if grad is not source and (grad.base is None or (grad.base is not source and grad.base is not source.base)):
        return True
    return node._owns_grad and len(node._operands) == 1 and grad.flags.writeable


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
