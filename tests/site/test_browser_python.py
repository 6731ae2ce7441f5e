"""The Python that the site serves, under Node: it runs every lesson as its notebook shows it, and judges as here."""

import importlib
import inspect
import json
import subprocess
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from backprop_book import EXERCISES
from backprop_book.exercises.answers import Quantity
from backprop_book.page.inline import inline_player, inline_svg
from tests.site.site_checks import ROOT
from website.npm import NODE

LESSONS = sorted((ROOT / "chapters").glob("*.ipynb"))
RUNNER = Path(__file__).with_name("in_browser_python.mjs")
# By the beginning of the cell. Cells that print a timing are known by their tag.
EXCEPTIONS = {
    ("09_digits", "def validated("): "one image of 357 more or less, at a learning rate that diverges",
}
FOLDERS = sorted(path.parent.name for path in (ROOT / "tests/book").glob("lesson_*/exercise_answers.py"))


@pytest.fixture(scope="module")
def folder(site):
    """Return the folder of the site that holds Python."""
    return next((site / "_static/python").iterdir())


def shown_by(folder, cells, files=None):
    """Run cells; return what each showed."""
    asked = json.dumps({"cells": cells, "before": files or {}})
    result = subprocess.run([NODE, RUNNER, folder], input=asked, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def stored(cell):
    """Return what a notebook keeps of a cell, as a page shows it: its printed text, its pictures."""
    text = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    data = [output.data for output in cell.outputs if "data" in output]
    pictures = [
        inline_svg(one["image/svg+xml"].encode(), "run0-")
        if "image/svg+xml" in one
        else inline_player(one["text/html"], "run0-")
        for one in data
    ]
    return text, pictures


def said(picture):
    """Return what a picture says: its description, its letters, its controls and the texts of its states.

    Its lines and the numbers at its axes are another Matplotlib's, 3.8, which has its own way with both, and sets some
    labels letter by letter.
    """
    soup = BeautifulSoup(picture, "html.parser")
    drawn = soup.find("svg")
    letters = {letter for one in drawn.find_all("text") for letter in one.get_text() if letter.isalpha()}
    controls = [str(one) for one in soup.select("form")]
    return drawn["aria-label"], letters, controls, [player["data-texts"] for player in soup.select("[data-texts]")]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_lesson_shows_what_its_notebook_keeps(folder, lesson):
    cells = [cell for cell in nbformat.read(lesson, as_version=4).cells if cell.cell_type == "code"]
    results = shown_by(folder, [cell.source for cell in cells])
    assert len(results) == len(cells)
    excepted = set()
    for cell, result in zip(cells, results, strict=True):
        assert result["error"] is None, cell.source
        shown = result["outputs"]
        text, pictures = stored(cell)
        assert [piece for how, piece in shown if how in ("stderr", "text")] == [], cell.source
        if "nbval-ignore-output" not in cell.metadata.get("tags", []):
            printed = "".join(piece for how, piece in shown if how == "stdout")
            names = [key for key in EXCEPTIONS if key[0] == lesson.stem and cell.source.startswith(key[1])]
            excepted.update(names)
            assert bool(names) == (printed != text), cell.source
        drawn = [said(piece) for how, piece in shown if how in ("svg", "html")]
        assert drawn == [said(one) for one in pictures], cell.source
    assert excepted == {key for key in EXCEPTIONS if key[0] == lesson.stem}
    assert results[-1]["heap"] < 250 * 2**20


def test_a_progress_bar_is_shown_without_a_word_about_threads(folder):
    (result,) = shown_by(folder, ["from tqdm import tqdm\nfor _ in tqdm(range(3), desc='epoch'): pass"])
    text = "".join(piece for how, piece in result["outputs"] if how == "stderr")
    assert "epoch: 100%" in text
    assert "monitor" not in text


JUDGE = """
import importlib, json, sys
sys.path.insert(0, "/home/pyodide")
from backprop_book import EXERCISES
from backprop_book.exercises.answers import Quantity
for number, answer in answers():
    print(EXERCISES[number].judge(answer).line(number))
"""


def answers():
    """Every answer of the exercises' tests, and every mistake that an exercise knows."""
    for name in FOLDERS:
        module = importlib.import_module(f"tests.book.{name}.exercise_answers")
        yield from module.SOLUTIONS.items()
        for number, answer, *_ in module.WRONG:
            yield number, answer
    for number in EXERCISES:
        checker = EXERCISES[number].checker
        pairs = checker.mistakes.items() if isinstance(checker.mistakes, dict) else checker.mistakes
        for answer, _ in pairs:
            yield number, answer() if isinstance(checker, Quantity) and callable(answer) else answer


def test_every_answer_gets_the_same_verdict_word_for_word(folder):
    files = {"/home/pyodide/tests/__init__.py": "", "/home/pyodide/tests/book/__init__.py": ""}
    for name in FOLDERS:
        files[f"/home/pyodide/tests/book/{name}/__init__.py"] = ""
        source = ROOT / f"tests/book/{name}/exercise_answers.py"
        files[f"/home/pyodide/tests/book/{name}/exercise_answers.py"] = source.read_text(encoding="utf-8")
    code = f"FOLDERS = {FOLDERS}\n{inspect.getsource(answers)}\n{JUDGE}"
    (result,) = shown_by(folder, [code], files)
    assert result["error"] is None
    there = "".join(piece for how, piece in result["outputs"] if how == "stdout").splitlines()
    here = [EXERCISES[number].judge(answer).line(number) for number, answer in answers()]
    assert len(here) > 300
    assert there == here
