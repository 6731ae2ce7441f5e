"""The parameters of an interactive figure: their values, and how a reader sees them."""

import math
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np

MOST = 3  # parameters; more states than a reader can keep in mind, and more frames than a page can carry


@dataclass(frozen=True)
class Control:
    """One parameter with the values it takes in the saved figure.

    Attributes
    ----------
    name : str
    values : tuple
        Increasing numbers, or words, or booleans.
    initial : int
        Place of the value that is shown first.
    plays : bool
        Whether a button goes through the values by itself.
    """

    name: str
    values: tuple
    initial: int = 0
    plays: bool = False

    @property
    def label(self):
        """The name as a reader sees it."""
        return self.name.replace("_", " ")

    @property
    def numeric(self):
        """Whether the values are numbers, which have something between them."""
        return isinstance(self.values[0], Real) and not isinstance(self.values[0], bool)

    @property
    def texts(self):
        """The values as a reader sees them."""
        return [as_text(value) for value in self.values]


def as_text(value):
    """Return a value as it stands beside its control."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def controls(grid, *, play=None, initial=None):
    """Return a Control for each parameter of a grid.

    Parameters
    ----------
    grid : dict of str to sequence
    play : str, optional
        Name of the numeric parameter that is a sequence of steps.
    initial : dict, optional
        The values shown first, where they are not the first ones.

    Raises
    ------
    ValueError, TypeError
        For a grid that cannot be explored; the message names the parameter.
    """
    if not 1 <= len(grid) <= MOST:
        raise ValueError(f"grid: expected one to {MOST} parameters, got {len(grid)}: {', '.join(grid) or 'none'}")
    found = {name: _checked(values, name) for name, values in grid.items()}
    places = {name: _place(found, name, value) for name, value in (initial or {}).items()}
    made = [Control(name, values, places.get(name, 0), name == play) for name, values in found.items()]
    if play is not None and not any(control.plays and control.numeric for control in made):
        numeric = ", ".join(control.name for control in made if control.numeric)
        raise ValueError(f"play: expected a parameter with numbers ({numeric or 'there is none'}), got {play!r}")
    return made


def _checked(values, name):
    """Return values as a tuple of plain numbers, words or booleans of one kind."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TypeError(f"{name}: expected a sequence of values, got {values!r}")
    values = tuple(_plain(value, name) for value in values)
    if len(values) < 2:
        raise ValueError(f"{name}: expected at least two values, got {list(values)}")
    if len({_kind(value) for value in values}) > 1:
        raise TypeError(f"{name}: expected values of one kind, got {list(values)}")
    if len(set(map(as_text, values))) < len(values):
        raise ValueError(f"{name}: expected values that differ when written out, got {list(map(as_text, values))}")
    if _kind(values[0]) is Real and list(values) != sorted(values):
        raise ValueError(f"{name}: expected increasing numbers, got {list(values)}")
    return values


def _plain(value, name):
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, (bool, str, Integral, float)) or (isinstance(value, float) and not math.isfinite(value)):
        raise TypeError(f"{name}: expected finite numbers, words or booleans, got {value!r}")
    return value


def _kind(value):
    return next(kind for kind in (bool, str, Real) if isinstance(value, kind))


def _place(found, name, value):
    if name not in found or value not in found[name]:
        expected = f"one of {list(found[name])}" if name in found else f"one of the parameters {', '.join(found)}"
        raise ValueError(f"initial: expected {expected}, got {name}={value!r}")
    return found[name].index(value)
