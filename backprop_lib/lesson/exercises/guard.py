"""Calls of functions that may do anything: raise, print, warn, write into their arguments, never come back."""

import contextlib
import contextvars
import ctypes
import io
import threading
import time
import warnings
from dataclasses import dataclass

import numpy as np

SECONDS = 3.0
STEP = 0.1
AGAIN, TIMES = 0.01, 250  # a loop that catches everything is interrupted again, but not for ever


class TimeUp(BaseException):
    """Ends a call that takes too long; no Exception, so that ``except Exception`` in a loop does not stop it."""


class Endless(BaseException):
    """Says that a call goes on, whatever was raised in it."""


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
    except Endless:
        return Outcome(trouble="cannot be stopped; restart the kernel, or it runs on behind the page")
    except Complaint as complaint:
        return Outcome(trouble=str(complaint))
    except BaseException as error:
        message = _message(error)
        kind = ": ".join(filter(None, [type(error).__name__, message]))
        return Outcome(trouble=f"raised {kind}{_place(error, blame)}", message=message)


def within(seconds, action):
    """Result of action(), or the error that it raises; TimeUp is raised in it once the time is over.

    It runs in a thread of its own, for a thread can be interrupted on every system and can be left behind: Endless
    where no interruption helped. An interruption takes effect between two steps of Python, so a long call into
    compiled code, or a sleep, ends first. A loop that catches everything gets it again and again, until it comes
    outside of the ``try``.
    """
    call = _Call(action)
    call.start()
    try:
        for pause in [seconds] + TIMES * [AGAIN]:
            if call.is_over_within(pause):
                return call.result()
            call.interrupt()
    except KeyboardInterrupt:
        call.interrupt()
        raise
    raise Endless


class _Call(threading.Thread):
    """A call that can be interrupted, until it is over."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self.action, self.context = action, contextvars.copy_context()
        self.value, self.error = None, TimeUp()  # unless something else comes out in time
        self.open, self.over = threading.Lock(), threading.Lock()
        self.interrupted = False
        self.over.acquire()

    def run(self):
        with contextlib.suppress(TimeUp):  # it may come just before it is too late for it
            try:
                self._work()
            finally:
                self.open.acquire()  # for ever: from here on nothing is raised
        if self.interrupted:
            self._receive()
        self.over.release()

    def is_over_within(self, seconds):
        """Wait for it, in steps, between which a reader's interrupt comes through."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > STEP:
            if self.over.acquire(timeout=STEP):
                return True
        return self.over.acquire(timeout=max(rest, 0.0))

    def result(self):
        """What the action returned; what it raised is raised here."""
        if self.error is not None:
            raise self.error
        return self.value

    def interrupt(self):
        """Raise TimeUp in the action, unless it is over."""
        if self.open.acquire(blocking=False):
            self.interrupted = True
            _raise_in(self.ident)
            self.open.release()

    def _work(self):
        try:
            self.value, self.error = self.context.run(self.action), None
        except BaseException as error:
            self.error = error

    def _receive(self):
        """Wait for the one interruption that may be under way, so that it comes nowhere else.

        Another takes its place, if it has not come yet: only one can be under way. Python offers to take it back
        instead, but version 3.11 then goes on looking for it, and never comes to an end where a debugger or coverage
        traces.
        """
        with contextlib.suppress(TimeUp):
            _raise_in(self.ident)
            while True:
                pass


def _raise_in(thread):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))


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
