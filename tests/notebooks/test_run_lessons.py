"""Lessons that were run, each once: their checks can fail, and the solutions on their pages are right."""

import numpy as np
import pytest

from backprop_book.verification import EquationError, verify
from tests.notebooks import exercise_checks as ec
from tests.notebooks import lesson_checks as lc

lessons = pytest.mark.parametrize("path", lc.LESSONS, ids=lambda path: path.stem)


@lessons
def test_every_check_fails_when_a_side_is_off_by_ten_tolerances(path):
    cells, (_, calls) = lc.code_of(lc.read(path)), lc.ran(path)
    assert {label for label, *_ in calls} == {lc.label_of(call) for call in lc.verify_calls(cells)}
    for label, left, right, tolerance in calls:
        scale = max(np.abs(left).max(), np.abs(right).max())
        for index in np.ndindex(right.shape):
            for sign in (1.0, -1.0):
                # From where the left side stands: the sides themselves may differ by up to one tolerance.
                wrong = right.copy()
                wrong[index] = left[index] + sign * 10.0 * tolerance * scale
                with pytest.raises(EquationError, match=label):
                    verify(label, left, wrong, tolerance=tolerance)


@lessons
def test_every_solution_on_a_page_is_right(path, tmp_path, monkeypatch):
    monkeypatch.setenv("BACKPROP_LIB_DATA", str(tmp_path))
    namespace, _ = lc.ran(path)
    assert ec.solution_faults(path.stem, lc.read(path), namespace) == []
