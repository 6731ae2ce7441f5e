"""Calls of a reader's function, one check's together: each may work some seconds, and all of them a few more."""

import inspect
from time import monotonic

from backprop_book.exercises.guard import PATIENCE, SECONDS, Outcome, attempt, code_of
from backprop_book.exercises.limits import clock_of_this_thread

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
    seconds, patience : float
        For all calls: of work, and on the wall.
    """

    def __init__(self, function, use, seconds=SECONDS_IN_ALL, patience=PATIENCE):
        self.function, self.use, self.seconds, self.patience = function, use, seconds, patience
        self.work_left, self.wait_left, self.made = seconds, patience, 0
        self.blank = False

    def outcome(self, arguments):
        """What one use of the function gives. What it prints is shown the first time."""
        self.made += 1
        return self.timed(lambda: self.use(self._noted, *arguments), blame=self.function, quiet=self.made > 1)

    def timed(self, action, **how):
        """Outcome of an action on the time of the reader: what comes back from a function may be slow, too."""

        def timed():  # in its own thread, whose work is meant
            clock = clock_of_this_thread()
            start = clock()
            try:
                return action()
            finally:
                self.work_left -= clock() - start

        start = monotonic()
        outcome = attempt(timed, seconds=min(SECONDS, self.work_left), patience=self.wait_left, **how)
        self.wait_left -= monotonic() - start
        inputs = f"{self.made} small inputs"
        if self.work_left <= 0.0:
            return Outcome(trouble=f"took more than {self.seconds:g} seconds for {inputs}; what is done so often?")
        if self.wait_left <= 0.0 and not outcome.trouble:
            return Outcome(trouble=f"waited more than {self.patience:g} seconds for {inputs}; what does it wait for?")
        return outcome

    def _noted(self, *arguments):
        returned = self.function(*arguments)
        self.blank = self.blank or is_blank(returned)
        return returned
