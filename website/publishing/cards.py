"""The pictures that go with a page's address where somebody passes it on: drawn at build time, loaded by no page.

A lesson's card shows its title and its first drawing; one card with the book's sign serves all other pages. They are
drawn only where the site's address is known, since nobody could be told where they are otherwise.
"""

import base64
import io
import textwrap
from pathlib import Path

import nbformat
from matplotlib.figure import Figure
from matplotlib.image import imread

from backprop_book.drawing.palette import LIGHT
from website.lessons import lesson_number

WIDTH, HEIGHT, DPI = 1200, 630, 100  # what those who show cards ask for
MARGIN = 60
SIGN = {  # the arrows of `static/favicon.svg`, on its grid of 32 by 32
    "forward": [[(4, 11), (24, 11)], [(18, 5), (24, 11), (18, 17)]],
    "gradient": [[(28, 22), (8, 22)], [(14, 16), (8, 22), (14, 28)]],
}


def card_of(docname):
    """Return the path of a page's card within the site."""
    return f"cards/{Path(docname).name if lesson_number(docname) is not None else 'book'}.png"


def first_drawing(path):
    """Return the first drawing among a notebook's outputs as an array; None where there is none."""
    if path.suffix != ".ipynb":
        return None
    outputs = [output for cell in nbformat.read(path, as_version=4).cells for output in cell.get("outputs", [])]
    drawings = (output["data"]["image/png"] for output in outputs if "image/png" in output.get("data", {}))
    png = next(drawings, None)
    return png and imread(io.BytesIO(base64.b64decode(png)))


def box(figure, left, bottom, width, height):
    """Return axes without frame, placed in pixels."""
    axes = figure.add_axes((left / WIDTH, bottom / HEIGHT, width / WIDTH, height / HEIGHT))
    axes.axis("off")
    return axes


def draw_sign(figure, left, bottom, size):
    """Draw the book's sign."""
    axes = box(figure, left, bottom, size, size)
    axes.set(xlim=(0, 32), ylim=(32, 0))
    stroke = {"linewidth": 3 * size / 32 * 72 / DPI, "solid_capstyle": "butt", "solid_joinstyle": "miter"}
    for meaning, lines in SIGN.items():
        for line in lines:
            axes.plot(*zip(*line, strict=True), color=LIGHT[meaning], **stroke)


def draw_picture(figure, picture):
    """Show a drawing in the right half, no larger than it was made."""
    height, width = picture.shape[:2]
    scale = min(1.0, (WIDTH / 2 - MARGIN) / width, (HEIGHT - 2 * MARGIN) / height)
    width, height = scale * width, scale * height
    box(figure, WIDTH - MARGIN - width, (HEIGHT - height) / 2, width, height).imshow(picture, aspect="auto")


def draw_card(title, picture, foot):
    """Return a card as a PNG: a title, with the lesson's number if it has one, a picture or else the sign, a foot."""
    *over, title = title.split(": ", 1)
    figure = Figure(figsize=(WIDTH / DPI, HEIGHT / DPI), facecolor=LIGHT["paper"])
    text = box(figure, MARGIN, MARGIN, WIDTH / 2 - 2 * MARGIN, HEIGHT - 2 * MARGIN)
    text.text(0, 1, "".join(over), size=24, color=LIGHT["muted"], va="top")
    text.text(0, 0.86, textwrap.fill(title, 17), size=35, weight="bold", va="top", linespacing=1.3)
    text.text(0.14, 0.052, foot, size=16, color=LIGHT["muted"], va="center")
    draw_sign(figure, MARGIN, MARGIN, 52)
    if picture is None:
        draw_sign(figure, WIDTH - MARGIN - 440, 95, 440)
    else:
        draw_picture(figure, picture)
    png = io.BytesIO()
    figure.savefig(png, dpi=DPI, metadata={"Software": None})
    return png.getvalue()


def write_cards(app, exception):
    """Draw the cards of a finished site."""
    if exception or app.builder.format != "html" or not app.config.html_baseurl:
        return
    book = app.config.html_title
    cards = {app.config.root_doc: draw_card(book, None, "Every equation checked")}
    for docname in filter(lambda name: lesson_number(name) is not None, app.env.found_docs):
        picture = first_drawing(Path(app.env.doc2path(docname)))
        cards[docname] = draw_card(app.env.titles[docname].astext(), picture, book)
    Path(app.outdir, "cards").mkdir(exist_ok=True)
    for docname, png in cards.items():
        Path(app.outdir, card_of(docname)).write_bytes(png)


def setup(app):
    """Draw when the pages are written."""
    app.connect("build-finished", write_cards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
