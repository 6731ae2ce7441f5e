"""What is checked before the first step: the roles, the data, and how the data are cut into batches."""

from typing import Any

import numpy as np

from backprop_lib._checks import Array, as_rows, check_count, check_finite, check_real
from backprop_lib.layers import BatchNorm, Layer
from backprop_lib.layers.state import modules


def check_roles(network, loss, optimizer):
    """Raise TypeError unless each can do what the loop asks of it, ValueError unless they belong together."""
    for name, given, methods in [
        ("network", network, ["forward", "backward", "parameters"]),
        ("loss", loss, ["value", "gradient"]),
        ("optimizer", optimizer, ["step", "zero_grad"]),
    ]:
        if isinstance(given, type) or not all(hasattr(given, method) for method in methods):
            raise TypeError(f"{name}: expected an object with {', '.join(methods)}, got {given!r}")
    given = getattr(optimizer, "parameters", None)
    if isinstance(given, list):  # an optimiser of the reader's own may keep them elsewhere
        _check_same_parameters(network.parameters(), given)


def _check_same_parameters(learned, given):
    known = {id(parameter) for parameter in learned}
    strange = [parameter for parameter in given if id(parameter) not in known]
    if strange:
        raise ValueError(
            f"optimizer: expected parameters of this network, got {len(strange)} of {len(given)} that are not among "
            f"network.parameters(); after a change of the network make the optimizer anew"
        )


def checked_validation(validation: Any, loss: Any) -> tuple[Array, Array] | None:
    """Return validation data as two arrays, or None where there are none."""
    if validation is None:
        return None
    if not isinstance(validation, (tuple, list)) or len(validation) != 2:
        raise TypeError(f"validation: expected a pair (X, y), got {validation!r}")
    return checked_data(validation, loss, "validation X", "validation y")


def checked_data(data: Any, loss: Any, X_name: str, y_name: str) -> tuple[Array, Array]:
    """Return a pair (X, y) as arrays, finite and of one length."""
    X, y = check_real(as_rows(data[0], X_name), X_name), np.asarray(data[1])
    if y.dtype.kind not in "iuf":
        raise TypeError(f"{y_name}: expected integer labels or real targets, got dtype {y.dtype}")
    if y.shape[:1] != X.shape[:1]:
        raise ValueError(f"{y_name}: expected {len(X)} entries, one per row of {X_name}, got shape {y.shape}")
    check_finite(X, X_name)
    check_finite(y, y_name)
    _check_some_count(y, getattr(loss, "ignore_label", None), y_name)
    return X, y


def _check_some_count(y, ignored, name):
    if ignored is not None and (y == ignored).all():
        raise ValueError(f"{name}: expected labels that count, got the loss's ignore_label={ignored} everywhere")


def batch_slices(n_samples, batch_size, drop_last):
    """How an epoch's samples are cut into batches, as slices; the last may be smaller."""
    starts = range(0, n_samples - batch_size + 1 if drop_last else n_samples, batch_size)
    if not starts:
        raise ValueError(f"drop_last: expected at least one whole batch of {batch_size}, got {n_samples} samples")
    return [slice(start, min(start + batch_size, n_samples)) for start in starts]


def check_no_batch_of_one(network, n_samples, batch_size, batches):
    """Raise ValueError where `BatchNorm` would meet a batch of one sample, which is its own mean."""
    layers = modules(network if isinstance(network, Layer) else getattr(network, "__dict__", {}))
    norm = next((layer for layer in layers if isinstance(layer, BatchNorm)), None)
    if batches[-1].stop - batches[-1].start == 1 and norm is not None:
        advice = "choose another batch_size" if n_samples > 1 else "it needs more samples"
        raise ValueError(
            f"batch_size: expected at least 2 samples in every batch, which {norm!r} needs, got 1 in the last of "
            f"{len(batches)}: {n_samples} in batches of {batch_size}; {advice}"
            + (", or drop_last=True" if n_samples > batch_size > 1 else "")
        )


def check_patience(patience, validation):
    """Return the number of epochs, or None; raise unless there are validation data to judge by."""
    if patience is None:
        return None
    if validation is None:
        raise ValueError(f"patience: expected validation data with it, got none and patience={patience!r}")
    return check_count(patience, "patience")
