"""The environment that the make commands run in: made, kept, made anew or refused; and when make asks for it."""

import ast
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.site.site_checks import ROOT
from tests.site.test_makefile import Checkout
from tools import environment

PYTHON = sys.executable
BUNDLED = Path(sysconfig.get_path("stdlib"), "ensurepip", "_bundled")
# A package of one module, as a wheel holds it.
WHEEL = {
    "tiny.py": "",
    "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
    "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "tiny-1.0.dist-info/RECORD": "tiny.py,,\n",
}


def program(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Let packages come from a folder that holds one, with whatever else pip and Python are told left out."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "PYTHON"))]:
        monkeypatch.delenv(name)
    for name, text in WHEEL.items():
        (tmp_path / "wheel" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "wheel" / name).write_text(text, encoding="utf-8")
    (tmp_path / "packages").mkdir()
    archive = shutil.make_archive(tmp_path / "tiny", "zip", tmp_path / "wheel")
    shutil.move(archive, tmp_path / "packages/tiny-1.0-py3-none-any.whl")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "packages"))


@pytest.fixture
def quick_python(tmp_path):
    """Return a Python that makes environments at once: they borrow pip from the one that runs the tests."""
    (tmp_path / "borrowed").mkdir()
    (tmp_path / "borrowed/pip").symlink_to(Path(sysconfig.get_path("purelib"), "pip"))
    borrowed = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages/borrowed.pth"
    make = f'{PYTHON} -m venv --without-pip "$3" && echo {tmp_path}/borrowed > "$3/{borrowed}"'
    return program(tmp_path / "python", f'[ "$1 $2" = "-m venv" ] || exec {PYTHON} "$@"; {make}')


@pytest.fixture
def book(tmp_path, packages, quick_python, monkeypatch):
    """Return a folder that needs one small package, and in which the environment is to be made."""
    monkeypatch.setattr(sys, "executable", str(quick_python))
    (tmp_path / "book").mkdir()
    (tmp_path / "book/requirements.txt").write_text("tiny==1.0\n", encoding="utf-8")
    monkeypatch.setattr(environment, "ROOT", tmp_path / "book")
    return tmp_path / "book"


def complete(book):
    environment.complete(book / ".venv", book / "requirements.txt")


def imports_from(folder):
    """Return the environment that its Python imports the package from."""
    code = "import pathlib, tiny; print(pathlib.Path(tiny.__file__).parents[3])"
    done = subprocess.run([folder / "bin/python", "-I", "-c", code], capture_output=True, text=True, check=True)
    return Path(done.stdout.strip())


def test_it_is_made_and_completed_when_the_list_changes(book):
    complete(book)
    assert imports_from(book / ".venv") == book / ".venv"
    (book / ".venv/kept").touch()
    complete(book)
    assert (book / ".venv/kept").exists()
    assert (book / ".venv/.complete").exists()
    (book / "requirements.txt").write_text("tiny==2.0\n", encoding="utf-8")
    with pytest.raises(SystemExit):
        complete(book)
    assert not (book / ".venv/.complete").exists()


def test_in_a_renamed_folder_it_is_made_anew(book, tmp_path, monkeypatch):
    complete(book)
    (book / ".venv/leftover").touch()
    renamed = book.rename(tmp_path / "renamed")
    monkeypatch.setattr(environment, "ROOT", renamed)
    complete(renamed)
    assert not (renamed / ".venv/leftover").exists()
    assert imports_from(renamed / ".venv") == renamed / ".venv"


def test_what_an_interrupted_run_left_is_made_anew(book):
    (book / ".venv").mkdir()
    (book / ".venv" / environment.NOTE).touch()
    (book / ".venv/leftover").touch()
    complete(book)
    assert not (book / ".venv/leftover").exists()
    assert imports_from(book / ".venv") == book / ".venv"


def test_one_that_make_did_not_make_is_used_if_it_has_everything_and_never_removed(book, tmp_path):
    folder = book / ".venv"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    (folder / "theirs").touch()
    with pytest.raises(SystemExit, match="was not made by make, and lacks tiny") as raised:
        complete(book)
    assert f"rm -rf {folder}" in str(raised.value)
    subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "tiny"], check=True)
    complete(book)
    assert (folder / ".complete").exists()
    (folder / "bin/python").unlink()
    with pytest.raises(SystemExit, match="lacks a Python that runs"):
        complete(book)
    assert (folder / "theirs").exists()


def test_one_that_imports_the_package_of_another_folder_is_refused(tmp_path, monkeypatch):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("-e .\n", encoding="utf-8")
    found = environment.run(PYTHON, "-c", environment.ORIGIN, cwd=tmp_path, capture_output=True).stdout
    monkeypatch.setattr(environment, "ROOT", Path(found).parents[1])
    assert environment.lacks(Path(PYTHON), requirements) is None
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    assert environment.lacks(Path(PYTHON), requirements) == (
        f"the backprop_lib of this folder; it imports {found.strip()}"
    )


def test_settings_of_pip_and_python_lead_nothing_astray(book, tmp_path, monkeypatch):
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow/tiny.py").touch()
    for name in ("TARGET", "PREFIX", "ROOT"):
        monkeypatch.setenv(f"PIP_{name}", str(tmp_path / "elsewhere"))
    for name in ("USER", "DRY_RUN", "NO_DEPS", "REQUIRE_VIRTUALENV"):
        monkeypatch.setenv(f"PIP_{name}", "1")
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "shadow"))
    complete(book)
    assert imports_from(book / ".venv") == book / ".venv"
    assert not (tmp_path / "elsewhere").exists()


def test_a_setting_in_pip_s_file_that_sends_packages_elsewhere_is_noticed(book, tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text(f"[install]\ntarget = {tmp_path}/elsewhere\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    with pytest.raises(SystemExit, match=r"the environment lacks tiny==1.0\nDoes a setting .* `pip config list`"):
        complete(book)
    assert not (book / ".venv/.complete").exists()


def test_what_tells_pip_where_packages_come_from_is_kept():
    kept = {"PIP_INDEX_URL": "a", "PIP_CERT": "b", "PIP_PROXY": "c", "HTTPS_PROXY": "d", "HOME": "e"}
    assert environment.settings(kept | {"PIP_TARGET": "x", "PYTHONPATH": "y", "PIP_NO_DEPS": "1"}) == kept


def test_a_python_without_ensurepip_still_gets_an_environment_with_pip(packages, tmp_path, monkeypatch):
    if not list(BUNDLED.glob("pip-*.whl")):
        reason = "this Python itself has no copy of pip to install from"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)
    (tmp_path / "ensurepip.py").write_text("raise ImportError('left out')", encoding="utf-8")
    python = program(tmp_path / "python", f'PYTHONPATH={tmp_path} exec {PYTHON} "$@"')
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv("PIP_FIND_LINKS", str(BUNDLED))
    environment.main([str(tmp_path / "made")])
    pip = [tmp_path / "made/bin/python", "-m", "pip", "--version"]
    assert str(tmp_path / "made") in subprocess.run(pip, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("version", [(3, 9, 18), (3, 16, 0)])
def test_a_python_without_builds_of_the_pinned_packages_is_refused_before_anything_is_downloaded(monkeypatch, version):
    ast.parse((ROOT / "tools/environment.py").read_text("utf-8"), feature_version=(3, 7))  # an old one can read it
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    this = ".".join(map(str, version))
    with pytest.raises(SystemExit, match=f"Python 3.11 to 3.15 is needed, this is {this}; name another"):
        environment.main(["no-such-folder", "requirements.txt"])


OLDEST, NEWEST = ("{}.{}".format(*version) for version in (environment.OLDEST, environment.NEWEST))
BETWEEN = [f"3.{minor}" for minor in range(environment.OLDEST[1] + 1, environment.NEWEST[1])]
LINUX = "x86_64-manylinux_2_28"
OTHERS = ["aarch64-manylinux_2_28", "aarch64-apple-darwin", "x86_64-apple-darwin", "windows"]


def unresolved(requirements, python, system):
    """What uv says of pins that have no build for a Python and a system; nothing is downloaded but descriptions."""
    pins = "\n".join(line for line in requirements.splitlines() if "==" in line)
    uv = [Path(sys.executable).with_name("uv"), "pip", "compile", "--quiet", "--no-python-downloads"]
    command = [
        *uv,
        "--no-deps",
        "--only-binary=:all:",
        f"--python-version={python}",
        f"--python-platform={system}",
        "-",
    ]
    return subprocess.run(command, input=pins, capture_output=True, text=True, check=False).stderr


@pytest.fixture(scope="module")
def index():
    """Skip where no package index can be reached."""
    if "error" in (said := unresolved("pip==26.0\n", "3.12", LINUX)):
        reason = f"the package index cannot be reached: {said}"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize(
    ("python", "system"),
    [(python, system) for python in (OLDEST, NEWEST) for system in (LINUX, *OTHERS)]
    + [(one, LINUX) for one in BETWEEN],
)
def test_every_pinned_package_has_a_build_for_every_python_that_make_takes(python, system):
    assert unresolved((ROOT / "requirements.txt").read_text("utf-8"), python, system) == ""


@pytest.mark.usefixtures("index")
def test_a_pin_without_a_build_is_named():
    assert "numpy" in unresolved("numpy==2.4.6\n", "3.15", LINUX)


def test_make_asks_for_it_where_it_is_not_complete_or_was_made_elsewhere(tmp_path):
    checkout = Checkout(tmp_path / "checkout")
    python = program(tmp_path / "python", 'echo asked: "$@"')

    def asked():
        result = checkout.make(".venv/.complete", f"PYTHON={python}")
        assert result.returncode == 0, result.stderr
        return "asked: tools/environment.py .venv requirements.txt" in result.stdout.splitlines()

    assert not asked()
    copy = shutil.copytree(checkout.folder, tmp_path / "a (copy), of it", symlinks=True)
    os.utime(checkout.folder / "requirements.txt")
    assert asked()
    checkout.folder = copy
    assert asked()
    (copy / ".venv/.complete").write_text(f"{copy}\n", encoding="utf-8")
    assert not asked()
    checkout.folder = copy.rename(tmp_path / "renamed")
    assert asked()
    (checkout.folder / ".venv/.complete").unlink()
    assert asked()


def test_nothing_is_removed_where_there_is_no_such_python(tmp_path):
    checkout = Checkout(tmp_path / "checkout")
    (checkout.folder / ".venv/.complete").unlink()
    assert checkout.make("book", "PYTHON=no-such-python").returncode == 2
    assert (checkout.folder / ".venv/bin").is_dir()


def test_commands_run_without_python_s_and_matplotlib_s_personal_settings(tmp_path):
    checkout = Checkout(tmp_path / "checkout")
    with (checkout.folder / "Makefile").open("a") as makefile:
        makefile.write("show:\n\t@env\n")
    personal = {"PYTHONPATH": "a", "PYTHONOPTIMIZE": "2", "PYTHONSTARTUP": "b", "MATPLOTLIBRC": "mine"}
    shown = checkout.make("show", PYTHON="python3", **personal).stdout.splitlines()
    assert [line for line in shown if line.startswith("PYTHON")] in ([], ["PYTHON=python3"])
    assert "MATPLOTLIBRC=/dev/null" in shown


def test_another_make_is_told_which_one_is_meant(tmp_path):
    first = (ROOT / "Makefile").read_text("utf-8").splitlines()[1:4]
    # BSD's make takes the first line for a target and stops at the second; GNU make passes over both.
    assert first[0] == "ifdef BSD:"
    assert first[1].startswith('.error "make" means GNU make here.')
    assert first[2] == "endif"
    if bmake := shutil.which("bmake"):
        done = subprocess.run([bmake, "-C", ROOT, "help"], capture_output=True, text=True, check=False)
        assert done.returncode != 0
        assert '"make" means GNU make here' in done.stdout + done.stderr
