"""Change the package's code one small step at a time, and see whether its tests notice.

    make mutants                                      every module listed in pyproject.toml under tool.mutmut
    .venv/bin/python tools/mutation.py losses layers  only the listed modules with these names in their path

mutmut does the work, on a copy in _build/mutants. A mutant that no test notices shows a test that is missing, or a
change that changes nothing. The latter are listed in tests/mutants.md, each with its reason; this fails where that
list and the survivors differ, and where fewer than 95 per cent of the mutants are noticed.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
LIST = ROOT / "tests/mutants.md"
WORK = ROOT / "_build/mutants"
COPIED = ["backprop_lib", "tests/__init__.py", "tests/conftest.py", "tests/engine", "pyproject.toml"]
NOTICED = {"killed", "timeout"}
REQUIRED = 0.95

NAME = re.compile(r"(?P<module>.+)\.x(?:_|ǁ(?P<owner>.+)ǁ)(?P<function>.+)__mutmut_\d+")
ENTRY = re.compile(r"- `(?P<function>\S+)`: `(?P<before>.*)` → `(?P<after>.*)`")
DECORATED = re.compile(
    r"^@(?P<decorator>\w+)\n(?P<definition>def (?P<function>\w+)\(.*?)\s*(?=^[^\s)]|\Z)", re.MULTILINE | re.DOTALL
)


class Mutant(NamedTuple):
    """One change, named by what it changes: mutmut's own numbers shift with every edit."""

    module: str
    function: str
    before: str
    after: str

    def __str__(self):
        return f"{self.module}\n- `{self.function}`: `{self.before}` → `{self.after}`"


def listed_mutants(text):
    """Mutants in a list like tests/mutants.md: a heading for the module, entries, below them an indented reason."""
    module, listed, waiting = None, set(), []
    for line in [*text.splitlines(), ""]:
        if entry := ENTRY.fullmatch(line):
            waiting.append(Mutant(module, entry["function"], entry["before"], entry["after"]))
        elif line.startswith("  "):
            listed.update(waiting)
            waiting.clear()
        elif waiting or line.startswith("- "):
            raise ValueError(f"tests/mutants.md: expected an entry or, indented, the reason of one, got {line!r}")
        elif line.startswith("## "):
            module = line.removeprefix("## ")
    return listed


def summary(counts):
    """Table of noticed mutants, one line for each module and one for all; counts maps modules to Counters."""
    lines = [f"{'module':40} mutants  noticed   share"]
    for module, count in [*sorted(counts.items()), ("all", sum(counts.values(), Counter()))]:
        total, noticed = count.total(), count[True]
        lines.append(f"{module:40} {total:7}  {noticed:7}  {noticed / total:6.1%}")
    return "\n".join(lines)


def complaints(counts, survivors, listed):
    """What is wrong, as a list of texts: an empty one means that the run passed."""
    all_counts = sum(counts.values(), Counter())
    wrong = [f"survives and is not in tests/mutants.md: {mutant}" for mutant in sorted(survivors - listed)]
    wrong += [f"in tests/mutants.md, but does not survive: {mutant}" for mutant in sorted(listed - survivors)]
    if all_counts[True] < REQUIRED * all_counts.total():
        wrong.append(f"fewer than {REQUIRED:.0%} of the mutants are noticed")
    return wrong


def mutmut(*arguments, **streams):
    """Run mutmut in the copy; return what it prints, if asked for."""
    program = Path(sys.executable).with_name("mutmut")
    # Each worker is one process; the order of the tests, which mutmut keeps in sets, is to be the same in every run.
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    command = [program, *arguments]
    return subprocess.run(command, cwd=WORK, env=environment, text=True, check=True, **streams).stdout


def prepare():
    """Copy the package and its tests to where they may be changed."""
    shutil.rmtree(WORK, ignore_errors=True)
    for name in COPIED:
        source, target = ROOT / name, WORK / name
        target.parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, target)
    for source in (WORK / "backprop_lib").rglob("*.py"):
        source.write_text(undecorated(without_lambdas(source.read_text("utf-8"))), "utf-8")


def undecorated(source):
    """Apply the decorators of a module's functions below them: mutmut leaves decorated functions as they are."""
    return DECORATED.sub(r"\g<definition>\n\n\g<function> = \g<decorator>(\g<function>)\n\n\n", source)


def without_lambdas(source):
    """Make functions of the lambdas that stand outside functions: mutmut changes only what stands in a function.

    One with defaults stays: they are what it keeps of a loop around it.
    """
    lines = source.splitlines(keepends=True)
    for statement in reversed(ast.parse(source).body):
        if not isinstance(statement, (ast.Assign, ast.Expr)):
            continue
        code, functions = "".join(lines[statement.lineno - 1 : statement.end_lineno]), []
        name = re.sub(r"\W+", "_", code.split("=")[0].strip())
        for node in ast.walk(statement):
            if isinstance(node, ast.Lambda) and not node.args.defaults:
                functions.append(f"{name}_lambda_{len(functions) + 1}")
                text = ast.get_source_segment(source, node)
                arguments, body = text.removeprefix("lambda").lstrip().split(": ", 1)
                code = code.replace(text, functions[-1], 1)
                functions[-1] = f"def {functions[-1]}({arguments}):\n    return {body}\n\n\n"
        lines[statement.lineno - 1 : statement.end_lineno] = [*functions, code]
    return "".join(lines)


def run(names):
    """Run the mutants; watch the progress in a terminal, keep it in a file elsewhere.

    Given a pattern, if only one for everything, mutmut first runs the unchanged package test by test, by name, as it
    runs the mutants. A test that it cannot find by its name would count as one that fails.
    """
    patterns = [f"*{name.removesuffix('.py').replace('/', '.')}*.x*" for name in names] or ["*"]
    if sys.stdout.isatty():
        mutmut("run", *patterns)
        return
    log = WORK / "log"
    try:
        with log.open("w") as output:
            mutmut("run", *patterns, stdout=output, stderr=subprocess.STDOUT)
    except subprocess.CalledProcessError:
        hint = "Do all tests pass, and has none a name that changes from run to run, by an address or a line break?"
        sys.exit(f"mutmut gave up, see {log}. {hint}\n...{log.read_text()[-500:]}")


def outcome():
    """(counts, survivors) of a finished run: Counters of True (noticed) and False by module, and a set of Mutants."""
    counts, survivors = {}, set()
    for line in mutmut("results", "--all", "true", stdout=subprocess.PIPE).splitlines():
        name, status = line.strip().split(": ")
        if status == "not checked":  # of a module that this run leaves out
            continue
        module = NAME.fullmatch(name)["module"]
        counts.setdefault(module, Counter())[status in NOTICED] += 1
        if status not in NOTICED:
            survivors.add(described(name))
    return counts, survivors


def described(name):
    """Return the Mutant of mutmut's name, from the difference that mutmut shows."""
    parts = NAME.fullmatch(name)
    lines = mutmut("show", name, stdout=subprocess.PIPE).splitlines()
    function = f"{parts['owner']}.{parts['function']}" if parts["owner"] else parts["function"]
    return Mutant(parts["module"], function, changed(lines, "-"), changed(lines, "+"))


def changed(lines, sign):
    """Lines of a unified difference that were removed or added, joined, without comments."""
    of_sign = [line[1:] for line in lines if line.startswith(sign) and not line.startswith(sign * 3)]
    return " ".join(line.split("  # ")[0].strip() for line in of_sign)


def main(names):
    """Run and report; return the exit status."""
    started = time.monotonic()
    prepare()
    run(names)
    counts, survivors = outcome()
    print(summary(counts), f"\n{time.monotonic() - started:.0f} s\n")
    listed = listed_mutants(LIST.read_text("utf-8"))
    if names:
        listed = {mutant for mutant in listed if mutant.module in counts}
    wrong = complaints(counts, survivors, listed)
    print("\n".join(wrong) or "Every survivor is listed in tests/mutants.md.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
