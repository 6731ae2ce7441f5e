"""What training changes in a network, by name: collected, copied, and written back in place."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backprop_lib._checks import Array, check_state
from backprop_lib.layers.parameter import Parameter


def checked_state_parts(layer: Any) -> dict[str, Any]:
    """The `state_parts` of a layer, once no parameter is missing among them.

    Raises
    ------
    ValueError
        If one of ``layer.parameters()`` is not among them: it would be lost without a word.
    """
    found = state_parts(layer)
    seen = {id(part) for part in found.values()}
    if any(id(parameter.data) not in seen for parameter in layer.parameters()):
        raise ValueError(
            f"{layer!r}: expected every Parameter in an attribute of a layer, or in a list or dict there, "
            f"got one elsewhere: its state would be lost"
        )
    return found


def state_parts(holder: Any) -> dict[str, Any]:
    """Arrays and generators that training changes in a layer and in all that it holds, each once, by dotted name."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    for name, part in _named_parts(holder, "", set()):
        if id(part) not in seen:  # a weight that two layers share has the name of its first place
            found[name] = part
            seen.add(id(part))
    return found


def modules(holder: Any, visited: set[int] | None = None) -> Iterator[Any]:
    """A layer and all that it holds, at any depth, each once."""
    visited = set() if visited is None else visited
    if id(holder) not in visited:
        visited.add(id(holder))
        yield holder
        for part in _children(holder).values():
            yield from modules(part, visited)


def _named_parts(holder: Any, name: str, visited: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(holder, Parameter):
        yield name, holder.data
    elif isinstance(holder, np.random.Generator):
        yield name, holder
    elif id(holder) not in visited:
        visited.add(id(holder))
        for inner, part in _children(holder).items():
            place = f"{name}.{inner}" if name else str(inner)
            yield from (
                [(place, part)] if inner in getattr(holder, "buffers", ()) else _named_parts(part, place, visited)
            )


def _children(holder):
    """What a layer, a dict or a list holds, by name; nothing for anything else."""
    if hasattr(holder, "named_parts"):
        return holder.named_parts()
    if isinstance(holder, dict):
        return holder
    return dict(enumerate(holder)) if isinstance(holder, (list, tuple)) else {}


def copy_part(part: Any) -> Array:
    """Copy of an array; the state of a generator as one string, so that a file can hold it."""
    if isinstance(part, np.random.Generator):
        return np.array(json.dumps(part.bit_generator.state, default=np.ndarray.tolist))
    return part.copy()


def load(parts: dict[str, Any], state: Mapping[str, Any]) -> None:
    """Write a state into the parts of the same names, after all of it was checked."""
    generators = {name: part for name, part in parts.items() if isinstance(part, np.random.Generator)}
    # The text of a generator's state may have another length, and so another dtype: it is looked at below.
    check_state(state, {name: None if name in generators else part for name, part in parts.items()}, "state")
    drawn = {name: _generator_state(generator, np.asarray(state[name]), name) for name, generator in generators.items()}
    for name, part in parts.items():
        if name in generators:
            part.bit_generator.state = drawn[name]
        else:
            part[...] = state[name]


def _generator_state(generator, value, name):
    kind = type(generator.bit_generator)
    try:
        state = json.loads(str(value))
        kind().state = state  # on a new one: what does not fit must leave the generator as it is
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ValueError(f"state: {name}: expected the state of a {kind.__name__} generator, got {value!r}") from None
    return state
