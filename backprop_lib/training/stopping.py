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
        out_of_patience = self.patience is not None and self._out_of_patience(epoch, history.validation_loss[-1])
        answer = None if self.callback is None else self.callback(epoch, history)
        return out_of_patience or (isinstance(answer, (bool, np.bool_)) and bool(answer))

    def _out_of_patience(self, epoch, loss):
        if loss < self.lowest:
            self.lowest, self.best_epoch = loss, epoch
            self.best.take()
        return epoch - self.best_epoch >= self.patience

    def finish(self):
        """Go back to the best epoch, if it was looked for."""
        if self.patience is not None:
            self.best.restore()
