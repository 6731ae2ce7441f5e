"""Interactive figures of lesson 1: what they say of each state, and that it can be read."""

import functools

import numpy as np
import pytest

from backprop_book.explorer import Explorer
from backprop_book.lesson_01 import figures
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_01 import explorer_texts as texts

X, Y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 4.0])
HALVED = np.ldexp(0.5, -np.arange(50))


def line_loss(p):
    return 0.5 * np.mean((p[0] * X + p[1] - Y) ** 2)


def line_gradient(p):
    errors = p[0] * X + p[1] - Y
    return np.array([np.mean(errors * X), np.mean(errors)])


@functools.cache
def curve():
    return figures.rate_on_curve(
        lambda w: 0.5 * (2.0 * w - 3.0) ** 2,
        lambda w: 2.0 * (2.0 * w - 3.0),
        0.0,
        curvature=4.0,
        learning_rates=[0.05, 0.25, 0.45, 0.5, 0.6],
        span=(-1.2, 4.2),
        top=10.0,
        initial=0.45,
    )


@functools.cache
def valley():
    return figures.rate_on_map(
        line_loss,
        line_gradient,
        np.zeros(2),
        learning_rates=[0.02, 0.3, 0.35, 0.36, 0.37],
        x=(-1.0, 3.4),
        y=(-1.6, 0.8),
        levels=[0.3, 1, 4],
        mark=[1.5, -1.0],
        initial=0.35,
    )


def steps(**changes):
    bounds = {"forward": 4.0 * HALVED, "central": HALVED**2 + 1e-15 / HALVED}
    return figures.halved_steps(
        texts.cube, 1.3, 5.07, **{"bounds": bounds, "halvings": [2, 17, 26, 44], "initial": 17} | changes
    )


@functools.cache
def default_steps():
    return steps()


FIGURES = [(curve, texts.curve), (valley, texts.valley), (default_steps, texts.difference)]
IDS = ["curve", "valley", "steps"]


@pytest.mark.parametrize(("figure", "text"), FIGURES, ids=IDS)
def test_each_state_says_what_there_is_to_see(figure, text):
    states = [next(iter(state.values())) for state in figure()._states]
    assert len(states) >= 4
    assert list(figure()._texts) == [text(state) for state in states]


@pytest.mark.parametrize(("figure", "_"), FIGURES, ids=IDS)
def test_every_state_can_be_read(figure, _):
    assert faults(figure()) == []


@pytest.mark.parametrize(("figure", "_"), FIGURES, ids=IDS)
def test_nothing_jumps_from_state_to_state(figure, _):
    limits = {
        tuple((axes.get_xlim(), axes.get_ylim(), axes.get_position().bounds) for axes in drawing.axes)
        for drawing in laid_out(figure())
    }
    assert len(limits) == 1


def laid_out(explorer):
    for state in explorer._states:
        drawing, _ = explorer._drawn(state)
        drawing.draw_without_rendering()
        yield drawing


def lines(explorer, **state):
    return explorer._drawn(state)[0].axes[0].lines


def test_the_path_on_the_curve_is_the_one_that_was_walked():
    _, path, end = lines(curve(), learning_rate=0.25)
    np.testing.assert_allclose(path.get_xdata(), [0.0] + [1.5] * 10)
    np.testing.assert_allclose(path.get_ydata(), [4.5] + [0.0] * 10)
    np.testing.assert_allclose(end.get_xydata(), [[1.5, 0.0]])


def test_the_path_on_the_map_is_the_one_that_was_walked():
    cross, path, end = lines(valley(), learning_rate=0.3)
    np.testing.assert_array_equal(cross.get_xydata(), [[1.5, -1.0]])
    walked = path.get_xydata()
    assert walked.shape == (21, 2)
    np.testing.assert_allclose(walked[1], [1.5, 0.6])  # -0.3 times the gradient (-5, -2)
    np.testing.assert_array_equal(end.get_xydata(), walked[-1:])


def test_the_marked_step_stands_on_the_three_curves():
    drawn = lines(default_steps(), halvings=17)
    upright, *markers = drawn[5:]
    assert set(upright.get_xdata()) == {2.0**-17}
    for curve_drawn, marker in zip(drawn[:3], markers, strict=True):
        np.testing.assert_array_equal(marker.get_xydata()[0], curve_drawn.get_xydata()[16])


def test_between_the_saved_steps_a_kernel_draws_others():
    assert default_steps()._drawn({"halvings": 30})[1] == texts.difference(30)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"halvings": [0, 1]}, r"halvings: expected numbers from 1 to 50, got \[0, 1\]"),
        ({"halvings": [50, 51]}, r"halvings: expected numbers from 1 to 50, got \[50, 51\]"),
        ({"bounds": {"forward": HALVED[:3]}}, r"bounds\['forward'\]: expected shape \(50,\), got shape \(3,\)"),
        ({"initial": 18}, "initial: expected one of"),
    ],
)
def test_steps_that_there_are_not_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        steps(**changes)


def test_a_text_out_of_place_would_be_found():
    def draw(figure, learning_rate):
        axes = figure.subplots()
        axes.text(2.0, 0.5, "outside", size=7)
        axes.text(0.5, 0.5, "one")
        axes.text(0.5, 0.5, "other")
        return "Nothing."

    found = faults(Explorer(draw, alt="Three texts out of their places.", learning_rate=[1, 2]))
    assert len(found) == 2 * 3
    assert any("reaches out" in fault for fault in found)
    assert any("'one' on 'other'" in fault for fault in found)
    assert any("on a phone" in fault for fault in found)
