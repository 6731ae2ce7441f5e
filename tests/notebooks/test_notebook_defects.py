"""What would slip into a committed notebook is caught: by nbval, or by the check of its form."""

import os
import re
import subprocess
import sys

import nbformat
import pytest

from tests.notebooks import lesson_checks as lc
from tools.nbval_drawings import Drawing

CELLS = [
    "from backprop_book import drawing",
    "print('the loss is 0.25')",
    "figure, axis = drawing.subplots()\nline = axis.plot([0.0, 1.0], [0.0, 2.0])\n"
    "drawing.show(figure, alt='A line that rises from zero to two.')",
]


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A small notebook, executed as `make execute` does."""
    path = tmp_path_factory.mktemp("sound") / "sound.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    subprocess.run([sys.executable, "tools/execute.py", str(path)], cwd=lc.ROOT, check=True, capture_output=True)
    return path


def test_nobody_s_settings_reach_an_executed_notebook(sound, tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 30\nsvg.fonttype: path\naxes.grid: True\n", encoding="utf-8")
    (tmp_path / "profile_default/startup").mkdir(parents=True)
    (tmp_path / "profile_default/startup/mine.py").write_text("print('mine')", encoding="utf-8")
    personal = {"MPLCONFIGDIR": str(tmp_path), "MATPLOTLIBRC": str(tmp_path), "IPYTHONDIR": str(tmp_path)}
    again = tmp_path / "sound.ipynb"
    again.write_bytes(sound.read_bytes())
    command = [sys.executable, "tools/execute.py", str(again)]
    subprocess.run(command, cwd=lc.ROOT, env=os.environ | personal, check=True, capture_output=True)
    assert again.read_bytes() == sound.read_bytes()


def nbval(folder):
    """Run nbval, with the book's own comparison of drawings, on all notebooks of a folder."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "--nbval",
        "-p",
        "no:cacheprovider",
        "-c",
        "pyproject.toml",
        "-rf",
        folder,
    ]
    command += ["-p", "nbval_drawings"]
    environment = os.environ | {"PYTHONPATH": str(lc.ROOT / "tools")}
    return subprocess.run(command, cwd=lc.ROOT, env=environment, capture_output=True, text=True)


def edited(sound, folder, name, old, new):
    text = sound.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def test_nbval_catches_changed_outputs_and_broken_cells_and_names_them(sound, tmp_path):
    edited(sound, tmp_path, "number.ipynb", '"the loss is 0.25\\n"', '"the loss is 0.26\\n"')
    edited(
        sound, tmp_path, "figure.ipynb", "line = axis.plot([0.0, 1.0], [0.0, 2.0])", "line = axis.plot([0, 1], [2, 0])"
    )
    edited(sound, tmp_path, "broken.ipynb", "from backprop_book import drawing", "from backprop_lib import figure")
    result = nbval(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    for failure in ("number.ipynb::Cell 1", "figure.ipynb::Cell 2", "broken.ipynb::Cell 0"):
        assert re.search(rf"^FAILED \S*{re.escape(failure)}", result.stdout, re.MULTILINE), result.stdout


def test_nbval_passes_the_sound_notebook(sound):
    result = nbval(sound.parent)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout
    assert lc.form_faults(sound) == []


def test_stripped_outputs_are_caught(sound, tmp_path):
    notebook = lc.read(sound)
    for cell in notebook.cells:
        cell.outputs, cell.execution_count = [], None
    path = tmp_path / "stripped.ipynb"
    nbformat.write(notebook, path)
    assert any("execution counts" in fault for fault in lc.form_faults(path))


def test_metadata_of_one_machine_is_caught(sound, tmp_path):
    notebook = lc.read(sound)
    notebook.metadata.kernelspec.display_name = "my environment"
    path = tmp_path / "machine.ipynb"
    nbformat.write(notebook, path)
    assert any("canonical" in fault for fault in lc.form_faults(path))


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda cell: cell.metadata.update(tags=["nbval-skip"]), "keep nbval from"),
        (lambda cell: cell.update(source=f"# NBVAL_SKIP\n{cell.source}"), "keep nbval from"),
        (lambda cell: cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text="old")), "no warning"),
        (lambda cell: cell.outputs[0].data.pop("image/png"), "without the PNG"),
    ],
)
def test_what_nbval_would_pass_in_silence_is_caught(sound, tmp_path, change, fault):
    notebook = lc.read(sound)
    change(notebook.cells[-1])
    path = tmp_path / "hidden.ipynb"
    nbformat.write(notebook, path)
    assert any(fault in found for found in lc.form_faults(path))


LINE = (
    '<svg><path transform="scale(1.0)" d="M 10.00 20.00 L 30.00 40.00" style="stroke: #1f5fa8"/>'
    '<text x="1">0.25</text></svg>'
)


@pytest.mark.parametrize("other", [LINE.replace("20.00", "20.49"), LINE.replace('x="1"', 'x="1.2"'), LINE])
def test_drawings_may_differ_by_half_a_point(other):
    assert Drawing(LINE) == other
    assert (Drawing(LINE) != other) is False  # nbval asks this way round


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("20.00", "20.51"),
        ("#1f5fa8", "#1f5fa9"),
        ("0.25", "0.26"),
        (" L 30.00 40.00", ""),
        ("path", "line"),
        ("scale(1.0)", "scale(1.4)"),
    ],
)
def test_drawings_that_differ_otherwise_are_unequal(old, new):
    assert (Drawing(LINE) == LINE.replace(old, new)) is False
    assert Drawing(LINE) != LINE.replace(old, new)
