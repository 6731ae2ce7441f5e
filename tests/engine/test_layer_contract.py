"""What every layer promises, whatever it computes: one test for each promise, run on every kind of layer."""

import copy

import numpy as np
import pytest

from backprop_lib import Dropout, numerical_gradient
from tests.engine.layer_kinds import KINDS


@pytest.fixture(params=KINDS)
def kind(request):
    return KINDS[request.param]


@pytest.fixture
def case(kind, rng):
    """A layer after a forward pass, with the input, the output and a gradient to start backward from."""
    make, shape = kind
    layer, X = make(rng, np.float64), rng.normal(size=shape)
    output = layer.forward(X)
    return layer, X, output, rng.normal(size=output.shape)


def parameter_gradients(layer):
    return [parameter.grad.copy() for parameter in layer.parameters()]


def test_gradients_are_those_that_are_measured(case):
    layer, X, _, seed = case
    state = layer.state_dict()  # with what a forward pass changes: running statistics, random numbers

    def loss_at(array):
        def loss(value):
            layer.load_state_dict(state)
            before, array[...] = array.copy(), value
            total = (seed * layer.forward(X)).sum()
            array[...] = before
            return total

        return loss

    loss_at(X)(X.copy())
    input_gradient = layer.backward(seed)
    gradients = parameter_gradients(layer)
    numerical = [
        numerical_gradient(loss_at(array), array.copy()) for array in (X, *(p.data for p in layer.parameters()))
    ]
    for gradient, expected in zip([input_gradient, *gradients], numerical, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-7)


def test_gradients_add_up_until_they_are_emptied(case):
    layer, _, _, seed = case
    layer.backward(seed)
    once = parameter_gradients(layer)
    layer.backward(3 * seed)
    for parameter, gradient in zip(layer.parameters(), once, strict=True):
        np.testing.assert_allclose(parameter.grad, 4 * gradient, rtol=1e-13)
        parameter.grad[...] = np.nan  # what is left in the memory must not matter
        parameter.zero_grad()
    layer.backward(seed)
    for parameter, gradient in zip(layer.parameters(), once, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_gradients_have_the_shape_of_what_they_belong_to(case):
    layer, X, _, seed = case
    assert layer.backward(seed).shape == X.shape
    assert [p.grad.shape for p in layer.parameters()] == [p.data.shape for p in layer.parameters()]


def test_input_gradient_can_be_skipped(case):
    layer, _, _, seed = case
    layer.backward(seed)
    with_it = parameter_gradients(layer)
    for parameter in layer.parameters():
        parameter.zero_grad()
    assert layer.backward(seed, input_gradient=False) is None
    for parameter, gradient in zip(layer.parameters(), with_it, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_nothing_shares_memory(case):
    layer, X, output, seed = case
    arrays = [X, seed, output, layer.backward(seed)]
    arrays += [array for p in layer.parameters() for array in (p.data, p.grad)]
    for i, array in enumerate(arrays):
        for other in arrays[i + 1 :]:
            assert not np.shares_memory(array, other)


def test_neither_input_nor_gradient_is_changed(kind, rng):
    make, shape = kind
    layer, X = make(rng, np.float64), rng.normal(size=shape)
    X.flags.writeable = False
    seed = rng.normal(size=layer.forward(X).shape)
    seed.flags.writeable = False
    layer.backward(seed)
    layer.backward(seed)


def test_float32_stays_float32(kind, rng):
    make, shape = kind
    layer, X = make(rng, np.float32), rng.normal(size=shape).astype(np.float32)
    output = layer.forward(X)
    grad_input = layer.backward(rng.normal(size=output.shape).astype(np.float32))
    layer.backward(rng.normal(size=output.shape).astype(np.float32))
    assert output.dtype == grad_input.dtype == np.float32
    assert all(p.data.dtype == p.grad.dtype == np.float32 for p in layer.parameters())


@pytest.mark.parametrize("name", [name for name in KINDS if name != "sequential"])
def test_float32_is_float64_rounded(name):
    # Entries are sums of a few dozen rounded terms. Not so for a sequence of layers: there gradients may be small
    # differences of large ones, and lose what these have lost.
    make, shape = KINDS[name]
    results = []
    for dtype in np.float32, np.float64:
        layer = make(np.random.default_rng(3), dtype)
        X = np.random.default_rng(4).normal(size=shape).astype(np.float32)
        output = layer.forward(X.astype(dtype))
        seed = np.random.default_rng(5).normal(size=output.shape).astype(np.float32)
        results.append([output, layer.backward(seed.astype(dtype)), *parameter_gradients(layer)])
    for single, double in zip(*results, strict=True):
        np.testing.assert_allclose(single, double, rtol=0, atol=50 * np.finfo(np.float32).eps * np.abs(double).max())


def test_lists_of_whole_numbers_are_a_batch_too(kind, rng):
    make, shape = kind
    layer, X = make(rng, np.float64), rng.integers(-3, 4, size=shape)
    output = layer.forward(X.tolist())
    assert output.dtype == np.float64
    assert layer.backward(np.ones(output.shape, int).tolist()).dtype == np.float64


def test_backward_before_forward_is_refused(kind, rng):
    make, shape = kind
    with pytest.raises(ValueError, match="backward: expected a forward pass before, got none"):
        make(rng, np.float64).backward(np.ones(shape))


def test_gradient_of_another_shape_than_the_output_is_refused(case):
    layer, _, output, _ = case
    B, *_, m = shape = output.shape
    for wrong in [(), (m,), (B,), (1, *shape[1:]), (B + 1, *shape[1:]), (*shape[:-1], m + 1), (*shape, 1), shape[1:]]:
        with pytest.raises(ValueError, match=r"backward: expected grad_output of shape \(4, .*\), got \("):
            layer.backward(np.ones(wrong))
    with pytest.raises(TypeError, match="grad_output: expected an array of numbers, got dtype object"):
        layer.backward(np.full(shape, None))
    assert all(p.grad is None for p in layer.parameters())


def test_input_of_another_rank_is_refused(kind, rng):
    make, shape = kind
    layer = make(rng, np.float64)
    for wrong in [(), (3,), (0, *shape[1:]), (*shape[:-1], 0)]:
        with pytest.raises(ValueError, match="expected"):
            layer.forward(np.ones(wrong))
    with pytest.raises(TypeError, match="expected an array of numbers, got dtype <U1"):
        layer.forward(np.full(shape, "1"))


def test_a_refused_input_leaves_the_last_forward_pass_in_force(case):
    layer, X, _, seed = case
    before = layer.backward(seed)
    with pytest.raises(ValueError, match="expected"):
        layer.forward(X[0, ..., 0])
    np.testing.assert_array_equal(layer.backward(seed), before)


def test_backward_belongs_to_the_last_forward_pass(kind):
    make, shape = kind
    X, other = np.random.default_rng(1).normal(size=shape), np.random.default_rng(2).normal(size=(7, *shape[1:]))
    gradients = []
    for passes in [[X], [X, other, X]]:
        layer = make(np.random.default_rng(0), np.float64)
        for batch in passes:
            fix_noise(layer)
            output = layer.forward(batch)
        gradients.append([layer.backward(np.cos(output)), *parameter_gradients(layer)])
    for one, several in zip(*gradients, strict=True):
        np.testing.assert_array_equal(one, several)


def fix_noise(layer):
    """Give every Dropout the same generator again: the same mask for the same shape."""
    for inner in [layer, *getattr(layer, "layers", [])]:
        if isinstance(inner, Dropout):
            inner.rng = np.random.default_rng(9)


def test_modes_return_the_layer(kind, rng):
    layer = kind[0](rng, np.float64)
    assert layer.eval() is layer
    assert layer.training is False
    assert layer.train() is layer
    assert layer.training is True


def test_the_mode_that_counts_is_that_of_the_forward_pass(case):
    layer, _, _, seed = case
    before = layer.backward(seed)
    np.testing.assert_array_equal(layer.eval().backward(seed), before)
    np.testing.assert_array_equal(layer.train().backward(seed), before)


def test_a_copy_is_independent(case):
    layer, X, _, seed = case
    layer.backward(seed)
    before = parameter_gradients(layer)
    twin = copy.deepcopy(layer)
    twin.forward(2 * X)
    twin.backward(seed)
    for parameter, gradient, other in zip(layer.parameters(), before, twin.parameters(), strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)
        assert not np.shares_memory(parameter.data, other.data)
        assert not np.shares_memory(parameter.grad, other.grad)


def test_parameters_are_listed_once_each(kind, rng):
    parameters = kind[0](rng, np.float64).parameters()
    assert len({id(parameter) for parameter in parameters}) == len(parameters)
