"""What an exercise is, and the collection that finds it by its number."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from backprop_book.exercises.verdict import Verdict

KINDS = ("predict", "derive", "code", "diagnose")


class Checker(Protocol):
    """Judges answers of one kind: `Quantity`, `Choice`, `Function`."""

    def judge(self, answer: Any) -> Verdict:
        """Verdict on an answer, whatever it is."""


@dataclass(frozen=True, repr=False)
class Exercise:
    """An exercise that checks itself. The answer is nowhere in it: its checker computes it when it is asked.

    Attributes
    ----------
    number : str
        "3.2", the second of lesson 3.
    kind : {"predict", "derive", "code", "diagnose"}
    title : str
    checker : Checker
    hints : tuple of str
        Three, each saying more than the one before.
    """

    number: str
    kind: str
    title: str
    checker: Checker
    hints: tuple

    @property
    def lesson(self) -> str:
        """Number of its lesson, "3"."""
        return self.number.partition(".")[0]

    def judge(self, answer: Any) -> Verdict:
        """Verdict on an answer, without printing it."""
        with np.errstate(all="ignore"):  # comparing may overflow; the verdict says what came
            return self.checker.judge(answer)

    def __repr__(self):
        return f"<Exercise {self.number}, {self.kind}: {self.title}>"


class Exercises(dict):
    """Exercises by number, in reading order. Shown, it is the list of numbers, kinds and titles."""

    def __init__(self, entries):
        super().__init__((entry.number, entry) for entry in entries)

    @property
    def lessons(self):
        """Exercises of each lesson, by its number."""
        by_lesson = {}
        for exercise in self.values():
            by_lesson.setdefault(exercise.lesson, []).append(exercise)
        return by_lesson

    def numbers(self):
        """The numbers that exist, in words."""
        return "; ".join(f"{group[0].number} to {group[-1].number}" for group in self.lessons.values())

    def __repr__(self):
        return "\n".join(f"{e.number:5} {e.kind:9} {e.title}" for e in self.values())
