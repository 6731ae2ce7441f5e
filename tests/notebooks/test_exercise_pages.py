"""Exercises on the pages: all there, marked, with a starter that runs and a solution that is executed and right."""

import nbformat
import pytest

from backprop_book import EXERCISES
from tests.notebooks import exercise_checks as ec
from tests.notebooks import lesson_checks as lc

WITHOUT = {"00_primer"}  # it has a self-test
WITH = [path for path in lc.LESSONS if path.stem not in WITHOUT]


@pytest.fixture(autouse=True)
def marks_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_LIB_DATA", str(tmp_path))


@pytest.mark.parametrize("path", lc.LESSONS, ids=lambda path: path.stem)
def test_a_page_has_exercises_unless_it_is_listed(path):
    shown = [d for d in ec.directives_of(lc.read(path)) if d.name == "exercise"]
    assert bool(shown) == (path.stem not in WITHOUT), "a lesson without exercises belongs in WITHOUT"
    if path.stem not in WITHOUT:
        assert ec.exercises_of(path.stem)


def test_the_list_names_lessons():
    assert {path.stem for path in lc.LESSONS} >= WITHOUT


def test_every_exercise_is_on_its_page():
    assert [fault for path in WITH for fault in ec.page_faults(path.stem, lc.read(path))] == []


# The checks above can fail: a page made up of one lesson's exercises, right, and then with one thing wrong.

ANSWERS = {"1": '"c"', "2": "-2 / 2**0.5", "3": "[1, 2 / 3, 1.2]", "7": "[8.321, 0.1803]"}
FUNCTIONS = {
    "4": """
    def answer(x, c, s):
        q = ((x - c) ** 2).sum()
        r = 1 / (1 + s * q)
        return -2 * r * r * s * (x - c), 2 * r * r * s * (x - c), -r * r * q
    """,
    "5": """
    def answer(u, v):
        return u @ v / ((u * u).sum() * (v * v).sum()) ** 0.5
    """,
    "6": """
    def answer(p, t):
        difference = p - t[:, None]
        return (difference**2).mean() / 2, difference / len(p)
    """,
}
TASK = "````{{exercise}} {number} {title}\n:label: exercise-{label}\n:nonumber:\n\n**{kind}.** Do it.\n````"
SOLUTION = "````{{solution}} exercise-{label}\n:class: dropdown\n\n{reasoning}\n\n```python\n{code}\n```\n````"
REASONING = "It is so because the one follows from the other, as one sees when it is written down with care."


def page(change=lambda text: text):
    cells = [nbformat.v4.new_code_cell("from backprop_book import check_exercise")]
    for exercise in EXERCISES.lessons["1"]:
        last = exercise.number[2:]
        assert last in ANSWERS.keys() | FUNCTIONS.keys(), f"ANSWERS or FUNCTIONS: an answer to 1.{last} is missing"
        function = "\n".join(line[4:] for line in FUNCTIONS.get(last, "").strip("\n").splitlines())
        code = function or f"answer = {ANSWERS[last]}"
        words = {"number": exercise.number, "title": exercise.title, "kind": exercise.kind.capitalize()}
        words |= {"label": f"1-{last}", "reasoning": REASONING, "code": code}
        output = nbformat.v4.new_output("stream", text=f"· Exercise {exercise.number}: not tried yet\n")
        starter = f'answer = ...\ncheck_exercise("{exercise.number}", answer)'
        cells += [
            nbformat.v4.new_markdown_cell(change(TASK.format(**words))),
            nbformat.v4.new_code_cell(change(starter), outputs=[output]),
            nbformat.v4.new_markdown_cell(change(SOLUTION.format(**words))),
        ]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_complete_page_has_no_faults():
    assert ec.page_faults("01_gradients", page()) == []
    assert ec.solution_faults("01_gradients", page(), {}) == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("{exercise} 1.3 Mend the valley", "{note}", "expected the exercises"),
        ("1.3 Mend the valley", "1.3 Bend the valley", "1.3: expected the title"),
        ("label: exercise-1-3", "label: exercise-1-33", "1.3: expected the title"),
        ("**Code.**", "**Diagnose.**", "1.5: expected to be marked as **Code.**"),
        ("{solution} exercise-1-2", "{solution} exercise-1-22", "1.2: expected one folded solution, got 0"),
        (":class: dropdown", "", "1.1: expected one folded solution"),
        ("answer = -2", "2", "1.2: expected a solution with code and with the reasoning"),
        (REASONING, "See above.", "1.1: expected a solution with code and with the reasoning"),
        ('check_exercise("1.4", answer)', "", "1.4: expected one starter cell"),
    ],
)
def test_faults_of_a_page_are_found(old, new, fault):
    def change(text):
        return text.replace("python\nanswer = -2 / 2**0.5", "text") if old == "answer = -2" else text.replace(old, new)

    assert any(found.startswith(fault) or fault in found for found in ec.page_faults("01_gradients", page(change)))


def test_a_starter_that_is_solved_is_found():
    notebook = page()
    notebook.cells[2].outputs[0].text = "✓ Exercise 1.1: right\n"
    assert ec.page_faults("01_gradients", notebook)[0].startswith("1.1: expected a starter that is not tried yet")


def test_a_wrong_solution_is_found():
    notebook = page(lambda text: text.replace('answer = "c"', 'answer = "b"'))
    [fault] = ec.solution_faults("01_gradients", notebook, {})
    assert fault.startswith("1.1: Verdict(status='wrong'")
