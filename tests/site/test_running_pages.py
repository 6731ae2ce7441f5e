"""Lessons that run in a browser, as the site is built and under its policy: cells, exercises, and bad weather."""

import importlib
import json
import re
import time

import pytest

from backprop_book import EXERCISES
from backprop_book.exercises.functions import Function
from tests.site import site_checks

LESSONS = sorted(path.stem for path in (site_checks.ROOT / "chapters").glob("*.ipynb"))
WITH_EXERCISES = [name for name in LESSONS if str(int(name[:2])) in EXERCISES.lessons]
PATIENCE = site_checks.PATIENCE
STOP = 500  # milliseconds, of which the browser's own share is a few


class Lesson:
    """A lesson's page in a browser."""

    def __init__(self, context, base, name):
        self.page, self.visit = site_checks.open_page(context, base)
        self.page.set_default_timeout(PATIENCE)
        self.base, self.name = base, name
        self.page.goto(f"{base}chapters/{name}.html", wait_until="networkidle")
        self.page.wait_for_selector(".run-bar", state="attached")

    def cell(self, text):
        """The first cell whose code contains a text."""
        found = self.page.locator("div.cell", has=self.page.locator(".cell_input", has_text=text)).first
        return self.page.locator(f"#{found.get_attribute('id')}")

    def press(self, cell, label="Run"):
        """Press one of a cell's buttons, and wait until Python is at rest."""
        self.click(cell, label)
        self.rest()

    def click(self, cell, label):
        if cell.locator("details:not([open]) > .cell_input").count():
            cell.locator("summary").first.click()
        cell.locator(".run-bar .run-button", has_text=label).click()

    def rest(self):
        self.page.wait_for_selector("body:not(.run-busy)")
        self.page.wait_for_selector(".run-status", state="hidden")

    def write(self, cell, text):
        """Replace a cell's code, as a reader does; return when the editor has taken it."""
        field = cell.locator(".run-code")
        if field.is_visible():
            field.click()
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.insert_text("#")
            cell.locator(".run-editor .cm-content").wait_for()
        cell.locator(".run-editor .cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def output(self, cell):
        return cell.locator(".cell_output").inner_text().strip()

    def spoken(self):
        return self.page.locator("p.visually-hidden[role=status]").inner_text()


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture
def alone(browser):
    """A context without a service worker, whose requests can be answered otherwise."""
    context = browser.new_context(service_workers="block")
    yield context
    context.close()


def answers_of(lesson):
    return importlib.import_module(f"tests.book.lesson_{lesson[:2]}.exercise_answers")


def exercises_of(lesson):
    """One whose answer can be typed, with a right one and a wrong one, and one that asks for a function."""
    exercises = EXERCISES.lessons[str(int(lesson[:2]))]
    solutions = answers_of(lesson).SOLUTIONS
    typed = next(one for one in exercises if isinstance(solutions[one.number], str | int | float | list | tuple))
    function = next((one for one in exercises if isinstance(one.checker, Function)), None)
    return typed.number, solutions[typed.number], function and function.number


@pytest.mark.parametrize("name", LESSONS)
def test_a_cell_with_text_and_one_with_a_picture(context, base, name):
    lesson = Lesson(context, base, name)
    asked = len(lesson.visit.requests)
    assert not [url for url in lesson.visit.requests if "/python/" in url]
    cell = lesson.cell("verify(")
    expected = lesson.output(cell)
    lesson.press(cell)
    assert lesson.output(cell) == expected  # with the equation's number
    assert re.match(r"✓ eq-\S+ \(\d+\.\d+\) agrees to", lesson.output(cell))
    assert cell.locator(".run-output").count() == 1
    picture = lesson.cell("drawing.show(")
    label = picture.locator("svg.figure-svg").first.get_attribute("aria-label")
    lesson.press(picture)
    drawn = picture.locator(".run-output svg.figure-svg").first
    assert drawn.get_attribute("aria-label") == label
    assert "var(--fig-" in drawn.inner_html()
    assert site_checks.duplicate_ids(site_checks.BeautifulSoup(lesson.page.content(), "html.parser")) == []
    assert len(lesson.visit.requests) > asked
    assert lesson.visit.foreign(base) == []
    assert lesson.visit.errors == []
    assert lesson.visit.failed == []


@pytest.mark.parametrize("name", WITH_EXERCISES)
def test_an_exercise_wrong_right_and_endless(context, base, name):
    number, right, function = exercises_of(name)
    lesson = Lesson(context, base, name)
    cell = lesson.cell(f'check_exercise("{number}"')
    lesson.press(cell, "Check")
    assert lesson.output(cell) == f"· Exercise {number}: not tried yet"
    lesson.write(cell, f'check_exercise("{number}", "no answer at all")')
    lesson.press(cell, "Check")
    wrong = EXERCISES[number].judge("no answer at all").line(number)
    assert lesson.output(cell) == wrong
    assert lesson.spoken() == wrong
    lesson.write(cell, f'check_exercise("{number}", {right!r})')
    lesson.press(cell, "Check")
    assert lesson.output(cell) == f"✓ Exercise {number}: right"
    assert lesson.page.locator(f"#exercise-{number.replace('.', '-')} .run-solved").inner_text() == "✓ solved"
    count = f"1/{len(EXERCISES.lessons[number.split('.')[0]])}"
    assert lesson.page.locator(".bd-sidenav .current .run-count").inner_text() == count
    if function:
        cell = lesson.cell(f'check_exercise("{function}"')
        lesson.write(cell, f'def endless(*a, **k):\n    while True: pass\ncheck_exercise("{function}", endless)')
        lesson.press(cell, "Check")
        assert "is there a loop that never ends?" in lesson.output(cell)
    lesson.page.reload(wait_until="networkidle")
    assert lesson.page.locator(".run-solved").count() == 1
    assert repr(right) in lesson.cell(f'check_exercise("{number}"').locator(".run-code").inner_text()


def test_stop_reset_and_a_failure_above(context, base):
    lesson = Lesson(context, base, "03_derivation")
    cells = [lesson.page.locator("div.cell").nth(place) for place in (1, 2)]
    lesson.write(cells[0], "1 / 0")
    lesson.press(cells[1])
    assert "cell 2 above it failed" in lesson.output(cells[1])
    assert "agrees to" not in lesson.output(cells[1])
    assert lesson.page.locator(".run-note a").get_attribute("href") == f"#{cells[0].get_attribute('id')}"
    assert "ZeroDivisionError: division by zero" in lesson.output(cells[0])
    assert 'File "<cell 2>", line 1' in lesson.output(cells[0])
    lesson.click(cells[0], "Reset")
    assert "x = np.array([1.0, 2.0])" in cells[0].locator(".run-code").inner_text()
    lesson.press(cells[1])
    lesson.write(cells[1], "while True: print('on and on')")
    lesson.click(cells[1], "Run")
    cells[1].locator(".run-output", has_text="on and on").wait_for()
    began = time.monotonic()
    lesson.click(cells[1], "Stop")
    lesson.page.wait_for_selector("body:not(.run-busy)")
    assert "Stopped. The variables of this page are gone" in lesson.output(cells[1])
    assert 1000 * (time.monotonic() - began) < PATIENCE
    lesson.click(cells[1], "Reset")
    lesson.press(cells[1])
    assert "✓ eq-forward-z1" in lesson.output(cells[1])
    assert lesson.visit.errors == []


def test_hints_one_more_with_each_press(context, base):
    lesson = Lesson(context, base, "01_gradients")
    cell = lesson.cell('check_exercise("1.1"')
    for count in (1, 2, 3):
        lesson.press(cell, "Hint")
        hints = cell.locator(".run-hints p").all_inner_texts()
        assert [hint.split(":")[0] for hint in hints] == [
            f"Hint {place} of 3 for exercise 1.1" for place in range(1, count + 1)
        ]
        assert lesson.spoken() == hints[-1]


def test_the_keyboard_gets_in_and_out(context, base):
    lesson = Lesson(context, base, "03_derivation")
    cell = lesson.page.locator("div.cell").nth(1)
    cell.locator(".run-code").focus()
    lesson.page.keyboard.press("Shift+Enter")
    lesson.rest()
    cell.locator(".run-code").focus()
    lesson.page.keyboard.insert_text("#")
    cell.locator(".cm-content").wait_for()
    lesson.page.keyboard.press("Tab")
    assert cell.locator(".cm-content").evaluate("node => node.getRootNode().activeElement === node")
    lesson.page.keyboard.press("Escape")
    lesson.page.keyboard.press("Tab")
    assert lesson.page.locator("button:focus").count() == 1


def test_without_the_server_a_page_that_was_run_runs_again(browser, site, serve, tmp_path):
    context = browser.new_context()
    base = serve(site)
    lesson = Lesson(context, base, "03_derivation")
    picture = lesson.cell("drawing.show(")
    lesson.press(picture)
    version = lesson.page.locator("script[data-python]").get_attribute("data-python").split("/")[1]
    kept = "name => caches.open(name).then((cache) => cache.keys()).then((keys) => keys.length)"
    for _ in range(600):
        if lesson.page.evaluate(kept, f"backpropagation-you-can-run / {version}") > 40:
            break
        lesson.page.wait_for_timeout(100)
    serve.stop(base)
    lesson.page.reload()
    picture = lesson.cell("drawing.show(")
    lesson.press(picture)
    assert picture.locator(".run-output svg.figure-svg").count() == 1
    context.close()


WEATHER = {
    "breaks off": (lambda route: route.abort("connectionreset"), "**/python_stdlib.zip", "the connection broke off"),
    "damaged": (lambda route: route.fulfill(body=b"PK damaged"), "**/numpy*.whl", "its checksum is not the book's"),
    "missing": (lambda route: route.fulfill(status=404), "**/manifest.json", "make zip has Python only with PYTHON=1"),
    "no worker": (lambda route: route.fulfill(status=404), "**/worker.js", "make zip has Python only with PYTHON=1"),
}


@pytest.mark.parametrize("kind", WEATHER)
def test_bad_weather_is_told_and_passes(alone, base, kind):
    answer, address, sentence = WEATHER[kind]
    lesson = Lesson(alone, base, "03_derivation")
    alone.route(address, answer)
    cell = lesson.cell("verify(")
    lesson.press(cell)
    assert sentence in lesson.output(cell)
    assert sentence in lesson.spoken()
    alone.unroute(address)
    lesson.press(cell)
    assert "agrees to" in lesson.output(cell)


MISSING = {
    "WebAssembly": ("self.WebAssembly = undefined;", "This browser has no WebAssembly"),
    "policy": (
        "WebAssembly.instantiate = WebAssembly.instantiateStreaming = WebAssembly.compile = () => "
        "Promise.reject(new WebAssembly.CompileError('Wasm code generation disallowed by embedder'));",
        "security policy forbids WebAssembly",
    ),
    "memory": (
        "WebAssembly.instantiate = WebAssembly.instantiateStreaming = () => "
        "Promise.reject(new RangeError('WebAssembly.Memory(): could not allocate memory: out of memory'));",
        "Python ran out of memory",
    ),
}


@pytest.mark.parametrize("kind", MISSING)
def test_what_a_browser_lacks_is_told(alone, base, kind):
    before, sentence = MISSING[kind]
    lesson = Lesson(alone, base, "03_derivation")

    def changed(route):
        reply = route.fetch()
        route.fulfill(response=reply, body=before + reply.text())

    alone.route("**/worker.js", changed)
    cell = lesson.cell("verify(")
    lesson.press(cell)
    assert sentence in lesson.output(cell)


def test_a_browser_without_workers_and_one_without_storage(alone, base):
    alone.add_init_script(
        "delete window.Worker; Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } });"
    )
    page, _ = site_checks.open_page(alone, base)
    page.goto(f"{base}chapters/03_derivation.html")
    cell = page.locator("div.cell").nth(1)
    cell.locator(".run-button", has_text="Run").click()
    assert "This browser has no workers" in cell.locator(".cell_output").inner_text()
    cell.locator(".run-code").click()
    page.keyboard.insert_text("#")
    page.locator(".run-status", has_text="This browser keeps nothing for this page").wait_for()


def test_full_storage_is_told(alone, base):
    alone.add_init_script(
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };"
    )
    lesson = Lesson(alone, base, "03_derivation")
    lesson.page.locator("div.cell .run-code").first.click()
    lesson.page.keyboard.insert_text("#")
    lesson.page.locator(".run-status", has_text="This browser's storage is full").wait_for()


def test_two_tabs_show_the_same_marks_and_texts(context, base):
    number, right, _ = exercises_of("03_derivation")
    one, other = (Lesson(context, base, "03_derivation") for _ in range(2))
    cell = one.cell(f'check_exercise("{number}"')
    one.write(cell, f'check_exercise("{number}", {right!r})')
    one.press(cell, "Check")
    other.page.locator(".run-solved").wait_for()
    assert repr(right) in other.cell(f'check_exercise("{number}"').locator(".run-code").inner_text()


def test_answers_go_out_as_a_notebook_come_back_and_are_removed(context, base, tmp_path):
    number, right, _ = exercises_of("03_derivation")
    lesson = Lesson(context, base, "03_derivation")
    cell = lesson.cell(f'check_exercise("{number}"')
    text = f'check_exercise("{number}", {right!r})'
    lesson.write(cell, text)
    lesson.press(cell, "Check")
    menu = lesson.page.locator(".run-menu summary")
    menu.click()
    with lesson.page.expect_download() as download:
        lesson.page.get_by_role("button", name="Export as a notebook").click()
    download.value.save_as(tmp_path / "mine.ipynb")
    notebook = json.loads((tmp_path / "mine.ipynb").read_text(encoding="utf-8"))
    assert [one["source"] for one in notebook["cells"]].count(text) == 1
    assert notebook["metadata"]["backpropagation_you_can_run"] == {"solved": [number]}
    lesson.page.on("dialog", lambda dialog: dialog.accept())
    menu.click()
    lesson.page.get_by_role("button", name="Remove answers and marks").click()
    assert lesson.page.locator(".run-solved").count() == 0
    assert repr(right) not in cell.locator(".run-code").inner_text()
    for file, said in ((tmp_path / "mine.ipynb", "1 cell taken"), (tmp_path / "other.ipynb", "not a notebook of this")):
        if not file.exists():
            file.write_text('{"cells": []}', encoding="utf-8")
        lesson.page.locator("input[type=file]").set_input_files(file)
        lesson.page.locator(".run-status", has_text=said).wait_for()
    assert cell.locator(".run-code").inner_text().strip() == text
    assert lesson.page.locator(".run-solved").count() == 1


def test_run_all_runs_all(context, base):
    lesson = Lesson(context, base, "00_primer")
    lesson.page.locator(".run-lesson .run-button", has_text="Run all").click()
    lesson.rest()
    printed = json.loads((site_checks.ROOT / "chapters/00_primer.ipynb").read_text(encoding="utf-8"))
    code = [cell for cell in printed["cells"] if cell["cell_type"] == "code"][1:]
    shown = lesson.page.locator("div.cell")
    assert shown.count() == len(code)
    for place, cell in enumerate(code):
        text = "".join("".join(one.get("text", "")) for one in cell["outputs"]).strip()
        if text and "✓ eq-" not in text:
            assert shown.nth(place).locator(".run-output").text_content().strip() == text
    assert lesson.page.locator(".run-output .figure-svg").count() == 3


def test_run_all_ends_at_the_first_failure_and_shows_it(context, base):
    lesson = Lesson(context, base, "00_primer")
    cell = lesson.page.locator("#cell-4")
    last = lesson.page.locator("div.cell").last.inner_text()
    lesson.write(cell, "1 / 0")
    lesson.page.locator(".run-lesson .run-button", has_text="Run all").click()
    lesson.rest()
    assert "ZeroDivisionError" in lesson.output(cell)
    assert "ZeroDivisionError" in lesson.spoken()
    assert lesson.page.locator("#cell-5 .run-output").count() == 0
    assert lesson.page.locator("div.cell").last.inner_text() == last


def test_a_page_in_use_has_no_barrier(context, base):
    from axe_playwright_python.sync_playwright import Axe

    lesson = Lesson(context, base, "03_derivation")
    lesson.press(lesson.cell("drawing.show("))
    cell = lesson.page.locator("div.cell").nth(1)
    lesson.write(cell, "1 / 0")
    lesson.press(cell)
    lesson.page.locator(".run-menu summary").click()
    found = Axe().run(lesson.page)
    assert [violation["id"] for violation in found.response["violations"]] == []


def test_from_a_folder_one_sentence_and_no_button(context, site):
    page = context.new_page()
    page.goto((site / "chapters/03_derivation.html").as_uri())
    assert "python -m http.server" in page.locator(".run-lesson").inner_text()
    assert page.locator(".run-button").count() == 0
