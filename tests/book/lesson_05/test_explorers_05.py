"""Depth, activation and initialisation: what is said and drawn of prediction and measurement."""

import functools

import numpy as np
import pytest

from backprop_book.lesson_05 import figures
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_05 import explorer_texts as texts

DEPTHS = (10, 20, 50)
INITIAL = {"activation": "ReLU", "initialisation": "v = 4/n", "depth": 50}


def constant(function, gain, depth):
    """Signal 10 and gradient 1 / 100 at all layers."""
    return np.full(depth + 1, 10.0), np.full(depth + 1, 0.01)


def spread(function, gain, depth):
    """Eleven networks: 0 to 10 times the above, and a little."""
    factors = np.arange(11.0)[:, None] + 1e-3
    return tuple(factors * one for one in constant(function, gain, depth))


def explorer(predict=constant, measure=spread, **options):
    options = {"depths": (2, 3), "initial": INITIAL | {"depth": 2}} | options
    return figures.depth_and_initialisation(predict, measure, texts.FUNCTIONS, texts.GAINS, **options)


@functools.cache
def in_the_lesson():
    """The lesson's figure, with what the texts are computed from as both prediction and measurement."""

    def predict(function, gain, depth):
        (name,) = (name for name, one in texts.FUNCTIONS.items() if one is function)
        gradient, signal = texts.predicted(name, gain, depth)
        return np.full(depth + 1, signal), np.full(depth + 1, gradient)

    def measure(function, gain, depth):
        return tuple(one[None] for one in predict(function, gain, depth))

    return explorer(predict, measure, depths=DEPTHS, initial=INITIAL)


@pytest.mark.parametrize(
    ("state", "gradient", "signal"),
    [
        (("ReLU", "v = 4/n", 50), "10^15", "10^15"),
        (("ReLU", "v = 2/n (He)", 20), "1", "1"),
        (("sigmoid", "v = 1/n (Xavier)", 50), "10^-63", "0.3"),
        (("tanh", "v = 2/n (He)", 20), "3", "0.3"),
        (("tanh", "v = 2/n (He)", 50), "10^2", "0.3"),
    ],
)
def test_the_text_holds_powers_of_ten_and_one_digit_near_one(state, gradient, signal):
    _, text = in_the_lesson()._drawn(dict(zip(("activation", "initialisation", "depth"), state, strict=True)))
    expected = [f"predicted about {size}, measured about {size}" for size in (gradient, signal)]
    assert text == (
        f"{state[0]}, {state[1]}, {state[2]} layers. Mean square of the gradient at the input: {expected[0]}; "
        f"of the signal at the last layer: {expected[1]}."
    )


def test_every_state_can_be_read_and_has_the_same_axes():
    assert faults(in_the_lesson()) == []
    limits = {
        (ax.get_xlim(), ax.get_ylim())
        for state in in_the_lesson()._states
        for ax in in_the_lesson()._drawn(state)[0].axes
    }
    assert limits == {((0, 50), (-20, 20))}


def test_what_leaves_the_chart_says_so():
    def notes(activation):
        state = INITIAL | {"activation": activation}
        return [text.get_text() for ax in in_the_lesson()._drawn(state)[0].axes for text in ax.texts]

    assert notes("sigmoid") == ["leaves the chart,\nat the input $10^{-38}$"]
    assert notes("ReLU") == []


def test_prediction_median_and_band_stand_where_the_numbers_are():
    figure, text = explorer()._drawn(INITIAL | {"depth": 3})
    signal, gradient = figure.axes
    for ax, value in [(signal, 10.0), (gradient, 0.01)]:
        median, line = ax.lines
        (band,) = ax.patches
        assert (median.get_linestyle(), line.get_linestyle()) == ("--", "-")
        np.testing.assert_array_equal(line.get_xdata(), [0, 1, 2, 3])
        np.testing.assert_allclose(line.get_ydata(), np.log10(value))
        np.testing.assert_allclose(median.get_ydata(), np.log10(5.001 * value))
        heights = np.unique(band.get_path().vertices[:, 1].round(12))
        np.testing.assert_allclose(heights, np.log10([1.001 * value, 9.001 * value]))
    assert "gradient at the input: predicted about 10^-2, measured about 0.05;" in text
    assert "signal at the last layer: predicted about 10, measured about 10^2." in text


def test_the_callables_get_what_was_chosen():
    seen = []

    def watched(function, gain, depth):
        seen.append((function, gain, depth))
        return constant(function, gain, depth)

    figure = explorer(watched)
    seen.clear()
    figure._drawn({"activation": "tanh", "initialisation": "v = 4/n", "depth": 3})
    assert seen == [(texts.FUNCTIONS["tanh"], 4.0, 3)]


def test_a_wrong_number_of_layers_is_refused():
    with pytest.raises(ValueError, match="predict: expected two arrays with 3 layers for depth 2, got shapes"):
        explorer(lambda function, gain, depth: constant(function, gain, depth - 1))
    with pytest.raises(ValueError, match="measure: expected two arrays with 3 layers"):
        explorer(measure=lambda function, gain, depth: spread(function, gain, depth)[:1])
