"""All exercises of the book, in reading order: every ``lesson_NN/exercises.py`` has a list of its own."""

import importlib
from pathlib import Path

from backprop_book.exercises.exercise import Exercises


def _collected():
    for path in sorted(Path(__file__).parent.glob("lesson_*/exercises.py")):
        yield from importlib.import_module(f"backprop_book.{path.parent.name}.exercises").EXERCISES


EXERCISES = Exercises(_collected())
