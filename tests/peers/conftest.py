"""The libraries that the book's own is compared with. `benchmarks/requirements.txt` names their versions."""

import importlib
import os

import pytest


def peer(name):
    """Import a peer. Where it is missing the test is skipped; under CI it fails."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as missing:
        if missing.name != name:
            raise
    reason = f"no {name} found: .venv/bin/python -m pip install -r benchmarks/requirements.txt"
    pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(scope="session")
def torch():
    """PyTorch, on one thread: the arrays here are small, and sums keep their order."""
    torch = peer("torch")
    torch.set_num_threads(1)
    return torch


@pytest.fixture(scope="session")
def run_torch(torch):
    """The function that runs a program in PyTorch."""
    return importlib.import_module("tests.peers.torch_interpreter").run


@pytest.fixture(scope="session")
def run_hips():
    """The function that runs a program in HIPS autograd."""
    peer("autograd")
    return importlib.import_module("tests.peers.hips_interpreter").run


@pytest.fixture(scope="session")
def micrograd():
    """micrograd's engine."""
    peer("micrograd")
    return importlib.import_module("micrograd.engine")
