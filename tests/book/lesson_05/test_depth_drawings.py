"""Drawings of deep networks: which number stands where, and that no line is known by its colour alone."""

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.lesson_05 import figures
from tests.book.drawing.phone import smallest_text_on_a_phone

COLORS = drawing.COLORS
FORWARD, BACKWARD = np.array([1.0, 10.0, 100.0]), np.array([4.0, 2.0, 1.0])


def profiles():
    predicted = {"tanh": {"1/n": (FORWARD, BACKWARD), "2/n": (2.0 * FORWARD, 3.0 * BACKWARD)}}
    factors = np.arange(11.0)[:, None]  # eleven networks
    measured = {
        "tanh": {name: tuple(factors * line for line in pair) for name, pair in predicted["tanh"].items()},
    }
    return figures.depth_profiles(predicted, measured)


def test_profiles_show_signal_and_gradient_side_by_side_in_their_colours():
    left, right = profiles().axes
    np.testing.assert_array_equal(left.lines[0].get_data(), [[0, 1, 2], FORWARD])
    np.testing.assert_array_equal(right.lines[1].get_data(), [[0, 1, 2], 3.0 * BACKWARD])
    assert {line.get_color() for line in left.lines} == {COLORS["forward"]}
    assert {line.get_color() for line in right.lines} == {COLORS["gradient"]}
    assert (left.get_title("left"), right.get_title("left")) == ("tanh: signal", "tanh: gradient")
    assert left.get_yscale() == right.get_yscale() == "log"
    assert left.get_ylabel() == "mean square"


def test_lines_of_a_profile_differ_by_dash_and_are_named():
    figure = profiles()
    for axes in figure.axes:
        assert [line.get_linestyle() for line in axes.lines] == ["-", "--"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["1/n", "2/n"]
    assert [(line.get_linestyle(), line.get_color()) for line in legend.get_lines()] == [
        ("-", COLORS["ink"]),  # the dash alone tells lines of two colours apart
        ("--", COLORS["ink"]),
    ]


@pytest.mark.parametrize(
    ("last", "exponents"), [(1e-67, [-60, -40, -20, 0]), (1e-9, [-8, -6, -4, -2, 0]), (1e-3, [-3, -2, -1, 0])]
)
def test_marks_stand_at_round_powers_of_ten(last, exponents):
    falling = np.array([1.0, last])
    measured = {"sigmoid": {"1/n": (np.outer([1.0, 1.0], falling),) * 2}}
    signal, _ = figures.depth_profiles({"sigmoid": {"1/n": (falling, falling)}}, measured).axes
    np.testing.assert_allclose(np.log10(signal.get_yticks()), exponents, atol=1e-9)
    assert signal.get_yticks(minor=True).size == 0


def test_a_constant_signal_looks_constant():
    constant = np.array([1.0, 1.0]), np.array([1.0, 1e-9])
    measured = {"sigmoid": {"1/n": tuple(np.outer([0.9, 1.1], line) for line in constant)}}
    signal, gradient = figures.depth_profiles({"sigmoid": {"1/n": constant}}, measured).axes
    low, high = signal.get_ylim()
    assert high / low >= 100.0
    assert gradient.get_ylim()[1] < 10.0


def test_the_band_holds_the_middle_of_the_networks():
    band = profiles().axes[0].patches[0].get_xy()
    assert {(x, y) for x, y in band if x == 1.0} == {(1.0, 10.0), (1.0, 90.0)}  # of 0, 10, 20 ... 100


def a_log_histogram():
    return figures.log_histogram(np.array([-2.0, -2.0, -1.0, 0.5]), -2.0, 1.5)


def test_log_histogram_counts_every_value_within_four_deviations():
    (axes,) = a_log_histogram().axes
    width = axes.patches[0].get_width()
    counts = np.array([bar.get_height() * width * 4 for bar in axes.patches])
    assert sorted(counts[counts > 0].round()) == [1, 1, 2]
    curve, mark = axes.lines
    assert curve.get_linestyle() == "--"
    assert curve.get_xdata()[np.argmax(curve.get_ydata())] == pytest.approx(-2.0)
    assert np.trapezoid(curve.get_ydata(), curve.get_xdata()) == pytest.approx(1.0, abs=1e-3)
    assert set(mark.get_xdata()) == {0.0}
    assert any("mean -2.0" in text.get_text() for text in axes.texts)


def histograms():
    some, zero = np.array([0.1, 0.1, 0.9]), np.array([0.0, 1e-3, -1e-3])
    return figures.layer_histograms({"a network": {1: (some, zero), 50: (some, zero * 10.0)}}, floor=1e-8)


def test_layer_histograms_stand_above_each_other_with_their_layers():
    activations, gradients = histograms().axes
    assert [label.get_text() for label in activations.get_yticklabels()] == ["1", "50"]
    assert activations.get_title("left") == "a network: activations"
    for axes in activations, gradients:
        for place, ridge in enumerate(axes.lines):
            heights = ridge.get_ydata()
            assert heights.min() == place
            assert heights.max() == pytest.approx(place + 0.85)


def test_layer_histograms_show_gradients_by_their_order_and_zero_at_the_floor():
    _, gradients = histograms().axes
    x, heights = gradients.lines[0].get_data()
    assert (x[0], x[-1]) == (-8.0, -2.0)
    filled = x[heights > 0.0]
    np.testing.assert_allclose(filled, [-8.0, -7.85, -3.05, -2.9])


@pytest.mark.parametrize("draw", [profiles, a_log_histogram, histograms])
def test_text_can_be_read_on_a_phone(draw):
    assert smallest_text_on_a_phone(draw()) >= 9.0
