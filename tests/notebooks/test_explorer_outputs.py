"""Interactive figures in notebooks: the same bytes each time, compared by nbval, equal with other kernels of BLAS."""

import os
import subprocess
import sys
from types import SimpleNamespace

import nbformat
import pytest

from tests.notebooks import lesson_checks as lc
from tools.nbval_drawings import EXPLORER, IPyNbCell

CELLS = [
    "import numpy as np\n\nfrom backprop_book.explorer import Explorer",
    "def draw(figure, size):\n"
    "    A = np.random.default_rng(0).normal(size=(size, size))\n"
    "    values = np.linalg.svd(A @ A.T)[1]  # its last digits depend on the kernel of BLAS\n"
    "    figure.subplots().semilogy(values, 'o')\n"
    "    return f'The largest of {size} singular values is {values[0]:.3g}.'",
    "Explorer(draw, alt='Singular values of random matrices, from large to small.', size=[20, 40, 80])",
]


def execute(path, **environment):
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    command = [sys.executable, "tools/execute.py", str(path)]
    subprocess.run(command, cwd=lc.ROOT, env=os.environ | environment, check=True, capture_output=True)
    return lc.read(path).cells[-1].outputs[0].data


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The forms of an interactive figure as `make execute` saves them."""
    return execute(tmp_path_factory.mktemp("explorer") / "explorer.ipynb")


def compared(html):
    """Return the HTML as nbval compares it."""
    return IPyNbCell.sanitize(SimpleNamespace(parent=SimpleNamespace(sanitize_patterns={})), html)


def test_a_notebook_holds_player_picture_and_text_and_no_widget(data):
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert data["text/html"].startswith(EXPLORER)


def test_executed_again_it_has_the_same_bytes(data, tmp_path):
    assert execute(tmp_path / "again.ipynb") == data


def test_its_form_is_that_of_every_notebook(tmp_path):
    execute(tmp_path / "form.ipynb")
    assert lc.form_faults(tmp_path / "form.ipynb") == []


@pytest.mark.parametrize("kernel", ["Haswell", "Prescott"])
def test_another_kernel_of_blas_gives_an_equal_figure(data, tmp_path, kernel):
    other = execute(tmp_path / "other.ipynb", OPENBLAS_CORETYPE=kernel)
    assert compared(other["text/html"]) == compared(data["text/html"])


def test_another_picture_and_another_checksum_are_no_difference(data):
    html = data["text/html"]
    picture = html.replace("base64,iVBOR", "base64,iVBXX")
    name = html.partition('id="x')[2][:8]
    assert picture != html
    assert compared(picture) == compared(html)
    assert compared(html.replace(f"x{name}-", "x01234567-")) == compared(html)
    assert (compared(html.replace(f"x{name}-", "x01234567-")) != compared(html)) is False


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("The largest of 40", "The largest of 41"),
        ("#1f77b4", "#1f77b5"),
        ('data-in="1"', 'data-in="0"'),
        ('<span class="explorer-label">size', '<span class="explorer-label">sizes'),
        ("use strict", "use"),
    ],
)
def test_other_differences_are_found(data, old, new):
    html = data["text/html"]
    assert old in html
    assert compared(html.replace(old, new, 1)) != compared(html)


def test_a_point_that_moved_is_found(data):
    html = data["text/html"]
    before, after = html.split('<use href="', 1)
    start, rest = after.split(' x="', 1)
    place = rest.partition('"')[0]
    for move, equal in [(0.4, True), (0.6, False)]:
        moved = f'{before}<use href="{start} x="{float(place) + move}{rest[len(place) :]}'
        assert (compared(moved) == compared(html)) is equal
