"""The style of drawings: the same whatever a reader has set up for Matplotlib."""

import os
import subprocess
import sys

import matplotlib
import pytest

PERSONAL = """
axes.grid: True
axes.prop_cycle: cycler("color", ["ff0000"])
figure.autolayout: True
font.family: monospace
font.size: 30
image.cmap: jet
lines.marker: o
savefig.bbox: tight
savefig.transparent: True
svg.image_inline: False
xtick.direction: in
"""
DRAW = """
import hashlib
from backprop_book.drawing import subplots
from backprop_book.drawing.style import rendered
figure, axes = subplots()
axes.plot([0, 1], [0, 2])
axes.set_title("A line")
print(hashlib.sha256(rendered(figure, "svg") + rendered(figure, "png")).hexdigest())
"""


def drawn(settings):
    """Return the checksum of a drawing made with these settings."""
    environment = os.environ | {"MATPLOTLIBRC": str(settings)}
    done = subprocess.run([sys.executable, "-c", DRAW], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_personal_matplotlibrc_changes_no_drawing(tmp_path):
    (tmp_path / "matplotlibrc").write_text(PERSONAL, encoding="utf-8")
    assert drawn(tmp_path / "matplotlibrc") == drawn(os.devnull)


@pytest.mark.parametrize("line", PERSONAL.strip().splitlines())
def test_what_was_tried_is_a_setting_that_differs_from_the_default(line):
    name, value = line.split(": ", 1)
    assert matplotlib.RcParams({name: value})[name] != matplotlib.rcParamsDefault[name]
