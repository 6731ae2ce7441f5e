"""The cell with which each lesson opens: in Colab it installs the package, elsewhere it does nothing."""

import sys
import types

import nbformat
import pytest
from site_checks import ROOT

LESSONS = sorted((ROOT / "chapters").glob("*.ipynb"))


def cells(path):
    """Return a lesson's cells."""
    return nbformat.read(path, as_version=4).cells


CELL = cells(LESSONS[0])[1]


def refuse(*arguments):
    """Stand in for what must not be called."""
    pytest.fail(f"called with {arguments}")


def run(source, **names):
    """Run a cell and return the names that it leaves."""
    namespace = dict(names)
    exec(source, namespace)
    return namespace.keys() - names.keys() - {"__builtins__"}


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.stem)
def test_every_lesson_has_it_once_before_all_other_code_and_off_the_page(lesson):
    first, *others = [cell for cell in cells(lesson) if cell.cell_type == "code"]
    assert first.source == CELL.source
    assert first.metadata["tags"] == ["remove-cell"]
    assert first.outputs == []
    assert not any("google.colab" in cell.source for cell in others)


def test_elsewhere_it_does_nothing(monkeypatch):
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    assert run(CELL.source, input=refuse, get_ipython=refuse) == {"sys"}


def test_in_colab_it_installs_the_package_from_the_repository_that_the_reader_names(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    asked, called = [], []

    def answer(question):
        asked.append(question)
        return "owner/name"

    shell = types.SimpleNamespace(run_line_magic=lambda *arguments: called.append(arguments))
    run(CELL.source, input=answer, get_ipython=lambda: shell)
    assert called == [("pip", "install --quiet git+https://github.com/owner/name")]
    assert len(asked) == 1
    assert "owner/name" in asked[0]


def test_the_site_does_not_show_it(site):
    for path in LESSONS:
        assert "google.colab" not in (site / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")
