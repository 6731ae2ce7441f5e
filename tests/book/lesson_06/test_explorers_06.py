"""The growing graph and the two walks back: what is said and drawn of each step."""

import functools

import pytest
from matplotlib.patches import FancyBboxPatch

from backprop_book import drawing
from backprop_book.lesson_06 import figures
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_06 import explorer_texts as texts


@functools.cache
def explorer(name):
    return {
        "lines": lambda: figures.growing_graph(**texts.first_example()),
        "three nodes": lambda: figures.backward_orders(**texts.three_nodes()),
        "diamond": lambda: figures.backward_orders(**texts.four_ways()),
    }[name]()


def state(name, **values):
    """Axes and text."""
    figure, text = explorer(name)._drawn(values)
    return figure.axes[0], text


def written(axes):
    return [text.get_text() for text in axes.texts if text.get_text()]


def arrows(axes, color):
    return [arrow for arrow in axes.texts if arrow.get_text() == "" and arrow.arrowprops["color"] == color]


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_each_line_says_what_its_node_remembers(number):
    assert state("lines", line=number)[1] == texts.line(number)


@pytest.mark.parametrize("step", [0, 2, 4, 5, 6])
def test_three_nodes_are_enough_for_six_against_four(step):
    assert state("three nodes", step=step)[1] == texts.doubled(step)


@pytest.mark.parametrize("step", [3, 6, 8, 14])
def test_on_a_diamond_parts_go_down_again_and_again(step):
    assert state("diamond", step=step)[1] == texts.diamond(step)


@pytest.mark.parametrize("name", ["lines", "three nodes", "diamond"])
def test_every_state_can_be_read(name):
    assert faults(explorer(name)) == []


@pytest.mark.parametrize(
    ("name", "last"), [("lines", {"line": 4}), ("three nodes", {"step": 6}), ("diamond", {"step": 14})]
)
def test_it_opens_at_the_last_step(name, last):
    assert explorer(name)._states[explorer(name)._initial] == last


def test_the_graph_grows_by_a_box_and_its_arrows():
    counts = []
    for number in (1, 2, 3, 4):
        axes, _ = state("lines", line=number)
        boxes = [patch for patch in axes.patches if isinstance(patch, FancyBboxPatch)]
        counts.append((len(boxes) - 1, len(arrows(axes, drawing.COLORS["forward"]))))  # one border is the mark
    assert counts == [(1, 0), (2, 0), (3, 2), (4, 4)]


def test_the_line_that_is_run_stands_out():
    axes, _ = state("lines", line=3)
    code = {text.get_text(): text for text in axes.texts if " = " in text.get_text()}
    assert list(code) == ["x = Value(2.0)", "w = Value(5.0)", "a = w * x", "L = a + w"]
    assert [text.get_weight() for text in code.values()] == ["normal", "normal", "bold", "normal"]
    assert code["L = a + w"].get_color() == drawing.COLORS["muted"]


def test_boxes_hold_the_gradients_so_far():
    axes, _ = state("three nodes", step=5)
    held = [text for text in written(axes) if text.startswith("←")]
    assert held == ["← 4", "← 2", "← 1", "← 4", "← 2", "← 1"]


def test_a_gradient_goes_back_along_one_arrow_in_each_walk():
    for step, expected in [(0, 0), (1, 2), (4, 2), (5, 1)]:
        axes, _ = state("three nodes", step=step)
        back = arrows(axes, drawing.COLORS["gradient"])
        assert len(back) == expected
        assert all(arrow.xy[0] < arrow.xyann[0] for arrow in back)
        assert len(back) + len(arrows(axes, drawing.COLORS["forward"])) == 8


@pytest.mark.parametrize(("step", "dashed"), [(1, 0), (2, 1), (3, 1), (4, 0), (5, 1), (6, 1)])
def test_a_dashed_border_marks_what_is_passed_on_wrongly(step, dashed):
    axes, _ = state("three nodes", step=step)
    assert [patch.get_linestyle() not in ("-", "solid") for patch in axes.patches].count(True) == dashed


def test_a_bent_arrow_bends_the_same_way_back():
    bends = []
    for step in (1, 2):  # the second push of the right walk goes from L to w, under a
        figure, _ = figures.backward_orders(**texts.first_example())._drawn({"step": step})
        lower = arrows(figure.axes[0], drawing.COLORS["gradient"])[1]
        bends.append(lower.arrowprops["connectionstyle"])
    assert bends == ["arc3,rad=-0.0", "arc3,rad=-0.4"]


@pytest.mark.parametrize("draw", [figures.growing_graph, figures.backward_orders])
def test_nodes_that_are_no_record_are_refused(draw):
    named = texts.three_nodes()
    with pytest.raises(ValueError, match="a: expected every node after its parents"):
        draw(a=named["a"], x=named["x"], z=named["z"])
    with pytest.raises(ValueError, match="nodes: expected two or more, got 1"):
        draw(x=named["x"])


def test_a_line_is_written_for_sums_and_products_only():
    x = texts.Noted(1.0)
    with pytest.raises(ValueError, match=r"y: expected one of the operations \['\+', '×'\], got 'exp'"):
        figures.growing_graph(x=x, y=texts.Noted(2.7, "exp", (x,), (2.7,)))
