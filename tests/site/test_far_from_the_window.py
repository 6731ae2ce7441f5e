"""What is laid out only when it comes near the window keeps its place, looks the same, and is spoken and printed."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from tests.notebooks import lesson_checks as lc

LATE = "svg.figure-svg, .katex-html.tall"
BOXES = f"""() => [...document.querySelectorAll("{LATE}")].map((element) => {{
  const {{ x, y, width, height }} = element.getBoundingClientRect();
  return [x, y, element.matches("svg") ? width : 0, height];
}})"""  # a formula's width is not known before; its box, which scrolls, is as wide as the text
AT_ONCE = f":is({LATE}) {{ content-visibility: visible !important }}"
WITHOUT_HELP = "svg.figure-svg { aspect-ratio: auto !important } .katex-html.tall { contain: none !important }"
PAGES = [path.stem for path in lc.LESSONS] + ["equations"]
EACH = pytest.mark.parametrize(("name", "width"), [(name, width) for name in PAGES for width in (390, 1280)])


@pytest.fixture
def open_page(browser, base):
    """Return a function that opens a page of the book in a window of some width."""
    pages = []

    def start(name, width):
        pages.append(browser.new_page(viewport={"width": width, "height": 800}, bypass_csp=True))
        pages[-1].goto(f"{base}chapters/{name}.html", wait_until="load")
        return pages[-1]

    yield start
    for page in pages:
        page.close()


@EACH
def test_drawings_and_formulas_have_their_size_before_they_are_laid_out(open_page, name, width):
    page = open_page(name, width)
    late = page.evaluate(BOXES)
    assert late != []
    page.add_style_tag(content=WITHOUT_HELP + AT_ONCE)
    at_once = page.evaluate(BOXES)
    moved = [(a, b) for a, b in zip(late, at_once, strict=True) if a != pytest.approx(b, abs=0.5)]
    assert moved == []


def only_formulas(page):
    """Leave nothing but the formulas, all in the window."""
    page.locator("article").evaluate("main => main.replaceChildren(...main.querySelectorAll('.math-box'))")
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})
    picture(page)  # lays out what is in the window now, which may ask for more fonts
    page.evaluate("document.fonts.ready")


def picture(page):
    return Image.open(io.BytesIO(page.locator("article").screenshot())).convert("L")


def missing_ink(shown, expected):
    """Number of dark pixels of one picture with nothing dark near them in another: lines move by a pixel."""
    near = shown.filter(ImageFilter.MinFilter(5))
    return np.count_nonzero((np.array(expected) < 100) & (np.array(near) > 200))


@pytest.mark.parametrize("name", PAGES)
def test_nothing_of_a_formula_is_cut_off(open_page, name):
    page = open_page(name, 390)
    only_formulas(page)
    shown = picture(page)
    page.add_style_tag(content=WITHOUT_HELP + AT_ONCE)
    expected = picture(page)
    assert missing_ink(shown, expected) == 0
    page.add_style_tag(content=".katex-html.tall { clip-path: inset(0 0 12px 0) }")
    assert missing_ink(picture(page), expected) > 10


def test_what_is_far_from_the_window_is_spoken_and_printed(open_page):
    page = open_page("01_gradients", 1280)
    drawings = page.locator("svg.figure-svg")
    for late in (drawings, page.locator(".katex-html.tall")):
        assert late.last.evaluate("one => !one.firstElementChild.checkVisibility({ contentVisibilityAuto: true })")
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [node["name"]["value"] for node in tree if node["role"]["value"] == "image" and not node["ignored"]]
    assert set(drawings.evaluate_all("svgs => svgs.map(svg => svg.ariaLabel)")) <= set(names)
    assert sum(node["role"]["value"] == "MathMLMath" for node in tree) == page.locator("article math:visible").count()
    late = len(page.pdf())
    page.add_style_tag(content=AT_ONCE)
    assert late == pytest.approx(len(page.pdf()), rel=1e-3)


def test_a_wide_formula_is_reached_by_keyboard_once_it_is_near(open_page):
    page = open_page("equations", 390)
    assert page.locator(".math-box[tabindex] .tall").count() == 0
    for box in page.locator(".math-box:has(.tall)").all():
        box.scroll_into_view_if_needed()
        page.wait_for_function(
            "box => box.matches('[tabindex]') === box.scrollWidth > box.clientWidth", arg=box.element_handle()
        )
    assert page.locator(".math-box[tabindex] .tall").count() > 3
