"""The stepper through the derivation: what it says, what it highlights, and that it can be read."""

import functools

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Circle

from backprop_book import drawing
from backprop_book.lesson_03 import figures
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_03 import explorer_texts as texts

GIVEN = {"x": texts.x, "y": texts.y, **texts.PARAMETERS}


@functools.cache
def stepper():
    return figures.derivation(**GIVEN)


def state(step):
    """Figure and text of a step."""
    return stepper()._drawn({"step": step})


def written(step):
    """Text and colour of everything that is written, arrows left out."""
    return [(text.get_text(), to_hex(text.get_color())) for text in state(step)[0].axes[0].texts if text.get_text()]


def arrows(step):
    """Tail, tip and colour of every arrow."""
    found = [text for text in state(step)[0].axes[0].texts if hasattr(text, "arrow_patch") and text.arrow_patch]
    return [(text.xyann, text.xy, to_hex(text.arrow_patch.get_edgecolor())) for text in found]


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7, 8, 9, 11, 12])
def test_a_step_says_what_numerical_gradients_say(step):
    assert state(step)[1] == texts.derivation(step)


def test_every_state_can_be_read():
    assert faults(stepper()) == []


def test_it_opens_at_the_last_step():
    assert stepper()._states[stepper()._initial] == {"step": 12}
    assert [state["step"] for state in stepper()._states] == list(range(1, 13))


@pytest.mark.parametrize(("step", "kind", "column", "count"), [(3, "forward", 2.6, 3), (9, "gradient", 2.6, 3)])
def test_only_the_tensor_at_hand_stands_out(step, kind, column, count):
    circles = [patch for patch in state(step)[0].axes[0].patches if isinstance(patch, Circle)]
    filled = [c for c in circles if to_hex(c.get_facecolor()) == drawing.COLORS[f"{kind}_soft"]]
    assert [c.center[0] for c in filled] == [column] * count
    paper = [c for c in circles if to_hex(c.get_facecolor()) == drawing.COLORS["paper"]]
    assert len(filled) + len(paper) == len(circles) == 11


def test_a_step_back_goes_from_right_to_left_along_its_arrows():
    for step, meaning, sign in [(4, "forward", 1), (9, "gradient", -1)]:
        lit = [(tail, tip) for tail, tip, color in arrows(step) if color == drawing.COLORS[meaning]]
        assert len(lit) == 6  # W2
        assert all(sign * (tip[0] - tail[0]) > 0 for tail, tip in lit)


def test_a_weights_gradient_takes_its_place_except_where_the_weight_is_used():
    gradient, forward = drawing.COLORS["gradient"], drawing.COLORS["forward"]
    assert ("-0.141", gradient) not in written(6)
    assert ("-0.141", gradient) in written(7)
    assert ("-0.141", gradient) not in written(9)  # W2 itself is used
    assert ("2", forward) in written(9)
    assert {("-0.141", gradient), ("∂b 0.212", gradient), ("b -1", forward)} <= set(written(10))
    assert {("-0.235", gradient), ("∂b -0.118", gradient)} <= set(written(12))


def test_nothing_is_shown_before_it_is_computed():
    assert [text for text, color in written(6) if color == drawing.COLORS["gradient"]] == ["-0.193", "0.212"]
    assert "0.731" not in dict(written(2))
    assert "0.731" in dict(written(3))


def test_another_network_fits_too():
    small = figures.derivation([1.0], [0.5], np.ones((2, 1)), np.zeros(2), np.ones((1, 2)), np.zeros(1))
    assert faults(small) == []
    h = 1.0 / (1.0 + np.exp(-1.0))
    assert small._texts[3].endswith(f"Numbers: [{2.0 * h:.3f}].")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("W1", np.ones((2, 3)), r"W1: expected shape \(3, 2\), got shape \(2, 3\)"),
        ("b2", np.ones(3), r"b2: expected shape \(2,\), got shape \(3,\)"),
        ("x", np.ones((2, 1)), r"x: expected shape \(2,\), got shape \(2, 1\)"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(name, value, message):
    with pytest.raises(ValueError, match=message):
        figures.derivation(**{**GIVEN, name: value})


def test_a_network_that_is_too_large_is_refused():
    with pytest.raises(ValueError, match="at most 2 inputs, 3 hidden units and 2 outputs, got 2, 4 and 2"):
        figures.derivation(texts.x, texts.y, np.ones((4, 2)), np.ones(4), np.ones((2, 4)), np.ones(2))
