"""What is checked before a commit, without running anything.

    python -m tools.canonical NOTEBOOK ...         bring executed notebooks into canonical form
    python -m tools.canonical --size BYTES FILE ...  refuse files larger than that

Outputs stay: the tests compare them. A notebook with a cell that was never run is refused, not repaired.
"""

import sys
from pathlib import Path

from tools.execute import canonical_text, read


def unexecuted(notebook):
    """Positions of the cells with code that were never run."""
    cells = enumerate(notebook.cells, start=1)
    return [i for i, cell in cells if cell.cell_type == "code" and cell.source and not cell.execution_count]


def tidy(path):
    """Bring a notebook into canonical form; return what is wrong with it, or None."""
    notebook = read(path)
    if places := unexecuted(notebook):
        return f"{path}: expected an executed notebook, but cells {places} were never run; make execute does it"
    text = canonical_text(notebook)
    if text == path.read_text("utf-8"):
        return None
    path.write_text(text, encoding="utf-8")
    return f"{path}: was not in canonical form, is now"


def too_large(path, limit):
    """Return a complaint about a file with more bytes than the limit, or None."""
    size = path.stat().st_size
    return f"{path}: expected at most {limit} bytes, got {size}" if size > limit else None


def main(arguments):
    """Check the files named; return the exit status."""
    if arguments[:1] == ["--size"]:
        found = [too_large(Path(name), int(arguments[1])) for name in arguments[2:]]
    else:
        found = [tidy(Path(name)) for name in arguments]
    print("\n".join(filter(None, found)))
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
