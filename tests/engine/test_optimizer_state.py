"""An optimiser's state: copies of it, in a dict or by pickle and deepcopy, that go on bit for bit."""

import copy
import pickle

import numpy as np
import pytest

from backprop_lib import SGD, Adam, Linear, Sequential, SquaredError, Tensor, fit
from tests.engine.test_optimizer_settings import RULES, each_rule, moved, parameters

COPIES = {"deepcopy": copy.deepcopy, "pickle": lambda thing: pickle.loads(pickle.dumps(thing))}
each_copy = pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)


def same(ours, theirs):
    assert list(ours) == list(theirs)
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
        assert ours[name].dtype == theirs[name].dtype


# The state by name


def test_names_and_numbers_of_a_state():
    optimizer = Adam(
        [{"parameters": parameters([1.0, 2.0]), "learning_rate": 0.5}, {"parameters": parameters([[3.0]])}], 0.1
    )
    moved(optimizer, steps=2)
    state = optimizer.state_dict()
    assert list(state) == [
        *("rule", "steps", "learning_rate", "weight_decay", "betas", "eps", "groups.0.learning_rate"),
        *("0.steps", "0.mean", "0.square", "1.steps", "1.mean", "1.square"),
    ]
    assert all(isinstance(array, np.ndarray) and not array.dtype.hasobject for array in state.values())
    assert (str(state["rule"]), int(state["steps"]), int(state["1.steps"])) == ("Adam", 2, 2)
    assert (state["learning_rate"], state["betas"].tolist(), state["groups.0.learning_rate"]) == (
        0.1,
        [0.9, 0.999],
        0.5,
    )
    assert state["0.mean"].shape == (2,)


def test_without_momentum_nothing_is_remembered():
    optimizer = SGD(parameters([1.0]), 0.1)
    assert "0.velocity" not in optimizer.state_dict()
    optimizer.momentum = 0.9
    assert "0.velocity" in optimizer.state_dict()


@each_rule
def test_a_loaded_state_goes_on_bit_for_bit(rule):
    first = rule(parameters([1.0, 2.0], [3.0]), 0.1, weight_decay=0.1)
    moved(first, steps=3)
    state, data = first.state_dict(), [parameter.data.copy() for parameter in first.parameters]
    second = rule(parameters(*data), 0.7)  # another rate, another decay: the state brings its own
    moved(second, steps=1)
    for parameter, numbers in zip(second.parameters, data, strict=True):
        parameter.data[...] = numbers
    second.load_state_dict(state)
    assert moved(first) == moved(second)
    same(first.state_dict(), second.state_dict())


@each_rule
def test_a_state_is_a_copy_both_ways(rule):
    optimizer = rule(parameters([1.0]), 0.1)
    moved(optimizer)
    state = optimizer.state_dict()
    kept = copy.deepcopy(state)
    moved(optimizer)
    same(state, kept)
    optimizer.load_state_dict(state)
    moved(optimizer)
    same(state, kept)


def test_a_schedule_goes_on_where_it_was():
    def rate(step):
        return 1.0 / (1 + step)

    first, second = SGD(parameters([1.0]), rate), SGD(parameters([1.0]), rate)
    moved(first, steps=3)
    second.load_state_dict(first.state_dict())
    second.parameters[0].data[...] = first.parameters[0].data
    assert moved(first) == moved(second)
    assert second.learning_rate is rate


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"rule": np.array("SGD")}, ValueError, "Adam: expected a state of Adam, got one of SGD"),
        ({"0.mean": None}, ValueError, r"Adam: expected the names of its own state_dict\(\), got 0\.mean missing"),
        ({"2.mean": np.ones(2)}, ValueError, r"got none missing and 2\.mean unexpected"),
        ({"0.mean": np.ones(3)}, ValueError, r"0\.mean: expected shape \(2,\) and dtype float64, got \(3,\) and"),
        ({"0.mean": np.ones(2, "f4")}, ValueError, r"0\.mean: expected .* float64, got \(2,\) and float32"),
        ({"learning_rate": np.array(-1.0)}, ValueError, "learning_rate: expected a positive finite number, got -1.0"),
        ({"betas": np.array([0.9, 1.5])}, ValueError, "betas: expected a number of at least 0 and below 1, got 1.5"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_changes(change, error, message):
    optimizer, other = Adam(parameters([1.0, 2.0]), 0.1), Adam(parameters([1.0, 2.0]), 0.2)
    moved(other)
    before = optimizer.state_dict()
    state = {name: array for name, array in (other.state_dict() | change).items() if array is not None}
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(state)
    same(optimizer.state_dict(), before)


@pytest.mark.parametrize("state", [None, [], "state"])
def test_what_is_no_state_is_refused(state):
    with pytest.raises(TypeError, match=r"SGD: expected a dict of arrays, as state_dict\(\) returns it, got"):
        SGD(parameters([1.0]), 0.1).load_state_dict(state)


# Copies


@each_copy
@each_rule
def test_a_copy_goes_on_bit_for_bit_and_apart(rule, copied):
    optimizer = rule(parameters([1.0, 2.0], [[3.0], [4.0]]), 0.1, weight_decay=0.1)
    moved(optimizer, steps=2)
    second = copied(optimizer)
    data = [parameter.data.copy() for parameter in optimizer.parameters]
    there = moved(second)
    for parameter, numbers in zip(optimizer.parameters, data, strict=True):
        np.testing.assert_array_equal(parameter.data, numbers)  # not moved by the copy
    assert moved(optimizer) == there


@each_copy
def test_network_and_optimizer_that_are_copied_together_stay_together(copied, rng):
    network = Sequential(Linear(2, 3, rng=rng), Linear(3, 1, rng=rng))
    X, y = rng.normal(size=(8, 2)), rng.normal(size=(8, 1))

    def trained(network, optimizer):
        rng = np.random.default_rng(1)
        return fit(network, SquaredError(), optimizer, X, y, epochs=3, batch_size=4, rng=rng).loss

    pair = network, SGD(network.parameters(), 0.1, momentum=0.9)
    trained(*pair)
    other = copied(pair)
    assert all(ours is theirs for ours, theirs in zip(other[0].parameters(), other[1].parameters, strict=True))
    assert other[0].parameters()[0] is not network.parameters()[0]
    assert trained(*pair) == trained(*other)


def test_a_pickle_holds_each_array_once():
    large, small = (len(pickle.dumps(Adam(parameters(np.ones(n)), 0.1))) for n in (10_000, 1))
    assert large - small < 1.01 * 3 * 8 * 10_000  # the parameter and its two averages


@each_copy
def test_groups_and_settings_are_copied(copied):
    optimizer = copied(SGD([{"parameters": parameters([0.0]), "learning_rate": 0.5}], 0.1, momentum=0.9))
    assert (optimizer.groups[0].learning_rate, optimizer.momentum) == (0.5, 0.9)
    with pytest.raises(ValueError, match="learning_rate: expected a positive"):
        optimizer.groups[0].learning_rate = 0
    with pytest.raises(ValueError, match="momentum: expected"):
        optimizer.momentum = 1.0


@each_copy
def test_tensors_are_copied_with_their_optimizer(copied):
    tensor = Tensor([3.0, -1.0], requires_grad=True)
    tensors, optimizer = copied(([tensor], Adam([tensor], 0.1)))
    (tensors[0] * tensors[0]).sum().backward()
    optimizer.step()
    np.testing.assert_allclose(tensors[0].data, [2.9, -0.9], rtol=1e-6)
    assert tensor.data.tolist() == [3.0, -1.0]


def test_a_schedule_that_no_module_holds_cannot_be_pickled_but_copied():
    optimizer = RULES["adam"](parameters([1.0]), lambda step: 0.1)
    moved(copy.deepcopy(optimizer))
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(optimizer)
