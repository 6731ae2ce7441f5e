"""The zoo of wrong backward passes: each is caught by its own check, the right version passes, the stories are true.

The mistakes that a gradient check cannot see are shown to pass one.
"""

import dataclasses
import difflib
import inspect
import re
import sys

import numpy as np
import pytest

from backprop_book import MISTAKES, Mistake
from backprop_book.mistakes import batch, checks, derivation, graph, layers, training
from backprop_lib import Adam, AdamW, Parameter, numerical_gradient

SEEN = [
    "missing-transpose",
    "inner-for-outer",
    "slope-from-z",
    "relu-mask",
    "bias-not-summed",
    "repeated-index",
    "softmax-diagonal",
    "batch-norm-constant-mean",
    "new-dropout-mask",
    "assign-at-fork",
    "passed-on-too-early",
    "marked-when-pushed",
    "changed-in-place",
]
UNSEEN = [
    "broadcast-target",
    "mean-twice",
    "layer-norm-over-batch",
    "max-ties",
    "stale-cache",
    "label-off-by-one",
    "gradients-not-zeroed",
    "weight-decay-in-gradient",
]
SEEDS = range(20)

every_mistake = pytest.mark.parametrize("mistake", MISTAKES.values(), ids=list(MISTAKES))


def outcomes(check, version):
    """Whether the version passed, for every seed: as a set, so that one exception stands out."""
    return {bool(check(version, rng=np.random.default_rng(seed))) for seed in SEEDS}


# What each entry promises


def test_the_zoo_is_complete():
    assert sorted(MISTAKES) == sorted(SEEN + UNSEEN)
    modules = (derivation, batch, layers, graph, training)
    defined = [value for module in modules for value in vars(module).values() if isinstance(value, Mistake)]
    assert len(defined) == len(MISTAKES)
    assert {id(mistake) for mistake in defined} == {id(mistake) for mistake in MISTAKES.values()}


@every_mistake
def test_its_check_catches_the_wrong_version(mistake):
    assert outcomes(mistake.check, mistake.wrong) == {False}


@every_mistake
def test_its_check_passes_the_right_version(mistake):
    assert outcomes(mistake.check, mistake.right) == {True}


@every_mistake
def test_a_gradient_check_passes_the_right_version(mistake):
    assert outcomes(mistake.gradient_check, mistake.right) == {True}


@pytest.mark.parametrize("name", SEEN)
def test_a_gradient_check_sees_most_mistakes(name):
    assert MISTAKES[name].seen_by_gradient_check
    assert outcomes(MISTAKES[name].gradient_check, MISTAKES[name].wrong) == {False}


@pytest.mark.parametrize("name", UNSEEN)
def test_a_gradient_check_passes_what_it_cannot_see(name):
    assert not MISTAKES[name].seen_by_gradient_check
    assert outcomes(MISTAKES[name].gradient_check, MISTAKES[name].wrong) == {True}


def slightly_off(version):
    """The version with its gradient off by about a thousandth, or its order of nodes reversed."""

    def off(part):
        part = np.asarray(part)
        return part + 1e-3 * np.cos(np.arange(part.size)).reshape(part.shape)

    def spoiled(*args):
        result = version(*args)
        if isinstance(result, tuple):  # what forward gives, then gradients
            return result[0], *map(off, result[1:])
        return result[::-1] if isinstance(result[0], int) else off(result)

    return spoiled


@every_mistake
def test_a_gradient_check_refuses_a_gradient_slightly_off(mistake):
    # So that what passes above does not pass because everything does.
    assert outcomes(mistake.gradient_check, slightly_off(mistake.right)) == {False}


@every_mistake
def test_no_check_rests_on_the_right_version(mistake, monkeypatch):
    def forbidden(*args):
        raise AssertionError("the check called the version that it should judge by other means")

    for version in mistake.wrong, mistake.right:
        monkeypatch.setattr(sys.modules[version.__module__], version.__name__, forbidden)
    with pytest.raises(AssertionError, match="the check called"):
        mistake.check(getattr(sys.modules[mistake.right.__module__], mistake.right.__name__))
    assert mistake.check(mistake.right)
    assert not mistake.check(mistake.wrong)


@every_mistake
def test_the_shapes_change_with_the_generator(mistake):
    seen = set()

    def size(value):
        return str(len(value)) if isinstance(value, list) else str(np.shape(value))

    def recorded(*args):
        seen.add(" ".join(map(size, args)))
        return mistake.right(*args)

    outcomes(mistake.check, recorded)
    assert len(seen) >= 3


@every_mistake
def test_both_versions_have_one_signature(mistake):
    assert inspect.signature(mistake.wrong) == inspect.signature(mistake.right)
    assert inspect.getdoc(mistake.wrong) == inspect.getdoc(mistake.right)


@every_mistake
def test_the_sources_differ_in_a_few_lines(mistake):
    wrong, right = mistake.wrong_source.splitlines(), mistake.right_source.splitlines()
    lines = [line[0] for line in difflib.ndiff(wrong, right)]
    assert 1 <= max(lines.count("-"), lines.count("+")) <= 2
    assert lines.count(" ") >= 2
    assert len(wrong) <= 15


@every_mistake
@pytest.mark.parametrize("which", ["wrong", "right"])
def test_the_sources_need_nothing_but_numpy_and_give_nothing_away(mistake, which):
    source = getattr(mistake, f"{which}_source")
    assert not re.search("wrong|right|#", source)
    namespace = {"np": np}
    exec(source, namespace)
    version = namespace[re.match(r"def (\w+)", source)[1]]
    assert bool(mistake.check(version)) is (which == "right")


@every_mistake
def test_it_says_what_it_is_in_one_line_each(mistake):
    assert re.fullmatch("[a-z]+(-[a-z]+)+", mistake.name)
    for text in mistake.title, mistake.story, mistake.caught_by:
        assert text == text.strip()
        assert "\n" not in text
        assert "  " not in text
    assert not mistake.title.endswith(".")
    assert 60 < len(mistake.story) < 220
    assert mistake.story.endswith(".")


def test_checks_are_of_several_kinds():
    assert len({mistake.caught_by.split(":")[0] for mistake in MISTAKES.values()}) >= 8


# Using the zoo


def test_an_unknown_name_is_answered_with_those_that_exist():
    with pytest.raises(KeyError) as error:
        MISTAKES["bias"]
    message = str(error.value)
    assert "name: expected one of missing-transpose, inner-for-outer, " in message
    assert "got 'bias'" in message
    assert all(name in message for name in SEEN + UNSEEN)


def test_the_zoo_shows_names_and_titles():
    lines = repr(MISTAKES).splitlines()
    assert len(lines) == len(MISTAKES)
    assert "bias-not-summed           The bias gradient is not summed over the batch" in lines


def test_an_entry_shows_itself_in_one_line():
    assert repr(MISTAKES["mean-twice"]) == "<Mistake mean-twice: The mean over the batch is taken twice>"


def test_a_printed_entry_shows_both_sources():
    assert str(MISTAKES["assign-at-fork"]) == (
        "assign-at-fork: = where += is meant\n"
        "\n"
        "Where a value goes to several places, the gradients that come back add up;\n"
        "assigned, the last one wins. A chain has no such place, so nothing shows\n"
        "there.\n"
        "\n"
        "  def fork_backward(dzs, Ws):\n"
        '      """Gradient at h, which feeds several layers z = W h."""\n'
        "      dh = np.zeros(Ws[0].shape[1])\n"
        "      for dz, W in zip(dzs, Ws, strict=True):\n"
        "-         dh = W.T @ dz\n"
        "+         dh += W.T @ dz\n"
        "      return dh\n"
        "\n"
        "(- wrong, + right.) Caught by: gradient check where one value is used twice."
    )


def test_a_printed_entry_says_why_a_gradient_check_does_not_see_it():
    shown = " ".join(str(MISTAKES["stale-cache"]).split())
    assert shown.endswith(" A gradient check does not see it: it makes one pass, and the cache is fresh.")
    assert [name for name in MISTAKES if "check does not see" in " ".join(str(MISTAKES[name]).split())] == UNSEEN


@every_mistake
def test_it_fits_the_width_of_a_page(mistake):
    for text in str(mistake), str(mistake.check(mistake.wrong)):
        assert max(map(len, text.splitlines())) <= 76


@every_mistake
def test_without_a_generator_the_check_is_the_same_each_time(mistake):
    assert str(mistake.check(mistake.wrong)) == str(mistake.check(mistake.wrong))
    assert str(mistake.check(mistake.wrong)) == str(mistake.check(mistake.wrong, rng=np.random.default_rng(0)))


def test_a_seed_is_no_generator():
    mistake = MISTAKES["relu-mask"]
    for check in mistake.check, mistake.gradient_check:
        with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator"):
            check(mistake.right, rng=3)


def test_entries_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        MISTAKES["relu-mask"].title = "another"


def test_a_function_of_ones_own_can_be_checked():
    check = MISTAKES["missing-transpose"].check
    assert check(lambda dz, W: [sum(dz[i] * W[i, j] for i in range(len(dz))) for j in range(W.shape[1])])
    assert not check(lambda dz, W: 2.0 * W.T @ dz)


def test_an_order_must_name_each_node_once():
    check = MISTAKES["marked-when-pushed"].check
    report = check(lambda parents, root: [root])
    assert not report
    assert re.fullmatch(r"nodes, sorted: expected shape \(\d,\), got shape \(1,\)", str(report))
    assert not check(lambda parents, root: [root] * len(parents))
    assert check(lambda parents, root: list(range(root, -1, -1)))


# What the checks are made of


@pytest.mark.parametrize(
    ("given", "expected", "text"),
    [
        (1.0, 1.0, "loss: as expected"),
        (0.0, 0.0, "loss: as expected"),
        (1.0, 2.0, "loss: expected 2, got 1"),
        ([1.0, 2.0], [1.0, 3.0], "loss at entry [1]: expected 3, got 2"),
        (1.0, 1.0 + 2e-6, "loss: expected 1.0000020000000001, got 1"),
        (np.nan, 1.0, "loss: expected 1, got nan"),
        (np.ones((2, 1)), np.ones(2), "loss: expected shape (2,), got shape (2, 1)"),
    ],
)
def test_comparison(given, expected, text):
    report = checks.compare("loss", given, expected)
    assert str(report) == text
    assert bool(report) is ("as expected" in text)


def test_comparison_of_shapes():
    assert checks.compare_shape("db", np.ones(3), (3,))
    assert str(checks.compare_shape("db", np.ones(3), (3,))) == "db: shape (3,) as expected"
    report = checks.compare_shape("db", np.ones((3, 1)), (3,))
    assert not report
    assert str(report) == "db: expected shape (3,), got shape (3, 1)"


def test_a_gradient_of_another_shape_fails_the_gradient_check():
    def f(x):
        return x.sum()

    assert checks.gradient_check(f, np.ones(3), np.ones(3))
    assert not checks.gradient_check(f, np.ones(3), np.ones((1, 3)))
    assert not checks.gradient_check(f, np.ones(3), 1.0)


# What the stories say


def wrong(name):
    return MISTAKES[name].wrong


def test_a_missing_transpose_raises_unless_the_matrix_is_square(rng):
    with pytest.raises(ValueError, match="matmul"):
        wrong("missing-transpose")(rng.normal(size=3), rng.normal(size=(3, 2)))


def test_the_inner_product_moves_every_weight_alike(rng):
    W, dz, h = rng.normal(size=(3, 3)), rng.normal(size=3), rng.normal(size=3)
    moved = W.copy()
    moved -= 0.1 * wrong("inner-for-outer")(dz, h)
    np.testing.assert_allclose(W - moved, 0.1 * sum(a * b for a, b in zip(dz, h, strict=True)))


def test_the_slope_from_z_has_any_size_and_sign():
    assert wrong("slope-from-z")(1.0, 5.0, 0.99) == -20.0
    assert wrong("slope-from-z")(1.0, 0.5, 0.62) > 0


def test_relus_wrong_mask_keeps_back_negative_gradients():
    np.testing.assert_array_equal(wrong("relu-mask")(np.array([-2.0, 3.0]), np.array([1.0, -1.0])), [0.0, 3.0])


def test_a_bias_that_is_not_summed_becomes_a_row_for_each_sample():
    assert (np.zeros(3) - 0.1 * wrong("bias-not-summed")(np.ones((5, 3)))).shape == (5, 3)


def test_of_two_gradients_for_one_row_the_last_remains():
    dH = np.array([[1.0], [10.0], [100.0]])
    np.testing.assert_array_equal(wrong("repeated-index")(dH, np.array([1, 0, 1]), 2), [[10.0], [100.0]])


def test_with_a_broadcast_target_the_mean_is_the_best_prediction(rng):
    targets, predictions = rng.normal(size=6), rng.normal(size=(6, 1))
    for _ in range(500):
        predictions = predictions - wrong("broadcast-target")(predictions, targets)[1]
    np.testing.assert_allclose(predictions, np.full((6, 1), sum(targets) / 6))


def test_with_the_mean_taken_twice_a_larger_batch_learns_more_slowly():
    # The same sample n times over: the step that its row takes must only fall with n once.
    rows = [wrong("mean-twice")(np.zeros((n, 2)), np.zeros(n, int))[1].sum(axis=0) for n in (1, 2, 10)]
    np.testing.assert_allclose(rows, [[-0.5, 0.5], [-0.25, 0.25], [-0.05, 0.05]])


def test_layer_norm_over_the_batch_gives_0_for_a_sample_alone(rng):
    X, dY = rng.normal(size=(2, 1, 4))
    np.testing.assert_array_equal(wrong("layer-norm-over-batch")(X[None], dY[None])[0], np.zeros((1, 1, 4)))


def test_a_new_dropout_mask_is_right_on_average_only():
    x, dy = np.ones((2, 100_000))
    y, dx = wrong("new-dropout-mask")(x, dy, 0.5, np.random.default_rng(0))
    dropped = y == 0.0
    assert dx.mean() == pytest.approx(1.0, abs=0.02)
    assert dx[dropped].mean() == pytest.approx(1.0, abs=0.02)  # where nothing should come back
    assert dx[~dropped].mean() == pytest.approx(1.0, abs=0.02)  # where 2 should


def test_at_a_tie_the_central_difference_gives_each_entry_a_half():
    np.testing.assert_allclose(numerical_gradient(lambda x: x.max(), np.zeros(3)), [0.5, 0.5, 0.5])
    np.testing.assert_array_equal(wrong("max-ties")(np.ones(1), np.zeros((1, 3))), [[1.0, 1.0, 1.0]])


def test_assignment_does_no_harm_in_a_chain(rng):
    Ws, dzs = rng.normal(size=(1, 3, 2)), rng.normal(size=(1, 3))
    np.testing.assert_allclose(wrong("assign-at-fork")(dzs, Ws), [dzs[0] @ Ws[0][:, 0], dzs[0] @ Ws[0][:, 1]])


def test_gradients_passed_on_too_early():
    doublings = [[[]] + [[(node, 1.0), (node, 1.0)] for node in range(n)] for n in (1, 2, 3, 4)]
    assert [wrong("passed-on-too-early")(parents)[0] for parents in doublings] == [2.0, 6.0, 26.0, 166.0]
    assert [MISTAKES["passed-on-too-early"].right(parents)[0] for parents in doublings] == [2.0, 4.0, 8.0, 16.0]


def test_marking_when_pushed_depends_on_the_order_of_the_operands():
    shortcut_first = {"x": (), "f": ("x",), "y": ("x", "f")}
    shortcut_last = {"x": (), "f": ("x",), "y": ("f", "x")}
    assert wrong("marked-when-pushed")(shortcut_first, "y") == ["y", "x", "f"]
    assert wrong("marked-when-pushed")(shortcut_last, "y") == ["y", "f", "x"]


def test_a_change_in_place_leaves_the_output_right(rng):
    x = rng.normal(size=4)
    np.testing.assert_allclose(wrong("changed-in-place")(x, np.ones(4))[0], [v + np.tanh(v) for v in x])


def test_labels_off_by_one_lower_the_loss_and_not_the_accuracy():
    logits, labels = np.zeros((3, 3)), np.array([0, 1, 2])
    for _ in range(100):
        loss, gradient = wrong("label-off-by-one")(logits, labels)
        logits = logits - 3.0 * gradient
    assert loss < 0.05
    np.testing.assert_array_equal(logits.argmax(axis=1), [2, 0, 1])


def test_gradients_that_are_not_emptied_overshoot_and_swing_back():
    path = wrong("gradients-not-zeroed")(lambda w: w, np.array([1.0]), 0.1, 100)[:, 0]
    assert path.min() < -0.9
    assert path[path.argmin() :].max() > 0.9
    calm = MISTAKES["gradients-not-zeroed"].right(lambda w: w, np.array([1.0]), 0.1, 100)[:, 0]
    np.testing.assert_allclose(calm, 0.9 ** np.arange(101))


@pytest.mark.parametrize("decay", [1e-3, 0.1, 10.0])
def test_decay_inside_the_gradient_moves_every_weight_by_the_learning_rate(decay):
    w, zero = np.array([3.0, -0.5]), np.zeros(2)
    moved, _, _ = wrong("weight-decay-in-gradient")(w, zero, zero, zero, 1, 0.01, decay)
    np.testing.assert_allclose(moved, [2.99, -0.49], rtol=1e-6)


@pytest.mark.parametrize(("optimiser", "which"), [(Adam, "wrong"), (AdamW, "right")])
def test_decay_inside_the_gradient_is_adam_and_apart_is_adamw(optimiser, which, rng):
    parameter = Parameter(rng.normal(size=3))
    w, m, v = parameter.data.copy(), np.zeros(3), np.zeros(3)
    stepper = optimiser([parameter], 0.1, weight_decay=0.1)
    for t in range(1, 6):
        parameter.grad = rng.normal(size=3)
        w, m, v = getattr(MISTAKES["weight-decay-in-gradient"], which)(w, parameter.grad, m, v, t)
        stepper.step()
    np.testing.assert_allclose(parameter.data, w, rtol=1e-12)
