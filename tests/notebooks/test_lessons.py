"""Every lesson: equations numbered and verified, sides independent, checks able to fail, form canonical."""

import re

import pytest

from backprop_book import verification
from backprop_book.verification import verify
from tests.notebooks import lesson_checks as lc

lessons = pytest.mark.parametrize("path", lc.LESSONS, ids=lambda path: path.stem)


def test_there_are_lessons():
    assert len(lc.LESSONS) >= 2


@lessons
def test_every_displayed_equation_is_numbered_and_verified(path):
    notebook = lc.read(path)
    assert lc.displayed_equations(lc.prose_of(notebook))
    assert lc.coverage_faults(lc.prose_of(notebook), lc.code_of(notebook)) == []


@pytest.mark.parametrize("page", lc.PAGES, ids=lambda page: page.stem)
def test_pages_without_cells_number_no_equation(page):
    labels = lc.displayed_equations(page.read_text(encoding="utf-8"))
    assert [label for label in labels if label is not None] == []


@lessons
def test_the_two_sides_of_every_check_are_independent(path):
    assert lc.independence_faults(lc.code_of(lc.read(path))) == []


@lessons
def test_notebook_is_executed_and_in_canonical_form(path):
    assert lc.form_faults(path) == []


def test_docstrings_name_equations_that_exist():
    displayed = {label for path in lc.LESSONS for label in lc.displayed_equations(lc.prose_of(lc.read(path)))}
    sources = (lc.ROOT / "backprop_lib").rglob("*.py")
    named = {label for source in sources for label in re.findall(r"\beq-[a-z0-9-]*[a-z0-9]", source.read_text("utf-8"))}
    assert named
    assert named <= displayed


# The checks above can fail.


@pytest.mark.parametrize("text", ["$$a$$ (eq-x)", "```{math}\n:label: eq-x\na\n```", "> $$a$$ (eq-x)"])
def test_labels_are_found_in_every_form(text):
    assert lc.displayed_equations(f"{text}\n") == ["eq-x"]
    assert lc.displayed_equations(f"````{{note}}\n{text}\n````") == ["eq-x"]


PROSE = "$$\na = b\n$$ (eq-one)\n\ntext\n\n$$c = d$$ (eq-two)"


@pytest.mark.parametrize(
    ("prose", "cell", "fault"),
    [
        (PROSE, "verify('eq-one', a, b)", "eq-two: displayed, never verified"),
        (
            PROSE,
            "verify('eq-one', a, b); verify('eq-two', a, b); verify('eq-three', a, b)",
            "eq-three: verified, never",
        ),
        ("$$a = b$$", "", "without a label"),
        ("```{math}\na\n```", "", "without a label"),
        ("\\begin{align}a\\end{align}", "", "without a label"),
        ("```{note}\n$$\na = b\n$$\n```", "", "without a label"),
        ("```{note}\n$$\na = b\n$$ (eq-one)\n```", "", "eq-one: displayed, never verified"),
        ("~~~{math}\na\n~~~", "", "without a label"),
        ("``` {math}\na\n```", "", "without a label"),
        ("```{eval-rst}\n.. math:: a\n```", "", "without a label"),
        ("text $$a = b$$ (eq-one)", "verify('eq-one', a, b)", "without a label"),
        ("$$a$$ (eq-one)\n\n$$b$$ (eq-one)", "verify('eq-one', a, b)", "displayed 2 times"),
        ("$$a$$ (eq-one)", "name = 'eq-one'\nverify(name, a, b)", "no literal label"),
    ],
)
def test_coverage_faults_are_found(prose, cell, fault):
    assert any(fault in found for found in lc.coverage_faults(prose, [cell]))


def test_equations_inside_code_do_not_count():
    assert lc.displayed_equations("```\n$$a$$ (eq-x)\n```\nand `$$b$$`") == []


@pytest.mark.parametrize(
    "cell",
    [
        "verify('eq-x', a, a)",
        "verify('eq-x', a + 1, 2 * a)",
        "b = a\nverify('eq-x', a, b)",
        "b = a\nc = b\nverify('eq-x', a, c)",
        "a = np.outer(p, q)\nverify('eq-x', a, np.outer(p, q))",
        "a = np.outer(p, q)\nb = np.outer(p, q)\nverify('eq-x', a, b)",
        "a = p @ q\nverify('eq-x', a, (p @ q) * 1.0)",
        "verify('eq-x', a)",
        "verify('eq-x', left=a, right=b)",
        "a = np.outer(p, q)\nb = a.copy()\nverify('eq-x', a, b)",
        "a = p @ q\ngradients = {'W': a}\nverify('eq-x', a, gradients['W'])",
        "a = p @ q\n\ndef again():\n    return a\nverify('eq-x', a, again())",
        "b = a\nverify('eq-x', a, b)\nb = other",
        "a, b = p @ q, p @ q\nverify('eq-x', a, b)",
        "input = f()\nverify('eq-x', 2 * input, input + input)",
        "def same(one, other):\n    verify('eq-x', one, other)\nsame(a, a)",
        "for one, other in [(a, a)]:\n    verify('eq-x', one, other)",
    ],
)
def test_dependent_sides_are_found(cell):
    assert lc.independence_faults([cell])


@pytest.mark.parametrize(
    "cell",
    [
        "verify('eq-x', a, [1.0, 2.0])",
        "a = np.outer(p, q)\nverify('eq-x', a, numerical_gradient(f, W))",
        "a = f(p)\nb = a + 1\na = g(q)\nverify('eq-x', a, b)",
        "verify('eq-x', sum(p[i] for i in range(3)), [q[i] for i in range(3)])",
    ],
)
def test_independent_sides_pass(cell):
    assert lc.independence_faults([cell]) == []


def test_the_lessons_verify_is_the_one_tested_here():
    assert verification.verify is verify
