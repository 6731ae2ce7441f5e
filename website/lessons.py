"""Lessons as sources of the site: their numbers, whether they can be read, their exercises and solutions.

With `BOOK_SOLUTIONS=0` in the environment the solutions are nowhere in the site: not on the pages, not in the search
index, not in the notebooks that the pages offer.
"""

import html
import json
import os
import re
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.errors import ConfigError, ExtensionError
from sphinx_exercise.nodes import exercise_node, exercise_subtitle, solution_node

MARKERS = ("<<<<<<< ", ">>>>>>> ")  # of a merge; the line between the two is a heading in Markdown
# From the fence that opens a solution to the one that closes it.
SOLUTION = re.compile(r"^(?P<fence>`{3,}|:{3,})\{solution\}.*?^(?P=fence)[ \t]*\n?", re.DOTALL | re.MULTILINE)


def lesson_number(docname):
    """Return a lesson's number, from its file's name, or None for another page."""
    match = re.match(r"(\d+)_", PurePosixPath(docname).name)
    return int(match[1]) if match else None


def fault(path):
    """Return why a source cannot be read, with its place, or None."""
    text = Path(path).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(MARKERS):
            return f"{path}:{number}: a merge left both versions here, between <<<<<<< and >>>>>>>; keep one of them"
    try:
        json.loads(text if Path(path).suffix == ".ipynb" else "{}")
    except json.JSONDecodeError as error:
        return f"{path}:{error.lineno}: expected a notebook, which is JSON, got {error.msg}"
    return None


def check_sources(app, env, docnames):
    """Raise an error that names every page's source that cannot be read, before anything is read."""
    if faults := list(filter(None, (fault(env.doc2path(name)) for name in sorted(env.found_docs)))):
        raise ExtensionError("\n".join(faults))


def name_exercises(app, document):
    """Let "3.2 Title" stand where sphinx-exercise writes "Exercise (3.2 Title)", and give each content its own id."""
    for exercise in document.findall(exercise_node):
        for subtitle in exercise[0].findall(exercise_subtitle):
            exercise[0] = nodes.title("", "", *subtitle.children)
    for section in document.findall(nodes.section):
        if section["ids"] in (["exercise-content"], ["solution-content"]):
            section["ids"] = [nodes.make_id(f"{section.parent['label']}-content")]


def visit_solution(translator, node):
    """Open a solution that is folded from the start, and not laid out before it is wanted."""
    title = node.pop(0)
    translator.body.append(translator.starttag(node, "details", CLASS="admonition"))
    translator.body.append(f'<summary class="admonition-title">{html.escape(title.astext())}</summary>\n')


def depart_solution(translator, node):
    """Close a solution."""
    translator.body.append("</details>\n")


def solutions_wanted():
    """Whether this build is one with solutions."""
    wanted = os.environ.get("BOOK_SOLUTIONS", "1")
    if wanted not in ("0", "1"):
        raise ConfigError(f"BOOK_SOLUTIONS: expected 0, which leaves solutions out, or 1, got {wanted!r}")
    return wanted == "1"


def without_solutions(text):
    """Return the text of a notebook or of a page without the solutions in it, and without cells left empty."""
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError:
        return SOLUTION.sub("", text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":  # the next exercise often follows in the same cell
            cell["source"] = SOLUTION.sub("", "".join(cell["source"])).strip("\n")
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["source"]]
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def read_without(app, docname, source):
    """Leave solutions out before a page is read."""
    source[0] = without_solutions(source[0]) if "{solution}" in source[0] else source[0]


def publish_without(app, exception):
    """Leave solutions out of the sources that the pages offer for download."""
    for file in Path(app.outdir, "_sources").rglob("*.*"):
        if "{solution}" in (text := file.read_text(encoding="utf-8")):
            file.write_text(without_solutions(text), encoding="utf-8")


def setup(app):
    """Check the sources before anything else reads them; add exercises, and solutions unless they are not wanted."""
    app.connect("env-before-read-docs", check_sources, priority=100)
    app.setup_extension("sphinx_exercise")
    app.add_node(solution_node, override=True, html=(visit_solution, depart_solution))
    app.connect("doctree-read", name_exercises)
    if not solutions_wanted():
        app.connect("source-read", read_without)
        app.connect("build-finished", publish_without)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
