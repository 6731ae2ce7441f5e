"""The live form: widgets that draw anew, between the grid's values, too, and that do not disturb each other."""

import html
import re
import subprocess
import sys
from pathlib import Path

import ipywidgets
import pytest

from backprop_book.explorer import Explorer
from backprop_book.explorer.controls import controls
from backprop_book.explorer.widget import widget
from tests.book.explorer import explorer_demonstrations as demonstrations

ROOT = Path(__file__).parents[3]
SAVED = {"text/html", "image/png", "text/plain"}


def live(explorer):
    """Return the widget that an explorer shows, and its inputs by name."""
    model = explorer._repr_mimebundle_()["application/vnd.jupyter.widget-view+json"]["model_id"]
    box = ipywidgets.widgets.widget._instances[model]
    return box, {one.description: one for one in leaves(box) if getattr(one, "description", "")}


def leaves(box):
    for child in getattr(box, "children", []):
        yield from leaves(child)
        yield child


def shown(box):
    return html.unescape(box.children[-1].value)


def test_it_starts_with_the_first_state():
    box, inputs = live(demonstrations.descent())
    assert list(inputs) == ["learning rate", "method"]
    assert demonstrations.descent_text(0.1) in shown(box)
    assert f'aria-label="{demonstrations.ALT}"' in shown(box)


def test_it_draws_anew_between_the_values_of_the_grid():
    box, inputs = live(demonstrations.descent())
    inputs["learning rate"].value = 0.4321
    assert demonstrations.descent_text(0.4321) in shown(box)
    before = shown(box)
    inputs["method"].value = "momentum"
    assert demonstrations.descent_text(0.4321, "momentum") in shown(box)
    assert before.partition("</svg>")[0] != shown(box).partition("</svg>")[0]


def test_several_do_not_disturb_each_other():
    explorer = demonstrations.descent()
    (one, inputs), (again, _), (other, _) = live(explorer), live(explorer), live(demonstrations.steps())
    inputs["learning rate"].value = 0.5
    assert demonstrations.descent_text(0.5) in shown(one)
    assert demonstrations.descent_text(0.1) in shown(again)
    assert demonstrations.steps_text(1) in shown(other)


def test_ids_of_several_differ():
    one, other = (re.findall(' id="([^"]*)"', shown(live(demonstrations.descent())[0])) for _ in range(2))
    assert one == other != []  # the same drawing
    box, inputs = live(demonstrations.descent())
    inputs["learning rate"].value = 0.5
    another = re.findall(' id="([^"]*)"', shown(box))
    assert not set(one) & set(another)
    assert not set(one) & set(re.findall(' id="([^"]*)"', shown(live(demonstrations.steps())[0])))


def test_the_saved_player_stays_as_it_was():
    explorer = demonstrations.descent()
    before = explorer._repr_mimebundle_()["text/html"]
    _, inputs = live(explorer)
    inputs["learning rate"].value = 0.7
    assert explorer._repr_mimebundle_()["text/html"] == before


def test_an_error_reaches_the_reader_as_text():
    def draw(figure, n):
        if n == 1.5:
            raise ZeroDivisionError("no <half>")
        return f"{n} is fine."

    box, inputs = live(Explorer(draw, alt="A figure that fails between its values.", n=[1.0, 2.0]))
    inputs["n"].value = 1.5
    assert shown(box) == "<p>ZeroDivisionError: no <half></p>"
    inputs["n"].value = 2.0
    assert "2.0 is fine." in shown(box)


@pytest.mark.parametrize(
    ("values", "kind", "ends"),
    [
        ([1, 2, 5], ipywidgets.IntSlider, (1, 5)),
        ([0.1, 0.2, 0.5], ipywidgets.FloatSlider, (0.1, 0.5)),
        ([-1.0, 1.0, 100.0], ipywidgets.FloatSlider, (-1.0, 100.0)),
        ([1e-4, 1e-3, 1e-2], ipywidgets.FloatLogSlider, (-4.0, -2.0)),
        ([0.1, 0.2, 0.5, 1.0], ipywidgets.FloatLogSlider, (-1.0, 0.0)),
        ([False, True], ipywidgets.RadioButtons, None),
        (["a", "b"], ipywidgets.RadioButtons, None),
    ],
)
def test_each_kind_of_values_has_its_widget(values, kind, ends):
    box = widget(controls({"n": values}, initial={"n": values[1]}), lambda n: str(n), "first")
    assert type(box.children[0]) is kind
    assert box.children[0].value == pytest.approx(values[1])
    if ends:
        assert (box.children[0].min, box.children[0].max) == pytest.approx(ends)
    box.children[0].value = values[0]
    assert box.children[-1].value == str(values[0])


def test_steps_have_a_button_that_plays():
    box, inputs = live(demonstrations.steps())
    (button,) = [one for one in leaves(box) if isinstance(one, ipywidgets.Play)]
    assert (button.min, button.max, button.value) == (0, 4, 1)
    assert isinstance(inputs["step"], ipywidgets.IntSlider)


def test_an_ipywidgets_before_version_8_leaves_the_saved_form_and_makes_no_widget(monkeypatch):
    explorer = demonstrations.descent()
    saved = {kind: data for kind, data in explorer._repr_mimebundle_().items() if kind in SAVED}
    # As in 7.7.1, which Colab brings: a widget displays itself, and has no form to stand beside others.
    monkeypatch.delattr(ipywidgets.Widget, "_repr_mimebundle_")
    monkeypatch.setattr(ipywidgets.Widget, "_ipython_display_", lambda self: None, raising=False)
    before = len(ipywidgets.widgets.widget._instances)
    assert explorer._repr_mimebundle_() == saved
    assert len(ipywidgets.widgets.widget._instances) == before


def test_without_ipywidgets_the_saved_form_is_shown():
    code = (
        "import sys; sys.modules['ipywidgets'] = None; "
        "from tests.book.explorer.explorer_demonstrations import descent; print(sorted(descent()._repr_mimebundle_()))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{sorted(SAVED)}\n"
