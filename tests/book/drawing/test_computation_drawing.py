"""The drawing of a computation: what stands in its boxes, and that no arrow hides another."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.drawing import style
from backprop_lib import Tensor, Value, graph
from tests.book.drawing.phone import smallest_text_on_a_phone

SVG = "{http://www.w3.org/2000/svg}"


def drawn(plain):
    """Texts with their colours, and the axes, of the drawing of a graph."""
    axes = drawing.computation(plain).axes[0]
    return [(text.get_text(), text.get_color()) for text in axes.texts if text.get_text()], axes


def arrows(axes):
    return [text for text in axes.texts if text.get_text() == ""]


def test_a_box_holds_name_operation_value_and_gradient():
    x, w = Value(2.0), Value(-0.5)
    y = w * x
    y.backward(retain_graph=True)
    texts, axes = drawn(graph(y, {"x": x, "w": w, "y": y}))
    assert [text for text, _ in texts] == ["w", "-0.5", "← 2", "x", "2", "← -0.5", "y ×", "-1", "← 1"]
    assert {color for text, color in texts if text.startswith("←")} == {drawing.COLORS["gradient"]}
    assert len(arrows(axes)) == 2


def test_without_a_backward_pass_there_are_no_gradients():
    texts, _ = drawn(graph(Tensor(np.ones((2, 3)), True).sum()))
    assert [text for text, _ in texts] == ["(2, 3)", "sum", "6"]


def test_a_plain_number_is_a_box_of_its_own():
    texts, axes = drawn(graph(Value(3.0) * 2.0))
    assert [text for text, _ in texts] == ["3", "← 0", "2", "×", "6"]
    assert len(arrows(axes)) == 2


def test_arrows_that_would_cover_each_other_stand_apart():
    a = Value(3.0)
    _, axes = drawn(graph(a * a + a))
    twins = [arrow for arrow in arrows(axes) if arrow.xyann[0] < arrow.xy[0] < 1.0]
    heights = sorted((arrow.xyann[1], arrow.xy[1]) for arrow in twins)
    np.testing.assert_allclose(heights, [(-0.07, -0.07), (0.07, 0.07)])
    bends = [arrow.arrowprops["connectionstyle"] for arrow in arrows(axes) if arrow not in twins]
    assert sorted(bends) == ["arc3,rad=-0.4", "arc3,rad=0.0"]  # one over the box between, one straight


def test_text_of_five_columns_can_be_read_on_a_phone():
    x = Value(1.0)
    figure = drawing.computation(graph((x.exp() + x.tanh()) * x * x))
    assert smallest_text_on_a_phone(figure) >= 9.0


def test_an_arrow_runs_from_left_to_right():
    x = Value(1.0)
    _, axes = drawn(graph((x.exp() + x.tanh()) * x))
    assert all(arrow.xy[0] > arrow.xyann[0] for arrow in arrows(axes))


def test_no_two_boxes_stand_in_one_place():
    x = [Value(float(i)) for i in range(4)]
    _, axes = drawn(graph(x[0] * x[1] + x[2] * x[3] + x[0]))
    corners = [(box.get_x(), box.get_y()) for box in axes.patches]
    assert len(set(corners)) == len(corners) == 8


def test_it_reaches_a_page_with_its_text(monkeypatch):
    caught = []
    monkeypatch.setattr(style, "display", lambda data, *, raw: caught.append(data))
    drawing.show(drawing.computation(graph(Value(1.0).exp())), alt="One goes into the exponential and gives e.")
    texts = ["".join(node.itertext()).strip() for node in ET.fromstring(caught[0]["image/svg+xml"]).iter(f"{SVG}text")]
    assert texts == ["1", "← 0", "exp", "2.72"]


@pytest.mark.parametrize(("shared", "edge"), [("w", 0.23), ("x", -0.23)])
def test_an_arrow_goes_around_a_box_that_stands_half_in_its_way(shared, edge):
    leaves = {"w": Value(3.0), "x": Value(2.0)}
    _, axes = drawn(graph(leaves["w"] * leaves["x"] + leaves[shared], leaves))
    middle = {"w": 0.0, "x": -0.7}
    tails = [arrow.xyann[1] for arrow in arrows(axes)]
    np.testing.assert_allclose(tails, [0.0, -0.7, -0.35, middle[shared] + edge])
    *straight, bent = [arrow.arrowprops["connectionstyle"] for arrow in arrows(axes)]
    assert straight == ["arc3,rad=0.0"] * 3
    assert bent == f"arc3,rad={'-' if edge > 0 else ''}0.4"  # negative is upward
