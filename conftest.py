"""For all tests: drawings in notebooks are compared with a tolerance, kernels have no network, and nobody's solved
exercises are touched.
"""

import os
import shutil
import tempfile
from pathlib import Path

pytest_plugins = ["nbval_drawings"]

# Solved exercises: the tests, and the kernels that they start, neither see nor change those of whoever runs them.
_marks = tempfile.TemporaryDirectory()
os.environ["BACKPROP_LIB_DATA"] = _marks.name

# Kernels have settings of their own, and run what stands in this folder before the first cell.
_settings = tempfile.TemporaryDirectory()
_startup = Path(_settings.name, "profile_default/startup")
_startup.mkdir(parents=True)
shutil.copy(Path(__file__).parent / "tests/notebooks/offline_kernel.py", _startup)
os.environ["IPYTHONDIR"] = _settings.name
