"""What must hold for every lesson, as functions that return the faults they find."""

import ast
import builtins
import contextlib
import functools
import io
import linecache
import re
from pathlib import Path
from unittest import mock

import nbformat
import numpy as np
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from backprop_book.verification import verify
from tools.execute import canonical_text
from website.equations.verifications import calls_in, definitions, label_of

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "chapters").glob("*.ipynb"))
PAGES = [ROOT / "index.md", *sorted((ROOT / "chapters").glob("*.md"))]

# Markdown as the website reads it: what looks like an equation and what is one can differ.
MYST = create_md_parser(MdParserConfig(enable_extensions={"colon_fence", "deflist", "dollarmath"}), RendererHTML)
DIRECTIVE = re.compile(r"\s*\{(?P<name>[^}]+)\}")
LABEL_OPTION = re.compile(r"^:label:\s*(\S+)", re.MULTILINE)
LITERAL = {"code", "code-block", "code-cell", "literalinclude"}  # directives whose content is shown as it stands
# What a notebook viewer displays, though the website does not; raw reStructuredText, too.
OTHER_DISPLAY = re.compile(
    r"\\begin\{(?:align|alignat|eqnarray|equation|flalign|gather|multline)|^\s*\\\[|^\s*\.\. math::", re.MULTILINE
)
CODE_SPAN = re.compile(r"`[^`\n]*`")
# Names that carry no result of a notebook.
TOOLS = {"np", "math", *dir(builtins)}
NBVAL_TAGS = {"nbval-ignore-output"}  # of a cell that prints a timing; every other tag of nbval's would hide a cell
NBVAL_COMMENT = re.compile(r"^\s*#+\s*((?:PYTEST_VALIDATE|NBVAL)_\w+)\s*$", re.MULTILINE)


def read(path):
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def code_of(notebook):
    """Sources of a notebook's code cells, in order."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def run(cells, name):
    """Names that code cells define, run one after another. Each has its source at hand for inspect, as in Jupyter."""
    namespace = {"__name__": name}
    for index, cell in enumerate(cells):
        file = f"<{name}, cell {index}>"
        linecache.cache[file] = (len(cell), None, cell.splitlines(keepends=True), file)
        exec(compile(cell, file, "exec"), namespace)
    return namespace


@functools.cache
def ran(path):
    """What a lesson's cells define, run one after another, and what they handed to verify: label, sides, tolerance.

    It is run once, for all tests that need it.
    """
    calls = []

    def recorded(label, left, right, *, tolerance=1e-8):
        verify(label, left, right, tolerance=tolerance)
        calls.append((label, np.array(left, dtype=float), np.array(right, dtype=float), tolerance))

    with mock.patch("backprop_book.verify", recorded), contextlib.redirect_stdout(io.StringIO()):
        return run(code_of(read(path)), path.stem), calls


def prose_of(notebook):
    """Markdown of a notebook, in order."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def displayed_equations(markdown):
    """Labels of the displayed equations, inside admonitions too; None for one without or in another form."""
    labels = []
    for token in MYST.parse(markdown):
        directive = DIRECTIVE.match(token.info) if token.type in ("fence", "colon_fence") else None
        if token.type in ("math_block", "math_block_label"):
            labels.append(token.info or None)
        elif directive and directive["name"] == "math":
            label = LABEL_OPTION.search(token.content)
            labels.append(label and label[1])
        elif directive and directive["name"] == "eval-rst":
            labels += [None] * bool(OTHER_DISPLAY.search(token.content))
        elif directive and directive["name"] not in LITERAL:
            labels += displayed_equations(token.content)
        elif token.type == "inline":
            # Within a line of text `$$...$$` is no display and takes no number, whatever follows it.
            text = CODE_SPAN.sub("", token.content)
            labels += [None] * bool("$$" in text or OTHER_DISPLAY.search(text))
    return labels


def verify_calls(cells):
    """All calls of ``verify`` in the code cells, as syntax trees."""
    return [call for cell in cells for call in calls_in(ast.parse(cell))]


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
    """Calls of ``verify`` whose sides share a name or an expression, or are hidden, or are not two sides at all."""
    known, sources, faults = {}, {}, []  # sources: of each definition, all those that went into it
    for statement in (statement for cell in cells for statement in ast.parse(cell).body):
        for call in calls_in(statement):
            label = label_of(call)
            if not (isinstance(statement, ast.Expr) and statement.value is call):
                faults.append(f"{label}: expected a statement of its own, not a call inside a function or a block")
            elif len(call.args) != 3:
                faults.append(f"{label}: expected label, left and right as positional arguments")
            else:
                faults += [f"{label}: {fault}" for fault in _shared(*call.args[1:], known, sources)]
        made = definitions(statement)
        sources |= {definition: sources_of(definition.value, known, sources) for definition in made.values()}
        known |= made
    return faults


def free_names(side, known):
    """Return the names that an expression or a function takes from the notebook."""
    used = {node.id for node in ast.walk(side) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = {node.id for node in ast.walk(side) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    bound |= {node.arg for node in ast.walk(side) if isinstance(node, ast.arg)}
    return used - bound - (TOOLS - set(known))


def sources_of(side, known, sources):
    """Return all definitions that an expression rests on, directly or through others."""
    direct = {known[name] for name in free_names(side, known) if name in known}
    return direct.union(*(sources[definition] for definition in direct))


def _shared(left, right, known, sources):
    """Ways in which two sides depend on each other."""
    shared = _names(left, known) & _names(right, known)
    faults = [f"both sides use {', '.join(sorted(shared))}"] * bool(shared)
    for one, other in ((left, right), (right, left)):
        itself = known.get(one.id) if isinstance(one, ast.Name) else None
        behind = sources_of(other, known, sources)
        wholes = [other, *(definition.value for definition in behind)]
        parts = [one] if itself is None else [itself.value]
        if itself in behind or any(_contains(whole, part) for whole in wholes for part in parts):
            return [*faults, "one side is, or is made from, the expression of the other"]
    return faults


def _names(side, known):
    """Names that an expression takes from the notebook, each followed to what it is another name of."""
    return {_original(name, known) for name in free_names(side, known)}


def _original(name, known):
    seen = set()
    while name in known and isinstance(known[name].value, ast.Name) and name not in seen:
        seen.add(name)
        name = known[name].value.id
    return name


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
    for index, cell in enumerate(notebook.cells):
        hidden = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("nbval") or tag == "raises-exception"]
        hidden += [word for word in NBVAL_COMMENT.findall(cell.source) if cell.cell_type == "code"]
        if set(hidden) - NBVAL_TAGS:
            faults.append(f"{path.name}, cell {index}: {hidden} would keep nbval from running or comparing it")
        for output in cell.get("outputs", []):
            if output.output_type == "error" or output.get("name") == "stderr":
                faults.append(f"{path.name}, cell {index}: expected no error and no warning among the outputs")
            if "image/svg+xml" in output.get("data", {}) and "image/png" not in output.data:
                faults.append(f"{path.name}, cell {index}: a drawing without the PNG that untrusted notebooks show")
    if canonical_text(notebook) != path.read_text(encoding="utf-8"):
        faults.append(f"{path.name}: not in canonical form; run make execute")
    return faults
