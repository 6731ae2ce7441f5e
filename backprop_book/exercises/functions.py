"""Answers that are a function: tried on many inputs and compared with an independent computation."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from backprop_book.exercises.answers import as_numbers, described
from backprop_book.exercises.calls import Calls, is_blank, objection
from backprop_book.exercises.differences import (
    FOR_ONE_SAMPLE,
    SINGLE,
    TOLERANCE,
    Pair,
    alike,
    explain,
    verdict_of,
    verdict_of_shape,
)
from backprop_book.exercises.guard import attempt
from backprop_book.exercises.inputs import Inputs, inputs_to_try, one_by_one
from backprop_book.exercises.shown import shown_difference, shown_numbers
from backprop_book.exercises.verdict import NOT_TRIED, RIGHT, nearly, wrong


def call(function, *arguments):
    """Use a function in the plain way."""
    return function(*arguments)


@dataclass(frozen=True)
class Trial:
    """One call: its inputs, the arrays that came back, what should have, and the arguments that were written into."""

    inputs: Inputs
    got: list
    expected: list
    changed: list

    def pair(self, output):
        """Got and expected for one of the outputs."""
        tolerance = SINGLE if self.inputs.single else TOLERANCE
        return Pair(self.got[output], self.expected[output], self.inputs.sizes, tolerance)


class Stop(Exception):
    """Carries a verdict that needs no more calls."""

    def __init__(self, verdict):
        self.verdict = verdict


@dataclass(frozen=True, repr=False)
class Function:
    """Checks a function, first on inputs that are the same every time, for verdicts that are, then on fresh ones.

    Attributes
    ----------
    shapes : dict of str to str
        Arguments in order and their shapes by the names of the sizes, "B n"; "" for a number. "B" counts samples.
    outputs : tuple of str
        Names of what it returns.
    expected : callable
        Same arguments -> what it should return, by another way: a numerical gradient, a loop.
    mistakes : tuple of (callable, str)
        Wrong functions that people write, each with what was overlooked.
    draw : dict of str to callable
        (rng, shape) -> array, for an argument that must not be just any numbers.
    use : callable
        (function, *arguments) -> outputs. By default it calls the function.
    where : str
        What is said of the inputs, "for {}" or, if they are no arguments of the reader's function, what they are.
    edges : tuple of dict of str to int
        Sizes at which the exercise is apt to go wrong, to be tried besides the usual ones.
    demand : callable, optional
        (function) -> text. What a function with the right results lacks; empty where it lacks nothing.
    """

    shapes: dict
    outputs: tuple
    expected: Callable
    mistakes: tuple = ()
    draw: dict = field(default_factory=dict)
    use: Callable = call
    where: str = "for {}"
    edges: tuple = ()
    demand: Callable | None = None

    def judge(self, answer):
        """Verdict on an answer."""
        if is_blank(answer):
            return NOT_TRIED
        if text := objection(answer):
            return wrong(text)
        calls, trials = Calls(answer, self.use), []
        try:
            for rng in np.random.default_rng(0), np.random.default_rng():
                for inputs in inputs_to_try(self.shapes, self.draw, rng, self.edges):
                    trials.append(self._try(calls, inputs))
                verdict = self._compare(trials, calls)
                if verdict != RIGHT:
                    return verdict
        except Stop as stop:
            return stop.verdict
        return self._unmet_demand(answer)

    def _try(self, calls, inputs):
        """Call the reader's function on copies of the inputs; Stop where nothing comes back that can be compared."""
        arguments = inputs.arguments
        outcome = calls.outcome(arguments)
        if calls.blank:
            raise Stop(NOT_TRIED)
        if outcome.trouble:
            raise Stop(wrong(f"{self._inputs_in_words(inputs)} your function {outcome.trouble}"))
        parts = calls.timed(lambda: self._parts(outcome.value))
        if parts.trouble:
            what = f"returned something else: {parts.message}" if parts.message else parts.trouble
            raise Stop(wrong(f"{self._inputs_in_words(inputs)} your function {what}"))
        expected = [np.asarray(part, dtype=float) for part in self._parts(self.expected(*inputs.exact))]
        return Trial(inputs, parts.value, expected, inputs.changed(arguments))

    def _parts(self, returned):
        """What came back as a list of arrays, one for each output."""
        names = self.outputs
        if len(names) == 1:
            return [as_numbers(returned, names[0])]
        if not isinstance(returned, tuple | list) or len(returned) != len(names):
            count = len(returned) if isinstance(returned, tuple | list) else described(returned)
            raise TypeError(f"expected {len(names)} results, {', '.join(names)}, got {count}")
        return [as_numbers(part, name) for part, name in zip(returned, names, strict=True)]

    def _compare(self, trials, calls):
        pairs = self._pairs(trials)
        off = [name for name in self.outputs if not all(pair.agrees for pair in pairs[name])]
        if not off:
            changed = [name for trial in trials for name in trial.changed]
            return nearly(f"it writes into its argument {changed[0]}; work on a copy") if changed else RIGHT
        for mistake, reason in self.mistakes:
            if self._matches(mistake, trials, self.outputs):
                return nearly(reason)
            if self._matches(mistake, trials, off):
                return nearly(self._subject(*off) + reason)
        if explain(pairs[off[0]]) == FOR_ONE_SAMPLE:
            trials = [*trials, *self._samples_alone(calls, trials)]
            pairs = self._pairs(trials)
        return self._difference({name: pairs[name] for name in off}, trials)

    def _pairs(self, trials):
        return {name: [trial.pair(i) for trial in trials] for i, name in enumerate(self.outputs)}

    def _samples_alone(self, calls, trials):
        """Trials on each sample of the batches: is the batch what is not right, or one of its samples?"""
        for trial in trials:
            if trial.inputs.sizes["B"] > 1:
                for inputs in one_by_one(trial.inputs, self.shapes):
                    yield self._try(calls, inputs)

    def _matches(self, mistake, trials, outputs):
        """Whether these outputs are those of a known mistake, for all inputs."""
        for trial in trials:
            mistaken = attempt(lambda: self._parts(self.use(mistake, *trial.inputs.arguments)))  # noqa: B023
            if mistaken.trouble:
                return False
            for i in map(self.outputs.index, outputs):
                if not alike(trial.got[i], mistaken.value[i], trial.pair(i).tolerance):
                    return False
        return True

    def _unmet_demand(self, answer):
        """Verdict on a function whose results are right."""
        text = self.demand(answer) if self.demand else ""
        return nearly(f"the results are right, but {text}") if text else RIGHT

    def _difference(self, off, trials):
        """The explanation that fits the first output that is off, for all inputs; else the smallest of them."""
        first, *_ = off
        if (reason := explain(off[first])) and all(np.isfinite(pair.got).all() for pair in off[first]):
            alike = [name for name in off if explain(off[name]) == reason]
            return verdict_of(reason, self._subject(*alike))
        found = [(pair, trial.inputs) for pair, trial in zip(off[first], trials, strict=True) if not pair.agrees]
        pair, inputs = min(found, key=lambda both: both[1].n_entries)
        if not np.isfinite(pair.got).all():
            return wrong(f"{self._subject(first)}{self._inputs_in_words(inputs)} got {shown_numbers(pair.got)}")
        if pair.got.shape != pair.expected.shape:
            return verdict_of_shape(pair, f"{self._subject(first)}{self._inputs_in_words(inputs)} ")
        return wrong(f"{self._subject(first)}{self._inputs_in_words(inputs)} {shown_difference(pair)}")

    def _inputs_in_words(self, inputs):
        return self.where.format(inputs)

    def _subject(self, *names):
        """Beginning of a sentence about some of several outputs."""
        return f"{', '.join(names)}: " if len(self.outputs) > 1 else ""
