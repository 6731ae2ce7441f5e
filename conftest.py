"""For all tests: drawings in notebooks are compared with a tolerance, kernels have no network, and nobody's solved
exercises are touched.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

pytest_plugins = ["tools.nbval_drawings"]

# Tests may be started with a closed standard input. pytest and IPython then ask one that is not there for its encoding.
if sys.__stdin__ is None:
    sys.stdin = sys.__stdin__ = open(os.devnull, encoding="utf-8")  # noqa: SIM115, for as long as the tests run

# Solved exercises: the tests, and the kernels that they start, neither see nor change those of whoever runs them.
_marks = tempfile.TemporaryDirectory()
os.environ["BACKPROP_LIB_DATA"] = _marks.name

# Kernels have settings of their own, and run what stands in this folder before the first cell.
_settings = tempfile.TemporaryDirectory()
_startup = Path(_settings.name, "profile_default/startup")
_startup.mkdir(parents=True)
shutil.copy(Path(__file__).parent / "tests/notebooks/offline_kernel.py", _startup)
os.environ["IPYTHONDIR"] = _settings.name
os.environ["MATPLOTLIBRC"] = os.devnull

# Inside a hook of git, git would work on the repository that called the hook, whatever folder a test tells it.
for _name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"):
    os.environ.pop(_name, None)
