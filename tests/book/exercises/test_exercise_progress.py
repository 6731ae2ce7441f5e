"""`progress` and its file: kept, shared, damaged, out of reach."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import backprop_lib
from backprop_book import EXERCISES, check_exercise, progress, session
from backprop_book.exercises.marks import Marks, marks_file

IN_1 = len(EXERCISES.lessons["1"])

ROOT = Path(backprop_lib.__file__).parents[1]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder of its own for the file, which does not exist yet."""
    monkeypatch.setenv("BACKPROP_LIB_DATA", str(tmp_path / "data"))
    restart(monkeypatch)
    return tmp_path / "data"


def restart(monkeypatch):
    """As if the kernel were started anew."""
    monkeypatch.setattr(session, "_session", session._Session())


def shown(capsys):
    capsys.readouterr()
    progress()
    return capsys.readouterr().out


def test_before_anything_is_checked_all_lessons_are_listed(capsys):
    counts = {lesson: len(exercises) for lesson, exercises in EXERCISES.lessons.items()}
    assert shown(capsys).splitlines() == [f"Lesson {lesson}: 0 of {n} solved" for lesson, n in counts.items()]
    assert counts["1"] >= 6


def test_afterwards_the_lesson_that_was_checked_last(capsys):
    check_exercise("2.4", 1024)
    check_exercise("1.2", -1.414)
    check_exercise("2.1", ...)
    lines = shown(capsys).splitlines()
    numbers = [exercise.number for exercise in EXERCISES.lessons["2"]]
    assert lines[0] == f"Lesson 2: 1 of {len(numbers)} solved"
    assert [line[:5] for line in lines[1:]] == [f"{'✓' if number == '2.4' else '·'} {number}" for number in numbers]
    assert lines[4] == "✓ 2.4 predict   Ways through ten blocks"


def test_marks_outlive_the_kernel_and_a_later_wrong_answer(capsys, monkeypatch):
    check_exercise("1.2", -1.414)
    restart(monkeypatch)
    check_exercise("1.2", 5.0)
    assert shown(capsys).startswith(f"Lesson 1: 1 of {IN_1} solved")


def test_only_right_answers_are_marked(folder):
    for answer in (..., 5.0, -2.0):
        check_exercise("1.2", answer)
    assert not folder.exists()


def test_the_file_is_small_and_each_exercise_is_in_it_once(folder):
    for _ in range(3):
        check_exercise("1.2", -1.414)
        check_exercise("2.4", 1024)
    lines = marks_file().read_text().split()
    assert "".join(lines) == '{"solved":"1.2"}{"solved":"2.4"}'
    assert marks_file() == folder / "progress.jsonl"


def test_the_users_data_folder_is_the_default(monkeypatch):
    monkeypatch.delenv("BACKPROP_LIB_DATA")
    assert marks_file().is_absolute()
    assert "backprop_lib" in marks_file().parts


@pytest.mark.parametrize("variable", [None, "", "~/marks", "~stranger/marks"])
def test_without_a_home_the_marks_last_as_long_as_the_kernel(variable, capsys, monkeypatch, tmp_path):
    def unknown(*arguments):
        raise KeyError("no such user")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setattr("pwd.getpwnam", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("BACKPROP_LIB_DATA")
    monkeypatch.chdir(tmp_path)
    if variable is not None:
        monkeypatch.setenv("BACKPROP_LIB_DATA", variable)
    check_exercise("1.2", -1.414)
    check_exercise("1.1", "c")
    out = capsys.readouterr().out
    assert out.count("the file cannot be read (no home folder is known; name a folder in BACKPROP_LIB_DATA)") == 1
    assert shown(capsys).startswith(f"Lesson 1: 2 of {IN_1} solved")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_home_may_be_named_by_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("BACKPROP_LIB_DATA", "~/marks")
    check_exercise("1.2", -1.414)
    assert (tmp_path / "marks/progress.jsonl").is_file()


def test_a_new_term_begins_without_marks_and_the_old_ones_are_set_aside(folder, capsys, monkeypatch):
    check_exercise("1.2", -1.414)
    before = marks_file().read_bytes()
    capsys.readouterr()
    progress(reset=True)
    aside = folder / "progress.old"
    first, *rest = capsys.readouterr().out.splitlines()
    assert first == f"No exercise is marked as solved any more. The marks so far are set aside as {aside}."
    assert rest[0] == f"Lesson 1: 0 of {IN_1} solved"
    assert aside.read_bytes() == before
    restart(monkeypatch)
    assert shown(capsys).startswith(f"Lesson 1: 0 of {IN_1} solved")
    check_exercise("1.2", -1.414)
    assert marks_file().read_bytes() == before


def test_a_reset_without_marks_or_without_a_file_that_can_be_moved(folder, capsys, monkeypatch):
    progress(reset=True)
    assert capsys.readouterr().out.startswith("No exercise was marked as solved.\nLesson 1: 0")
    aside = folder / "progress.old"
    aside.mkdir(parents=True)
    check_exercise("1.2", -1.414)
    capsys.readouterr()
    progress(reset=True)
    out = capsys.readouterr().out
    assert out.startswith("Solved exercises stay marked: the file cannot be set aside (")
    assert f"Lesson 1: 1 of {IN_1} solved" in out


@pytest.mark.parametrize("reset", [1, "yes", None])
def test_a_reset_that_is_no_truth_value_is_refused(reset, folder):
    check_exercise("1.2", -1.414)
    with pytest.raises(TypeError, match=r"^reset: expected True or False, got "):
        progress(reset=reset)
    assert marks_file().is_file()


@pytest.mark.parametrize(
    "damage",
    [
        b"\xff\xfe\x00rubbish",
        b"{",
        b"[1, 2]",
        b'{"solved": 3}',
        b'{"other": "1.1"}',
        b'{"solved": "1.',
        b"null",
        b"[" * 100_000,
        b"\x00" * 100,
        json.dumps({"solved": ["1.1"]}).encode(),
    ],
    ids=lambda damage: damage[:12].hex(" "),
)
def test_a_damaged_file_is_set_aside_and_the_rest_of_it_kept(damage, folder, capsys):
    check_exercise("1.2", -1.414)
    with marks_file().open("ab") as file:
        file.write(b"\n" + damage)
    before = marks_file().read_bytes()
    check_exercise("1.1", "c")
    message, *rest = capsys.readouterr().out.splitlines()[2:]
    assert message.startswith("The file of solved exercises was damaged. It is set aside as ")
    assert rest == []
    assert marks_file().with_suffix(".damaged").read_bytes() == before
    assert Marks().read() == {"1.1", "1.2"}
    assert shown(capsys).startswith(f"Lesson 1: 2 of {IN_1} solved")


def test_a_line_that_was_cut_off_takes_no_other_with_it(folder, capsys):
    check_exercise("1.2", -1.414)
    marks_file().write_bytes(marks_file().read_bytes() + b'\n{"sol')
    Marks()._append(["2.4"])  # as another kernel does that has not read the file since
    assert Marks().read() == {"1.2", "2.4"}


def test_an_empty_file_is_no_damage(folder, capsys):
    folder.mkdir()
    marks_file().write_bytes(b"")
    assert shown(capsys).startswith(f"Lesson 1: 0 of {IN_1}")


def test_numbers_of_another_edition_are_kept_and_not_counted(folder, capsys):
    Marks().add("77.1")
    check_exercise("1.2", -1.414)
    assert shown(capsys).startswith(f"Lesson 1: 1 of {IN_1} solved")
    assert Marks().read() == {"77.1", "1.2"}


def out_of_reach(kind, folder):
    if kind == "folder is a file":
        folder.write_text("no folder")
    elif kind == "file is a folder":
        marks_file().mkdir(parents=True)
    else:
        folder.parent.joinpath("loop").symlink_to(folder.parent / "loop")
        os.environ["BACKPROP_LIB_DATA"] = str(folder.parent / "loop")


@pytest.mark.parametrize("kind", ["folder is a file", "file is a folder", "endless link"])
def test_without_a_file_the_marks_last_as_long_as_the_kernel(kind, folder, capsys, monkeypatch):
    monkeypatch.setenv("BACKPROP_LIB_DATA", str(folder))
    out_of_reach(kind, folder)
    check_exercise("1.2", -1.414)
    check_exercise("1.1", "c")
    out = capsys.readouterr().out
    assert out.count("Solved exercises are remembered until this kernel stops") == 1
    assert shown(capsys).startswith(f"Lesson 1: 2 of {IN_1} solved")


def test_a_damaged_file_in_a_folder_that_cannot_be_written(folder, capsys, monkeypatch):
    folder.mkdir()
    marks_file().write_text('{"solved": "1.2"}\nrubbish')

    def refused(*arguments):
        raise PermissionError("read only")

    monkeypatch.setattr(os, "replace", refused)
    progress()
    assert "the file cannot be mended (read only)" in capsys.readouterr().out
    assert shown(capsys).startswith(f"Lesson 1: 1 of {IN_1} solved")


def test_kernels_at_once_lose_no_mark_of_each_other(folder):
    code = """
from backprop_book.exercises.marks import Marks
marks = Marks()
for i in range(100):
    marks.add(f"{}.{i}")
"""
    kernels = [subprocess.Popen([sys.executable, "-c", code.replace("{}", str(k))], cwd=ROOT) for k in range(3)]
    assert [kernel.wait(timeout=120) for kernel in kernels] == [0, 0, 0]
    assert Marks().read() == {f"{k}.{i}" for k in range(3) for i in range(100)}


def test_nothing_is_written_by_what_only_reads(folder):
    progress()
    for number in EXERCISES:
        check_exercise(number, ...)
    assert not folder.exists()
