"""How the tests are started changes nothing: in the background, without a terminal or a standard input, elsewhere."""

import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SENSITIVE = [
    "tests/book/exercises/test_exercises.py::test_an_interrupt_from_outside_stops_the_call_and_passes_through",
    "tests/book/exercises/test_exercises.py::test_prints_are_seen_once_and_warnings_not_at_all",
    "tests/book/explorer/test_explorer_widget.py",  # imports IPython, which asks for the encoding of the standard input
]
ELSEWHERE = {"NO_COLOR": "1", "FORCE_COLOR": "1", "TERM": "dumb", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "1"}


def in_the_background():
    """As `nohup make test <&- &` does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.close(0)


def test_they_pass_in_the_background_with_a_closed_standard_input():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *SENSITIVE]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | ELSEWHERE,
        preexec_fn=in_the_background,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
