"""Parameters in groups, what is remembered of the gradients of each, and the checks of both."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from backprop_lib._checks import check_from_zero, check_positive, check_real, check_same_shape


class Checked:
    """An attribute whose value passes a check whenever it is set."""

    def __init__(self, check: Callable[[Any, str], Any]):
        self.check = check

    def __set_name__(self, owner, name):
        self.name = name

    def __set__(self, instance, value):
        vars(instance)[self.name] = self.check(value, self.name)  # where Python finds it, as there is no __get__


def check_rate(value, name):
    """Return a learning rate: a positive number, or a function of the step that will give one."""
    return value if callable(value) else check_positive(value, name)


def _optional(check):
    return lambda value, name: None if value is None else check(value, name)


class Group:
    """Parameters that share a learning rate and a weight decay; None stands for the optimiser's own."""

    SETTINGS = ("learning_rate", "weight_decay")
    learning_rate: Any = Checked(_optional(check_rate))
    weight_decay: Any = Checked(_optional(check_from_zero))

    def __init__(self, parameters, learning_rate=None, weight_decay=None):
        self.parameters = checked_parameters(parameters)
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.states = [State(parameter) for parameter in self.parameters]


class State:
    """What an optimiser keeps for one parameter: how often it was moved, and averages of its gradients, from zero."""

    def __init__(self, parameter):
        self.parameter = parameter
        self.steps = 0
        self.averages = []

    def allocate_averages(self, n_averages):
        if len(self.averages) != n_averages:
            self.averages = [np.zeros_like(self.parameter.data) for _ in range(n_averages)]


def checked_groups(parameters):
    """Groups from a list of parameters, which is one, or from a list of dicts."""
    if hasattr(parameters, "grad") or isinstance(parameters, Mapping) or not isinstance(parameters, Iterable):
        raise TypeError(f"parameters: expected a list, got {parameters!r}")  # rows of a tensor are no parameters
    given = list(parameters)
    groups = [_group(one) for one in given] if any(isinstance(one, Mapping) for one in given) else [Group(given)]
    check_unique([parameter for group in groups for parameter in group.parameters])
    return groups


def _group(given):
    known = ("parameters", *Group.SETTINGS)
    if not isinstance(given, Mapping) or "parameters" not in given or not set(given) <= set(known):
        got = f"the keys {', '.join(map(str, given))}" if isinstance(given, Mapping) else repr(given)
        raise ValueError(f"group: expected a dict with parameters and, perhaps, {' and '.join(known[1:])}, got {got}")
    return Group(**given)


def checked_parameters(parameters):
    if hasattr(parameters, "grad") or not isinstance(parameters, Iterable):
        raise TypeError(f"parameters: expected a list, got {parameters!r}")
    parameters = list(parameters)
    if not parameters:
        raise ValueError("parameters: expected at least one, got none")
    for parameter in parameters:
        _check_parameter(parameter)
    check_unique(parameters)
    return parameters


def _check_parameter(parameter):
    if not (hasattr(parameter, "data") and hasattr(parameter, "grad")):
        raise TypeError(f"parameters: expected objects with .data and .grad, got {parameter!r}")
    data = parameter.data
    if not isinstance(data, np.ndarray):
        raise TypeError(
            f"parameters: expected .data to be an array, got {parameter!r}, whose .data is a {type(data).__name__}; "
            f"single numbers are moved by hand, value.data -= learning_rate * value.grad"
        )
    if check_real(data, "parameters").dtype.kind != "f":
        raise TypeError(f"parameters: expected floating numbers, got dtype {data.dtype}")
    if not data.flags.writeable:
        raise ValueError(f"parameters: expected arrays that can be changed, got {parameter!r} with a read-only one")


def check_unique(parameters):
    seen = set()
    for parameter in parameters:
        if id(parameter) in seen:
            raise ValueError(
                f"parameters: expected every parameter once, got {parameter!r} twice; it would count twice. "
                f"One that is used in several places has the sum of their gradients: list it once"
            )
        seen.add(id(parameter))


def parameters_with_gradient(parameters):
    found = [parameter for parameter in parameters if parameter.grad is not None]
    if not found:
        raise ValueError("gradient: expected a backward pass before this, but no parameter has a gradient")
    for parameter in found:
        check_same_shape(parameter.grad, parameter.data, "gradient", "its parameter")
    return found
