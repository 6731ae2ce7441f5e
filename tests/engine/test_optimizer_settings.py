"""An optimiser's settings: groups with their own, rates that follow a schedule, and checks whenever one is set."""

import numpy as np
import pytest

from backprop_lib import SGD, Adam, AdamW, Linear, Parameter, RMSProp, Tensor, Value, clip_gradient_norm

RULES = {
    "plain": lambda p, rate, **options: SGD(p, rate, **options),
    "momentum": lambda p, rate, **options: SGD(p, rate, momentum=0.9, **options),
    "nesterov": lambda p, rate, **options: SGD(p, rate, momentum=0.9, nesterov=True, **options),
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)


def parameters(*data):
    return [Parameter(np.array(numbers)) for numbers in data]


def moved(optimizer, steps=4):
    """Where the parameters are after steps whose gradients differ from step to step and from place to place."""
    for step in range(steps):
        for place, parameter in enumerate(optimizer.parameters):
            parameter.grad = np.cos(parameter.data + step + place)
        optimizer.step()
    return [parameter.data.tolist() for parameter in optimizer.parameters]


def in_one(optimizer, gradients):
    """Where a parameter of one number goes."""
    places = []
    for gradient in gradients:
        optimizer.parameters[0].grad = np.array([gradient])
        optimizer.step()
        places.append(optimizer.parameters[0].data[0])
    return places


# Groups


@each_rule
def test_a_group_moves_as_an_optimizer_of_its_own(rule):
    # Gradients depend on the place in the list, so the second of two optimisers is asked for its second parameter.
    together = moved(
        rule(
            [
                {"parameters": parameters([1.0, 2.0]), "learning_rate": 0.01},
                {"parameters": parameters([3.0]), "weight_decay": 0.2},
            ],
            0.1,
            weight_decay=0.5,
        )
    )
    assert together[0] == moved(rule(parameters([1.0, 2.0], [3.0]), 0.01, weight_decay=0.5))[0]
    assert together[1] == moved(rule(parameters([1.0, 2.0], [3.0]), 0.1, weight_decay=0.2))[1]


@each_rule
def test_groups_without_settings_change_nothing(rule):
    data = [1.0], [2.0, 3.0]
    groups = [{"parameters": parameters(one)} for one in data]
    assert moved(rule(groups, 0.1)) == moved(rule(parameters(*data), 0.1))


def test_groups_by_hand():
    # 2 - 0.5 (1 + 0.1 * 2) and, at the optimiser's rate without decay, 3 - 0.25
    groups = [
        {"parameters": parameters([2.0]), "learning_rate": 0.5, "weight_decay": 0.1},
        {"parameters": parameters([3.0])},
    ]
    optimizer = SGD(groups, 0.25)
    for parameter in optimizer.parameters:
        parameter.grad = np.ones(1)
    optimizer.step()
    assert [parameter.data.tolist() for parameter in optimizer.parameters] == [[1.4], [2.75]]


def test_a_group_of_a_generator_and_none_for_the_optimizer_s_setting(rng):
    layer = Linear(2, 3, rng=rng)
    optimizer = SGD([{"parameters": (p for p in layer.parameters()), "learning_rate": None}], 0.1)
    assert optimizer.parameters == layer.parameters()
    assert optimizer.groups[0].learning_rate is None


def test_a_group_s_setting_can_be_changed_later():
    optimizer = SGD([{"parameters": parameters([0.0])}, {"parameters": parameters([0.0])}], 0.5)
    optimizer.groups[1].learning_rate = 0.25
    for parameter in optimizer.parameters:
        parameter.grad = np.ones(1)
    optimizer.step()
    assert [parameter.data[0] for parameter in optimizer.parameters] == [-0.5, -0.25]
    optimizer.learning_rate = 1.0  # of the group without its own
    optimizer.step()
    assert [parameter.data[0] for parameter in optimizer.parameters] == [-1.5, -0.5]


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        (
            [{"params": parameters([1.0])}],
            ValueError,
            "expected a dict with parameters and, perhaps, .*, got the keys params",
        ),
        ([{"parameters": parameters([1.0]), "lr": 0.1}], ValueError, "got the keys parameters, lr"),
        (
            [{"parameters": parameters([1.0])}, *parameters([1.0])],
            ValueError,
            "group: expected a dict .* got Parameter",
        ),
        (
            [*parameters([1.0]), {"parameters": parameters([1.0])}],
            ValueError,
            "group: expected a dict .* got Parameter",
        ),
        ([{"parameters": []}], ValueError, "parameters: expected at least one, got none"),
        ([{"parameters": 3}], TypeError, "parameters: expected a list, got 3"),
        ({"parameters": parameters([1.0])}, TypeError, "parameters: expected a list, got {'parameters'"),
        ([{"parameters": parameters([1.0]), "learning_rate": 0}], ValueError, "learning_rate: .* positive .*, got 0"),
        ([{"parameters": parameters([1.0]), "weight_decay": -1}], ValueError, "weight_decay: .* at least 0, got -1"),
    ],
)
def test_groups_that_are_refused(groups, error, message):
    with pytest.raises(error, match=message):
        SGD(groups, 0.1)


def test_a_parameter_in_two_groups_is_refused():
    (w,) = parameters([1.0])
    with pytest.raises(ValueError, match=r"every parameter once, got Parameter\(shape=\(1,\).* twice; .* list it once"):
        SGD([{"parameters": [w]}, {"parameters": [w]}], 0.1)


def test_a_weight_that_two_layers_share_is_listed_once_and_moves_once(rng):
    # Its gradient is the sum over both layers.
    first, second = Linear(2, 2, rng=rng, bias=False), Linear(2, 2, rng=rng, bias=False)
    second.weight = first.weight
    with pytest.raises(ValueError, match="has the sum of their gradients: list it once"):
        SGD(first.parameters() + second.parameters(), 0.5)
    optimizer, before = SGD(first.parameters(), 0.5), first.weight.data.copy()
    X = rng.normal(size=(3, 2))
    first.backward(second.backward(np.ones_like(second.forward(first.forward(X)))))
    gradient = np.ones((2, 3)) @ first.forward(X) + before.T @ np.ones((2, 3)) @ X
    optimizer.step()
    np.testing.assert_allclose(first.weight.data, before - 0.5 * gradient, rtol=1e-13)


# Schedules


@each_rule
def test_a_schedule_is_the_rate_of_each_step(rule):
    def rate(step):
        return 0.1 / (1 + step)

    scheduled, by_hand = rule(parameters([1.0, -2.0]), rate), rule(parameters([1.0, -2.0]), 1.0)
    for step in range(5):
        by_hand.learning_rate = rate(step)
        for optimizer in scheduled, by_hand:
            optimizer.parameters[0].grad = np.sin(optimizer.parameters[0].data + step)
            optimizer.step()
        assert scheduled.parameters[0].data.tolist() == by_hand.parameters[0].data.tolist()


def test_a_schedule_counts_the_steps_from_0():
    asked = []

    def rate(step):
        asked.append(step)
        return 1.0

    in_one(SGD(parameters([1.0]), rate), [1.0, 2.0, 3.0])
    assert asked == [0, 1, 2]


def test_warm_up_and_the_end_of_a_cosine_may_be_0():
    assert in_one(SGD(parameters([1.0]), lambda step: 0.5 * (step == 1)), [1.0, 1.0, 1.0]) == [1.0, 0.5, 0.5]


def test_schedules_of_groups():
    groups = [
        {"parameters": parameters([0.0]), "learning_rate": lambda step: float(step == 0)},
        {"parameters": parameters([0.0]), "learning_rate": 0.25},
        {"parameters": parameters([0.0])},
    ]
    optimizer = SGD(groups, lambda step: 10.0 * (step + 1))
    for _ in range(2):
        for parameter in optimizer.parameters:
            parameter.grad = np.ones(1)
        optimizer.step()
    assert [parameter.data[0] for parameter in optimizer.parameters] == [-1.0, -0.5, -30.0]


@pytest.mark.parametrize("rate", [-0.1, np.nan, np.inf])
def test_a_schedule_out_of_range_stops_before_anything_moves(rate):
    # The second group's schedule is wrong; the first must not have moved.
    groups = [
        {"parameters": parameters([1.0])},
        {"parameters": parameters([1.0]), "learning_rate": lambda step: rate if step else 0.1},
    ]
    optimizer = Adam(groups, 0.1)
    for parameter in optimizer.parameters:
        parameter.grad = np.ones(1)
    optimizer.step()
    before = [state.tolist() for state in optimizer.state_dict().values()]
    data = [parameter.data.tolist() for parameter in optimizer.parameters]
    with pytest.raises(ValueError, match=rf"learning_rate\(1\): expected a number of at least 0, got {rate}"):
        optimizer.step()
    assert [parameter.data.tolist() for parameter in optimizer.parameters] == data
    assert [state.tolist() for state in optimizer.state_dict().values()] == before


@pytest.mark.parametrize("rate", ["0.1", None, np.ones(1)])
def test_a_schedule_that_gives_no_number_is_refused(rate):
    optimizer = SGD(parameters([1.0]), lambda step: rate)
    optimizer.parameters[0].grad = np.ones(1)
    with pytest.raises(TypeError, match=r"learning_rate\(0\): expected a number of at least 0, got"):
        optimizer.step()


# Settings that are set later


@each_rule
@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("learning_rate", 0, ValueError),
        ("learning_rate", -1, ValueError),
        ("learning_rate", np.nan, ValueError),
        ("learning_rate", np.inf, ValueError),
        ("learning_rate", "0.1", TypeError),
        ("learning_rate", None, TypeError),
        ("learning_rate", True, TypeError),
        ("weight_decay", -0.1, ValueError),
        ("weight_decay", np.nan, ValueError),
        ("weight_decay", None, TypeError),
    ],
)
def test_rates_and_decays_are_checked_whenever_they_are_set(rule, name, value, error):
    optimizer = rule(parameters([1.0]), 0.1, weight_decay=0.25)
    with pytest.raises(error, match=f"{name}: expected a"):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == {"learning_rate": 0.1, "weight_decay": 0.25}[name]
    optimizer.groups[0].learning_rate = 0.5
    with pytest.raises(ValueError, match="learning_rate: expected a positive"):
        optimizer.groups[0].learning_rate = -0.5
    assert optimizer.groups[0].learning_rate == 0.5


@pytest.mark.parametrize(
    ("rule", "name", "value", "error"),
    [
        ("momentum", "momentum", 1.0, ValueError),
        ("momentum", "momentum", -0.1, ValueError),
        ("momentum", "momentum", np.nan, ValueError),
        ("momentum", "momentum", "0.9", TypeError),
        ("momentum", "nesterov", 1, TypeError),
        ("rmsprop", "alpha", 1.0, ValueError),
        ("rmsprop", "alpha", None, TypeError),
        ("rmsprop", "eps", 0.0, ValueError),
        ("adam", "betas", (0.9, 1.0), ValueError),
        ("adam", "betas", 0.9, ValueError),
        ("adam", "betas", (0.9, "a"), TypeError),
        ("adamw", "eps", np.nan, ValueError),
    ],
)
def test_other_settings_are_checked_whenever_they_are_set(rule, name, value, error):
    optimizer = RULES[rule](parameters([1.0]), 0.1)
    before = getattr(optimizer, name)
    with pytest.raises(error, match=f"{name}: expected"):
        setattr(optimizer, name, value)
    assert getattr(optimizer, name) == before


def test_new_settings_act_at_once():
    optimizer = RMSProp(parameters([1.0]), 0.1, alpha=0.75, eps=1.0)
    optimizer.alpha, optimizer.eps, optimizer.learning_rate = 0.5, 2.0, 1.0
    assert in_one(optimizer, [2.0]) == [1.0 - 2.0 / (np.sqrt(2.0) + 2.0)]  # square 4 / 2


def test_momentum_can_be_switched_on_and_off():
    optimizer = SGD(parameters([0.0]), 1.0)
    assert in_one(optimizer, [1.0]) == [-1.0]
    optimizer.momentum = 0.5
    assert in_one(optimizer, [1.0, 1.0]) == [-2.0, -3.5]  # velocity 1, then 1.5
    optimizer.momentum = 0.25
    assert in_one(optimizer, [1.0]) == [-4.875]  # velocity 1 + 1.5 / 4
    optimizer.momentum = 0.0
    assert in_one(optimizer, [1.0, 1.0]) == [-5.875, -6.875]
    optimizer.momentum = 0.5
    assert in_one(optimizer, [1.0]) == [-7.875]  # what was remembered before is forgotten


def test_nesterov_needs_a_momentum_later_too():
    optimizer = SGD(parameters([0.0]), 1.0)
    with pytest.raises(ValueError, match=r"nesterov: expected a momentum above 0 with it, got 0\.0"):
        optimizer.nesterov = True
    optimizer.momentum = 0.5
    optimizer.nesterov = True
    assert in_one(optimizer, [1.0]) == [-1.5]


# What a parameter may be


@each_rule
def test_a_value_is_refused_with_what_to_write(rule):
    with pytest.raises(TypeError, match=r"got Value\(.*\), whose \.data is a float; .*value\.data -= learning_rate \*"):
        rule([Value(1.0)], 0.1)
    with pytest.raises(TypeError, match="single numbers are moved by hand"):
        clip_gradient_norm([Value(1.0)], 0.1)


def test_what_the_refusal_of_a_value_advises_works():
    value = Value(3.0)
    (value * value).backward()
    value.data -= 0.5 * value.grad
    assert value.data == 0.0


class Bare:
    """The least that a parameter has."""

    def __init__(self, data):
        self.data, self.grad = data, None


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        ([1.0], TypeError, r"whose \.data is a list"),
        (None, TypeError, r"whose \.data is a NoneType"),
        (np.float64(1.0), TypeError, r"whose \.data is a float64"),
        (np.ones(2, int), TypeError, "expected floating numbers, got dtype int64"),
        (np.ones(2, bool), TypeError, "expected floating numbers, got dtype bool"),
        (np.ones(2, complex), TypeError, "expected real numbers, got dtype complex128"),
        (np.broadcast_to(1.0, 2), ValueError, "expected arrays that can be changed, got .* read-only"),
    ],
)
def test_data_that_cannot_be_moved_are_refused_at_once(data, error, message):
    with pytest.raises(error, match=f"parameters: .*{message}"):
        SGD([Bare(data)], 0.1)


@each_rule
def test_parameters_without_entries_do_no_harm(rule):
    empty, full = parameters(np.zeros((0, 3)), [1.0])
    optimizer = rule([empty, full], 0.1, weight_decay=0.1)
    empty.grad, full.grad = np.zeros((0, 3)), np.ones(1)
    optimizer.step()
    assert empty.data.shape == (0, 3)
    assert full.data[0] < 1.0
    alone = rule([Parameter(np.zeros(0))], 0.1)
    alone.parameters[0].grad = np.zeros(0)
    alone.step()


# Clipping


def test_clipping_beside_a_parameter_without_entries():
    empty, w = parameters([], [0.0, 0.0])
    empty.grad, w.grad = np.zeros(0), np.array([3e200, 4e200])  # too large to be squared
    assert clip_gradient_norm([empty, w], 1.0) == pytest.approx(5e200)
    np.testing.assert_allclose(w.grad, [0.6, 0.8], rtol=1e-15)
    w.grad = np.zeros(2)
    assert clip_gradient_norm([empty, w], 1.0) == 0.0
    assert clip_gradient_norm([empty], 1.0) == 0.0


def test_clipping_takes_a_generator_and_tensors():
    tensors = [Tensor([0.0], requires_grad=True), Tensor([0.0], requires_grad=True)]
    for tensor, size in zip(tensors, [3.0, 4.0], strict=True):
        (tensor * size).sum().backward()
    assert clip_gradient_norm((tensor for tensor in tensors), 1.0) == 5.0
    np.testing.assert_allclose([tensor.grad[0] for tensor in tensors], [0.6, 0.8], rtol=1e-15)
