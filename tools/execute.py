"""Execute notebooks and save them in canonical form.

    python tools/execute.py                   every notebook in chapters/
    python tools/execute.py PATH [PATH ...]   these

Canonical: execution counts 1, 2, 3 …; no metadata that differs between machines; no widget views, which no
static viewer can show; the same bytes for the same results.
"""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.reader import NotJSONError

from backprop_book.saved_notebooks import WIDGET_VIEW

CHAPTERS = Path(__file__).parent.parent / "chapters"
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


def execute(path):
    """Run a notebook in its own folder and write it back in canonical form. An error in a cell is raised."""
    notebook = read(path)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}})
    with tempfile.TemporaryDirectory() as empty:  # no exercise is solved there, and nothing set up by anybody
        client.execute(env=impersonal(os.environ, empty))
    path.write_text(canonical_text(notebook), encoding="utf-8")


def impersonal(environ, empty):
    """Return the environment variables of a kernel that depends on nobody's settings; `empty` is a folder."""
    return environ | {"BACKPROP_LIB_DATA": empty, "IPYTHONDIR": empty, "MATPLOTLIBRC": os.devnull}


def read(path):
    """Read a notebook. An error names the file."""
    try:
        return nbformat.read(path, as_version=4)
    except NotJSONError as error:
        raise ValueError(f"{path}: expected a notebook; did a merge leave both versions in it?") from error


def canonical_text(notebook):
    """Text of an executed notebook, in canonical form."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for index, cell in enumerate(notebook.cells):
        # Ids by position and kind: stable as long as the cells before stay, and never random.
        cell.id = f"{cell.cell_type}-{index}"
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in ("mystnb", "tags") if key in cell.metadata}
        )
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_canonical_output(output, count) for output in _merged_streams(cell.outputs)]
    nbformat.validate(notebook)
    return nbformat.writes(notebook) + "\n"


def _merged_streams(outputs):
    """Outputs with neighbouring pieces of one stream joined: where a print is cut depends on timing."""
    merged = []
    for output in outputs:
        previous = merged[-1] if merged else None
        if output.output_type == "stream" and previous and previous.get("name") == output.name:
            previous.text += output.text
        else:
            merged.append(output)
    return merged


def _canonical_output(output, count):
    if "execution_count" in output:
        output.execution_count = count
    if "data" in output:
        output.data.pop(WIDGET_VIEW, None)
    return output


def main(arguments):
    """Execute the notebooks named, or all."""
    for path in [Path(argument) for argument in arguments] or sorted(CHAPTERS.glob("*.ipynb")):
        print(f"executing {path}")
        execute(path)


if __name__ == "__main__":
    main(sys.argv[1:])
