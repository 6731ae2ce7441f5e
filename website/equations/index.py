"""Equations by number, and the directive `equation-index`: all of them, with what each was verified against.

Those of `03_derivation` are (3.1), (3.2) ..., in references too, and behind their names where a notebook, which cannot
know its numbers, ticks them. Which equations there are and their order come from the pages that Sphinx has read; what
verifies them comes from the executed notebooks. An equation that nothing verifies is listed as such.
"""

import re

import nbformat
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from website.equations.verifications import TICK, read_verifications
from website.lessons import lesson_number

logger = logging.getLogger(__name__)

TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
NOTHING = "not verified"


def number_by_lesson(app, env):
    """Replace Sphinx's equation numbers, which go by section, by (lesson, place in the lesson)."""
    for docname, numbers in env.toc_fignumbers.items():
        lesson = lesson_number(docname)
        if lesson is not None and "displaymath" in numbers:
            numbers["displaymath"] = {id_: (lesson, place) for place, id_ in enumerate(numbers["displaymath"], start=1)}
    return []


def number_link(label):
    """Return an equation's number, which links to its place, as the role `eq` makes it."""
    link = addnodes.pending_xref("", refdomain="math", reftype="eq", reftarget=label, refexplicit=False)
    link += nodes.literal(label, label)
    return link


class NumberTicks(SphinxPostTransform):
    """Put the number behind every equation named after a tick; before references are resolved, at priority 10."""

    default_priority = 5

    def run(self, **kwargs):
        """Take the printed outputs of one page apart where they tick."""
        for block in list(self.document.findall(nodes.literal_block)):
            text, end = block.astext(), 0
            if "stream" not in block["classes"] or not TICK.search(text):
                continue
            block.clear()
            block["classes"].append("ticks")
            for tick in TICK.finditer(text):
                block += [nodes.Text(text[end : tick.end("label")] + " "), number_link(tick["label"])]
                end = tick.end("label")
            block += nodes.Text(text[end:])


class equation_counts(nodes.General, nodes.Element):
    """Place of the table of counts."""


class equation_table(nodes.General, nodes.Element):
    """Place of the table of one lesson's equations."""


class EquationIndex(Directive):
    """Leave a place for the counts, and a section with a place for its table for each lesson."""

    def run(self):
        """Return the places; titles are read from the notebooks, since other pages may not have been read yet."""
        env = self.state.document.settings.env
        env.note_reread()  # any notebook may have changed, come or gone
        names = sorted(name for name in env.found_docs if lesson_number(name) is not None)
        lessons = {name: path for name in names if (path := str(env.doc2path(name))).endswith(".ipynb")}
        for path in lessons.values():
            env.note_dependency(path)
        sections = [self.section(name, path) for name, path in lessons.items()]
        return [equation_counts(lessons=lessons), *sections]

    def section(self, docname, path):
        """Return the section of one lesson."""
        prose = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type != "code")
        section = nodes.section(ids=[section_id(docname)])
        section += nodes.title("", TITLE.search(prose)[1])
        section += equation_table(docname=docname, path=path)
        return section


def section_id(docname):
    """Return the id of a lesson's section."""
    return nodes.make_id(f"equations-of-{docname.rpartition('/')[2]}")


class FillEquationIndex(SphinxPostTransform):
    """Fill the places, now that every page has been read; before references are resolved, at priority 10."""

    default_priority = 5

    def run(self, **kwargs):
        """Replace the places of one page by tables."""
        for place in list(self.document.findall(equation_counts)):
            lessons = {docname: self.equations(docname, path) for docname, path in place["lessons"].items()}
            place.replace_self(counts_table({name: (self.env.titles[name], lessons[name]) for name in lessons}))
        for place in list(self.document.findall(equation_table)):
            place.replace_self(lesson_table(self.equations(place["docname"], place["path"])))

    def equations(self, docname, path):
        """Return [(displayed equation, its verifications)] of a lesson, in the order of the page."""
        displayed = [node for node in self.env.get_doctree(docname).findall(nodes.math_block) if node.get("label")]
        found = read_verifications(path)
        for label in sorted({check.label for check in found} - {node["label"] for node in displayed}):
            logger.warning("%s verifies %s, which it does not display", docname, label, type="equation_index")
        return [(node, [check for check in found if check.label == node["label"]]) for node in displayed]


def counts_table(lessons):
    """Return the table of the numbers of equations and verifications; `lessons`: {docname: (title, equations)}."""
    rows = []
    for docname, (title, equations) in lessons.items():
        link = nodes.reference("", title.astext(), refid=section_id(docname), internal=True)
        rows.append([[nodes.paragraph("", "", link)], *counted(equations)])
    everything = [pair for _, equations in lessons.values() for pair in equations]
    rows.append([[nodes.paragraph("", "The whole book")], *counted(everything)])
    return table(["Lesson", "Equations", "Verifications"], rows, "equation-counts")


def counted(equations):
    """Return two cells: how many equations, and how many verifications of them were executed."""
    executed = sum(bool(check.tolerance) for _, checks in equations for check in checks)
    return [[nodes.paragraph("", str(number))] for number in (len(equations), executed)]


def lesson_table(equations):
    """Return the table of one lesson: number, formula, and what it was verified against."""
    rows = []
    for node, checks in equations:
        number = nodes.paragraph("", "", number_link(node["label"]))
        rows.append([[number], [formula(node)], verified_against(checks)])
    return table(["Number", "Equation", "Verified"], rows, "equation-index", "stacked")


def formula(node):
    """Return a copy of a displayed equation that has no number and no label of its own."""
    return nodes.math_block("", node.astext(), number=None, label=None, nowrap=node.get("nowrap", False))


def verified_against(checks):
    """Return a paragraph for each side that was compared, with all that it was compared with."""
    groups = {}
    for check in checks:
        side, other = ordered(check)
        groups.setdefault(side, []).append((other, check.tolerance))
    return [comparison(side, others) for side, others in groups.items()] or [nodes.strong("", NOTHING)]


def ordered(check):
    """Return the two sides, the one that words describe last; the first one's code says more than words would."""
    left, right = check.left, check.right
    return (right, left) if left.words and not right.words else (left, right)


def comparison(side, others):
    """Return a paragraph: one side, against each of the others and to which tolerance.

    Where the same words fit both sides, the codes tell them apart.
    """
    in_words = f" ({side.words})" if side.words else ""
    paragraph = nodes.paragraph("", "", nodes.literal(side.code, side.code), nodes.Text(f"{in_words} against "))
    for place, (other, tolerance) in enumerate(others):
        paragraph += nodes.Text(", " if place else "")
        named = other.words and other.words != side.words
        paragraph += nodes.Text(other.words) if named else nodes.literal(other.code, other.code)
        if tolerance:
            paragraph += [nodes.Text(" "), nodes.inline("", f"(to {tolerance})", classes=["tolerance"])]
        else:
            paragraph += [nodes.Text(" ("), nodes.strong("", "not executed"), nodes.Text(")")]
    return paragraph


def table(header, rows, *classes):
    """Return a table; each cell is a list of nodes."""
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]
    group += nodes.thead("", row([[nodes.paragraph("", title)] for title in header]))
    group += nodes.tbody("", *(row(cells) for cells in rows))
    return nodes.table("", group, classes=list(classes))


def row(cells):
    """Return a row of a table."""
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))


def setup(app):
    """Number after Sphinx, which listens to the same event at priority 500; register the rest."""
    app.connect("env-get-updated", number_by_lesson, priority=900)
    app.add_post_transform(NumberTicks)
    app.add_node(equation_counts)
    app.add_node(equation_table)
    app.add_directive("equation-index", EquationIndex)
    app.add_post_transform(FillEquationIndex)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
