"""`make versions`: what counts as oldest, which Python is taken, and that one failure makes it fail."""

import os
import re
import sys
from collections import Counter

import pytest
import versions

PYPROJECT = """
[project]
dependencies = ["numpy>=2.0", "tqdm>=4.66"]
optional-dependencies.lessons = ["matplotlib>=3.9", "ipywidgets>=8.1"]
optional-dependencies.book = ["jupyter-book>=1.0.4,<2"]
"""
REPORT = """<testsuites><testsuite>
<testcase classname="a" name="1"/><testcase classname="a" name="2"/>
<testcase classname="b" name="1"><failure/></testcase><testcase classname="b" name="2"><skipped/></testcase>
<testcase classname="b" name="3"><error/></testcase>
</testsuite></testsuites>"""
PASSES = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
FAILS = "#!/bin/sh\nexit 127\n"
THIS = "{}.{}".format(*sys.version_info)


def numbers(version):
    """Return a version's parts, for comparison."""
    return [int(part) for part in version.split(".")]


def test_the_oldest_are_the_lower_bounds():
    assert versions.lower_bounds(PYPROJECT, "3.11") == [
        "numpy==2.0",
        "tqdm==4.66",
        "matplotlib==3.9",
        "ipywidgets==8.1",
    ]


def test_where_there_is_no_wheel_the_first_that_there_is_counts():
    oldest = versions.lower_bounds(PYPROJECT, "3.13")
    assert oldest == ["numpy==2.1", "tqdm==4.66", "matplotlib==3.9.2", "ipywidgets==8.1"]


def test_the_first_wheels_are_newer_than_the_bounds():
    oldest = versions.lower_bounds((versions.ROOT / "pyproject.toml").read_text("utf-8"), "no exceptions")
    bounds = dict(requirement.split("==") for requirement in oldest)
    for (_, name), version in versions.FIRST_WHEELS.items():
        assert numbers(version) > numbers(bounds[name])


@pytest.mark.parametrize("requirement", ["numpy", "numpy>=2.0,<3", "numpy~=2.0", "numpy>=2.0; python_version<'3.13'"])
def test_a_requirement_without_one_plain_bound_is_refused(requirement):
    with pytest.raises(ValueError, match=f"expected a requirement like 'numpy>=2.0', got .{re.escape(requirement)}"):
        versions.lower_bounds(PYPROJECT.replace("numpy>=2.0", requirement), "3.11")


def test_colab_has_an_ipywidgets_before_version_8_and_what_it_brings_satisfies_the_package():
    pinned = dict(re.findall(r"^([a-z-]+)==(\S+)$", versions.COLAB.read_text("utf-8"), re.MULTILINE))
    assert pinned["ipywidgets"].startswith("7.")
    text = (versions.ROOT / "pyproject.toml").read_text("utf-8")
    needed = [versions.BOUND.fullmatch(one) for one in versions.tomllib.loads(text)["project"]["dependencies"]]
    assert all(numbers(pinned[bound["name"]]) >= numbers(bound["version"]) for bound in needed)


@pytest.fixture
def put(tmp_path, monkeypatch):
    """Folders of their own for the PATH and for pyenv; return a function that puts a program there."""
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "bin"), str(tmp_path / "system")]))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))

    def put(place, text):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(text, encoding="utf-8")
        (tmp_path / place).chmod(0o755)

    return put


def python(release, path):
    """A program that answers as an interpreter of this release."""
    return f"#!/bin/sh\necho {release.replace('.', ' ')} {path}\n"


def test_the_oldest_and_the_newest_release_are_found_on_the_path_and_among_pyenv_s(put):
    put("bin/python3.11", python("3.11.10", "/first on the/path"))
    assert versions.find_python("3.11", "oldest") == versions.find_python("3.11", "newest") == "/first on the/path"
    put("system/python3.11", python("3.11.2", "/second"))
    put("versions/3.11.9/bin/python", python("3.11.9", "/pyenv"))
    assert versions.find_python("3.11", "oldest") == "/second"
    assert versions.find_python("3.11", "newest") == "/first on the/path"


def test_a_python_is_found_behind_a_stand_in_that_has_none(put):
    put(f"bin/python{THIS}", FAILS)
    put(f"versions/{THIS}.0/bin/python", FAILS)
    put(f"versions/{THIS}.1/bin/python", PASSES)
    assert versions.find_python(THIS, "oldest") == sys.executable


def test_another_python_is_none(put):
    put("bin/python3.99", PASSES)
    with pytest.raises(LookupError, match=r"expected python3.99 on the PATH or among pyenv's versions, found none"):
        versions.find_python("3.99", "newest")


def test_endings_are_counted_for_each_file(tmp_path):
    (tmp_path / "report.xml").write_text(REPORT, encoding="utf-8")
    assert versions.read_report(tmp_path / "report.xml") == {
        "a": Counter(passed=2),
        "b": Counter(failure=1, skipped=1, error=1),
    }


class Stub(versions.Environment):
    """An environment in which nothing runs: installation and the two runs of pytest end as they are told."""

    installs, passes = True, (True, True)

    def __init__(self, name):
        self.end, self.log, self.ends = name.partition("-")[2], f"{name}.log", iter(self.passes)

    def install(self):
        return self.installs

    def versions(self):
        return "2.0.0 3.9.0"

    def pytest(self, *arguments):
        passed = next(self.ends)
        return passed, {"a": Counter(passed=2), "b": Counter(["passed" if passed else "failure"])}


@pytest.mark.parametrize(
    ("installs", "passes", "line"),
    [
        (True, (True, True), "3 passed; 2 of 2 notebooks"),
        (True, (False, True), "1 failure, 2 passed; 2 of 2 notebooks   FAILED"),
        (True, (True, False), "3 passed; 1 of 2 notebooks   FAILED"),
        (False, (), "could not be installed, see 3.12-oldest.log   FAILED"),
    ],
)
def test_one_failure_makes_all_fail(monkeypatch, capsys, installs, passes, line):
    kinds = {"3.12-oldest": type("Told", (Stub,), {"installs": installs, "passes": passes})}
    monkeypatch.setattr(versions, "Environment", lambda name: kinds.get(name, Stub)(name))
    assert versions.main(["3.11-oldest", "3.12-oldest", "3.12-newest"]) == (line.endswith("FAILED"))
    table = capsys.readouterr().out.splitlines()[-4:]
    assert table[0] == versions.HEAD
    assert table[2].startswith("3.12-oldest")
    assert table[2].endswith(line)
    assert table[1].endswith("3 passed; 2 of 2 notebooks")


def test_a_python_that_is_not_there_is_a_failure(monkeypatch, capsys):
    monkeypatch.setattr(Stub, "install", lambda self: versions.find_python("3.99", "newest"))
    monkeypatch.setattr(versions, "Environment", Stub)
    assert versions.main(["3.12-newest"]) == 1
    assert "expected python3.99" in capsys.readouterr().out


def test_every_environment_is_tried_unless_some_are_named(monkeypatch, capsys):
    monkeypatch.setattr(versions, "Environment", Stub)
    assert versions.main([]) == 0
    tried = [line.split()[0] for line in capsys.readouterr().out.splitlines()[-7:]]
    assert tried[:6] == ["3.11-oldest", "3.11-newest", "3.12-oldest", "3.12-newest", "3.13-oldest", "3.13-newest"]
    assert tried[6:] == ["3.12-colab"]
    with pytest.raises(SystemExit, match=r"expected names among 3.11-oldest, .*, got 3.10-oldest"):
        versions.main(["3.10-oldest"])
