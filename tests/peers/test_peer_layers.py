"""The book's layers, activations and losses against PyTorch's: values and gradients, in float64 and in float32."""

import numpy as np
import pytest

import backprop_lib as book

# A difference is measured in units of the precision times the array's largest entry. The largest that occurs here is 17
# such units; 200 are 4e-14 of the largest entry in float64, 2e-5 of it in float32.
ROUNDINGS = 200

B, T, N, M = 6, 5, 4, 3  # samples, times, features in and out


@pytest.fixture(params=["float64", "float32"])
def dtype(request):
    return np.dtype(request.param)


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def assert_agree(pairs):
    """Raise AssertionError that names every array of {name: (ours, PyTorch's)} that differs by more than rounding."""
    wrong = []
    for name, (ours, peer) in pairs.items():
        ours, peer = np.asarray(ours), peer.detach().numpy()
        assert (ours.shape, ours.dtype) == (peer.shape, peer.dtype), f"{name}: {ours.dtype} {ours.shape}"
        error = np.abs(ours - peer).max()
        unit = np.finfo(peer.dtype).eps * np.abs(peer).max()
        if not error <= ROUNDINGS * unit:
            wrong.append(f"{name}: {error:.1e}, {error / unit:.0f} units")
    assert not wrong, "; ".join(wrong)


def set_parameters(layer, module, names, rng):
    """Give the layer and the module the same random parameters; returns {name: (parameter, PyTorch's)}."""
    theirs = dict(module.named_parameters())
    for parameter, name in zip(layer.parameters(), names, strict=True):
        parameter.data[...] = rng.normal(size=parameter.data.shape)
        theirs[name].data[...] = theirs[name].new_tensor(parameter.data)
    return {name: (parameter, theirs[name]) for parameter, name in zip(layer.parameters(), names, strict=True)}


def assert_same_pass(torch, layer, module, parameters, X, rng):
    """Compare output, gradient of the input and gradients of the parameters in one forward and backward pass."""
    for parameter, theirs in parameters.values():
        parameter.zero_grad()
        theirs.grad = None
    their_X = torch.tensor(X, requires_grad=True)
    output, their_output = layer.forward(X), module(their_X)
    seed = rng.normal(size=output.shape).astype(X.dtype)
    grad_input = layer.backward(seed)
    their_output.backward(torch.tensor(seed))
    pairs = {"output": (output, their_output), "input": (grad_input, their_X.grad)}
    assert_agree(pairs | {name: (ours.grad, theirs.grad) for name, (ours, theirs) in parameters.items()})


def batch(rng, dtype, *shape):
    return rng.normal(size=shape).astype(dtype)


# Layers


@pytest.mark.parametrize("shape", [(B, N), (B, T, N), (B, 1, T, N)], ids=str)
@pytest.mark.parametrize("names", [["weight", "bias"], ["weight"]], ids=str)
def test_linear(torch, rng, dtype, names, shape):
    layer = book.Linear(N, M, rng=rng, dtype=dtype, bias="bias" in names)
    module = torch.nn.Linear(N, M, dtype=getattr(torch, dtype.name), bias="bias" in names)
    parameters = set_parameters(layer, module, names, rng)
    for _ in range(3):
        assert_same_pass(torch, layer, module, parameters, batch(rng, dtype, *shape), rng)


def test_a_weight_in_two_layers(torch, rng, dtype):
    layer = book.Sequential(book.Linear(N, N, rng=rng, dtype=dtype), book.Linear(N, N, rng=rng, dtype=dtype))
    module = torch.nn.Sequential(torch.nn.Linear(N, N), torch.nn.Linear(N, N)).to(getattr(torch, dtype.name))
    layer.layers[1].weight, module[1].weight = layer.layers[0].weight, module[0].weight
    parameters = set_parameters(layer, module, dict(module.named_parameters()), rng)
    assert list(parameters) == ["0.weight", "0.bias", "1.bias"]
    assert_same_pass(torch, layer, module, parameters, batch(rng, dtype, B, N), rng)


@pytest.mark.parametrize("options", [{}, {"eps": 0.1, "momentum": 0.3}, {"momentum": 1.0}], ids=str)
def test_batch_norm_in_both_modes(torch, rng, dtype, options):
    layer = book.BatchNorm(N, dtype=dtype, **options)
    module = torch.nn.BatchNorm1d(N, dtype=getattr(torch, dtype.name), **options)
    parameters = set_parameters(layer, module, ["weight", "bias"], rng)
    for _ in range(5):
        assert_same_pass(torch, layer, module, parameters, 3.0 + 2.0 * batch(rng, dtype, B, N), rng)
        running = {"mean": (layer.running_mean, module.running_mean)}
        assert_agree(running | {"variance": (layer.running_variance, module.running_var)})
    layer.eval()
    module.eval()
    kept = layer.running_mean.copy()
    assert_same_pass(torch, layer, module, parameters, batch(rng, dtype, 1, N), rng)
    np.testing.assert_array_equal(layer.running_mean, kept)


@pytest.mark.parametrize("shape", [(B, N), (B, T, N)], ids=str)
@pytest.mark.parametrize("options", [{}, {"eps": 0.1}], ids=str)
def test_layer_norm(torch, rng, dtype, shape, options):
    layer = book.LayerNorm(N, dtype=dtype, **options)
    module = torch.nn.LayerNorm(N, dtype=getattr(torch, dtype.name), **options)
    parameters = set_parameters(layer, module, ["weight", "bias"], rng)
    for _ in range(3):
        assert_same_pass(torch, layer, module, parameters, 3.0 + 2.0 * batch(rng, dtype, *shape), rng)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8])
def test_dropout_by_its_mask(torch, rng, dtype, p):
    layer = book.Dropout(p, rng=np.random.default_rng(1))
    mask = torch.tensor(np.random.default_rng(1).random((B, N)) >= p)
    assert_same_pass(torch, layer, lambda X: X * mask / (1.0 - p), {}, batch(rng, dtype, B, N), rng)
    assert_same_pass(torch, layer.eval(), torch.nn.Dropout(p).eval(), {}, batch(rng, dtype, B, N), rng)


@pytest.mark.parametrize("p", [0.0, 0.3, 0.8])
def test_dropout_scales_what_it_keeps(torch, dtype, p):
    # The masks themselves come from different generators.
    ones = np.ones((100, 10), dtype)
    theirs = torch.nn.Dropout(p)(torch.tensor(ones))
    kept = book.Dropout(p, rng=np.random.default_rng(1)).forward(ones)
    assert_agree({"values": (np.unique(kept), theirs.unique())})


def test_recurrent(torch, rng, dtype):
    layer = book.Recurrent(N, M, rng=rng, dtype=dtype)
    rnn = torch.nn.RNN(N, M, batch_first=True, dtype=getattr(torch, dtype.name))
    rnn.bias_hh_l0.data[...] = 0.0
    parameters = set_parameters(layer, rnn, ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0"], rng)
    for _ in range(3):
        assert_same_pass(torch, layer, lambda X: rnn(X)[0], parameters, batch(rng, dtype, B, T, N), rng)


def test_gated_recurrent(torch, rng, dtype):
    layer = book.GatedRecurrent(N, M, rng=rng, dtype=dtype)
    gru = torch.nn.GRU(N, M, batch_first=True, dtype=getattr(torch, dtype.name))
    names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    parameters = set_parameters(layer, gru, names, rng)
    for _ in range(3):
        assert_same_pass(torch, layer, lambda X: gru(X)[0], parameters, batch(rng, dtype, B, T, N), rng)


@pytest.mark.parametrize("kind", ["Recurrent", "GatedRecurrent"])
def test_gradients_of_the_states_in_between(torch, rng, dtype, kind):
    """Whole layers do not show them in PyTorch, so its cell is unrolled here."""
    layer = getattr(book, kind)(N, M, rng=rng, dtype=dtype)
    cell = {"Recurrent": torch.nn.RNNCell, "GatedRecurrent": torch.nn.GRUCell}[kind]
    cell = cell(N, M, dtype=getattr(torch, dtype.name))
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"][: len(layer.parameters())]
    cell.bias_hh.data[...] = 0.0
    set_parameters(layer, cell, names, rng)
    X, states = batch(rng, dtype, B, T, N), []
    for t in range(T):
        states.append(cell(torch.tensor(X[:, t]), states[-1] if states else None))
        states[-1].retain_grad()
    seed = rng.normal(size=(B, T, M)).astype(dtype)
    torch.stack(states, dim=1).backward(torch.tensor(seed))
    layer.forward(X)
    layer.backward(seed)
    assert_agree({"states": (layer.hidden_gradients, torch.stack([state.grad for state in states], dim=1))})


def test_an_output_at_every_time(torch, rng, dtype):
    layer = book.Sequential(book.GatedRecurrent(N, M, rng=rng, dtype=dtype), book.Linear(M, 2, rng=rng, dtype=dtype))
    gru, linear = torch.nn.GRU(N, M, batch_first=True), torch.nn.Linear(M, 2)
    module = torch.nn.ModuleList([gru, linear]).to(getattr(torch, dtype.name))
    parameters = set_parameters(layer, module, dict(module.named_parameters()), rng)
    assert_same_pass(torch, layer, lambda X: linear(gru(X)[0]), parameters, batch(rng, dtype, B, T, N), rng)


def test_a_network_of_several(torch, rng, dtype):
    nn = torch.nn

    class Residual(nn.Module):
        def __init__(self, module):
            super().__init__()
            self.module = module

        def forward(self, X):
            return X + self.module(X)

    def linear(n, m):
        return book.Linear(n, m, rng=rng, dtype=dtype)

    layer = book.Sequential(
        linear(N, M),
        book.Activation(book.gelu),
        book.BatchNorm(M, dtype=dtype),  # straight after Linear, the gradient of Linear's bias would be all rounding
        book.Residual(book.Sequential(book.LayerNorm(M, dtype=dtype), linear(M, M), book.Activation(book.tanh))),
        linear(M, 2),
    )
    inner = nn.Sequential(nn.LayerNorm(M), nn.Linear(M, M), nn.Tanh())
    module = nn.Sequential(nn.Linear(N, M), nn.GELU("tanh"), nn.BatchNorm1d(M), Residual(inner), nn.Linear(M, 2))
    module = module.to(getattr(torch, dtype.name))
    parameters = set_parameters(layer, module, dict(module.named_parameters()), rng)
    for _ in range(3):
        assert_same_pass(torch, layer, module, parameters, batch(rng, dtype, B, N), rng)


# Activations and losses


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu", "leaky_relu", "softplus", "gelu", "identity"])
def test_activations_and_their_derivatives(torch, dtype, name):
    functional = torch.nn.functional
    peers = {
        "softplus": lambda z: functional.softplus(z, threshold=50),  # above the usual 20 it returns z, 2e-9 off
        "gelu": lambda z: functional.gelu(z, approximate="tanh"),
        "leaky_relu": functional.leaky_relu,
        "identity": torch.nn.Identity(),
    }
    z = np.concatenate([np.linspace(-40.0, 40.0, 801), np.linspace(-1.0, 1.0, 201)]).astype(dtype)
    assert (z == 0).any()
    theirs = torch.tensor(z, requires_grad=True)
    h = peers.get(name, getattr(torch, name, None))(theirs)
    h.sum().backward()
    activation = getattr(book, name)
    assert_agree({"value": (activation(z), h), "derivative": (activation.derivative(z), theirs.grad)})


def test_softmax(torch, rng, dtype):
    for scale in 1.0, 100.0, 1e4:
        logits = scale * batch(rng, dtype, B, M)
        assert_agree({"softmax": (book.softmax(logits), torch.softmax(torch.tensor(logits), dim=-1))})


@pytest.mark.parametrize("scale", [1.0, 100.0, 1e4])
@pytest.mark.parametrize("name", ["SquaredError", "SoftmaxCrossEntropy", "SigmoidCrossEntropy"])
def test_losses_and_their_gradients(torch, rng, dtype, name, scale):
    functional = torch.nn.functional
    targets, peer = {
        "SquaredError": (
            batch(rng, dtype, B, M),
            lambda outputs, targets: functional.mse_loss(outputs, targets, reduction="sum") / (2 * B),
        ),
        "SoftmaxCrossEntropy": (rng.integers(M, size=B), functional.cross_entropy),
        "SigmoidCrossEntropy": (
            rng.random((B, M)).astype(dtype),
            lambda outputs, targets: functional.binary_cross_entropy_with_logits(outputs, targets, reduction="sum") / B,
        ),
    }[name]
    outputs = scale * batch(rng, dtype, B, M)
    theirs = torch.tensor(outputs, requires_grad=True)
    value = peer(theirs, torch.tensor(targets))
    value.backward()
    loss = getattr(book, name)()
    assert_agree({"value": (loss.value(outputs, targets), value)})
    assert_agree({"gradient": (loss.gradient(outputs, targets), theirs.grad)})


# That the comparison can fail


def test_a_gradient_that_is_wrong_in_its_last_digits(torch, rng, monkeypatch):
    backward = book.Linear.backward
    monkeypatch.setattr(book.Linear, "backward", lambda *arguments: backward(*arguments) * (1.0 + 1e-12))
    with pytest.raises(AssertionError, match=r"^input"):
        test_linear(torch, rng, np.dtype("float64"), ["weight", "bias"], (B, N))


def test_a_running_variance_divided_by_all(torch, rng, monkeypatch):
    follow = book.BatchNorm._update_running
    monkeypatch.setattr(book.BatchNorm, "_update_running", lambda self, m, v: follow(self, m, v * (B - 1) / B))
    with pytest.raises(AssertionError, match=r"^variance"):
        test_batch_norm_in_both_modes(torch, rng, np.dtype("float64"), {})


def test_gates_in_another_order(torch, rng, monkeypatch):
    step = book.GatedRecurrent._step
    monkeypatch.setattr(book.GatedRecurrent, "_step", lambda self, a, h: step(self, np.roll(a, M, axis=1), h))
    with pytest.raises(AssertionError, match=r"^output"):
        test_gated_recurrent(torch, rng, np.dtype("float64"))
