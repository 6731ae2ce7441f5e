"""An exercise of Lesson 6: an operation on tensors, with rules of the reader's own."""

import numpy as np

from backprop_lib.autograd import Tensor, record
from backprop_lib.lesson.exercises.exercise import Exercise
from backprop_lib.lesson.exercises.functions import Function
from backprop_lib.lesson.exercises.guard import Complaint
from backprop_lib.lesson.exercises.measured import slopes


def convolved(X, w):
    """y_t = w_0 x_t + w_1 x_{t+1} + ..., x being 0 beyond its end, term by term."""
    Y = np.zeros(X.shape, dtype=np.result_type(X, w))
    for t in range(X.shape[1]):
        for k in range(min(len(w), X.shape[1] - t)):
            Y[:, t] += w[k] * X[:, t + k]
    return Y


def convolution_slopes(grad, X, w):
    """Output, and gradients at X and w by the complex step."""
    return convolved(X, w), *slopes(lambda X, w: (grad * convolved(X, w)).sum(), X, w)


def recorded(convolve, grad, X, w):
    """Output and gradients of an operation on tensors."""
    X, w = Tensor(X, requires_grad=True), Tensor(w, requires_grad=True)
    Y = convolve(X, w)
    if not isinstance(Y, Tensor):
        kind = "an array" if isinstance(Y, np.ndarray) else type(Y).__name__
        raise Complaint(f"returned {kind}; expected a Tensor: use autograd.record")
    if not Y.requires_grad:
        raise Complaint("returned a Tensor that no operation was recorded for; use autograd.record")
    if len(Y._rules) < len(Y._operands):
        raise Complaint(f"recorded too few rules, {len(Y._rules)} for {len(Y._operands)} parents")
    Y.backward(grad)
    for name, leaf in ("X", X), ("w", w):
        if leaf.grad is None:
            raise Complaint(f"passed nothing back to {name}; is it among the parents?")
    return Y.data, X.grad, w.grad


def with_rule(place, rule):
    """The convolution as an operation, its rule for X (0) or for w (1) replaced: (grad, X, w) -> gradient."""

    def operation(X, w):
        rules = [lambda grad, out, k=k: convolution_slopes(grad, X.data, w.data)[k] for k in (1, 2)]
        rules[place] = lambda grad, out: rule(grad, X.data, w.data)
        return record("convolve", convolved(X.data, w.data), (X, w), tuple(rules))

    return operation


convolution = Exercise(
    "6.7",
    "code",
    "Convolution",
    Function(
        shapes={"grad": "B T", "X": "B T", "w": "K"},
        outputs=("Y", "dL_dX", "dL_dw"),
        expected=convolution_slopes,
        mistakes=(
            (
                with_rule(0, lambda grad, X, w: convolved(grad, w)),
                "w runs forward here; x_s was used by y_s, y_{s-1}, ..., so on the way back it runs the other way",
            ),
            (with_rule(0, lambda grad, X, w: w[0] * grad), "only the use with w_0 comes back; x_s is used K times"),
            (
                with_rule(1, lambda grad, X, w: np.full(w.shape, (grad * X).sum())),
                "w_k met the x that stands k places further on",
            ),
        ),
        use=recorded,
    ),
    hints=(
        "Put K - 1 zeros after each row. Then y is a sum of K shifted pieces of x, one for each k, times w_k.",
        "w_k is used at every t, in every row: its gradient is the sum of grad times the piece of x that it met.",
        "Begin with zeros as long as the padded x, and for each k add w_k times grad to the piece that met w_k.",
    ),
)
