"""The state of a training at one moment, to go back to."""

import numpy as np

from backprop_lib.layers import Layer
from backprop_lib.layers.state import state_parts
from backprop_lib.optimizers.base import Optimizer


def network_state(network):
    """All arrays and generators that training changes, by name; in a class of the reader's own, those in attributes."""
    return state_parts(network if isinstance(network, Layer) else getattr(network, "__dict__", {}))


class Snapshot:
    """Copies of the parameters, the layers' running averages, and what the optimiser remembers.

    An optimiser of the reader's own keeps its memory.
    """

    def __init__(self, network, optimizer):
        self.parameters = network.parameters()
        learned = {id(parameter.data) for parameter in self.parameters}
        arrays = [part for part in network_state(network).values() if isinstance(part, np.ndarray)]
        self.statistics = [array for array in arrays if id(array) not in learned]
        self.states = optimizer.states if isinstance(optimizer, Optimizer) else []
        self.counting = [optimizer, *self.states] if self.states else []
        self.take()

    def learned(self):
        """The parameters' arrays."""
        return [parameter.data for parameter in self.parameters]

    def remembered(self):
        """The optimiser's averages of earlier gradients."""
        return [average for state in self.states for average in state.averages]

    def take(self):
        """Copy the state of now."""
        self.copies = [array.copy() for array in self.learned() + self.statistics]
        self.memory = [(average, average.copy()) for average in self.remembered()]
        self.steps = [one.steps for one in self.counting]

    def restore(self):
        """Go back to what was copied last."""
        for array, copy in zip(self.learned() + self.statistics, self.copies, strict=True):
            array[...] = copy
        for average, copy in self.memory:
            average[...] = copy
        for one, steps in zip(self.counting, self.steps, strict=True):
            one.steps = steps
