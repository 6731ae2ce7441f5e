"""Whether training goes on after an epoch."""

import math

import numpy as np

from backprop_lib._checks import check_callable
from backprop_lib.training.snapshot import Snapshot


class Stopping:
    """The callback's word, and the patience with a validation loss that falls no more."""

    def __init__(self, network, optimizer, patience, callback):
        self.patience, self.best = patience, None if patience is None else Snapshot(network, optimizer)
        self.callback = None if callback is None else check_callable(callback, "callback")
        self.lowest, self.best_epoch = math.inf, 0

    def after(self, epoch, history):
        """Whether this epoch was the last."""
        worn_out = self.patience is not None and self._is_worn_out(epoch, history.validation_loss[-1])
        told = None if self.callback is None else self.callback(epoch, history)
        return worn_out or (isinstance(told, (bool, np.bool_)) and bool(told))

    def _is_worn_out(self, epoch, loss):
        if loss < self.lowest:
            self.lowest, self.best_epoch = loss, epoch
            self.best.take()
        return epoch - self.best_epoch >= self.patience

    def finish(self):
        """Go back to the best epoch, if it was looked for."""
        if self.patience is not None:
            self.best.restore()
