"""Training as a reader runs it: an epoch of `fit`, beside the bare step and the loop that one writes in PyTorch.

`fit` draws the batches, adds up losses and hits, measures every gradient, and looks for numbers that are not finite.
"""

from dataclasses import replace

import numpy as np
import torch

from backprop_lib import fit
from benchmarks.measuring import Ratio, interleaved
from benchmarks.training_steps import ByHand, ByTorch

BATCHES = 20  # in an epoch


def with_data(problem):
    """The problem with samples for a whole epoch, and the size of its batches."""
    rng = np.random.default_rng(2)
    n_samples = BATCHES * len(problem.X)
    X = rng.normal(size=(n_samples, problem.X.shape[1])).astype(problem.X.dtype)
    return replace(problem, X=X, labels=rng.integers(problem.labels.max() + 1, size=n_samples)), len(problem.X)


class Fit(ByHand):
    """The package's loop, on the network of its layers."""

    def __init__(self, problem):
        problem, self.batch_size = with_data(problem)
        super().__init__(problem)

    def epoch(self, seed=None):
        """Loss and accuracy of an epoch."""
        rng, one = np.random.default_rng(seed), {"epochs": 1, "batch_size": self.batch_size}
        history = fit(self.network, self.loss, self.optimizer, self.X, self.labels, rng=rng, **one)
        return history.loss[0], history.accuracy[0]


class TorchLoop(ByTorch):
    """The loop of PyTorch's tutorials, with the loss and the accuracy of an epoch."""

    def __init__(self, problem):
        problem, self.batch_size = with_data(problem)
        super().__init__(problem)

    def epoch(self, seed=None):
        """Loss and accuracy of an epoch; with a seed in `fit`'s order."""
        n_samples = len(self.X)
        if seed is None:
            order = torch.randperm(n_samples)
        else:
            order = torch.tensor(np.random.default_rng(seed).permutation(n_samples))
        total, right = 0.0, 0
        for rows in order.split(self.batch_size):
            X, labels = self.X[rows], self.labels[rows]
            logits = self.network(X)
            loss = self.loss(logits, labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            total += loss.item() * len(rows)
            right += (logits.argmax(1) == labels).sum().item()
        return total / n_samples, right / n_samples


def measured(problem, rounds):
    """(Seconds of a step of `fit`, its ratio to the bare step, its ratio to PyTorch's loop)."""
    ours, bare, theirs = Fit(problem), ByHand(problem), TorchLoop(problem)
    check_agreement(problem)

    def bare_steps():
        for _ in range(BATCHES):
            bare.step()

    times = interleaved({"fit": ours.epoch, "bare": bare_steps, "PyTorch": theirs.epoch}, rounds=rounds)
    return np.median(times["fit"]) / BATCHES, *(Ratio.of(times["fit"], times[name]) for name in ("bare", "PyTorch"))


def check_agreement(problem):
    """Raise unless both loops measure the same in their first epochs.

    In float64: in float32 a ReLU's input near 0 may be rounded to either side, and the loops part.
    """
    weights = [weight.astype(np.float64) for weight in problem.weights]
    problem = replace(problem, weights=weights, X=problem.X.astype(np.float64))
    ours, theirs = Fit(problem), TorchLoop(problem)
    for seed in range(2):
        difference = np.abs(np.subtract(ours.epoch(seed), theirs.epoch(seed))).max()
        if not difference <= 1e-9:
            raise ValueError(f"{problem.name}: fit and PyTorch's loop measure {difference:g} apart")
