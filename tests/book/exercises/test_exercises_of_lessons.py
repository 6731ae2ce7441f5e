"""Each exercise: a solution is right, and wrong answers that people give are refused with what they overlooked.

The answers stand in the lessons' folders, in `exercise_answers.py`.
"""

import importlib
from pathlib import Path

import pytest

from backprop_book import EXERCISES
from backprop_book.exercises.answers import Quantity
from backprop_book.exercises.functions import Function
from backprop_book.exercises.verdict import RIGHT
from tests.book.lesson_06 import exercise_answers as answers_06

FOLDERS = sorted(path.parent.name for path in Path(__file__).parents[1].glob("lesson_*/exercise_answers.py"))
MODULES = [importlib.import_module(f"tests.book.{folder}.exercise_answers") for folder in FOLDERS]
SOLUTIONS = {number: solution for module in MODULES for number, solution in module.SOLUTIONS.items()}
WRONG = [wrong for module in MODULES for wrong in module.WRONG]


@pytest.mark.parametrize("number", EXERCISES)
def test_a_solution_is_right_on_whatever_inputs_are_drawn(number):
    times = 20 if isinstance(EXERCISES[number].checker, Function) else 1  # nothing is drawn for a value or a choice
    for _ in range(times):
        assert EXERCISES[number].judge(SOLUTIONS[number]) == RIGHT


@pytest.mark.parametrize("answer", [4860, 355 * (0.0074 / 0.002) ** 2])
def test_the_way_that_a_hint_suggests_leads_to_a_right_answer(answer):
    assert EXERCISES["9.2"].judge(answer) == RIGHT


@pytest.mark.parametrize("walk", [answers_06.iterative_sort, answers_06.by_counting_slowly])
def test_a_walk_may_take_another_way_if_it_comes_to_an_end(walk):
    assert EXERCISES["6.3"].judge(walk) == RIGHT


@pytest.mark.parametrize(("number", "answer", "status", "reason"), WRONG, ids=[f"{w[0]}-{w[3][:30]}" for w in WRONG])
def test_a_wrong_answer_is_refused_with_what_was_overlooked(number, answer, status, reason):
    verdict = EXERCISES[number].judge(answer)
    assert verdict.status == status, verdict
    assert reason in verdict.reason, verdict


def test_every_exercise_has_three_wrong_answers():
    counts = [sum(wrong[0] == number for wrong in WRONG) for number in EXERCISES]
    assert min(counts) >= 3


@pytest.mark.parametrize("number", EXERCISES)
def test_every_mistake_that_an_exercise_knows_is_refused_with_its_own_reason(number):
    checker = EXERCISES[number].checker
    pairs = checker.mistakes.items() if isinstance(checker.mistakes, dict) else checker.mistakes
    for answer, reason in pairs:
        answer = answer() if isinstance(checker, Quantity) and callable(answer) else answer
        verdict = EXERCISES[number].judge(answer)
        assert verdict.status in ("nearly", "wrong")
        assert verdict.reason == reason
