"""Exercises: titles begin with their numbers, solutions unfold without a script, every builder finds its writers."""

import html

from docutils import nodes
from sphinx_exercise.nodes import exercise_node, exercise_subtitle, solution_node


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


def setup(app):
    """Connect to Sphinx."""
    app.setup_extension("sphinx_exercise")
    app.add_node(solution_node, override=True, html=(visit_solution, depart_solution))
    app.connect("doctree-read", plain_titles)
    app.connect("doctree-read", unique_ids)
    app.connect("builder-inited", forget_singlehtml)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
