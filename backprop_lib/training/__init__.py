"""The one training loop: forward, loss, backward, step, for every batch of every epoch."""

from backprop_lib.training.history import History
from backprop_lib.training.loop import fit

__all__ = ["History", "fit"]
