"""What all optimisers share: the step, its settings, and the state that can be saved."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop_lib._checks import Array, check_from_zero, check_state
from backprop_lib.optimizers.groups import Checked, Group, check_rate, checked_groups, parameters_with_gradient


class Optimizer:
    """What all optimisers share. A rule writes ``_update``: the formula that moves one parameter w, in place.

    It names the numbers that it goes by in ``SETTINGS``, and what it remembers of earlier gradients in ``AVERAGES``.
    """

    SETTINGS: tuple[str, ...] = Group.SETTINGS
    AVERAGES: tuple[str, ...] = ()
    learning_rate: Any = Checked(check_rate)
    weight_decay: Any = Checked(check_from_zero)

    def __init__(self, parameters, learning_rate, weight_decay):
        self.groups = checked_groups(parameters)
        self.parameters = [parameter for group in self.groups for parameter in group.parameters]
        self.states = [state for group in self.groups for state in group.states]
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.steps = 0
        self._allocate_averages()

    def _average_names(self):
        """Names of what is remembered with the settings of now."""
        return self.AVERAGES

    def _allocate_averages(self):
        for state in self.states:
            state.allocate_averages(len(self._average_names()))

    def step(self) -> None:
        """Move every parameter that has a gradient; the others, and what is remembered for them, stay.

        Raises
        ------
        ValueError
            If none has one: ``backward`` was not called since ``zero_grad``. If one has another shape than its data.
            If a schedule gives a rate below 0, or none that is finite.
        """
        parameters_with_gradient(self.parameters)
        rates = [self._rate(group) for group in self.groups]
        for group, eta in zip(self.groups, rates, strict=True):
            weight_decay = self.weight_decay if group.weight_decay is None else group.weight_decay
            for state in group.states:
                w, g = state.parameter.data, state.parameter.grad
                if g is not None:
                    state.steps += 1
                    self._update(w, self._decay(w, g, eta, weight_decay) if weight_decay else g, state, eta)
                    state.parameter.data = w  # a Tensor counts how often its data are set
        self.steps += 1

    def _rate(self, group):
        """The group's learning rate in this step."""
        rate = self.learning_rate if group.learning_rate is None else group.learning_rate
        return check_from_zero(rate(self.steps), f"learning_rate({self.steps})") if callable(rate) else rate

    def _decay(self, w, g, eta, weight_decay):
        """Gradient of the loss plus weight_decay / 2 times the squared weights: the L2 penalty."""
        return g + weight_decay * w

    def _update(self, w, g, state, eta):
        """Move w by its gradient g with the learning rate eta; ``state`` holds what is remembered of w."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Empty the gradients, which otherwise add up from step to step."""
        for parameter in self.parameters:
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Copies of all that later steps depend on: numbers, step counts, averages of earlier gradients.

        A learning rate that is a function is left out.

        Returns
        -------
        dict
            Arrays by name: ``learning_rate``, ``steps``, ``groups.1.learning_rate``, ``0.mean`` and the like; the last
            belongs to the first of `parameters`.
        """
        state = {"rule": np.array(type(self).__name__), "steps": np.array(self.steps)}
        state |= {name: np.array(getattr(owner, key)) for name, owner, key in self._settings()}
        for number, one in enumerate(self.states):
            state[f"{number}.steps"] = np.array(one.steps)
            for name, average in zip(self._average_names(), one.averages, strict=True):
                state[f"{number}.{name}"] = average.copy()
        return state

    def _settings(self):
        """(name in the state, owner, name there) of every setting that is a number."""
        for prefix, owner in [("", self), *((f"groups.{number}.", group) for number, group in enumerate(self.groups))]:
            for key in owner.SETTINGS:
                value = getattr(owner, key)
                if value is not None and not callable(value):
                    yield prefix + key, owner, key

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Go on as the optimiser would that gave this state, if the parameters are as its were.

        Parameters
        ----------
        state : dict
            From `state_dict` of an optimiser of the same kind, with parameters and groups of the same shapes.

        Raises
        ------
        ValueError
            If it comes from another kind, or a name, shape or dtype differs. Nothing is changed then.
        """
        before = self.state_dict()
        rule = type(self).__name__
        if isinstance(state, Mapping) and str(state.get("rule", rule)) != rule:
            raise ValueError(f"{rule}: expected a state of {rule}, got one of {state['rule']}")
        check_state(state, before, rule)
        try:
            self._write(state)
        except (TypeError, ValueError):  # a number out of its range
            self._write(before)
            raise

    def _write(self, state):
        for name, owner, key in self._settings():
            setattr(owner, key, state[name].tolist())
        self.steps = int(state["steps"])
        for number, one in enumerate(self.states):
            one.steps = int(state[f"{number}.steps"])
            for name, average in zip(self._average_names(), one.averages, strict=True):
                average[...] = state[f"{number}.{name}"]
