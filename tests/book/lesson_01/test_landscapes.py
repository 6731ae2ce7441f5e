"""Landscapes of losses: contours at the right places, arrows that are gradients, paths as they were walked."""

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.lesson_01 import figures
from backprop_lib import gradient_descent


def bowl(p):
    return p[0] ** 2 + 4.0 * p[1] ** 2


def bowl_gradient(p):
    return np.array([2.0 * p[0], 8.0 * p[1]])


AREA = {"x": (-2.0, 2.0), "y": (-1.0, 1.0), "levels": [1.0, 2.0]}


def arrows(axes):
    return [(text.xyann, text.xy) for text in axes.texts if hasattr(text, "arrow_patch")]


def test_contours_are_lines_of_equal_height():
    _, axes = drawing.subplots()
    figures.contour_map(axes, bowl, **AREA)
    (drawn,) = axes.collections
    np.testing.assert_array_equal(drawn.levels, [1.0, 2.0])
    for level, path in zip(drawn.levels, drawn.get_paths(), strict=True):
        np.testing.assert_allclose([bowl(p) for p in path.vertices], level, rtol=0.02)
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2.0, 2.0), (-1.0, 1.0))


def test_every_contour_carries_its_level():
    _, axes = drawing.subplots()
    figures.contour_map(axes, bowl, **AREA)
    assert {text.get_text() for text in axes.texts} == {"1", "2"}


def test_arrows_are_scaled_gradients():
    points = np.array([[1.0, 0.5], [-1.0, 0.0]])
    axes = figures.gradient_arrows(bowl, bowl_gradient, points, **AREA, scale=0.1, mark=[0.5, 0.2]).axes[0]
    (first, second) = arrows(axes)
    np.testing.assert_allclose(first, [[1.0, 0.5], [1.2, 0.9]])
    np.testing.assert_allclose(second, [[-1.0, 0.0], [-1.2, 0.0]])
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[0.5, 0.2]])
    assert axes.lines[0].get_marker() == "+"
    assert axes.get_aspect() == 1.0  # otherwise right angles would not look right
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("w", "b")


def test_paths_are_drawn_as_walked_each_panel_under_its_title():
    walks = [
        gradient_descent(bowl_gradient, [2.0, 1.0], learning_rate=rate, steps=n) for rate, n in [(0.1, 5), (0.01, 3)]
    ]
    panels = {"fast": {"path": walks[0]}, "both": {"fast": walks[0], "slow": walks[1]}}
    figure = figures.descent_paths(bowl, panels, **AREA, mark=[0.0, 0.0], names=("u", "v"))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["fast", "both"]
    single, double = figure.axes
    for axes, expected in [(single, walks[:1]), (double, walks)]:
        cross, *lines = axes.lines
        np.testing.assert_array_equal(cross.get_xydata(), [[0.0, 0.0]])
        for line, walk in zip(lines, expected, strict=True):
            np.testing.assert_array_equal(line.get_xydata(), walk)
    assert single.get_legend() is None
    assert [text.get_text() for text in double.get_legend().get_texts()] == ["fast", "slow"]
    assert (double.get_xlabel(), double.get_ylabel()) == ("u", "v")


def test_two_paths_differ_by_more_than_colour():
    panels = {"both": {"one": np.zeros((2, 2)), "other": np.ones((2, 2))}}
    one, other = figures.descent_paths(bowl, panels, **AREA, mark=[0.0, 0.0]).axes[0].lines[1:]
    assert one.get_color() != other.get_color()
    assert one.get_marker() != other.get_marker()
    assert one.get_linestyle() != other.get_linestyle()


def test_a_diverging_path_stays_inside_the_picture():
    walk = gradient_descent(bowl_gradient, [2.0, 1.0], learning_rate=1e200, steps=4)
    assert not np.isfinite(walk).all()
    axes = figures.descent_paths(bowl, {"lost": {"path": walk}}, **AREA, mark=[0.0, 0.0]).axes[0]
    assert (axes.get_xlim(), axes.get_ylim()) == ((-2.0, 2.0), (-1.0, 1.0))


def test_curve_shows_every_step_with_its_tangent():
    path = np.array([2.0, 1.0, 0.5])
    axes = figures.descent_curve(lambda x: x**2, path, span=(-1.0, 3.0), reach=0.5).axes[0]
    assert [text.get_text() for text in axes.texts] == ["step 0", "step 1", "step 2"]
    curve, *rest = axes.lines
    np.testing.assert_allclose(curve.get_ydata(), curve.get_xdata() ** 2)
    tangents = [line for line in rest if line.get_linestyle() == "-"]
    for x, tangent in zip(path, tangents, strict=True):
        np.testing.assert_allclose(tangent.get_xdata(), [x - 0.5, x + 0.5])
        assert np.diff(tangent.get_ydata()) == pytest.approx(2.0 * x)
