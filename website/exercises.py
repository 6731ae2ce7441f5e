"""Exercises: titles begin with their numbers, solutions unfold without a script, every builder finds its writers.

With `BOOK_SOLUTIONS=0` in the environment the solutions are nowhere in the site: not on the pages, not in the search
index, not in the notebooks that the pages offer.
"""

import html
import json
import os
import re
from pathlib import Path

from docutils import nodes
from sphinx.errors import ConfigError
from sphinx_exercise.nodes import exercise_node, exercise_subtitle, solution_node

# From the fence that opens a solution to the one that closes it.
DIRECTIVE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{solution\}.*?^(?P=fence)[ \t]*\n?", re.DOTALL | re.MULTILINE)


def plain_titles(app, document):
    """Let "3.2 Title" stand where sphinx-exercise would write "Exercise (3.2 Title)"."""
    for exercise in document.findall(exercise_node):
        for subtitle in exercise[0].findall(exercise_subtitle):
            exercise[0] = nodes.title("", "", *subtitle.children)


def unique_ids(app, document):
    """Name the content of each exercise and solution after it; sphinx-exercise gives all the same id."""
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


def forget_singlehtml(app):
    """Without writers of its own singlehtml takes those of html, other extensions' included."""
    app.registry.translation_handlers.pop("singlehtml", None)


def leave_out():
    """Whether this build is one without solutions."""
    wanted = os.environ.get("BOOK_SOLUTIONS", "1")
    if wanted not in ("0", "1"):
        raise ConfigError(f"BOOK_SOLUTIONS: expected 0, which leaves solutions out, or 1, got {wanted!r}")
    return wanted == "0"


def without_solutions(text):
    """Return the text of a notebook or of a page without the solutions in it, and without cells left empty."""
    try:
        notebook = json.loads(text)
    except json.JSONDecodeError:
        return DIRECTIVE.sub("", text)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":  # the next exercise often follows in the same cell
            cell["source"] = DIRECTIVE.sub("", "".join(cell["source"])).strip("\n")
    notebook["cells"] = [cell for cell in notebook["cells"] if cell["source"]]
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def read_without(app, docname, source):
    """Leave solutions out before a page is read."""
    if leave_out() and "{solution}" in source[0]:
        source[0] = without_solutions(source[0])


def publish_without(app, exception):
    """Leave solutions out of the sources that the pages offer for download."""
    if exception is None and leave_out():
        for file in Path(app.outdir, "_sources").rglob("*.*"):
            if "{solution}" in (text := file.read_text(encoding="utf-8")):
                file.write_text(without_solutions(text), encoding="utf-8")


def setup(app):
    """Connect to Sphinx."""
    app.connect("source-read", read_without)
    app.connect("build-finished", publish_without)
    app.setup_extension("sphinx_exercise")
    app.add_node(solution_node, override=True, html=(visit_solution, depart_solution))
    app.connect("doctree-read", plain_titles)
    app.connect("doctree-read", unique_ids)
    app.connect("builder-inited", forget_singlehtml)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
