"""The batch that grows: what is said and drawn of the loop and of the product, and that it can be read."""

import functools

import numpy as np
import pytest
from matplotlib.colors import to_hex

from backprop_book import drawing
from backprop_book.lesson_04 import figures
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_04 import explorer_texts as texts


@functools.cache
def batch():
    return figures.growing_batch(texts.DL_DZ, texts.X)


def state(samples):
    """Axes and text of a state."""
    figure, text = batch()._drawn({"samples": samples})
    return figure.axes[0], text


@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_both_ways_say_what_a_layer_says(samples):
    assert state(samples)[1] == texts.growing_batch(samples)


def test_every_state_can_be_read():
    assert faults(batch()) == []


def test_it_opens_with_all_samples():
    assert batch()._states[batch()._initial] == {"samples": 4}


@pytest.mark.parametrize("samples", [1, 2, 4])
def test_each_sample_adds_cells_and_those_to_come_stay_empty(samples):
    colours = [to_hex(patch.get_facecolor()) for patch in state(samples)[0].patches]
    assert colours.count(drawing.COLORS["gradient_soft"]) == samples * 6 + 6 + samples * 3 + 6
    assert colours.count(drawing.COLORS["forward_soft"]) == samples * 2
    assert colours.count(drawing.COLORS["paper"]) == (4 - samples) * (6 + 3 + 2)


def test_the_newest_sample_stands_out():
    wide = [patch for patch in state(3)[0].patches if patch.get_linewidth() > 1.0]
    assert len(wide) == 6 + 3 + 2
    bold = [text.get_text() for text in state(3)[0].texts if text.get_weight() == "bold" and len(text.get_text()) < 4]
    product = np.outer(texts.DL_DZ[2], texts.X[2]).ravel()
    expected = [*product, *texts.DL_DZ[2], *texts.X[2]]
    assert bold == [f"{value + 0.0:g}" for value in expected]


def test_a_plus_stands_between_samples_that_are_there():
    signs = [[text.get_text() for text in state(k)[0].texts].count("+") for k in (1, 2, 3, 4)]
    assert signs == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("dL_dZ", "X", "message"),
    [
        (np.ones((3, 2)), np.ones((2, 2)), "X: expected 3 rows, one per row of dL_dZ, got 2"),
        (np.ones((1, 2)), np.ones((1, 2)), r"expected 2 to 4 samples.*got \(1, 2, 2\)"),
        (np.ones((5, 2)), np.ones((5, 2)), r"expected 2 to 4 samples.*got \(5, 2, 2\)"),
        (np.ones((3, 4)), np.ones((3, 2)), r"at most 3 outputs and 2 inputs, got \(3, 4, 2\)"),
        (np.ones(3), np.ones((3, 2)), "dL_dZ: expected"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(dL_dZ, X, message):
    with pytest.raises(ValueError, match=message):
        figures.growing_batch(dL_dZ, X)
