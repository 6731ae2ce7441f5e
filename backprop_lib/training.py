"""The one training loop: forward, loss, backward, step, for every batch of every epoch."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from backprop_lib._arrays import (
    Array,
    ArrayLike,
    as_batch,
    check_count,
    check_finite,
    check_flag,
    check_real,
    check_rng,
    joint_norm,
)
from backprop_lib.losses import accuracy


@dataclass
class History:
    """What happened, one entry per epoch.

    Attributes
    ----------
    loss, accuracy : list of float
        Over the training samples as they passed, so each batch is judged before the step that it causes.
    validation_loss, validation_accuracy : list of float
        Over the validation samples at the end of the epoch; empty without validation data.
    gradient_norms : list of array (number of parameters,)
        Euclidean norm of each parameter's gradient, averaged over the epoch's batches, in the order of
        ``network.parameters()``.
    parameters : list of list of array
        Copies of all parameters at the end of the epoch, in the same order; empty unless they were to be kept.

    The accuracies stay empty where the targets are not integer labels.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    gradient_norms: list[Array] = field(default_factory=list)
    parameters: list[list[Array]] = field(default_factory=list)


def fit(
    network: Any,
    loss: Any,
    optimizer: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    validation: tuple[ArrayLike, ArrayLike] | None = None,
    epochs: int,
    batch_size: int,
    rng: np.random.Generator,
    keep_parameters: bool = False,
    progress: bool = False,
) -> History:
    """Train a network by mini-batches, shuffled anew in every epoch.

    Parameters
    ----------
    network : Layer
        Usually a Sequential. Left in training mode.
    loss : Loss
        Anything with ``value`` and ``gradient``.
    optimizer : SGD or another
        Anything with ``step`` and ``zero_grad``.
    X : array (N, n)
        A row for each sample.
    y : array of N labels or targets
        What the loss takes.
    validation : pair (X, y), optional
        Judged at the end of every epoch, never learned from.
    epochs, batch_size : int
        At least 1. The last batch of an epoch may be smaller.
    rng : numpy.random.Generator
        Shuffles.
    keep_parameters : bool
        Put a copy of the parameters into the history after each epoch, to replay the training later.
    progress : bool
        Show a progress bar.

    Returns
    -------
    History
        Losses, accuracies and gradient norms, one entry per epoch.

    Raises
    ------
    ValueError, TypeError
        If the data are empty, not finite, or do not fit together.
    FloatingPointError
        If the loss, a gradient or a parameter stops being finite: names epoch, batch (both counted from 1) and
        layer. The parameters are left as they were before the step that did it.

    Examples
    --------
    >>> from backprop_lib import SGD, Linear, SoftmaxCrossEntropy, make_spirals
    >>> rng = np.random.default_rng(0)
    >>> X, y = make_spirals(20, rng=rng)
    >>> network = Linear(2, 2, rng=rng)
    >>> optimizer = SGD(network.parameters(), learning_rate=0.5)
    >>> history = fit(network, SoftmaxCrossEntropy(), optimizer, X, y, epochs=3, batch_size=10, rng=rng)
    >>> len(history.loss), history.loss[0] > history.loss[-1]
    (3, True)
    """
    _check_roles(network, loss, optimizer)
    X, y = _checked_data(X, y, "X", "y")
    if validation is not None:
        X_validation, y_validation = _checked_pair(validation)
        validation = _checked_data(X_validation, y_validation, "validation X", "validation y")
    epochs, batch_size = check_count(epochs, "epochs"), check_count(batch_size, "batch_size")
    check_rng(rng)
    check_flag(keep_parameters, "keep_parameters")
    step = _GuardedStep(network, loss, optimizer)
    history = History()
    network.train()
    for epoch in tqdm(range(1, epochs + 1), desc="epoch", disable=not check_flag(progress, "progress")):
        _train_epoch(step, history, X, y, rng.permutation(len(X)), batch_size, epoch)
        if validation is not None:
            step.place = f"epoch {epoch}, validation"
            _validate(step, history, *validation)
        if keep_parameters:
            history.parameters.append([parameter.data.copy() for parameter in network.parameters()])
    return history


def _check_roles(network, loss, optimizer):
    for name, given, methods in [
        ("network", network, ["forward", "backward", "parameters"]),
        ("loss", loss, ["value", "gradient"]),
        ("optimizer", optimizer, ["step", "zero_grad"]),
    ]:
        if isinstance(given, type) or not all(hasattr(given, method) for method in methods):
            raise TypeError(f"{name}: expected an object with {', '.join(methods)}, got {given!r}")


def _checked_pair(validation):
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(f"validation: expected a pair (X, y), got {validation!r}")
    return validation


def _checked_data(X: ArrayLike, y: ArrayLike, X_name: str, y_name: str) -> tuple[Array, Array]:
    X, y = check_real(as_batch(X, X_name), X_name), np.asarray(y)
    if y.dtype.kind not in "iuf":
        raise TypeError(f"{y_name}: expected integer labels or real targets, got dtype {y.dtype}")
    if y.shape[:1] != X.shape[:1]:
        raise ValueError(f"{y_name}: expected {len(X)} entries, one per row of {X_name}, got shape {y.shape}")
    check_finite(X, X_name)
    check_finite(y, y_name)
    return X, y


def _train_epoch(step, history, X, y, order, batch_size, epoch):
    losses, hits, norms = [], [], []
    labelled = _are_labels(y)
    for batch, start in enumerate(range(0, len(X), batch_size), start=1):
        rows = order[start : start + batch_size]
        step.place = f"epoch {epoch}, batch {batch}"
        output, value = step(X[rows], y[rows])
        losses.append(value * len(rows))
        hits.append(accuracy(output, y[rows]) * len(rows) if labelled else 0.0)
        norms.append(step.norms)
    history.loss.append(float(sum(losses) / len(X)))
    history.gradient_norms.append(np.mean(norms, axis=0))
    if labelled:
        history.accuracy.append(sum(hits) / len(X))


def _are_labels(y):
    """Integer targets of shape (N, m) are targets: only (N,) names classes."""
    return y.ndim == 1 and y.dtype.kind in "iu"


def _validate(step, history, X, y):
    step.network.eval()
    try:
        output, value = step.judged(X, y)
    finally:
        step.network.train()
    history.validation_loss.append(float(value))
    if _are_labels(y):
        history.validation_accuracy.append(accuracy(output, y))


class _GuardedStep:
    """One step of training, undone and reported where a number stops being finite."""

    def __init__(self, network, loss, optimizer):
        self.network, self.loss, self.optimizer = network, loss, optimizer
        self.parameters = network.parameters()
        self.before = [parameter.data.copy() for parameter in self.parameters]
        self.norms = None
        self.place = ""

    def judged(self, X, y):
        """Output and loss, stopped where the loss is not finite."""
        # What overflows is caught and reported with its place; NumPy's warning would only come first.
        with np.errstate(over="ignore", invalid="ignore"):
            output = self.network.forward(X)
            value = self.loss.value(output, y)
            if not np.isfinite(value):
                self._stop(f"the loss is {value}", _first_bad_layer(self.network, X))
        return output, value

    def __call__(self, X, y):
        output, value = self.judged(X, y)
        with np.errstate(over="ignore", invalid="ignore"):
            self.optimizer.zero_grad()
            self.network.backward(self.loss.gradient(output, y), input_gradient=False)
            self.norms = np.array([_norm(parameter.grad) for parameter in self.parameters])
            if not np.isfinite(self.norms).all():
                self._stop("a gradient is not finite", _owner(self.network, self.parameters, ~np.isfinite(self.norms)))
            for parameter, data in zip(self.parameters, self.before, strict=True):
                data[...] = parameter.data
            self.optimizer.step()
            bad = [not np.isfinite(parameter.data).all() for parameter in self.parameters]
            if any(bad):
                self._stop("a parameter is not finite", _owner(self.network, self.parameters, bad))
        return output, value

    def _stop(self, what, culprit):
        for parameter, data in zip(self.parameters, self.before, strict=True):
            parameter.data[...] = data
        raise FloatingPointError(
            f"{self.place}: {what}; the first layer that is not finite: {culprit}. "
            f"The parameters are as they were before the last step; try a smaller learning rate"
        )


def _norm(grad):
    return 0.0 if grad is None else joint_norm([grad])


def _owner(network, parameters, bad):
    """Number and name of the first layer with a parameter marked bad."""
    culprits = {id(parameter) for parameter, is_bad in zip(parameters, bad, strict=True) if is_bad}
    layers = enumerate(getattr(network, "layers", [network]), start=1)
    return next(f"layer {n}, {layer!r}" for n, layer in layers if culprits & {id(p) for p in layer.parameters()})


def _first_bad_layer(network, X):
    """Number and name of the first layer with a NaN or infinity in its output, found by running them one by one."""
    layers = getattr(network, "layers", [network])
    for number, layer in enumerate(layers, start=1):
        X = layer.forward(X)
        if not np.isfinite(X).all():
            return f"layer {number}, {layer!r}"
    return "none, the loss itself overflows"
