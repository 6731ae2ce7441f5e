"""An exercise of Lesson 6: an operation on tensors, with rules of the reader's own."""

import numpy as np

from backprop_book.exercises.exercise import Exercise
from backprop_book.exercises.functions import Function
from backprop_book.exercises.guard import Complaint
from backprop_book.exercises.measured import slopes
from backprop_lib.autograd import Tensor, record
from backprop_lib.autograd.backward import RuleError


def ahead(t, k, K, T):
    """The place of the x that y_t meets with w_k."""
    return t + k


def convolved(X, w, place=ahead):
    """y_t = w_0 x_t + w_1 x_{t+1} + ..., x being 0 beyond its end, term by term; or with the x of other places."""
    Y, K, T = np.zeros(X.shape, dtype=np.result_type(X, w)), len(w), X.shape[1]
    for t in range(T):
        for k in range(K):
            if 0 <= (s := place(t, k, K, T)) < T:
                Y[:, t] += w[k] * X[:, s]
    return Y


def convolution_slopes(grad, X, w, place=ahead):
    """Output, and gradients at X and w by the complex step."""
    return convolved(X, w, place), *slopes(lambda X, w: (grad * convolved(X, w, place)).sum(), X, w)


def recorded(convolve, grad, X, w):
    """Output and gradients of an operation on tensors."""
    X, w = Tensor(X, requires_grad=True), Tensor(w, requires_grad=True)
    Y = convolve(X, w)
    if complaint := _complaint(Y, X, w):
        raise Complaint(complaint)
    try:
        Y.backward(grad)
    except RuleError as error:
        raise Complaint(_wrong_rule("X" if error.operand is X else "w", error)) from None
    return Y.data, X.grad, w.grad


def _complaint(Y, X, w):
    """What speaks against going backward from here; empty where nothing does."""
    if not isinstance(Y, Tensor):
        kind = "an array" if isinstance(Y, np.ndarray) else type(Y).__name__
        return f"returned {kind}; expected a Tensor: use autograd.record"
    if not Y.parents:
        return "returned a Tensor that no operation was recorded for; use autograd.record"
    if any(parent is not X and parent is not w for parent in Y.parents):
        return "recorded more than one operation; expected one, with the parents X and w"
    for name, leaf in ("X", X), ("w", w):
        if all(parent is not leaf for parent in Y.parents):
            return f"passes nothing back to {name}; is it among the parents?"
    if Y.data.shape != X.data.shape:
        return f"returned Y of shape {Y.data.shape}; expected shape {X.data.shape}, with x = 0 beyond its end"
    return ""


def _wrong_rule(name, error):
    """What a rule returned for X or w in place of a gradient."""
    if not isinstance(error.returned, np.ndarray):
        return f"has a rule for {name} that returned no array, but {type(error.returned).__name__}"
    return f"has a rule for {name} that returned shape {error.returned.shape}; expected shape {error.operand.shape}"


def with_places(place):
    """The convolution as an operation, with the x of other places, and with the rules for those."""

    def operation(X, w):
        rules = [lambda grad, out, k=k: convolution_slopes(grad, X.data, w.data, place)[k] for k in (1, 2)]
        return record("convolve", convolved(X.data, w.data, place), (X, w), tuple(rules))

    return operation


def with_rule(number, rule):
    """The convolution as an operation, its rule for X (0) or for w (1) replaced: (grad, X, w) -> gradient."""

    def operation(X, w):
        rules = [lambda grad, out, k=k: convolution_slopes(grad, X.data, w.data)[k] for k in (1, 2)]
        rules[number] = lambda grad, out: rule(grad, X.data, w.data)
        return record("convolve", convolved(X.data, w.data), (X, w), tuple(rules))

    return operation


def overwritten(grad, X, w):
    """Typical: pieces that overlap are written one over the other."""
    last = [min(s, len(w) - 1) for s in range(X.shape[1])]
    return np.stack([w[k] * grad[:, s - k] for s, k in enumerate(last)], axis=1)


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
            (
                with_rule(0, lambda grad, X, w: convolved(grad, w, lambda t, k, K, T: t - K + 1 + k)),
                "x_s was used by y_s with w_0, by y_{s-1} with w_1; here the weights come in the opposite order",
            ),
            (
                with_rule(0, lambda grad, X, w: convolved(grad, w, lambda t, k, K, T: (t - k) % T)),
                "before its beginning there is no y; here what leaves the row on one side comes in on the other",
            ),
            (
                with_rule(0, lambda grad, X, w: w[0] * grad),
                "only the use with w_0 comes back; x_s is used K times, and what comes back adds up",
            ),
            (
                with_rule(0, overwritten),
                "x_s is used K times; what comes back adds up, and here the last use overwrites",
            ),
            (
                with_rule(0, lambda grad, X, w: convolved(grad, np.ones_like(w), lambda t, k, K, T: t - k)),
                "what comes back from y_{s-k} is multiplied with w_k",
            ),
            (
                with_rule(1, lambda grad, X, w: np.full(w.shape, (grad * X).sum())),
                "w_k met the x that stands k places further on",
            ),
            (
                with_rule(1, lambda grad, X, w: np.array([(grad * np.roll(X, -k, 1)).sum() for k in range(len(w))])),
                "beyond its end x is 0; here it begins again",
            ),
            (
                with_rule(1, lambda grad, X, w: convolution_slopes(grad, X, w)[2] / grad.size),
                "w_k is used at every t of every row: what comes back is summed and not averaged",
            ),
            (with_places(lambda t, k, K, T: t + K - 1 - k), "y_t meets x_t with w_0; np.convolve turns w round"),
            (with_places(lambda t, k, K, T: t - k), "y_t looks ahead, to x_{t+k}; here it looks back, to x_{t-k}"),
            (
                with_places(lambda t, k, K, T: t - K + 1 + k),
                "y_t looks ahead, from x_t on; here its window ends with x_t. The zeros come after the row",
            ),
            (with_places(lambda t, k, K, T: (t + k) % T), "beyond its end x is 0; here it begins again"),
        ),
        use=recorded,
        edges=({"B": 1, "K": 5, "T": 2},),
    ),
    hints=(
        "Put K - 1 zeros after each row. Then y is a sum of K shifted pieces of x, one for each k, times w_k.",
        "w_k is used at every t, in every row: its gradient is the sum of grad times the piece of x that it met.",
        "Begin with zeros as long as the padded x, and for each k add w_k times grad to the piece that met w_k.",
    ),
)
