"""What must hold for every lesson, as functions that return the faults they find."""

import ast
import builtins
import re
from pathlib import Path

import nbformat
from execute import canonical_text

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = [ROOT / "index.md", *sorted((ROOT / "chapters").glob("*.md"))]

DISPLAY = re.compile(r"\$\$(?P<body>.+?)\$\$[ \t]*(?:\((?P<label>[^)\s]+)\))?", re.DOTALL)
OTHER_DISPLAY = re.compile(
    r"```\{math\}|:::\{math\}|\\begin\{(?:align|equation|gather|multline)|^\s*\\\[", re.MULTILINE
)
CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
# Names that carry no result, so that both sides may use them.
TOOLS = {"np", "math", *dir(builtins)}


def read(path):
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    """Sources of a notebook's code cells, in order."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def prose_of(notebook):
    """Markdown of a notebook, in order."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def displayed_equations(markdown):
    """Labels of the displayed equations, None for one without; and whether another kind of display is used."""
    other = OTHER_DISPLAY.search(markdown)
    return [match["label"] for match in DISPLAY.finditer(CODE.sub("", markdown))] + [None] * bool(other)


def verify_calls(cells):
    """All calls of ``verify`` in the code cells, as syntax trees."""
    trees = [ast.parse(cell) for cell in cells]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "verify"]


def label_of(call):
    """The label of a call of ``verify`` where it stands there in clear, else None."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def coverage_faults(markdown, cells):
    """Displayed equations that no call verifies, calls without an equation, and equations without a number."""
    displayed = displayed_equations(markdown)
    verified = {label_of(call) for call in verify_calls(cells)}
    faults = [
        f"{label}: displayed {displayed.count(label)} times" for label in set(displayed) if displayed.count(label) > 1
    ]
    faults += ["an equation is displayed without a label"] * (None in displayed)
    faults += ["a call of verify has no literal label"] * (None in verified)
    faults += [f"{label}: displayed, never verified" for label in sorted(set(displayed) - verified - {None})]
    faults += [f"{label}: verified, never displayed" for label in sorted(verified - set(displayed) - {None})]
    return faults


def independence_faults(cells):
    """Calls of ``verify`` whose two sides share a name or an expression, or are not two sides at all."""
    definitions = _definitions(cells)
    faults = []
    for call in verify_calls(cells):
        label = label_of(call)
        if len(call.args) != 3:
            faults.append(f"{label}: expected label, left and right as positional arguments")
            continue
        left, right = call.args[1:]
        shared = _names(left, definitions) & _names(right, definitions)
        if shared:
            faults.append(f"{label}: both sides use {', '.join(sorted(shared))}")
        left, right = _expanded(left, definitions), _expanded(right, definitions)
        if _contains(left, right) or _contains(right, left):
            faults.append(f"{label}: one side is, or contains, the expression of the other")
    return faults


def _definitions(cells):
    """What each name was last set to by a plain assignment."""
    assignments = [node for cell in cells for node in ast.walk(ast.parse(cell)) if isinstance(node, ast.Assign)]
    return {target.id: node.value for node in assignments for target in node.targets if isinstance(target, ast.Name)}


def _names(side, definitions):
    """Names that an expression takes from the notebook, each followed to what it is another name of."""
    used = {node.id for node in ast.walk(side) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in ast.walk(side) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(side) if isinstance(node, ast.arg)}
    return {_original(name, definitions) for name in used - bound - TOOLS}


def _original(name, definitions):
    seen = set()
    while isinstance(definitions.get(name), ast.Name) and name not in seen:
        seen.add(name)
        name = definitions[name].id
    return name


def _expanded(side, definitions):
    """The expression that a bare name was set to; any other expression as it is."""
    if isinstance(side, ast.Name):
        name = _original(side.id, definitions)
        return definitions.get(name, side)
    return side


def _contains(whole, part):
    if isinstance(part, ast.Constant):
        return False
    return ast.dump(part) in {ast.dump(node) for node in ast.walk(whole)}


def form_faults(path):
    """Ways in which a committed notebook is not as `make execute` writes it, and lessons left unexecuted."""
    notebook = read(path)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    faults = []
    if counts != list(range(1, len(counts) + 1)):
        faults.append(f"{path.name}: execution counts are {counts}; nbval would compare nothing where one is missing")
    if canonical_text(notebook) != path.read_text(encoding="utf-8"):
        faults.append(f"{path.name}: not in canonical form; run make execute")
    return faults
