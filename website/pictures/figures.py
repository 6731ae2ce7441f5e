"""Figures: SVG goes inline into the page, with its alt text, in colours that follow light and dark.

`backprop_book.page.inline` makes variables of a drawing's colours; a style sheet made from the same palette gives them
their values. An image whose alt text is missing, or is only a file's name, is a warning, which `make book` turns into
a failure.
"""

from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from backprop_book.drawing.palette import PALETTE
from backprop_book.page.inline import inline_svg, is_alt_text

logger = logging.getLogger(__name__)


def style_sheet():
    """Return the CSS that gives every meaning its light and its dark colour."""
    light, dark = ("".join(f"  --fig-{name}: {pair[mode]};\n" for name, pair in PALETTE.items()) for mode in (0, 1))
    return f':root {{\n{light}}}\nhtml[data-theme="dark"] {{\n{dark}}}\n'


def write_style_sheet(app):
    """Write `figures.css` among the site's static files."""
    if app.builder.format == "html":
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / "figures.css").write_text(style_sheet(), encoding="utf-8")


class InlineFigures(SphinxPostTransform):
    """Replace the image nodes of SVG files by the drawings themselves, and hold every image to an alt text."""

    default_priority = 900  # after the builder's own choice among the formats of an image
    formats = ("html",)

    def run(self, **kwargs):
        """Visit every image of one page."""
        for place, node in enumerate(list(self.document.findall(nodes.image)), start=1):
            if node["uri"].lower().endswith(".svg") and "://" not in node["uri"]:
                self.inline(node, f"svg{place}-")
            elif not is_alt_text(node.get("alt")) or node.get("alt") == node["uri"]:
                self.refuse(node, f"an alt text that describes the image is missing, got {node.get('alt')!r}")

    def inline(self, node, prefix):
        """Put one drawing in the place of its image node."""
        try:
            source = Path(self.app.srcdir, node["uri"]).read_bytes()
            svg = inline_svg(source, prefix, alt=node.get("alt"), width=node.get("width"))
        except (OSError, ValueError) as error:
            self.refuse(node, str(error))
        else:
            node.replace_self(nodes.raw("", svg, format="html"))

    def refuse(self, node, reason):
        """Warn, naming the page and the image."""
        logger.warning("image %s: %s", node["uri"], reason, location=node, type="figures")


def setup(app):
    """Register the transform and the palette's style sheet."""
    app.add_post_transform(InlineFigures)
    app.connect("builder-inited", write_style_sheet)
    app.add_css_file("figures.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
