"""Every interactive figure of the built lessons, driven by keyboard and mouse, against numbers computed here."""

import pytest

from tests.book.lesson_01 import explorer_texts as texts_01
from tests.book.lesson_02 import explorer_texts as texts_02
from tests.book.lesson_03 import explorer_texts as texts_03
from tests.book.lesson_04 import explorer_texts as texts_04
from tests.book.lesson_05 import explorer_texts as texts_05
from tests.book.lesson_06 import explorer_texts as texts_06
from tests.book.lesson_09 import explorer_texts as texts_09

# Page, the figure's number on it, and moves: what a slider or a group of buttons is set to, and the text that follows.
FIGURES = [
    (
        "01_gradients",
        0,
        [({"learning_rate": rate}, lambda rate=rate: texts_01.curve(rate)) for rate in (0.05, 0.25, 0.5, 0.6)],
    ),
    (
        "01_gradients",
        1,
        [({"learning_rate": rate}, lambda rate=rate: texts_01.valley(rate)) for rate in (0.02, 0.35, 0.36, 0.37)],
    ),
    (
        "01_gradients",
        2,
        [({"halvings": k}, lambda k=k: texts_01.difference(k)) for k in (2, 17, 26, 44)],
    ),
    (
        "02_chain_rule",
        0,
        [({"step": step}, lambda step=step: texts_02.network_step(step)) for step in (3, 7, 12, 14, 18)],
    ),
    (
        "02_chain_rule",
        1,
        [
            ({"used": used, "b": b}, lambda used=used, b=b: texts_02.fork(used, b))
            for used, b in (("once", -3), ("twice", -3), ("twice", 3), ("once", 2))
        ],
    ),
    (
        "03_derivation",
        0,
        [({"step": step}, lambda step=step: texts_03.derivation(step)) for step in (1, 2, 7, 9, 11, 12)],
    ),
    (
        "04_vectorization",
        0,
        [({"samples": k}, lambda k=k: texts_04.growing_batch(k)) for k in (1, 2, 3, 4)],
    ),
    (
        "05_vanishing_exploding",
        0,
        [
            (
                {"activation": f, "initialisation": variance, "depth": depth},
                lambda state=(f, variance, depth): texts_05.depth(*state),
            )
            for f, variance, depth in (
                ("ReLU", "v = 4/n", 50),
                ("sigmoid", "v = 1/n (Xavier)", 20),
                ("tanh", "v = 2/n (He)", 10),
            )
        ],
    ),
    (
        "06_autograd",
        0,
        [({"line": line}, lambda line=line: texts_06.line(line)) for line in (1, 2, 3, 4)],
    ),
    (
        "06_autograd",
        1,
        [({"step": step}, lambda step=step: texts_06.doubled(step)) for step in (0, 2, 4, 5, 6)],
    ),
    (
        "06_autograd",
        2,
        [({"step": step}, lambda step=step: texts_06.diamond(step)) for step in (3, 6, 8, 14)],
    ),
    (
        "09_digits",
        0,
        [({"epoch": epoch}, lambda epoch=epoch: texts_09.training_replay(epoch)) for epoch in (0, 1, 3, 30)],
    ),
]
EACH = pytest.mark.parametrize(("page", "number", "moves"), FIGURES, ids=[f"{name}-{n}" for name, n, _ in FIGURES])


@pytest.fixture(scope="module")
def visit(browser, base):
    """Return a function that opens a lesson, once; an error in a console fails the last test."""
    pages, errors = {}, []

    def start(name):
        if name not in pages:
            pages[name] = page = browser.new_page(viewport={"width": 1280, "height": 1000})
            page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: errors.append(str(error)))
            page.goto(f"{base}chapters/{name}.html", wait_until="load")
        return pages[name]

    yield start
    for page in pages.values():
        page.close()
    assert errors == []


def figure(page, number):
    """Return a figure, in sight."""
    box = page.locator(".explorer").nth(number)
    box.scroll_into_view_if_needed()
    return box


def says(box):
    return box.locator(".explorer-text").inner_text()


def shown(value):
    """Return a value as it stands beside its control."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"


def slider_and_place(box, name, value):
    """Return a slider, and the place of a value on it; None for buttons."""
    slider = box.get_by_role("slider", name=name.replace("_", " "), exact=True)
    if not slider.count():
        return None
    values = slider.evaluate("slider => JSON.parse(slider.dataset.values)")
    return slider, values.index(shown(value)), len(values) - 1


def move_by_keyboard(box, name, value):
    found = slider_and_place(box, name, value)
    if found is None:
        button = box.get_by_role("radio", name=shown(value), exact=True)
        assert button.count() == 1, f"no control {name!r} with {value!r}: is this the figure's number on its page?"
        button.press("Space")
        return
    slider, place, _ = found
    slider.press("Home")
    for _ in range(place):
        slider.press("ArrowRight")


def move_by_mouse(box, name, value):
    found = slider_and_place(box, name, value)
    if found is None:
        box.get_by_text(shown(value), exact=True).click()
        return
    slider, place, last = found
    area = slider.bounding_box()
    thumb = 16  # its middle goes from half its width to half its width before the end
    x = area["x"] + thumb / 2 + (area["width"] - thumb) * place / last
    box.page.mouse.click(x, area["y"] + area["height"] / 2)


@EACH
@pytest.mark.parametrize("move", [move_by_keyboard, move_by_mouse])
def test_each_figure_says_what_is_computed_here(visit, page, number, moves, move):
    box = figure(visit(page), number)
    assert len(moves) >= 3
    for state, expected in moves:
        for name, value in state.items():
            move(box, name, value)
        assert says(box) == expected()


@EACH
def test_its_drawing_changes_with_its_state(visit, page, number, moves):
    box, drawings = figure(visit(page), number), set()
    for state, _ in moves:
        for name, value in state.items():
            move_by_keyboard(box, name, value)
        drawings.add(box.locator("svg").screenshot())
    assert len(drawings) == len(moves)


def test_no_figure_is_left_out(site):
    pages = {path.stem: path.read_text("utf-8") for path in sorted((site / "chapters").glob("*.html"))}
    counts = {name: text.count('class="explorer-player"') for name, text in pages.items()}
    assert {(name, n) for name, count in counts.items() for n in range(count)} == {(name, n) for name, n, _ in FIGURES}
