"""Saving and loading: what comes back trains on bit for bit; what does not fit, or is damaged, is refused in words."""

import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import backprop_lib
from backprop_lib import (
    SGD,
    Activation,
    Adam,
    AdamW,
    BatchNorm,
    Dropout,
    GatedRecurrent,
    Linear,
    Parameter,
    RMSProp,
    Sequential,
    SoftmaxCrossEntropy,
    Tensor,
    fit,
    load,
    make_spirals,
    relu,
    save,
)

RULES = {
    "plain": lambda p: SGD(p, 0.1, weight_decay=0.01),
    "nesterov": lambda p: SGD(p, 0.1, momentum=0.9, nesterov=True),
    "rmsprop": RMSProp,
    "adam": lambda p: Adam(p, betas=(0.8, 0.99)),
    "adamw": AdamW,
    "schedule": lambda p: Adam(p, lambda step: 0.01 / (1 + step)),
    "groups": lambda p: SGD(
        [{"parameters": p[:2], "learning_rate": 0.01}, {"parameters": p[2:], "weight_decay": 0.1}], 0.1, momentum=0.5
    ),
}

ROOT = Path(backprop_lib.__file__).parents[1]


def made(rule="adam", seed=0, hidden=6):
    """A network with everything that has a state, and its optimiser."""
    rng = np.random.default_rng(seed)
    inner = [Linear(2, hidden, rng=rng), BatchNorm(hidden), Activation(relu), Dropout(0.3, rng=rng)]
    network = Sequential(*inner, Linear(hidden, 3, rng=rng))
    return network, RULES[rule](network.parameters())


def trained(network, optimizer, rng, epochs=2):
    X, y = make_spirals(30, n_classes=3, rng=np.random.default_rng(7))
    return fit(network, SoftmaxCrossEntropy(), optimizer, X, y, epochs=epochs, batch_size=8, rng=rng)


def everything(network, optimizer):
    states = network.state_dict() | {f"optimizer.{name}": array for name, array in optimizer.state_dict().items()}
    return {name: array.tolist() for name, array in states.items()}


# The same training


@pytest.mark.parametrize("rule", RULES)
def test_training_goes_on_bit_for_bit(rule, tmp_path):
    (network, optimizer), rng = made(rule), np.random.default_rng(1)
    trained(network, optimizer, rng)
    save(tmp_path / "half.npz", network, optimizer)
    shuffles = rng.bit_generator.state
    history = trained(network, optimizer, rng)

    again, rng = made(rule, seed=5), np.random.default_rng()  # other numbers in all places
    trained(*again, np.random.default_rng(2), epochs=1)
    load(tmp_path / "half.npz", *again)
    rng.bit_generator.state = shuffles
    history_again = trained(*again, rng)

    assert history.loss == history_again.loss
    np.testing.assert_array_equal(history.gradient_norms, history_again.gradient_norms)
    assert everything(network, optimizer) == everything(*again)
    X = np.random.default_rng(3).normal(size=(5, 2))
    np.testing.assert_array_equal(network.eval()(X), again[0].eval()(X))


def test_without_its_optimizer_the_training_would_be_another(tmp_path):
    # The test above can fail: with Adam's memory left out, it does.
    (network, optimizer), rng = made(), np.random.default_rng(1)
    trained(network, optimizer, rng)
    save(tmp_path / "half.npz", network)
    again, fresh = made(seed=5)
    load(tmp_path / "half.npz", again)
    one, other = (np.random.default_rng(2) for _ in range(2))
    assert trained(network, optimizer, one).loss != trained(again, fresh, other).loss


def test_loading_in_another_process(tmp_path):
    network, optimizer = made()
    trained(network, optimizer, np.random.default_rng(1))
    save(tmp_path / "saved.npz", network, optimizer)
    code = f"""
from tests.engine.test_saving import *
network, optimizer = made(seed=5)
load({str(tmp_path / "saved.npz")!r}, network, optimizer)
print(trained(network, optimizer, np.random.default_rng(2)).loss)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == str(trained(network, optimizer, np.random.default_rng(2)).loss), done.stderr


def test_a_network_alone_and_out_of_a_file_with_its_optimizer(tmp_path):
    network, optimizer = made()
    for name, what in ("alone.npz", [network]), ("both.npz", [network, optimizer]):
        save(tmp_path / name, *what)
        other, _ = made(seed=5)
        load(tmp_path / name, other)
        for ours, theirs in zip(network.parameters(), other.parameters(), strict=True):
            np.testing.assert_array_equal(ours.data, theirs.data)


def test_loading_writes_in_place_so_that_the_optimizer_holds_on(tmp_path):
    network, optimizer = made()
    save(tmp_path / "saved.npz", network)
    arrays = [parameter.data for parameter in network.parameters()]
    load(tmp_path / "saved.npz", network)
    assert all(parameter.data is array for parameter, array in zip(optimizer.parameters, arrays, strict=True))


def test_tensors_by_name_with_their_optimizer(tmp_path, rng):
    def start():
        tensors = {"W": Tensor(rng.normal(size=(2, 3)), True), "b": Tensor(rng.normal(size=2), True)}
        return tensors, Adam(tensors.values(), 0.1)

    def steps(tensors, optimizer):
        for _ in range(3):
            optimizer.zero_grad()
            ((np.ones((4, 3)) @ tensors["W"].T + tensors["b"]) ** 2).mean().backward()
            optimizer.step()
        return [tensor.data.tolist() for tensor in tensors.values()]

    first, second = start(), start()
    steps(*first)
    save(tmp_path / "saved.npz", *first)
    load(tmp_path / "saved.npz", *second)
    assert steps(*first) == steps(*second)


def test_a_loaded_tensor_spoils_the_graphs_before_it(tmp_path):
    w = Tensor([1.0, 2.0], requires_grad=True)
    save(tmp_path / "saved.npz", {"w": w})
    loss = (w * w).sum()
    load(tmp_path / "saved.npz", {"w": w})
    with pytest.raises(ValueError, match="changed after"):
        loss.backward()


def test_parameters_by_name(tmp_path):
    saved, other = {"a.b": Parameter([1.0]), "c": Parameter(2.0)}, {"c": Parameter(0.0), "a.b": Parameter([0.0])}
    save(tmp_path / "saved.npz", saved)
    load(tmp_path / "saved.npz", other)
    assert (other["a.b"].data.tolist(), other["c"].data.tolist()) == ([1.0], 2.0)


# The file


def test_the_file_is_plain_arrays_under_readable_names(tmp_path):
    network, optimizer = Linear(2, 1, rng=np.random.default_rng(0)), None
    optimizer = SGD(network.parameters(), 0.1, momentum=0.9)
    save(tmp_path / "saved.npz", network, optimizer)
    with np.load(tmp_path / "saved.npz", allow_pickle=False) as file:
        assert list(file) == [
            *("format", "network.weight", "network.bias"),
            *("optimizer.rule", "optimizer.steps", "optimizer.learning_rate", "optimizer.weight_decay"),
            *("optimizer.momentum", "optimizer.nesterov"),
            *("optimizer.0.steps", "optimizer.0.velocity", "optimizer.1.steps", "optimizer.1.velocity"),
        ]
        np.testing.assert_array_equal(file["network.weight"], network.weight.data)
        assert file["optimizer.learning_rate"] == 0.1


@pytest.mark.parametrize("name", ["network", "network.npz", "nétwork.v2"])
def test_the_name_is_taken_as_it_is_and_nothing_is_left_beside_it(name, tmp_path):
    network, _ = made()
    for path in tmp_path / name, str(tmp_path / name):
        save(path, network)
        load(path, network)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "first.npz").touch()
    (tmp_path / "latest").symlink_to(tmp_path / "first.npz")
    network, _ = made()
    save(tmp_path / "latest", network)
    assert (tmp_path / "latest").is_symlink()
    load(tmp_path / "first.npz", network)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError("No space left on device"), MemoryError])
def test_a_save_that_fails_leaves_the_file_before(error, tmp_path, monkeypatch):
    network, _ = made()
    save(tmp_path / "saved.npz", network)
    content = (tmp_path / "saved.npz").read_bytes()

    def interrupted(file, **arrays):
        file.write(content[:100])
        raise error

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(type(error) if isinstance(error, OSError) else error):
        save(tmp_path / "saved.npz", made(seed=5)[0])
    assert [path.name for path in tmp_path.iterdir()] == ["saved.npz"]
    assert (tmp_path / "saved.npz").read_bytes() == content


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal on this system")
def test_a_process_that_is_killed_in_a_save_leaves_the_file_before(tmp_path):
    network, _ = made()
    save(tmp_path / "saved.npz", network)
    code = f"""
import os, signal
from tests.engine.test_saving import *
np.savez = lambda file, **arrays: (file.write(b"PK half"), file.flush(), os.kill(os.getpid(), signal.SIGKILL))
save({str(tmp_path / "saved.npz")!r}, made(seed=5)[0])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    other, _ = made(seed=5)
    load(tmp_path / "saved.npz", other)
    assert everything(other, SGD(other.parameters(), 1.0)) == everything(network, SGD(network.parameters(), 1.0))


# What is refused


def test_no_file_and_no_folder_are_named(tmp_path):
    network, _ = made()
    with pytest.raises(FileNotFoundError, match=r"path: expected a file that save wrote, got none .*none\.npz"):
        load(tmp_path / "none.npz", network)
    with pytest.raises(FileNotFoundError, match=r"path: expected a folder that exists, got .*nowhere"):
        save(tmp_path / "nowhere" / "saved.npz", network)
    with pytest.raises(IsADirectoryError):
        save(tmp_path, network)
    assert list(tmp_path.iterdir()) == []


OTHERS = {
    "empty": b"",
    "text": b"weights = 3\n",
    "pickle": pickle.dumps({"network.weight": np.ones(2)}),
    "half a zip": b"PK\x03\x04" + bytes(30),
}


@pytest.mark.parametrize("content", OTHERS.values(), ids=OTHERS)
def test_files_of_another_kind_are_refused(content, tmp_path):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match="other: expected a whole file that save wrote, got another or a damaged one"):
        load(tmp_path / "other", made()[0])


def test_arrays_of_another_origin_are_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.ones(3))
    with pytest.raises(ValueError, match=r"array.npy: expected a whole file that save wrote"):
        load(tmp_path / "array.npy", made()[0])
    np.savez(tmp_path / "arrays.npz", a=np.ones(3), b=np.ones(2))
    with pytest.raises(ValueError, match=r"arrays.npz: .* that save wrote, got arrays of another origin: a, b"):
        load(tmp_path / "arrays.npz", made()[0])


def test_reading_runs_no_code(tmp_path):
    class Dangerous:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "ran"),)

    np.savez(
        tmp_path / "saved.npz", **{"format": np.array("backprop_lib 1"), "network.a": np.array(Dangerous(), object)}
    )
    with pytest.raises(ValueError, match="got another or a damaged one"):
        load(tmp_path / "saved.npz", {"a": Parameter(1.0)})
    assert not (tmp_path / "ran").exists()


def test_whatever_byte_is_damaged_the_file_is_refused_or_read_right(tmp_path):
    # The format protects every array with a checksum; what it does not protect is not read.
    path, w = tmp_path / "saved.npz", Parameter([1.0, -2.0])
    save(path, {"w": w})
    content, refused = path.read_bytes(), 0
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ (1 << place % 8)]) + content[place + 1 :])
        try:
            load(path, {"w": w})
        except ValueError:
            refused += 1
        assert w.data.tolist() == [1.0, -2.0]
    assert refused > len(content) / 2
    for length in range(0, len(content), 50):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="got another or a damaged one"):
            load(path, {"w": w})


def other_network():
    return Sequential(*made()[0].layers[:3])


def narrower():
    return made(hidden=5)[0]


def of_float32():
    network, _ = made()
    for parameter in network.parameters():
        parameter.data = parameter.data.astype(np.float32)
    return network


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (other_network, r"got none missing and 3.rng, 4.weight, 4.bias unexpected"),
        (lambda: GatedRecurrent(2, 3, rng=np.random.default_rng(0)), "got weight_x, weight_h, bias_x, bias_h missing"),
        (narrower, r"0.weight: expected shape \(5, 2\) and dtype float64, got \(6, 2\) and float64"),
        (of_float32, r"0.weight: expected shape \(6, 2\) and dtype float32, got \(6, 2\) and float64"),
        (lambda: {"0.weight": Parameter(np.ones((6, 2)))}, "got none missing and 0.bias, .* unexpected"),
    ],
)
def test_a_file_of_another_network_is_refused_and_nothing_changes(make, message, tmp_path):
    save(tmp_path / "saved.npz", *made())
    network = make()
    parameters = [*network.values()] if isinstance(network, dict) else network.parameters()
    before = [parameter.data.copy() for parameter in parameters]
    with pytest.raises(ValueError, match=rf"saved.npz: .*{message}"):
        load(tmp_path / "saved.npz", network)
    for parameter, data in zip(parameters, before, strict=True):
        np.testing.assert_array_equal(parameter.data, data)


@pytest.mark.parametrize(
    ("saved", "loaded", "message"),
    [
        ("adam", "adamw", "AdamW: expected a state of AdamW, got one of Adam"),
        ("plain", "nesterov", "SGD: .* got 0.velocity, 1.velocity, .* missing and none unexpected"),
        ("adam", "schedule", "Adam: .* got none missing and learning_rate unexpected"),
        ("schedule", "adam", "Adam: .* got learning_rate missing and none unexpected"),
        ("groups", "nesterov", "SGD: .* got none missing and groups.0.learning_rate, groups.1.weight_decay unexpected"),
    ],
)
def test_a_file_of_another_optimizer_is_refused_and_nothing_changes(saved, loaded, message, tmp_path):
    save(tmp_path / "saved.npz", *made(saved))
    network, optimizer = made(loaded, seed=5)
    trained(network, optimizer, np.random.default_rng(0), epochs=1)
    before = everything(network, optimizer)
    with pytest.raises(ValueError, match=rf"saved.npz: {message}"):
        load(tmp_path / "saved.npz", network, optimizer)
    assert everything(network, optimizer) == before  # the network, too, although its own state fits


def test_a_network_saved_without_its_optimizer_cannot_give_one(tmp_path):
    network, optimizer = made()
    save(tmp_path / "saved.npz", network)
    with pytest.raises(ValueError, match="expected a network with its optimizer, got one saved without"):
        load(tmp_path / "saved.npz", network, optimizer)


def test_a_number_out_of_its_range_is_refused_and_nothing_changes(tmp_path):
    network, optimizer = made()
    save(tmp_path / "saved.npz", network, optimizer)
    arrays = dict(np.load(tmp_path / "saved.npz"))
    np.savez(
        tmp_path / "saved.npz",
        **arrays | {"optimizer.eps": np.array(-1.0), "optimizer.0.mean": 1.0 + arrays["optimizer.0.mean"]},
    )
    before = everything(network, optimizer)
    with pytest.raises(ValueError, match=r"eps: expected a positive finite number, got -1\.0"):
        load(tmp_path / "saved.npz", network, optimizer)
    assert everything(network, optimizer) == before


def test_objects_are_not_pickled_in_silence(tmp_path):
    class Own(Linear):
        def state_dict(self):
            return {"weight": np.array([None])}

    with pytest.raises(TypeError, match=r"network\.weight: expected an array of numbers or text, got dtype object"):
        save(tmp_path / "saved.npz", Own(1, 1, rng=np.random.default_rng(0)))
    assert list(tmp_path.iterdir()) == []


def test_all_of_the_package_that_learns_can_be_saved():
    classes = [value for value in vars(backprop_lib).values() if isinstance(value, type)]
    learning = [cls for cls in classes if hasattr(cls, "step") or hasattr(cls, "eval")]
    assert len(learning) >= 13
    assert all(hasattr(cls, "state_dict") and hasattr(cls, "load_state_dict") for cls in learning)
