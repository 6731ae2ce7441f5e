"""The package's tests and every notebook at both ends of the versions that pyproject.toml admits, and as in Colab.

    make versions
    .venv/bin/nox -s "versions-3.13(lowest-direct)"     only these
    .venv/bin/nox -s colab

Lowest: what a lesson needs at the lower bounds of pyproject.toml, or at the first version with a build for that Python.
Outputs of notebooks are not compared: they belong to requirements.txt.
"""

import nox

nox.options.default_venv_backend = "uv"
nox.options.envdir = ".cache/nox"
# What the tests of the package import, beside what a lesson needs.
TOOLS = ["beautifulsoup4", "hypothesis", "import-linter", "mypy", "nbval", "numpydoc", "pytest", "scikit-learn"]
# What old packages do and newer ones, or a newer Python, warn of; all other warnings are errors, as always.
OLD_HABITS = ["-o", "filterwarnings=error\nignore::DeprecationWarning:(matplotlib|pyparsing|jupyter_client)"]


def test(session, *options):
    """Run the package's tests and every notebook."""
    habits = ["-p", "no:cacheprovider", *OLD_HABITS]
    environment = {"OPENBLAS_NUM_THREADS": "1", "MATPLOTLIBRC": "/dev/null"}
    session.run("pytest", "-q", *habits, "tests/engine", "tests/book", *options, env=environment)
    lax = ["-o", "addopts=--nbval-lax --nbval-current-env"]
    session.run("pytest", "-q", *habits, *lax, "chapters", env=environment)


@nox.session(python=["3.11", "3.12", "3.13", "3.14", "3.15"])
@nox.parametrize("resolution", ["lowest-direct", "highest"])
def versions(session, resolution):
    """Test with the oldest or the newest of what a lesson needs. Wheels alone: readers compile nothing."""
    session.install("--only-binary=:all:", "--no-binary=backprop-lib", f"--resolution={resolution}", "-e", ".[lessons]")
    session.install(*TOOLS)
    test(session)


@nox.session(python="3.12")
def colab(session):
    """Test with what Colab brings; it has no live widgets."""
    session.install("--requirement", "tools/colab-requirements.txt", "--editable", ".", *TOOLS)
    test(session, "--ignore=tests/book/explorer/test_explorer_widget.py")
