"""`Explorer`: what it accepts, what it saves, and what viewers make of that who show no SVG and run no script."""

import base64
import gzip
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from bs4 import BeautifulSoup

from backprop_book.explorer import Explorer, player
from backprop_book.explorer.controls import controls
from tests.book.explorer import explorer_demonstrations as demonstrations

ALT = "A line that goes up or down."


def line(figure, slope=1.0, shape="straight", many=False, extra=0):
    """Draw nearly nothing."""
    figure.subplots().set(xlim=(0, 1), title=f"{slope} {shape} {many} {extra}")
    return f"The slope is {slope}."


def parsed(explorer):
    return BeautifulSoup(explorer._repr_mimebundle_()["text/html"], "html.parser")


def player_of(explorer):
    return BeautifulSoup(parsed(explorer).find("script", type="text/html").string, "html.parser")


def texts_of(explorer):
    return json.loads(player_of(explorer).select_one(".explorer-player")["data-texts"])


# What is saved


@pytest.fixture(scope="module")
def descent():
    return demonstrations.descent()


def test_every_state_has_its_text_and_the_last_parameter_changes_fastest(descent):
    wanted = [
        demonstrations.descent_text(rate, method) for rate in demonstrations.RATES for method in demonstrations.METHODS
    ]
    assert texts_of(descent) == wanted


def test_texts_are_escaped():
    assert texts_of(demonstrations.switch()) == [demonstrations.switch_text(False), demonstrations.switch_text(True)]


def test_the_first_state_can_be_chosen():
    soup = parsed(demonstrations.steps())
    assert soup.p.get_text() == demonstrations.steps_text(1)
    assert player_of(demonstrations.steps()).select_one("input")["value"] == "1"


def test_controls_are_native_and_labelled(descent):
    soup = player_of(descent)
    (slider,) = soup.select("input[type=range]")
    assert slider.find_parent("label").get_text(" ", strip=True) == "learning rate 0.1"
    assert (slider["max"], slider["aria-valuetext"]) == ("4", "0.1")
    (fieldset,) = soup.select("fieldset")
    assert fieldset.legend.get_text() == "method"
    assert [label.get_text(strip=True) for label in fieldset.select("label")] == demonstrations.METHODS
    assert [radio.has_attr("checked") for radio in fieldset.select("input[type=radio]")] == [True, False]
    assert soup.select("button") == []


def test_steps_have_buttons():
    soup = player_of(demonstrations.steps())
    assert [button.get_text() for button in soup.select("[role=group] button")] == ["Back", "Next", "Play"]


def test_booleans_are_yes_and_no():
    labels = player_of(demonstrations.switch()).select("fieldset label")
    assert [label.get_text(strip=True) for label in labels] == ["no", "yes"]


def test_the_picture_for_other_viewers_is_the_first_frame(descent):
    image = parsed(descent).img
    assert base64.b64decode(image["src"].partition("base64,")[2]).startswith(b"\x89PNG")
    assert image["alt"] == demonstrations.ALT
    assert (image["width"], image["height"]) == ("614", "346")


def test_the_same_figure_has_the_same_bytes(descent):
    assert descent._repr_mimebundle_()["text/html"] == demonstrations.descent()._repr_mimebundle_()["text/html"]


def test_ids_of_several_figures_differ():
    figures = [demonstrations.descent(), demonstrations.steps(), demonstrations.switch()]
    ids = [tag["id"] for figure in figures for tag in player_of(figure).find_all(id=True)]
    assert len(ids) == len(set(ids)) >= 3


def test_the_markup_is_one_well_formed_drawing(descent):
    svg = re.search("<svg.*</svg>", descent._repr_mimebundle_()["text/html"], re.DOTALL)[0]
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root.get("aria-label") == demonstrations.ALT
    assert root.get("viewBox") == "0 0 460.8 259.2"
    ids = {element.get("id") for element in root.iter() if element.get("id")}
    assert set(re.findall(r"(?:url\(|href=\")#([\w-]+)", svg)) == ids != set()


def test_no_text_can_end_the_script_it_waits_in():
    def draw(figure, n):
        figure.text(0.5, 0.5, "</script><!--")
        return f"</script><!-- {n}"

    explorer = Explorer(draw, alt=ALT, n=[1, 2])
    html = explorer._repr_mimebundle_()["text/html"]
    assert len(re.findall("</script", html)) == 2
    assert "<!--" not in html
    assert texts_of(explorer) == ["</script><!-- 1", "</script><!-- 2"]


# What strict viewers leave of it


def sanitized(html):
    """Return HTML as the sanitizers of JupyterLab and GitHub leave it: other elements go, and their text stays."""
    soup = BeautifulSoup(html, "html.parser")
    for tag in soup.find_all(["script", "style", "textarea", "option"]):
        tag.decompose()
    for tag in soup.find_all(lambda tag: tag.name not in {"div", "img", "p", "span", "form", "label", "fieldset"}):
        tag.unwrap()
    return soup


def test_a_picture_and_one_sentence_are_left_by_a_sanitizer(descent):
    left = sanitized(descent._repr_mimebundle_()["text/html"])
    assert left.img["src"].startswith("data:image/png;base64,")
    assert left.get_text(" ", strip=True) == demonstrations.descent_text(demonstrations.RATES[0])
    assert [tag.name for tag in left.find_all()] == ["div", "img", "p"]


def test_without_its_script_element_more_would_be_left(descent):
    left = sanitized(parsed(descent).find("script", type="text/html").string)
    assert "−2" in left.get_text()  # the numbers of an axis run together


def test_an_html_parser_sees_no_drawing_outside_the_scripts(descent):
    soup = parsed(descent)
    assert [script.get("type") for script in soup.find_all("script")] == ["text/html", None]
    assert not soup.find_all(["svg", "style", "input", "form", "template"])


# Weight


def test_twenty_five_frames_weigh_little():
    rates = np.linspace(0.05, 1.25, 25).round(2)
    explorer = Explorer(demonstrations.draw_descent, alt=ALT, learning_rate=rates)
    html = parsed(explorer).find("script", type="text/html").string
    assert len(html) < 45_000
    assert len(gzip.compress(html.encode())) < 6_000


def test_more_than_the_budget_is_refused():
    def noise(figure, seed):
        rng = np.random.default_rng(seed)
        figure.subplots().plot(rng.normal(size=2000), rng.normal(size=2000))
        return f"Noise number {seed}."

    with pytest.raises(ValueError, match=r"at most 60 KB compressed, the budget .* got \d+\.\d KB for 12 frames"):
        Explorer(noise, alt="Noise that nobody can compress.", seed=range(12))


def test_more_frames_than_can_fit_are_refused_before_they_are_drawn():
    def never(figure, a, b):
        raise AssertionError

    with pytest.raises(ValueError, match=r"at most 600 frames, got 900: .* budget of 60 KB"):
        Explorer(never, alt=ALT, a=range(30), b=range(30))


def test_the_script_is_small():
    assert len(player.SCRIPT.read_bytes()) < 6_000


# Bad input


@pytest.mark.parametrize(
    ("grid", "error", "message"),
    [
        ({}, ValueError, "grid: expected one to 3 parameters, got 0: none"),
        ({name: [1, 2] for name in "abcd"}, ValueError, "grid: expected one to 3 parameters, got 4: a, b, c, d"),
        ({"slope": []}, ValueError, r"slope: expected at least two values, got \[\]"),
        ({"slope": [1]}, ValueError, r"slope: expected at least two values, got \[1\]"),
        ({"slope": 3}, TypeError, "slope: expected a sequence of values, got 3"),
        ({"shape": "round"}, TypeError, "shape: expected a sequence of values, got 'round'"),
        ({"slope": [1, 1]}, ValueError, r"slope: expected values that differ when written out, got \['1', '1'\]"),
        ({"slope": [1.0000001, 1.0000002]}, ValueError, "differ when written out"),
        ({"slope": [2, 1]}, ValueError, r"slope: expected increasing numbers, got \[2, 1\]"),
        ({"slope": [1, "a"]}, TypeError, r"slope: expected values of one kind, got \[1, 'a'\]"),
        ({"slope": [0, True]}, TypeError, "slope: expected values of one kind"),
        ({"slope": [1, None]}, TypeError, "slope: expected finite numbers, words or booleans, got None"),
        ({"slope": [1.0, float("nan")]}, TypeError, "slope: expected finite numbers, words or booleans, got nan"),
        ({"slope": [1.0, float("inf")]}, TypeError, "got inf"),
        ({"slope": np.ones((2, 2))}, TypeError, "slope: expected finite numbers, words or booleans"),
    ],
)
def test_a_grid_that_cannot_be_explored_is_refused(grid, error, message):
    with pytest.raises(error, match=message):
        Explorer(line, alt=ALT, **grid)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"draw": 3}, TypeError, r"draw: expected a function draw\(figure, \*\*parameters\), got 3"),
        ({"draw": lambda figure: "text"}, TypeError, "draw: expected a function of a figure and slope, got: .*slope"),
        ({"draw": lambda figure, slope, b: ""}, TypeError, "draw: expected a function of a figure and slope, got: .*b"),
        ({"draw": lambda slope: "text"}, TypeError, "draw: expected a function of a figure"),
        ({"draw": lambda figure, slope: None}, ValueError, "draw: expected one line of text .* None for slope=1"),
        ({"draw": lambda figure, slope: " "}, ValueError, "draw: expected one line of text"),
        ({"draw": lambda figure, slope: "a\nb"}, ValueError, "draw: expected one line of text"),
        ({"draw": lambda figure, slope: figure}, ValueError, "draw: expected one line of text"),
        ({"alt": "line"}, ValueError, "alt: expected a sentence"),
        ({"alt": None}, ValueError, "alt: expected a sentence"),
        ({"play": "rate"}, ValueError, r"play: expected a parameter with numbers \(slope\), got 'rate'"),
        ({"initial": {"slope": 3}}, ValueError, r"initial: expected one of \[1, 2\], got slope=3"),
        ({"initial": {"rate": 1}}, ValueError, "initial: expected one of the parameters slope, got rate=1"),
    ],
)
def test_other_bad_input_is_refused(options, error, message):
    draw = options.pop("draw", line)
    with pytest.raises(error, match=message):
        Explorer(draw, **{"alt": ALT, "slope": [1, 2], **options})


def test_words_cannot_play():
    with pytest.raises(ValueError, match=r"play: expected a parameter with numbers \(there is none\), got 'shape'"):
        Explorer(line, alt=ALT, play="shape", shape=["a", "b"])


def test_a_drawing_that_depends_on_more_than_its_parameters_is_refused(rng):
    def draw(figure, n):
        figure.subplots().plot(rng.normal(size=3))
        return f"{n} lines"

    with pytest.raises(ValueError, match="draw: expected the same drawing and text for the same parameters"):
        Explorer(draw, alt=ALT, n=[1, 2])


def test_a_drawing_that_changes_its_size_is_refused():
    def draw(figure, n):
        figure.set_size_inches(n, n)
        return f"{n} inches"

    with pytest.raises(ValueError, match="frames: expected drawings of one size"):
        Explorer(draw, alt=ALT, n=[1, 2])


def test_numpy_values_reach_the_drawing_as_plain_numbers():
    seen = []

    def draw(figure, n, on):
        seen.append((type(n), type(on)))
        return f"{n}"

    Explorer(draw, alt=ALT, n=np.arange(2), on=np.array([False, True]))
    assert set(seen) == {(int, bool)}


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([0.1, 0.30000000000000004], ["0.1", "0.3"]),
        ([1e-5, 1.0], ["1e-05", "1"]),
        ([1, 1000000], ["1", "1000000"]),
        (["a", "b_c"], ["a", "b_c"]),
    ],
)
def test_values_as_a_reader_sees_them(values, texts):
    assert controls({"a_b": values})[0].texts == texts
    assert controls({"a_b": values})[0].label == "a b"
