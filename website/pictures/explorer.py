"""Interactive figures: the saved player becomes part of the page, its script and style sheet files of the site.

In a notebook the player waits inside a script element, behind a picture (`backprop_book.explorer.player`). On
the site it stands there when the page arrives, so that its first frame needs no JavaScript and nothing moves when the
script starts; no script is left inside the page, so that a Content-Security-Policy may refuse such.
"""

import shutil
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from backprop_book.explorer.player import SCRIPT, STYLE_SHEET
from backprop_book.page.inline import OPENING, inline_player

FOLDER = "explorer"  # within _static


class InlineExplorers(SphinxPostTransform):
    """Put every player into its page."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs):
        """Visit the HTML outputs of one page."""
        for place, node in enumerate(list(self.document.findall(nodes.raw)), start=1):
            if node.get("format") == "html" and node.astext().lstrip().startswith(OPENING):
                html = inline_player(node.astext(), f"explorer{place}-")
                node.replace_self(nodes.raw("", html, format="html", classes=node["classes"]))
                self.document["explorers"] = True


def copy_files(app):
    """Copy the player's script and style sheet among the site's static files."""
    if app.builder.format == "html":
        folder = Path(app.outdir, "_static", FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        for file in (SCRIPT, STYLE_SHEET):
            shutil.copy(file, folder)


def add_files(app, pagename, templatename, context, doctree):
    """Load them on the pages that have an interactive figure, on no other."""
    if doctree is not None and doctree.get("explorers"):
        app.add_css_file(f"{FOLDER}/{STYLE_SHEET.name}")
        app.add_js_file(f"{FOLDER}/{SCRIPT.name}", loading_method="defer")


def setup(app):
    """Register the transform and the files."""
    app.add_post_transform(InlineExplorers)
    app.connect("builder-inited", copy_files)
    app.connect("html-page-context", add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
