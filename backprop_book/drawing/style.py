"""One style sheet for every drawing, and the one way in which a drawing reaches a page.

Importing the module makes the style matplotlib's default, so that what a lesson draws by itself has it too.
"""

import base64
import io
import re
from html import escape
from typing import Any

import matplotlib
from IPython.display import display
from matplotlib.figure import Figure

from backprop_book.drawing.palette import LIGHT

STYLE = {
    "axes.edgecolor": LIGHT["muted"],
    "axes.facecolor": LIGHT["paper"],
    "axes.grid": False,
    "axes.labelcolor": LIGHT["ink"],
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.facecolor": LIGHT["paper"],
    "font.size": 10,
    "image.cmap": "Greys",
    "lines.linewidth": 1.8,
    "path.simplify": False,
    "savefig.dpi": 110,
    "svg.fonttype": "none",  # text stays text: small, searchable, readable aloud
    "svg.hashsalt": "backprop_lib",  # the same drawing gets the same identifiers
    "text.color": LIGHT["ink"],
    "xtick.color": LIGHT["muted"],
    "ytick.color": LIGHT["muted"],
}

matplotlib.rcdefaults()  # a reader's own matplotlibrc would draw other pictures than the page shows
matplotlib.rcParams.update(STYLE)


def subplots(
    rows: int = 1, columns: int = 1, *, width: float = 6.4, height: float = 3.6, **options: Any
) -> tuple[Figure, Any]:
    """Figure and axes in the book's style, as ``matplotlib.pyplot.subplots`` gives them, without pyplot's state.

    Parameters
    ----------
    rows, columns : int
        How many axes below one another and side by side.
    width, height : float
        Inches; 6.4 fills the text's width on the website.
    **options
        Passed to ``Figure.subplots``.

    Returns
    -------
    figure : matplotlib.figure.Figure
        With a layout that keeps labels apart.
    axes : matplotlib.axes.Axes or array of them
        An array if there is more than one.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def paper(left, right, bottom, top, *, scale=1.0):
    """Figure and axes for a drawing without axes, one unit as long in both directions.

    Parameters
    ----------
    left, right, bottom, top : float
        What the drawing holds.
    scale : float
        Inches of a unit.
    """
    figure, axes = subplots(width=scale * (right - left), height=scale * (top - bottom))
    axes.set_aspect("equal")
    axes.axis("off")
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    return figure, axes


def show(figure: Figure, *, alt: str) -> None:
    """Display a figure as SVG, with a PNG and the text for viewers that show no SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        As `subplots` or a drawing function returns it.
    alt : str
        What is to be seen, for readers who cannot see it: at least a whole sentence.

    Raises
    ------
    ValueError
        If ``alt`` is too short to say anything.
    """
    svg = _with_alt(rendered(figure, "svg").decode(), checked_alt(alt))
    png = base64.b64encode(rendered(figure, "png")).decode()
    display({"image/svg+xml": svg, "image/png": png, "text/plain": alt}, raw=True)


def checked_alt(alt):
    """Return the text for readers who cannot see a picture; raise ValueError if it is too short to say anything."""
    if not isinstance(alt, str) or len(alt.split()) < 5:
        raise ValueError(f"alt: expected a sentence that says what is to be seen, got {alt!r}")
    return alt


def rendered(figure, format):
    """Return the bytes of a figure's file, "svg" or "png", which depend on the drawing alone."""
    buffer = io.BytesIO()
    # Without date and program the file depends on the drawing alone.
    metadata = {"Date": None, "Creator": None} if format == "svg" else {"Software": None}
    figure.savefig(buffer, format=format, metadata=metadata)
    return buffer.getvalue()


def _with_alt(svg, alt):
    svg = svg[svg.index("<svg") :]  # the prolog and the document type have no place inside a page
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    return svg.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1)
