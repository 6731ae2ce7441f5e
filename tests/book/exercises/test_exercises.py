"""The machinery of exercises: verdicts on answers of every kind, and on functions that do what they should not."""

import _thread
import gc
import io
import itertools
import math
import re
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings

import numpy as np
import pytest

from backprop_book import EXERCISES, check_exercise, hint, session
from backprop_book.exercises import calls, limits, printed
from backprop_book.exercises.answers import Choice, Quantity
from backprop_book.exercises.differences import Pair
from backprop_book.exercises.exercise import KINDS
from backprop_book.exercises.functions import Function
from backprop_book.exercises.guard import attempt
from backprop_book.exercises.inputs import inputs_to_try
from backprop_book.exercises.shown import shown_argument, shown_difference
from backprop_book.exercises.verdict import NOT_TRIED, RIGHT
from tests.book.lesson_06 import exercise_answers as answers_06
from tests.book.stable_names import stable


@pytest.fixture(autouse=True)
def fresh_session(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_LIB_DATA", str(tmp_path))
    monkeypatch.setattr(session, "_session", session._Session())


def row_means(X):
    return np.array([sum(row) / len(row) for row in X])


MEANS = Function(
    shapes={"X": "B n"},
    outputs=("means",),
    expected=row_means,
    mistakes=((lambda X: X.max(axis=1), "this is the largest"),),
)


def judged(answer):
    verdict = MEANS.judge(answer)
    return verdict.status, verdict.reason


# Verdicts on functions


def test_a_right_function_is_right():
    assert MEANS.judge(lambda X: X.mean(axis=1)) == RIGHT


@pytest.mark.parametrize("blank", [..., lambda X: ...])
def test_a_starter_is_not_tried(blank):
    assert MEANS.judge(blank) == NOT_TRIED


def test_a_function_with_one_of_two_results_missing_is_not_tried():
    two = Function({"x": "n"}, ("a", "b"), lambda x: (x, x))
    assert two.judge(lambda x: (x, ...)) == NOT_TRIED
    assert two.judge(lambda x: (..., ...)) == NOT_TRIED


@pytest.mark.parametrize("number", EXERCISES)
def test_every_starter_of_a_function_is_not_tried(number):
    checker = EXERCISES[number].checker
    if isinstance(checker, Function):
        assert checker.judge(lambda *arguments: ...) == NOT_TRIED
        assert checker.judge(lambda *arguments: (...,) * len(checker.outputs)) == NOT_TRIED
    assert checker.judge(...) == NOT_TRIED


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda X: -X.mean(axis=1), "the sign is off"),
        (lambda X: X.sum(axis=1), "it is too large by a factor of n"),
        (lambda X: -X.sum(axis=1), "it is too large by a factor of n, and the sign is off"),
        (lambda X: 2.0 * X.mean(axis=1), "it is too large by a factor of 2"),
        (lambda X: X.mean(axis=1) / len(X), "it is too small by a factor of B; is the mean over the batch taken"),
        (lambda X: 0.7 * X.mean(axis=1), "it is off by a constant factor, 0.7"),
        (lambda X: X.mean(axis=1, keepdims=True), "the numbers are right, the shape is not"),
        (lambda X: X.mean(axis=1)[::-1], "the entries are right, their order is reversed"),
        (lambda X: X.mean(axis=1).sum(), "it is summed over all entries, which is too much"),
        (lambda X: np.full(len(X), X.mean()), "it is right for one sample, and not for a batch"),
        (lambda X: X.max(axis=1), "this is the largest"),
        (lambda X: X.mean(axis=1) if X.dtype == np.float64 else X[:, 0], "it is right in float64, and not in float32"),
        (lambda X: X, "for X = [[1.4]] expected shape"),
    ],
)
def test_what_is_off_is_named(answer, reason):
    status, said = judged(answer)
    if reason.startswith("for X"):
        assert said.startswith("for X of shape") or "expected shape" in said
    else:
        assert said.startswith(reason)
    assert status == "nearly"


def test_what_cannot_be_named_is_wrong_on_the_smallest_input_on_which_it_differs():
    status, reason = judged(lambda X: X.mean(axis=1) + (len(X[0]) > 1) * X[:, 0] ** 2)
    assert status == "wrong"
    match = re.fullmatch(r"for X = (\[\[.*\]\]) got (\[.*\]), expected (\[.*\])", reason)
    X, got, expected = (np.array(eval(text)) for text in match.groups())
    assert X.shape == (1, 3)  # nothing differs where n is 1, and (2, 3), (3, 3) are larger
    np.testing.assert_allclose(got, X.mean(axis=1) + X[:, 0] ** 2, rtol=1e-3)
    np.testing.assert_allclose(expected, X.mean(axis=1), rtol=1e-3)


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        ([1.5, 2.0], [1.5, 3.0], "got [1.5, 2.0], expected [1.5, 3.0]"),
        ([[2**0.5]], [[2**0.5 + 1e-7]], "got [[1.4142136]], expected [[1.4142137]]"),
        (np.ones((3, 4)), np.ones((3, 4)) + np.eye(3, 4, 1) / 100, "at [0, 1] got 1.0, expected 1.01"),
        (0.5, 0.5 + 1e-5, "got 0.5, expected 0.50001"),
    ],
)
def test_a_difference_is_shown_where_it_is_and_in_enough_digits(got, expected, said):
    assert shown_difference(Pair(np.array(got), np.array(expected), tolerance=1e-9)) == said


def test_whole_numbers_are_shown_as_they_are():
    assert shown_argument(np.array([0, 2])) == "= [0, 2]"
    assert shown_argument(3) == "= 3"
    assert shown_argument(np.array([[-0.0]])) == "= [[0.0]]"
    assert shown_argument(np.array([0.0, 2.12345])) == "= [0.0, 2.123]"
    assert shown_argument(np.ones((3, 4), int)) == "of shape (3, 4)"


def test_a_sample_that_is_not_right_alone_either_is_shown_and_the_batch_is_not_blamed():
    def last_row_large(rng, shape):
        X = rng.normal(size=shape)
        X[1:][-1:] *= 1000.0
        return X

    means = Function({"X": "B n"}, ("means",), row_means, draw={"X": last_row_large})
    verdict = means.judge(lambda X: np.clip(X, -20.0, 20.0).mean(axis=1))
    assert verdict.status == "wrong"
    assert re.match(r"for X = \[\[[^]]*\]\] got", verdict.reason)
    assert means.judge(lambda X: np.full(len(X), X.mean())).reason == "it is right for one sample, and not for a batch"


def test_a_known_mistake_in_one_output_is_not_said_of_the_others():
    mistake = (lambda x: (-2 * x, x**2), "as it was")
    both = Function({"x": "n"}, ("twice", "thrice"), lambda x: (2 * x, 3 * x), mistakes=(mistake,))
    assert both.judge(lambda x: (-2 * x, x**2)).reason == "as it was"
    assert both.judge(lambda x: (2 * x, x**2)).reason == "thrice: as it was"


def test_verdicts_are_the_same_every_time():
    def odd(X):
        return X.mean(axis=1) + X[:, 0] ** 3

    assert len({judged(odd) for _ in range(5)}) == 1


def test_a_function_that_knows_the_fixed_inputs_meets_fresh_ones():
    rng = np.random.default_rng(0)
    known = {inputs.values["X"].tobytes() for inputs in inputs_to_try(MEANS.shapes, {}, rng)}
    status, _ = judged(lambda X: X.mean(axis=1) if X.tobytes() in known else X[:, 0] ** 2 + 1.0)
    assert status == "wrong"


def test_several_outputs_are_told_apart():
    both = Function({"x": "n"}, ("twice", "thrice", "half"), lambda x: (2 * x, 3 * x, x / 2))
    assert both.judge(lambda x: (2 * x, -3 * x, x / 2)).reason == "thrice: the sign is off"
    assert both.judge(lambda x: (-2 * x, 3 * x, -x / 2)).reason == "twice, half: the sign is off"
    assert "expected 3 results, twice, thrice, half, got 2" in both.judge(lambda x: (2 * x, 3 * x)).reason
    assert "expected 3 results, twice, thrice, half, got one array" in both.judge(lambda x: x).reason
    assert "got one number" in both.judge(lambda x: 3.0).reason
    assert "got one thing" in both.judge(lambda x: {}).reason
    assert "got None; is there a return?" in both.judge(lambda x: None).reason


def test_lists_and_numbers_will_do_for_arrays():
    assert MEANS.judge(lambda X: [float(mean) for mean in X.mean(axis=1)]) == RIGHT
    assert Function({"s": ""}, ("d",), lambda s: 2 * s).judge(lambda s: 2 * s) == RIGHT


# Functions that misbehave: a verdict comes back, whatever they do


def recursion(X):
    return recursion(X)


def loop(X):
    while True:
        pass


def stubborn_loop(X):
    while True:
        try:  # noqa: SIM105, as it is written by people in a hurry
            abs(X)
        except BaseException:
            pass


def means_of_a_generator(X):
    yield from X.mean(axis=1)


async def means_awaited(X):
    return X.mean(axis=1)


class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("no words")


class Nameless:
    """Fails with whatever it is asked for."""

    def __getattr__(self, name):
        raise KeyError(name)

    def __call__(self, X):
        return 1 / 0


class Hostile:
    def __array__(self, *args, **kwargs):
        raise SystemError("not an array")


def raising(error):
    def answer(*arguments):
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda X: 1 / 0, "raised ZeroDivisionError: division by zero, in line 1 of your function"),
        (raising(SystemExit(1)), "raised SystemExit: 1, in line 2 of your function"),
        (raising(GeneratorExit()), "raised GeneratorExit"),
        (raising(MemoryError()), "raised MemoryError"),
        (raising(NotImplementedError("later\nor never")), "raised NotImplementedError: later, in line 2"),
        (raising(Unspeakable()), "raised Unspeakable, in line 2"),
        (raising(StopIteration()), "raised StopIteration"),
        (recursion, "raised RecursionError"),
        (lambda: None, "raised TypeError"),
        (np.linalg.inv, "raised LinAlgError"),
        (lambda X: None, "means: expected numbers, got None; is there a return?"),
        (lambda X: "a string", "means: expected a number, got text; write it without quotes"),
        (lambda X: np.zeros(len(X)), "it is 0 everywhere"),
        (lambda X: [], "got shape (0,)"),
        (lambda X: np.ones((1000, 1000)), "got shape (1000, 1000)"),
        (lambda X: {1: 2}, "means: expected an array of numbers, got dtype object"),
        (lambda X: [[1.0], [1.0, 2.0]], "means: expected numbers in rows of one length"),
        (lambda X: X.mean(axis=1) > 0, "means: expected numbers, got True or False; is there a comparison, as =="),
        (lambda X: (row.mean() for row in X), "means: expected numbers, got a generator; make a list of it"),
        (means_of_a_generator, "expected a plain function, got a generator; write return where it says yield"),
        (means_awaited, "expected a plain function, got an async one; write def without async"),
        (lambda X: means_awaited(X), "means: expected numbers, got a coroutine; call a plain function, without async"),
        (lambda X: X.mean(axis=1) + 1j, "means: expected real numbers, got dtype complex128"),
        (lambda X: Hostile(), "not an array"),
        (lambda X: X.mean(axis=1) * np.nan, "got [nan]"),
        (lambda X: X.mean(axis=1) / 0.0, "got ["),
        (3.0, "expected a function"),
        (None, "expected a function"),
        ("mean", "expected a function"),
        (np.ones(3), "expected a function"),
    ],
)
def test_misbehaviour_is_wrong_and_said_to_be(answer, said):
    status, reason = judged(answer)
    assert status == "wrong"
    assert said in reason


def test_a_callable_that_cannot_be_asked_for_anything_gets_a_verdict():
    status, reason = judged(Nameless())
    assert status == "wrong"
    assert reason.endswith("your function raised ZeroDivisionError: division by zero")  # and no line


def test_a_function_that_fails_for_one_sample_only_is_shown_that_sample():
    def squeezed(X):
        return X.squeeze().mean(axis=1)

    status, reason = judged(squeezed)
    assert status == "wrong"
    assert reason.startswith("for X = [[")
    assert "AxisError" in reason


@pytest.fixture
def no_bystanders():
    """An interruption may come in whatever runs in the thread, where nobody waits for it: keep the tests' tools out.

    Hypothesis is called at each collection of garbage. Coverage holds a lock while it notes a new file, and would hold
    it for ever.
    """
    tracing = threading.gettrace()
    gc.disable()
    threading.settrace(None)
    yield
    threading.settrace(tracing)
    gc.enable()


interrupting = pytest.mark.usefixtures("no_bystanders")


def never_ending():
    while True:
        yield 1.0


def loop_that_prints(X):
    while True:
        print("still here")


def loop_that_waits(X):
    while True:
        time.sleep(0.001)


STOPPED = "was stopped after 0.2 seconds of work; is there a loop that never ends?"
WAITED = "was stopped after 0.2 seconds of waiting; what does it wait for?"
FOR_EVER = {
    "loop": (loop, {"seconds": 0.2}, STOPPED),
    "loop that catches all": (stubborn_loop, {"seconds": 0.2}, STOPPED),
    "loop that prints": (loop_that_prints, {"seconds": 0.2}, STOPPED),
    "generator": (lambda X: sum(never_ending()), {"seconds": 0.2}, STOPPED),
    "comprehension": (lambda X: [None for _ in never_ending() if X is None], {"seconds": 0.2}, STOPPED),
    "call into C": (lambda X: loop(sum(range(20_000_000))), {"seconds": 0.2}, STOPPED),
    "loop that waits": (loop_that_waits, {"patience": 0.2}, WAITED),
}


@interrupting
@pytest.mark.parametrize(("endless", "limit", "said"), FOR_EVER.values(), ids=FOR_EVER)
def test_what_never_ends_is_stopped(endless, limit, said):
    assert attempt(lambda: endless(1), **limit).trouble == said


@interrupting
@pytest.mark.parametrize(("endless", "limit", "said"), [FOR_EVER["loop"], FOR_EVER["loop that waits"]])
def test_where_no_clock_tells_the_work_of_one_thread_that_of_the_process_will_do(endless, limit, said, monkeypatch):
    monkeypatch.delattr(time, "pthread_getcpuclockid", raising=False)
    assert limits.clock_of_this_thread() is time.process_time
    assert attempt(lambda: endless(1), **limit).trouble == said
    assert attempt(lambda: 7.0, **limit).value == 7.0


def test_waiting_for_the_machine_is_no_work():
    assert attempt(lambda: time.sleep(0.3) or "done", seconds=0.1).value == "done"


@pytest.fixture
def crowd():
    """Eight programs that want all of the machine; each ends when the tests do."""
    code = "import os\nparent = os.getppid()\nwhile os.getppid() == parent: pass"
    programs = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL) for _ in range(8)]
    yield
    for program in programs:
        program.kill()
        program.wait()


@interrupting
def test_a_crowded_machine_changes_no_verdict(crowd):
    for number, answer in answers_06.SOLUTIONS.items():
        assert EXERCISES[number].judge(answer) == RIGHT
    assert EXERCISES["6.3"].judge(answers_06.by_counting_slowly) == RIGHT
    assert attempt(lambda: stubborn_loop(1), seconds=0.2).trouble == STOPPED


def busy(seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@interrupting
@pytest.mark.parametrize("limit", [0.0005, 0.001, 0.002, 0.01])
def test_nothing_remains_of_a_time_limit_that_ends_with_the_call(limit):
    threads = threading.active_count()
    for seconds in np.linspace(0.5, 1.5, 40) * limit:
        assert attempt(lambda: busy(seconds), seconds=limit).trouble[:11] in ("", "was stopped")  # noqa: B023
    busy(0.2)  # an interruption that came too late would strike here
    assert threading.active_count() == threads


@interrupting
def test_a_time_limit_works_in_any_thread():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(attempt(lambda: loop(1), seconds=0.1)))
    thread.start()
    thread.join()
    assert "was stopped" in outcomes[0].trouble


@interrupting
def test_a_loop_that_catches_every_interruption_is_left_behind(monkeypatch):
    released, threads, stdout, filters = threading.Event(), threading.active_count(), sys.stdout, warnings.filters[:]
    monkeypatch.setattr(limits, "TIMES", 20)

    def sleeper(X):
        while not released.is_set():
            try:  # noqa: SIM105, so that the loop never ends
                time.sleep(0.01)
            except BaseException:
                pass

    outcome = attempt(lambda: sleeper(1), patience=0.1)
    assert outcome.trouble == "cannot be stopped; restart the kernel, or it runs on behind the page"
    assert (sys.stdout, warnings.filters) == (stdout, filters)
    released.set()
    wait_until(lambda: threading.active_count() == threads)


@pytest.fixture
def interrupts():
    """As in a terminal: a program that is started in the background is deaf to interrupts, and so is its Python."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@interrupting
@pytest.mark.usefixtures("interrupts")
def test_an_interrupt_from_outside_stops_the_call_and_passes_through():
    threads, steps = threading.active_count(), []

    def counting():
        while True:
            steps.append(1)

    threading.Timer(0.2, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        attempt(counting, seconds=math.inf, patience=math.inf)
    wait_until(lambda: threading.active_count() == threads)
    assert steps


def wait_until(condition):
    end = time.monotonic() + 300.0  # far more than the busiest machine needs
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


class Watch:
    """A clock that goes on only when it is told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def after(self, seconds, result):
        """The result, that much later."""
        self.now += seconds
        return result


class SlowArray:
    def __init__(self, watch):
        self.watch = watch

    def __array__(self, dtype=None, copy=None):
        return self.watch.after(1.0, np.ones(1))


@pytest.fixture
def watch(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(calls, "clock_of_this_thread", lambda: watch)
    return watch


def test_all_calls_of_a_check_together_have_a_limit(watch):
    verdict = MEANS.judge(lambda X: watch.after(1.0, X.mean(axis=1)))
    assert verdict.status == "wrong"
    assert re.match(r"for X .* your function took more than 6 seconds for \d small inputs; what", verdict.reason)
    assert watch.now == 6.0


def test_what_comes_back_from_a_function_may_be_slow_too(watch):
    one = Function({"X": "1 n"}, ("one",), lambda X: np.ones(1))
    verdict = one.judge(lambda X: SlowArray(watch))
    assert re.match(r"for X .* your function took more than 6 seconds for \d small inputs; what", verdict.reason)


def test_all_calls_of_a_check_together_may_wait_a_minute(monkeypatch):
    watch = Watch()
    monkeypatch.setattr(calls, "monotonic", watch)
    verdict = MEANS.judge(lambda X: watch.after(10.0, X.mean(axis=1)))
    assert re.match(r"for X .* function waited more than 60 seconds for \d small inputs; what does it", verdict.reason)
    assert watch.now == 60.0


def test_the_time_that_a_check_takes_by_itself_does_not_count(watch, monkeypatch):
    monkeypatch.setattr(calls, "monotonic", watch)
    means = Function({"X": "B n"}, ("means",), lambda X: watch.after(60.0, row_means(X)))
    assert means.judge(lambda X: X.mean(axis=1)) == RIGHT


@interrupting
def test_the_handler_of_signals_is_left_alone():
    before = signal.getsignal(signal.SIGINT)
    attempt(lambda: loop(1), seconds=0.05)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_by_the_reader_passes_through():
    with pytest.raises(KeyboardInterrupt):
        check_exercise("1.4", raising(KeyboardInterrupt()))


def test_a_changed_input_is_noticed():
    def in_place(X):
        X /= X.shape[1]
        return X.sum(axis=1)

    assert judged(in_place) == ("nearly", "it writes into its argument X; work on a copy")


def test_prints_are_seen_once_and_warnings_not_at_all(capsys, recwarn):
    def chatty(X):
        print("shape", X.shape)
        print("to the other stream", file=sys.stderr)
        np.log(-1.0 + 0 * X)
        return X.mean(axis=1)

    assert MEANS.judge(chatty) == RIGHT
    assert capsys.readouterr() == ("shape (1, 1)\n", "to the other stream\n")
    assert not recwarn


@interrupting
@pytest.mark.parametrize("stream", ["out", "err"])
@pytest.mark.parametrize("line", ["again\n", "again", "\n", "x" * 10**6, "x" * 10**6 + "\n"], ids=repr)
def test_of_what_is_printed_for_ever_some_lines_are_shown(line, stream, capsys):
    def chatty():
        while True:
            print(line, end="", file=getattr(sys, f"std{stream}"))

    assert attempt(chatty, seconds=0.1, quiet=False).trouble.startswith("was stopped")
    shown = getattr(capsys.readouterr(), stream)
    assert shown.endswith("… (the rest is not shown)\n")
    assert shown.count("\n") <= printed.LINES + 1
    assert len(shown) <= printed.CHARACTERS + 100
    assert shown.startswith(line[:100])


def test_what_is_printed_for_ever_is_not_kept():
    tracemalloc.start()
    try:
        for stream in printed.Nothing(), printed.Few(io.StringIO()):
            for _ in range(1000):
                assert stream.write("x" * 10_000) == 10_000
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "written", [["a\nb\nc", "d\n"], ["\n" * printed.LINES], ["a\n"] * printed.LINES, ["", "", "x\n"]]
)
def test_a_few_lines_pass_as_they_are(written):
    stream = io.StringIO()
    few = printed.Few(stream)
    for text in written:
        few.write(text)
    assert stream.getvalue() == "".join(written)
    few.write("\n" * 20)
    few.write("x" * 2000)
    assert stream.getvalue().count(printed.REST) == 1


def test_a_function_that_changes_streams_and_error_handling_leaves_them_alone():
    stdout, errors = sys.stdout, np.geterr()

    def meddling(X):
        np.seterr(all="raise")
        return X.mean(axis=1)

    MEANS.judge(meddling)
    assert (sys.stdout, np.geterr()) == (stdout, errors)


def test_a_function_may_return_the_same_array_every_time():
    buffers = {}

    def reused(X):
        buffer = buffers.setdefault((len(X), X.dtype), np.empty(len(X), X.dtype))
        buffer[:] = X.mean(axis=1)
        return buffer

    assert MEANS.judge(reused) == RIGHT


def test_other_callables_will_do():
    class Mean:
        def __call__(self, X):
            return X.mean(axis=1)

    assert MEANS.judge(Mean()) == RIGHT
    assert MEANS.judge(np.mean).status == "nearly"


# Inputs


def test_inputs_hold_the_edges():
    shapes = [i.values["X"].shape for i in inputs_to_try({"X": "B n"}, {}, np.random.default_rng(1))]
    assert shapes[0] == (1, 1)
    assert {(2, 3), (1, 3), (2, 1), (3, 3)} <= set(shapes)


def test_inputs_hold_the_sizes_that_are_asked_for():
    inputs = inputs_to_try({"X": "B n"}, {}, np.random.default_rng(1), ({"B": 9, "n": 7},))
    assert (9, 7) in [i.values["X"].shape for i in inputs]


def test_inputs_come_in_both_precisions():
    kinds = [(i.values["X"].dtype.name, i.single) for i in inputs_to_try({"X": "n"}, {}, np.random.default_rng(1))]
    assert set(kinds) == {("float64", False), ("float32", True)}


def test_inputs_are_fresh():
    first, second = (list(inputs_to_try({"X": "n"}, {}, np.random.default_rng(seed))) for seed in (1, 2))
    assert str(first[1]) != str(second[1])


def test_the_reader_gets_copies_and_the_reference_gets_float64():
    *_, inputs = inputs_to_try({"x": "n", "s": ""}, {}, np.random.default_rng(1))
    inputs.arguments[0][:] = 0.0
    assert inputs.values["x"].all()
    assert [np.asarray(value).dtype.name for value in inputs.arguments] == ["float32", "float32"]
    assert [np.asarray(value).dtype.name for value in inputs.exact] == ["float64", "float64"]


# Values and choices

PAIR = Quantity(expected=lambda: [3.0, -4.0], mistakes=(((1.0, 1.0), "these are the lengths"),))
NUMBER = Quantity(expected=lambda: 2.5)
CHOICE = Choice("abc", lambda: "b", {"a": "no", "c": "not that"})


@pytest.mark.parametrize("answer", [[3, -4], (3.0, -4.01), np.array([3, -4]), np.float32([3, -4])])
def test_a_value_is_right_in_any_form_and_to_three_digits(answer):
    assert PAIR.judge(answer) == RIGHT


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ([3, -4.1], "nearly", "right at [0], not elsewhere; the first entry is [0]"),
        ([-3, 4], "nearly", "the sign is off"),
        ([3, 4], "nearly", "the magnitudes are right, the signs are not"),
        ([-4, 3], "nearly", "the numbers are right, their order is not"),
        ([6, -8], "nearly", "it is too large by a factor of 2"),
        ([1, 1], "nearly", "these are the lengths"),
        ([[3], [-4]], "nearly", "the numbers are right, the shape is not"),
        ([1, 2, 3], "nearly", "expected shape (2,), got shape (3,)"),
        ([0.0, 0.0], "wrong", "it is 0 everywhere"),
        (np.ones((1000, 1000)), "wrong", "expected shape (2,), got shape (1000, 1000)"),
        ([7, 8], "wrong", "these numbers are not the ones"),
        ([3, np.nan], "wrong", "expected finite numbers, got NaN or infinity"),
        ([3, np.inf], "wrong", "expected finite numbers, got NaN or infinity"),
        ("three", "wrong", "answer: expected a number, got text; write it without quotes"),
        ([3, "b"], "wrong", "answer: expected a number, got text; write it without quotes"),
        (None, "wrong", "answer: expected numbers, got None; is there a return?"),
        (True, "wrong", "answer: expected numbers, got True or False; is there a comparison, as == or <, in it?"),
        (Hostile(), "wrong", "not an array"),
        (np.mean, "wrong", "expected numbers, got a function; call it, and pass what it returns"),
        ([], "wrong", "expected shape (2,), got shape (0,)"),
    ],
)
def test_what_is_off_in_a_value_is_named(answer, status, reason):
    verdict = PAIR.judge(answer)
    assert (verdict.status, verdict.reason) == (status, reason)


@pytest.mark.parametrize("blank", [..., [..., ...], [3, ...], (3, ...)])
def test_a_value_that_is_not_there_yet(blank):
    assert PAIR.judge(blank) == NOT_TRIED


def test_a_number_is_not_given_away():
    assert NUMBER.judge(2.5) == RIGHT
    assert NUMBER.judge(4.0).reason == "this number is not the one"
    assert NUMBER.judge(-2.5).reason == "the sign is off"


def test_entries_in_any_order():
    pair = Quantity(lambda: [1.0, 2.0], in_any_order=True)
    assert pair.judge([2, 1]) == RIGHT
    assert pair.judge([2, 3]).reason == "1 of 2 are right"  # and no place, for it would be that after sorting
    assert pair.judge([2, 2]).reason == "1 of 2 are right"
    assert pair.judge([4, 3]).reason == "these numbers are not the ones"


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ([8.32, 0.18], True),
        ([8.3, 0.180], True),
        ([8.3243, 0.1818], False),
        ([8.32, 0.2], False),
        ([8.4, 0.18], False),
        ([8.32, 0.19], False),
    ],
)
def test_each_number_is_rounded_by_itself_however_large_the_others_are(answer, right):
    assert (Quantity(lambda: [8.3243, 0.18026]).judge(answer) == RIGHT) is right


@pytest.mark.parametrize("number", [1.0049, 2 / 3, 9.994, 103.007, 0.0312499])
@pytest.mark.parametrize("digits", [3, 4, 6])
def test_three_digits_are_enough(number, digits):
    assert Quantity(lambda: number).judge(float(f"{number:.{digits}g}")) == RIGHT
    assert Quantity(lambda: number).judge(1.0051 * number).reason == "it is close; keep more digits"
    assert Quantity(lambda: number).judge(1.0151 * number).status == "wrong"


def test_a_zero_is_as_exact_as_the_largest_number_beside_it():
    assert Quantity(lambda: [0.0, 8.0]).judge([0.01, 8.0]) == RIGHT
    assert (
        Quantity(lambda: [0.0, 8.0]).judge([0.2, 8.0]).reason == "right at [1], not elsewhere; the first entry is [0]"
    )


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        ("b", "right", ""),
        (" B ", "right", ""),
        ("a", "wrong", "no"),
        ("C", "wrong", "not that"),
        ("d", "wrong", 'expected one of "a", "b", "c"'),
        ("ab", "wrong", 'expected one of "a", "b", "c"'),
        ("", "wrong", 'expected one of "a", "b", "c"'),
        (2, "wrong", 'expected one of "a", "b", "c"'),
        (None, "wrong", 'expected one of "a", "b", "c"'),
        ([..., "b"], "not tried yet", ""),
        (..., "not tried yet", ""),
    ],
)
def test_choices(answer, status, reason):
    verdict = CHOICE.judge(answer)
    assert (verdict.status, verdict.reason) == (status, reason)


# What the reader calls


def test_one_line_and_nothing_returned(capsys):
    assert check_exercise("1.1", ...) is None
    assert check_exercise("1.1") is None
    assert capsys.readouterr() == (2 * "· Exercise 1.1: not tried yet\n", "")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (-1.41, "✓ Exercise 1.2: right\n"),
        (1.41, "≈ Exercise 1.2: nearly: the sign is off\n"),
        (7.0, "✗ Exercise 1.2: wrong: this number is not the one\n"),
    ],
)
def test_the_line_of_each_verdict(answer, line, capsys):
    check_exercise("1.2", answer)
    assert capsys.readouterr().out == line


@pytest.mark.parametrize("number", ["1.99", "", "1", 1.2, None, ["1.2"], np.ones(3)], ids=repr)
def test_a_number_that_does_not_exist_is_answered_with_those_that_do(number, capsys):
    check_exercise(number, 3)
    hint(number)
    last = [EXERCISES.lessons[lesson][-1].number for lesson in ("1", "2")]
    line = f"There is no such exercise. The numbers are 1.1 to {last[0]}; 2.1 to {last[1]}"
    assert [text.startswith(line) for text in capsys.readouterr().out.splitlines()] == [True, True]


def test_blanks_around_a_number_do_not_matter(capsys):
    check_exercise(" 1.2 ", -1.41)
    hint("1.2 ")
    assert capsys.readouterr().out.startswith("✓ Exercise 1.2: right\nHint 1 of 3 for exercise 1.2: ")


def test_hints_come_one_after_the_other(capsys):
    given = []
    for _ in range(4):
        hint("2.7")
        given.append(capsys.readouterr().out)
    assert [text[:9] for text in given[:3]] == ["Hint 1 of", "Hint 2 of", "Hint 3 of"]
    assert given[3] == given[2]
    for text, expected in zip(given, EXERCISES["2.7"].hints, strict=False):
        assert " ".join(text.split()).endswith(": " + " ".join(expected.split()))
        assert max(map(len, text.splitlines())) <= 76
    hint("2.6")
    assert capsys.readouterr().out.startswith("Hint 1 of 3 for exercise 2.6: ")


# The catalogue


@pytest.mark.parametrize("exercise", EXERCISES.values(), ids=lambda e: e.number)
def test_every_exercise_is_complete(exercise):
    assert exercise.kind in KINDS
    assert len(set(exercise.hints)) == 3
    assert len(exercise.checker.mistakes) >= 2
    assert all(isinstance(hint, str) and hint[-1] in ".?" for hint in exercise.hints)


@pytest.mark.parametrize("lesson", EXERCISES.lessons)
def test_every_lesson_has_six_of_all_kinds_and_numbers_without_gaps(lesson):
    exercises = EXERCISES.lessons[lesson]
    assert len(exercises) >= (3 if lesson == "9" else 6)
    assert {exercise.kind for exercise in exercises} == set(KINDS)
    assert [exercise.number for exercise in exercises] == [f"{lesson}.{i + 1}" for i in range(len(exercises))]


def test_what_is_shown_at_a_glance_is_no_answer():
    for exercise in EXERCISES.values():
        assert repr(exercise) == f"<Exercise {exercise.number}, {exercise.kind}: {exercise.title}>"
        assert re.fullmatch(r"<.* object at 0x\w+>", repr(exercise.checker))
    lines = repr(EXERCISES).splitlines()
    assert [line.split()[:2] for line in lines] == [[e.number, e.kind] for e in EXERCISES.values()]


WEIRD = [
    ...,
    None,
    0,
    -1.0,
    "a",
    "b",
    "x",
    b"c",
    True,
    [],
    [1, 2],
    (1, 2, 3),
    {},
    np.ones((2, 2)),
    np.nan,
    1j,
    object(),
]
WEIRD += [Hostile(), print, np.mean, raising(ValueError("no")), lambda *args: args, lambda *args: np.nan, type, iter]


@pytest.mark.parametrize(("number", "answer"), [*itertools.product(EXERCISES, WEIRD)], ids=stable)
def test_no_answer_raises_and_every_answer_gets_a_verdict(number, answer, capsys):
    check_exercise(number, answer)
    out = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"[·≈✓✗] Exercise {number}: (not tried yet|right|(nearly|wrong): .+)", out[-1])
