"""The live form of an interactive figure: widgets that draw anew for every value, also between those of the grid."""

import math
from itertools import pairwise

try:
    import ipywidgets
except ImportError:  # the saved form needs none
    ipywidgets = None

STEPS = 100  # positions of a slider from its first to its last value
WIDE = {"description_width": "initial"}


def live_view(controls, render, first):
    """Return {type: data} by which Jupyter shows the widget, beside the other forms of an output.

    Empty without ipywidgets, and with one before version 8, as in Colab: that shows a widget alone, beside nothing.
    """
    if not hasattr(getattr(ipywidgets, "Widget", None), "_repr_mimebundle_"):
        return {}
    return widget(controls, render, first)._repr_mimebundle_()


def widget(controls, render, first):
    """Return the controls and, below them, what `render` makes of their values.

    Parameters
    ----------
    controls : list of Control
    render : callable
        Takes the parameters as keywords, returns HTML.
    first : str
        The HTML of the first state.
    """
    inputs = {control.name: _input(control) for control in controls}
    picture = ipywidgets.HTML(first)

    def draw(change=None):
        picture.value = render(**{name: one.value for name, one in inputs.items()})

    for one in inputs.values():
        one.observe(draw, "value")
    rows = [_with_play(control, inputs[control.name]) for control in controls]
    return ipywidgets.VBox([*rows, picture])


def _input(control):
    label, start = control.label, control.values[control.initial]
    if not control.numeric:
        options = list(zip(control.texts, control.values, strict=True))
        return ipywidgets.RadioButtons(options=options, value=start, description=label, style=WIDE)
    low, high = control.values[0], control.values[-1]
    common = {"value": start, "description": label, "style": WIDE}
    if all(isinstance(value, int) for value in control.values):
        return ipywidgets.IntSlider(min=low, max=high, **common)
    if _geometric(control.values):
        low, high = math.log10(low), math.log10(high)
        return ipywidgets.FloatLogSlider(min=low, max=high, **_hundredth(low, high), **common)
    return ipywidgets.FloatSlider(min=low, max=high, **_hundredth(low, high), **common)


def _hundredth(low, high):
    return {"step": (high - low) / STEPS, "readout_format": ".3g"}


def _geometric(values):
    """Tell whether each value is the same multiple of the one before, over at least a factor of ten."""
    if values[0] <= 0 or values[-1] < 10 * values[0]:
        return False
    ratios = [after / before for before, after in pairwise(values)]
    return max(ratios) < 1.5 * min(ratios)  # 1, 2, 5, 10 counts, too


def _with_play(control, one):
    """Put a button beside the slider that goes through whole steps."""
    if not (control.plays and isinstance(one, ipywidgets.IntSlider)):
        return one
    button = ipywidgets.Play(min=one.min, max=one.max, value=one.value, interval=1000)
    ipywidgets.jslink((button, "value"), (one, "value"))
    return ipywidgets.HBox([button, one])
