"""The build and the checks of the site can fail: each defect is planted once, and must be named."""

import pytest
from bs4 import BeautifulSoup

from tests.site import site_checks, small_book

# page: (its defect, what the build must say about it)
DEFECTS = {
    "formula": (r"$\notacommand{x}$", r"KaTeX refuses the formula '\\notacommand{x}'"),
    "link": ("[gone](nowhere.md)", "cross-reference target not found: 'nowhere.md'"),
    "anchor": ("[gone](index.md#no-such-heading)", "no-such-heading"),
    "citation": ("{cite:t}`nobody-1900`", 'could not find bibtex key "nobody-1900"'),
    "term": ("{term}`no such term`", "term not in glossary: 'no such term'"),
    "equation": ("{eq}`eq-nowhere`", "equation not found: eq-nowhere"),
    "missing_file": ("![A picture that is not there](gone.png)", "image file not readable: gone.png"),
    "no_alt_text": ("![](drawing.svg)", "an alt text that describes the figure is missing, got None"),
    "file_name_as_alt_text": ("![drawing.svg](drawing.svg)", "is missing, got 'drawing.svg'"),
    "no_sentence": ("- a list, and nothing that would describe the page", "expected a first sentence"),
    "broken_drawing": ("![A drawing cut short](broken.svg)", "not a well-formed SVG"),
}
SOUND = {
    "index": "See {eq}`eq-sum` and ![A horizontal line](drawing.svg), with ($x$), $y$ and $z$.",
    "03_sound": "$$\n1 + 1 = 2\n$$ (eq-sum)\n\n$$\n2 + 1 = 3\n$$ (eq-more)\n\nAs {eq}`eq-more` says.",
}


@pytest.fixture(scope="module")
def defective(tmp_path_factory):
    """Build a book with every defect, each on its own page."""
    pages = {"index": "Nothing wrong here."} | {name: text for name, (text, _) in DEFECTS.items()}
    folder = tmp_path_factory.mktemp("defective") / "book"
    small_book.write(folder, pages)
    return small_book.build(folder)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """Build a book without defects, its repository known, and return its site."""
    folder = tmp_path_factory.mktemp("sound") / "book"
    small_book.write(folder, SOUND)
    result = small_book.build(folder, BOOK_REPOSITORY_URL="https://example.org/owner/name")
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "_build" / "html"


@pytest.mark.parametrize("page", DEFECTS)
def test_a_defect_fails_the_build_and_is_named_with_its_page(defective, page):
    assert defective.returncode != 0
    warnings = [line for line in defective.stderr.splitlines() if "WARNING" in line and f"{page}.md" in line]
    assert any(DEFECTS[page][1] in line for line in warnings), defective.stderr


def test_nothing_is_said_about_a_page_without_defect(defective):
    assert "index.md:" not in defective.stderr


def test_buttons_lead_to_the_repository_where_it_is_known(sound):
    links = [link["href"] for link in site_checks.parse(sound / "03_sound.html").select(".article-header-buttons a")]
    assert "https://example.org/owner/name" in links


def test_numbers_and_figures_of_a_sound_book(sound):
    lesson, index = (site_checks.parse(sound / f"{name}.html") for name in ("03_sound", "index"))
    assert [tag.contents[0] for tag in lesson.select(".eqno")] == ["(3.1)", "(3.2)"]
    assert index.select_one("a[href='03_sound.html#equation-eq-sum']").text == "(3.1)"
    marks = [(tag.contents[0], tag.contents[-1]) for tag in index.select(".formula-and-marks")]
    assert marks == [("(", "),"), (index.select(".formula-and-marks .math")[1], ".")]
    assert index.select_one("svg.figure-svg")["aria-label"] == "A horizontal line"
    assert index.select_one("svg.figure-svg path")["style"] == "stroke: var(--fig-forward, #1f5fa8)"
    assert site_checks.dead_links(sound) == []
    assert lesson.select("time") == index.select("time") == []  # no repository of git, no date


def test_the_browser_record_names_another_host_a_missing_file_an_error_and_an_overflow(browser, serve, tmp_path):
    page = """<!doctype html><title>Planted</title><body><main class="bd-article-container">
    <img src="https://example.invalid/a.png"><img src="gone.png"><p style="width: 2000px">wide</p>
    <script>console.error("planted"); undefinedName()</script></main>"""
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    base = serve(tmp_path)
    visit = site_checks.visit_page(browser, base, "index.html")
    assert visit.foreign(base) == ["https://example.invalid/a.png"]
    assert f"404 {base}gone.png" in visit.failed
    assert any("planted" in error for error in visit.errors)
    assert any("undefinedName" in error for error in visit.errors)
    assert "the page itself" in visit.overflow[390]
    assert any("wide" in tag for tag in visit.overflow[1280])


def test_the_static_checks_name_what_is_wrong(tmp_path):
    page = """<img src="a.png"><img src="#x" alt="a.png"><svg role="img"></svg><svg></svg><b id="x"></b><i id="x"></i>
    <a href="gone.html">gone</a><a href="#nowhere">nowhere</a><a href="index.html#x">fine</a>"""
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    soup = BeautifulSoup(page, "html.parser")
    assert len(site_checks.without_alt_text(soup)) == 4
    assert site_checks.duplicate_ids(soup) == ["x"]
    dead = [address for _, address in site_checks.dead_links(tmp_path)]
    assert dead == ["gone.html", "#nowhere", "a.png"]
