"""What the numbers depend on: processor, versions, threads."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

import threadpoolctl
import torch

torch.set_num_threads(1)


def description():
    """Pairs (what, which) for a table."""
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("system", f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"),
        (
            "versions",
            ", ".join(f"{name} {version(name)}" for name in ("numpy", "jax", "torch", "autograd", "micrograd")),
        ),
        ("BLAS of NumPy", "; ".join(_blas())),
        ("PyTorch", f"{torch.backends.cpu.get_cpu_capability()}, threads: {torch.get_num_threads()}"),
    ]


def _processor():
    """Name of the processor; Linux keeps it in a file."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _blas():
    for library in threadpoolctl.threadpool_info():
        if library["user_api"] == "blas":
            kernel = library.get("architecture", "")
            yield f"{library['internal_api']} {library['version']} {kernel}, threads: {library['num_threads']}"
