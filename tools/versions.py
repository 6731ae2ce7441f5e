"""Run the package's tests and every notebook at both ends of the versions that pyproject.toml admits.

    make versions                                       Python 3.11, 3.12 and 3.13, each with both ends
    python3 tools/versions.py 3.11-oldest 3.13-newest   only these

Oldest: what a lesson needs, at exactly the lower bounds of pyproject.toml. Newest: what pip takes by itself. What only
the tests need is as new as the rest admits. Outputs of notebooks are not compared: they belong to requirements.txt.

Each environment is made anew under .cache/versions, one after the other, with its log beside it.
"""

import os
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
WORK = ROOT / ".cache/versions"
ENVIRONMENTS = [f"{python}-{end}" for python in ("3.11", "3.12", "3.13") for end in ("oldest", "newest")]
# What the tests of the package import, beside what a lesson needs.
TEST_TOOLS = ["beautifulsoup4", "hypothesis", "import-linter", "mypy", "nbval", "numpydoc", "pytest", "scikit-learn"]
NOTEBOOKS = ["-o", "addopts=--nbval-lax --nbval-current-env", "chapters"]
BOUND = re.compile(r"(?P<name>[a-z-]+)>=(?P<version>[\d.]+)")
# Where PyPI has no wheel of the lower bound for a Python, the first that it has takes its place.
FIRST_WHEELS = {("3.13", "numpy"): "2.1", ("3.13", "matplotlib"): "3.9.2"}
# An old Matplotlib does what newer packages, in their own names, warn of; all other warnings are errors, as always.
OLD_HABITS = ["-o", "filterwarnings=error\nignore::DeprecationWarning:(matplotlib|pyparsing)"]
HEAD = f"{'environment':12} {'numpy':7} {'matplotlib':10} {'install':>9}   tests; notebooks"


def find_python(version):
    """Path of an interpreter of this version, on the PATH or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for candidate in (f"python{version}", *sorted(pyenv.glob(f"versions/{version}.*/bin/python"))):
        code = "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2])"
        try:
            done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):  # pyenv's stand-in on the PATH may have nothing behind it
            continue
        path, found = done.stdout.rsplit(maxsplit=1)
        if found == version:
            return path
    raise LookupError(f"expected python{version} on the PATH or under {pyenv}/versions, found none")


def lower_bounds(pyproject, python):
    """What a lesson needs, each requirement at exactly its lower bound."""
    project = tomllib.loads(pyproject)["project"]
    bounds = {}
    for requirement in project["dependencies"] + project["optional-dependencies"]["lessons"]:
        if not (match := BOUND.fullmatch(requirement)):
            raise ValueError(f"pyproject.toml: expected a requirement like 'numpy>=2.0', got {requirement!r}")
        bounds[match["name"]] = FIRST_WHEELS.get((python, match["name"]), match["version"])
    return [f"{name}=={version}" for name, version in bounds.items()]


class Environment:
    """An environment under .cache/versions: what is run in it is logged beside it."""

    def __init__(self, name):
        self.name = name
        self.python, self.end = name.split("-")
        self.folder, self.log, self.report = WORK / name, WORK / f"{name}.log", WORK / f"{name}.xml"
        self.interpreter = self.folder / "bin/python"
        WORK.mkdir(parents=True, exist_ok=True)
        self.log.write_text("", encoding="utf-8")

    def run(self, *command):
        """Run a command in the repository; return whether it succeeded."""
        settings = os.environ | {"OPENBLAS_NUM_THREADS": "1"}  # as in `make test`
        with self.log.open("a", encoding="utf-8") as log:
            return subprocess.run(command, cwd=ROOT, env=settings, stdout=log, stderr=log, check=False).returncode == 0

    def install(self):
        """Make the environment anew; return whether it succeeded."""
        self.run("rm", "-rf", self.folder)
        # The makefile knows how to do without ensurepip.
        made = self.run("make", f"VENV={self.folder}", f"PYTHON={find_python(self.python)}", self.interpreter)
        pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
        exactly = lower_bounds(pyproject, self.python) if self.end == "oldest" else []
        # Wheels alone: a version that a reader would have to compile is not one that the book admits.
        pip = [self.interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--only-binary=:all:"]
        return made and self.run(*pip, "--editable", ".[lessons]", *exactly, *TEST_TOOLS)

    def versions(self):
        """Which NumPy and which Matplotlib are installed."""
        code = "import matplotlib, numpy; print(f'{numpy.__version__:7} {matplotlib.__version__:10}', end='')"
        return subprocess.run([self.interpreter, "-c", code], capture_output=True, text=True, check=True).stdout

    def pytest(self, *arguments):
        """Run tests; return whether they passed, and {file: Counter of how its tests ended}."""
        self.report.unlink(missing_ok=True)
        command = [self.interpreter, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={self.report}"]
        passed = self.run(*command, *(OLD_HABITS if self.end == "oldest" else []), *arguments)
        return passed, read_report(self.report) if self.report.exists() else {}


def read_report(path):
    """{file: Counter of how its tests ended}, from pytest's report in XML."""
    endings = {}
    for case in ElementTree.parse(path).iter("testcase"):
        ending = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        endings.setdefault(case.get("classname"), Counter())[ending] += 1
    return endings


def try_out(name):
    """Install and test in one environment; return its line in the table and whether everything passed."""
    environment, started = Environment(name), time.monotonic()
    try:
        installed = environment.install()
    except LookupError as error:
        return f"{name:12} {error}", False
    if not installed:
        return f"{name:12} could not be installed, see {environment.log}", False
    seconds = time.monotonic() - started
    tests_passed, tests = environment.pytest("tests/library")
    cells_passed, cells = environment.pytest(*NOTEBOOKS)
    counts = ", ".join(f"{count} {ending}" for ending, count in sorted(sum(tests.values(), Counter()).items()))
    whole = sum(set(endings) == {"passed"} for endings in cells.values())
    line = f"{name:12} {environment.versions()} {seconds:7.0f} s   {counts}; {whole} of {len(cells)} notebooks"
    return line, tests_passed and cells_passed


def main(names):
    """Try the environments named, or all; print a table; return the exit status."""
    if unknown := set(names) - set(ENVIRONMENTS):
        sys.exit(f"expected names among {', '.join(ENVIRONMENTS)}, got {', '.join(sorted(unknown))}")
    lines, status = [HEAD], 0
    for name in names or ENVIRONMENTS:
        print(f"trying {name}, log in {WORK.relative_to(ROOT)}/{name}.log", flush=True)
        line, passed = try_out(name)
        lines.append(line if passed else f"{line}   FAILED")
        status |= not passed
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
