"""Operations on several tensors that are functions only, no methods."""

from collections.abc import Iterable
from functools import partial
from itertools import islice
from operator import index as as_index
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from backprop_lib._stable import masked
from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.tensor import Tensor, as_tensor, record, same_dtype

_WHERE_RULES = (
    lambda grad, out, condition: masked(grad, condition),
    lambda grad, out, condition: masked(grad, ~condition),
)


def where(condition: Any, a: Any, b: Any) -> Tensor:
    """a where the condition holds, else b. The gradient goes to the one that was taken, and is 0 for the other.

    Parameters
    ----------
    condition : array of booleans
        A constant, which is copied.
    a, b : tensor, array or number
        All three broadcast together.

    Returns
    -------
    Tensor
        Of their joint shape.

    Notes
    -----
    Both a and b are computed, whichever is taken, and so are their gradients. In ``where(x > 0, x.sqrt(), 0.0)`` the
    root's slope at 0 is infinite, the gradient that arrives there is 0, and 0 times infinity is NaN. Choose twice: give
    the function a number that it can take, and then throw its result away.

    Examples
    --------
    >>> x = Tensor([0.0, 4.0], requires_grad=True)
    >>> positive = x.data > 0
    >>> where(positive, where(positive, x, 1.0).sqrt(), 0.0).sum().backward()
    >>> x.grad
    array([0.  , 0.25])
    """
    condition = np.array(condition)
    if condition.dtype != bool:
        raise TypeError(f"where: expected a condition of booleans, got dtype {condition.dtype}")
    a, b = same_dtype(a, b)
    return record("where", np.where(condition, a.data, b.data), (a, b), _WHERE_RULES, (condition,))


def split(x: Any, parts: Any, axis: int = 0) -> list[Tensor]:
    """The parts of a tensor along an axis, as `numpy.split` cuts them; PyTorch's split takes their length instead.

    Parameters
    ----------
    x : tensor or array
        What is cut; not changed.
    parts : int or list of ints
        How many parts of one length, or before which places to cut: [2, 5] gives x[:2], x[2:5] and x[5:].
    axis : int
        Along which.

    Returns
    -------
    list of Tensor
        Each gives its gradient back to its place in x.

    Examples
    --------
    >>> split(Tensor([1.0, 2.0, 3.0, 4.0]), 2)
    [Tensor([1., 2.]), Tensor([3., 4.])]
    """
    x = as_tensor(x)
    axis = normalize_axis_index(axis, x.ndim)
    n = x.shape[axis]
    if isinstance(parts, (int, np.integer)):
        if parts < 1 or n % parts:
            raise ValueError(f"split: expected a number of parts that divides the length {n}, got {parts}")
        cuts = [n // parts * i for i in range(1, parts)]
    else:
        cuts = [as_index(place) for place in parts]
    before = (slice(None),) * axis
    return [x[*before, start:end] for start, end in zip([0, *cuts], [*cuts, n], strict=True)]


def concatenate(tensors: Iterable[Any], axis: int = 0) -> Tensor:
    """Tensors joined along an axis that they have. Each gets its part of the gradient."""
    axis = as_index(axis)
    tensors = same_dtype(*_as_list(tensors, "concatenate"))
    joined = np.concatenate([tensor.data for tensor in tensors], axis)
    ends = np.cumsum([tensor.shape[axis] for tensor in tensors])
    rules = [partial(_concatenate_rule, slice(start, end)) for start, end in zip([0, *ends[:-1]], ends, strict=True)]
    return record("concatenate", joined, tuple(tensors), tuple(rules), (axis,))


def _concatenate_rule(place, grad, out, axis):
    return np.moveaxis(np.moveaxis(grad, axis, 0)[place], 0, axis)


def stack(tensors: Iterable[Any], axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis. Each gets its slice of the gradient."""
    tensors = same_dtype(*_as_list(tensors, "stack"))
    if len({tensor.shape for tensor in tensors}) > 1:
        raise ValueError(f"stack: expected tensors of one shape, got shapes {[tensor.shape for tensor in tensors]}")
    stacked = np.stack([tensor.data for tensor in tensors], axis)
    rules = [partial(_stack_rule, i) for i in range(len(tensors))]
    return record("stack", stacked, tuple(tensors), tuple(rules), (axis,))


def _stack_rule(i, grad, out, axis):
    return np.moveaxis(grad, axis, 0)[i]


def _as_list(tensors, name):
    if isinstance(tensors, Tensor) or not isinstance(tensors, Iterable):
        raise TypeError(f"{name}: expected a list of tensors, got {tensors!r}")
    tensors = list(tensors)
    if not tensors:
        raise ValueError(f"{name}: expected at least one tensor, got none")
    return tensors


def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Sums of products by Einstein's notation, as `numpy.einsum` has it: "ij,jk->ik" is the matrix product.

    Every operand enters as one factor, so its gradient is a sum of the same kind: that of the products of the result's
    gradient and the other operands. Where a letter comes twice in an operand, the gradient lies on its diagonal.

    Parameters
    ----------
    subscripts : str
        One letter for every axis, a comma between operands, and behind the arrow the letters of the result. Without an
        arrow it has those that come once, in the order of the alphabet. Three dots stand for further axes, which
        broadcast.
    *operands : tensor, array or number
        The factors.

    Returns
    -------
    Tensor
        Of the shape that the letters behind the arrow say.

    Raises
    ------
    TypeError
        If the subscripts are no text.
    ValueError
        If they do not fit the operands.

    Examples
    --------
    >>> x = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    >>> einsum("ii->", x).backward()
    >>> x.grad
    array([[1., 0.],
           [0., 1.]])
    """
    if not isinstance(subscripts, str):
        raise TypeError(f"einsum: expected letters such as 'ij,jk->ik' before the operands, got {subscripts!r}")
    n_terms = subscripts.count(",") + 1
    if len(operands) != n_terms:
        raise ValueError(f"einsum: expected {n_terms} operands for {subscripts!r}, got {len(operands)}")
    tensors = same_dtype(*operands)
    arrays = [tensor.data for tensor in tensors]
    terms, result = _letters(subscripts, [array.ndim for array in arrays])
    out = np.einsum(f"{','.join(terms)}->{result}", *arrays, optimize=True)
    rules = [partial(_einsum_rule, i, terms, result) for i in range(n_terms)]
    return record("einsum", out, tuple(tensors), tuple(rules), tuple(arrays))


def _letters(subscripts, ndims):
    """(The letters of every operand, those of the result), with letters for the dots and for what is not written."""
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    further = [ndim - len(term.replace("...", "")) for term, ndim in zip(terms, ndims, strict=True)]
    dots = "".join(islice((letter for letter in ascii_letters if letter not in subscripts), max(0, *further)))
    if not arrow:
        result = "..." + "".join(sorted(letter for letter in left if letter.isalpha() and left.count(letter) == 1))
    terms = [term.replace("...", dots[len(dots) - n :]) for term, n in zip(terms, further, strict=True)]
    return terms, result.replace("...", dots)


def _einsum_rule(i, terms, result, grad, out, *arrays):
    """Gradient of one factor: the sum of products of all the others and the result's gradient, over its own letters."""
    own = "".join(dict.fromkeys(terms[i]))
    others = [result, *terms[:i], *terms[i + 1 :]]
    shared = "".join(letter for letter in own if any(letter in term for term in others))
    products = np.einsum(f"{','.join(others)}->{shared}", grad, *arrays[:i], *arrays[i + 1 :], optimize=True)
    products = np.expand_dims(products, [axis for axis, letter in enumerate(own) if letter not in shared])
    whole = np.zeros_like(arrays[i])
    diagonal = whole if own == terms[i] else np.einsum(f"{terms[i]}->{own}", whole)  # a view: no letter twice
    repeated = tuple(1 if n == 1 else m for n, m in zip(diagonal.shape, products.shape, strict=True))
    diagonal[...] = unbroadcast(products, repeated)
    return whole
