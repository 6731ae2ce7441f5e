"""Pictures as they go into a page: SVG inline, in colours that follow light and dark; interactive figures as players.

The drawings use the light colours of `backprop_book.drawing.palette`. Each becomes `var(--fig-MEANING, LIGHT)`, so no
drawing exists twice.
"""

import re
import xml.etree.ElementTree as ET

from backprop_book.drawing.palette import PALETTE
from backprop_book.explorer.svg import REFERENCE, tidy

VARIABLES = {light: f"var(--fig-{meaning}, {light})" for meaning, (light, _) in PALETTE.items()}
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
PAINTED = ("fill", "stroke", "color", "stop-color", "flood-color")
FILE_NAME = re.compile(r"\S+\.(svg|png|jpe?g|gif|webp)", re.IGNORECASE)
OPENING = '<div class="explorer">'
PLAYER = re.compile(r'<script type="text/html">(.*?)<style>', re.DOTALL)
DRAWING = re.compile(r"<svg.*</svg>", re.DOTALL)


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


def inline_player(html, prefix):
    """Return an interactive figure as it goes into a page.

    Parameters
    ----------
    html : str
        The output that a notebook keeps.
    prefix : str
        What the ids begin with; no two figures of a page may share it.
    """
    player = PLAYER.search(html)[1]
    svg = DRAWING.search(player)
    drawing = inline_svg(svg[0].encode(), prefix)
    return f"{OPENING}\n{player[: svg.start()]}{drawing}{player[svg.end() :]}</div>"
