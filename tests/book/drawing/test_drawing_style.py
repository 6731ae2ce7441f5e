"""The drawings: what is drawn, in which colours, and how it reaches a page."""

import base64
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.drawing import style
from backprop_book.drawing.palette import PALETTE
from tests.book.drawing.phone import smallest_text_on_a_phone

ALT = "A line that rises from zero to one."


@pytest.fixture
def shown(monkeypatch):
    """What `show` displays, caught: a list of dictionaries by media type."""
    caught = []
    monkeypatch.setattr(style, "display", lambda data, *, raw: caught.append(data))
    return caught


def as_svg(figure, shown):
    drawing.show(figure, alt=ALT)
    return shown[-1]["image/svg+xml"]


def texts(svg):
    return ["".join(node.itertext()).strip() for node in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def line():
    figure, axis = drawing.subplots()
    axis.plot([0, 1], [0, 1])
    return figure


def test_show_gives_svg_png_and_text(shown):
    drawing.show(line(), alt=ALT)
    assert set(shown[0]) == {"image/svg+xml", "image/png", "text/plain"}
    assert base64.b64decode(shown[0]["image/png"]).startswith(b"\x89PNG")
    assert shown[0]["text/plain"] == ALT


def test_svg_carries_its_alt_text_escaped(shown):
    alt = 'A line "rising" from 0 < 1 & back.'
    drawing.show(line(), alt=alt)
    root = ET.fromstring(shown[0]["image/svg+xml"])
    assert root.get("role") == "img"
    assert root.get("aria-label") == alt
    assert root.get("viewBox")


def test_same_drawing_same_bytes(shown):
    first, second = as_svg(line(), shown), as_svg(line(), shown)
    assert first == second
    assert "metadata" not in first
    assert "<?xml" not in first


@pytest.mark.parametrize("alt", ["", "figure", "a loss curve", None, 3])
def test_alt_text_that_says_nothing_is_refused(alt, shown):
    with pytest.raises(ValueError, match="alt: expected a sentence"):
        drawing.show(line(), alt=alt)
    assert shown == []


def test_subplots_has_the_size_asked_for():
    figure, axes = drawing.subplots(2, 3, width=5.0, height=2.0)
    assert axes.shape == (2, 3)
    np.testing.assert_array_equal(figure.get_size_inches(), [5.0, 2.0])


def test_network_shows_every_number_and_points_to_the_right(shown):
    columns = {"in": [("x₁", "1", ""), ("x₂", "2", "")], "out": [("y", "0.5", "wanted 1")]}
    figure = drawing.network(columns, [np.array([[0.25, -3.0]])])
    assert {"in", "out", "0.25", "-3", "wanted 1"} <= set(texts(as_svg(figure, shown)))
    arrows = [text for text in figure.axes[0].texts if hasattr(text, "arrow_patch")]
    assert len(arrows) == 2
    assert all(arrow.xy[0] > arrow.xyann[0] for arrow in arrows)


def test_network_writes_three_decimals(shown):
    columns = {"in": [("x", "1", "")], "out": [("y", "1", "")]}
    assert "-0.022" in texts(as_svg(drawing.network(columns, [[[-0.02179]]]), shown))


def column(*names):
    return [(name, "0.5", "") for name in names]


def test_labels_of_crossing_arrows_stand_apart():
    columns = {"x": column("a", "b"), "h": column("c", "d", "e")}
    figure = drawing.network(columns, [np.full((3, 2), -0.125)])
    boxes = [text.get_window_extent() for text in figure.axes[0].texts if text.get_text() == "-0.125"]
    assert len(boxes) == 6
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])


def test_network_with_a_matrix_too_few_is_refused():
    with pytest.raises(ValueError, match="zip"):
        drawing.network({"a": [("x", "1", "")], "b": [("y", "1", "")]}, [])


def test_training_curves_draw_each_line_from_epoch_1():
    panels = {"loss": {"training": [3.0, 2.0], "validation": [3.5, 3.0]}, "accuracy": {"training": [0.1, 0.2]}}
    figure = drawing.training_curves(panels, log={"loss"})
    loss, accuracy = figure.axes
    assert (loss.get_yscale(), accuracy.get_yscale()) == ("log", "linear")
    training, validation = loss.lines
    np.testing.assert_array_equal(training.get_data(), [[1, 2], [3.0, 2.0]])
    assert training.get_linestyle() != validation.get_linestyle()
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["training", "validation"]
    assert accuracy.get_legend() is None


def test_four_training_curves_differ_by_dash():
    (ax,) = drawing.training_curves({"loss": {name: [2.0, 1.0] for name in "abcd"}}).axes
    assert len({line.get_linestyle() for line in ax.lines}) == 4


def test_training_curves_share_the_name_of_the_axis_below():
    figure = drawing.training_curves({"loss": {"a": [1.0]}, "accuracy": {"a": [0.5]}}, xlabel="pass")
    upper, lower = figure.axes
    assert upper.get_position().y0 > lower.get_position().y1
    assert (upper.get_xlabel(), lower.get_xlabel()) == ("", "pass")


def test_training_curves_of_every_tenth_epoch():
    (ax,) = drawing.training_curves({"loss": {"training": [3.0, 2.0, 1.0]}}, every=10).axes
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 11, 21])


def test_fitted_curves_show_points_and_curves_in_two_dashes():
    figure = drawing.fitted_curves([0.0, 1.0], [2.0, 3.0], [0.0, 0.5, 1.0], {"early": [1, 1, 1], "late": [2, 2.5, 3]})
    (ax,) = figure.axes
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [[0.0, 2.0], [1.0, 3.0]])
    early, late = ax.lines
    np.testing.assert_array_equal(late.get_data(), [[0.0, 0.5, 1.0], [2.0, 2.5, 3.0]])
    assert (early.get_linestyle(), late.get_linestyle()) == (":", "-")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["points", "early", "late"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("input", "output")


def test_text_can_be_read_on_a_phone():
    images = np.zeros((7, 8, 8))
    for figure in [
        drawing.network(
            {"x": column("a"), "h": column("b", "c"), "y": column("d")}, [np.ones((2, 1)), np.ones((1, 2))]
        ),
        drawing.training_curves({"loss": {"training": [3.0, 2.0], "validation": [3.0, 2.5]}}, log={"loss"}),
        drawing.fitted_curves([0.0, 1.0], [2.0, 3.0], [0.0, 1.0], {"early": [1, 1]}),
        drawing.image_grid(images, ["1, read 7"] * 7),
        drawing.confusion_table(np.eye(10, dtype=int)),
    ]:
        assert smallest_text_on_a_phone(figure) >= 9.0


def test_image_grid_shows_each_image_under_its_caption(shown):
    images = np.arange(12.0).reshape(3, 2, 2)
    figure = drawing.image_grid(images, ["a", "b", "c"], columns=2)
    drawn = [axis.images[0].get_array() for axis in figure.axes if axis.images]
    np.testing.assert_array_equal(drawn, images)
    assert texts(as_svg(figure, shown)) == ["a", "b", "c"]


def test_image_grid_without_captions_has_no_titles():
    figure = drawing.image_grid(np.ones((1, 2, 2)))
    assert [axis.get_title() for axis in figure.axes] == [""] * 5


def test_diverging_images_have_their_middle_at_zero():
    figure = drawing.image_grid(np.array([[[-3.0, 1.0]]]), columns=1, diverging=True)
    image = figure.axes[0].images[0]
    assert image.get_clim() == (-3.0, 3.0)


def test_diverging_images_mark_what_is_far_below_zero():
    figure = drawing.image_grid(np.array([[[-3.0, 1.0], [-0.1, -2.0]]]), columns=1, diverging=True)
    (dots,) = figure.axes[0].lines
    np.testing.assert_array_equal(dots.get_xydata(), [[0, 0], [1, 1]])
    plain = drawing.image_grid(np.array([[[3.0, 1.0]]]), columns=1)
    assert len(plain.axes[0].lines) == 0


def test_confusion_table_shows_counts_by_true_row(shown):
    figure = drawing.confusion_table([[5, 0], [2, 7]])
    places = {text.get_text(): text.get_position() for text in figure.axes[0].texts}
    assert places == {"5": (0, 0), "·": (1, 0), "2": (0, 1), "7": (1, 1)}
    svg = as_svg(figure, shown)
    assert svg.count(f"fill: {PALETTE['forward_soft'][0]}") == 2
    assert svg.count(f"fill: {PALETTE['gradient_soft'][0]}") == 1


def test_confusion_table_names_its_classes():
    figure = drawing.confusion_table([[1, 0], [0, 1]], names=["cat", "dog"])
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["cat", "dog"]


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(a, b):
    bright, dark = sorted([luminance(a), luminance(b)], reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_text_and_lines_can_be_read(theme):
    colours = {meaning: pair[theme] for meaning, pair in PALETTE.items()}
    for text in "ink", "muted", "forward", "gradient", "numerical":
        assert contrast(colours[text], colours["paper"]) >= 4.5  # WCAG 2, level AA
    for ground in "forward_soft", "gradient_soft", "numerical_soft":
        assert contrast(colours["ink"], colours[ground]) >= 4.5


def test_palette_holds_colours_as_the_website_looks_for_them():
    assert all(re.fullmatch("#[0-9a-f]{6}", colour) for pair in PALETTE.values() for colour in pair)
