"""Products that sum over what their operands share: the matrix product, and Einstein's summation."""

from itertools import islice
from string import ascii_letters
from typing import Any

import numpy as np

from backprop_lib.autograd.backward import unbroadcast
from backprop_lib.autograd.operands import pair, same_dtype
from backprop_lib.autograd.tensor import Tensor, record


def matmul(a: Any, b: Any) -> Tensor:
    """a @ b for vectors, matrices and batches of matrices. d(AB) = dA B + A dB: A gets G B^T, B gets A^T G."""
    a, b, x, y = pair(a, b)
    if not x.ndim or not y.ndim or x.shape[-1] != y.shape[-2 if y.ndim > 1 else 0]:
        raise ValueError(f"@: expected shapes (..., n) and (..., n, m) or (n,), got {x.shape} and {y.shape}")
    if x.ndim == y.ndim == 2:
        return record("@", x @ y, (a, b), _MATRIX_RULES, (x, y))
    return _general_matmul(a, b, x, y)


_MATRIX_RULES = (
    lambda grad, out, x, y: grad @ y.T,
    lambda grad, out, x, y: (grad.T @ x).T,  # x^T grad, laid out in memory as weights that enter as W^T are
)


def _general_matmul(a, b, x, y):
    """A vector is a row on the left and a column on the right; the axes before the last two broadcast."""
    row = x[None, :] if x.ndim == 1 else x
    column = y[:, None] if y.ndim == 1 else y
    full = (row @ column).shape

    def rule_a(grad, out):
        return unbroadcast(grad.reshape(full) @ np.swapaxes(column, -1, -2), row.shape).reshape(x.shape)

    def rule_b(grad, out):
        return unbroadcast(np.swapaxes(row, -1, -2) @ grad.reshape(full), column.shape).reshape(y.shape)

    return record("@", x @ y, (a, b), (rule_a, rule_b))


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

    def rule_of(i):
        return lambda grad, out: _factor_gradient(grad, i, terms, result, arrays)

    return record("einsum", out, tuple(tensors), tuple(map(rule_of, range(n_terms))))


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


def _factor_gradient(grad, i, terms, result, arrays):
    """Gradient of one factor: the sum of products of all the others and the result's gradient, over its own letters."""
    own = "".join(dict.fromkeys(terms[i]))
    others = [result, *terms[:i], *terms[i + 1 :]]
    met = "".join(letter for letter in own if any(letter in term for term in others))
    products = np.einsum(f"{','.join(others)}->{met}", grad, *arrays[:i], *arrays[i + 1 :], optimize=True)
    products = np.expand_dims(products, [place for place, letter in enumerate(own) if letter not in met])
    whole = np.zeros_like(arrays[i])
    diagonal = whole if own == terms[i] else np.einsum(f"{terms[i]}->{own}", whole)  # a view: no letter twice
    repeated = tuple(1 if n == 1 else m for n, m in zip(diagonal.shape, products.shape, strict=True))
    diagonal[...] = unbroadcast(products, repeated)
    return whole
