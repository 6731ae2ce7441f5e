"""Training by mini-batches: what a reader calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop_lib._checks import ArrayLike, check_count, check_flag, check_rng
from backprop_lib.training.checks import (
    batch_slices,
    check_no_batch_of_one,
    check_patience,
    check_roles,
    checked_data,
    checked_validation,
)
from backprop_lib.training.epochs import train_epoch, validate
from backprop_lib.training.history import History, append, history_on_error
from backprop_lib.training.steps import GuardedStep
from backprop_lib.training.stopping import Stopping


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
    drop_last: bool = False,
    patience: int | None = None,
    callback: Callable[[int, History], Any] | None = None,
    keep_parameters: bool = False,
    progress: bool = False,
) -> History:
    """Train a network by mini-batches, shuffled anew in every epoch.

    Parameters
    ----------
    network : Layer
        Usually a Sequential. Left in training mode.
    loss : Loss
        Anything with ``value`` and ``gradient``; ``value_and_gradient`` is used where there is one.
    optimizer : SGD or another
        Anything with ``step`` and ``zero_grad``. It may hold some of the network's parameters; the others stay.
    X : array (N, n) or (N, T, n)
        A row, or a sequence of T rows, for each sample.
    y : array of N labels or targets, or (N, T) of them
        What the loss takes.
    validation : pair (X, y), optional
        Judged at the end of every epoch, never learned from.
    epochs, batch_size : int
        At least 1. The last batch of an epoch may be smaller.
    rng : numpy.random.Generator
        Shuffles.
    drop_last : bool
        Leave out the last batch of an epoch where it is smaller: other samples in each epoch.
    patience : int, optional
        Stop early, after so many epochs without a new lowest validation loss. However it ends, network and optimiser
        are then left as they were after the epoch with the lowest.
    callback : callable, optional
        Called after each epoch as ``callback(epoch, history)``, epochs counted from 1. Training ends if it returns
        True. It may change the learning rate, or `save` the network.
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
        If the data are empty, not finite, or do not fit together; if the optimizer holds parameters of another
        network; if a batch of one sample would meet `BatchNorm`.
    FloatingPointError
        If the loss, a gradient, a parameter, a running average or the optimiser's memory stops being finite: names
        epoch, batch (both counted from 1) and layer. All of them go back to what they were before the first step of
        this epoch; or of the epoch before, if the first batch shows it. (Not the memory of an optimiser of your own.)

    Notes
    -----
    What was measured is not lost. Every error that ends the training, an interrupt too, carries the history of the
    whole epochs in its attribute ``history``: in a program ``except KeyboardInterrupt as stop: stop.history``, in a
    notebook after the stop button ``import sys; sys.last_value.history``. After an interrupt the network stays as it
    is in the midst of an epoch, and can be trained on.

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
    check_roles(network, loss, optimizer)
    X, y = checked_data((X, y), loss, "X", "y")
    held_out = checked_validation(validation, loss)
    epochs, batch_size = check_count(epochs, "epochs"), check_count(batch_size, "batch_size")
    check_rng(rng)
    check_flag(keep_parameters, "keep_parameters")
    count = _bar if check_flag(progress, "progress") else range
    batches = batch_slices(len(X), batch_size, check_flag(drop_last, "drop_last"))
    check_no_batch_of_one(network, len(X), batch_size, batches)
    stopping = Stopping(network, optimizer, check_patience(patience, held_out), callback)
    step, history = GuardedStep(network, loss, optimizer), History()
    with history_on_error(history):
        for epoch in count(1, epochs + 1):
            measured = train_epoch(step, X, y, rng.permutation(len(X)), batches, epoch)
            if held_out is not None:
                measured |= validate(step, *held_out, epoch)
            if keep_parameters:
                measured["parameters"] = [parameter.data.copy() for parameter in network.parameters()]
            append(history, measured)
            if stopping.after(epoch, history):
                break
    stopping.finish()
    return history


def _bar(first, end):
    from tqdm import tqdm  # only where a bar is shown: it takes half as long to import as NumPy

    return tqdm(range(first, end), desc="epoch")
