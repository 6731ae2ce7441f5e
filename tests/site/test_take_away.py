"""The book as a zip: what is in it, and that it works where no server is; what `make pdf` and `make zip` call."""

import shutil
import zipfile

import pytest

from tests.site import site_checks
from tests.site.test_makefile import Checkout
from tools import book_zip


@pytest.fixture(scope="module")
def unpacked(site, tmp_path_factory):
    """Return the folder that the zip holds, unpacked, in a place with a blank in its name."""
    folder = tmp_path_factory.mktemp("a folder")
    book_zip.main(site, folder / "book.zip")
    with zipfile.ZipFile(folder / "book.zip") as archive:
        archive.extractall(folder)
    return folder / "book"


@pytest.mark.parametrize("name", ["pdf", "zip"])
def test_make_prints_where_the_book_is(name, tmp_path):
    checkout = Checkout(tmp_path / "checkout")
    python = checkout.folder / ".venv/bin/python"
    python.write_text('#!/bin/sh\necho "$@" >> ../log\n', encoding="utf-8")
    python.chmod(0o755)
    install = "tools/environment.py --add tools/pdf-requirements.txt"  # what nothing else needs
    target = f"_build/backpropagation-you-can-run.{name}"
    assert str(checkout.folder / target) in checkout.make(name).stdout.splitlines()[-1]
    printed = f"tools/book_{name}.py _build/html {target}"
    _, *called = (tmp_path / "log").read_text("utf-8").splitlines()
    assert called == {"pdf": [install, printed], "zip": [printed]}[name]
    assert f"make {name}" in checkout.make("help").stdout


def test_the_zip_holds_the_pages_and_licences_and_no_leftovers(site, unpacked):
    assert site_checks.html_files(unpacked) == site_checks.html_files(site)
    asked_for = {target for file in unpacked.rglob("*") for target in book_zip.asked_for(file)}
    assert len(asked_for) > 50
    assert all(target.is_file() for target in asked_for)
    files = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert {"LICENSE", "LICENSE-TEXT", "_static/katex/LICENSE", "searchindex.js"} <= files
    assert not any(name.startswith(".") or name.endswith((".map", ".inv", ".po", ".mo")) for name in files)


def test_the_same_site_gives_the_same_zip(site, unpacked, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(site, copy, copy_function=shutil.copyfile)  # with dates of its own
    book_zip.main(copy, tmp_path / "book.zip")
    assert (tmp_path / "book.zip").read_bytes() == (unpacked.parent / "book.zip").read_bytes()


@pytest.fixture
def offline(browser, unpacked):
    """Return a page, the record of what it loads, and the address of the unpacked folder."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    base = unpacked.as_uri() + "/"
    page, visit = site_checks.open_page(context, base)
    yield page, visit, base
    context.close()


def test_pages_open_from_a_folder(offline):
    page, visit, base = offline
    for path in ("index", "chapters/05_vanishing_exploding", "chapters/notation", "chapters/api/layers", "search"):
        page.goto(f"{base}{path}.html", wait_until="networkidle")
        assert page.evaluate("document.styleSheets.length") > 0
    assert visit.errors == []
    assert visit.failed == []
    assert visit.foreign(base) == []


def test_links_fonts_copy_buttons_and_figures_work_from_a_folder(offline):
    page, visit, base = offline
    page.goto(base + "index.html")
    page.locator("article a[href$='02_chain_rule.html']").first.click()
    page.wait_for_url("**/02_chain_rule.html")
    page.evaluate("document.fonts.ready")
    loaded = page.evaluate("[...document.fonts].filter(font => font.status === 'loaded').map(font => font.family)")
    assert {"KaTeX_Main", "KaTeX_Math", "Font Awesome 6 Free"} <= {name.strip('"') for name in loaded}
    text = page.locator(".explorer-text > span").first
    before = text.inner_text()
    page.locator(".explorer-controls input[type=range]").first.press("Home")
    assert text.inner_text() != before
    button = page.locator("button.copybtn").first
    button.hover()
    button.click()
    page.locator("button.copybtn.success").wait_for()
    assert visit.errors == []


def test_search_works_from_a_folder(offline):
    page, visit, base = offline
    page.goto(base + "search.html?q=topological")
    page.locator("#search-results li a[href*='06_autograd.html']").first.click()
    page.wait_for_url("**/06_autograd.html**")
    assert "topological" in page.locator("article").inner_text()
    assert visit.errors == []
    assert visit.failed == []
