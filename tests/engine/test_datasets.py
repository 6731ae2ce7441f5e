"""The digits against scikit-learn's copy, their split against a loop, and the spirals against their geometry."""

import hashlib
import re
from collections import Counter

import numpy as np
import pytest
from sklearn import datasets as sklearn_datasets

from backprop_lib import datasets, load_digits, make_spirals

PARTS = ["train", "validation", "test"]


@pytest.fixture(scope="module")
def original():
    """(images, labels) as scikit-learn ships them, pixels from 0 to 16."""
    return sklearn_datasets.load_digits(return_X_y=True)


@pytest.fixture
def digits():
    return load_digits()


def part(digits, name):
    return getattr(digits, f"X_{name}"), getattr(digits, f"y_{name}")


def counted(X, y):
    """How often each labelled image occurs."""
    return Counter((image.tobytes(), int(label)) for image, label in zip(X, y, strict=True))


def test_every_number_is_scikit_learns(digits, original):
    images, labels = original
    assert images.shape == (1797, 64)
    assert sum(len(part(digits, name)[1]) for name in PARTS) == 1797
    ours = sum((counted(part(digits, name)[0] * 16, part(digits, name)[1]) for name in PARTS), Counter())
    assert ours == counted(images, labels)


def test_no_image_is_in_two_parts(digits, original):
    # A stronger question than that of the test above only if an image occurred twice; it does not.
    assert max(counted(*original).values()) == 1
    images = [{image.tobytes() for image in part(digits, name)[0]} for name in PARTS]
    assert not images[0] & images[1]
    assert not images[0] & images[2]
    assert not images[1] & images[2]


def test_split_is_the_documented_one(digits, original):
    seen = Counter()
    rows = {name: [] for name in PARTS}
    for row, label in enumerate(original[1]):
        rows[["train", "train", "train", "validation", "test"][seen[label] % 5]].append(row)
        seen[label] += 1
    for name in PARTS:
        X, y = part(digits, name)
        np.testing.assert_array_equal(X * 16, original[0][rows[name]])
        np.testing.assert_array_equal(y, original[1][rows[name]])


def test_split_is_stratified(digits, original):
    totals = np.bincount(original[1])
    for name, share in zip(PARTS, [3 / 5, 1 / 5, 1 / 5], strict=True):
        # Of every five images of a digit the shares are exact; the three or four left over move a part by under 2.
        assert np.abs(np.bincount(part(digits, name)[1]) - share * totals).max() < 2


@pytest.mark.parametrize("name", PARTS)
def test_values_and_types(digits, name):
    X, y = part(digits, name)
    assert X.shape == (len(y), 64)
    assert X.dtype == np.float64
    assert y.dtype == np.int64
    assert X.min() == 0.0
    assert X.max() == 1.0
    assert set(y.tolist()) == set(range(10))


def test_fields_unpack_in_order(digits):
    X_train, y_train, X_validation, y_validation, X_test, y_test = digits
    assert len(X_train) == len(y_train) > len(X_validation) == len(y_validation)
    assert X_test is digits.X_test
    assert y_test is digits.y_test


def test_every_call_gives_the_same_numbers_in_memory_of_its_own(digits):
    again = load_digits()
    for ours, theirs in zip(digits, again, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert not np.shares_memory(ours, theirs)
        assert ours.flags.writeable
    again.X_train[...] = -1.0
    np.testing.assert_array_equal(load_digits().X_train, digits.X_train)


# The file of the digits


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A copy of the file, which is read in its place."""
    copy = tmp_path / "digits.npz"
    copy.write_bytes(datasets.DIGITS.read_bytes())
    monkeypatch.setattr(datasets, "DIGITS", copy)
    load_digits()
    return copy


ADVICE = "restore it from the repository or install the package again"


def test_a_missing_file_is_named_with_what_to_do(file):
    file.unlink()
    with pytest.raises(FileNotFoundError, match=rf"{re.escape(str(file))}: expected a file .*, found none; {ADVICE}"):
        load_digits()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: b"<!DOCTYPE html>",
        lambda content: content[:1000] + bytes([content[1000] ^ 1]) + content[1001:],
    ],
    ids=["empty", "half", "last byte missing", "a byte more", "something else", "one bit changed"],
)
def test_a_damaged_file_is_named_with_what_to_do(file, damage):
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(ValueError, match=rf"{re.escape(str(file))}: expected SHA-256 .*; {ADVICE}"):
        load_digits()


def test_a_readable_file_with_other_numbers_is_refused(file):
    with np.load(file) as stored:
        images, labels = stored["images"].copy(), stored["labels"]
    images[0, 0] += 1
    np.savez_compressed(file, images=images, labels=labels)
    with pytest.raises(ValueError, match="expected SHA-256"):
        load_digits()


class Bomb:
    """Its pickle runs code when it is read."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was read",)


def test_pickles_are_not_read_even_with_the_right_checksum(file, monkeypatch):
    np.savez(file, images=np.array([Bomb()], dtype=object), labels=np.arange(1))
    with np.load(file, allow_pickle=True) as stored, pytest.raises(pytest.fail.Exception, match="a pickle was read"):
        stored["images"]
    monkeypatch.setattr(datasets, "DIGITS_SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_digits()


# Spirals


@pytest.mark.parametrize("n_classes", [1, 2, 3, 5])
def test_spiral_classes_are_of_equal_size_up_to_one(n_classes, rng):
    X, y = make_spirals(100, n_classes=n_classes, rng=rng)
    assert X.shape == (100, 2)
    assert X.dtype == np.float64
    assert y.shape == (100,)
    assert y.dtype == np.int64
    counts = np.bincount(y, minlength=n_classes)
    assert len(counts) == n_classes
    assert counts.max() - counts.min() <= 1


def test_one_point_for_each_class_is_enough(rng):
    X, y = make_spirals(3, n_classes=3, rng=rng)
    assert X.shape == (3, 2)
    assert sorted(y) == [0, 1, 2]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_points_without_noise_lie_on_their_arms(n_classes, rng):
    X, y = make_spirals(300, n_classes=n_classes, noise=0.0, rng=rng)
    radius = np.hypot(*X.T)
    assert radius.min() >= 0.1 - 1e-15
    assert radius.max() <= 1.0 + 1e-15
    turns = np.arctan2(X[:, 1], X[:, 0]) / (2 * np.pi)
    off = turns - radius - y / n_classes
    np.testing.assert_allclose(off, np.round(off), atol=1e-12)


def test_noise_is_normal_with_the_given_width():
    clean, _ = make_spirals(5000, noise=0.0, rng=np.random.default_rng(3))
    noisy, _ = make_spirals(5000, noise=0.2, rng=np.random.default_rng(3))
    noise = noisy - clean  # the radii are drawn first, so both calls share them
    n = noise.size
    assert abs(noise.mean()) < 5 * 0.2 / np.sqrt(n)
    assert abs(noise.var() - 0.04) < 5 * 0.04 * np.sqrt(2 / n)


def test_two_arms_with_a_little_noise_by_default():
    default = make_spirals(20, rng=np.random.default_rng(3))
    written_out = make_spirals(20, n_classes=2, noise=0.1, rng=np.random.default_rng(3))
    for ours, theirs in zip(default, written_out, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_spirals_are_not_separable_by_a_line(rng):
    X, y = make_spirals(400, noise=0.0, rng=rng)
    rows = np.column_stack([X, np.ones(len(X))])
    line, *_ = np.linalg.lstsq(rows, 2.0 * y - 1.0, rcond=None)
    assert ((rows @ line > 0) == (y == 1)).mean() < 0.75


def test_spirals_are_decided_by_the_generator():
    first = make_spirals(20, rng=np.random.default_rng(0))
    for ours, theirs in zip(first, make_spirals(20, rng=np.random.default_rng(0)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert not np.array_equal(first[0], make_spirals(20, rng=np.random.default_rng(1))[0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples: expected a whole number of at least 1, got 0"),
        ({"n_samples": 10.0}, TypeError, "n_samples: expected a whole number, got 10.0"),
        ({"n_classes": 0}, ValueError, "n_classes: expected a whole number of at least 1, got 0"),
        (
            {"n_samples": 2, "n_classes": 3},
            ValueError,
            "n_samples: expected at least one for each of the 3 classes, got 2",
        ),
        ({"noise": -0.1}, ValueError, "noise: expected a finite number of at least 0, got -0.1"),
        ({"noise": np.nan}, ValueError, "noise: expected a finite number of at least 0, got nan"),
        ({"noise": np.inf}, ValueError, "noise: expected a finite number of at least 0, got inf"),
        ({"noise": [0.1]}, (TypeError, ValueError), r"noise: expected a finite number of at least 0, got \[0.1\]"),
        ({"noise": None}, (TypeError, ValueError), "noise: expected a finite number of at least 0, got None"),
        ({"noise": "0.1"}, (TypeError, ValueError), "noise: expected a finite number of at least 0, got '0.1'"),
        ({"noise": True}, (TypeError, ValueError), "noise: expected a finite number of at least 0, got True"),
        ({"noise": 0.1j}, (TypeError, ValueError), "noise: expected a finite number of at least 0"),
        ({"rng": 0}, TypeError, r"rng: expected a numpy.random.Generator, .* got 0"),
    ],
)
def test_spirals_refuse(arguments, error, message, rng):
    arguments = {"n_samples": 10, "rng": rng} | arguments
    with pytest.raises(error, match=message):
        make_spirals(arguments.pop("n_samples"), **arguments)
