"""A drawing that is not laid out while it is far from the window keeps its place, and can be spoken and printed."""

import lesson_checks as lc
import pytest

BOXES = """() => [...document.querySelectorAll("svg.figure-svg")].map((element) => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return [x, y, width, height];
})"""
AT_ONCE = "svg.figure-svg { content-visibility: visible !important }"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("lesson", lc.LESSONS, ids=lambda path: path.stem)
def test_drawings_have_their_size_before_they_are_laid_out(lesson, width, base, browser):
    page = browser.new_page(viewport={"width": width, "height": 800}, bypass_csp=True)
    page.goto(f"{base}chapters/{lesson.stem}.html", wait_until="load")
    late = page.evaluate(BOXES)
    page.add_style_tag(content="svg.figure-svg { aspect-ratio: auto !important }" + AT_ONCE)
    at_once = page.evaluate(BOXES)
    moved = [(a, b) for a, b in zip(late, at_once, strict=True) if a != pytest.approx(b, abs=0.5)]
    assert moved == []
    page.close()


def test_what_is_far_from_the_window_is_spoken_and_printed(base, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 800}, bypass_csp=True)
    page.goto(f"{base}chapters/01_gradients.html", wait_until="load")
    drawings = page.locator("svg.figure-svg")
    assert drawings.last.evaluate("svg => !svg.firstElementChild.checkVisibility({ contentVisibilityAuto: true })")
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    names = [node["name"]["value"] for node in tree if node["role"]["value"] == "image" and not node["ignored"]]
    assert set(drawings.evaluate_all("svgs => svgs.map(svg => svg.ariaLabel)")) <= set(names)
    assert sum(node["role"]["value"] == "MathMLMath" for node in tree) == page.locator("article math:visible").count()
    late = len(page.pdf())
    page.add_style_tag(content=AT_ONCE)
    assert late == pytest.approx(len(page.pdf()), rel=1e-3)
    page.close()
