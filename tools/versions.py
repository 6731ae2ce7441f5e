"""Run the package's tests and every notebook at both ends of the versions that pyproject.toml admits, and as in Colab.

    make versions                                       Python 3.11, 3.12 and 3.13, each with both ends, and Colab
    python3 tools/versions.py 3.11-oldest 3.13-newest   only these

Oldest: what a lesson needs, at exactly the lower bounds of pyproject.toml, and the oldest of this machine's releases of
that Python. Newest: what pip takes by itself, and the newest. Colab: what Colab brings. What only the tests need is as
new as the rest admits. Outputs of notebooks are not compared: they belong to requirements.txt.

Each environment is made anew under .cache/versions, one after the other, with its log beside it.
"""

import glob
import os
import re
import subprocess
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

from environment import settings

ROOT = Path(__file__).parent.parent
WORK = ROOT / ".cache/versions"
ENVIRONMENTS = [f"{python}-{end}" for python in ("3.11", "3.12", "3.13") for end in ("oldest", "newest")]
ENVIRONMENTS.append("3.12-colab")
COLAB = ROOT / "tools/colab-requirements.txt"
# What the tests of the package import, beside what a lesson needs.
TEST_TOOLS = ["beautifulsoup4", "hypothesis", "import-linter", "mypy", "nbval", "numpydoc", "pytest", "scikit-learn"]
TESTS = {
    "colab": ["tests/engine", "tests/book", "--ignore=tests/book/explorer/test_explorer_widget.py"]
}  # there are no live widgets
NOTEBOOKS = ["-o", "addopts=--nbval-lax --nbval-current-env", "chapters"]
BOUND = re.compile(r"(?P<name>[a-z-]+)>=(?P<version>[\d.]+)")
# Where PyPI has no wheel of the lower bound for a Python, the first that it has takes its place.
FIRST_WHEELS = {("3.13", "numpy"): "2.1", ("3.13", "matplotlib"): "3.9.2"}
# What old packages do and newer ones, or a newer Python, warn of; all other warnings are errors, as always.
OLD_HABITS = ["-o", "filterwarnings=error\nignore::DeprecationWarning:(matplotlib|pyparsing|jupyter_client)"]
HEAD = f"{'environment':12} {'python':7} {'numpy':7} {'matplotlib':10} {'install':>9}   tests; notebooks"


def releases(version):
    """{release, such as (3, 11, 2): path} of this machine's interpreters of a version, on the PATH or among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    on_path = [Path(folder, f"python{version}") for folder in os.environ["PATH"].split(os.pathsep)]
    code = "import sys; print(*sys.version_info[:3], sys.executable)"
    found = {}
    for candidate in (*on_path, *sorted(glob.glob(f"{pyenv}/versions/{version}.*/bin/python"))):
        try:
            done = subprocess.run([candidate, "-c", code], capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):  # pyenv's stand-in on the PATH may have nothing behind it
            continue
        *release, path = done.stdout.rstrip("\n").split(" ", 3)
        found.setdefault(tuple(map(int, release)), path)
    return {release: path for release, path in found.items() if "{}.{}".format(*release) == version}


def find_python(version, end):
    """Path of the oldest or the newest of this machine's interpreters of a version."""
    if found := releases(version):
        return found[(min if end == "oldest" else max)(found)]
    raise LookupError(f"expected python{version} on the PATH or among pyenv's versions, found none")


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
        as_tested = settings(os.environ) | {"OPENBLAS_NUM_THREADS": "1"}
        with self.log.open("a", encoding="utf-8") as log:
            return subprocess.run(command, cwd=ROOT, env=as_tested, stdout=log, stderr=log, check=False).returncode == 0

    def install(self):
        """Make the environment anew; return whether it succeeded."""
        self.run("rm", "-rf", self.folder)
        made = self.run(find_python(self.python, self.end), ROOT / "tools/environment.py", self.folder)
        # Wheels alone: a version that a reader would have to compile is not one that the book admits.
        pip = [self.interpreter, "-m", "pip", "install", "--disable-pip-version-check", "--only-binary=:all:"]
        return made and self.run(*pip, *self.requirements(), *TEST_TOOLS)

    def requirements(self):
        """What pip is told to install, beside what the tests need."""
        if self.end == "colab":
            return ["--requirement", COLAB, "--editable", "."]
        pyproject = (ROOT / "pyproject.toml").read_text("utf-8")
        return ["--editable", ".[lessons]", *(lower_bounds(pyproject, self.python) if self.end == "oldest" else [])]

    def versions(self):
        """Which Python, NumPy and Matplotlib are installed."""
        code = (
            "import matplotlib as m, numpy as n, platform as p; print(p.python_version(), n.__version__, m.__version__)"
        )
        done = subprocess.run([self.interpreter, "-c", code], capture_output=True, text=True, check=True)
        return "{:7} {:7} {:10}".format(*done.stdout.split())

    def pytest(self, *arguments):
        """Run tests; return whether they passed, and {file: Counter of how its tests ended}."""
        self.report.unlink(missing_ok=True)
        command = [self.interpreter, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={self.report}"]
        passed = self.run(*command, *([] if self.end == "newest" else OLD_HABITS), *arguments)
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
    tests_passed, tests = environment.pytest(*TESTS.get(environment.end, ["tests/engine", "tests/book"]))
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
