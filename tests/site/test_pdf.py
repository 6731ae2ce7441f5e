"""The book as one PDF: what is in it, and that its links and numbers lead to the right places."""

import html
import json
import os
import re
import shutil
from types import SimpleNamespace

import pytest
import yaml

from tests.site import site_checks
from tests.site.site_checks import ROOT

if os.environ.get("CI") != "true":
    install = ".venv/bin/python tools/environment.py --add tools/pdf-requirements.txt"
    pytest.importorskip("pikepdf", reason=f"no pikepdf found: {install}")

import pikepdf

from tools import book_pdf

TOC = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
SOME = [
    (None, ["index"]),
    ("Lessons", ["chapters/02_chain_rule"]),
    ("Reference", ["chapters/references", "chapters/api/losses"]),
]
PRINTED_WIDTH = book_pdf.WIDTH + 1  # half a pixel may round up

LINKS = "() => [...document.querySelectorAll('article a[href]')].map(link => link.getAttribute('href'))"
IDS = "() => [...document.querySelectorAll('[id]')].map(element => element.id)"
TOO_WIDE = """width => [...document.querySelectorAll("article *:not(svg *)")].filter((element) => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && (box.right > width || element.scrollWidth > element.clientWidth + 1 &&
    getComputedStyle(element).overflowX !== "visible");
}).map((element) => element.outerHTML.slice(0, 120))"""
START = r'class="explorer-text"[^>]*>\s*<span[^>]*>([^<]*)</span>'
FIGURES = """() => [...document.querySelectorAll(".key-frames")].map((figure) => ({
  note: figure.querySelector("p").textContent,
  texts: [...figure.querySelectorAll("figcaption")].map((caption) => caption.textContent),
  drawings: [...figure.querySelectorAll("svg")].map((svg) => svg.outerHTML.replaceAll(/"[^"]*frame\\d+:[^"]*"/g, "")),
}))"""


@pytest.fixture(scope="module")
def texts(site):
    """Return the pages of the site, as they are written, in reading order."""
    return [(site / f"{name}.html").read_text("utf-8") for _, names in book_pdf.reading_order(TOC) for name in names]


@pytest.fixture(scope="module")
def book(browser, site, tmp_path_factory):
    """Return the whole book, open in the browser as it is printed, and its table of contents."""
    scratch = tmp_path_factory.mktemp("book") / "book.html"
    page, contents = book_pdf.open_book(browser, site, book_pdf.reading_order(TOC), scratch)
    yield SimpleNamespace(page=page, contents=contents)
    page.close()


@pytest.fixture(scope="module")
def some_pages(browser, site, tmp_path_factory):
    """Print some pages of the book; return the PDF, its table of contents and the links it has reported."""
    folder = tmp_path_factory.mktemp("pdf")
    page, contents = book_pdf.open_book(browser, site, SOME, folder / "book.html")
    dead = book_pdf.save(book_pdf.print_book(page), contents, folder / "book.pdf")
    ids, numbers = page.evaluate("idsToNumber()"), page.locator(".page-number").all_text_contents()
    page.close()
    with pikepdf.open(folder / "book.pdf") as pdf:
        yield SimpleNamespace(pdf=pdf, contents=contents, dead=dead, numbers=dict(zip(ids, numbers, strict=True)))


def test_the_pdf_has_every_page_of_the_site_in_reading_order(site):
    names = [name for _, names in book_pdf.reading_order(TOC) for name in names]
    pages = {path.removesuffix(".html") for path in site_checks.html_files(site)}
    assert set(names) == pages - {"search"}
    assert names.index("chapters/03_derivation") < names.index("chapters/api") < names.index("chapters/api/losses")


def test_links_within_the_book_lead_to_one_place_each(book):
    ids = book.page.evaluate(IDS)
    links = book.page.evaluate(LINKS)
    within = {link.removeprefix("#") for link in links if link.startswith("#")}
    assert len(ids) == len(set(ids))
    assert within <= set(ids)
    assert len(within) > 300
    assert all(link.startswith(("#", "https://", "http://")) for link in links)
    assert any(link.startswith("chapters/03_derivation:equation-eq-") for link in within)


def test_nothing_is_lost_at_the_right_margin(book):
    assert book.page.evaluate(TOO_WIDE, PRINTED_WIDTH) == []


def test_solutions_come_last_each_under_the_title_of_its_exercise(book):
    exercises = book.page.locator(".exercise.admonition > .admonition-title").all_text_contents()
    solutions = book.page.locator(".part:has-text('Solutions') + .solutions .solution.admonition")
    assert solutions.locator("> .admonition-title").all_text_contents() == exercises
    assert len(exercises) > 40
    assert all(solutions.evaluate_all("boxes => boxes.map(box => box.querySelector('section').clientHeight > 0)"))
    assert book.page.locator(".chapter .see-solution a").count() == len(exercises)
    assert book.page.locator("article > .chapter .solution").count() == 0


def test_nothing_is_folded_on_paper_or_waits_for_a_click(book):
    assert book.page.locator("details:not([open])").count() == 0
    assert book.page.locator("article button, article input, .headerlink, .katex-mathml").count() == 0


def test_equations_keep_their_numbers(book, texts):
    on_site = [number for text in texts for number in re.findall(r'<span class="eqno">(\([\d.]+\))', text)]
    assert book.page.locator(".eqno").all_text_contents() == on_site
    assert len(on_site) > 50


def test_interactive_figures_show_a_few_states_with_their_texts(book, texts):
    figures = book.page.evaluate(FIGURES)
    states = [json.loads(html.unescape(found)) for text in texts for found in re.findall(r'data-texts="([^"]*)"', text)]
    starts = [html.unescape(found) for text in texts for found in re.findall(START, text)]
    assert len(figures) == len(states) == len(starts) > 5
    for figure, all_texts, start in zip(figures, states, starts, strict=True):
        shown = figure["texts"]
        assert 3 <= len(shown) <= 7
        assert len(set(shown)) == len(set(figure["drawings"])) == len(shown)
        assert {start} <= set(shown) <= set(all_texts)
        assert f"{len(shown)} of its {len(all_texts)} " in figure["note"] or shown == all_texts


def test_the_outline_and_the_table_of_contents_name_the_same_places(some_pages):
    def titles(items, level):
        return [line for item in items for line in ((level, item.title), *titles(item.children, level + 1))]

    with some_pages.pdf.open_outline() as outline:
        found = titles(outline.root, 0)
    assert [title for _, title in found] == [entry["title"] for entry in some_pages.contents]
    assert (0, "Lessons") in found
    assert (1, "Lesson 2: The chain rule, backward") in found
    assert (2, "Exercises") in found
    assert (0, "Backpropagation You Can Run") in found


def test_numbers_of_pages_are_right(some_pages):
    destinations = some_pages.pdf.Root.Dests
    pages = {page.objgen: str(number) for number, page in enumerate(some_pages.pdf.pages, start=1)}
    assert {id_: pages[destinations[f"/{id_}"][0].objgen] for id_ in some_pages.numbers} == some_pages.numbers
    assert {entry["id"] for entry in some_pages.contents} < some_pages.numbers.keys()
    assert any("solution" in id_ for id_ in some_pages.numbers)
    found = [int(some_pages.numbers[entry["id"]]) for entry in some_pages.contents]
    assert found == sorted(found)
    assert len(set(found)) > 10


def test_links_to_what_is_not_in_the_pdf_are_reported(some_pages):
    missing = {re.search(r"(\w+)\.html", link)[1] for link in some_pages.dead}
    assert {"03_derivation", "notation"} <= missing
    assert not missing & {"index", "02_chain_rule", "references", "losses"}


def test_a_pdf_brings_its_fonts_and_says_what_it_is(some_pages):
    pdf = some_pages.pdf
    fonts = [
        part for part in pdf.objects if isinstance(part, pikepdf.Dictionary) and part.get("/Type") == "/FontDescriptor"
    ]
    assert any("KaTeX_Math" in str(font.FontName) for font in fonts)
    assert all({"/FontFile", "/FontFile2", "/FontFile3"} & font.keys() for font in fonts)
    assert str(pdf.docinfo["/Title"]) == book_pdf.TITLE
    assert str(pdf.docinfo["/Author"]) == book_pdf.AUTHOR
    assert str(pdf.Root.Lang) == "en"
    assert pdf.Root.MarkInfo.Marked


def test_without_a_browser_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="none was found: looked for chromium"):
        book_pdf.find_browser()
