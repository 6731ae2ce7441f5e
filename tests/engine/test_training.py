"""The training loop: against a loop written out here, its history, and how it stops where numbers stop being finite."""

import numpy as np
import pytest

from backprop_lib import (
    SGD,
    Activation,
    History,
    Linear,
    Parameter,
    Sequential,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
    fit,
    make_spirals,
    relu,
    sigmoid,
    tanh,
)
from backprop_lib.layers import Layer


def two_layers(rng, n=2, hidden=5, m=2, activation=tanh):
    return Sequential(Linear(n, hidden, rng=rng), Activation(activation), Linear(hidden, m, rng=rng))


def run(network, loss, X, y, *, learning_rate=0.1, seed=0, epochs=2, batch_size=4, **options):
    optimizer = SGD(network.parameters(), learning_rate)
    rng = np.random.default_rng(seed)
    return fit(network, loss, optimizer, X, y, epochs=epochs, batch_size=batch_size, rng=rng, **options)


def line(rng, n_samples=10):
    """Samples of a linear map with 2 inputs and 1 output."""
    X = rng.normal(size=(n_samples, 2))
    return X, X @ [[2.0], [-1.0]] + 0.5


def data_of(network):
    return [p.data.copy() for p in network.parameters()]


def assert_same_arrays(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


# What it learns


def test_learns_a_line_to_the_last_digits(rng):
    X, y = line(rng, 40)
    network = Linear(2, 1, rng=rng)
    run(network, SquaredError(), X, y, epochs=200, batch_size=10)
    np.testing.assert_allclose(network.weight.data, [[2.0, -1.0]], rtol=1e-10)
    np.testing.assert_allclose(network.bias.data, [0.5], rtol=1e-10)


def test_learns_the_spirals():
    X, y = make_spirals(200, noise=0.02, rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    hidden = [Linear(2, 32, rng=rng), Activation(relu), Linear(32, 32, rng=rng), Activation(relu)]
    network = Sequential(*hidden, Linear(32, 2, rng=rng))
    history = run(network, SoftmaxCrossEntropy(), X, y, learning_rate=0.3, epochs=100, batch_size=20)
    assert history.accuracy[0] < 0.8  # what a straight line reaches
    assert history.accuracy[-1] > 0.98
    assert history.loss[-1] < 0.1 * history.loss[0]


def test_learns_exclusive_or_from_whole_number_targets():
    # Integer targets (N, m) are targets, not labels.
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([[0], [1], [1], [0]])
    network = two_layers(np.random.default_rng(3), hidden=8, m=1)
    history = run(network, SigmoidCrossEntropy(), X, y, learning_rate=1.0, epochs=300, validation=(X, y))
    np.testing.assert_array_equal(sigmoid(network(X)) > 0.5, y == 1)
    assert history.accuracy == history.validation_accuracy == []
    assert len(history.validation_loss) == 300


# Against loops written out


def test_one_linear_layer_against_formulas(rng):
    X, y = line(rng)
    network = Linear(2, 1, rng=rng)
    W, b = network.weight.data.copy(), network.bias.data.copy()
    history = run(network, SquaredError(), X, y, learning_rate=0.05, seed=8, epochs=3, batch_size=4)
    order_rng = np.random.default_rng(8)
    for epoch in range(3):
        order = order_rng.permutation(10)
        total, norms = 0.0, []
        for rows in order[0:4], order[4:8], order[8:10]:  # the last batch is smaller
            error = X[rows] @ W.T + b - y[rows]
            total += 0.5 * np.sum(error**2)
            dW, db = error.T @ X[rows] / len(rows), error.sum(axis=0) / len(rows)
            norms.append([np.linalg.norm(dW), np.linalg.norm(db)])
            W, b = W - 0.05 * dW, b - 0.05 * db
        assert history.loss[epoch] == pytest.approx(total / 10, rel=1e-12)
        np.testing.assert_allclose(history.gradient_norms[epoch], np.mean(norms, axis=0), rtol=1e-12)
    np.testing.assert_allclose(network.weight.data, W, rtol=1e-12)
    np.testing.assert_allclose(network.bias.data, b, rtol=1e-12)


def test_classification_against_a_loop(rng):
    X, y = rng.normal(size=(11, 2)), rng.integers(3, size=11)
    X_val, y_val = rng.normal(size=(5, 2)), rng.integers(3, size=5)
    ours, theirs = two_layers(np.random.default_rng(1), m=3), two_layers(np.random.default_rng(1), m=3)
    history = run(ours, SoftmaxCrossEntropy(), X, y, learning_rate=0.5, seed=8, validation=(X_val, y_val))
    order_rng, loss = np.random.default_rng(8), SoftmaxCrossEntropy()
    for epoch in range(2):
        order = order_rng.permutation(11)
        total, hits, norms = 0.0, 0, []
        for rows in order[0:4], order[4:8], order[8:11]:
            for parameter in theirs.parameters():
                parameter.zero_grad()
            logits = theirs(X[rows])
            total += loss.value(logits, y[rows]) * len(rows)
            hits += np.sum(logits.argmax(axis=1) == y[rows])
            theirs.backward(loss.gradient(logits, y[rows]))
            norms.append([np.linalg.norm(p.grad) for p in theirs.parameters()])
            for parameter in theirs.parameters():
                parameter.data = parameter.data - 0.5 * parameter.grad
        assert history.loss[epoch] == pytest.approx(total / 11, rel=1e-12)
        assert history.accuracy[epoch] == hits / 11
        assert history.validation_loss[epoch] == pytest.approx(loss.value(theirs(X_val), y_val), rel=1e-12)
        assert history.validation_accuracy[epoch] == np.mean(theirs(X_val).argmax(axis=1) == y_val)
        np.testing.assert_allclose(history.gradient_norms[epoch], np.mean(norms, axis=0), rtol=1e-12)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(p.data, q.data, rtol=1e-12)


@pytest.mark.parametrize("batch_size", [1, 3, 10, 1000])
def test_every_sample_passes_once_an_epoch(batch_size, rng):
    seen = []

    class Watching(Layer):
        def forward(self, X):
            seen.append(X.copy())
            return X

    X, y = line(rng)
    network = Sequential(Watching(), Linear(2, 1, rng=rng))
    network.layers[0].backward = lambda grad_output, input_gradient=True: None
    run(network, SquaredError(), X, y, epochs=2, batch_size=batch_size)
    assert [len(batch) for batch in seen] == 2 * (
        [batch_size] * (10 // batch_size) + [10 % batch_size] * (10 % batch_size > 0)
    )
    epochs = np.concatenate(seen).reshape(2, 10, 2)
    for epoch in epochs:
        np.testing.assert_array_equal(epoch[np.argsort(epoch[:, 0])], X[np.argsort(X[:, 0])])
    assert not np.array_equal(epochs[0], epochs[1])  # shuffled anew
    assert not np.array_equal(epochs[0], X)


def test_loss_is_weighted_by_the_samples_of_a_batch(rng):
    # Losses of 1 (four samples) and 4 (one sample), with a step too small to matter: the mean is 8/5, not 5/2.
    class Constant:
        def value(self, output, y):
            return {4: 1.0, 1: 4.0}[len(y)]

        def gradient(self, output, y):
            return np.ones_like(output)

    history = run(Linear(2, 1, rng=rng), Constant(), *line(rng, 5), epochs=1, batch_size=4)
    assert history.loss == [1.6]


# History


def test_history_has_one_entry_an_epoch(rng):
    X, y = rng.normal(size=(9, 2)), rng.integers(2, size=9)
    network = two_layers(rng)
    history = run(network, SoftmaxCrossEntropy(), X, y, epochs=3, validation=(X, y))
    for name in "loss", "accuracy", "validation_loss", "validation_accuracy":
        values = getattr(history, name)
        assert len(values) == 3
        assert all(type(value) is float for value in values), name
    assert len(history.gradient_norms) == 3
    assert all(norms.shape == (4,) for norms in history.gradient_norms)


def test_history_without_labels_and_validation(rng):
    history = run(Linear(2, 1, rng=rng), SquaredError(), *line(rng), epochs=2)
    assert len(history.loss) == len(history.gradient_norms) == 2
    assert history.accuracy == history.validation_loss == history.validation_accuracy == []


def test_validation_without_labels_has_a_loss_only(rng):
    history = run(Linear(2, 1, rng=rng), SquaredError(), *line(rng), validation=line(rng))
    assert len(history.validation_loss) == 2
    assert history.validation_accuracy == []


def test_a_new_history_is_empty_and_shares_nothing():
    first, second = History(), History()
    first.loss.append(1.0)
    assert second.loss == second.gradient_norms == []


def test_kept_parameters_are_those_at_the_end_of_each_epoch(rng):
    X, y = rng.normal(size=(9, 2)), rng.integers(2, size=9)

    def trained(epochs, **options):
        network = two_layers(np.random.default_rng(1))
        return run(network, SoftmaxCrossEntropy(), X, y, epochs=epochs, **options), data_of(network)

    history, _ = trained(3, keep_parameters=True)
    assert len(history.parameters) == 3
    for epoch, kept in enumerate(history.parameters, start=1):
        assert_same_arrays(kept, trained(epoch)[1])
    assert trained(1)[0].parameters == []


def test_the_same_seed_gives_the_same_run(rng):
    X, y = rng.normal(size=(9, 2)), rng.integers(2, size=9)

    def trained(seed):
        network = two_layers(np.random.default_rng(1))
        return run(network, SoftmaxCrossEntropy(), X, y, seed=seed, epochs=4), data_of(network)

    (history, data), (again, data_again), (other, _) = trained(0), trained(0), trained(1)
    assert history.loss == again.loss
    assert_same_arrays(history.gradient_norms, again.gradient_norms)
    assert_same_arrays(data, data_again)
    assert history.loss != other.loss


def test_data_are_not_changed(rng):
    X, y = line(rng)
    X.flags.writeable = y.flags.writeable = False
    run(Linear(2, 1, rng=rng), SquaredError(), X, y, validation=(X, y))


def test_lists_are_data_too(rng):
    history = run(Linear(2, 1, rng=rng), SquaredError(), [[1.0, 2.0], [3.0, 4.0]], [[1.0], [2.0]])
    assert len(history.loss) == 2


def test_progress_is_shown_only_where_asked_for(rng, capsys):
    run(Linear(2, 1, rng=rng), SquaredError(), *line(rng))
    assert capsys.readouterr() == ("", "")
    run(Linear(2, 1, rng=rng), SquaredError(), *line(rng), epochs=3, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "3/3" in err


# Modes


class Recording(Layer):
    """Passes its input on and notes in which mode."""

    def __init__(self):
        self.mode, self.seen = None, []

    def forward(self, X):
        self.seen.append((self.mode, len(X)))
        return X

    def backward(self, grad_output, *, input_gradient=True):
        return grad_output

    def train(self):
        self.mode = "train"
        return self

    def eval(self):
        self.mode = "eval"
        return self


def test_validation_runs_in_evaluation_mode_and_training_resumes(rng):
    recording = Recording()
    network = Sequential(Linear(2, 1, rng=rng), recording)
    network.eval()
    run(network, SquaredError(), *line(rng, 6), validation=line(rng, 3), epochs=2, batch_size=6)
    assert recording.seen == [("train", 6), ("eval", 3)] * 2
    assert recording.mode == "train"


def test_parameters_that_take_no_part_have_norm_zero(rng):
    class Idle(Recording):
        def parameters(self):
            return [idle]

    idle = Parameter([1.0])
    network = Sequential(Linear(2, 1, rng=rng), Idle())
    history = run(network, SquaredError(), *line(rng))
    assert history.gradient_norms[0][2] == 0.0
    assert history.gradient_norms[0][0] > 0.0
    np.testing.assert_array_equal(idle.data, [1.0])


# Where numbers stop being finite. Warnings are errors in this suite, so none may leak on the way.


class Sabotage:
    """An optimiser that does one harmful thing at its n-th step, and keeps what the parameters were before each."""

    def __init__(self, parameters, at, harm):
        self.sgd, self.at, self.harm = SGD(parameters, 0.01), at, harm
        self.steps, self.before = 0, {}

    def step(self):
        self.steps += 1
        self.before[self.steps] = [p.data.copy() for p in self.sgd.parameters]
        self.sgd.step()
        if self.steps == self.at:
            self.harm(self.sgd.parameters)

    def zero_grad(self):
        self.sgd.zero_grad()


def put(index, value):
    def harm(parameters):
        parameters[index].data[...] = value

    return harm


def fail(network, optimizer, loss, X, y, **options):
    with pytest.raises(FloatingPointError) as failure:
        fit(network, loss, optimizer, X, y, rng=np.random.default_rng(0), **{"epochs": 3, "batch_size": 4} | options)
    return str(failure.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("index", "layer"), [(0, r"layer 1, Linear(2, 5)"), (3, r"layer 3, Linear(5, 2)")])
def test_the_epoch_of_a_step_to_parameters_that_are_not_finite_is_undone(index, layer, value, rng):
    X, y = rng.normal(size=(10, 2)), rng.integers(2, size=10)
    network = two_layers(rng)
    optimizer = Sabotage(network.parameters(), 5, put(index, value))  # 3 batches an epoch
    message = fail(network, optimizer, SoftmaxCrossEntropy(), X, y)
    assert message.startswith("epoch 2, batch 2: a parameter is not finite;")
    assert layer in message
    assert "as they were before epoch 2; try a smaller learning rate" in message
    assert_same_arrays(data_of(network), optimizer.before[4])


@pytest.mark.parametrize(
    ("at", "place", "start"),
    [
        (1, "epoch 1, batch 2", 1),
        (3, "epoch 2, batch 1", 1),  # the last step of the first epoch
        (5, "epoch 2, batch 3", 4),
    ],
)
def test_the_epoch_of_the_step_after_which_the_loss_overflows_is_undone(at, place, start, rng):
    network = Sequential(Linear(2, 3, rng=rng), Linear(3, 1, rng=rng))
    optimizer = Sabotage(network.parameters(), at, put(2, 1e200))
    message = fail(network, optimizer, SquaredError(), *line(rng))
    assert message.startswith(f"{place}: the loss is inf;")
    assert "none, the loss itself overflows" in message  # 1e200 is a number, its square is not
    assert f"before epoch {start // 3 + 1};" in message
    assert_same_arrays(data_of(network), optimizer.before[start])


@pytest.mark.parametrize(("index", "layer"), [(0, "layer 1, Linear(2, 3)"), (2, "layer 2, Linear(3, 1)")])
def test_the_layer_that_overflows_is_named(index, layer, rng):
    network = Sequential(Linear(2, 3, rng=rng), Linear(3, 1, rng=rng))
    X, y = np.full((8, 2), 10.0), np.ones((8, 1))
    network.layers[0].bias.data[...] = 100.0

    def huge(parameters):
        parameters[index].data[...] = 1.5e308

    optimizer = Sabotage(network.parameters(), 2, huge)
    message = fail(network, optimizer, SquaredError(), X, y)
    assert message.startswith("epoch 2, batch 1: the loss is inf;")
    assert layer in message
    assert_same_arrays(data_of(network), optimizer.before[1])


def test_learning_rates_that_are_too_large_stop_with_the_parameters_of_a_step_before(rng):
    X, y = line(rng)
    network = two_layers(rng, m=1, activation=relu)
    message = fail(network, SGD(network.parameters(), 1e6), SquaredError(), X, y, epochs=1000)
    assert message.startswith("epoch ")
    assert all(np.isfinite(p.data).all() for p in network.parameters())
    assert np.isfinite(network(X)).all()


def test_parameters_with_which_training_fails_at_once_stay_as_they_came(rng):
    network = Linear(2, 1, rng=rng)
    network.weight.data[...] = 1e200
    message = fail(network, SGD(network.parameters(), 0.1), SquaredError(), *line(rng))
    assert message.startswith("epoch 1, batch 1: the loss is inf;")
    np.testing.assert_array_equal(network.weight.data, [[1e200, 1e200]])


def test_a_gradient_that_is_not_finite_stops_before_the_step_and_names_its_layer(rng):
    # z = 1e100 and its square are numbers, dW = z x = 1e350 is not.
    network = Sequential(Linear(1, 1, rng=rng))
    network.layers[0].weight.data[...] = 1e-150
    message = fail(network, SGD(network.parameters(), 0.1), SquaredError(), [[1e250]], [[0.0]])
    assert message.startswith("epoch 1, batch 1: a gradient is not finite")
    assert "layer 1, Linear(1, 1)" in message
    np.testing.assert_array_equal(network.parameters()[0].data, [[1e-150]])


def test_a_finite_gradient_whose_square_overflows_is_no_failure(rng):
    # dW = z x = 1e200: large, and a number. With a learning rate as small training goes on.
    network = Linear(1, 1, rng=rng)
    network.weight.data[...] = 1e-50
    optimizer = SGD(network.parameters(), 1e-300)
    history = fit(network, SquaredError(), optimizer, [[1e125]], [[0.0]], epochs=1, batch_size=1, rng=rng)
    assert history.gradient_norms[0][0] == pytest.approx(1e200)


def test_nan_in_a_hidden_layer_is_not_lost_in_relu(rng):
    # The first layer gives two infinities, the second their difference; training must not go on as if it were 0.
    network = Sequential(Linear(1, 2, rng=rng), Linear(2, 1, rng=rng), Activation(relu), Linear(1, 1, rng=rng))
    network.layers[0].weight.data[...] = 1e308
    network.layers[1].weight.data[...] = [[1.0, -1.0]]
    message = fail(network, SGD(network.parameters(), 0.1), SquaredError(), np.full((4, 1), 10.0), np.ones((4, 1)))
    assert message.startswith("epoch 1, batch 1: the loss is nan;")
    assert "layer 1, Linear(1, 2)" in message


@pytest.mark.parametrize("epochs", [1, 3])
def test_a_validation_loss_that_is_not_finite_stops_too(epochs, rng):
    network = Linear(2, 1, rng=rng)
    optimizer = Sabotage(network.parameters(), 3, put(0, 1e200))  # the last batch of the first epoch
    message = fail(network, optimizer, SquaredError(), *line(rng), epochs=epochs, validation=line(rng))
    assert message.startswith("epoch 1")
    assert "validation" in message
    assert_same_arrays(data_of(network), optimizer.before[1])


def test_a_network_that_is_one_layer_is_named(rng):
    network = Linear(2, 1, rng=rng)
    optimizer = Sabotage(network.parameters(), 1, put(1, np.nan))
    assert "layer 1, Linear(2, 1)" in fail(network, optimizer, SquaredError(), *line(rng))


# Refusals


def refused(error, message, **changes):
    rng = np.random.default_rng(5)
    X, y = line(rng)
    network = Linear(2, 1, rng=rng)
    before = data_of(network)
    options = {"X": X, "y": y, "epochs": 1, "batch_size": 2, "rng": rng, "validation": None} | changes
    with pytest.raises(error, match=message):
        fit(network, SquaredError(), SGD(network.parameters(), 0.1), options.pop("X"), options.pop("y"), **options)
    assert_same_arrays(data_of(network), before)


def spoiled(array, value):
    array = array.copy()
    array[1, 0] = value
    return array


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_data_that_are_not_finite_are_refused(value, rng):
    X, y = line(rng)
    place = rf"{value} at index \(1, 0\)"
    refused(ValueError, rf"^X: expected finite numbers, got {place}", X=spoiled(X, value))
    refused(ValueError, rf"^y: expected finite numbers, got {place}", y=spoiled(y, value))
    refused(ValueError, rf"^validation X: expected finite .* {place}", validation=(spoiled(X, value), y))
    refused(ValueError, rf"^validation y: expected finite .* {place}", validation=(X, spoiled(y, value)))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        (
            {"X": np.zeros((0, 2)), "y": np.zeros((0, 1))},
            ValueError,
            r"X: expected a batch .* with no axis of length 0, got shape \(0, 2\)",
        ),
        ({"X": [], "y": []}, ValueError, r"X: expected a batch of shape"),
        ({"X": np.zeros(10)}, ValueError, r"X: expected a batch of shape \(B, ..., n\) .*, got shape \(10,\)"),
        (
            {"X": np.zeros((10, 3))},
            ValueError,
            r"Linear\(2, 1\): expected a batch of shape \(B, ..., 2\) .*, got shape \(2, 3\)",
        ),
        ({"X": np.full((10, 2), "a")}, TypeError, "X: expected an array of numbers, got dtype <U1"),
        ({"X": np.full((10, 2), None)}, TypeError, "X: expected an array of numbers, got dtype object"),
        ({"y": np.zeros((9, 1))}, ValueError, r"y: expected 10 entries, one per row of X, got shape \(9, 1\)"),
        ({"y": 1.0}, ValueError, r"y: expected 10 entries, one per row of X, got shape \(\)"),
        ({"y": np.zeros(10)}, ValueError, r"targets: expected shape \(2, 1\) as predictions has, got shape \(2,\)"),
        ({"y": np.full((10, 1), None)}, TypeError, "y: expected integer labels or real targets, got dtype object"),
        ({"y": np.full((10, 1), "1")}, TypeError, "y: expected integer labels or real targets, got dtype <U1"),
        ({"y": np.full((10, 1), 1j)}, TypeError, "y: expected integer labels or real targets, got dtype complex128"),
        ({"X": np.full((10, 2), 1j)}, TypeError, "X: expected real"),
        ({"epochs": 0}, ValueError, "epochs: expected a whole number of at least 1, got 0"),
        ({"epochs": -3}, ValueError, "epochs: expected a whole number of at least 1, got -3"),
        ({"epochs": 1.0}, TypeError, "epochs: expected a whole number, got 1.0"),
        ({"epochs": True}, TypeError, "epochs: expected a whole number, got True"),
        ({"batch_size": 0}, ValueError, "batch_size: expected a whole number of at least 1, got 0"),
        ({"batch_size": 2.5}, TypeError, "batch_size: expected a whole number, got 2.5"),
        ({"batch_size": None}, TypeError, "batch_size: expected a whole number, got None"),
        ({"rng": 0}, TypeError, r"rng: expected a numpy.random.Generator, .* got 0"),
        ({"rng": None}, TypeError, r"rng: expected a numpy.random.Generator"),
        (
            {"validation": (np.zeros((3, 2)), np.zeros((2, 1)))},
            ValueError,
            r"validation y: expected 3 entries, one per row of",
        ),
        ({"validation": (np.zeros((0, 2)), np.zeros((0, 1)))}, ValueError, "validation X: expected a batch of shape"),
        ({"validation": (np.zeros((3, 2)), np.full((3, 1), None))}, TypeError, "validation y: expected integer labels"),
    ],
)
def test_arguments_are_refused_before_anything_changes(changes, error, message):
    refused(error, message, **changes)


def test_labels_out_of_range_are_refused(rng):
    network = two_layers(rng)
    for bad in 2, -1:
        with pytest.raises(ValueError, match="labels: expected values from 0 to 1"):
            run(network, SoftmaxCrossEntropy(), np.ones((1, 2)), [bad])


@pytest.mark.parametrize("learning_rate", [0.0, -0.1, np.nan, np.inf])
def test_learning_rates_are_refused_before_training(learning_rate, rng):
    with pytest.raises(ValueError, match="learning_rate: expected a positive"):
        run(Linear(2, 1, rng=rng), SquaredError(), *line(rng), learning_rate=learning_rate)
