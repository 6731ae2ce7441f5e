"""What a lesson says that PyTorch prints: the code on the page is run, and the page's own numbers are the same."""

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

LESSON = Path(__file__).parents[2] / "chapters" / "04_vectorization.ipynb"
SHOWN = re.compile(r"```python\n(?P<code>import torch\n.*?)```.*?```text\n(?P<output>.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def cells():
    return json.loads(LESSON.read_text(encoding="utf-8"))["cells"]


def text(cell):
    return "".join(cell["source"])


@pytest.fixture(scope="module")
def shown(cells):
    """The only place where the lesson shows code for PyTorch, with the output below it."""
    [match] = [match for cell in cells for match in SHOWN.finditer(text(cell))]
    return match


@pytest.fixture
def printed(torch, shown):
    """What the code on the page prints, the default precision put back afterwards."""
    kept, printed = torch.get_default_dtype(), io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(shown["code"], LESSON.name, "exec"), {})
    finally:
        torch.set_default_dtype(kept)
    return printed.getvalue()


def ours(cells):
    """Output of the page's cell that computes the same without PyTorch."""
    after = next(index for index, cell in enumerate(cells) if SHOWN.search(text(cell)))
    cell = next(cell for cell in cells[after:] if cell["cell_type"] == "code")
    return "".join(line for output in cell["outputs"] for line in output["text"])


def test_pytorch_prints_what_the_page_shows(printed, shown):
    assert printed == shown["output"]
    assert len(re.findall(r"-?\d\.\d{4}", printed)) == 6 + 3 + 2 + 8


def test_the_page_computes_what_pytorch_prints(printed, cells):
    assert ours(cells) == printed
