"""Every interactive figure of the site, moved by keyboard and by mouse: what it says then, computed once more."""

import functools
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import site_checks

sys.path.append(str(Path(__file__).parents[1] / "library"))

import interactive_texts_05_06 as lessons_5_and_6


@dataclass(frozen=True)
class Row:
    """A figure by its page and its place there, and its states: values by control, and what must be said then."""

    page: str
    place: int
    states: list


def states(text, *names, values):
    """States by their values, in the order of the controls' names and of the text function's arguments."""
    return [(dict(zip(names, state, strict=True)), functools.partial(text, *state)) for state in values]


LESSON_5, LESSON_6 = "chapters/05_vanishing_exploding.html", "chapters/06_autograd.html"
ROWS = [
    Row(
        LESSON_5,
        0,
        states(
            lessons_5_and_6.depth,
            "activation",
            "initialisation",
            "depth",
            values=[("ReLU", "v = 4/n", 50), ("sigmoid", "v = 1/n (Xavier)", 20), ("tanh", "v = 2/n (He)", 10)],
        ),
    ),
    Row(LESSON_6, 0, states(lessons_5_and_6.line, "line", values=[(1,), (2,), (3,), (4,)])),
    Row(LESSON_6, 1, states(lessons_5_and_6.doubled, "step", values=[(0,), (2,), (4,), (5,), (6,)])),
    Row(LESSON_6, 2, states(lessons_5_and_6.diamond, "step", values=[(3,), (6,), (8,), (14,)])),
]
NAMES = [f"{Path(row.page).stem}-{row.place}" for row in ROWS]


@pytest.fixture
def figure(browser, base):
    """Return a function that opens a figure; an error in the page's console fails the test."""
    pages, errors = [], []

    def start(row):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        pages.append(page)
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(10_000)
        page.goto(base + row.page, wait_until="networkidle")
        box = page.locator(".explorer").nth(row.place)
        box.scroll_into_view_if_needed()
        return box

    yield start
    for page in pages:
        page.close()
    assert errors == []


def place_of(slider, value):
    """How many values a slider has before this one, and how many before its last."""
    values = json.loads(slider.get_attribute("data-values"))
    return values.index(f"{value:g}"), len(values) - 1


def press(box, control, value):
    """Set a control by the keyboard."""
    if isinstance(value, str):
        box.get_by_role("radio", name=value, exact=True).focus()
        box.page.keyboard.press("Space")
        return
    slider = box.get_by_role("slider", name=control, exact=True)
    slider.focus()
    slider.press("Home")
    for _ in range(place_of(slider, value)[0]):
        slider.press("ArrowRight")


def click(box, control, value):
    """Set a control by the mouse."""
    if isinstance(value, str):
        box.get_by_role("group", name=control, exact=True).get_by_text(value, exact=True).click()
        return
    slider = box.get_by_role("slider", name=control, exact=True)
    place, last = place_of(slider, value)
    area, thumb = slider.bounding_box(), 16  # the middle of the thumb does not reach the slider's ends
    x = area["x"] + thumb / 2 + (area["width"] - thumb) * place / last
    box.page.mouse.click(x, area["y"] + area["height"] / 2)


@pytest.mark.parametrize("move", [press, click], ids=["keyboard", "mouse"])
@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_a_moved_figure_says_what_there_is_to_see(figure, row, move):
    box = figure(row)
    assert len(row.states) >= 3
    for values, text in [*row.states, row.states[0]]:  # the first one again: the others leave nothing behind
        for control, value in values.items():
            move(box, control, value)
        assert box.locator(".explorer-text").inner_text() == text()


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_each_state_is_another_picture(figure, row):
    box, pictures = figure(row), []
    for values, _ in row.states:
        for control, value in values.items():
            press(box, control, value)
        pictures.append(box.locator("svg").first.screenshot())
    assert len(set(pictures)) == len(row.states)


def test_every_figure_of_the_site_is_moved(site):
    expected = {(row.page, row.place) for row in ROWS}
    assert len(expected) == len(ROWS)
    found = {
        (path, place)
        for path in site_checks.html_files(site)
        for place, _ in enumerate(site_checks.parse(site / path).select(".explorer"))
    }
    assert found == expected
