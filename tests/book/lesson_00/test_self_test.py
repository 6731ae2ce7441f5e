"""The primer's self-test: right answers pass in every form, wrong ones of every kind are only reported."""

import numpy as np
import pytest

from backprop_book import self_test
from backprop_book.lesson_00.self_test import QUESTIONS
from tests.book.stable_names import stable

# Worked on paper from the questions as the page asks them.
RIGHT = {1: [0, 1, 5], 2: [7, 4], 3: [4, 3], 4: 0, 5: [2, 4], 6: 2.5, 7: [3, 3], 8: 4}


def lines(capsys, answers):
    assert self_test(answers) is None
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_answers_worked_on_paper_are_right(capsys):
    said = lines(capsys, RIGHT)
    assert said[:-1] == [f"{number}: right" for number in range(1, 9)]
    assert said[-1] == "8 of 8 right: go on to lesson 1."


@pytest.mark.parametrize("form", [tuple, np.array, lambda numbers: [float(n) for n in numbers]])
def test_numbers_come_in_any_form(form, capsys):
    answers = {number: form(answer) if isinstance(answer, list) else answer for number, answer in RIGHT.items()}
    assert lines(capsys, answers)[-1].startswith("8 of 8 right")


@pytest.mark.parametrize("answers", [{}, dict.fromkeys(RIGHT)])
def test_with_nothing_filled_in_every_question_is_open(answers, capsys):
    said = lines(capsys, answers)
    assert said[:-1] == [f"{number}: open → {question.section}" for number, question in QUESTIONS.items()]
    assert "right" not in said[-1]


@pytest.mark.parametrize("number", RIGHT)
@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (None, "open"),
        (-99, "wrong"),
        (np.nan, "wrong"),
        (np.inf, "wrong"),
        (1e-3, "wrong"),
        ([], "wrong"),
        ([np.nan, 3], "wrong"),
        ([[1.0], [2.0]], "wrong"),
        (np.zeros((0, 3)), "wrong"),
        (True, "wrong"),
        (False, "wrong"),
        ("2", "not numbers"),
        ([None, None], "not numbers"),
        (["2", "4"], "not numbers"),
        ([[1], [2, 3]], "not numbers"),
        ({2, 4}, "not numbers"),
        (10**400, "not numbers"),
        (object(), "not numbers"),
    ],
    ids=stable,
)
def test_what_is_not_right_is_reported_with_its_section_and_raises_nothing(number, given, verdict, capsys):
    said = lines(capsys, RIGHT | {number: given})
    assert said[number - 1] == f"{number}: {verdict} → {QUESTIONS[number].section}"
    assert sum(line.endswith(": right") for line in said) == 7
    assert said[-2:] == ["7 of 8 right. Read these sections,", "then go on to lesson 1."]


@pytest.mark.parametrize(
    ("number", "mistake"),
    [
        (1, [[0], [1], [5]]),
        (1, [[0, 1, 5]]),
        (2, [1, 0, 7]),
        (3, [3, 4]),
        (4, -1),
        (5, [4, 2]),
        (6, 5),
        (7, [3, 1]),
        (7, [3]),
        (8, 2),
    ],
)
def test_the_mistakes_people_make_are_wrong(number, mistake, capsys):
    assert f"{number}: wrong" in lines(capsys, {number: mistake})[number - 1]


def test_a_right_answer_at_the_wrong_question_is_wrong(capsys):
    answers = dict(zip(RIGHT, [*list(RIGHT.values())[1:], RIGHT[1]], strict=True))
    assert lines(capsys, answers)[-2:] == ["0 of 8 right. Read the page,", "then go on to lesson 1."]


def test_one_right_answer_sends_to_the_sections_of_the_others(capsys):
    assert lines(capsys, {4: 0})[-2] == "1 of 8 right. Read these sections,"


def test_what_is_not_numbers_is_told_once_how_to_write_them(capsys):
    hint = "Write 4, [1, 2] or (3, 2), without quotes."
    assert lines(capsys, RIGHT | {3: "(4, 3)", 5: "2, 4"}).count(hint) == 1
    assert hint not in lines(capsys, RIGHT | {3: (3, 4)})


@pytest.mark.parametrize("answers", [None, [0, 1, 5], "1", 3], ids=repr)
def test_anything_but_a_dict_is_refused(answers):
    with pytest.raises(TypeError, match="answers: expected a dict"):
        self_test(answers)


@pytest.mark.parametrize("key", [0, 9, "1", None, (1,)], ids=repr)
def test_an_unknown_question_is_refused(key):
    with pytest.raises(ValueError, match="answers: expected questions 1 to 8, got"):
        self_test({1: [0, 1, 5], key: 2})
