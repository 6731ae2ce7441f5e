"""The saved form of an interactive figure: HTML that needs no kernel.

What a viewer without scripts shows is a picture of the first frame and its text. Everything else is the content of a
script element of type `text/html`, which a sanitizer removes whole; the player's own script puts it in their place.
The website does the same when it is built (`backprop_book.page.inline`); script and style sheet it takes from files.
"""

import base64
import gzip
import json
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
SCRIPT = HERE / "player.js"
STYLE_SHEET = HERE / "player.css"
BUDGET = 60 * 1024  # bytes, compressed as a web server sends them

SAVED = """\
<div class="explorer">
<img src="data:image/png;base64,{png}" alt="{alt}" width="{width}" height="{height}">
<p>{text}</p>
<script type="text/html">{player}<style>
{style}</style></script>
<script>
{script}</script>
</div>"""

PLAYER = """\
<div class="explorer-player" data-texts="{texts}">
{svg}
<form class="explorer-controls" autocomplete="off">
{controls}</form>
<p class="explorer-text" role="status" data-room="{room}"><span>{text}</span></p>
</div>
"""

# Between two texts of nearly one length, line breaks can make the shorter one higher: room for one more word.
SPARE = " and more"

SLIDER = """\
<label><span class="explorer-label">{label}</span> <span class="explorer-slider">\
<input type="range" min="0" max="{last}" value="{initial}" aria-valuetext="{value}" data-values="{values}">\
<span class="explorer-value" style="min-width: {width}ch" aria-hidden="true">{value}</span></span></label>
"""

STEPPER = """\
<div class="explorer-control" role="group" aria-label="{label}">
{slider}<span class="explorer-buttons">\
<button type="button" data-by="-1">Back</button>\
<button type="button" data-by="1">Next</button>\
<button type="button" class="explorer-play">Play</button></span>
</div>
"""


def saved(player, *, png, alt, text, size):
    """Return the HTML that a notebook keeps.

    Parameters
    ----------
    player : str
        What `markup` returned.
    png : bytes
        The first frame.
    alt, text : str
        What the figure is, and what its first frame shows.
    size : (int, int)
        Width and height in CSS pixels.
    """
    return SAVED.format(
        png=base64.b64encode(png).decode(),
        alt=escape(alt),
        width=size[0],
        height=size[1],
        text=escape(text),
        player=player,
        style=STYLE_SHEET.read_text("utf-8"),
        script=SCRIPT.read_text("utf-8"),
    )


def markup(svg, controls, texts, initial):
    """Return the player: the drawing, its controls, and the text of the state shown.

    Parameters
    ----------
    svg : str
        All frames in one tree, with those hidden that are not the first.
    controls : list of Control
    texts : list of str
        For every state; the last parameter changes fastest.
    initial : int
        Place of the state that is shown first.

    Raises
    ------
    ValueError
        If it weighs more than a page can carry.
    """
    html = PLAYER.format(
        texts=_json(texts),
        svg=svg,
        controls="".join(map(_control, controls)),
        room=escape(max(texts, key=len) + SPARE),
        text=escape(texts[initial]),
    )
    weight = len(gzip.compress(html.encode(), mtime=0))
    if weight > BUDGET:
        raise ValueError(
            f"grid: expected at most {BUDGET // 1024} KB compressed, the budget of one figure on a page, got "
            f"{weight / 1024:.1f} KB for {len(texts)} frames: take fewer values, or draw less that moves"
        )
    return html


def _json(values):
    return escape(json.dumps(values, ensure_ascii=False))


def _control(control):
    if not control.numeric:
        return _choices(control)
    slider = SLIDER.format(
        label=escape(control.label),
        last=len(control.values) - 1,
        initial=control.initial,
        value=escape(control.texts[control.initial]),
        values=_json(control.texts),
        width=max(map(len, control.texts)),
    )
    if control.plays:
        return STEPPER.format(label=escape(control.label), slider=slider)
    return f'<div class="explorer-control">\n{slider}</div>\n'


def _choices(control):
    """Radio buttons. Their name may be that of another figure's: each form keeps its own groups."""
    buttons = "".join(
        f'<label><input type="radio" name="{escape(control.name)}" value="{place}"'
        f"{' checked' if place == control.initial else ''}> {escape(text)}</label>\n"
        for place, text in enumerate(control.texts)
    )
    return f'<fieldset class="explorer-control">\n<legend>{escape(control.label)}</legend>\n{buttons}</fieldset>\n'
