"""Which exercises are solved: a small file of JSON lines in the user's data folder.

Each line is one exercise, {"solved": "3.2"}, and a mark only ever adds a line. So two kernels at once do not
overwrite each other's, and a line that was cut off takes no other with it.
"""

import json
import os
from pathlib import Path

import platformdirs

FOLDER_VARIABLE = "BACKPROP_LIB_DATA"  # another folder than the user's: for a class on one machine, for tests


def marks_file():
    """Where the marks are kept.

    Raises
    ------
    OSError
        If that is in a home folder, and there is none: no HOME, and the system does not know the user.
    """
    try:
        folder = os.environ.get(FOLDER_VARIABLE) or platformdirs.user_data_dir("backprop_lib", appauthor=False)
        return Path(folder).expanduser() / "progress.jsonl"
    except RuntimeError:
        raise OSError(f"no home folder is known; name a folder in {FOLDER_VARIABLE}") from None


class Marks:
    """Numbers of the exercises that are solved, those of this kernel also where the file cannot be written."""

    def __init__(self):
        self.here = set()
        self.warned = False

    def add(self, number):
        """Mark an exercise as solved."""
        solved = self.read()
        self.here.add(number)
        if number not in solved:
            self._append([number])

    def read(self):
        """All that are marked. A damaged file is set aside, and what can be read of it is kept."""
        try:
            text = marks_file().read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return set(self.here)
        except OSError as error:
            self._warn("read", error)
            return set(self.here)
        numbers = [_number_in(line) for line in text.split("\n") if line]
        solved = {number for number in numbers if number}
        if None in numbers:
            self._set_aside(solved)
        return solved | self.here

    def forget(self):
        """Set the file aside, so that nothing is solved, and say where it is."""
        self.here.clear()
        try:
            aside = marks_file().with_suffix(".old")
            os.replace(marks_file(), aside)
        except FileNotFoundError:
            print("No exercise was marked as solved.")
        except OSError as error:
            print(f"Solved exercises stay marked: the file cannot be set aside ({error}).")
        else:
            print(f"No exercise is marked as solved any more. The marks so far are set aside as {aside}.")

    def _append(self, numbers):
        lines = "".join("\n" + json.dumps({"solved": number}) for number in numbers)  # the break ends a torn line
        try:
            path = marks_file()
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("ab", buffering=0) as file:
                file.write(lines.encode())  # in one piece at the end, wherever another kernel has moved that to
        except OSError as error:
            self._warn("written", error)

    def _set_aside(self, solved):
        path = marks_file()
        aside = path.with_suffix(".damaged")
        try:
            os.replace(path, aside)
        except OSError as error:
            self._warn("mended", error)
        else:
            print(f"The file of solved exercises was damaged. It is set aside as {aside}; what could be read is kept.")
            self._append(sorted(solved))

    def _warn(self, what, error):
        """Say once why there is no file."""
        if not self.warned:
            print(f"Solved exercises are remembered until this kernel stops: the file cannot be {what} ({error}).")
        self.warned = True


def _number_in(line):
    """The number in a line of the file; None where the line is damaged."""
    try:
        number = json.loads(line)["solved"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return number if isinstance(number, str) else None
