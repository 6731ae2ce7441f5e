"""How a training ends before its time: what is undone, what is kept, and what is said before the first step."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest

from backprop_lib import (
    SGD,
    Activation,
    Adam,
    BatchNorm,
    Dropout,
    Linear,
    Parameter,
    Residual,
    RMSProp,
    Sequential,
    SquaredError,
    fit,
    relu,
    tanh,
)
from backprop_lib.layers import Layer


def line(rng, n_samples=12):
    X = rng.normal(size=(n_samples, 2))
    return X, X @ [[2.0], [-1.0]] + 0.5


def normed(rng, hidden=4):
    return Sequential(Linear(2, hidden, rng=rng), BatchNorm(hidden), Activation(tanh), Linear(hidden, 1, rng=rng))


def train(network, optimizer, X, y, *, loss=None, epochs=1, batch_size=4, seed=0, **options):
    rng = np.random.default_rng(seed)
    return fit(
        network, loss or SquaredError(), optimizer, X, y, epochs=epochs, batch_size=batch_size, rng=rng, **options
    )


def everything(network, optimizer):
    return [array.tolist() for array in [*network.state_dict().values(), *optimizer.state_dict().values()]]


def spoil(network, at):
    """Let the network's last bias become so large that a loss overflows, in the n-th forward pass of training."""
    last, forward, passes = network.layers[-1], network.forward, []

    def spoiled(X):
        passes.append(network.training)
        if sum(passes) == at and network.training:
            last.bias.data[...] = 1e200
        return forward(X)

    network.forward = spoiled


# What is undone

OPTIMIZERS = {
    "plain": lambda p: SGD(p, 0.05),
    "momentum": lambda p: SGD(p, 0.05, momentum=0.9),
    "rmsprop": RMSProp,
    "adam": Adam,
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize(("at", "whole"), [(2, 0), (3, 0), (4, 0), (5, 1), (6, 1), (7, 1), (8, 2)])
def test_network_statistics_and_optimizer_go_back_together(make, at, whole, rng):
    # Three batches an epoch. Whoever has the state of before an epoch goes on as if nothing had been.
    X, y = line(rng)
    network = normed(rng)
    optimizer = make(network.parameters())
    whole_network, whole_optimizer = copy.deepcopy((network, optimizer))
    if whole:
        train(whole_network, whole_optimizer, X, y, epochs=whole)
        # the running averages of before the first step know the first batch of the epoch already
        order = _orders(whole + 1)[-1]
        whole_network.forward(X[order[:4]])
    spoil(network, at)
    with pytest.raises(FloatingPointError, match=rf"as they were before epoch {whole + 1}; try a smaller") as caught:
        train(network, optimizer, X, y, epochs=5)
    assert everything(network, optimizer) == everything(whole_network, whole_optimizer)
    assert len(caught.value.history.loss) == (at - 1) // 3
    assert np.isfinite(network.eval()(X)).all()


def _orders(epochs):
    rng = np.random.default_rng(0)
    return [rng.permutation(12) for _ in range(epochs)]


def test_a_momentum_that_ran_away_is_forgotten(rng):
    # With a rate far too large the velocity grows without bound long before a loss overflows.
    network = Sequential(Linear(2, 4, rng=rng), Activation(relu), Linear(4, 1, rng=rng))
    optimizer, (X, y) = SGD(network.parameters(), 1e3, momentum=0.9), line(rng)
    with pytest.raises(FloatingPointError, match="as they were before epoch 1"):
        train(network, optimizer, X, y, batch_size=1)
    velocity = [array for name, array in optimizer.state_dict().items() if name.endswith("velocity")]
    assert max(np.abs(array).max() for array in velocity) == 0.0
    optimizer.learning_rate = 0.01
    history = train(network, optimizer, X, y, epochs=20)
    assert history.loss[-1] < history.loss[0]


def test_evaluation_is_finite_after_a_refused_step(rng):
    X, y = line(rng)
    network = normed(rng)
    optimizer = SGD(network.parameters(), 1e200)
    with pytest.raises(FloatingPointError):
        train(network, optimizer, X, y, epochs=10)
    assert np.isfinite(network.eval()(X)).all()
    assert all(np.isfinite(array).all() for array in network.state_dict().values())


class Averaging(Layer):
    """A reader's own layer with a running average, which lets infinity in."""

    buffers = ("average",)

    def __init__(self):
        self.average = np.zeros(2)

    def forward(self, X):
        self.average += 0.5 * ((X**2).mean(axis=0) - self.average)
        return X

    def backward(self, grad_output, *, input_gradient=True):
        return grad_output


def test_a_statistic_that_is_not_finite_is_noticed_although_the_loss_is(rng):
    X, y = line(rng)
    X[5, 1] = 1e200  # its square is the first thing that overflows, and only in the average
    network = Sequential(Averaging(), Linear(2, 1, rng=rng))
    network.layers[1].weight.data[0, 1] = 1e-220
    optimizer = SGD(network.parameters(), 1e-210)
    where = int(np.flatnonzero(_orders(1)[0] == 5)[0]) // 4 + 1
    message = rf"epoch 1, batch {where}: a running average is not finite; .*: layer 1, <.*Averaging"
    with pytest.raises(FloatingPointError, match=message):
        train(network, optimizer, X, y)
    assert np.isfinite(network.layers[0].average).all()


def test_batch_norm_meets_an_outlier_and_evaluation_stays_finite(rng):
    X, y = line(rng)
    X[5, 1] = 1e200
    network = Sequential(BatchNorm(2), Linear(2, 1, rng=rng))
    train(network, SGD(network.parameters(), 0.01), X, y, epochs=3)
    assert np.isfinite(network.eval()(X[:5])).all()


@pytest.mark.parametrize("make", [Adam, RMSProp])
def test_an_optimizer_s_memory_that_overflows_is_noticed(make, rng):
    # The gradient is a number, its square is not: the parameter would never move again, without a word.
    network = Linear(1, 1, rng=rng, bias=False)
    network.weight.data[...] = 1e-50
    optimizer = make(network.parameters())
    with pytest.raises(FloatingPointError, match=r"^epoch 1: the optimizer's memory is not finite; .*layer 1, Linear"):
        fit(network, SquaredError(), optimizer, [[1e125]], [[0.0]], epochs=3, batch_size=1, rng=rng)
    assert optimizer.state_dict()["0.square"].tolist() == [[0.0]]
    assert network.weight.data.tolist() == [[1e-50]]


def test_the_rate_that_the_reader_set_is_not_undone(rng):
    network = normed(rng)
    optimizer, (X, y) = SGD(network.parameters(), 0.01), line(rng)

    def callback(epoch, history):
        optimizer.learning_rate, optimizer.momentum = 1e200, 0.9

    with pytest.raises(FloatingPointError):
        train(network, optimizer, X, y, epochs=5, callback=callback)
    assert (optimizer.learning_rate, optimizer.momentum) == (1e200, 0.9)
    assert all(np.isfinite(array).all() for name, array in optimizer.state_dict().items() if name != "rule")


# Networks and optimisers of the reader's own


class Own:
    """No Layer, no list of layers, no modes: only what `fit` asks for."""

    def __init__(self, rng):
        self.inner, self.scale = Linear(2, 1, rng=rng), Parameter(np.ones(1))

    def forward(self, X):
        self._H = self.inner.forward(X)
        return self._H * self.scale.data

    def backward(self, grad_output, *, input_gradient=True):
        self.scale.add_gradient((grad_output * self._H).sum(axis=0))
        return self.inner.backward(grad_output * self.scale.data, input_gradient=input_gradient)

    def parameters(self):
        return [*self.inner.parameters(), self.scale]


class Scaled(Sequential):
    """A parameter beside those of the layers."""

    def __init__(self, *layers):
        super().__init__(*layers)
        self.scale = Parameter(np.ones(1))

    def forward(self, X):
        self._H = super().forward(X)
        return self._H * self.scale.data

    def backward(self, grad_output, *, input_gradient=True):
        self.scale.add_gradient((grad_output * self._H).sum(axis=0))
        return super().backward(grad_output * self.scale.data, input_gradient=input_gradient)

    def parameters(self):
        return [*super().parameters(), self.scale]


OWN = {"bare": Own, "a parameter beside the layers": lambda rng: Scaled(Linear(2, 1, rng=rng))}
each_own = pytest.mark.parametrize("make", OWN.values(), ids=OWN)


@each_own
def test_networks_of_a_reader_s_own_are_trained(make, rng):
    network, (X, y) = make(rng), line(rng, 40)
    history = train(network, SGD(network.parameters(), 0.1), X, y, epochs=50, validation=(X, y))
    assert history.validation_loss[-1] < 1e-6
    assert network.scale.data[0] != 1.0


@each_own
def test_their_failures_are_reported_and_undone(make, rng):
    network, (X, y) = make(rng), line(rng)
    before = [parameter.data.copy() for parameter in network.parameters()]

    class Bad(SGD):
        def step(self):
            super().step()
            network.scale.data[...] = np.nan

    with pytest.raises(FloatingPointError, match=r"epoch 1, batch 1: a parameter is not finite; .*(Own|Scaled)"):
        train(network, Bad(network.parameters(), 0.1), X, y)
    for parameter, data in zip(network.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.data, data)
    with pytest.raises(FloatingPointError, match=r"the loss is inf|a gradient is not finite|the loss is nan"):
        train(network, SGD(network.parameters(), 1e200), X, y, epochs=5)


def test_an_own_network_s_statistics_are_undone_too(rng):
    class WithNorm(Own):
        def __init__(self, rng):
            super().__init__(rng)
            self.inner = Sequential(Linear(2, 3, rng=rng), BatchNorm(3), Linear(3, 1, rng=rng))

    network, (X, y) = WithNorm(rng), line(rng)
    norm = network.inner.layers[1]
    with pytest.raises(FloatingPointError):
        train(network, SGD(network.parameters(), 1e200), X, y, epochs=5)
    np.testing.assert_array_equal(norm.running_mean, 0.0)
    with pytest.raises(ValueError, match="batch_size: expected at least 2 samples in every batch"):
        train(network, SGD(network.parameters(), 0.1), X, y, batch_size=11)


def test_a_sequential_that_runs_its_layers_in_its_own_way_is_not_run_one_by_one(rng):
    class Crossed(Sequential):
        def forward(self, X):
            return self.layers[0].forward(X) + self.layers[1].forward(X) * 1e200

    network = Crossed(Linear(2, 1, rng=rng), Linear(2, 1, rng=rng))
    with pytest.raises(FloatingPointError, match=r"the loss is inf; .*: none, the loss itself overflows"):
        train(network, SGD(network.parameters(), 0.1), *line(rng))


def test_an_optimizer_that_replaces_the_arrays_is_undone_too(rng):
    network, (X, y) = Linear(2, 1, rng=rng), line(rng)
    before = network.weight.data.copy()

    class Replacing:
        def __init__(self):
            self.steps = 0

        def zero_grad(self):
            pass

        def step(self):
            self.steps += 1
            for parameter in network.parameters():
                parameter.data = parameter.data - (1e308 if self.steps == 2 else 0.1) * parameter.grad

    with pytest.raises(FloatingPointError):
        train(network, Replacing(), X, y)
    np.testing.assert_array_equal(network.weight.data, before)


def test_frozen_parameters_stay_and_their_gradients_do_not_add_up(rng):
    network, (X, y) = Sequential(Linear(2, 3, rng=rng), Linear(3, 1, rng=rng)), line(rng)
    frozen = network.layers[0].weight.data.copy()
    optimizer = SGD(network.layers[1].parameters(), 1e-12)  # so small that every epoch has the same gradients
    history = train(network, optimizer, X, y, epochs=5, batch_size=12)
    np.testing.assert_array_equal(network.layers[0].weight.data, frozen)
    np.testing.assert_allclose(history.gradient_norms[4], history.gradient_norms[0], rtol=1e-6)


# What is said before the first step


def untouched(network, error, message, *arguments, **options):
    """The refusal comes before anything has changed."""
    before = [array.tolist() for array in network.state_dict().values()]
    with pytest.raises(error, match=message):
        train(network, *arguments, **options)
    assert [array.tolist() for array in network.state_dict().values()] == before


def test_an_optimizer_of_another_network_is_refused(rng):
    network, other = normed(rng), normed(rng)
    message = r"optimizer: expected parameters of this network, got 6 of 6 that are not among network\.parameters\(\);"
    untouched(network, ValueError, message, SGD(other.parameters(), 0.1), *line(rng))


def test_an_optimizer_that_kept_a_replaced_layer_is_refused(rng):
    network = normed(rng)
    optimizer = SGD(network.parameters(), 0.1)
    network.layers[3] = Linear(4, 1, rng=rng)
    untouched(
        network, ValueError, "got 2 of 6 .*; after a change of the network make the optimizer", optimizer, *line(rng)
    )


@pytest.mark.parametrize(
    ("n_samples", "batch_size", "advice"),
    [(13, 4, r"in the last of 4: 13 in batches of 4; choose another batch_size, or drop_last=True"),
     (12, 1, r"in the last of 12: 12 in batches of 1; choose another batch_size$"),
     (1, 4, r"in the last of 1: 1 in batches of 4; it needs more samples$")],
)  # fmt: skip
@pytest.mark.parametrize("inside", [lambda norm: norm, Residual, lambda norm: Sequential(Sequential(norm))])
def test_a_batch_of_one_for_batch_norm_is_known_before(n_samples, batch_size, advice, inside, rng):
    network = Sequential(Linear(2, 4, rng=rng), inside(BatchNorm(4)), Linear(4, 1, rng=rng))
    message = rf"batch_size: expected at least 2 samples in every batch, which BatchNorm\(4\) needs, got 1 {advice}"
    optimizer = SGD(network.parameters(), 0.1)
    untouched(network, ValueError, message, optimizer, *line(rng, n_samples), batch_size=batch_size)


def test_what_the_refusal_advises_works(rng):
    network, (X, y) = normed(rng), line(rng, 13)
    for options in {"batch_size": 4, "drop_last": True}, {"batch_size": 5}:
        assert len(train(network, SGD(network.parameters(), 0.1), X, y, **options).loss) == 1


def test_a_batch_of_one_is_no_matter_without_batch_norm(rng):
    network = Sequential(Linear(2, 4, rng=rng), Dropout(0.5, rng=rng), Linear(4, 1, rng=rng))
    assert len(train(network, SGD(network.parameters(), 0.1), *line(rng, 13)).loss) == 1


# Interrupts, and errors on the way


class Raising(Layer):
    """Passes everything on, until its n-th forward pass."""

    def __init__(self, at, error):
        self.left, self.error = at, error

    def forward(self, X):
        self.left -= 1
        if self.left == 0:
            raise self.error
        return X

    def backward(self, grad_output, *, input_gradient=True):
        return grad_output


@pytest.mark.parametrize("error", [KeyboardInterrupt(), RuntimeError("broken"), SystemExit(3)])
@pytest.mark.parametrize("at", [1, 2, 4, 5, 8, 9, 10, 12])
def test_an_error_carries_the_history_of_the_whole_epochs(error, at, rng):
    # An epoch has three batches and, in validation, a fourth pass.
    network, (X, y) = Sequential(Raising(at, error), Linear(2, 1, rng=rng)), line(rng)
    whole = (at - 1) // 4
    with pytest.raises(type(error)) as caught:
        train(network, SGD(network.parameters(), 0.1), X, y, epochs=4, validation=(X, y), keep_parameters=True)
    history = caught.value.history
    lengths = {name: len(values) for name, values in vars(history).items()}
    assert lengths == {
        "loss": whole,
        "accuracy": 0,
        "validation_loss": whole,
        "validation_accuracy": 0,
        "gradient_norms": whole,
        "parameters": whole,
    }
    notes = getattr(caught.value, "__notes__", [])
    assert any("error.history" in note for note in notes) == (whole > 0)


def test_the_history_is_that_of_an_undisturbed_training(rng):
    X, y = line(rng)

    def made(*first):
        inner = np.random.default_rng(1)
        network = Sequential(*first, Linear(2, 1, rng=inner))
        return network, SGD(network.parameters(), 0.1), X, y

    with pytest.raises(KeyboardInterrupt) as caught:
        train(*made(Raising(8, KeyboardInterrupt())), epochs=5)
    assert caught.value.history.loss == train(*made(), epochs=2).loss


def test_an_error_in_the_callback_carries_its_epoch(rng):
    network = Linear(2, 1, rng=rng)

    def callback(epoch, history):
        if epoch == 2:
            raise RuntimeError("no room for the picture")

    with pytest.raises(RuntimeError, match="no room") as caught:
        train(network, SGD(network.parameters(), 0.1), *line(rng), epochs=5, callback=callback)
    assert len(caught.value.history.loss) == 2


def test_an_interrupt_between_two_lists_leaves_whole_epochs(rng, monkeypatch):
    network, whole = Linear(2, 1, rng=rng), []

    class Interrupting(list):
        def append(self, value):
            super().append(value)
            if len(self) == 3:
                raise KeyboardInterrupt

    def interrupted(epoch, history):
        if epoch == 1:
            history.gradient_norms = Interrupting(history.gradient_norms)
        whole.append(epoch)

    with pytest.raises(KeyboardInterrupt) as caught:
        train(network, SGD(network.parameters(), 0.1), *line(rng), epochs=5, callback=interrupted)
    assert whole == [1, 2]
    assert len(caught.value.history.loss) == len(caught.value.history.gradient_norms) == 2


def test_after_an_interrupt_training_goes_on(rng):
    network, (X, y) = Linear(2, 1, rng=rng), line(rng)
    interrupted = Sequential(Raising(5, KeyboardInterrupt()), network)
    optimizer = SGD(network.parameters(), 0.05, momentum=0.9)
    with pytest.raises(KeyboardInterrupt):
        train(interrupted, optimizer, X, y, epochs=5, validation=(X, y))
    assert network.training
    history = train(network, optimizer, X, y, epochs=30)
    assert history.loss[-1] < 0.1 * history.loss[0]


def test_an_interrupt_in_validation_leaves_the_network_in_training_mode(rng):
    network = Sequential(Raising(4, KeyboardInterrupt()), normed(rng))
    with pytest.raises(KeyboardInterrupt):
        train(network, SGD(network.parameters(), 0.1), *line(rng), validation=line(rng))
    assert network.training


@pytest.mark.skipif(os.name != "posix", reason="signals of another kind")
def test_a_real_signal_in_the_midst_of_training():
    # The process asks for its own interrupt when the callback has seen two epochs: no clock decides anything.
    code = """
import os, signal, threading
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever started this may have switched it off
import numpy as np
from backprop_lib import SGD, Linear, SquaredError, fit

def callback(epoch, history):
    if epoch == 2:
        threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGINT)).start()

rng = np.random.default_rng(0)
X = rng.normal(size=(12, 2))
network = Linear(2, 1, rng=rng)
optimizer = SGD(network.parameters(), 0.01)
try:
    fit(network, SquaredError(), optimizer, X, X[:, :1], epochs=10**9, batch_size=4, rng=rng, callback=callback)
except KeyboardInterrupt as stop:
    lengths = {len(stop.history.loss), len(stop.history.gradient_norms)}
    print(len(lengths), min(lengths) >= 2, np.isfinite(network.weight.data).all())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert done.stdout.split() == ["1", "True", "True"], done.stderr


def test_what_the_documentation_says_of_notebooks():
    # After a traceback IPython, as Python's own prompt does, keeps the error where the documentation says.
    code = """
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell('''
import numpy as np
from backprop_lib import SGD, Linear, SquaredError, fit
def callback(epoch, history):
    if epoch == 3:
        raise KeyboardInterrupt
network = Linear(2, 1, rng=np.random.default_rng(0))
X = np.ones((4, 2))
optimizer = SGD(network.parameters(), 0.1)
history = fit(network, SquaredError(), optimizer, X, X[:, :1], epochs=9, batch_size=2,
    rng=np.random.default_rng(0), callback=callback)
''')
shell.run_cell("import sys; print('epochs kept:', len(sys.last_value.history.loss))")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert "epochs kept: 3" in done.stdout, done.stdout + done.stderr
