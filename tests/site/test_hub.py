"""The recipe of a class's image, read and followed in part. `make hub` follows all of it, and rehearses a class."""

import asyncio
import re
import subprocess
import sys
import zipfile

import psutil
import pytest

from backprop_book.saved_notebooks import WIDGET_VIEW
from tests.site.site_checks import ROOT, pins
from tools import hub_rehearsal
from tools.hub_image import DOCKERFILE, Image, instructions
from tools.hub_student import count_live

RECIPE = instructions(DOCKERFILE.read_text("utf-8"))
COPIED = [source for instruction, rest in RECIPE if instruction == "COPY" for source in rest.split()[:-1]]


def lines(name):
    """Return a file's lines that say something."""
    return [line for line in (ROOT / name).read_text("utf-8").splitlines() if line and not line.startswith("#")]


HUB = pins(ROOT / "hub/requirements.txt")


def test_every_requirement_is_pinned_as_in_the_tests_and_the_file_can_stand_alone():
    assert len(HUB) == len(lines("hub/requirements.txt"))
    full = pins(ROOT / "requirements.txt")
    common = HUB.keys() & full.keys()
    assert {name: HUB[name] for name in common} == {name: full[name] for name in common}


def test_the_image_has_what_a_hub_and_a_lesson_need():
    assert {"jupyterhub", "jupyterlab", "nbgitpuller"} | pins(ROOT / "binder/requirements.txt").keys() <= HUB.keys()
    assert not {"jupyter-book", "pytest", "ruff", "scipy"} & HUB.keys()
    assert ("ENV", "OPENBLAS_NUM_THREADS=1") in RECIPE
    assert RECIPE[-1] == ("CMD", '["jupyterhub-singleuser"]')


def test_python_and_the_hub_s_version_are_those_of_the_pins():
    python = (ROOT / "binder/runtime.txt").read_text("utf-8").strip().removeprefix("python-")
    assert RECIPE[0] == ("FROM", f"python:{python}-slim")
    assert ("ARG", f"JUPYTERHUB={HUB['jupyterhub']}") in RECIPE
    command = f"docker build --file hub/Dockerfile --build-arg JUPYTERHUB={HUB['jupyterhub']} --tag backprop ."
    assert command in DOCKERFILE.read_text("utf-8")
    assert command in (ROOT / "chapters/teaching.md").read_text("utf-8")


def test_what_is_installed_belongs_to_root():
    order = [instruction for instruction, _ in RECIPE]
    assert "RUN" not in order[order.index("USER") :]
    installs = [rest for instruction, rest in RECIPE if instruction == "RUN" and "pip" in rest]
    assert installs[-1] == "pip install --no-cache-dir --no-deps /tmp/book"
    assert not any(re.search(r" -e |--editable|--user", rest) for rest in installs)


def test_docker_is_sent_what_is_copied_and_nothing_else():
    everything, *let_through, caches = lines("hub/Dockerfile.dockerignore")
    assert (everything, caches) == ("*", "**/__pycache__")
    assert sorted(let_through) == sorted(f"!{source}" for source in COPIED)


def test_the_package_made_from_it_is_whole(tmp_path):
    image = Image(tmp_path / "root")
    for instruction, rest in RECIPE:
        if instruction == "COPY":
            image.follow(instruction, rest)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", tmp_path]
    subprocess.run([*command, image.folder / "tmp/book"], check=True)
    [wheel] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for package in ("backprop_lib", "backprop_book"):
        modules = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
        assert modules <= set(names)
    for ending in (
        "/etc/jupyter/jupyter_server_config.d/backprop_book.json",
        "/player.js",
        "/player.css",
        "/digits.npz",
    ):
        assert any(name.endswith(ending) for name in names)


def test_instructions_are_followed_in_the_folder_and_what_is_for_the_system_is_left_out(tmp_path):
    image = Image(tmp_path)
    image.follow("ENV", "GREETING=hello")
    image.follow("COPY", "LICENSE README.md /tmp/some/")
    image.follow("RUN", 'ls /tmp/some > listed && echo "$GREETING" >> listed')
    image.follow("RUN", "apt-get update && touch /tmp/forbidden")
    assert (tmp_path / "listed").read_text() == "LICENSE\nREADME.md\nhello\n"
    assert not (tmp_path / "tmp/forbidden").exists()
    with pytest.raises(subprocess.CalledProcessError):
        image.follow("RUN", "false")
    with pytest.raises(ValueError, match="got VOLUME /data"):
        image.follow("VOLUME", "/data")


class Student:
    """A student who can or cannot do it."""

    def __init__(self, able):
        self.able, self.done = able, []


async def work(student):
    if not student.able:
        raise RuntimeError("the kernel is dead")
    student.done.append("work")


async def save(student):
    student.done.append("save")


@pytest.mark.parametrize(("able", "failed"), [([True, True], 0), ([True, False, True], 1), ([False], 1)])
def test_one_failure_is_told_and_counted_and_the_others_go_on(monkeypatch, capsys, able, failed):
    monkeypatch.setattr(hub_rehearsal, "STEPS", [work, save])
    students = [Student(one) for one in able]
    assert asyncio.run(hub_rehearsal.rehearse(students, psutil.Process())) == failed
    assert capsys.readouterr().out.count("RuntimeError: the kernel is dead") == failed
    assert [one.done for one in students] == [["work", "save"] if one.able else [] for one in students]


def test_a_live_figure_is_one_that_was_saved_beside_its_saved_form():
    def notebook(*kinds):
        return {"cells": [{"source": "prose"}, {"outputs": [{"data": dict.fromkeys(kinds)}, {"name": "stdout"}]}]}

    assert count_live(notebook(WIDGET_VIEW, "text/html")) == 1
    assert count_live(notebook(WIDGET_VIEW)) == count_live(notebook("text/html")) == 0
