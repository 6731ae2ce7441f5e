"""The player of interactive figures in a browser: as a notebook viewer shows it, and as a page of the site."""

import functools
import importlib.util
import io
import os

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image
from sphinx.application import Sphinx

from backprop_book.drawing.palette import PALETTE
from backprop_book.page.inline import inline_player
from tests.book.explorer import explorer_demonstrations as demonstrations
from tests.site import site_checks

NAMES = ("descent", "steps", "switch")
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self'"
LINKS = (
    '<link rel="stylesheet" href="../_static/explorer/player.css"><link rel="stylesheet" href="../_static/figures.css">'
    '<script defer src="../_static/explorer/player.js"></script>'
)
# What moves within the text; the theme's header has its own measure.
SHIFTS = """
window.shifts = [];
const within = ({ node }) => node && (node.closest ? node : node.parentElement).closest("article, body > main");
new PerformanceObserver((list) => list.getEntries().forEach((entry) => {
  if (entry.sources.some(within)) window.shifts.push(entry.value);
})).observe({ type: "layout-shift", buffered: true });
"""
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"


@functools.cache
def saved(name):
    """Return the HTML that a notebook keeps."""
    return getattr(demonstrations, name)()._repr_mimebundle_()["text/html"]


def bare(body, head=""):
    """Return a page without the theme."""
    head = f"<meta charset='utf-8'><title>Figures</title><link rel='icon' href='../_static/favicon.svg'>{head}"
    return f"<!doctype html><html lang='en'><head>{head}</head><body><main>{body}</main></body></html>"


def on_page(names=NAMES):
    """Return the figures as the site's hook puts them into a page."""
    return "\n".join(inline_player(saved(name), f"explorer{place}-") for place, name in enumerate(names, start=1))


@pytest.fixture(scope="module")
def pages(site, serve, tmp_path_factory):
    """Serve the pages of these tests beside the site's own static files; return the address."""
    folder = tmp_path_factory.mktemp("explorers")
    for name in ("_static", "searchindex.js"):
        (folder / name).symlink_to(site / name)
    (folder / "chapters").mkdir()
    themed = site_checks.parse(site / "chapters" / "notation.html")
    themed.find("article").h1.insert_after(site_checks.BeautifulSoup(on_page(), "html.parser"))
    theme = str(themed).replace("</head>", LINKS + "</head>")
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">' + LINKS
    written = {
        "notebook": bare("<h1>Notebook</h1>" + "\n".join(map(saved, NAMES))),
        "site": theme,
        "policy": bare("<h1>Policy</h1>" + on_page(), policy),
        "twice": bare("<h1>Twice</h1>" + saved("descent") + saved("descent")),
    }
    for name, text in written.items():
        (folder / "chapters" / f"{name}.html").write_text(text, encoding="utf-8")
    return serve(folder) + "chapters/"


@pytest.fixture
def visit(browser, pages):
    """Return a function that opens a page; an error in its console fails the test."""
    contexts, errors = [], []

    def start(name, width=1280, **options):
        contexts.append(browser.new_context(viewport={"width": width, "height": 1000}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.set_default_timeout(site_checks.PATIENCE)
        page.add_init_script(SHIFTS)
        page.goto(f"{pages}{name}.html", wait_until="load")
        return page

    yield start
    for context in contexts:
        context.close()
    assert errors == []


def figure(page, place):
    return page.locator(".explorer").nth(NAMES.index(place) if isinstance(place, str) else place)


def text(box):
    return box.locator(".explorer-text").inner_text()


BOTH = pytest.mark.parametrize("name", ["notebook", "site"])


# What a reader does, and what the figure says


@BOTH
def test_the_keyboard_reaches_every_state(visit, name):
    box = figure(visit(name), "descent")
    slider = box.get_by_role("slider", name="learning rate", exact=True)
    slider.focus()
    for place, rate in enumerate(demonstrations.RATES):
        assert slider.get_attribute("aria-valuetext") == f"{rate:g}" == box.locator(".explorer-value").inner_text()
        for method in demonstrations.METHODS:
            box.get_by_role("radio", name=method).focus()
            box.page.keyboard.press("Space")
            assert text(box) == demonstrations.descent_text(rate, method)
        slider.focus()
        if place < len(demonstrations.RATES) - 1:
            slider.press("ArrowRight")
    slider.press("Home")
    assert text(box) == demonstrations.descent_text(demonstrations.RATES[0], "momentum")
    slider.press("Enter")  # would send the form, and load the page anew
    assert text(box) == demonstrations.descent_text(demonstrations.RATES[0], "momentum")


@BOTH
def test_tab_and_arrows_go_from_control_to_control(visit, name):
    page = visit(name)
    box = figure(page, "descent")
    box.get_by_role("slider").focus()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert text(box) == demonstrations.descent_text(demonstrations.RATES[-1], "momentum")


@BOTH
def test_the_mouse_moves_everything(visit, name):
    page = visit(name)
    box = figure(page, "descent")
    place = box.get_by_role("slider").bounding_box()
    middle = place["y"] + place["height"] / 2
    for part, rate in [
        (0.5, demonstrations.RATES[2]),
        (0.99, demonstrations.RATES[4]),
        (0.01, demonstrations.RATES[0]),
    ]:
        page.mouse.click(place["x"] + part * place["width"], middle)
        assert text(box) == demonstrations.descent_text(rate)
    box.get_by_text("momentum", exact=True).click()
    assert text(box) == demonstrations.descent_text(demonstrations.RATES[0], "momentum")
    switch = figure(page, "switch")
    for choice, labelled in [("yes", True), ("no", False)]:
        switch.get_by_text(choice, exact=True).click()
        assert text(switch) == demonstrations.switch_text(labelled)


def test_a_finger_moves_everything(visit):
    page = visit("site", 390, has_touch=True)
    box = figure(page, "descent")
    place = box.get_by_role("slider").bounding_box()
    page.touchscreen.tap(place["x"] + 0.99 * place["width"], place["y"] + place["height"] / 2)
    box.get_by_role("radio", name="momentum").tap()
    assert text(box) == demonstrations.descent_text(demonstrations.RATES[-1], "momentum")
    for control in page.locator(".explorer :is(button, label, input[type=range])").all():
        assert control.bounding_box()["height"] >= 44


@BOTH
def test_steps_go_back_and_on_and_stop_at_the_ends(visit, name):
    box = figure(visit(name), "steps")
    assert text(box) == demonstrations.steps_text(1)  # chosen as the first
    for button, step in [("Next", 2), ("Next", 3), ("Next", 4), ("Next", 4), ("Back", 3)]:
        box.get_by_role("button", name=button).press("Enter")
        assert text(box) == demonstrations.steps_text(step)
        assert box.get_by_role("slider").get_attribute("aria-valuetext") == str(step)


def browser_opened_with_a_clock(visit, name, **options):
    page = visit(name, **options)
    page.clock.install()
    page.reload(wait_until="load")
    return page


@BOTH
def test_play_goes_through_all_steps_and_stops(visit, name):
    page = browser_opened_with_a_clock(visit, name)
    box = figure(page, "steps")
    page.clock.run_for(60_000)
    assert text(box) == demonstrations.steps_text(1)  # nothing plays by itself
    live = box.get_by_role("status")
    box.get_by_role("button", name="Play").click()
    seen = []
    for _ in range(3):
        assert live.get_attribute("aria-live") == "off"
        page.clock.run_for(1_500)
        seen.append(text(box))
    assert seen == [demonstrations.steps_text(step) for step in (2, 3, 4)]
    assert live.get_attribute("aria-live") == "polite"  # the last text is read aloud
    box.get_by_role("button", name="Play").click()  # from the start again
    assert text(box) == demonstrations.steps_text(0)
    box.get_by_role("button", name="Pause").click()
    page.clock.run_for(60_000)
    assert text(box) == demonstrations.steps_text(0)


def test_a_hand_on_the_slider_stops_the_playing(visit):
    page = browser_opened_with_a_clock(visit, "site")
    box = figure(page, "steps")
    box.get_by_role("button", name="Play").click()
    box.get_by_role("slider").press("Home")
    page.clock.run_for(60_000)
    assert text(box) == demonstrations.steps_text(0)
    assert box.get_by_role("button", name="Play").is_visible()


@BOTH
def test_reduced_motion_leaves_single_steps(visit, name):
    page = browser_opened_with_a_clock(visit, name, reduced_motion="reduce")
    box = figure(page, "steps")
    assert box.get_by_role("button").all_inner_texts() == ["Back", "Next"]
    box.locator(".explorer-play").evaluate("button => button.click()")
    page.clock.run_for(60_000)
    assert text(box) == demonstrations.steps_text(1)
    box.get_by_role("button", name="Next").click()
    assert text(box) == demonstrations.steps_text(2)


def test_playing_stops_when_the_reader_asks_for_less_motion(visit):
    page = browser_opened_with_a_clock(visit, "site")
    box = figure(page, "steps")
    box.get_by_role("button", name="Play").click()
    page.emulate_media(reduced_motion="reduce")
    page.clock.run_for(60_000)
    assert text(box) == demonstrations.steps_text(1)


@BOTH
def test_figures_of_one_page_do_not_disturb_each_other(visit, name):
    page = visit(name)
    figure(page, "descent").get_by_role("slider").press("End")
    figure(page, "switch").get_by_role("radio", name="yes").check()
    assert text(figure(page, "descent")) == demonstrations.descent_text(demonstrations.RATES[-1])
    assert text(figure(page, "steps")) == demonstrations.steps_text(1)
    assert text(figure(page, "switch")) == demonstrations.switch_text(True)


def test_the_same_figure_twice_is_two(visit):
    page = visit("twice")
    figure(page, 1).get_by_role("radio", name="momentum").check()
    figure(page, 1).get_by_role("slider").press("End")
    assert text(figure(page, 0)) == demonstrations.descent_text(demonstrations.RATES[0])
    assert text(figure(page, 1)) == demonstrations.descent_text(demonstrations.RATES[-1], "momentum")
    assert figure(page, 0).get_by_role("radio", name="plain").is_checked()


# What is to be seen


def photograph(page, svg):
    """Return the pixels of a drawing by itself."""
    empty = page.context.new_page()
    empty.set_content(f"<body style='margin: 0'>{svg}</body>")
    data = empty.locator("svg").screenshot()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), dtype=float)


def differing(one, other):
    """Return how many pixels of two photographs differ to the eye."""
    return int((np.abs(one - other).max(axis=-1) > 8).sum())


@functools.cache
def drawn(step):
    """Return the SVG of one step as Matplotlib writes it."""
    figure, buffer = Figure(figsize=(6.4, 3.6), layout="constrained"), io.BytesIO()
    demonstrations.draw_steps(figure, step)
    figure.savefig(buffer, format="svg")
    return "<svg" + buffer.getvalue().decode().partition("<svg")[2]


@pytest.mark.parametrize("step", range(5))
def test_each_state_looks_as_matplotlib_drew_it(visit, step):
    page = visit("notebook")
    box = figure(page, "steps")
    for _ in range(5):
        box.get_by_role("button", name="Back").click()
    for _ in range(step):
        box.get_by_role("button", name="Next").click()
    mine = photograph(page, box.locator("svg").evaluate("svg => svg.outerHTML"))
    alone, another = photograph(page, drawn(step)), photograph(page, drawn((step + 1) % 5))
    # Coordinates are rounded to hundredths of a point, so a letter's edge may fall into another quarter of a pixel.
    assert differing(mine, alone) < 100 < 200 < differing(another, alone)


@pytest.mark.parametrize("name", ["notebook", "site", "policy"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_on_the_page_moves(visit, name, width):
    page = visit(name, width)
    tops = "() => [...document.querySelectorAll('.explorer')].map(box => box.getBoundingClientRect().height)"
    heights = page.evaluate(tops)
    for box in page.locator(".explorer").all():
        for slider in box.get_by_role("slider").all():
            slider.press("Home")
            for _ in range(5):
                slider.press("ArrowRight")
                assert page.evaluate(tops) == heights
        for radio in box.get_by_role("radio").all():
            radio.check()
            assert page.evaluate(tops) == heights
    page.evaluate(TWO_FRAMES)
    shifts = page.evaluate("window.shifts")
    # In a notebook the player takes the picture's place; on a page nothing may move at all.
    assert sum(shifts) <= (0.0 if name != "notebook" else 0.1), shifts


def test_a_layout_shift_would_be_seen(visit):
    page = visit("site")
    page.locator(".explorer").first.evaluate("box => { box.style.paddingTop = '200px'; }")
    page.evaluate(TWO_FRAMES)
    assert sum(page.evaluate("window.shifts")) > 0


def test_the_text_keeps_the_height_of_the_longest(visit):
    page = visit("site", 390)
    box = figure(page, "steps")
    own = "span => { const range = new Range(); range.selectNodeContents(span);"
    own += " return range.getBoundingClientRect().height; }"
    short = box.locator(".explorer-text > span").evaluate(own)
    box.get_by_role("button", name="Next").click()
    long = box.locator(".explorer-text > span").evaluate(own)
    assert long > 2 * short
    assert box.locator(".explorer-text").bounding_box()["height"] >= long


def test_nothing_reaches_out_of_a_narrow_window(visit):
    for name in ("site", "notebook"):
        page = visit(name, 390)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert page.evaluate(site_checks.REACHING_OUT) == []


def test_colours_follow_light_and_dark(visit):
    page = visit("site")
    line = figure(page, "descent").locator("svg [style*='--fig-gradient']").first
    colours = {}
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        colours[theme] = line.evaluate("line => getComputedStyle(line).stroke")
    wanted = [f"rgb({', '.join(str(int(c[i : i + 2], 16)) for i in (1, 3, 5))})" for c in PALETTE["gradient"]]
    assert [colours["light"], colours["dark"]] == wanted


# What remains where less is possible


def test_without_javascript_the_page_shows_the_first_frame_and_its_text(visit):
    page = visit("site", java_script_enabled=False)
    box = figure(page, "steps")
    assert text(box) == demonstrations.steps_text(1)
    visible = [label for label in box.locator("svg text").all() if label.is_visible()]
    assert [label.text_content() for label in visible if label.text_content().startswith("v")] == ["v0", "v1"]
    assert box.locator("form").bounding_box() is None


def test_without_javascript_a_notebook_shows_the_picture_and_its_text(visit):
    page = visit("notebook", java_script_enabled=False)
    box = figure(page, "steps")
    assert box.locator("img").is_visible()
    assert box.inner_text().strip() == demonstrations.steps_text(1)


@BOTH
def test_print_shows_the_first_frame_without_controls(visit, name):
    page = visit(name)
    box = figure(page, "steps")
    box.get_by_role("button", name="Next").click()
    page.evaluate(
        "() => addEventListener('beforeprint', () => { window.printed = "
        "[...document.querySelectorAll('.explorer-text')].map(text => text.innerText); })"
    )
    page.pdf()
    assert page.evaluate("window.printed[1]") == demonstrations.steps_text(1)
    assert text(box) == demonstrations.steps_text(2)
    page.emulate_media(media="print")
    assert box.locator("form").is_hidden()


def test_a_policy_without_inline_scripts_is_enough(visit):
    box = figure(visit("policy"), "descent")
    box.get_by_role("slider").press("End")
    assert text(box) == demonstrations.descent_text(demonstrations.RATES[-1])


def test_a_policy_would_stop_an_inline_script(browser, pages):
    page, errors = browser.new_page(), []
    page.on("console", lambda message: errors.append(message.text))
    page.goto(f"{pages}policy.html")
    page.evaluate("() => { document.body.append(Object.assign(document.createElement('script'), {text: 'x = 1'})); }")
    page.close()
    assert any("Content Security Policy" in error for error in errors)


# Accessibility


@pytest.fixture(scope="module")
def axe():
    """The audit of axe-core, from the package that carries its script."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        reason = "axe-playwright-python is not installed"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)
    from axe_playwright_python.sync_playwright import Axe

    return Axe()


def violations(axe, page):
    # All its rules, best practices too; what it would fetch, to read style sheets again, is not the page's own.
    found = axe.run(page, context=".explorer", options={"preload": False}).response
    assert len(found["passes"]) >= 5
    return [(rule["id"], node["html"][:120]) for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@BOTH
def test_axe_finds_nothing(axe, visit, name, theme):
    page = visit(name, color_scheme=theme)
    page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
    assert violations(axe, page) == []
    figure(page, "descent").get_by_role("slider").press("End")
    assert violations(axe, page) == []


def test_axe_would_find_a_slider_without_a_name(axe, visit):
    page = visit("site")
    page.locator(".explorer-label").first.evaluate("label => label.remove()")
    page.locator(".explorer-value").first.evaluate("value => value.remove()")
    assert "label" in {rule for rule, _ in violations(axe, page)}


@BOTH
def test_a_screen_reader_hears_names_values_and_texts(visit, name):
    box = figure(visit(name), "descent")
    box.get_by_role("slider").press("ArrowRight")
    heard = box.aria_snapshot()
    assert f'- img "{demonstrations.ALT}"' in heard
    assert '- slider "learning rate"' in heard
    assert '- group "method"' in heard
    assert '- radio "plain" [checked]' in heard
    assert f"- status: {demonstrations.descent_text(demonstrations.RATES[1])}" in heard


# The site's hook


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build a small book: a page with two figures that are the same, and a page without."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("out")
    (source / "descent.html").write_text(saved("descent"), encoding="utf-8")
    raw = ".. raw:: html\n   :file: descent.html\n\n"
    (source / "index.rst").write_text(f"Figures\n=======\n\n{raw}And once more.\n\n{raw}\n.. toctree::\n\n   plain\n")
    (source / "plain.rst").write_text("None\n====\n\n.. raw:: html\n\n   <p class='explorer'>Other HTML.</p>\n")
    (source / "conf.py").write_text(
        "extensions = ['website.pictures.figures', 'website.pictures.explorer']\nhtml_theme = 'basic'\n"
    )
    warnings = io.StringIO()
    Sphinx(source, source, out, out / "doctrees", "html", status=None, warning=warnings).build()
    assert warnings.getvalue() == ""
    return out


def test_the_site_takes_script_and_style_from_files(built):
    soup = site_checks.parse(built / "index.html")
    assert len(soup.select(".explorer > .explorer-player svg.figure-svg")) == 2
    assert soup.select("main style, .explorer script, .explorer style, .explorer img") == []
    (script,) = soup.select("script[src*='explorer/player.js']")
    assert script.has_attr("defer")
    assert len(soup.select("link[href*='explorer/player.css']")) == 1
    for name in ("player.js", "player.css"):
        assert (built / "_static" / "explorer" / name).is_file()
    assert site_checks.duplicate_ids(soup) == []
    assert site_checks.without_alt_text(soup) == []


def test_a_page_without_a_figure_stays_as_it_is(built):
    text = (built / "plain.html").read_text("utf-8")
    assert "player." not in text
    assert "Other HTML." in text
