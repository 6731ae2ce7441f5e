"""What a reader calls: `check_exercise`, `hint`, `progress`."""

import textwrap
from collections import Counter
from typing import Any

from backprop_book.catalogue import EXERCISES
from backprop_book.exercises.marks import Marks
from backprop_book.exercises.verdict import SIGNS
from backprop_lib._checks import check_flag

WIDTH = 76  # of a hint's lines: on the website, outputs do not wrap


class _Session:
    """What one kernel remembers: the lesson that is being read, the hints given, the exercises solved."""

    def __init__(self):
        self.lesson = None
        self.hints = Counter()
        self.marks = Marks()


_session = _Session()


def check_exercise(number: str, answer: Any = ...) -> None:
    """Print whether an answer to an exercise is right.

    It prints one of four verdicts: not tried yet, right, nearly (with what is off), wrong. It raises nothing, whatever
    the answer is and whatever a function does that is handed in: a function is called on copies of small inputs, until
    it has worked three seconds in one call or six in all. Seconds of work are counted, so that a crowded machine
    refuses nobody; one that only waits is stopped after a minute. What is solved is remembered for `progress`.

    Parameters
    ----------
    number : str
        "3.2", the second exercise of lesson 3.
    answer : number, array, function or str
        As the exercise asks for it; ``...`` is not tried yet.
    """
    exercise = _find(number)
    if exercise is None:
        return
    _session.lesson = exercise.lesson
    verdict = exercise.judge(answer)
    print(verdict.line(exercise.number))
    if verdict.status == "right":
        _session.marks.add(exercise.number)


def hint(number: str) -> None:
    """Print the first hint for an exercise; called again, the second; called again, the third.

    Parameters
    ----------
    number : str
        "3.2", the second exercise of lesson 3.
    """
    exercise = _find(number)
    if exercise is None:
        return
    given, total = _session.hints[exercise.number], len(exercise.hints)
    _session.hints[exercise.number] = min(given + 1, total - 1)
    text = f"Hint {given + 1} of {total} for exercise {exercise.number}: {exercise.hints[given]}"
    print(textwrap.fill(text, WIDTH))


def progress(*, reset: bool = False) -> None:
    """Print which exercises are solved: those of the lesson whose exercise was checked last, or else of all.

    The marks are kept in a file in your data folder, or in the folder that the environment variable
    BACKPROP_LIB_DATA names. Where it cannot be written they last as long as the kernel.

    Parameters
    ----------
    reset : bool
        Begin anew first: set the marks of all lessons aside, in a file of another name, which is printed.
    """
    if check_flag(reset, "reset"):
        _session.marks.forget()
    solved = _session.marks.read()
    for lesson, exercises in EXERCISES.lessons.items():
        if _session.lesson in (None, lesson):
            count = sum(exercise.number in solved for exercise in exercises)
            print(f"Lesson {lesson}: {count} of {len(exercises)} solved")
            if _session.lesson:
                _list(exercises, solved)


def _list(exercises, solved):
    for exercise in exercises:
        sign = SIGNS["right" if exercise.number in solved else "not tried yet"]
        print(f"{sign} {exercise.number} {exercise.kind:9} {exercise.title}")


def _find(number):
    exercise = EXERCISES.get(number.strip()) if isinstance(number, str) else None
    if exercise is None:
        print(f"There is no such exercise. The numbers are {EXERCISES.numbers()}, written in quotes.")
    return exercise
