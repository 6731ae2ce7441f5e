"""The replayed training: what it says and draws of an epoch, and that it can be read."""

import functools

import numpy as np
import pytest
from matplotlib.colors import to_hex

from backprop_book import drawing
from backprop_book.lesson_09 import figures
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_09 import explorer_texts as texts

EPOCHS = [0, 1, 2, 3, 5, 8, 12, 20, 30]


@functools.cache
def run():
    return texts.trained(30, keep_parameters=True)


def made(history=None, images=texts.IMAGES, **options):
    start, validation = texts.sigmoid_network(np.random.default_rng(0)), texts.digits()
    validation = validation.X_validation, validation.y_validation
    return figures.training_replay(start, history or run()[1], validation, images, **options)


@functools.cache
def replay():
    return made()


def axes(epoch):
    """Those of the losses, of the images and of the units."""
    return replay()._drawn({"epoch": epoch})[0].axes


@pytest.mark.parametrize("epoch", [0, 1, 3, 12, 30])
def test_an_epoch_says_what_a_training_that_ends_there_says(epoch):
    assert replay()._texts[EPOCHS.index(epoch)] == texts.training_replay(epoch)


def test_every_state_can_be_read():
    assert faults(replay()) == []


def test_it_opens_at_the_last_epoch():
    assert replay()._states[replay()._initial] == {"epoch": 30}
    assert [state["epoch"] for state in replay()._states] == EPOCHS


@pytest.mark.parametrize("epoch", [0, 1, 30])
def test_losses_are_drawn_as_far_as_the_epoch(epoch):
    history = run()[1]
    strong = [line for line in axes(epoch)[0].lines if to_hex(line.get_color()) != drawing.COLORS["grid"]]
    training, validation = strong
    np.testing.assert_array_equal(training.get_xdata(), range(1, epoch + 1))
    np.testing.assert_array_equal(training.get_ydata(), history.loss[:epoch])
    np.testing.assert_array_equal(validation.get_xdata(), range(epoch + 1))
    np.testing.assert_array_equal(validation.get_ydata()[1:], history.validation_loss[:epoch])
    assert training.get_linestyle() != validation.get_linestyle()


def test_axes_stay_where_they_are():
    limits = {(axes(epoch)[0].get_xlim(), axes(epoch)[0].get_ylim()) for epoch in EPOCHS}
    assert len(limits) == 1


def test_images_are_the_ones_asked_for_and_what_is_misread_stands_out():
    image = axes(1)[1].images[0].get_array()
    np.testing.assert_array_equal(image[:, :8], texts.digits().X_validation[3].reshape(8, 8))
    np.testing.assert_array_equal(image[:, 45:], texts.digits().X_validation[133].reshape(8, 8))
    titles = {text.get_text(): text.get_weight() for text in axes(1)[1].texts}
    assert titles["8 read 8"] == "normal"
    assert [title for title, weight in titles.items() if weight == "bold"] == [
        "6 read 1",
        "2 read 8",
        "1 read 8",
        "4 read 7",
        "9 read 7",
    ]


def test_weights_are_drawn_on_the_scale_of_the_end_with_dots_where_they_are_negative():
    units, largest = axes(3)[2], np.argmax(np.linalg.norm(run()[0].layers[0].weight.data, axis=1))
    assert units.texts[0].get_text() == f"unit {largest}"
    drawn = units.images[0].get_array()[:, :8]
    weights = run()[1].parameters[2][0][largest].reshape(8, 8)
    limit = np.abs(run()[0].layers[0].weight.data[largest]).max()
    np.testing.assert_allclose(drawn, weights / limit, atol=1 / 16 + 1e-12)
    columns, rows = units.lines[0].get_data()
    inside = columns < 8
    dotted = set(zip(rows[inside].astype(int), columns[inside].astype(int), strict=True))
    assert dotted == set(zip(*np.nonzero(drawn < -0.4), strict=True))
    assert dotted


def test_the_network_given_stays_as_it_was():
    start = texts.sigmoid_network(np.random.default_rng(0))
    before = [parameter.data.copy() for parameter in start.parameters()]
    validation = texts.digits().X_validation, texts.digits().y_validation
    figures.training_replay(start, run()[1], validation, texts.IMAGES, epochs=[0, 30])
    for parameter, data in zip(start.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.data, data)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"images": [1, 2, 3]}, r"images: expected 6 numbers from 0 to 356, got \[1, 2, 3\]"),
        ({"images": [1, 2, 3, 4, 5, 357]}, "images: expected 6 numbers from 0 to 356"),
        ({"epochs": [0, 31]}, r"epochs: expected numbers from 0 to 30, got \[0, 31\]"),
        ({"epochs": [-1, 3]}, "epochs: expected numbers from 0 to 30"),
    ],
)
def test_what_there_is_not_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        made(**options)


def test_a_history_without_parameters_is_refused():
    with pytest.raises(ValueError, match=r"history: expected one with parameters, from fit\(..., keep_parameters=True"):
        made(texts.trained(1)[1])
