"""Drawings of batches: what is written where, in which colours, and how long the lines are."""

import numpy as np
import pytest
from matplotlib.colors import to_hex

from backprop_book import drawing
from backprop_book.lesson_04 import figures

PRODUCT = [("X", "B", "n", "forward"), ("Wᵀ", "n", "m", "forward"), ("dZ", "B", "m", "gradient")]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def cells(figure):
    """Corner and colour of every cell."""
    return [(patch.get_xy(), to_hex(patch.get_facecolor())) for patch in figure.axes[0].patches]


def test_products_are_drawn_to_scale_in_the_colours_of_their_meanings():
    colours = [colour for _, colour in cells(figures.matrix_products([PRODUCT], {"B": 4, "n": 2, "m": 3}))]
    assert colours.count(drawing.COLORS["forward_soft"]) == 4 * 2 + 2 * 3
    assert colours.count(drawing.COLORS["gradient_soft"]) == 4 * 3
    assert len(colours) == 26


def test_products_carry_names_axes_and_signs():
    written = texts(figures.matrix_products([PRODUCT], {"B": 4, "n": 2, "m": 3}))
    assert written == ["X", "B", "n", "×", "Wᵀ", "n", "m", "=", "dZ", "B", "m"]


def test_products_stand_below_each_other():
    places = [xy for xy, _ in cells(figures.matrix_products([PRODUCT, PRODUCT], {"B": 4, "n": 2, "m": 3}))]
    assert len(set(places)) == len(places) == 52
    first, second = places[:26], places[26:]
    assert max(y for _, y in first) + 1.0 < min(y for _, y in second)
    np.testing.assert_allclose([x for x, _ in first], [x for x, _ in second])


def test_products_of_a_linear_layer_fit_at_their_inner_edges():
    figure = figures.linear_products(B=4, n=2, m=3)
    written = [text for text in texts(figure) if text not in "×="]
    matrices = [tuple(written[i : i + 3]) for i in range(0, len(written), 3)]
    for left, right, result in (matrices[:3], matrices[3:6], matrices[6:]):
        assert left[2] == right[1]
        assert result[1:] == (left[1], right[2])
    assert [result[0] for result in matrices[2::3]] == ["Z", "dX", "dW"]
    colours = [colour for _, colour in cells(figure)]
    assert colours.count(drawing.COLORS["gradient_soft"]) == 12 + 8 + 12 + 6  # dZ, dX, dZ transposed, dW


def test_an_axis_without_a_size_is_refused():
    with pytest.raises(KeyError, match="m"):
        figures.matrix_products([PRODUCT], {"B": 4, "n": 2})


def test_times_are_drawn_over_sizes_with_different_dashes():
    axis = figures.batch_times([1, 8, 64], [9.0, 9.0, 9.0], [9.0, 3.0, 1.0], [6.0, 2.0, 2.0]).axes[0]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    loop, batch, predicted = axis.lines
    np.testing.assert_array_equal(loop.get_data(), [[1, 8, 64], [9.0, 9.0, 9.0]])
    np.testing.assert_array_equal(batch.get_data(), [[1, 8, 64], [9.0, 3.0, 1.0]])
    np.testing.assert_array_equal(predicted.get_data(), [[1, 8, 64], [6.0, 2.0, 2.0]])
    assert len({line.get_linestyle() for line in axis.lines}) == 3
    assert [label.get_text() for label in axis.get_xticklabels()] == ["1", "8", "64"]


@pytest.mark.parametrize(("batch", "predicted"), [([9.0, 2.0], [6.0, 1.0]), ([9.0, 1.0], [6.0, 2.0])])
def test_times_stay_clear_of_the_axis_and_of_the_legend(batch, predicted):
    axis = figures.batch_times([1, 8], [9.0, 9.0], batch, predicted).axes[0]
    assert axis.get_ylim() == pytest.approx((0.7, 45.0))
    axis.figure.draw_without_rendering()
    legend = axis.get_legend().get_window_extent()
    assert axis.transData.transform((1, 9.0))[1] < legend.y0
