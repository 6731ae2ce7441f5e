"""Figures: SVG goes inline into the page, with its alt text, in colours that follow light and dark.

The drawings use the light colours of `backprop_book.drawing.palette`. Each becomes `var(--fig-MEANING, LIGHT)`, and a
style sheet made from the same palette gives the variables their values, so no drawing exists twice. An image whose
alt text is missing, or is only a file's name, is a warning, which `make book` turns into a failure.
"""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from backprop_book.drawing.palette import PALETTE
from backprop_book.explorer.svg import REFERENCE, tidy

logger = logging.getLogger(__name__)

VARIABLES = {light: f"var(--fig-{meaning}, {light})" for meaning, (light, _) in PALETTE.items()}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
PAINTED = ("fill", "stroke", "color", "stop-color", "flood-color")
FILE_NAME = re.compile(r"\S+\.(svg|png|jpe?g|gif|webp)", re.IGNORECASE)


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


def is_alt_text(text):
    """Tell whether a text describes a picture: neither empty nor a file's name."""
    return bool(text and text.strip()) and not FILE_NAME.fullmatch(text.strip())


def map_colours(root):
    """Replace the palette's colours by CSS variables; these work in a style, not in an attribute such as fill."""
    for element in root.iter():
        painted = {name: element.get(name) for name in PAINTED if (element.get(name) or "").lower() in VARIABLES}
        for name in painted:
            del element.attrib[name]
        # What was an attribute comes first: in SVG a style overrides it.
        parts = [*(f"{name}: {colour}" for name, colour in painted.items()), element.get("style", "")]
        style = "; ".join(filter(None, parts))
        if style:
            element.set("style", COLOUR.sub(lambda match: VARIABLES.get(match[0].lower(), match[0]), style))


def rename_ids(root, prefix):
    """Prefix the ids that something refers to, and drop the rest, so that two figures on one page do not collide."""
    values = [value for element in root.iter() for value in element.attrib.values()]
    used = {name for value in values for name in REFERENCE.findall(value)}
    used |= {value[1:] for element in root.iter() if (value := element.get("href", "")).startswith("#")}
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        for name, value in element.attrib.items():
            if name == "id":
                value = prefix + value
            elif name == "href" and value.startswith("#"):
                value = f"#{prefix}{value[1:]}"
            element.set(name, REFERENCE.sub(rf"url(#{prefix}\1)", value))


def inline_svg(source, prefix, *, alt=None, width=None):
    """Return an SVG as it goes into a page.

    Parameters
    ----------
    source : bytes
        The SVG file.
    prefix : str
        What the ids begin with; no two figures of a page may share it.
    alt : str, optional
        The alt text; without it, the drawing's own `aria-label` is kept.
    width : str, optional
        A CSS width that replaces the drawing's own.

    Raises
    ------
    ValueError
        Where neither gives an alt text, or the SVG is not well-formed or contains rules for the whole page.
    """
    try:
        root = tidy(source)
    except ET.ParseError as error:
        raise ValueError(f"not a well-formed SVG: {error}") from error
    if root.tag != "svg" or "viewBox" not in root.attrib:
        raise ValueError("expected an <svg> with a viewBox, so that it can scale down on a narrow screen")
    label = alt or root.get("aria-label")
    if not is_alt_text(label):
        raise ValueError(f"an alt text that describes the figure is missing, got {label!r}")
    map_colours(root)
    rename_ids(root, prefix)
    root.attrib |= {"role": "img", "aria-label": label, "class": "figure-svg"}
    # A drawing far from the window is not laid out, so what gives it its height must not lie inside it.
    aspect = " / ".join(root.get("viewBox").replace(",", " ").split()[2:])
    styles = [root.get("style"), f"aspect-ratio: {aspect}", width and f"width: {width}"]
    root.set("style", "; ".join(filter(None, styles)))
    return ET.tostring(root, encoding="unicode")


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
