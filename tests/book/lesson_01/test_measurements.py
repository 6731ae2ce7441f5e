"""Drawings of measured slopes: what is measured looks measured, and nothing is lost on the logarithmic axis."""

import numpy as np

from backprop_book import drawing
from backprop_book.lesson_01 import figures


def test_sweep_shows_what_was_measured_beside_what_was_predicted():
    angles = np.array([0.0, 90.0, 180.0])
    measured, predicted = np.array([1.0, 0.1, -1.0]), np.array([1.0, 0.0, -1.0])
    axes = figures.direction_sweep(angles, measured, predicted, marks={"up": 0.0, "down": 180.0}).axes[0]
    lines = {line.get_label(): line for line in axes.lines}
    np.testing.assert_array_equal(lines["measured"].get_ydata(), measured)
    np.testing.assert_array_equal(lines["predicted"].get_ydata(), predicted)
    assert lines["measured"].get_color() == drawing.COLORS["numerical"]
    assert lines["measured"].get_linestyle() == "None"  # single points: not known by colour alone
    assert {text.get_text(): text.get_position()[0] for text in axes.texts} == {"up": 0.0, "down": 180.0}


def drawn(errors, bounds, **options):
    _, axes = drawing.subplots()
    figures.step_errors(axes, np.array([1.0, 0.1, 0.01]), errors, bounds, **options)
    return axes


def test_each_method_has_its_dash_marker_and_name():
    errors = {name: np.array([1.0, 0.1, 0.01]) * k for k, name in enumerate(["forward", "central", "complex"], 1)}
    axes = drawn(errors, {})
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert [line.get_label() for line in axes.lines] == list(errors)
    assert len({line.get_linestyle() for line in axes.lines}) == 3
    assert len({line.get_marker() for line in axes.lines}) == 3
    for line, values in zip(axes.lines, errors.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)


def test_errors_of_zero_are_drawn_at_the_floor():
    (line,) = drawn({"complex": np.array([1e-2, 1e-20, 0.0])}, {}, floor=1e-14).lines
    np.testing.assert_array_equal(line.get_ydata(), [1e-2, 1e-14, 1e-14])


def test_bounds_are_thin_lines_with_one_name_for_all():
    values = np.array([1.0, 0.1, 0.01])
    axes = drawn({"forward": values, "central": values}, {"forward": 2.0 * values, "central": 3.0 * values})
    method, _, first, second = axes.lines
    np.testing.assert_array_equal(first.get_ydata(), 2.0 * values)
    np.testing.assert_array_equal(second.get_ydata(), 3.0 * values)
    assert first.get_linewidth() < method.get_linewidth()
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["forward", "central", "predicted at most"]
