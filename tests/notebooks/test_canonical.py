"""The check before a commit: executed notebooks are brought into canonical form, others are refused."""

import json
import re
from pathlib import Path

import pytest

from tools import canonical

LESSONS = sorted((Path(__file__).parents[2] / "chapters").glob("*.ipynb"))


@pytest.fixture
def notebook(tmp_path):
    """A copy of a lesson, and a function that changes its JSON."""
    path = tmp_path / "lesson.ipynb"
    path.write_bytes(LESSONS[0].read_bytes())

    def change(edit):
        content = json.loads(path.read_text("utf-8"))
        edit(content)
        path.write_text(json.dumps(content), encoding="utf-8")

    path_and_change = path, change
    return path_and_change


def first_code_cell(content):
    return next(cell for cell in content["cells"] if cell["cell_type"] == "code")


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_lessons_are_canonical(lesson):
    assert canonical.main([str(lesson)]) == 0


def test_what_an_editor_left_is_cleaned_and_outputs_stay(notebook):
    path, change = notebook
    change(lambda content: first_code_cell(content)["metadata"].update(scrolled=True))
    change(lambda content: first_code_cell(content).update(execution_count=17))
    assert "is now" in canonical.tidy(path)
    assert path.read_bytes() == LESSONS[0].read_bytes()
    assert canonical.tidy(path) is None


def test_a_notebook_that_was_not_run_is_refused_and_left_alone(notebook):
    path, change = notebook
    change(lambda content: first_code_cell(content).update(execution_count=None, outputs=[]))
    before = path.read_bytes()
    assert "never run" in canonical.tidy(path)
    assert path.read_bytes() == before


def test_a_notebook_with_two_versions_in_it_is_named(notebook):
    path, _ = notebook
    path.write_text("<<<<<<< HEAD\n" + path.read_text("utf-8"), encoding="utf-8")
    with pytest.raises(ValueError, match=f"{re.escape(str(path))}: expected a notebook; did a merge"):
        canonical.tidy(path)


def test_a_large_file_is_refused(tmp_path):
    file = tmp_path / "data"
    file.write_bytes(b"12345")
    assert canonical.main(["--size", "5", str(file)]) == 0
    assert canonical.main(["--size", "4", str(file)]) == 1
