"""The page for lecturers keeps up with the book: its exercises, its kinds, its hours, what it says is printed."""

import os
import re
import subprocess
import sys

import pytest

from backprop_book import EXERCISES, MISTAKES, progress
from backprop_book.exercises import guard
from backprop_book.exercises.exercise import KINDS
from backprop_book.exercises.marks import Marks
from tests.notebooks import lesson_checks as lc

PAGE = (lc.ROOT / "chapters" / "teaching.md").read_text(encoding="utf-8")
LINK = re.compile(r"\{ref\}`(?P<number>[\d.]+) <(?P<label>[\w-]+)>`")
BARE = re.compile(r"(?<![\d.])[0-9]+\.[0-9]+(?![\d.])")  # what looks like the number of an exercise
LESSON = re.compile(r"\{doc\}`\d+ <(\w+)>` \((\d+)\)")
EXERCISE = re.compile(r"\{ref\}`([\d.]+) <[\w-]+>` \((\d+)\)")
READING = re.compile(r"Reading: (\d+) minutes")
PRINTED = re.compile(r"```text\n(Lesson .*?)```", re.DOTALL)


def rows(text, header):
    """Cells of the table's rows, below the header that begins so."""
    table = text.split(f"\n| {header}", 1)[1].split("\n\n", 1)[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def unknown_numbers(text):
    """Numbers of exercises that do not exist, and links that lead to another exercise than they say."""
    links = [match.groups() for match in LINK.finditer(text)]
    named = BARE.findall(text.replace("Python 3.11", ""))
    assert named
    wrong_ends = [number for number, label in links if label != "exercise-" + number.replace(".", "-")]
    return [number for number in named if number not in EXERCISES] + wrong_ends


def goal_entries(text):
    """Number and kind of all exercises in the table of goals."""
    return sorted(
        (match["number"], kind)
        for row in rows(text, "Students can")
        for kind, cell in zip(KINDS, row[1:], strict=True)
        for match in LINK.finditer(cell)
    )


def courses(text):
    """Hours, lessons and exercises of each course, both with their minutes."""
    return [
        (int(course.split()[0]), pairs(LESSON, lessons), pairs(EXERCISE, exercises))
        for course, lessons, exercises in rows(text, "Course")
    ]


def pairs(pattern, cell):
    """Names with their minutes; every entry of the cell must be one."""
    found = [(name, int(minutes)) for name, minutes in pattern.findall(cell)]
    assert len(found) == cell.count("{")
    return found


def test_every_number_on_the_page_is_an_exercise():
    assert unknown_numbers(PAGE) == []


def test_the_table_of_goals_has_every_exercise_once_with_its_kind():
    assert goal_entries(PAGE) == sorted((exercise.number, exercise.kind) for exercise in EXERCISES.values())


def test_there_are_courses_of_one_two_and_four_hours():
    assert [hours for hours, *_ in courses(PAGE)] == [1, 2, 4]


@pytest.mark.parametrize(("hours", "lessons", "exercises"), courses(PAGE))
def test_the_minutes_of_a_course_add_up_to_its_hours(hours, lessons, exercises):
    assert sum(minutes for _, minutes in lessons + exercises) == 60 * hours


@pytest.mark.parametrize(("hours", "lessons", "exercises"), courses(PAGE))
def test_a_course_sets_exercises_of_its_lessons_only(hours, lessons, exercises):
    read = {str(int(lesson[:2])) for lesson, _ in lessons}
    assert {EXERCISES[number].lesson for number, _ in exercises} == read


def test_a_lesson_takes_the_minutes_that_its_page_says():
    for _, lessons, _ in courses(PAGE):
        for lesson, minutes in lessons:
            text = lc.prose_of(lc.read(lc.ROOT / "chapters" / f"{lesson}.ipynb"))
            assert int(READING.search(text)[1]) == minutes


def test_an_exercise_takes_the_same_time_in_every_course():
    times = {entry for *_, exercises in courses(PAGE) for entry in exercises}
    assert len({number for number, _ in times}) == len(times)


def test_progress_prints_what_the_page_shows(tmp_path):
    [(_, _, exercises)] = [course for course in courses(PAGE) if course[0] == 1]
    lines = "".join(f'{{"solved": "{number}"}}\n' for number, _ in exercises)
    (tmp_path / "progress.jsonl").write_text(lines, encoding="utf-8")
    code = "from backprop_book import progress; progress()"
    environment = os.environ | {"BACKPROP_LIB_DATA": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert PRINTED.search(PAGE)[1] == done.stdout


def test_the_mistakes_are_counted():
    unseen = sum(bool(mistake.unseen_because) for mistake in MISTAKES.values())
    assert f"brings {len(MISTAKES)} wrong backward passes" in PAGE
    assert f"{unseen} of them pass a gradient check" in PAGE
    assert set(re.findall(r'MISTAKES\["([\w-]+)"\]', PAGE)) <= set(MISTAKES)


# The reading can fail.


@pytest.mark.parametrize(
    ("old", "new", "fault"), [("`3.6 <exercise-3-6>", "`3.66 <exercise-3-6>", "3.66"), ("<exercise-4-5>", "<x>", "4.5")]
)
def test_a_wrong_number_or_link_is_found(old, new, fault):
    assert fault in unknown_numbers(PAGE.replace(old, new))


def test_an_exercise_under_another_kind_is_found():
    moved = PAGE.replace("{ref}`6.5 <exercise-6-5>` | ", "| {ref}`6.5 <exercise-6-5>` ")
    assert ("6.5", "derive") in goal_entries(moved)


def test_an_entry_without_minutes_is_found():
    with pytest.raises(AssertionError):
        courses(PAGE.replace("<exercise-3-5>` (10)", "<exercise-3-5>`"))


def test_what_it_says_of_limits_and_of_the_file_holds(tmp_path, monkeypatch):
    assert "worked for three seconds of processor time, or waited for a minute" in PAGE
    assert (guard.SECONDS, guard.PATIENCE) == (3.0, 60.0)
    assert "`progress(reset=True)` in any notebook sets the file aside as `progress.old`" in PAGE
    monkeypatch.setenv("BACKPROP_LIB_DATA", str(tmp_path))
    Marks().add("1.1")
    progress(reset=True)
    assert [path.name for path in tmp_path.iterdir()] == ["progress.old"]
