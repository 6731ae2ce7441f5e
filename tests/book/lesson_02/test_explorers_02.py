"""Interactive figures of lesson 2: what they say of each state, what is highlighted, and that it can be read."""

import functools
import itertools

import numpy as np
import pytest

from backprop_book import drawing
from backprop_book.lesson_02 import figures
from backprop_lib import numerical_gradient, sigmoid
from tests.book.explorer.layout_of_states import faults
from tests.book.lesson_02 import explorer_texts as texts

NUMBERS = [2.0, 0.5, -1.0, 5.0, -1.5, 3.0]


@functools.cache
def network():
    return figures.gradient_steps(*NUMBERS)


@functools.cache
def uses():
    return figures.fork_or_chain(2.0, 3.0, b=range(-3, 4), initial=2)


@pytest.mark.parametrize("step", [3, 7, 12, 14, 18])
def test_a_step_names_its_rule_and_its_numbers(step):
    assert network()._texts[step] == texts.network_step(step)


def test_the_first_step_lists_the_inputs():
    assert (
        network()._texts[0].startswith("Step 0: the inputs are known, x = 2, w₁ = 0.5, b₁ = -1, w₂ = 5, b₂ = -1.5, y")
    )


def loss_of(numbers):
    x, w1, b1, w2, b2, y = numbers
    return 0.5 * (w2 * sigmoid(w1 * x + b1) + b2 - y) ** 2


def test_gradients_are_right_for_other_numbers():
    numbers = [0.3, -1.2, 0.7, 2.0, 0.1, -0.5]
    names, gradient = ["x", "w₁", "b₁", "w₂", "b₂", "y"], numerical_gradient(loss_of, numbers, method="complex")
    said = {}
    for text in figures.gradient_steps(*numbers)._texts[8:]:
        name, _, product = text.partition("∂L/∂")[2].partition(" = ")
        said[name] = float(product.rpartition("= ")[2].rstrip("."))
    for name, value in zip(names, gradient, strict=True):
        assert said[name] == float(f"{value:.3g}")


def test_the_steps_bring_one_gradient_each():
    shown = [[text for text in texts_of(state) if text.startswith(("←", "↑"))] for state in network()._states]
    bringing_two = {13}  # h stands at the end of the upper row and at the start of the lower one
    assert [len(after) - len(before) for before, after in itertools.pairwise(shown)] == [0] * 6 + [
        2 if step in bringing_two else 1 for step in range(7, 19)
    ]
    assert shown[-1] == [
        *("← -1.25", "↑ -5", "← -2.5", "↑ -2.5", "← -2.5", "← -10"),
        *("← -10", "↑ -1", "← -2", "↑ -2", "← -2", "↑ 2", "← 1"),
    ]


def drawn(explorer, state):
    return [text for text in explorer._drawn(state)[0].axes[0].texts if text.get_text()]


def texts_of(state):
    return [text.get_text() for text in drawn(network(), state)]


@pytest.mark.parametrize(
    ("step", "bold", "meaning"),
    [
        (2, ["z₁ = 0"], "forward"),
        (3, ["h = 0.5", "h = 0.5"], "forward"),  # the end of the upper row, and the start of the lower
        (10, ["↑ -2"], "gradient"),
        (13, ["← -10", "← -10"], "gradient"),
    ],
)
def test_the_number_at_hand_and_its_gate_are_highlighted(step, bold, meaning):
    figure = network()._drawn({"step": step})[0]
    highlighted = [text for text in figure.axes[0].texts if text.get_weight() == "bold"]
    assert [text.get_text() for text in highlighted] == bold
    assert {text.get_color() for text in highlighted} == {drawing.COLORS[meaning]}
    (gate,) = [patch for patch in figure.axes[0].patches if patch.get_linewidth() > 2.0]
    assert gate.get_facecolor()[:3] == pytest.approx(rgb(drawing.COLORS[f"{meaning}_soft"]))


def rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def test_at_the_start_nothing_is_highlighted():
    assert all(text.get_weight() == "normal" for text in drawn(network(), {"step": 0}))


@pytest.mark.parametrize("used", ["once", "twice"])
def test_uses_multiply_in_a_chain_and_add_up_at_a_fork(used):
    states = [state for state in uses()._states if state["used"] == used]
    said = [text for state, text in zip(uses()._states, uses()._texts, strict=True) if state["used"] == used]
    assert said == [texts.fork(used, state["b"]) for state in states]


def test_a_fork_sends_to_each_copy_its_own_gradient():
    written = [text.get_text() for text in drawn(uses(), {"used": "twice", "b": -2})]
    assert written[:6] == ["x = 2", "← 1", "x₁ = 2", "← 3", "x₂ = 2", "← -2"]


@pytest.mark.parametrize("figure", [network, uses])
def test_every_state_can_be_read(figure):
    assert faults(figure()) == []


@pytest.mark.parametrize("figure", [network, uses])
def test_nothing_jumps_from_state_to_state(figure):
    axes = [figure()._drawn(state)[0].axes[0] for state in figure()._states]
    assert len({(one.get_xlim(), one.get_ylim()) for one in axes}) == 1


def test_both_open_where_all_is_there():
    assert network()._states[network()._initial] == {"step": 18}
    assert uses()._states[uses()._initial] == {"used": "twice", "b": 2}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: figures.gradient_steps([1.0, 2.0], *NUMBERS[1:]), r"x: expected one number, got shape \(2,\)"),
        (lambda: figures.gradient_steps(2.0, np.nan, *NUMBERS[2:]), "w₁: expected"),
        (lambda: figures.fork_or_chain(2.0, np.inf, b=[1, 2], initial=1), "a: expected"),
        (lambda: figures.fork_or_chain(2.0, 3.0, b=[1, 2], initial=3), "initial: expected one of"),
    ],
)
def test_what_is_no_number_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
