"""A build for lecturers: `BOOK_SOLUTIONS=0` leaves the solutions out of everything that the site holds."""

import gzip
import json
import re

import nbformat
import pytest
from sphinx.errors import ConfigError

from tests.site import small_book
from tests.site.site_checks import ROOT
from website import lessons

SECRET = "the answer is forty-two"
CELLS = [
    "# A lesson",
    "```{exercise} 1.1 Guess\n:label: exercise-1-1\n\nWhat is it?\n```",
    f"````{{solution}} exercise-1-1\n:class: dropdown\n\nSurely {SECRET}.\n\n```python\nx = 42  # {SECRET}\n```\n````",
    "What follows the exercise.",
]
PAGES = {"index": f"Before.\n\n{CELLS[1].replace('1-1', '1-2')}\n\n{CELLS[2].replace('1-1', '1-2')}\n\nAfter."}


def built(folder, **environment):
    """Build a book with a solution in a notebook and one on a page; return {file: its bytes}."""
    cells = [nbformat.v4.new_markdown_cell(text) for text in CELLS]
    cells.insert(2, nbformat.v4.new_code_cell("1 + 1", execution_count=1))
    metadata = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    small_book.write(folder, PAGES, {"01_lesson": notebook})
    done = small_book.build(folder, BOOK_REPOSITORY_URL="https://github.com/owner-1/name", **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path: path.read_bytes() for path in (folder / "_build/html").rglob("*") if path.is_file()}


def holding(text, files):
    """Names of the files that hold a text, packed ones unpacked."""
    plain = {path: gzip.decompress(data) if path.suffix == ".gz" else data for path, data in files.items()}
    return {path.name for path, data in plain.items() if text.encode() in data}


def test_solutions_are_there_as_a_rule(tmp_path):
    assert {"01_lesson.html", "01_lesson.ipynb", "index.html", "index.md"} <= holding(SECRET, built(tmp_path / "book"))


def test_without_solutions_none_is_in_any_file_and_the_rest_is(tmp_path):
    files = built(tmp_path / "book", BOOK_SOLUTIONS="0")
    assert holding(SECRET, files) == set()
    assert not [path for path in files if b"forti" in path.read_bytes() and path.name == "searchindex.js"]
    assert {"01_lesson.html", "01_lesson.ipynb"} <= holding("What follows the exercise.", files)
    assert {"01_lesson.html", "index.html"} <= holding("What is it?", files)
    assert "index.html" in holding("After.", files)
    lesson = next(path for path in files if path.name == "01_lesson.ipynb")
    assert len(nbformat.read(lesson, as_version=4).cells) == len(CELLS)


@pytest.mark.parametrize("given", ["", "no", "2"])
def test_another_setting_is_refused(monkeypatch, given):
    monkeypatch.setenv("BOOK_SOLUTIONS", given)
    with pytest.raises(ConfigError, match="BOOK_SOLUTIONS: expected 0, which leaves solutions out, or 1, got"):
        lessons.solutions_wanted()


def parts(text, kind):
    """The sources of a notebook's cells of one kind."""
    return ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == kind]


def directives(text, name):
    """The lines that open a directive of this name in a notebook."""
    return re.findall(rf"^[`:]{{3,}}\{{{name}\}}.*$", "\n".join(parts(text, "markdown")), re.MULTILINE)


@pytest.mark.parametrize("lesson", sorted((ROOT / "chapters").glob("*.ipynb")), ids=lambda lesson: lesson.stem)
def test_of_a_lesson_only_the_solutions_go(lesson):
    before = lesson.read_text("utf-8")
    after = lessons.without_solutions(before)
    assert directives(after, "solution") == []
    assert directives(after, "exercise") == directives(before, "exercise")
    assert len(directives(before, "solution")) == len(directives(before, "exercise"))
    assert parts(after, "code") == parts(before, "code")
