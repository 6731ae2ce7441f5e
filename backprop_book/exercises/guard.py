"""Calls of functions that may do anything: raise, print, warn, write into their arguments, never come back."""

import warnings
from dataclasses import dataclass

import numpy as np

from backprop_book.exercises.limits import Endless, TimeUp, Waited, within
from backprop_book.exercises.printed import printed

SECONDS = 3.0  # of work, which no other program on the machine can use up
PATIENCE = 60.0  # on the wall, for what waits: of a right answer all calls together take a tenth of a second


class Complaint(Exception):
    """Says what a function did that cannot be worked with; no error of its own."""


@dataclass(frozen=True)
class Outcome:
    """What a call gave: its value, or in words the trouble that it met, and the message of the error behind it."""

    value: object = None
    trouble: str = ""
    message: str = ""


def attempt(action, *, blame=None, seconds=SECONDS, patience=PATIENCE, quiet=True):
    """Outcome of action(), whatever it does.

    Only KeyboardInterrupt, with which a reader stops a cell, passes through. Warnings are kept back, and of what is
    printed all but the first lines, or all, if ``quiet``. ``blame`` is the function whose line the trouble names.
    """
    try:
        with printed(quiet), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return Outcome(within(seconds, patience, action))
    except KeyboardInterrupt:
        raise
    except Waited:
        return Outcome(trouble=f"was stopped after {patience:.2g} seconds of waiting; what does it wait for?")
    except TimeUp:
        return Outcome(trouble=f"was stopped after {seconds:g} seconds of work; is there a loop that never ends?")
    except Endless:
        return Outcome(trouble="cannot be stopped; restart the kernel, or it runs on behind the page")
    except Complaint as complaint:
        return Outcome(trouble=str(complaint))
    except BaseException as error:
        message = _message(error)
        kind = ": ".join(filter(None, [type(error).__name__, message]))
        return Outcome(trouble=f"raised {kind}{_place(error, blame)}", message=message)


def code_of(function):
    """The code of a function written in Python; None for anything else."""
    try:
        return function.__code__
    except Exception:
        return None


def _message(error):
    """First line of an error's message; empty where it cannot be had."""
    try:
        return str(error).strip().partition("\n")[0]
    except Exception:
        return ""


def _place(error, function):
    """The line of the function at which an error was raised, counted from its def."""
    code, lines = code_of(function), []
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code is code:
            lines.append(trace.tb_lineno - code.co_firstlineno + 1)
        trace = trace.tb_next
    return f", in line {lines[-1]} of your function" if lines else ""
