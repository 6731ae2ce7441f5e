"""Networks and optimisers in files: one ``.npz`` of plain arrays. Without pickle, so that reading runs no code."""

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from backprop_lib._checks import check_state

FORMAT = "backprop_lib 1"


def save(path: str | os.PathLike[str], network: Any, optimizer: Any = None) -> None:
    """Write a network, and the optimiser that trains it, into one file.

    Everything that training changes is saved: parameters, the running averages of `BatchNorm`, the generator of
    `Dropout`; of an optimiser its numbers, step counts and averages. Not saved: how network and optimiser were made, a
    learning rate that is a function, and the generator that shuffles for `fit`, which is the caller's (see below).

    Parameters
    ----------
    path : str or path
        Name of the file, taken as it is. A file of that name is replaced at the end, by a whole one or not at all.
    network : Layer or dict
        Anything with ``state_dict``, or Parameters or Tensors by name: ``{"W": W, "b": b}``.
    optimizer : SGD or another, optional
        Anything with ``state_dict``.

    Raises
    ------
    TypeError
        If one of them has no state to save.
    FileNotFoundError
        If there is no such folder.

    Examples
    --------
    >>> import tempfile
    >>> from backprop_lib import SGD, Linear, SquaredError, fit
    >>> rng = np.random.default_rng(0)
    >>> network = Linear(2, 1, rng=rng)
    >>> optimizer = SGD(network.parameters(), 0.1, momentum=0.9)
    >>> X = rng.normal(size=(20, 2))
    >>> y = X.sum(axis=1, keepdims=True)
    >>> history = fit(network, SquaredError(), optimizer, X, y, epochs=3, batch_size=5, rng=rng)
    >>> folder = tempfile.TemporaryDirectory()
    >>> save(f"{folder.name}/network.npz", network, optimizer)
    >>> shuffles = rng.bit_generator.state  # yours to keep, in a file of your own if need be

    Later, or elsewhere, both are made in the same way and loaded; then training goes on as if it had never stopped:

    >>> network2 = Linear(2, 1, rng=np.random.default_rng())
    >>> optimizer2 = SGD(network2.parameters(), 0.1, momentum=0.9)
    >>> load(f"{folder.name}/network.npz", network2, optimizer2)
    >>> rng2 = np.random.default_rng()
    >>> rng2.bit_generator.state = shuffles
    >>> history = fit(network, SquaredError(), optimizer, X, y, epochs=3, batch_size=5, rng=rng)
    >>> history2 = fit(network2, SquaredError(), optimizer2, X, y, epochs=3, batch_size=5, rng=rng2)
    >>> history.loss == history2.loss
    True
    >>> folder.cleanup()
    """
    path, arrays = _checked_path(path), {"format": np.array(FORMAT)}
    for name, owner in _owners(network, optimizer).items():
        arrays |= {f"{name}.{key}": np.asarray(array) for key, array in owner.state_dict().items()}
    for name, array in arrays.items():
        if array.dtype.hasobject:  # NumPy would pickle it
            raise TypeError(f"{name}: expected an array of numbers or text, got dtype {array.dtype}")
    _replace(path, arrays)


def load(path: str | os.PathLike[str], network: Any, optimizer: Any = None) -> None:
    """Read what `save` wrote into a network, and an optimiser, that were made in the same way.

    Parameters
    ----------
    path : str or path
        Name of the file.
    network : Layer or dict
        As the one that was saved. Its arrays are written in place.
    optimizer : SGD or another, optional
        Without it only the network is read, whether or not the file holds an optimiser.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged, was not written by `save`, or belongs to another network or optimiser: says which names,
        shapes or dtypes differ. Neither network nor optimiser is changed then.

    Examples
    --------
    With an optimiser as in the example of `save`. Parameters alone:

    >>> import tempfile
    >>> from backprop_lib import Tensor
    >>> W = Tensor([1.0, 2.0], requires_grad=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(f"{folder}/W.npz", {"W": W})
    ...     W.data = np.zeros(2)
    ...     load(f"{folder}/W.npz", {"W": W})
    >>> W.data
    array([1., 2.])
    """
    path, owners = _checked_path(path), _owners(network, optimizer)
    arrays = _read(path)
    if optimizer is not None and not any(name.startswith("optimizer.") for name in arrays):
        raise ValueError(f"{path}: expected a network with its optimizer, got one saved without")
    before = {name: owner.state_dict() for name, owner in owners.items()}
    try:
        for name, owner in owners.items():
            prefix = f"{name}."
            owner.load_state_dict(
                {key[len(prefix) :]: array for key, array in arrays.items() if key.startswith(prefix)}
            )
    except ValueError as error:
        for name, owner in owners.items():
            owner.load_state_dict(before[name])
        raise ValueError(f"{path}: {error}") from None


class _Named:
    """Parameters or Tensors by name, with the state that a network has."""

    def __init__(self, parameters):
        for name, parameter in parameters.items():
            if not isinstance(name, str) or not isinstance(getattr(parameter, "data", None), np.ndarray):
                raise TypeError(f"network: expected names with Parameters or Tensors, got {name!r}: {parameter!r}")
        self.parameters = parameters

    def state_dict(self):
        return {name: parameter.data.copy() for name, parameter in self.parameters.items()}

    def load_state_dict(self, state):
        check_state(state, self.state_dict(), "network")
        for name, parameter in self.parameters.items():
            parameter.data[...] = state[name]
            parameter.data = parameter.data  # a Tensor takes note that it was changed


def _owners(network, optimizer):
    """What has a state, by the names under which it is saved."""
    network = _Named(network) if isinstance(network, Mapping) else network
    owners = {"network": network} | ({} if optimizer is None else {"optimizer": optimizer})
    for name, owner in owners.items():
        if isinstance(owner, type) or not (hasattr(owner, "state_dict") and hasattr(owner, "load_state_dict")):
            more = " or a dict of Parameters" if name == "network" else ""
            raise TypeError(f"{name}: expected an object with state_dict and load_state_dict{more}, got {owner!r}")
    return owners


def _checked_path(path):
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path: expected the name of a file, got {path!r}")
    return Path(os.path.realpath(path))  # a link stays, and what it names is replaced


def _replace(path, arrays):
    """Write the file beside its place and put it there when it is whole."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path: expected a folder that exists, got {path.parent}")
    unfinished = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    try:
        with open(unfinished, "xb") as file:
            np.savez(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _read(path):
    """The arrays of a file that `save` wrote."""
    if not path.exists():
        raise FileNotFoundError(f"path: expected a file that save wrote, got none of this name: {path}")
    content = path.read_bytes()
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            arrays = dict(file)
    except Exception as error:  # zipfile, zlib and NumPy each have their own
        raise ValueError(f"{path}: expected a whole file that save wrote, got another or a damaged one") from error
    if str(arrays.get("format")) != FORMAT:
        raise ValueError(f"{path}: expected a file that save wrote, got arrays of another origin: {', '.join(arrays)}")
    return arrays
