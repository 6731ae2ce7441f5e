"""What must hold for the exercises on a lesson's page, as functions that find them and return the faults."""

import re
from dataclasses import dataclass

from backprop_book import EXERCISES
from backprop_book.exercises.verdict import RIGHT
from tests.notebooks import lesson_checks as lc

OPTION = re.compile(r"^:(\w+):[ \t]*(.*)$", re.MULTILINE)
CHECK = re.compile(r'^check_exercise\("(?P<number>[\d.]+)", (?P<name>\w+)\)$', re.MULTILINE)
SHORTEST_REASONING = 80  # characters


@dataclass
class Directive:
    """An exercise or a solution on a page."""

    name: str
    argument: str
    options: dict
    content: str
    cell: int

    @property
    def prose(self):
        """Its text without code and options."""
        return OPTION.sub("", "\n".join(t.content for t in lc.MYST.parse(self.content) if t.type == "inline"))

    @property
    def code(self):
        """Its Python."""
        fences = [t for t in lc.MYST.parse(self.content) if t.type == "fence" and t.info == "python"]
        return "\n\n".join(fence.content for fence in fences)


def directives_of(notebook):
    """Exercises and solutions of a notebook, in order."""
    found = []
    for index, cell in enumerate(notebook.cells):
        tokens = lc.MYST.parse(cell.source) if cell.cell_type == "markdown" else []
        for token in tokens:
            directive = re.match(r"\{(exercise|solution)\}\s*(.*)", token.info)
            if directive and token.type in ("fence", "colon_fence"):
                options = dict(OPTION.findall(token.content))
                found.append(Directive(directive[1], directive[2], options, token.content, index))
    return found


def exercises_of(lesson):
    """Exercises of a lesson's notebook by its name, "03_derivation", as the package has them."""
    return EXERCISES.lessons.get(str(int(lesson[:2])), [])


def page_faults(lesson, notebook):
    """Exercises that the page lacks, or shows with another title or kind, without starter or without solution."""
    directives = directives_of(notebook)
    shown = [d.argument.partition(" ")[0] for d in directives if d.name == "exercise"]
    wanted = [exercise.number for exercise in exercises_of(lesson)]
    if shown != wanted:
        return [f"{lesson}: expected the exercises {wanted}, got {shown}"]
    faults = []
    for exercise in exercises_of(lesson):
        faults += [f"{exercise.number}: {fault}" for fault in _faults(exercise, directives, notebook)]
    return faults


def _faults(exercise, directives, notebook):
    label = "exercise-" + exercise.number.replace(".", "-")
    [task] = [d for d in directives if d.argument.startswith(exercise.number + " ")]
    if task.argument != f"{exercise.number} {exercise.title}" or task.options.get("label") != label:
        yield f"expected the title {exercise.title!r} and the label {label}, got {task.argument!r}, {task.options}"
    if f"**{exercise.kind.capitalize()}.**" not in task.content:
        yield f"expected to be marked as **{exercise.kind.capitalize()}.**"
    solutions = [d for d in directives if d.name == "solution" and d.argument == label]
    if len(solutions) != 1 or solutions[0].options.get("class") != "dropdown":
        yield f"expected one folded solution, got {len(solutions)}"
        return
    if not solutions[0].code or len(solutions[0].prose) < SHORTEST_REASONING:
        yield "expected a solution with code and with the reasoning"
    cells = notebook.cells[task.cell + 1 : solutions[0].cell]
    starters = [cell for cell in cells if starter_of(cell) and starter_of(cell)["number"] == exercise.number]
    if len(starters) != 1:
        yield "expected one starter cell between the exercise and its solution, which ends with check_exercise"
    elif [output.get("text") for output in starters[0].outputs] != [f"· Exercise {exercise.number}: not tried yet\n"]:
        yield f"expected a starter that is not tried yet, got {starters[0].outputs}"


def starter_of(cell):
    """Number and name of the answer that a cell checks, or None."""
    return CHECK.search(cell.source) if cell.cell_type == "code" else None


def verdicts(lesson, notebook, namespace):
    """Verdicts on the solutions of a page, by exercise, each run with what all cells of the page have defined."""
    names = {c["number"]: c["name"] for c in map(starter_of, notebook.cells) if c}
    solutions = {d.argument: d for d in directives_of(notebook) if d.name == "solution"}
    found = {}
    for exercise in exercises_of(lesson):
        label = "exercise-" + exercise.number.replace(".", "-")
        solved = dict(namespace)
        exec(compile(solutions[label].code, label, "exec"), solved)
        found[exercise.number] = exercise.judge(solved[names[exercise.number]])
    return found


def solution_faults(lesson, notebook, namespace):
    """Solutions of a page that are not right."""
    found = verdicts(lesson, notebook, namespace)
    return [f"{number}: {verdict}" for number, verdict in found.items() if verdict != RIGHT]
