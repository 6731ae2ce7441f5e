"""Data to learn from: real handwritten digits, shipped with the package, and spirals made on the spot."""

from __future__ import annotations

import io
from pathlib import Path
from typing import NamedTuple

import numpy as np

from backprop_lib._checks import Array, check_count, check_rng, is_real_number

DIGITS = Path(__file__).parent / "data/digits.npz"
DIGITS_SHA256 = "af104d81e7cd419be5f343d23c6ca2e4e4ff847b06636260802df8e903c6183f"


class Dataset(NamedTuple):
    """Training, validation and test part: X (N, n) with values in [0, 1], y (N,) integer labels."""

    X_train: Array
    y_train: Array
    X_validation: Array
    y_validation: Array
    X_test: Array
    y_test: Array


def load_digits() -> Dataset:
    """1,797 handwritten digits of 8 x 8 pixels, in three fixed parts of about 60, 20 and 20 per cent.

    The split is stratified and needs no random numbers: of each digit's images, in the order of the file, every
    fifth goes to the test part, the one before it to validation, the other three to training.

    Returns
    -------
    Dataset
        X float64 (N, 64), pixels row by row, divided by 16 so that they lie in [0, 1]; y (N,), integers of the kind
        that indexes arrays.

    Raises
    ------
    FileNotFoundError, ValueError
        The file of the digits is missing, or is not the one that came with the package.

    Notes
    -----
    Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository, doi:10.24432/C50P49, CC BY 4.0; see ``data/README.md`` in the package.

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.X_train.shape, digits.y_train[:4]
    ((1085, 64), array([0, 1, 2, 3]))
    """
    # Of what passes, too, np.load takes arrays alone: it refuses pickles, which could run code.
    with np.load(io.BytesIO(_checked_content(DIGITS, DIGITS_SHA256))) as stored:
        images, labels = stored["images"], stored["labels"].astype(np.intp)  # 32 bits in a browser
    X = images / 16.0
    part = _position_within_class(labels) % 5
    train, validation, test = part < 3, part == 3, part == 4
    return Dataset(X[train], labels[train], X[validation], labels[validation], X[test], labels[test])


def make_spirals(
    n_samples: int, *, n_classes: int = 2, noise: float = 0.1, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Points on interleaved spirals, a problem that no straight line solves.

    Parameters
    ----------
    n_samples : int
        Points in all; the classes get equal numbers, up to one.
    n_classes : int
        Arms.
    noise : float
        Standard deviation of the normal noise added to both coordinates; the arms end at radius 1.
    rng : numpy.random.Generator
        Places the points.

    Returns
    -------
    X : array (n_samples, 2)
        The points.
    y : integer array (n_samples,)
        Their arms.

    Examples
    --------
    >>> X, y = make_spirals(5, n_classes=2, rng=np.random.default_rng(0))
    >>> X.shape, y
    ((5, 2), array([0, 1, 0, 1, 0]))
    """
    n_samples, n_classes = check_count(n_samples, "n_samples"), check_count(n_classes, "n_classes")
    if n_samples < n_classes:
        raise ValueError(f"n_samples: expected at least one for each of the {n_classes} classes, got {n_samples}")
    if not is_real_number(noise) or not 0 <= noise < np.inf:
        raise ValueError(f"noise: expected a finite number of at least 0, got {noise!r}")
    check_rng(rng)
    y = np.arange(n_samples) % n_classes
    radius = np.sqrt(rng.uniform(0.01, 1.0, n_samples))  # the root spreads the points evenly along the arm
    angle = 2.0 * np.pi * (radius + y / n_classes)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X + rng.normal(0.0, noise, X.shape), y


def _checked_content(path, sha256):
    """Bytes of a file of the package. Numbers that somebody changed would teach another network without a word."""
    advice = "restore it from the repository or install the package again"
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"{path}: expected a file of the package, found none; {advice}") from None
    import hashlib  # only here: with OpenSSL it takes a while

    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{path}: expected SHA-256 {sha256}, got {found} ({len(content)} bytes); {advice}")
    return content


def _position_within_class(labels):
    """For each label the number of equal labels before it."""
    position = np.empty_like(labels)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        position[members] = np.arange(len(members))
    return position
