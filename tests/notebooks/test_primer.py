"""The primer's self-test and its page: what one names, the other has."""

import re

from backprop_book.lesson_00.self_test import OUTPUTS, QUESTIONS, TARGETS, V, W, X
from tests.notebooks import lesson_checks as lc

PROSE = lc.prose_of(lc.read(lc.ROOT / "chapters" / "00_primer.ipynb"))
ASKED = dict(re.findall(r"^(\d)\. (.*)$", PROSE, re.MULTILINE))


def test_every_section_that_the_test_names_is_on_the_page():
    headings = re.findall(r"^## (.*)$", PROSE, re.MULTILINE)
    assert {question.section for question in QUESTIONS.values()} <= set(headings)


def test_the_page_asks_every_question():
    assert list(ASKED) == [str(number) for number in QUESTIONS]


def test_the_page_gives_the_numbers_that_the_answers_are_computed_from():
    assert f"`W = {W.tolist()}` and `x = {X.tolist()}`" in ASKED["1"]
    assert f"`v = {V.tolist()}`" in ASKED["2"]
    assert f"`{OUTPUTS.tolist()}`, and `{TARGETS.tolist()}` was wanted" in ASKED["6"]
