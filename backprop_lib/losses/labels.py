"""Labels of classes: what is counted, and how often a network is right."""

from typing import Any

import numpy as np

from backprop_lib._checks import Array, ArrayLike, as_labels, as_rows, check_count


def one_hot(labels: ArrayLike, n_classes: int) -> Array:
    """Indicator rows of integer labels: zeros with a 1 at each row's label.

    Parameters
    ----------
    labels : int array (B,) or (B, ...)
        Values from 0 to n_classes - 1.
    n_classes : int
        Length of a row.

    Returns
    -------
    array (B, n_classes) or (B, ..., n_classes)
        Of float64.

    Examples
    --------
    >>> one_hot([2, 0], 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    labels = np.asarray(labels)
    n_classes = check_count(n_classes, "n_classes")
    return np.eye(n_classes)[as_labels(labels, *labels.shape, n_classes)]


def accuracy(logits: ArrayLike, labels: ArrayLike, *, ignore_label: int | None = None) -> float:
    """Fraction of the rows whose largest entry stands at the label.

    Parameters
    ----------
    logits : array (B, C) or (B, ..., C)
        Scores or probabilities.
    labels : int array (B,) or (B, ...)
        Class of each row, 0 ... C - 1.
    ignore_label : int, optional
        Rows with this label are as if they were not there.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        If a logit is NaN, which is neither larger nor smaller than another, or all rows are ignored.

    Examples
    --------
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    logits = as_rows(logits, "logits")
    ignore_label = check_ignore_label(ignore_label)
    labels = as_labels(labels, *logits.shape, ignore=ignore_label)
    counted = counted_rows(labels, ignore_label)
    if not counted.any():
        raise ValueError(f"labels: expected at least one row that counts, got all of them {ignore_label}")
    undecided = np.isnan(logits) & counted[..., None]
    if undecided.any():
        index = tuple(int(i) for i in np.argwhere(undecided)[0])
        raise ValueError(f"logits: expected numbers that can be compared, got nan at index {index}")
    return float((logits.argmax(axis=-1) == labels)[counted].mean())


def check_ignore_label(ignore_label: Any) -> int | None:
    """Return ``ignore_label`` as an int, or None; raise TypeError if it is neither."""
    if isinstance(ignore_label, (bool, np.bool_)) or not isinstance(ignore_label, (int, np.integer, type(None))):
        raise TypeError(f"ignore_label: expected a whole number or None, got {ignore_label!r}")
    return None if ignore_label is None else int(ignore_label)


def counted_rows(labels: Array, ignore_label: int | None) -> Array:
    """Booleans of the labels' shape: False where a row is to be ignored."""
    return np.ones(labels.shape, bool) if ignore_label is None else labels != ignore_label
