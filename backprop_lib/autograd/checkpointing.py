"""Recompute instead of store."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib._checks import check_callable
from backprop_lib.autograd.backward import computed
from backprop_lib.autograd.recording import recording
from backprop_lib.autograd.tensor import Tensor, record


def checkpoint(f: Callable[..., Tensor], *inputs: Any) -> Tensor:
    """Result of ``f(*inputs)``, of which only the inputs and the result are kept; ``backward`` computes f once more.

    A chain of n operations in pieces of sqrt(n) then keeps about 2 sqrt(n) arrays and not n, for one more forward
    pass; in pieces that get shorter by one operation each, about sqrt(2 n), since a late piece is computed again while
    all earlier results are still there. Chen, Xu, Zhang and Guestrin (2016), Training deep nets with sublinear
    memory cost.

    Parameters
    ----------
    f : callable
        Tensors to one tensor, the same result each time: no new random numbers. Leaves that f uses without being
        given them, weights for instance, receive their gradients as usual.
    *inputs : tensor, array or number
        What f is called with.

    Returns
    -------
    Tensor
        What f returned.

    Raises
    ------
    TypeError
        If f is no function, or returns something else than a tensor.
    ValueError
        If f uses a computed tensor that is not among the inputs; in ``backward``, if its result is another one.

    Examples
    --------
    >>> x = Tensor([0.0, 1.0], requires_grad=True)
    >>> checkpoint(lambda x: (x**2).sum(), x).backward()
    >>> x.grad
    array([0., 2.])
    """
    check_callable(f, "f")
    given = [x if isinstance(x, Tensor) else Tensor(x).detach() for x in inputs]
    _, result, outside = _run(f, given)
    if not result.requires_grad:
        return result.detach()
    gradients: list[Any] = []

    def recompute(grad, out):
        with recording(True):
            copies, again, _ = _run(f, given)
        if not (np.array_equal(again.data, out) or np.array_equal(again.data, out, equal_nan=True)):
            raise ValueError("checkpoint: expected f to give the same result again, got another")
        if again.operation is not None:
            again._data = out  # the same numbers, once
        again.backward(grad)
        gradients[:] = [np.zeros_like(x.data) if x.grad is None else x.grad for x in copies]
        return np.zeros(())

    # The first operand is a leaf made here: its rule runs f again, even where only f's weights need gradients. Those
    # are operands too, so that ``backward`` notices a change of them; the run has added to their gradients already.
    start = Tensor(0.0, requires_grad=True)
    rules = [lambda grad, out, i=i: gradients[i] for i in range(len(given))]
    zeros = [lambda grad, out, x=x: np.broadcast_to(x.dtype.type(0), x.shape) for x in outside]
    values = result.data if result.operation else result.data.copy()
    return record("checkpoint", values, (start, *given, *outside), (recompute, *rules, *zeros))


def _run(f, inputs):
    """Leaves with the inputs' values, f of them, and the leaves that f uses without being given them."""
    before = Tensor(0.0)
    copies = [Tensor(x.data, requires_grad=x.requires_grad) for x in inputs]
    result = f(*copies)
    if not isinstance(result, Tensor):
        raise TypeError(f"checkpoint: expected f to return a Tensor, got {result!r}")
    behind = [result, *(operand for node in computed(result) for operand in node.parents)]
    outside = {id(tensor): tensor for tensor in behind if tensor._stamp < before._stamp}.values()
    if any(tensor.operation is not None for tensor in outside):
        raise ValueError("checkpoint: expected every computed tensor that f uses among its inputs, got one outside")
    return copies, result, outside
