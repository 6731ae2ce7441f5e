"""Calls of functions that may do anything: raise, print, warn, write into their arguments, never come back."""

import contextlib
import ctypes
import io
import queue
import threading
import warnings
from dataclasses import dataclass

import numpy as np

SECONDS = 3.0
AGAIN, TIMES = 0.02, 250  # a loop that catches everything is interrupted again, but not for ever


class TimeUp(BaseException):
    """Ends a call that takes too long; no Exception, so that ``except Exception`` in a loop does not stop it."""


class Complaint(Exception):
    """Says what a function did that cannot be worked with; no error of its own."""


@dataclass(frozen=True)
class Outcome:
    """What a call gave: its value, or in words the trouble that it met, and the message of the error behind it."""

    value: object = None
    trouble: str = ""
    message: str = ""


def attempt(action, *, blame=None, seconds=SECONDS, quiet=True):
    """Outcome of action(), whatever it does.

    Only KeyboardInterrupt, with which a reader stops a cell, passes through. Warnings are kept back, and so is what
    is printed, if ``quiet``. ``blame`` is the function whose line the trouble names.
    """
    output = contextlib.redirect_stdout(io.StringIO()) if quiet else contextlib.nullcontext()
    try:
        with output, warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return Outcome(within(seconds, action))
    except KeyboardInterrupt:
        raise
    except TimeUp:
        return Outcome(trouble=f"was stopped after {seconds:g} seconds; is there a loop that never ends?")
    except Complaint as complaint:
        return Outcome(trouble=str(complaint))
    except BaseException as error:
        message = _message(error)
        kind = ": ".join(filter(None, [type(error).__name__, message]))
        return Outcome(trouble=f"raised {kind}{_place(error, blame)}", message=message)


def within(seconds, action):
    """Result of action(); TimeUp is raised in it once the time is over.

    A second thread raises it, which works in every thread and on every system, unlike a signal. It takes effect
    between two steps of Python: a single long call into compiled code, or a sleep, ends first. A loop that catches
    everything gets it again and again, until it comes outside of the ``try``.
    """
    over, thread, raised = queue.SimpleQueue(), threading.get_ident(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(seconds, over, thread, raised), daemon=True)
    try:
        try:
            watcher.start()
            return action()
        finally:
            over.put(None)
    finally:  # TimeUp may have come just before the put
        over.put(None)
        _wait_for(watcher)
        if raised.is_set():
            _receive(thread)  # and it may be under way still


def _watch(seconds, over, thread, raised):
    pauses = [seconds] + TIMES * [AGAIN]
    for pause in pauses:
        with contextlib.suppress(queue.Empty):
            return over.get(timeout=pause)
        raised.set()
        _raise_in(thread)


def _wait_for(watcher):
    """Wait for the watcher's end, a little at a time: what it has raised comes only between two steps of Python.

    Under a tracer, version 3.11 lets no other thread begin a function while something raised has not come.
    """
    while watcher.is_alive():
        with contextlib.suppress(TimeUp):
            watcher.join(AGAIN)


def _receive(thread):
    """Wait for the one interruption that may be under way, so that it comes nowhere else.

    Another takes its place, if it has not come yet: only one can be under way. Python offers to take it back instead,
    but version 3.11 then goes on looking for it, and never comes to an end where a debugger or coverage traces.
    """
    with contextlib.suppress(TimeUp):
        _raise_in(thread)
        while True:
            pass


def _raise_in(thread):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))


def _message(error):
    """First line of an error's message; empty where it cannot be had."""
    try:
        return str(error).strip().partition("\n")[0]
    except Exception:
        return ""


def _place(error, function):
    """The line of the function at which an error was raised, counted from its def."""
    code, lines = getattr(function, "__code__", None), []
    trace = error.__traceback__
    while trace:
        if trace.tb_frame.f_code is code:
            lines.append(trace.tb_lineno - code.co_firstlineno + 1)
        trace = trace.tb_next
    return f", in line {lines[-1]} of your function" if lines else ""
