"""Wires and gates: what is written where, in which colours, and that nothing covers anything else."""

from functools import partial

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.lesson_02 import figures


def written(figure):
    """Texts of a drawing with their colours, without the empty ones of arrows."""
    return [(text.get_text(), text.get_color()) for text in figure.axes[0].texts if text.get_text()]


def words(figure):
    return [text for text, _ in written(figure)]


def wires_of(figure):
    return [text for text in figure.axes[0].texts if hasattr(text, "arrow_patch")]


def product(end=(2.0, 0.0), gradient=3.0):
    gates = {"p": ("×", 1.0, 0.0)}
    return drawing.circuit(gates, [((0.0, 0.0), "p", "a", 2.0, gradient), ("p", end, "", -0.0, 1.0)])


def test_a_wire_carries_a_value_and_a_gradient_in_their_colours():
    assert written(product())[:2] == [("a = 2", drawing.COLORS["forward"]), ("← 3", drawing.COLORS["gradient"])]


def test_without_a_name_the_value_stands_alone_and_zero_has_no_sign():
    assert words(product())[2:] == ["0", "← 1", "×"]


def test_values_may_stand_in_another_colour():
    figure = drawing.circuit({}, [((0.0, 0.0), (1.0, 0.0), "", 2.0, 3.0)], value_color="ink")
    assert written(figure) == [("2", drawing.COLORS["ink"]), ("← 3", drawing.COLORS["gradient"])]


def test_a_wire_without_gradient_shows_none():
    assert words(product(gradient=None)) == ["a = 2", "0", "← 1", "×"]


@pytest.mark.parametrize(("end", "arrow"), [((1.0, 2.0), "↓"), ((1.0, -2.0), "↑"), ((3.0, 1.0), "←")])
def test_the_arrow_of_a_gradient_points_back_along_its_wire(end, arrow):
    assert words(product(end))[3] == f"{arrow} 1"


def test_text_lies_along_a_wire_and_upright_beside_a_steep_one():
    slanted, steep = product((2.0, 1.0)).axes[0].texts, product((1.0, -2.0)).axes[0].texts
    assert [text.get_rotation() for text in slanted if text.get_text() in ("0", "← 1")] == [45.0, 45.0]
    assert [text.get_rotation() for text in steep if text.get_text() in ("0", "↑ 1")] == [0.0, 0.0]


def test_wires_stop_at_the_rim_of_a_gate():
    into, out = wires_of(product())
    np.testing.assert_allclose([into.xyann, into.xy], [(0.0, 0.0), (0.8, 0.0)])
    np.testing.assert_allclose([out.xyann, out.xy], [(1.2, 0.0), (2.0, 0.0)])


def test_a_fork_is_a_dot_that_wires_reach_without_an_arrowhead():
    gates = {"fork": ("", 1.0, 0.0)}
    figure = drawing.circuit(gates, [((0.0, 0.0), "fork", "c", 4.0, 2.0), ("fork", (2.0, 0.0), "", 4.0, 2.0)])
    assert [wire.arrowprops["arrowstyle"] for wire in wires_of(figure)] == ["-", "-|>"]
    assert figure.axes[0].patches[0].radius < 0.1
    np.testing.assert_allclose(wires_of(figure)[0].xy, (1.0, 0.0))


def test_a_wire_to_nowhere_is_refused():
    with pytest.raises(ValueError, match=r"wires: expected a place or one of the gates p, q, got 'r'"):
        drawing.circuit({"p": ("×", 0, 0), "q": ("+", 1, 0)}, [("p", "r", "", 1.0, None)])


def test_drawings_have_one_scale():
    wide = drawing.circuit({}, [((0.0, 0.0), (3.0, 0.0), "", 1.0, None)]).get_size_inches()
    narrow = drawing.circuit({}, [((0.0, 0.0), (1.0, 0.0), "", 1.0, None)]).get_size_inches()
    assert wide[0] - narrow[0] == pytest.approx(2.4)
    assert wide[1] == narrow[1]


FORK = ["a", "b", "ab", "c", "c₁", "c₂", "d", "m", "s", "L"]
HINGE = ["w", "x", "wx", "b", "wx + b", "y", "p", "1 - p", "L"]
DRAWINGS = [
    (partial(figures.gate, "+"), ["a", "b", "s"]),
    (figures.gates_and_fork, FORK),
    (figures.hinge_gates, HINGE),
]
NAMELESS = {"wx", "wx + b", "1 - p"}


@pytest.mark.parametrize(("draw", "names"), DRAWINGS, ids=["gate", "fork", "hinge"])
def test_every_quantity_has_its_value_and_its_gradient(draw, names):
    texts = words(draw({name: (10.0 + k, 50.0 + k) for k, name in enumerate(names)}))
    for k, name in enumerate(names):
        value = texts.index(f"{10 + k}" if name in NAMELESS else f"{name} = {10 + k}")
        assert texts[value + 1] in {f"{arrow} {50 + k}" for arrow in "←↑"}


def test_a_gate_has_its_inputs_above_each_other_and_its_output_to_the_right():
    figure = figures.gate("×", {"a": (3.0, 8.0), "b": (4.0, 6.0), "p": (12.0, 2.0)})
    assert words(figure) == ["a = 3", "← 8", "b = 4", "← 6", "p = 12", "← 2", "×"]
    upper, lower, out = wires_of(figure)
    assert upper.xyann[1] > 0.0 > lower.xyann[1]
    assert out.xyann[0] > upper.xy[0]


def test_a_gate_with_an_input_too_few_is_refused():
    with pytest.raises(ValueError, match="zip"):
        figures.gate("+", {"a": (3.0, 2.0), "s": (7.0, 2.0)})


def test_texts_of_the_hinge_stand_apart_and_its_zero_gets_no_gradient():
    values = [-1.0, 2.0, -2.0, 1.0, -1.0, 1.0, -1.0, 2.0, 2.0]
    gradients = [-2.0, 1.0, -1.0, -1.0, -1.0, 1.0, -1.0, 1.0, 1.0]
    figure = figures.hinge_gates(dict(zip(HINGE, zip(values, gradients, strict=True), strict=True)))
    assert overlaps(figure) == []
    texts = words(figure)
    assert texts[texts.index("0") + 1] == "×"  # the first gate: no gradient stands after it


def overlaps(figure):
    figure.draw_without_rendering()  # lays the axes out
    boxes = [(t.get_text(), t.get_window_extent()) for t in figure.axes[0].texts if t.get_text()]
    return [(one, two) for k, (one, a) in enumerate(boxes) for two, b in boxes[k + 1 :] if a.overlaps(b)]


def test_overlapping_texts_would_be_found():
    gates = {"p": ("×", 0.0, 0.0), "q": ("×", 0.05, 0.0)}
    assert overlaps(drawing.circuit(gates, [])) == [("×", "×")]


COLUMNS = [["x"], ["a", "b"], ["L"]]
JACOBIANS = [np.array([[2.0], [-1.0]]), np.array([[3.0, 5.0]])]


def test_an_edge_shows_its_derivative_and_what_it_sends_back():
    figure = figures.path_network(COLUMNS, JACOBIANS, {"x": 1.0, "a": 3.0, "b": 5.0, "L": 1.0})
    assert words(figure)[:12] == ["2", "← 6", "-1", "← -5", "3", "← 3", "5", "← 5", "x", "a", "b", "L"]
    assert written(figure)[0] == ("2", drawing.COLORS["ink"])


def test_under_every_node_stands_its_gradient():
    figure = figures.path_network(COLUMNS, JACOBIANS, {"x": 1.0, "a": 3.0, "b": 5.0, "L": 2.0})
    sums = [text for text in figure.axes[0].texts if text.get_weight() == "bold"]
    assert [text.get_text() for text in sums] == ["1", "3", "5", "2"]
    for text, circle in zip(sums, figure.axes[0].patches, strict=True):
        assert text.get_position()[0] == circle.center[0]
        assert text.get_position()[1] < circle.center[1] - circle.radius


def test_nodes_stand_in_columns_around_one_line():
    figure = figures.path_network(COLUMNS, JACOBIANS, dict.fromkeys("xabL", 1.0))
    centres = [circle.center for circle in figure.axes[0].patches]
    np.testing.assert_allclose(centres, [(0.0, 0.0), (1.4, 0.7), (1.4, -0.7), (2.8, 0.0)])


def test_a_jacobian_too_few_is_refused():
    with pytest.raises(ValueError, match="zip"):
        figures.path_network(COLUMNS, JACOBIANS[:1], dict.fromkeys("xabL", 1.0))


def test_order_costs_draws_both_orders_over_the_shapes():
    axes = figures.order_costs([1, 8], [8, 1], [10, 80], [80, 10]).axes[0]
    forward, backward = axes.lines
    np.testing.assert_array_equal(forward.get_ydata(), [10, 80])
    np.testing.assert_array_equal(backward.get_ydata(), [80, 10])
    assert forward.get_linestyle() != backward.get_linestyle()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1→8", "8→1"]
    assert axes.get_yscale() == "log"
