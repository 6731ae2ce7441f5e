"""Behind the name of an equation after a tick stands its number, the one that the equation has on the page."""

import re

import pytest

from tests.notebooks import lesson_checks as lc

TICK = re.compile(r'✓ (eq-[\w-]+) <a class="reference internal" href="#equation-\1">\((\d+\.\d+)\)</a> agrees to ')
EQUATION = re.compile(r'id="equation-(eq-[\w-]+)".*?<span class="eqno">\((\d+\.\d+)\)', re.DOTALL)


@pytest.mark.parametrize("lesson", lc.LESSONS, ids=lambda path: path.stem)
def test_every_tick_has_the_number_of_its_equation(lesson, site):
    page = (site / "chapters" / f"{lesson.stem}.html").read_text(encoding="utf-8")
    numbers = dict(EQUATION.findall(page))
    ticks = TICK.findall(page)
    printed = [output.text for cell in lc.read(lesson).cells for output in cell.get("outputs", []) if "text" in output]
    assert len(ticks) == "".join(printed).count("✓ eq-") > 0
    assert [(label, number) for label, number in ticks if numbers.get(label) != number] == []
