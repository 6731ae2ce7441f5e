"""Code shown in pages without cells is run, and what it prints is compared with what the page says."""

import re
import subprocess
import sys

import pytest

from tests.notebooks import lesson_checks as lc

SHOWN = re.compile(r"```python\n(?P<code>.*?)```\s+```text\n(?P<output>.*?)```", re.DOTALL)
DOCUMENTS = [lc.ROOT / "README.md", *lc.PAGES]


def shown_code(text):
    """Pairs of code and output; an error where code is shown without its output."""
    pairs = [(match["code"], match["output"]) for match in SHOWN.finditer(text)]
    assert len(pairs) == text.count("```python"), "Python code is shown without the output it has"
    return pairs


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_shown_code_prints_what_is_shown(document):
    for code, output in shown_code(document.read_text(encoding="utf-8")):
        result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
        assert (result.stdout, result.stderr) == (output, "")


def test_front_page_and_readme_show_code():
    for document in (lc.ROOT / "README.md", lc.ROOT / "index.md"):
        assert shown_code(document.read_text(encoding="utf-8"))


def test_code_without_output_is_refused():
    with pytest.raises(AssertionError, match="without the output"):
        shown_code("```python\nprint(1)\n```\n\nand then nothing")
