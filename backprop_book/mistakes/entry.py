"""What an entry of the zoo is, and the collection that finds it by name."""

import difflib
import inspect
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop_lib._checks import check_rng

PAGE_WIDTH = 76


@dataclass(frozen=True, repr=False)
class Mistake:
    """A wrong function beside the right one, and the check that tells them apart. ``print`` shows all of it.

    Attributes
    ----------
    name : str
        By which `MISTAKES` finds it: ``"bias-not-summed"``.
    title, story : str
        What is wrong, and what it does to those who write it. One line each.
    wrong, right : callable
        Two versions of one NumPy function. Their arguments are the same, and so are all but a few of their lines.
    gradient_checker, checker : callable
        From (version, rng) to a report. `gradient_check` and `check` call them. Without a ``checker`` of its own a
        mistake is caught by the gradient check.
    caught_by : str
        The kind of check that `check` is.
    unseen_because : str
        Why a gradient check does not see the mistake; empty where it does.
    """

    name: str
    title: str
    story: str
    wrong: Callable[..., Any]
    right: Callable[..., Any]
    gradient_checker: Callable[..., Any]
    checker: Callable[..., Any] | None = None
    caught_by: str = "gradient check"
    unseen_because: str = ""

    @property
    def seen_by_gradient_check(self) -> bool:
        """Whether `gradient_check` tells the wrong version from the right one."""
        return not self.unseen_because

    def check(self, version: Callable[..., Any], *, rng: np.random.Generator | None = None) -> Any:
        """Apply the check that catches this mistake.

        Parameters
        ----------
        version : callable
            ``wrong``, ``right``, or a function of your own with the same arguments.
        rng : numpy.random.Generator, optional
            Chooses shapes and numbers. By default they are the same at every call.

        Returns
        -------
        GradientCheck or Comparison
            True where the version passed; printed, it says what was compared.
        """
        return (self.checker or self.gradient_checker)(version, _generator(rng))

    def gradient_check(self, version: Callable[..., Any], *, rng: np.random.Generator | None = None) -> Any:
        """Apply a plain gradient check, with the parameters and the result of `check`."""
        return self.gradient_checker(version, _generator(rng))

    @property
    def wrong_source(self) -> str:
        """Source of the wrong version, under the name that both share."""
        return _source(self.wrong)

    @property
    def right_source(self) -> str:
        """Source of the right version, under the name that both share."""
        return _source(self.right)

    def __str__(self):
        lines = difflib.ndiff(self.wrong_source.splitlines(), self.right_source.splitlines())
        both = "\n".join(line.rstrip() for line in lines if not line.startswith("?"))
        caught = f"(- wrong, + right.) Caught by: {self.caught_by}."
        if self.unseen_because:
            caught += f" A gradient check does not see it: {self.unseen_because}."
        return "\n\n".join([f"{self.name}: {self.title}", _wrapped(self.story), both, _wrapped(caught)])

    def __repr__(self):
        return f"<Mistake {self.name}: {self.title}>"


class Mistakes(dict):
    """Mistakes by name, in reading order. Shown, it is the list of names and titles."""

    def __init__(self, entries):
        super().__init__((entry.name, entry) for entry in entries)

    def __missing__(self, name):
        raise KeyError(f"name: expected one of {', '.join(self)}, got {name!r}")

    def __repr__(self):
        width = max(map(len, self))
        return "\n".join(f"{name:{width}}  {entry.title}" for name, entry in self.items())


def _generator(rng):
    return np.random.default_rng(0) if rng is None else check_rng(rng)


def _source(function):
    """Source without the prefix that gives the answer away."""
    return re.sub(r"^def (wrong|right)_", "def ", inspect.getsource(function))


def _wrapped(text):
    return textwrap.fill(text, PAGE_WIDTH)
