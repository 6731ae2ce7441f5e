"""What `fit` can do besides: losses of several kinds, sequences, ignored labels, drop_last, callback, patience."""

import copy

import numpy as np
import pytest

from backprop_lib import (
    SGD,
    Activation,
    Adam,
    BatchNorm,
    GatedRecurrent,
    Linear,
    Sequential,
    SoftmaxCrossEntropy,
    SquaredError,
    accuracy,
    fit,
    tanh,
)
from backprop_lib.losses import Loss


def line(rng, n_samples=12):
    X = rng.normal(size=(n_samples, 2))
    return X, X @ [[2.0], [-1.0]] + 0.5


def train(network, X, y, *, loss=None, optimizer=None, epochs=2, batch_size=4, seed=0, **options):
    optimizer, rng = optimizer or SGD(network.parameters(), 0.1), np.random.default_rng(seed)
    loss = loss or SquaredError()
    return fit(network, loss, optimizer, X, y, epochs=epochs, batch_size=batch_size, rng=rng, **options)


def data_of(network):
    return [parameter.data.copy() for parameter in network.parameters()]


def assert_same_arrays(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


# Losses


class Counting(Loss):
    """A squared error that notes what it was asked."""

    def __init__(self):
        self.asked = []

    def value(self, output, y):
        self.asked.append("value")
        return SquaredError().value(output, y)

    def gradient(self, output, y):
        self.asked.append("gradient")
        return SquaredError().gradient(output, y)


class Fused(Counting):
    def value_and_gradient(self, output, y):
        self.asked.append("both")
        return SquaredError().value_and_gradient(output, y)


class Bare:
    """A loss with value and gradient, and no more."""

    def value(self, output, y):
        return SquaredError().value(output, y)

    def gradient(self, output, y):
        return SquaredError().gradient(output, y)


def test_value_and_gradient_is_called_once_a_step(rng):
    X, y = line(rng)
    loss = Fused()
    train(Linear(2, 1, rng=rng), X, y, loss=loss, validation=(X, y))
    assert loss.asked == ["both", "both", "both", "value"] * 2  # validation needs no gradient
    loss = Counting()
    train(Linear(2, 1, rng=rng), X, y, loss=loss, epochs=1)
    assert loss.asked == ["value", "gradient"] * 3


@pytest.mark.parametrize("loss", [Fused(), Counting(), Bare()], ids=["fused", "inherited", "bare"])
def test_losses_with_and_without_it_train_alike(loss, rng):
    X, y = line(rng)
    ours, theirs = (Linear(2, 1, rng=np.random.default_rng(1)) for _ in range(2))
    assert train(ours, X, y, loss=loss, validation=(X, y)).loss == train(theirs, X, y, validation=(X, y)).loss
    assert_same_arrays(data_of(ours), data_of(theirs))


def test_soft_labels_have_a_loss_and_no_accuracy(rng):
    X = rng.normal(size=(8, 2))
    history = train(Linear(2, 3, rng=rng), X, np.full((8, 3), 1 / 3), loss=SoftmaxCrossEntropy())
    assert len(history.loss) == 2
    assert history.accuracy == []


# Sequences


def sequences(rng, n_samples=40, length=7):
    """Is the sum of what was read so far above zero? A label at every time."""
    X = rng.normal(size=(n_samples, length, 1))
    return X, (X[..., 0].cumsum(axis=1) > 0).astype(int)


def test_a_recurrent_network_learns_a_label_at_every_time(rng):
    X, y = sequences(rng, 200)
    network = Sequential(GatedRecurrent(1, 12, rng=rng), Linear(12, 2, rng=rng))
    optimizer = Adam(network.parameters(), 0.02)
    options = {"loss": SoftmaxCrossEntropy(), "optimizer": optimizer, "epochs": 30, "batch_size": 20}
    history = train(network, X, y, validation=sequences(rng, 100), **options)
    assert history.accuracy[-1] > 0.95
    assert history.validation_accuracy[-1] > 0.93


def test_sequences_of_targets(rng):
    X, _ = sequences(rng)
    network = Sequential(GatedRecurrent(1, 8, rng=rng), Linear(8, 1, rng=rng))
    optimizer = Adam(network.parameters(), 0.02)
    history = train(network, X, X.cumsum(axis=1), optimizer=optimizer, epochs=40, batch_size=8)
    assert history.loss[-1] < 0.1 * history.loss[0]
    assert history.accuracy == []


def test_sequences_against_a_loop(rng):
    # Losses and accuracies over all times of all sequences; 10 sequences in batches of 4, 4 and 2.
    X, y = sequences(rng, 10)
    ours, theirs = (
        Sequential(GatedRecurrent(1, 3, rng=r), Linear(3, 2, rng=r)) for r in map(np.random.default_rng, (1, 1))
    )
    history = train(ours, X, y, loss=SoftmaxCrossEntropy(), seed=8, validation=(X[:3], y[:3]))
    order_rng, loss = np.random.default_rng(8), SoftmaxCrossEntropy()
    for epoch in range(2):
        order, total, right = order_rng.permutation(10), 0.0, 0
        for rows in order[:4], order[4:8], order[8:]:
            for parameter in theirs.parameters():
                parameter.zero_grad()
            logits = theirs(X[rows])
            total += loss.value(logits.reshape(-1, 2), y[rows].ravel()) * y[rows].size
            right += np.sum(logits.argmax(axis=2) == y[rows])
            theirs.backward(loss.gradient(logits, y[rows]))
            for parameter in theirs.parameters():
                parameter.data = parameter.data - 0.1 * parameter.grad
        assert history.loss[epoch] == pytest.approx(total / 70, rel=1e-12)
        assert history.accuracy[epoch] == right / 70
        assert history.validation_accuracy[epoch] == accuracy(theirs(X[:3]), y[:3])
        assert history.validation_loss[epoch] == pytest.approx(loss.value(theirs(X[:3]), y[:3]), rel=1e-12)


def test_one_label_for_a_whole_sequence(rng):
    class Last(GatedRecurrent):
        def forward(self, X):
            self.shape = np.shape(X)
            return super().forward(X)[:, -1]

        def backward(self, grad_output, *, input_gradient=True):
            grad = np.zeros((*self.shape[:2], self.hidden_features))
            grad[:, -1] = grad_output
            return super().backward(grad, input_gradient=input_gradient)

    X, y = sequences(rng, 100)
    network = Sequential(Last(1, 8, rng=rng), Linear(8, 2, rng=rng))
    options = {"optimizer": Adam(network.parameters(), 0.02), "epochs": 20, "batch_size": 10}
    history = train(network, X, y[:, -1], loss=SoftmaxCrossEntropy(), **options)
    assert history.accuracy[-1] > 0.9


# Ignored labels


def test_ignored_labels_against_the_same_data_without_them(rng):
    # One batch, so that both see the same rows.
    X, y = rng.normal(size=(12, 2)), rng.integers(3, size=12)
    y[[2, 5, 6]] = -1
    known = y >= 0
    ours, theirs = (Linear(2, 3, rng=np.random.default_rng(1)) for _ in range(2))
    options = {"batch_size": 12, "epochs": 3}
    history = train(ours, X, y, loss=SoftmaxCrossEntropy(ignore_label=-1), validation=(X, y), **options)
    without = train(theirs, X[known], y[known], loss=SoftmaxCrossEntropy(), validation=(X[known], y[known]), **options)
    np.testing.assert_allclose(history.loss, without.loss, rtol=1e-12)
    np.testing.assert_allclose(history.validation_loss, without.validation_loss, rtol=1e-12)
    assert history.accuracy == without.accuracy
    assert history.validation_accuracy == without.validation_accuracy
    np.testing.assert_allclose(ours.weight.data, theirs.weight.data, rtol=1e-12)


def test_the_loss_of_an_epoch_is_weighted_by_the_rows_that_count(rng):
    # A network that never moves: the epoch's loss is that of all rows at once, however they are cut into batches.
    X, y = rng.normal(size=(13, 2)), rng.integers(3, size=13)
    y[:8] = -1
    network, loss = Linear(2, 3, rng=rng), SoftmaxCrossEntropy(ignore_label=-1)
    expected = loss.value(network(X), y)
    history = train(network, X, y, loss=loss, optimizer=SGD(network.parameters(), 1e-300), batch_size=3)
    np.testing.assert_allclose(history.loss, expected, rtol=1e-12)
    assert history.accuracy == [accuracy(network(X), y, ignore_label=-1)] * 2


def test_an_ignored_label_that_is_a_class_counts_neither_as_right_nor_as_wrong(rng):
    # Padding with class 0: where the network says 0, that is no hit.
    X = rng.normal(size=(8, 2))
    network = Linear(2, 2, rng=rng)
    network.weight.data[...], network.bias.data[...] = 0.0, [1.0, 0.0]  # always says 0
    optimizer = SGD(network.parameters(), 1e-300)
    loss = SoftmaxCrossEntropy(ignore_label=0)
    history = train(network, X, np.array([0, 0, 0, 0, 0, 0, 1, 1]), loss=loss, optimizer=optimizer)
    assert history.accuracy == [0.0, 0.0]


def test_batches_with_nothing_that_counts_are_passed_over(rng):
    X, y = rng.normal(size=(12, 2)), np.full(12, -1)
    y[3] = 1
    network = Linear(2, 2, rng=rng)
    optimizer = Adam(network.parameters(), 0.1)
    history = train(network, X, y, loss=SoftmaxCrossEntropy(ignore_label=-1), optimizer=optimizer, epochs=3)
    assert optimizer.state_dict()["steps"] == 3  # one an epoch, of three batches
    assert len(history.loss) == 3
    assert history.loss[-1] < history.loss[0]


def test_labels_of_which_none_counts_are_refused(rng):
    X, loss = rng.normal(size=(4, 2)), SoftmaxCrossEntropy(ignore_label=7)
    with pytest.raises(ValueError, match=r"^y: expected labels that count, got the loss's ignore_label=7 everywhere"):
        train(Linear(2, 2, rng=rng), X, [7, 7, 7, 7], loss=loss)
    with pytest.raises(ValueError, match=r"^validation y: expected labels that count"):
        train(Linear(2, 2, rng=rng), X, [0, 1, 7, 1], loss=loss, validation=(X, [7, 7, 7, 7]))


def test_an_epoch_of_which_drop_last_leaves_nothing_that_counts_is_refused(rng):
    X, y = rng.normal(size=(5, 2)), np.full(5, -1)
    y[np.random.default_rng(0).permutation(5)[4]] = 1  # the one label that counts comes last
    with pytest.raises(ValueError, match="epoch 1: expected a label that counts, got the loss's ignore_label in all"):
        train(Linear(2, 2, rng=rng), X, y, loss=SoftmaxCrossEntropy(ignore_label=-1), drop_last=True)


# drop_last


@pytest.mark.parametrize(("n_samples", "lengths"), [(13, [4, 4, 4]), (12, [4, 4, 4]), (4, [4]), (7, [4])])
def test_drop_last_leaves_out_what_is_smaller(n_samples, lengths, rng):
    seen = []

    class Watching(Linear):
        def forward(self, X):
            seen.append(X.copy())
            return super().forward(X)

    X, y = line(rng, n_samples)
    history = train(Watching(2, 1, rng=rng), X, y, epochs=2, drop_last=True)
    assert [len(batch) for batch in seen] == lengths * 2
    assert len(history.loss) == 2
    order_rng = np.random.default_rng(0)
    for epoch in range(2):
        order = order_rng.permutation(n_samples)[: sum(lengths)]
        passed = seen[epoch * len(lengths) : (epoch + 1) * len(lengths)]
        np.testing.assert_array_equal(np.concatenate(passed), X[order])


def test_with_drop_last_the_loss_is_that_of_what_passed(rng):
    X, y = line(rng, 10)
    network = Linear(2, 1, rng=rng)
    history = train(network, X, y, optimizer=SGD(network.parameters(), 1e-300), epochs=1, batch_size=4, drop_last=True)
    passed = np.random.default_rng(0).permutation(10)[:8]
    assert history.loss[0] == pytest.approx(SquaredError().value(network(X[passed]), y[passed]), rel=1e-12)


# The callback


def test_the_callback_sees_every_epoch_once_it_is_measured(rng):
    X, y = line(rng)
    network, seen = Linear(2, 1, rng=rng), []

    def callback(epoch, history):
        seen.append((epoch, len(history.loss), len(history.validation_loss), data_of(network)))

    history = train(network, X, y, epochs=3, validation=(X, y), callback=callback, keep_parameters=True)
    assert [entry[:3] for entry in seen] == [(1, 1, 1), (2, 2, 2), (3, 3, 3)]
    for entry, kept in zip(seen, history.parameters, strict=True):
        assert_same_arrays(entry[3], kept)


@pytest.mark.parametrize("stop", [True, np.True_])
def test_true_ends_the_training(stop, rng):
    history = train(
        Linear(2, 1, rng=rng), *line(rng), epochs=9, callback=lambda epoch, history: stop if epoch == 3 else None
    )
    assert len(history.loss) == 3


@pytest.mark.parametrize("told", [None, False, 0, 1, "stop", [True], np.ones(2)], ids=str)
def test_nothing_else_ends_it(told, rng):
    # Who plots in a callback may return whatever the plotting returned.
    history = train(Linear(2, 1, rng=rng), *line(rng), epochs=3, callback=lambda epoch, history: told)
    assert len(history.loss) == 3


def test_a_callback_can_lower_the_rate(rng):
    X, y = line(rng)
    ours, theirs = (Linear(2, 1, rng=np.random.default_rng(1)) for _ in range(2))
    optimizer = SGD(ours.parameters(), 0.1)

    def halve(epoch, history):
        optimizer.learning_rate /= 2

    train(ours, X, y, optimizer=optimizer, epochs=3, callback=halve)
    train(theirs, X, y, optimizer=SGD(theirs.parameters(), lambda step: 0.1 / 2 ** (step // 3)), epochs=3)
    assert_same_arrays(data_of(ours), data_of(theirs))


def test_a_callback_that_leaves_the_network_in_evaluation_does_no_harm(rng):
    X, y = line(rng)
    networks = [Sequential(BatchNorm(2), Linear(2, 1, rng=np.random.default_rng(1))) for _ in range(2)]
    train(networks[0], X, y, epochs=3, callback=lambda epoch, history: networks[0].eval() and None)
    train(networks[1], X, y, epochs=3)
    np.testing.assert_array_equal(*(network.layers[0].running_mean for network in networks))


# Patience


def scripted(losses):
    """A loss whose values in validation are given, one an epoch."""

    class Scripted(SquaredError):
        def value(self, output, y):
            return losses.pop(0)

        def value_and_gradient(self, output, y):
            return SquaredError().value_and_gradient(output, y)

    return Scripted()


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "best"),
    [
        ([5, 4, 3, 3.5, 3.2, 9], 2, 5, 3),
        ([5, 4, 3, 3.5, 2.9, 3, 3, 3, 9], 3, 8, 5),
        ([5, 5, 9], 1, 2, 1),  # no lower is no better
        ([1, 2, 3, 9], 2, 3, 1),
        ([6, 5, 4, 3, 2, 1], 1, 6, 6),  # all epochs, the last the best
        ([1, 2, 3, 4, 5, 6], 9, 6, 1),  # all epochs, the first the best
    ],
)
def test_patience_ends_a_training_and_goes_back_to_its_best(losses, patience, epochs, best, rng):
    X, y = line(rng)
    start = Sequential(BatchNorm(2), Linear(2, 1, rng=rng))
    ours, theirs = copy.deepcopy(start), copy.deepcopy(start)
    optimizers = [SGD(network.parameters(), 0.1, momentum=0.9) for network in (ours, theirs)]
    options = {"loss": scripted(list(losses)), "validation": (X, y), "epochs": 6 if epochs == 6 else 9}
    history = train(ours, X, y, optimizer=optimizers[0], patience=patience, **options)
    assert history.validation_loss == losses[:epochs]
    train(theirs, X, y, optimizer=optimizers[1], epochs=best)
    for one, other in (ours, theirs), optimizers:
        assert_same_arrays(one.state_dict().values(), other.state_dict().values())


def test_without_patience_the_network_stays_as_it_ended(rng):
    X, y = line(rng)
    ours, theirs = (Linear(2, 1, rng=np.random.default_rng(1)) for _ in range(2))
    train(ours, X, y, loss=scripted([1, 2, 3]), validation=(X, y), epochs=3)
    train(theirs, X, y, epochs=3)
    assert_same_arrays(data_of(ours), data_of(theirs))


def test_a_callback_s_end_goes_back_to_the_best_too(rng):
    X, y = line(rng)
    ours, theirs = (Linear(2, 1, rng=np.random.default_rng(1)) for _ in range(2))
    options = {"loss": scripted([2, 1, 3, 9]), "validation": (X, y), "patience": 5}
    train(ours, X, y, epochs=9, callback=lambda epoch, history: epoch == 3, **options)
    train(theirs, X, y, epochs=2)
    assert_same_arrays(data_of(ours), data_of(theirs))


def test_early_stopping_on_data_that_cannot_be_learned(rng):
    # Labels without a pattern: the training loss falls on, the validation loss soon rises.
    X, y = rng.normal(size=(30, 10)), rng.integers(2, size=30)
    judged = rng.normal(size=(200, 10)), rng.integers(2, size=200)
    network = Sequential(Linear(10, 40, rng=rng), Activation(tanh), Linear(40, 2, rng=rng))
    loss, optimizer = SoftmaxCrossEntropy(), Adam(network.parameters(), 0.01)
    options = {"loss": loss, "optimizer": optimizer, "epochs": 200, "patience": 5, "validation": judged}
    history = train(network, X, y, **options)
    best = int(np.argmin(history.validation_loss))
    assert len(history.loss) == best + 1 + 5 < 200
    assert loss.value(network.eval()(judged[0]), judged[1]) == history.validation_loss[best]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"patience": 3}, ValueError, "patience: expected validation data with it, got none and patience=3"),
        ({"patience": 0, "validation": True}, ValueError, "patience: expected a whole number of at least 1, got 0"),
        ({"patience": 1.5, "validation": True}, TypeError, r"patience: expected a whole number, got 1\.5"),
        ({"callback": 3}, TypeError, "callback: expected a function, got 3"),
        ({"drop_last": 1}, TypeError, "drop_last: expected True or False, got 1"),
        ({"drop_last": True, "batch_size": 13}, ValueError, "drop_last: .* one whole batch of 13, got 12 samples"),
        ({"progress": 1}, TypeError, "progress: expected True or False, got 1"),
    ],
)
def test_options_that_are_refused_before_anything_changes(options, error, message, rng):
    X, y = line(rng)
    network = Linear(2, 1, rng=rng)
    before = data_of(network)
    if options.get("validation"):
        options = options | {"validation": (X, y)}
    with pytest.raises(error, match=message):
        train(network, X, y, **options)
    assert_same_arrays(data_of(network), before)
