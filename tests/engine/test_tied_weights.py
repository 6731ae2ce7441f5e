"""Linear without a bias, and a weight in two layers: against loops, numbers and the array engine."""

import numpy as np
import pytest

from backprop_lib import (
    SGD,
    Activation,
    Adam,
    BatchNorm,
    Linear,
    Residual,
    Sequential,
    SoftmaxCrossEntropy,
    SquaredError,
    Tensor,
    clip_gradient_norm,
    fit,
    sigmoid,
    tanh,
)
from tests.engine.gradient_agreement import assert_gradients_agree


def tied(rng, make=Sequential):
    """n -> n -> n with one matrix for both steps; the second has no bias."""
    encoder, decoder = Linear(3, 3, rng=rng), Linear(3, 3, rng=rng, bias=False)
    decoder.weight = encoder.weight
    return make(encoder, Activation(tanh), decoder)


# Without a bias


def test_linear_without_a_bias_is_the_product_alone(rng):
    layer, X, seed = Linear(3, 2, rng=rng, bias=False), rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    assert layer.bias is None
    assert [id(p) for p in layer.parameters()] == [id(layer.weight)]
    assert list(layer.state_dict()) == ["weight"]
    np.testing.assert_allclose(layer.forward(X), [layer.weight.data @ x for x in X], rtol=1e-13)
    np.testing.assert_allclose(layer.backward(seed), seed @ layer.weight.data, rtol=1e-13)
    np.testing.assert_allclose(layer.weight.grad, sum(np.outer(g, x) for g, x in zip(seed, X, strict=True)), rtol=1e-13)


@pytest.mark.parametrize("bias", [True, False, np.True_, np.False_], ids=repr)
def test_a_bias_or_none(bias, rng):
    assert (Linear(3, 2, rng=rng, bias=bias).bias is not None) == bool(bias)


def test_gradients_without_biases(rng):
    network = Sequential(
        Linear(3, 4, rng=rng, bias=False), BatchNorm(4), Activation(sigmoid), Linear(4, 2, rng=rng, bias=False)
    )
    assert_gradients_agree(network, SoftmaxCrossEntropy(), rng.normal(size=(6, 3)), rng.integers(2, size=6))


# A weight in two layers


def test_a_shared_weight_is_listed_once_however_deep(rng):
    first, second, third = (Linear(3, 3, rng=rng) for _ in range(3))
    third.weight = first.weight
    second.bias = first.bias
    network = Sequential(first, Residual(Sequential(second, Residual(third))))
    expected = [first.weight, first.bias, second.weight, third.bias]
    assert [id(p) for p in network.parameters()] == [id(p) for p in expected]


def test_gradients_of_a_shared_weight_by_numbers(rng):
    assert_gradients_agree(tied(rng), SquaredError(), rng.normal(size=(5, 3)), rng.normal(size=(5, 3)))


def test_gradients_of_both_places_add_up(rng):
    network, apart = tied(np.random.default_rng(0)), tied(np.random.default_rng(0))
    first, _, last = apart.layers
    last.weight = type(last.weight)(first.weight.data.copy())
    X, seed = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    for each in network, apart:
        each.forward(X)
        each.backward(seed)
    np.testing.assert_allclose(network.layers[0].weight.grad, first.weight.grad + last.weight.grad, rtol=1e-13)


@pytest.mark.parametrize(
    "optimizer", [lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.01)], ids=["momentum", "adam"]
)
def test_training_agrees_with_the_engine(optimizer, rng):
    network, X, y = tied(rng), rng.normal(size=(5, 3)), rng.integers(3, size=5)
    W, b = (Tensor(parameter.data.copy(), requires_grad=True) for parameter in network.parameters())
    ours, engine = optimizer(network.parameters()), optimizer([W, b])
    loss = SoftmaxCrossEntropy()
    for _ in range(20):
        ours.zero_grad()
        engine.zero_grad()
        network.backward(loss.gradient(network.forward(X), y))
        ((X @ W.T + b).tanh() @ W.T).cross_entropy(y).backward()
        for parameter, leaf in zip(network.parameters(), [W, b], strict=True):
            np.testing.assert_allclose(parameter.grad, leaf.grad, rtol=1e-9, atol=1e-12)
        clip_gradient_norm(network.parameters(), 0.5)
        clip_gradient_norm([W, b], 0.5)
        ours.step()
        engine.step()
    np.testing.assert_allclose(network.layers[2].weight.data, W.data, rtol=1e-9)


def test_fit_trains_a_shared_weight(rng):
    network, X = tied(rng), rng.normal(size=(20, 3))
    optimizer = SGD(network.parameters(), 0.1)
    history = fit(network, SquaredError(), optimizer, X, X, epochs=30, batch_size=5, rng=rng)
    assert history.loss[-1] < 0.3 * history.loss[0]
    assert network.layers[0].weight is network.layers[2].weight
