"""For all tests: drawings in notebooks are compared with a tolerance, and nobody's solved exercises are touched."""

import os
import tempfile

pytest_plugins = ["nbval_drawings"]

# Solved exercises: the tests, and the kernels that they start, neither see nor change those of whoever runs them.
_marks = tempfile.TemporaryDirectory()
os.environ["BACKPROP_LIB_DATA"] = _marks.name
