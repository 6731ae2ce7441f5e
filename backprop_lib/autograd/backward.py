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

    A rule may hand on the array that it was given, so several tensors may hold one array: no gradient is written to.
    """
    nodes, retained, handed_on = computed(root), [], []
    _add(root, seed, None, handed_on)
    try:
        while nodes:
            node = nodes[-1]  # the newest: all that it went into is done, so its gradient is complete
            grad, out, rules, arrays = node.grad, node._data, node._rules, node._arrays
            for i, operand in enumerate(node._operands):
                if operand._requires_grad:
                    _add(operand, rules[i](grad, out, *arrays), node, handed_on)
            if retain_graph:
                retained.append(node)
            else:
                node.grad, node._operands, node._rules, node._arrays = None, (), (), ()
            nodes.pop()
    finally:
        if handed_on:
            _separate(handed_on, seed, retained + nodes)


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


def _add(tensor, grad, node, handed_on):
    """Add to a tensor's gradient what the rule of a node has returned; note a leaf whose gradient is no new array."""
    if type(grad) is not ndarray or grad.shape != tensor._data.shape:
        grad = _as_gradient(grad, tensor, node)
    if tensor.grad is not None:
        tensor.grad = np.asarray(tensor.grad + grad)
        return
    tensor.grad = grad
    if tensor.operation is None and (node is None or grad is node.grad or grad.base is not None):
        handed_on.append(tensor)


def _as_gradient(grad, operand, node):
    """What the rule of a node has returned, as an array of its operand's shape."""
    shape = operand._data.shape
    if isinstance(grad, np.generic) and shape == ():
        return np.asarray(grad)
    if type(grad) is not ndarray or grad.shape != node._data.shape:
        raise RuleError(node, operand, grad)
    try:
        return unbroadcast(grad, shape)
    except ValueError:
        raise RuleError(node, operand, grad) from None


def _separate(leaves, seed, nodes):
    """Give every leaf memory of its own: it keeps the array that came, unless that is another's too."""
    taken = {id(_memory(seed))}
    for node in nodes:
        if node.grad is not None:
            taken.add(id(_memory(node.grad)))
    for leaf in leaves:
        memory = id(_memory(leaf.grad))
        if memory in taken or not leaf.grad.flags.carray:
            leaf.grad = np.array(leaf.grad, order="C")
        taken.add(memory)


def _memory(array):
    """The array to whose memory a view leads; NumPy keeps no longer ways."""
    return array.base if type(array.base) is ndarray else array


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

    Raises
    ------
    ValueError
        If an operand of this shape does not broadcast to the gradient's.

    Examples
    --------
    >>> unbroadcast(np.ones((5, 3)), (3,))
    array([5., 5., 5.])
    """
    if grad.ndim == 2 and shape == grad.shape[1:]:  # a row, as a bias is: as a product with ones the sum is fastest
        return np.ones(len(grad), grad.dtype) @ grad
    extra = grad.ndim - len(shape)
    repeated = tuple(i for i, n in enumerate(grad.shape) if i < extra or shape[i - extra] == 1 != n)
    summed = grad.sum(axis=repeated, keepdims=True)
    if extra < 0 or summed.shape[extra:] != shape:
        raise ValueError(f"unbroadcast: expected a shape that broadcasts to {grad.shape}, got {shape}")
    return summed.reshape(shape)
