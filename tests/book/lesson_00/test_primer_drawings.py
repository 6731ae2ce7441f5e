"""Drawings of the primer: which numbers stand on a neuron's wires, and what each window of the zoom shows."""

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.lesson_00 import figures

NUMBERS = {"x₁": 3.0, "x₂": 1.0, "w₁": 2.0, "w₂": -1.0, "b": -1.0, "z": 4.0, "h": 4.0}


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts if text.get_text()]


def test_a_neuron_carries_its_numbers_and_both_products():
    written = words(figures.neuron(NUMBERS))
    assert written[:-4] == ["x₁ = 3", "w₁ = 2", "x₂ = 1", "w₂ = -1", "6", "-1", "b = -1", "z = 4", "h = 4"]
    assert written[-4:] == ["×", "×", "+", "relu"]


def test_a_neuron_shows_no_gradient():
    colours = {text.get_color() for text in figures.neuron(NUMBERS).axes[0].texts}
    assert drawing.COLORS["gradient"] not in colours


def test_no_text_of_a_neuron_covers_another():
    figure = figures.neuron(NUMBERS)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) == 13
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_a_neuron_without_one_of_its_numbers_is_refused():
    with pytest.raises(KeyError, match="b"):
        figures.neuron({name: value for name, value in NUMBERS.items() if name != "b"})


def cube(w):
    return w**3


def zoom():
    return figures.slope_zoom(cube, 1.0, 3.0, reaches=(0.5, 0.05))


def test_each_window_shows_the_curve_and_the_line():
    for ax, reach in zip(zoom().axes, (0.5, 0.05), strict=True):
        curve, line, point = ax.lines[:3]
        np.testing.assert_allclose(curve.get_xdata()[[0, -1]], [1.0 - reach, 1.0 + reach])
        np.testing.assert_allclose(curve.get_ydata(), curve.get_xdata() ** 3)
        np.testing.assert_allclose(line.get_ydata(), 1.0 + 3.0 * (line.get_xdata() - 1.0))
        assert (list(point.get_xdata()), list(point.get_ydata())) == ([1.0], [1.0])


def test_curve_and_line_differ_by_more_than_colour():
    curve, line, _ = zoom().axes[0].lines[:3]
    assert curve.get_linestyle() != line.get_linestyle()
    assert curve.get_linewidth() > line.get_linewidth()


def test_a_rectangle_shows_where_the_next_window_looks():
    first, last = zoom().axes
    rectangle = first.lines[3]
    assert (min(rectangle.get_xdata()), max(rectangle.get_xdata())) == (0.95, 1.05)
    np.testing.assert_allclose((min(rectangle.get_ydata()), max(rectangle.get_ydata())), (0.95**3, 1.05**3))
    assert len(last.lines) == 3


def test_windows_say_what_they_show():
    figure = zoom()
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["w from 0.5 to 1.5", "w from 0.95 to 1.05"]
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["the curve", "slope 3"]
    assert figures.slope_zoom(cube, 1.0, 3.0, reaches=(0.5,), name="t").axes[0].get_title(loc="left")[0] == "t"
