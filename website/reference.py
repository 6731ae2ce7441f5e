"""The package's reference and the lessons, linked both ways.

In a docstring, an equation's label becomes a link to the equation, and a name in single backticks a link to its entry.
Each entry ends with the lessons that import the name; each lesson ends with the names that it imports. Both are read
off the notebooks' code, so neither list can fall behind.
"""

import ast
import re
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name
from types import ModuleType

import nbformat
from docutils import nodes
from IPython.core.inputtransformer2 import TransformerManager
from sphinx import addnodes
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import BracketStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

from website.lessons import lesson_number

PACKAGES = ("backprop_lib", "backprop_book")
# Where a reader finds a name: the first of these that lists it in its `__all__`.
FACES = ("backprop_lib", "backprop_lib.layers", "backprop_lib.autograd", "backprop_book")
# What stays in a docstring: literals and roles, examples up to an empty line, blocks after a double colon.
KEPT = re.compile(r"(``.+?``|:\w[\w:]*:`.+?`|^ *>>>.*(?:\n.*\S.*)*|::$(?:\n(?: .*|$))*)", re.MULTILINE)
LABEL = re.compile(r"\beq-[a-z0-9][a-z0-9-]*")
NAME = re.compile(r"`([A-Za-z_][\w.]*)`")
# sphinxcontrib-bibtex brings square brackets; the lessons write Griewank and Walther (2008).
round_brackets = BracketStyle(left="(", right=")")
round_author_year = partial(
    AuthorYearReferenceStyle, bracket_textual=round_brackets, bracket_parenthetical=round_brackets
)


@cache
def public_names():
    """Return {id of an object: the full name by which readers import it}."""
    names = {}
    for face in map(import_module, FACES):
        for name in face.__all__:
            names.setdefault(id(getattr(face, name)), f"{face.__name__}.{name}")
    return names


def imported(source):
    """Return the books' objects that Python code imports, by name or as attributes of what it imports."""
    nodes_of_code, meanings = list(ast.walk(ast.parse(source))), {}
    for node in nodes_of_code:
        if isinstance(node, ast.ImportFrom):
            meanings |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                meanings[alias.asname or name] = name
    ours = {name: resolve_name(full) for name, full in meanings.items() if full.startswith(PACKAGES)}
    attributes = [
        node for node in nodes_of_code if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    inside = [
        (ours[node.value.id], node.attr) for node in attributes if isinstance(ours.get(node.value.id), ModuleType)
    ]
    return [*ours.values(), *(resolve_name(f"{module.__name__}.{name}") for module, name in inside)]


def names_in(notebook):
    """Return the public names that a notebook imports, in the order of the alphabet."""
    to_python = TransformerManager().transform_cell
    cells = nbformat.read(notebook, as_version=4).cells
    code = "\n".join(to_python(cell.source) for cell in cells if cell.cell_type == "code")
    found = {public_names()[id(thing)] for thing in imported(code) if id(thing) in public_names()}
    return sorted(found, key=lambda name: (name.rpartition(".")[2].lower(), name))


def scan_lessons(app, env, docnames):
    """Read the notebooks' imports, before any page is read."""
    env.api_names = {}
    for docname in sorted(env.found_docs, key=lambda name: (lesson_number(name) or 0, name)):
        path = Path(env.doc2path(docname))
        if lesson_number(docname) is not None and path.suffix == ".ipynb":
            env.api_names[docname] = names_in(path)


def marked_up(lines):
    """Return the lines of a docstring with labels and names as links, and bars that are only bars."""
    parts = KEPT.split("\n".join(lines))
    parts[::2] = [
        NAME.sub(r":py:obj:`.\1`", LABEL.sub(r":eq:`\g<0>`", part.replace("|", "\\|"))) for part in parts[::2]
    ]
    return "".join(parts).split("\n")


def complete_docstring(app, what, name, thing, options, lines):
    """Link what a docstring names, once numpydoc has made it reStructuredText, and say which lessons use it."""
    lines[:] = marked_up(lines)
    full_name = public_names().get(id(thing))
    lessons = [docname for docname, names in app.env.api_names.items() if full_name in names]
    if lessons:
        links = ", ".join(f":doc:`{lesson_number(docname)} </{docname}>`" for docname in lessons)
        plural = "s" if len(lessons) > 1 else ""
        lines += ["", ".. container:: api-lessons", "", f"   Used in lesson{plural} {links}.", ""]


def list_names(app, doctree):
    """End a lesson with the names of the package that it imports."""
    names = app.env.api_names.get(app.env.docname)
    if not names:
        return
    paragraph = nodes.paragraph("", "", nodes.strong("", "In the reference: "), classes=["api-names"])
    for place, name in enumerate(names):
        paragraph += [nodes.Text(", ")] if place else []
        paragraph += entry_link(name, app.env.docname)
    next(doctree.findall(nodes.section)).append(paragraph)


def entry_link(name, docname):
    """Return a link to a name's entry; Sphinx warns where there is none."""
    text = nodes.literal("", name.rpartition(".")[2])
    return addnodes.pending_xref(
        "", text, refdomain="py", reftype="obj", reftarget=name, refdoc=docname, refexplicit=True, refwarn=True
    )


def setup(app):
    """Work after numpydoc, which listens to the same event at priority 500; name the citations' style."""
    register_plugin("sphinxcontrib.bibtex.style.referencing", "author_year_round", round_author_year)
    app.connect("env-before-read-docs", scan_lessons)
    app.connect("autodoc-process-docstring", complete_docstring, priority=600)
    app.connect("doctree-read", list_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
