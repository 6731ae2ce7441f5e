"""Where Python has no threads, a call is watched step by step: the same verdicts, and nothing is left behind."""

import sys
import time

import pytest

from backprop_book.exercises import limits
from backprop_book.exercises.guard import attempt
from backprop_book.exercises.limits import TOOL, TimeUp, within

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring came with Python 3.12")


@pytest.fixture(autouse=True)
def without_threads(monkeypatch):
    monkeypatch.setattr(limits, "THREADS", False)


def endless():
    while True:
        pass


def endless_in_a_function():
    def step():
        pass

    while True:
        step()


def recursion_that_catches_itself(depth=0):
    try:
        recursion_that_catches_itself(depth + 1)
    except RecursionError:
        while True:
            depth += 1


def catches_everything():
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


@pytest.mark.parametrize("action", [endless, endless_in_a_function, recursion_that_catches_itself, catches_everything])
def test_what_never_ends_is_stopped(action):
    with pytest.raises(TimeUp):
        within(0.05, 60.0, action)
    assert sys.monitoring.get_tool(TOOL) is None


def test_a_result_and_an_error_come_through():
    assert within(60.0, 60.0, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(60.0, 60.0, lambda: 1 / 0)
    assert sys.monitoring.get_tool(TOOL) is None


def test_the_trouble_is_told_in_the_words_of_the_other_way():
    expected = "was stopped after 0.05 seconds of work; is there a loop that never ends?"
    assert attempt(endless, seconds=0.05).trouble == expected


def test_a_long_wait_in_compiled_code_ends_first():
    began = time.monotonic()
    with pytest.raises(TimeUp):
        within(0.01, 60.0, lambda: (time.sleep(0.05), endless()))
    assert time.monotonic() - began >= 0.05
