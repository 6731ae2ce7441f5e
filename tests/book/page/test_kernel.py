"""A page's kernel under the tests' own Python: what cells show, what is left out, what an error says."""

import subprocess
import sys

import pytest

from backprop_book import session
from backprop_book.page import kernel
from backprop_book.page.kernel import MOST, REST, Kernel, Stream, drawing_modules, draws, only_draws


@pytest.fixture
def shown(monkeypatch):
    """A kernel, with a list of what it shows; the test's own modules are back afterwards."""
    before, marks = sys.modules.copy(), session._session.marks
    for name in (*drawing_modules(), "backprop_book.drawing.style"):
        sys.modules.pop(name, None)
    messages = []
    yield Kernel(lambda how, text: messages.append((how, text)), solved=["9.9"]), messages
    sys.modules.clear()
    sys.modules.update(before)
    session._session.marks = marks


def test_cells_share_names_and_show_the_last_value_alone(shown):
    page, messages = shown
    assert page.run("x = 3\nprint('printed')\nx", "cell 1") is None
    assert page.run("x += 1\nx;", "cell 2") is None
    assert page.run("_, x", "cell 3") is None
    assert page.run("None", "cell 4") is None
    assert messages == [("stdout", "printed\n"), ("text", "3\n"), ("text", "(4, 4)\n")]


def test_an_error_begins_at_the_cell_and_shows_its_line(shown):
    page, _ = shown
    error = page.run("def f():\n    return 1 / 0\n\nf()", "cell 7")
    assert 'File "<cell 7>", line 4, in <module>' in error
    assert "    return 1 / 0" in error
    assert error.endswith("ZeroDivisionError: division by zero\n")
    assert "kernel.py" not in error
    wrong = page.run("x = = 1", "cell 8")
    assert wrong.startswith('  File "<cell 8>", line 1')
    assert "SystemExit" in page.run("raise SystemExit(3)", "cell 9")


def test_what_a_page_cannot_do_is_said(shown):
    page, _ = shown
    assert "RuntimeError: input() has nobody to ask on a page" in page.run("input('name?')", "cell 1")
    assert page.run("import nowhere", "cell 2").endswith(f"{kernel.NOTES[ModuleNotFoundError]}\n")
    assert "no more memory" in page.run("raise MemoryError", "cell 3")


def test_what_is_printed_before_a_value_comes_before_it(shown):
    page, messages = shown
    page.run("import sys\nprint('a')\nsys.stderr.write('b')\nfrom IPython.display import display\ndisplay(5)", "cell 1")
    assert messages == [("stdout", "a\n"), ("stderr", "b"), ("text", "5\n")]


@pytest.mark.parametrize(
    ("code", "alone", "needs"),
    [
        ("drawing.show(f)", True, True),
        ("figures.descent(x)\n", True, True),
        ("f = figures.descent(x)", False, True),
        ("import matplotlib.pyplot as plt", False, True),
        ("from backprop_book.lesson_01 import figures", False, False),
        ("x = 1", False, False),
        ("x = = 1", False, False),
        ("x.drawing.y()", False, False),
    ],
)
def test_which_cells_draw(code, alone, needs):
    assert only_draws(code) == alone
    assert draws(code) == needs
    assert draws(code, shown=False) == (needs and not alone)


def test_a_cell_that_only_draws_is_left_out_where_it_is_not_shown(shown):
    page, messages = shown
    page.run("class drawing:\n    show = print", "cell 1")
    page.run("drawing.show(1)", "cell 2", shown=False)
    page.run("drawing.show(2)", "cell 2")
    assert messages == [("stdout", "2\n")]


def test_pictures_go_inline_in_the_page_s_colours(shown):
    page, messages = shown
    code = "from backprop_book import drawing\nfigure, axes = drawing.subplots()\naxes.plot([1, 2])\n"
    page.run(code + "drawing.show(figure, alt='A line that rises from one to two.')", "cell 1")
    page.run("figure", "cell 2")
    page.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);", "cell 3")
    assert [how for how, _ in messages] == ["svg"] * 3
    first, second, third = (text for _, text in messages)
    assert 'aria-label="A line that rises from one to two."' in first
    assert all("var(--fig-" in text and "<style" not in text for text in (first, second, third))
    assert f'aria-label="{kernel.ALT}"' in second


def test_an_exercise_that_is_solved_is_told_to_the_page(shown):
    page, messages = shown
    page.run('from backprop_book import check_exercise, progress\ncheck_exercise("1.1", "c")\nprogress()', "cell 1")
    assert ("solved", "1.1") in messages
    assert "Lesson 1: 1 of 7 solved" in "".join(text for how, text in messages if how == "stdout")


def test_a_flood_is_cut_and_told_at_once():
    messages = []
    stream = Stream("stdout", lambda how, text: messages.append(text))
    for _ in range(MOST):
        stream.write("word\n")
    assert "".join(messages) == ("word\n" * MOST)[:MOST] + REST
    assert len(messages) < 100


def test_what_checks_and_what_only_computes_loads_no_matplotlib():
    code = (
        "import sys; from backprop_book.page.kernel import Kernel; page = Kernel(print); "
        "error = page.run('from backprop_book import drawing, verify\\nfrom backprop_book.lesson_01 import figures\\n"
        "from backprop_lib import Tensor\\nverify(\"eq-a\", 1.0, 1.0)', 'cell 1'); "
        "assert error is None, error; assert 'matplotlib' not in sys.modules; "
        "page.run('drawing.subplots()', 'cell 2'); assert 'matplotlib' in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
