"""Losses: how wrong an output is, as one number, and the gradient with which backpropagation starts.

Every loss here is summed over the outputs of a row and averaged over all rows: the B samples of a batch, so that the
gradient carries the factor 1/B; or the B T times of a batch of sequences (B, T, m), and the factor 1/(B T).
"""

from backprop_lib.losses.base import Loss
from backprop_lib.losses.labels import accuracy, one_hot
from backprop_lib.losses.sigmoid import SigmoidCrossEntropy
from backprop_lib.losses.softmax import SoftmaxCrossEntropy
from backprop_lib.losses.squared import SquaredError

__all__ = ["Loss", "SigmoidCrossEntropy", "SoftmaxCrossEntropy", "SquaredError", "accuracy", "one_hot"]
