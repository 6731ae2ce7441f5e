"""The one class behind the interactive figures."""

import base64
import hashlib
import inspect
import itertools
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from matplotlib.figure import Figure

from backprop_book.drawing.style import checked_alt, rendered
from backprop_book.explorer import frames, player
from backprop_book.explorer.controls import controls
from backprop_book.explorer.svg import Definitions, tidy

PIXELS = 96  # CSS pixels in an inch
MOST_FRAMES = 600  # a frame weighs 100 bytes or more, even if next to nothing moves


class Explorer:
    """A figure that its reader moves: one drawing for each combination of its parameters' values.

    With a kernel, sliders and buttons that draw anew for every value, also between those given. Saved, and on the
    website, a player over drawings made in advance, which needs no kernel. As the last expression of a cell, it shows
    itself.

    Parameters
    ----------
    draw : callable
        ``draw(figure, **parameters) -> str`` draws on an empty ``matplotlib.figure.Figure`` and returns one line of
        text: what is to be seen in this state, with its numbers, rounded. It must depend on the parameters alone, and
        should fix the limits of its axes, so that nothing jumps. With a kernel it also gets numbers between those of
        the grid: whole ones, where all of the grid's are.
    alt : str
        What the whole figure shows, for readers who cannot see it: at least a whole sentence.
    width, height : float
        Inches, as in `subplots`.
    play : str, optional
        Name of a parameter that is a sequence of steps: it gets buttons for one step back, one on, and all in turn.
    initial : dict, optional
        The values shown first, and everywhere that shows only one picture; by default the first of each parameter.
    **grid : sequence
        One to three parameters with two or more values each. Increasing numbers become a slider, words and booleans
        radio buttons. ``learning_rate`` is shown as "learning rate".

    Raises
    ------
    TypeError
        If ``draw`` cannot be called with these parameters, or a parameter's values are of several kinds.
    ValueError
        If a parameter or the state's text is not as described, or the frames weigh more than 60 KB compressed.

    Examples
    --------
    >>> def line(figure, slope):
    ...     figure.subplots().plot([-1, 1], [-slope, slope])
    ...     return f"A line of slope {slope}."
    >>> lines = Explorer(line, alt="A straight line through the origin.", slope=[1, 2, 3])
    """

    def __init__(
        self,
        draw: Callable[..., str],
        *,
        alt: str,
        width: float = 6.4,
        height: float = 3.6,
        play: str | None = None,
        initial: dict[str, Any] | None = None,
        **grid: Iterable[Any],
    ) -> None:
        self._draw, self._size, self._alt = draw, (width, height), checked_alt(alt)
        self._controls = controls(grid, play=play, initial=initial)
        _check_call(draw, [control.name for control in self._controls])
        self._states = self._all_states()
        self._initial = self._states.index({one.name: one.values[one.initial] for one in self._controls})
        self._sources, self._texts = zip(*(self._frame(state) for state in self._states), strict=True)
        self._check_again()
        svg = self._in_one(self._sources, self._initial)
        self._player = player.markup(svg, self._controls, self._texts, self._initial)

    def _all_states(self):
        count = math.prod(len(control.values) for control in self._controls)
        if count > MOST_FRAMES:
            raise ValueError(
                f"grid: expected at most {MOST_FRAMES} frames, got {count}: more cannot be within the budget of "
                f"{player.BUDGET // 1024} KB compressed for one figure on a page"
            )
        names = [control.name for control in self._controls]
        combinations = itertools.product(*(control.values for control in self._controls))
        return [dict(zip(names, values, strict=True)) for values in combinations]

    def _drawn(self, state):
        """Draw one state: the figure and its text."""
        figure = Figure(figsize=self._size, layout="constrained")
        text = self._draw(figure, **state)
        if not isinstance(text, str) or not text.strip() or "\n" in text.strip():
            values = ", ".join(f"{name}={value!r}" for name, value in state.items())
            raise ValueError(f"draw: expected one line of text that says what is to be seen, got {text!r} for {values}")
        return figure, text.strip()

    def _frame(self, state):
        figure, text = self._drawn(state)
        return rendered(figure, "svg"), text

    def _check_again(self):
        """A drawing that depends on more than its parameters would be another one in the reader's kernel."""
        if self._frame(self._states[0]) != (self._sources[0], self._texts[0]):
            raise ValueError(
                f"draw: expected the same drawing and text for the same parameters, got another for {self._states[0]}"
            )

    def _in_one(self, sources, shown=0):
        """Return drawings as one SVG with one of them visible. Its ids are no other figure's."""
        definitions = Definitions(f"x{hashlib.sha256(b''.join(sources)).hexdigest()[:8]}-")
        trees = [tidy(source) for source in sources]
        for tree in trees:
            definitions.take_from(tree)
        root = frames.merge(trees)
        frames.hide_all_but(root, shown)
        root.insert(0, definitions.as_element())
        root.attrib |= {"role": "img", "aria-label": self._alt, "class": "figure-svg"}
        return ET.tostring(root, encoding="unicode")

    def _live(self, **state):
        """Return the HTML of any state, for the widget; an error reaches the reader as the state's text."""
        try:
            source, text = self._frame(state)
        except Exception as error:  # a callback's traceback is shown nowhere
            return f"<p>{escape(f'{type(error).__name__}: {error}')}</p>"
        return f"{self._in_one([source])}<p>{escape(text)}</p>"

    def _repr_mimebundle_(self, include=None, exclude=None):
        from backprop_book.explorer.widget import live_view

        state, text = self._states[self._initial], self._texts[self._initial]
        png = rendered(self._drawn(state)[0], "png")
        size = [round(PIXELS * inches) for inches in self._size]
        return {
            **live_view(self._controls, self._live, self._live(**state)),
            "text/html": player.saved(self._player, png=png, alt=self._alt, text=text, size=size),
            "image/png": base64.b64encode(png).decode(),  # for paper
            "text/plain": f"{self._alt} {text}",
        }


def _check_call(draw, names):
    if not callable(draw):
        raise TypeError(f"draw: expected a function draw(figure, **parameters), got {draw!r}")
    try:
        inspect.signature(draw).bind(None, **dict.fromkeys(names))
    except TypeError as error:
        raise TypeError(f"draw: expected a function of a figure and {', '.join(names)}, got: {error}") from None
