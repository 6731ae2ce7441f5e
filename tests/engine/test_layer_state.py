"""A layer's state by name, and copies of whole layers: what comes back trains on, bit for bit, as what was left."""

import copy
import io
import pickle
import subprocess
import sys

import numpy as np
import pytest

from backprop_lib import (
    SGD,
    Activation,
    BatchNorm,
    Dropout,
    LayerNorm,
    Linear,
    Parameter,
    Residual,
    Sequential,
    gelu,
    identity,
    leaky_relu,
    relu,
    sigmoid,
    softplus,
    tanh,
)
from backprop_lib.activations import ActivationFunction
from backprop_lib.layers import Layer
from tests.engine.layer_kinds import KINDS

NORM = ["running_mean", "running_variance"]
NAMES = {
    "linear": ["weight", "bias"],
    "activation": [],
    "batch norm": ["weight", "bias", *NORM],
    "batch norm, evaluation": ["weight", "bias", *NORM],
    "layer norm": ["weight", "bias"],
    "layer norm of sequences": ["weight", "bias"],
    "dropout": ["rng"],
    "dropout of sequences": ["rng"],
    "dropout, evaluation": ["rng"],
    "residual": ["layer.weight", "layer.bias"],
    "residual of sequences": ["layer.weight_x", "layer.weight_h", "layer.bias"],
    "recurrent": ["weight_x", "weight_h", "bias"],
    "gated": ["weight_x", "weight_h", "bias_x", "bias_h"],
    "sequential": [
        *("0.layer.0.weight", "0.layer.0.bias", "0.layer.0.running_mean", "0.layer.0.running_variance"),
        *("0.layer.2.weight", "0.layer.2.bias", "1.rng", "2.weight", "2.bias"),
    ],
}
each_kind = pytest.mark.parametrize("kind", KINDS)
each_copy = pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deep", "pickle"]
)


def made(kind, seed=0):
    return KINDS[kind][0](np.random.default_rng(seed), np.float64)


def trained(layer, kind, seed=1, steps=3):
    """Everything that a few steps of training compute: outputs, gradients, and the state at the end."""
    rng, seen = np.random.default_rng(seed), []
    for _ in range(steps):
        output = layer.forward(rng.normal(size=KINDS[kind][1]))
        seen += [output, layer.backward(rng.normal(size=output.shape))]
        for parameter in layer.parameters():
            parameter.data -= 0.1 * parameter.grad
            parameter.zero_grad()
    return [*seen, *layer.state_dict().values()]


def assert_same(ours, theirs):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(one, other)


def through_a_file(state):
    file = io.BytesIO()
    np.savez(file, **state)
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        return dict(loaded)


# Names, saving, loading


@each_kind
def test_names_of_a_state(kind):
    assert list(made(kind).state_dict()) == NAMES[kind]


@each_kind
def test_a_loaded_state_trains_on_as_the_saved_one(kind):
    first, second = made(kind), made(kind, seed=5)
    trained(first, kind)
    trained(second, kind, seed=2)
    second.load_state_dict(through_a_file(first.state_dict()))
    assert_same(trained(first, kind, seed=3), trained(second, kind, seed=3))


@each_kind
def test_a_state_is_a_copy_and_loading_copies_too(kind):
    layer = made(kind)
    state = layer.state_dict()
    kept = copy.deepcopy(state)
    trained(layer, kind)
    assert_same(state.values(), kept.values())
    layer.load_state_dict(state)
    trained(layer, kind)
    assert_same(state.values(), kept.values())


@each_kind
def test_loading_writes_in_place(kind):
    # An optimiser holds the parameters, and the reader may hold their arrays.
    layer = made(kind)
    arrays = [parameter.data for parameter in layer.parameters()]
    layer.load_state_dict(made(kind, seed=5).state_dict())
    for parameter, array in zip(layer.parameters(), arrays, strict=True):
        assert parameter.data is array
    assert_same(layer.state_dict().values(), made(kind, seed=5).state_dict().values())


@pytest.mark.parametrize(
    "bits", [np.random.PCG64, np.random.PCG64DXSM, np.random.MT19937, np.random.Philox, np.random.SFC64]
)
def test_generators_of_every_kind(bits):
    first, second = (Dropout(0.5, rng=np.random.Generator(bits(seed))) for seed in (1, 2))
    X = np.ones((5, 7))
    first.forward(X)
    second.load_state_dict(through_a_file(first.state_dict()))
    np.testing.assert_array_equal(first.forward(X), second.forward(X))


def test_a_generator_that_two_layers_share_is_there_once():
    rng = np.random.default_rng(0)
    network = Sequential(Dropout(0.5, rng=rng), Dropout(0.5, rng=rng))
    assert list(network.state_dict()) == ["0.rng"]


def network():
    rng = np.random.default_rng(0)
    return Sequential(Linear(2, 3, rng=rng), BatchNorm(3), Residual(Dropout(0.5, rng=rng)), LayerNorm(3))


OTHER_GENERATOR = Dropout(0.5, rng=np.random.Generator(np.random.MT19937(0))).state_dict()["rng"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"3.bias": None},
            r"expected the names of its own state_dict\(\), got 3.bias missing and none unexpected",
        ),
        ({"4.bias": np.zeros(3)}, "got none missing and 4.bias unexpected"),
        ({"3.bias": np.zeros(2)}, r"3.bias: expected shape \(3,\) and dtype float64, got \(2,\) and float64"),
        ({"3.bias": np.zeros(3, np.float32)}, r"expected shape \(3,\) and dtype float64, got \(3,\) and float32"),
        ({"1.running_variance": np.zeros((1, 3))}, r"running_variance: expected shape \(3,\) .*, got \(1, 3\)"),
        ({"3.bias": "a"}, r"3.bias: expected shape .*, got \(\) and <U1"),
        ({"2.layer.rng": 3}, r"2.layer.rng: expected the state of a PCG64 generator, got array\(3\)"),
        ({"2.layer.rng": "{}"}, r"2.layer.rng: expected the state of a PCG64 generator, got array\('{}'"),
        ({"2.layer.rng": OTHER_GENERATOR}, "2.layer.rng: expected the state of a PCG64 generator, got .*MT19937"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_nothing_is_written(change, message):
    layer, other = network(), network()
    other.forward(np.ones((2, 2)))
    before = layer.state_dict()
    state = {name: array for name, array in (other.state_dict() | change).items() if array is not None}
    with pytest.raises(ValueError, match=rf"^state: .*{message}"):
        layer.load_state_dict(state)
    assert_same(layer.state_dict().values(), before.values())


# Layers of a reader's own


class Own(Layer):
    """Parameters, layers and arrays wherever a reader may put them."""

    buffers = ("seen",)

    def __init__(self, rng):
        self.scale = Parameter(np.ones(2))
        self.heads = [Linear(2, 1, rng=rng), Linear(2, 1, rng=rng)]
        self.by_name = {"q": Parameter(np.zeros(1)), "also a head": self.heads[0]}
        self.seen = np.zeros(1)
        self.last_input = np.ones((4, 2))
        self.itself = self

    def parameters(self):
        return [self.scale, *(p for head in self.heads for p in head.parameters()), self.by_name["q"]]


def test_a_layer_of_ones_own_is_found_by_its_attributes():
    first, second = Own(np.random.default_rng(0)), Own(np.random.default_rng(1))
    expected = ["scale", "heads.0.weight", "heads.0.bias", "heads.1.weight", "heads.1.bias", "by_name.q", "seen"]
    assert list(first.state_dict()) == expected
    first.seen += 7.0
    second.load_state_dict(first.state_dict())
    assert_same(second.state_dict().values(), first.state_dict().values())
    assert list(Residual(first).state_dict()) == [f"layer.{name}" for name in expected]


def test_a_parameter_that_no_attribute_holds_is_not_lost_in_silence():
    class Hidden(Layer):
        def parameters(self):
            return [HIDDEN]

    with pytest.raises(ValueError, match=r"expected every Parameter in an attribute of a layer.*state would be lost"):
        Sequential(Hidden()).state_dict()


HIDDEN = Parameter(np.zeros(2))


# Copies of whole layers


@each_copy
@each_kind
def test_a_copy_trains_on_as_the_original(kind, copied):
    layer = made(kind)
    trained(layer, kind)
    output = layer.forward(np.random.default_rng(7).normal(size=KINDS[kind][1]))
    twin = copied(layer)  # amid a step: what forward keeps for backward comes along
    np.testing.assert_array_equal(twin.backward(np.cos(output)), layer.backward(np.cos(output)))
    assert_same([p.grad for p in twin.parameters()], [p.grad for p in layer.parameters()])
    assert twin.training == layer.training
    assert_same(trained(layer, kind, seed=3), trained(twin, kind, seed=3))


@each_copy
@each_kind
def test_a_copy_shares_no_memory_in_whatever_order_gradients_are_emptied(kind, copied):
    layer = made(kind)
    trained(layer, kind, steps=1)
    twins = [layer, copied(layer), copied(layer)]
    for step in 1, 2:
        for twin in twins:
            output = twin.forward(np.ones(KINDS[kind][1]))
            twin.backward(np.full(output.shape, float(step)))
        arrays = [array for twin in twins for p in twin.parameters() for array in (p.data, p.grad)]
        for i, array in enumerate(arrays):
            assert not any(np.shares_memory(array, other) for other in arrays[i + 1 :])
        for parameter in twins[step].parameters():
            parameter.zero_grad()


def test_a_pickled_network_works_in_another_process():
    network = Sequential(Linear(2, 3, rng=np.random.default_rng(0)), Activation(tanh), BatchNorm(3))
    X = np.random.default_rng(1).normal(size=(4, 2))
    code = "import pickle, sys; network, X = pickle.load(sys.stdin.buffer); print(network(X).tobytes().hex())"
    done = subprocess.run([sys.executable, "-c", code], input=pickle.dumps((network, X)), capture_output=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().strip() == network(X).tobytes().hex()


@each_copy
@pytest.mark.parametrize("activation", [sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity], ids=repr)
def test_an_activation_comes_back_as_the_same_object(activation, copied):
    assert copied(activation) is activation
    assert copied(Activation(activation)).function is activation


def _cube(z):
    """The cube of z."""
    return z**3


cube = ActivationFunction("cube", _cube, lambda z, h: 3.0 * z * z)
np_sine = ActivationFunction("np_sine", np.sin, lambda z, h: np.cos(z))  # a ufunc that names no module
elsewhere = ActivationFunction("unlike_its_name", _cube, lambda z, h: 3.0 * z * z)


@each_copy
@pytest.mark.parametrize("activation", [cube, np_sine], ids=repr)
def test_so_does_an_activation_of_ones_own(activation, copied):
    assert copied(Activation(activation)).function is activation


def test_an_activation_that_no_module_holds_is_refused_when_pickled():
    local = ActivationFunction("local", _cube, lambda z, h: 3.0 * z * z)
    for activation, name in (local, "local"), (elsewhere, "unlike_its_name"):
        with pytest.raises(pickle.PicklingError, match=rf"^{name}: expected an activation that a module holds under"):
            pickle.dumps(Activation(activation))
        assert copy.deepcopy(Activation(activation)).function is activation


# A weight in two layers


def tied(seed=0):
    rng = np.random.default_rng(seed)
    encoder, decoder = Linear(3, 3, rng=rng), Linear(3, 3, rng=rng)
    decoder.weight = encoder.weight
    return Sequential(encoder, Activation(tanh), decoder)


def test_a_shared_weight_is_listed_and_saved_once():
    network = tied()
    encoder, _, decoder = network.layers
    assert [id(p) for p in network.parameters()] == [id(encoder.weight), id(encoder.bias), id(decoder.bias)]
    assert list(network.state_dict()) == ["0.weight", "0.bias", "2.bias"]
    other = tied(seed=5)
    other.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(other.layers[2].weight.data, encoder.weight.data)
    with pytest.raises(ValueError, match=r"2.weight missing and none unexpected"):
        Sequential(
            Linear(3, 3, rng=np.random.default_rng(0)), Activation(tanh), copy.deepcopy(decoder)
        ).load_state_dict(network.state_dict())


@each_copy
def test_a_shared_weight_stays_shared_in_a_copy(copied):
    network = copied(tied())
    assert network.layers[0].weight is network.layers[2].weight
    optimizer = SGD(network.parameters(), 0.1)
    output = network.forward(np.ones((2, 3)))
    network.backward(output)
    optimizer.step()
    assert network.layers[0].weight.data is network.layers[2].weight.data
