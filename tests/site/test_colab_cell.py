"""The cell with which each lesson opens: in Colab it installs the package, elsewhere it does nothing."""

import sys
import types

import nbformat
import pytest

from tests.site.site_checks import ROOT

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


def in_colab(monkeypatch, source, answers):
    """Run a cell as in Colab; return what pip is told to install. Asking more often than there are answers fails."""
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    installed, left = [], list(answers)
    shell = types.SimpleNamespace(run_line_magic=lambda *arguments: installed.append(arguments))
    run(source, input=lambda question: left.pop(0), get_ipython=lambda: shell)
    assert left == []
    return installed


INSTALLED = [("pip", "install --quiet git+https://github.com/owner-1/name.of_it")]


@pytest.mark.parametrize(
    "answer",
    [
        "owner-1/name.of_it",
        " owner-1/name.of_it/ ",
        "https://github.com/owner-1/name.of_it",
        "github.com/owner-1/name.of_it/tree/main/chapters",
        "git@github.com:owner-1/name.of_it",
        "https://colab.research.google.com/github/owner-1/name.of_it/blob/main/chapters/03_derivation.ipynb#scrollTo=1",
    ],
)
def test_in_colab_it_installs_the_package_from_the_repository_that_the_reader_names(monkeypatch, answer):
    assert in_colab(monkeypatch, CELL.source, [answer]) == INSTALLED


@pytest.mark.parametrize(
    "answer", ["", "name", "https://colab.research.google.com/drive/1AbC?usp=sharing", "owner / name"]
)
def test_what_names_no_repository_is_asked_again_with_a_way_that_works_for_a_copy_in_drive(monkeypatch, capsys, answer):
    assert in_colab(monkeypatch, CELL.source, [answer, "owner-1/name.of_it"]) == INSTALLED
    said = " ".join(capsys.readouterr().out.split())
    assert said.count("A copy in Drive does not show it: open this lesson in Colab again, from the book's website") == 2


def test_a_copy_of_one_s_own_can_name_the_repository_once_and_for_all(monkeypatch):
    named = CELL.source.replace('repository = ""', 'repository = "owner-1/name.of_it"')
    assert in_colab(monkeypatch, named, []) == INSTALLED


def test_the_site_does_not_show_it(site):
    for path in LESSONS:
        assert "google.colab" not in (site / "chapters" / f"{path.stem}.html").read_text(encoding="utf-8")
