"""The built site in a browser, page by page."""

import gzip
import re

import pytest

from tests.site import site_checks
from tests.site.site_checks import ROOT
from website.publishing import addresses

BUDGET = 350_000  # bytes, gzipped, of a page with everything on it
MAPPED_COLOURS = """
() => [...document.querySelectorAll("svg.figure-svg [style*='var(--fig-']")].map((element) => {
  const style = getComputedStyle(element);
  return [style.fill, style.stroke, style.stopColor].join(" ");
})
"""


def test_every_request_goes_to_the_local_server_and_succeeds(visit, base, path):
    assert visit(path).requests
    assert visit(path).foreign(base) == []
    assert visit(path).failed == []


def test_no_errors_in_the_console(visit, path):
    assert visit(path).errors == []


@pytest.mark.parametrize("width", site_checks.WIDTHS)
def test_nothing_reaches_out_of_the_window(visit, path, width):
    assert visit(path).overflow[width] == []


def test_a_page_with_everything_on_it_keeps_the_budget(visit, base, site, path):
    files = {url.removeprefix(base).partition("?")[0].partition("#")[0] for url in visit(path).requests}
    sizes = {file: len(gzip.compress((site / file).read_bytes())) for file in files if (site / file).is_file()}
    assert path in sizes
    assert "_static/site.css" in sizes
    assert sum(sizes.values()) <= BUDGET, sizes


def test_every_picture_has_an_alt_text(soups, path):
    assert site_checks.without_alt_text(soups[path]) == []


def test_ids_are_unique(soups, path):
    assert site_checks.duplicate_ids(soups[path]) == []


def test_the_language_is_given(soups, path):
    assert soups[path].html["lang"] == "en"


def test_links_lead_somewhere(site, soups):
    assert site_checks.dead_links(site, soups) == []


def test_mathematics_needs_no_script(browser, base, path):
    context = browser.new_context(java_script_enabled=False)
    page, visit = site_checks.open_page(context, base)
    page.goto(base + path)
    assert page.locator("html").get_attribute("data-theme") == "light"  # what the theme's colours need
    formulas = page.locator(".math")
    laid_out = page.locator(".math .katex-html")
    assert page.locator(".math math").count() == formulas.count()
    visible_text = page.locator("main").evaluate(
        "main => { main.querySelectorAll('pre, code, script, .katex-mathml').forEach(e => e.remove());"
        " return main.innerText; }"
    )
    assert laid_out.count() == formulas.count()
    assert all(text.strip() for text in laid_out.all_text_contents())  # in folded parts too
    assert page.locator(".katex-error").count() == 0
    assert "$$" not in visible_text
    assert not any("mathjax" in url.lower() for url in visit.requests)
    context.close()


def test_some_page_shows_mathematics_in_its_own_fonts(visit, site):
    with_formulas = [path for path in site_checks.html_files(site) if "katex-html" in (site / path).read_text("utf-8")]
    assert with_formulas
    assert any("KaTeX_Main" in url for path in with_formulas for url in visit(path).requests)


def test_figures_follow_light_and_dark(browser, base, site):
    page = browser.new_page()
    elements = 0
    for path in site_checks.html_files(site):
        page.goto(base + path)
        colours = {}
        for theme in ("light", "dark"):
            page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
            colours[theme] = page.evaluate(MAPPED_COLOURS)
        assert all(light != dark for light, dark in zip(colours["light"], colours["dark"], strict=True)), path
        elements += len(colours["light"])
    page.close()
    assert elements > 0


def test_search_finds_a_word_of_a_lesson(browser, base):
    page = browser.new_page()
    page.goto(base + "search.html?q=sigmoid")
    link = page.locator("#search-results li a[href*='chapters/03_derivation.html']").first
    link.wait_for(timeout=site_checks.PATIENCE)
    assert "derivation" in link.inner_text().lower()
    page.close()


def test_search_quotes_each_formula_once(browser, base):
    spoken = '<span class="katex-mathml"><math><mi>h</mi><annotation>TeX</annotation></math></span>'
    formula = f'<span class="katex">{spoken}<span class="katex-html">h</span></span>'
    page = browser.new_page()
    page.goto(base + "search.html")
    quoted = page.evaluate("html => Search.htmlToText(html, null)", f'<div role="main">Here {formula}</div>')
    assert quoted.split() == ["Here", "h"]
    page.close()


def test_a_formula_too_wide_scrolls_by_keyboard(browser, base, site):
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = context.new_page()
    for path in site_checks.html_files(site):
        page.goto(base + path)
        wrong = page.evaluate(
            "() => new Promise(requestAnimationFrame).then(() => [...document.querySelectorAll('.math-box')].filter("
            "  box => (box.scrollWidth > box.clientWidth) !== (box.tabIndex === 0)).map(box => box.ariaLabel))"
        )
        assert wrong == [], path
    context.close()


def test_equations_are_numbered_by_lesson_in_place_and_in_references(soups):
    numbers = {}
    for path, soup in soups.items():
        lesson = re.match(r"(\d+)_", path.rpartition("/")[2])
        shown = [(tag.find_parent(class_="math")["id"], tag.contents[0].strip()) for tag in soup.select(".eqno")]
        assert not shown or lesson, f"{path} numbers equations and is no lesson"
        assert not lesson or len(shown) == len(soup.select("div.math")), f"{path} displays equations without a number"
        for place, (id_, number) in enumerate(shown, start=1):
            assert number == f"({int(lesson[1])}.{place})"
            numbers[id_] = number
    assert numbers
    references = [link for soup in soups.values() for link in soup.select("main a.reference[href*='#equation-']")]
    assert references
    for link in references:
        assert link.get_text() == numbers[link["href"].partition("#")[2]]


def test_buttons_to_a_repository_only_where_its_address_is_known(soups):
    links = [link["href"] for soup in soups.values() for link in soup.select(".article-header-buttons a[href]")]
    address = addresses.repository_address(ROOT)
    assert bool(links) == bool(address)
    assert address is None or address in links
