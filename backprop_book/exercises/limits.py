"""A limit for a call: of the work that it does, so that a crowded machine refuses nobody who would be fast on another.

Work is the processor time of the call's own thread. A call that only waits does none, and has a long time on the clock
on the wall instead.

A call runs in a thread of its own, which another can interrupt. In a browser Python has no threads: there a watch looks
at the clock between the call's own steps.
"""

import contextlib
import contextvars
import ctypes
import functools
import itertools
import sys
import threading
import time

STEP = 0.1  # between two looks at the clocks, at most
SHORTEST = 0.001  # and at least
AGAIN, AT_THE_LATEST, TIMES = 0.01, 0.04, 250  # a loop that catches all is interrupted again, but not for ever
THREADS = sys.platform != "emscripten"
TOOL, STRIDE = 4, 256  # of sys.monitoring: a number that no other tool takes; steps between two looks at the clock


class TimeUp(BaseException):
    """Ends a call that takes too long; no Exception, so that ``except Exception`` in a loop does not stop it."""


class Waited(TimeUp):
    """Says that it had hardly worked when it was ended."""


class Endless(BaseException):
    """Says that a call goes on, whatever was raised in it."""


def within(seconds, patience, action):
    """Result of action(), or the error that it raises; TimeUp is raised in it once it has had its time.

    Its time is ``seconds`` of work, or ``patience`` on the wall; where that was over first, it is Waited. Where
    Python has no threads, the clock on the wall counts as work: a browser's worker has a core of its own.

    An interruption takes effect between two steps of Python, so a long call into compiled code, or a sleep, ends
    first. A loop that catches everything gets it again and again, until it comes outside of the ``try``; Endless
    where nothing helped.
    """
    return (_in_a_thread if THREADS else _watched)(seconds, patience, action)


def _watched(seconds, patience, action):
    """Result of action() in this thread, watched by `sys.monitoring` at every jump and every start of a function."""
    watch, clock = sys.monitoring, time.monotonic
    events = watch.events.JUMP | watch.events.PY_START
    end = clock() + min(seconds, patience)
    steps = itertools.count(1)
    over = False

    def look(*event):
        nonlocal over
        if over or (next(steps) % STRIDE == 0 and clock() >= end):
            over = True  # from here on at every step: a loop that catches everything gets no further
            raise TimeUp

    watch.use_tool_id(TOOL, __name__)
    try:
        for event in (watch.events.JUMP, watch.events.PY_START):
            watch.register_callback(TOOL, event, look)
        watch.set_events(TOOL, events)
        try:
            return action()
        finally:
            watch.set_events(TOOL, 0)
    finally:
        watch.free_tool_id(TOOL)


def _in_a_thread(seconds, patience, action):
    """Result of action() in a thread of its own, which can be left behind."""
    call = _Call(action)
    call.start()
    try:
        if call.is_over_within(seconds, patience):
            return call.result()
        end = TimeUp if call.worked() >= seconds else Waited
        for _ in range(TIMES):
            call.interrupt()
            if call.is_over_within(AGAIN, AT_THE_LATEST):
                return call.result(end)
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
        self.clock, self.began = None, 0.0
        self.over.acquire()

    def run(self):
        clock = clock_of_this_thread()
        self.began, self.clock = clock(), clock
        with contextlib.suppress(TimeUp):  # it may come just before it is too late for it
            try:
                self._work()
            finally:
                self.open.acquire()  # for ever: from here on nothing is raised
        if self.interrupted:
            self._receive()
        self.over.release()

    def worked(self):
        """Seconds of work so far."""
        try:
            return self.clock() - self.began if self.clock else 0.0
        except OSError:  # the thread is gone, and its clock with it
            return 0.0

    def is_over_within(self, seconds, patience):
        """Wait for it, in steps, between which a reader's interrupt comes through."""
        work, end = self.worked() + seconds, time.monotonic() + patience
        while (rest := min(work - self.worked(), end - time.monotonic())) > 0.0:
            if self.over.acquire(timeout=min(max(rest, SHORTEST), STEP)):
                return True
        return self.over.acquire(blocking=False)

    def result(self, end=TimeUp):
        """What the action returned; what it raised is raised here, and ``end`` where it was interrupted."""
        if isinstance(self.error, TimeUp):
            raise end
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


def clock_of_this_thread():
    """Processor time of the thread that asks, as a function for any thread; of the process where no system tells."""
    try:
        return functools.partial(time.clock_gettime, time.pthread_getcpuclockid(threading.get_ident()))
    except (AttributeError, OSError):  # macOS and Windows
        return time.process_time


def _raise_in(thread):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TimeUp))
