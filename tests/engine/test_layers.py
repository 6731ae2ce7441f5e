"""Layers: backward passes against numerical gradients, how gradients add up, and what is refused."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backprop_lib import (
    Activation,
    Linear,
    Parameter,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    gelu,
    identity,
    leaky_relu,
    numerical_gradient,
    numerical_jacobian,
    relu,
    sigmoid,
    softplus,
    tanh,
)
from backprop_lib.layers import Layer
from tests.engine.gradient_agreement import TOLERANCES, Weighted, assert_gradients_agree, discrepancy

ACTIVATIONS = [sigmoid, tanh, relu, leaky_relu, softplus, gelu, identity]
sizes = st.integers(1, 4)


def two_layers(rng, activation=sigmoid, sizes=(3, 4, 2)):
    n, hidden, m = sizes
    return Sequential(Linear(n, hidden, rng=rng), Activation(activation), Linear(hidden, m, rng=rng))


# Forward


def test_linear_forward_by_hand(rng):
    layer = Linear(2, 3, rng=rng)
    layer.weight.data[...] = [[1.0, 2.0], [0.0, -1.0], [3.0, 0.5]]
    layer.bias.data[...] = [0.1, 0.2, 0.3]
    np.testing.assert_allclose(
        layer.forward([[1.0, 1.0], [2.0, -2.0]]), [[3.1, -0.8, 3.8], [-1.9, 2.2, 5.3]], rtol=1e-15
    )


def test_linear_row_by_row_is_the_matrix_times_the_sample(rng):
    layer, X = Linear(4, 3, rng=rng), rng.normal(size=(5, 4))
    layer.bias.data[...] = rng.normal(size=3)
    for z, x in zip(layer.forward(X), X, strict=True):
        np.testing.assert_allclose(z, layer.weight.data @ x + layer.bias.data, rtol=1e-13)


def test_linear_starts_as_its_initializer_says(rng):
    calls = []

    def initializer(shape, *, rng):
        calls.append((shape, rng))
        return np.arange(6.0).reshape(shape)

    layer = Linear(2, 3, rng=rng, initializer=initializer)
    assert calls == [((3, 2), rng)]
    np.testing.assert_array_equal(layer.weight.data, [[0, 1], [2, 3], [4, 5]])
    np.testing.assert_array_equal(layer.bias.data, np.zeros(3))


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activation_forward_is_the_function(activation, rng):
    X = rng.normal(size=(3, 2))
    np.testing.assert_array_equal(Activation(activation).forward(X), activation(X))


def test_sequential_forward_is_the_composition(rng):
    first, second = Linear(3, 4, rng=rng), Linear(4, 2, rng=rng)
    X = rng.normal(size=(5, 3))
    expected = second.forward(tanh(first.forward(X)))
    np.testing.assert_array_equal(Sequential(first, Activation(tanh), second).forward(X), expected)


def test_calling_a_layer_is_its_forward(rng):
    X = rng.normal(size=(5, 3))
    for layer in Linear(3, 2, rng=rng), Activation(tanh), two_layers(rng):
        np.testing.assert_array_equal(layer(X), layer.forward(X))


# Backward against numbers


def test_linear_backward_by_hand(rng):
    layer = Linear(2, 1, rng=rng)
    layer.weight.data[...] = [[2.0, -3.0]]
    layer.forward([[1.0, 2.0], [10.0, 20.0]])
    grad_input = layer.backward([[1.0], [0.5]])
    np.testing.assert_array_equal(layer.weight.grad, [[6.0, 12.0]])
    np.testing.assert_array_equal(layer.bias.grad, [1.5])
    np.testing.assert_array_equal(grad_input, [[2.0, -3.0], [1.0, -1.5]])


@given(B=sizes, n=sizes, m=sizes, seed=st.integers(0, 1000))
def test_linear_gradients_for_any_shape(B, n, m, seed):
    rng = np.random.default_rng(seed)
    assert_gradients_agree(Linear(n, m, rng=rng), Weighted(), rng.uniform(0.5, 2, (B, n)), rng.uniform(0.5, 2, (B, m)))


@given(B=sizes, n=sizes, seed=st.integers(0, 1000))
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activation_gradients_for_any_shape(activation, B, n, seed):
    rng = np.random.default_rng(seed)
    X = rng.choice([-1.0, 1.0], (B, n)) * rng.uniform(0.1, 2, (B, n))  # clear of the kinks at 0
    X[0, 0] = 0.7  # and never all on relu's flat side, where every gradient is 0
    assert_gradients_agree(Activation(activation), Weighted(), X, rng.uniform(0.5, 2, (B, n)))


@given(B=sizes, n=sizes, hidden=sizes, m=sizes, seed=st.integers(0, 1000))
@pytest.mark.parametrize("activation", [sigmoid, tanh, softplus, gelu], ids=repr)
def test_network_gradients_for_any_shape(activation, B, n, hidden, m, seed):
    rng = np.random.default_rng(seed)
    network = two_layers(rng, activation, (n, hidden, m))
    assert_gradients_agree(network, Weighted(), rng.uniform(0.5, 2, (B, n)), rng.uniform(0.5, 2, (B, m)))


@pytest.mark.parametrize(
    "loss", [SquaredError(), SoftmaxCrossEntropy(), SigmoidCrossEntropy()], ids=lambda x: type(x).__name__
)
@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_network_gradients_with_every_loss(activation, loss, rng):
    X = rng.normal(size=(5, 3))
    y = rng.integers(2, size=5) if isinstance(loss, SoftmaxCrossEntropy) else rng.uniform(size=(5, 2))
    assert_gradients_agree(two_layers(rng, activation), loss, X, y)


def test_square_network_gradients(rng):
    # Every matrix is square here: shapes cannot show a missing transpose.
    network = two_layers(rng, tanh, (3, 3, 3))
    assert_gradients_agree(network, SquaredError(), rng.normal(size=(3, 3)), rng.normal(size=(3, 3)))


def test_deep_and_nested_network_gradients(rng):
    inner = Sequential(Linear(4, 4, rng=rng), Activation(gelu))
    network = Sequential(Sequential(Linear(2, 4, rng=rng), Activation(tanh)), inner, Linear(4, 3, rng=rng))
    assert_gradients_agree(network, SoftmaxCrossEntropy(), rng.normal(size=(6, 2)), rng.integers(3, size=6))


def test_gradient_of_a_network_that_starts_at_zero(rng):
    network = two_layers(rng, softplus)
    for parameter in network.parameters():
        parameter.data[...] = 0.0
    assert_gradients_agree(network, SigmoidCrossEntropy(), rng.normal(size=(4, 3)), rng.uniform(size=(4, 2)))


def test_second_derivative_by_differences_of_the_gradient(rng):
    # The gradient array is the same memory after each zero_grad; `numerical_jacobian` must not be fooled by that.
    layer, X, y = Linear(2, 1, rng=rng), rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
    loss = SquaredError()

    def gradient(weight):
        layer.weight.data = weight
        layer.weight.zero_grad()
        layer.backward(loss.gradient(layer.forward(X), y))
        return layer.weight.grad

    hessian = numerical_jacobian(gradient, layer.weight.data.copy())[0, :, 0, :]
    assert discrepancy(hessian, X.T @ X / 6) <= TOLERANCES["central"]


# How gradients add up


def test_gradients_add_up_until_they_are_emptied(rng):
    network = two_layers(rng)
    X, grad = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    network.forward(X)
    network.backward(grad)
    once = [p.grad.copy() for p in network.parameters()]
    network.backward(grad)
    for parameter, gradient in zip(network.parameters(), once, strict=True):
        np.testing.assert_array_equal(parameter.grad, 2 * gradient)
        parameter.zero_grad()
        assert parameter.grad is None
    network.backward(grad)
    for parameter, gradient in zip(network.parameters(), once, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_gradients_of_two_batches_add_up_to_those_of_both(rng):
    layer = Linear(3, 2, rng=rng)
    X, grad = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    layer.forward(X)
    layer.backward(grad)
    together = layer.weight.grad.copy(), layer.bias.grad.copy()
    layer.weight.zero_grad()
    layer.bias.zero_grad()
    for part in slice(0, 4), slice(4, 7):
        layer.forward(X[part])
        layer.backward(grad[part])
    np.testing.assert_allclose(layer.weight.grad, together[0], rtol=1e-12)
    np.testing.assert_allclose(layer.bias.grad, together[1], rtol=1e-12)


def test_zero_grad_leaves_nothing_to_the_next_pass(rng):
    network = two_layers(rng)
    X, grad = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    network.forward(X)
    network.backward(grad)
    expected = [3 * p.grad for p in network.parameters()]
    for parameter in network.parameters():
        parameter.zero_grad()
    network.backward(3 * grad)
    for parameter, gradient in zip(network.parameters(), expected, strict=True):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-14)


def test_a_gradient_takes_the_dtype_of_its_data():
    parameter = Parameter(np.zeros(2, np.float32))
    for times in 1, 2:
        parameter.add_gradient(np.array([4.0, 0.5]))
        np.testing.assert_array_equal(parameter.grad, np.array([4.0, 0.5], np.float32) * times, strict=True)


def test_a_complex_gradient_of_real_data_is_refused():
    with pytest.raises(TypeError, match=r"complex128.*float64"):
        Parameter(np.zeros(2)).add_gradient(np.array([1j, 0.0]))


def test_no_gradient_shares_memory_with_anything_else(rng):
    first, second = Linear(3, 3, rng=rng), Linear(3, 3, rng=rng)
    network = Sequential(first, Activation(identity), second)
    X, seed = rng.normal(size=(1, 3)), rng.normal(size=(1, 3))  # one row, so that nothing needs to be summed
    output = network.forward(X)
    grad_input = network.backward(seed)
    arrays = [X, seed, output, grad_input]
    arrays += [a for p in network.parameters() for a in (p.data, p.grad)]
    for i, array in enumerate(arrays):
        for other in arrays[i + 1 :]:
            assert not np.shares_memory(array, other)


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_activation_layer_returns_memory_of_its_own(activation, rng):
    layer, X, seed = Activation(activation), rng.normal(size=(2, 3)), rng.normal(size=(2, 3))
    output = layer.forward(X)
    grad_input = layer.backward(seed)
    for a, b in [(output, X), (grad_input, X), (grad_input, output), (grad_input, seed)]:
        assert not np.shares_memory(a, b)


def test_backward_changes_neither_input_nor_seed(rng):
    network = two_layers(rng, relu)
    X, seed = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    X.flags.writeable = seed.flags.writeable = False
    network.forward(X)
    network.backward(seed)
    network.backward(seed)


@pytest.mark.parametrize("kind", ["linear", "activation", "network", "starts with an activation"])
def test_input_gradient_can_be_skipped(kind, rng):
    layer = {
        "linear": lambda: Linear(3, 2, rng=rng),
        "activation": lambda: Activation(tanh),
        "network": lambda: two_layers(rng),
        "starts with an activation": lambda: Sequential(Activation(tanh), Linear(3, 2, rng=rng)),
    }[kind]()
    seed = rng.normal(size=layer.forward(rng.normal(size=(4, 3))).shape)
    assert layer.backward(seed) is not None
    with_it = [p.grad.copy() for p in layer.parameters()]
    for parameter in layer.parameters():
        parameter.zero_grad()
    assert layer.backward(seed, input_gradient=False) is None
    for parameter, gradient in zip(layer.parameters(), with_it, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_skipping_is_passed_to_the_first_layer_only(rng):
    asked = []

    class Asked(Layer):
        def forward(self, X):
            return X

        def backward(self, grad_output, *, input_gradient=True):
            asked.append(input_gradient)
            return grad_output

    network = Sequential(Asked(), Sequential(Asked(), Asked()))
    network.forward(np.ones((1, 1)))
    network.backward(np.ones((1, 1)), input_gradient=False)
    assert asked == [True, True, False]


# dtype, parameters, modes


@pytest.mark.parametrize("activation", ACTIVATIONS, ids=repr)
def test_float32_stays_float32(activation, rng):
    network = Sequential(
        Linear(3, 4, rng=rng, dtype=np.float32), Activation(activation), Linear(4, 2, rng=rng, dtype=np.float32)
    )
    output = network.forward(rng.normal(size=(5, 3)).astype(np.float32))
    grad_input = network.backward(rng.normal(size=(5, 2)).astype(np.float32))
    network.backward(rng.normal(size=(5, 2)).astype(np.float32))
    assert output.dtype == grad_input.dtype == np.float32
    assert all(p.data.dtype == p.grad.dtype == np.float32 for p in network.parameters())


def test_whole_numbers_are_a_batch_too(rng):
    layer = Linear(2, 1, rng=rng)
    np.testing.assert_array_equal(layer.forward([[1, 2], [3, 4]]), layer.forward([[1.0, 2.0], [3.0, 4.0]]))
    assert layer.backward([[1], [1]]).dtype == np.float64


def test_parameters_come_in_order_weight_before_bias(rng):
    first, second = Linear(3, 4, rng=rng), Linear(4, 2, rng=rng)
    assert Activation(tanh).parameters() == []
    assert [id(p) for p in first.parameters()] == [id(first.weight), id(first.bias)]
    network = Sequential(Sequential(first, Activation(tanh)), second)
    expected = [first.weight, first.bias, second.weight, second.bias]
    assert [id(p) for p in network.parameters()] == [id(p) for p in expected]
    assert [p.data.shape for p in network.parameters()] == [(4, 3), (4,), (2, 4), (2,)]


def test_two_layers_from_one_generator_differ(rng):
    assert not np.array_equal(Linear(3, 3, rng=rng).weight.data, Linear(3, 3, rng=rng).weight.data)


def test_modes_reach_every_layer_and_return_the_network(rng):
    modes = []

    class Recording(Layer):
        def train(self):
            modes.append("train")
            return self

        def eval(self):
            modes.append("eval")
            return self

    network = Sequential(Recording(), Sequential(Recording()))
    assert network.train() is network
    assert network.eval() is network
    assert modes == ["train", "train", "eval", "eval"]
    layer = Linear(1, 1, rng=rng)
    assert layer.train() is layer.eval() is layer


def test_a_layer_has_to_write_forward_and_backward():
    with pytest.raises(NotImplementedError):
        Layer().forward(np.ones((1, 1)))
    with pytest.raises(NotImplementedError):
        Layer().backward(np.ones((1, 1)))


def test_representations(rng):
    assert repr(two_layers(rng)) == "Sequential(Linear(3, 4), Activation(sigmoid), Linear(4, 2))"
    assert repr(Parameter(np.zeros((2, 3), np.float32))) == "Parameter(shape=(2, 3), dtype=float32)"


def test_a_copied_network_is_independent(rng):
    network, X, seed = two_layers(rng), rng.normal(size=(2, 3)), rng.normal(size=(2, 2))
    twin = copy.deepcopy(network)
    network.forward(X)
    network.backward(seed)
    twin.forward(X)
    twin.backward(2 * seed)
    for p, q in zip(network.parameters(), twin.parameters(), strict=True):
        np.testing.assert_allclose(2 * p.grad, q.grad, rtol=1e-14)
        assert not np.shares_memory(p.data, q.data)


def test_parameter_of_whole_numbers_is_floating():
    assert Parameter([1, 2]).data.dtype == np.float64
    assert Parameter([1, 2]).grad is None


# Refusals


def test_backward_before_forward_is_refused(rng):
    for layer in Linear(3, 2, rng=rng), Activation(tanh), two_layers(rng):
        with pytest.raises(ValueError, match="backward: expected a forward pass before, got none"):
            layer.backward(np.ones((4, 2)))


@pytest.mark.parametrize("shape", [(3, 2), (5, 2), (4, 1), (4, 3), (2,), (4,), (4, 2, 1), (1, 2), ()], ids=str)
def test_gradient_of_another_shape_than_the_output_is_refused(shape, rng):
    layers = [Linear(3, 2, rng=rng), Sequential(Linear(3, 2, rng=rng), Activation(tanh)), two_layers(rng)]
    for layer in layers:
        layer.forward(np.ones((4, 3)))
        with pytest.raises(ValueError, match=r"backward: expected grad_output of shape \(4, 2\), got"):
            layer.backward(np.ones(shape))
        assert all(p.grad is None for p in layer.parameters())


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (
            np.ones(3),
            ValueError,
            r"Linear\(3, 2\): expected a batch of shape \(B, ..., 3\) .*, got shape \(3,\); a single sample",
        ),
        (
            np.ones((4, 2)),
            ValueError,
            r"Linear\(3, 2\): expected a batch of shape \(B, ..., 3\) .*, got shape \(4, 2\)$",
        ),
        (
            np.ones((3, 4)),
            ValueError,
            r"Linear\(3, 2\): expected a batch of shape \(B, ..., 3\) .*, got shape \(3, 4\)$",
        ),
        (
            np.ones((1, 3, 4)),
            ValueError,
            r"Linear\(3, 2\): expected a batch of shape \(B, ..., 3\) .*, got shape \(1, 3, 4\)$",
        ),
        (np.ones((0, 3)), ValueError, r"Linear\(3, 2\): expected .* with no axis of length 0, got shape \(0, 3\)$"),
        (
            np.ones((2, 0, 3)),
            ValueError,
            r"Linear\(3, 2\): expected .* with no axis of length 0, got shape \(2, 0, 3\)$",
        ),
        (1.0, ValueError, r"Linear\(3, 2\): expected a batch of shape \(B, ..., 3\) .*, got shape \(\)$"),
        (np.full((4, 3), "1"), TypeError, r"Linear\(3, 2\): expected an array of numbers, got dtype <U1"),
        (np.full((4, 3), None), TypeError, r"Linear\(3, 2\): expected an array of numbers, got dtype object"),
    ],
)
def test_linear_refuses_input(X, error, message, rng):
    with pytest.raises(error, match=message):
        Linear(3, 2, rng=rng).forward(X)


def test_activation_refuses_input():
    with pytest.raises(
        ValueError, match=r"Activation\(tanh\): expected a batch of shape \(B, ..., n\) .*, got shape \(3,\)"
    ):
        Activation(tanh).forward(np.ones(3))
    with pytest.raises(TypeError, match=r"Activation\(tanh\): expected an array of numbers"):
        Activation(tanh).forward([["a"]])


def test_gradient_that_is_no_number_is_refused(rng):
    layer = Linear(3, 2, rng=rng)
    layer.forward(np.ones((4, 3)))
    with pytest.raises(TypeError, match="grad_output: expected an array of numbers, got dtype object"):
        layer.backward(np.full((4, 2), None))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((0, 2), ValueError, "in_features: expected a whole number of at least 1, got 0"),
        ((3, -1), ValueError, "out_features: expected a whole number of at least 1, got -1"),
        ((3.0, 2), TypeError, "in_features: expected a whole number, got 3.0"),
        ((3, "2"), TypeError, "out_features: expected a whole number, got '2'"),
        ((True, 2), TypeError, "in_features: expected a whole number, got True"),
    ],
)
def test_linear_refuses_sizes(arguments, error, message, rng):
    with pytest.raises(error, match=message):
        Linear(*arguments, rng=rng)


@pytest.mark.parametrize(
    "bad", [0, None, np.random, np.random.RandomState(0)], ids=["seed", "none", "module", "RandomState"]
)
def test_linear_refuses_what_is_no_generator(bad):
    with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator"):
        Linear(3, 2, rng=bad)


def test_linear_refuses_an_initializer_that_gives_another_shape(rng):
    with pytest.raises(ValueError, match=r"initializer.* \(2, 3\).* \(3, 2\)"):
        Linear(3, 2, rng=rng, initializer=lambda shape, *, rng: np.zeros(shape[::-1]))


@pytest.mark.parametrize("dtype", [int, np.int8, bool], ids=str)
def test_linear_refuses_a_dtype_that_would_cut_the_weights_to_zero(dtype, rng):
    with pytest.raises(TypeError, match="dtype: expected a floating"):
        Linear(3, 2, rng=rng, dtype=dtype)


@pytest.mark.parametrize("bad", [np.tanh, "tanh", None, Activation], ids=repr)
def test_activation_layer_refuses_what_is_no_activation(bad):
    with pytest.raises(TypeError, match="function: expected an activation such as sigmoid, got"):
        Activation(bad)


def test_sequential_refuses_no_layers_and_what_is_no_layer(rng):
    with pytest.raises(ValueError, match="layers: expected at least one layer, got none"):
        Sequential()
    for bad in tanh, [Linear(3, 2, rng=rng)], None:
        with pytest.raises(TypeError, match="layers: expected layers, got"):
            Sequential(bad)


def test_sequential_refuses_a_layer_that_comes_twice(rng):
    # A layer remembers one forward pass; used twice in a network its backward pass would take the wrong one.
    shared = Activation(tanh)
    for layers in [
        (Linear(2, 2, rng=rng), shared, Linear(2, 2, rng=rng), shared),
        (Sequential(Linear(2, 2, rng=rng), shared), shared),
    ]:
        with pytest.raises(ValueError, match="twice"):
            Sequential(*layers)


@pytest.mark.parametrize("bad", ["1.0", [None], np.array(["a"])], ids=repr)
def test_parameter_refuses_what_is_no_number(bad):
    with pytest.raises(TypeError, match="data: expected an array of numbers"):
        Parameter(bad)


def test_complex_step_through_a_relu_network_takes_the_same_branch(rng):
    # Inputs of exactly 0 put every first-layer value on the kink: both sides must say 0.
    network = Sequential(Activation(relu), Linear(2, 1, rng=rng))
    X = np.zeros((3, 2))
    network.forward(X)
    by_hand = network.backward(np.ones((3, 1)))
    numbers = numerical_gradient(lambda X: network.forward(X).sum(), X, method="complex")
    np.testing.assert_array_equal(by_hand, np.zeros((3, 2)))
    np.testing.assert_array_equal(numbers, by_hand)
