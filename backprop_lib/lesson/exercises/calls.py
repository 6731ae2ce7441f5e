"""Calls of a reader's function, one check's together: each may take some seconds, and all of them a few more."""

import inspect
from time import perf_counter

from backprop_lib.lesson.exercises.guard import SECONDS, Outcome, attempt, code_of

SECONDS_IN_ALL = 6.0
OTHER_KINDS = {  # a call of these only prepares: it runs nothing of what is written in them
    inspect.CO_COROUTINE: "expected a plain function, got an async one; write def without async",
    inspect.CO_ASYNC_GENERATOR: "expected a plain function, got an async one; write def without async",
    inspect.CO_GENERATOR: "expected a plain function, got a generator; write return where it says yield",
}


def is_blank(answer):
    """Whether an answer, or a part of it, is still the starter's ``...``."""
    return answer is ... or (type(answer) in (tuple, list) and any(part is ... for part in answer))


def objection(answer):
    """What speaks against calling it at all; empty where nothing does."""
    if not callable(answer):
        return "expected a function; pass its name alone, without brackets and arguments"
    flags = getattr(code_of(answer), "co_flags", 0)
    return next((text for kind, text in OTHER_KINDS.items() if flags & kind), "")


class Calls:
    """Calls of one function, until their time is over.

    Parameters
    ----------
    function : callable
        The reader's.
    use : callable
        (function, *arguments) -> outputs.
    seconds : float
        For all calls.
    """

    def __init__(self, function, use, seconds=SECONDS_IN_ALL):
        self.function, self.use, self.seconds = function, use, seconds
        self.left, self.made = seconds, 0
        self.blank = False

    def outcome(self, arguments):
        """What one use of the function gives. What it prints is shown the first time."""
        self.made += 1
        return self.timed(lambda: self.use(self._noted, *arguments), blame=self.function, quiet=self.made > 1)

    def timed(self, action, **how):
        """Outcome of an action on the time of the reader: what comes back from a function may be slow, too."""

        def timed():  # in its own thread, for to start one may take long where a machine is busy
            start = perf_counter()
            try:
                return action()
            finally:
                self.left -= perf_counter() - start

        outcome = attempt(timed, seconds=min(SECONDS, self.left), **how)
        if self.left > 0.0:
            return outcome
        return Outcome(
            trouble=f"took more than {self.seconds:g} seconds for {self.made} small inputs; what is done so often?"
        )

    def _noted(self, *arguments):
        returned = self.function(*arguments)
        self.blank = self.blank or is_blank(returned)
        return returned
