"""What a build says about sources that it cannot read."""

from types import SimpleNamespace

import pytest
from sphinx.errors import ExtensionError

from tests.site.site_checks import ROOT
from website import lessons


@pytest.fixture
def sources(tmp_path):
    """Return a folder with a page and two notebooks, and an environment of Sphinx that knows them."""
    pages = {
        "index": ROOT / "index.md",
        "one": ROOT / "chapters/00_primer.ipynb",
        "two": ROOT / "chapters/09_digits.ipynb",
    }
    for name, path in pages.items():
        (tmp_path / f"{name}{path.suffix}").write_bytes(path.read_bytes())
    paths = {name: tmp_path / f"{name}{path.suffix}" for name, path in pages.items()}
    return paths, SimpleNamespace(found_docs=set(pages), doc2path=lambda name: str(paths[name]))


def test_sound_sources_are_read(sources):
    lessons.check_sources(None, sources[1], [])


def test_every_source_that_a_merge_left_undecided_is_named(sources):
    paths, env = sources
    for name in ("index", "two"):
        lines = paths[name].read_text("utf-8").splitlines(keepends=True)
        lines[5:6] = ["<<<<<<< HEAD\n", lines[5], "=======\n", lines[5], ">>>>>>> other\n"]
        paths[name].write_text("".join(lines), encoding="utf-8")
    with pytest.raises(ExtensionError) as raised:
        lessons.check_sources(None, env, [])
    first, second = str(raised.value).splitlines()
    assert first.startswith(f"{paths['index']}:6: a merge left both versions here")
    assert second.startswith(f"{paths['two']}:6: a merge left both versions here")


def test_a_notebook_cut_short_is_named(sources):
    paths, env = sources
    paths["one"].write_text(paths["one"].read_text("utf-8")[:2000], encoding="utf-8")
    with pytest.raises(ExtensionError, match=r"one.ipynb:\d+: expected a notebook, which is JSON, got "):
        lessons.check_sources(None, env, [])
