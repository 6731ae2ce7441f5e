"""Optimisers: steps worked out by hand, properties of the rules, and what is refused. Clipping."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backprop_lib import SGD, Adam, AdamW, Parameter, RMSProp, clip_gradient_norm
from backprop_lib.autograd import Tensor

RULES = {
    "plain": lambda p, **options: SGD(p, 0.1, **options),
    "momentum": lambda p, **options: SGD(p, 0.1, momentum=0.9, **options),
    "nesterov": lambda p, **options: SGD(p, 0.1, momentum=0.9, nesterov=True, **options),
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def parameter(data, grad=None):
    made = Parameter(np.array(data))
    made.grad = None if grad is None else np.array(grad, made.data.dtype)
    return made


def path(optimizer, gradients):
    """Where a parameter of one number goes under these gradients."""
    (w,) = optimizer.parameters
    places = []
    for gradient in gradients:
        w.grad = np.array([gradient])
        optimizer.step()
        places.append(w.data[0])
    return places


# Plain gradient descent


def test_step_by_hand():
    w, b = parameter([[1.0, -2.0]], [[0.5, 4.0]]), parameter([3.0], [-1.0])
    SGD([w, b], 0.5).step()
    np.testing.assert_array_equal(w.data, [[0.75, -4.0]])
    np.testing.assert_array_equal(b.data, [3.5])


def test_a_second_step_uses_the_gradient_again():
    w = parameter([1.0], [1.0])
    optimizer = SGD([w], 0.25)
    optimizer.step()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [0.5])


def test_descent_on_a_bowl_shrinks_by_the_known_factor():
    # f = a x^2 / 2 has gradient a x, so each step multiplies x by 1 - learning_rate a.
    w = parameter([1.0, 1.0])
    a = np.array([1.0, 4.0])
    optimizer = SGD([w], 0.1)
    for _ in range(10):
        w.grad = a * w.data
        optimizer.step()
    np.testing.assert_allclose(w.data, [0.9**10, 0.6**10], rtol=1e-14)


# Momentum and weight decay


def test_momentum_by_hand():
    # velocity 2, then 1 + 4 = 5, then 2.5 - 1 = 1.5
    optimizer = SGD([parameter([1.0])], 0.1, momentum=0.5)
    np.testing.assert_allclose(path(optimizer, [2.0, 4.0, -1.0]), [0.8, 0.3, 0.15], rtol=1e-14)


def test_nesterov_by_hand():
    # the same velocities; steps 2 + 1 = 3, then 4 + 2.5 = 6.5, then -1 + 0.75 = -0.25
    optimizer = SGD([parameter([1.0])], 0.1, momentum=0.5, nesterov=True)
    np.testing.assert_allclose(path(optimizer, [2.0, 4.0, -1.0]), [0.7, 0.05, 0.075], rtol=1e-14)


def test_weight_decay_by_hand():
    # gradients with the penalty: 1 + 0.5 * 2 = 2, then 1 + 0.5 * 1.8 = 1.9
    optimizer = SGD([parameter([2.0])], 0.1, weight_decay=0.5)
    np.testing.assert_allclose(path(optimizer, [1.0, 1.0]), [1.8, 1.61], rtol=1e-14)


def test_weight_decay_enters_the_velocity():
    # velocity 1 + 0.5 * 2 = 2, w 1.8; velocity 1 + (1 + 0.9) = 2.9, w 1.51
    optimizer = SGD([parameter([2.0])], 0.1, momentum=0.5, weight_decay=0.5)
    np.testing.assert_allclose(path(optimizer, [1.0, 1.0]), [1.8, 1.51], rtol=1e-14)


def test_a_new_learning_rate_acts_at_once():
    # With the rate inside the velocity the second step would still be half of the first, 0.1, plus 0.02.
    optimizer = SGD([parameter([1.0])], 0.1, momentum=0.5)
    assert path(optimizer, [2.0]) == pytest.approx([0.8])
    optimizer.learning_rate = 0.01
    assert path(optimizer, [2.0]) == pytest.approx([0.8 - 0.01 * 3.0])


def test_constant_gradients_reach_the_known_speed():
    # velocity -> g / (1 - momentum); Nesterov's step g + momentum * velocity has the same limit
    for nesterov in False, True:
        places = path(SGD([parameter([0.0])], 0.5, momentum=0.75, nesterov=nesterov), [1.0] * 100)
        assert places[-1] - places[-2] == pytest.approx(-0.5 / 0.25, rel=1e-10)


def test_nesterov_is_the_paper_s_rule_seen_from_the_point_ahead():
    # Sutskever et al.: v <- m v - r f'(x + m v), x <- x + v. Ours moves the point ahead, x + m v.
    m, r, x, v = 0.9, 0.05, 3.0, 0.0
    w = parameter([3.0])
    optimizer = SGD([w], r, momentum=m, nesterov=True)
    for _ in range(20):
        v = m * v - r * np.sin(x + m * v)
        x += v
        w.grad = np.sin(w.data)
        optimizer.step()
        assert w.data[0] == pytest.approx(x + m * v, rel=1e-12)


# RMSProp


def test_rmsprop_by_hand():
    # square 4/4 = 1, then 3/4 + 1/4 = 1, then 3/4 + (11/4)^2 / 4 = (13/8)^2; the steps 2/(1 + 1), 1/(1 + 1) and
    # (11/4) / (13/8 + 1) = 22/21
    optimizer = RMSProp([parameter([1.0])], 0.1, alpha=0.75, eps=1.0)
    expected = [0.9, 0.85, 0.85 - 0.1 * 22 / 21]
    np.testing.assert_allclose(path(optimizer, [2.0, 1.0, 2.75]), expected, rtol=1e-14)


def test_rmsprop_decays_before_it_divides():
    # gradient with the penalty 1 + 0.5 * 2 = 2, as in the first step above
    optimizer = RMSProp([parameter([2.0])], 0.1, alpha=0.75, eps=1.0, weight_decay=0.5)
    np.testing.assert_allclose(path(optimizer, [1.0]), [1.9], rtol=1e-14)


# Adam


def test_adam_by_hand():
    # mean 1 and square 1 are made up to m = 1 / (1/2) = 2, v = 1 / (1/4) = 4: step 2 / (2 + 1). Then, with g = 1/3,
    # mean 1/2 + 1/6 = 2/3, m = (2/3) / (3/4) = 8/9; square 3/4 + 1/36 = 7/9, v = (7/9) / (7/16) = (4/3)^2.
    optimizer = Adam([parameter([1.0])], 0.1, betas=(0.5, 0.75), eps=1.0)
    expected = [1 - 0.1 * 2 / 3, 1 - 0.1 * 2 / 3 - 0.1 * (8 / 9) / (4 / 3 + 1)]
    np.testing.assert_allclose(path(optimizer, [2.0, 1 / 3]), expected, rtol=1e-14)


def test_adam_decays_before_it_divides_and_adamw_apart_from_it():
    options = {"betas": (0.5, 0.75), "eps": 1.0, "weight_decay": 0.5}
    # 1 + 0.5 * 2 = 2, then as above
    np.testing.assert_allclose(path(Adam([parameter([2.0])], 0.1, **options), [1.0]), [2 - 0.1 * 2 / 3], rtol=1e-14)
    # 2 * (1 - 0.1 * 0.5) = 1.9, then as above
    np.testing.assert_allclose(path(AdamW([parameter([2.0])], 0.1, **options), [2.0]), [1.9 - 0.1 * 2 / 3], rtol=1e-14)


def test_adam_under_a_constant_gradient_takes_steps_of_the_learning_rate():
    # m = g and v = g^2 from the first step on: that is what dividing by 1 - beta^t is for.
    for gradient in 1e-3, -7.0:
        places = path(Adam([parameter([0.0])], 0.01), [gradient] * 5)
        np.testing.assert_allclose(places, -0.01 * np.sign(gradient) * np.arange(1, 6), rtol=1e-4)


@pytest.mark.parametrize("rule", [RMSProp, Adam, AdamW])
def test_the_scale_of_the_gradient_cancels(rule):
    gradients = np.array([1.0, -3.0, 2.0])
    small, large = (path(rule([parameter([1.0])], eps=1e-300), scale * gradients) for scale in (1.0, 1e6))
    np.testing.assert_allclose(small, large, rtol=1e-12)


def test_weight_decay_survives_large_gradients_in_adamw_only():
    def moved_by_decay(rule, size):
        with_decay, without = (
            path(rule([parameter([1.0])], weight_decay=decay), [size, -size, size]) for decay in (0.1, 0.0)
        )
        return without[-1] - with_decay[-1]

    assert moved_by_decay(AdamW, 1.0) == pytest.approx(moved_by_decay(AdamW, 1e9), rel=1e-6)
    assert moved_by_decay(AdamW, 1.0) == pytest.approx(3 * 0.001 * 0.1, rel=1e-2)
    assert abs(moved_by_decay(Adam, 1e9)) < 1e-3 * abs(moved_by_decay(Adam, 1.0))


# All of them


@pytest.mark.parametrize(
    ("rule", "defaults"),
    [
        (SGD, {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0}),
        (RMSProp, {"learning_rate": 0.01, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0.0}),
        (Adam, {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.0}),
        (AdamW, {"learning_rate": 0.001, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0.01}),
    ],
)
def test_defaults_are_pytorch_s(rule, defaults):
    gradients = [0.5, -2.0, 1.0]
    given, usual = {"learning_rate": 0.1} | defaults, {} if "learning_rate" in defaults else {"learning_rate": 0.1}
    assert path(rule([parameter([1.0])], **usual), gradients) == path(rule([parameter([1.0])], **given), gradients)


def test_without_momentum_and_decay_sgd_is_plain(rng):
    gradients = rng.normal(size=10)
    expected = 1.0 - 0.1 * np.cumsum(gradients)
    np.testing.assert_allclose(path(SGD([parameter([1.0])], 0.1, 0.0, False, 0.0), gradients), expected, rtol=1e-13)


@each_rule
def test_step_changes_data_in_place_and_leaves_the_gradient(rule):
    w = parameter([1.0, 2.0], [1.0, -2.0])
    memory = w.data
    optimizer = rule([w], weight_decay=0.1)
    for _ in range(3):
        optimizer.step()
    assert w.data is memory
    assert (w.data != [1.0, 2.0]).all()
    np.testing.assert_array_equal(w.grad, [1.0, -2.0])


@each_rule
def test_entries_and_parameters_do_not_see_each_other(rule, rng):
    data, gradients = rng.normal(size=(2, 3)), rng.normal(size=(4, 2, 3))
    rows = [parameter(row) for row in data]
    together, apart = rule([parameter(data)]), rule(rows)
    for gradient in gradients:
        together.parameters[0].grad = gradient
        for row, row_gradient in zip(rows, gradient, strict=True):
            row.grad = row_gradient
        together.step()
        apart.step()
    np.testing.assert_allclose(together.parameters[0].data, [row.data for row in rows], rtol=1e-14)


@each_rule
def test_parameters_without_a_gradient_and_their_memory_stay(rule):
    # The second parameter sits out the second step; then it must go on as if that step had not been.
    w, sometimes, alone = parameter([1.0]), parameter([5.0]), parameter([5.0])
    optimizer = rule([w, sometimes], weight_decay=0.1)
    places = []
    for gradient in 2.0, None, -1.0:
        w.grad = np.array([1.0])
        sometimes.grad = None if gradient is None else np.array([gradient])
        optimizer.step()
        places.append(sometimes.data[0])
    assert places[0] == places[1] != 5.0
    np.testing.assert_array_equal(places[::2], path(rule([alone], weight_decay=0.1), [2.0, -1.0]))


@each_rule
def test_zero_grad_empties_every_gradient(rule):
    parameters = [parameter([1.0], [1.0]), parameter([1.0])]
    rule(parameters).zero_grad()
    assert all(p.grad is None for p in parameters)


@each_rule
def test_float32_stays_float32(rule):
    single, double = (parameter(np.array([1.0, -2.0], dtype)) for dtype in (np.float32, np.float64))
    for w in single, double:
        optimizer = rule([w], weight_decay=0.01)
        for gradient in [0.5, 3.0], [-1.0, 2.0], [0.25, 1.0]:
            w.grad = np.array(gradient, w.data.dtype)
            optimizer.step()
        for array in w.data, *optimizer.states[0].averages:
            assert array.dtype == w.grad.dtype
    np.testing.assert_allclose(single.data, double.data, rtol=1e-6)


@each_rule
def test_a_step_keeps_no_new_memory(rule):
    w = parameter(np.ones(100_000), np.ones(100_000))
    optimizer = rule([w], weight_decay=0.1)
    tracemalloc.start()
    try:
        optimizer.step()
        assert tracemalloc.get_traced_memory()[0] < w.data.nbytes / 50
    finally:
        tracemalloc.stop()


@each_rule
def test_tensors_are_moved_as_parameters_are(rule):
    w, tensor = parameter([3.0, -1.0]), Tensor(np.array([3.0, -1.0]), requires_grad=True)
    optimizers = rule([w], weight_decay=0.1), rule([tensor], weight_decay=0.1)
    for _ in range(3):
        w.grad = 2.0 * w.data
        (tensor * tensor).sum().backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    assert (tensor.data != [3.0, -1.0]).all()
    np.testing.assert_array_equal(tensor.data, w.data)


@each_rule
def test_a_step_spoils_the_graphs_that_were_recorded_before_it(rule):
    tensor = Tensor(np.array([3.0, -1.0]), requires_grad=True)
    loss = (tensor * tensor).sum()
    tensor.grad = np.ones(2)
    rule([tensor]).step()
    with pytest.raises(ValueError, match="changed after"):
        loss.backward()


@each_rule
def test_numbers_without_shape_can_be_learned(rule):
    w = parameter(3.0, 2.0)
    rule([w]).step()
    assert w.data.shape == ()
    assert w.data < 3.0


@each_rule
def test_a_gradient_of_another_shape_is_refused_and_nothing_moves(rule):
    w, b = parameter([1.0], [1.0]), parameter([[1.0, 2.0]])
    b.grad = np.ones(2)
    with pytest.raises(ValueError, match=r"gradient: expected shape \(1, 2\) as its parameter has, got shape \(2,\)"):
        rule([w, b]).step()
    np.testing.assert_array_equal(w.data, [1.0])


def test_parameters_may_come_from_a_generator():
    w = parameter([1.0], [1.0])
    optimizer = SGD((p for p in [w]), 0.5)
    optimizer.step()
    optimizer.step()
    np.testing.assert_array_equal(w.data, [0.0])


def test_anything_with_data_and_grad_will_do():
    class Other:
        data, grad = np.array([1.0]), np.array([1.0])

    SGD([Other], 0.5).step()
    np.testing.assert_array_equal(Other.data, [0.5])


@pytest.mark.parametrize(
    ("learning_rate", "error"),
    [
        (0, ValueError),
        (0.0, ValueError),
        (-0.1, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        ("0.1", TypeError),
        (None, TypeError),
        (True, TypeError),
        ([0.1], TypeError),
        (np.array([0.1]), TypeError),
        (0.1 + 0j, TypeError),
    ],
)
def test_learning_rates_are_refused(learning_rate, error):
    for rule in SGD, RMSProp, Adam, AdamW:
        with pytest.raises(error, match="learning_rate: expected a positive"):
            rule([parameter([1.0])], learning_rate)


SHARE = "expected a number of at least 0 and below 1"


@pytest.mark.parametrize(
    ("rule", "options", "error", "message"),
    [
        (SGD, {"momentum": -0.1}, ValueError, f"momentum: {SHARE}, got -0.1"),
        (SGD, {"momentum": 1.0}, ValueError, f"momentum: {SHARE}, got 1.0"),
        (SGD, {"momentum": "0.9"}, TypeError, f"momentum: {SHARE}, got '0.9'"),
        (SGD, {"momentum": True}, TypeError, f"momentum: {SHARE}, got True"),
        (SGD, {"nesterov": True}, ValueError, "nesterov: expected a momentum above 0 with it, got 0.0"),
        (SGD, {"weight_decay": -1.0}, ValueError, "weight_decay: expected a number of at least 0, got -1.0"),
        (SGD, {"weight_decay": np.nan}, ValueError, "weight_decay: expected a number of at least 0, got nan"),
        (SGD, {"weight_decay": np.inf}, ValueError, "weight_decay: expected a number of at least 0, got inf"),
        (SGD, {"weight_decay": None}, TypeError, "weight_decay: expected a number of at least 0, got None"),
        (RMSProp, {"alpha": 1.0}, ValueError, f"alpha: {SHARE}, got 1.0"),
        (RMSProp, {"eps": 0.0}, ValueError, "eps: expected a positive finite number, got 0.0"),
        (RMSProp, {"weight_decay": -1}, ValueError, "weight_decay: expected a number of at least 0, got -1"),
        (Adam, {"betas": (0.9, 1.0)}, ValueError, f"betas: {SHARE}, got 1.0"),
        (Adam, {"betas": (-0.1, 0.9)}, ValueError, f"betas: {SHARE}, got -0.1"),
        (Adam, {"betas": 0.9}, ValueError, "betas: expected two numbers, got 0.9"),
        (Adam, {"betas": (0.9,)}, ValueError, r"betas: expected two numbers, got \(0.9,\)"),
        (Adam, {"eps": -1e-8}, ValueError, "eps: expected a positive finite number, got -1e-08"),
        (AdamW, {"betas": (0.9, 2.0)}, ValueError, f"betas: {SHARE}, got 2.0"),
        (AdamW, {"weight_decay": -0.01}, ValueError, "weight_decay: expected a number of at least 0, got -0.01"),
    ],
)
def test_options_are_refused(rule, options, error, message):
    with pytest.raises(error, match=message):
        rule([parameter([1.0])], learning_rate=0.1, **options)


@pytest.mark.parametrize("learning_rate", [1, 0.5, np.float32(0.5), np.int64(2)])
def test_learning_rates_of_any_real_type(learning_rate):
    w = parameter([1.0], [1.0])
    SGD([w], learning_rate).step()
    np.testing.assert_array_equal(w.data, [1.0 - float(learning_rate)])


@pytest.mark.parametrize("call", [lambda p: SGD(p, 0.1), lambda p: clip_gradient_norm(p, 1.0)], ids=["SGD", "clip"])
def test_parameters_are_refused(call):
    with pytest.raises(ValueError, match="parameters: expected at least one, got none"):
        call([])
    for bad in np.ones(3), "w":
        with pytest.raises(TypeError, match=r"parameters: expected objects with .data and .grad, got"):
            call([bad])
    with pytest.raises(TypeError, match="parameters: expected real numbers, got dtype complex128"):
        call([parameter([1j], [1j])])
    w = parameter([1.0], [1.0])
    with pytest.raises(ValueError, match=r"parameters: expected every parameter once, got Parameter.* twice"):
        call([w, w])
    np.testing.assert_array_equal(w.data, [1.0])


def test_step_without_any_gradient_is_refused():
    w = parameter([1.0])
    for call in SGD([w], 0.1).step, lambda: clip_gradient_norm([w], 1.0):
        with pytest.raises(ValueError, match="expected a backward pass before this"):
            call()


# Clipping


def test_clipping_by_hand():
    # Norm 5 over both gradients together.
    w, b = parameter([0.0, 0.0], [0.0, 3.0]), parameter([[0.0]], [[-4.0]])
    before = clip_gradient_norm([w, b], 1.0)
    assert before == 5.0
    assert type(before) is float
    np.testing.assert_allclose(w.grad, [0.0, 0.6], rtol=1e-15)
    np.testing.assert_allclose(b.grad, [[-0.8]], rtol=1e-15)
    np.testing.assert_array_equal(w.data, [0.0, 0.0])


@pytest.mark.parametrize("max_norm", [5.0, 5.1, 1e6])
def test_gradients_within_the_norm_stay_bit_for_bit(max_norm):
    w = parameter([0.0, 0.0], [3.0, 4.0])
    memory = w.grad
    assert clip_gradient_norm([w], max_norm) == 5.0
    assert w.grad is memory
    np.testing.assert_array_equal(w.grad, [3.0, 4.0])


@given(
    g=hnp.arrays(np.float64, (2, 3), elements=st.floats(-1e6, 1e6)),
    h=hnp.arrays(np.float64, (4,), elements=st.floats(-1e6, 1e6)),
    max_norm=st.floats(1e-3, 1e6),
)
def test_clipping_bounds_the_norm_and_keeps_the_direction(g, h, max_norm):
    parameters = [parameter(np.zeros((2, 3)), g), parameter(np.zeros(4), h)]
    norm = np.linalg.norm(np.concatenate([g.ravel(), h]))
    before = clip_gradient_norm(parameters, max_norm)
    after = np.concatenate([p.grad.ravel() for p in parameters])
    assert before == pytest.approx(norm, rel=1e-12)
    assert np.linalg.norm(after) <= max_norm * (1 + 1e-12)
    factor = 1.0 if norm <= max_norm else max_norm / norm
    np.testing.assert_allclose(after, factor * np.concatenate([g.ravel(), h]), rtol=1e-12)


def test_clipping_skips_parameters_without_a_gradient():
    w, frozen = parameter([0.0], [10.0]), parameter([0.0])
    assert clip_gradient_norm([w, frozen], 2.0) == 10.0
    np.testing.assert_array_equal(w.grad, [2.0])
    assert frozen.grad is None


@pytest.mark.parametrize(
    ("dtype", "size"), [(np.float64, 1e200), (np.float64, 1e-200), (np.float32, 1e25), (np.float32, 1e-30)]
)
def test_norms_whose_square_leaves_the_number_range(dtype, size):
    # Clipping is for gradients that explode: they must not be refused while they are finite.
    w = parameter(np.zeros(2, dtype), [3 * size, 4 * size])
    assert clip_gradient_norm([w], size) == pytest.approx(5 * size, rel=1e-6)
    np.testing.assert_allclose(w.grad / size, [0.6, 0.8], rtol=1e-6)
    assert w.grad.dtype == dtype


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_clipping_refuses_gradients_that_are_not_finite_and_changes_nothing(bad):
    w, b = parameter([0.0], [100.0]), parameter([0.0, 0.0], [1.0, bad])
    with pytest.raises(ValueError, match="gradient: expected a finite norm"):
        clip_gradient_norm([w, b], 1.0)
    np.testing.assert_array_equal(w.grad, [100.0])
    np.testing.assert_array_equal(b.grad, [1.0, bad])


@pytest.mark.parametrize(
    ("max_norm", "error"), [(0.0, ValueError), (-1.0, ValueError), (np.nan, ValueError), ("1", TypeError)]
)
def test_bad_norms_are_refused(max_norm, error):
    with pytest.raises(error, match="max_norm: expected a positive"):
        clip_gradient_norm([parameter([0.0], [1.0])], max_norm)
