"""A notebook that a reader ran and saved can be opened again: a live widget is not saved where something else stands.

Shown with the server that README's commands start, in which jupytext has put another manager of files in place.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request

import pytest

from backprop_book.saved_notebooks import WIDGET_VIEW, drop_widget_views

ADDRESS = re.compile(r"(?P<url>http://127\.0\.0\.1:\d+/)lab\?token=(?P<token>\w+)\s")


@pytest.fixture
def server(tmp_path):
    """Start JupyterLab in an empty folder, with the environment's settings alone; return its address and its token."""
    places = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    (tmp_path / "lessons").mkdir()
    command = [sys.executable, "-m", "jupyterlab", tmp_path / "lessons", "--no-browser", "--allow-root", "--port=0"]
    environment = os.environ | places | {"JUPYTER_PREFER_ENV_PATH": "1"}
    log = tmp_path / "log"
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        while not (found := ADDRESS.search(log.read_text())):
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait()


def request(server, method, path, content=None):
    """Ask the running server for something, and return its answer."""
    body = None if content is None else json.dumps(content).encode()
    headers = {"Authorization": f"token {server['token']}"}
    asked = urllib.request.Request(server["url"] + path, data=body, headers=headers, method=method)
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def notebook():
    """Return a notebook with an interactive figure as a cell shows it, and with a bar that is a widget and no more."""
    figure = {"text/html": "<div>", "text/plain": "text", WIDGET_VIEW: {"model_id": "1"}}
    bar = {"text/plain": "a progress bar", WIDGET_VIEW: {"model_id": "2"}}
    outputs = [{"output_type": "display_data", "metadata": {}, "data": data} for data in (figure, bar)]
    outputs.append({"output_type": "stream", "name": "stdout", "text": "printed"})
    code = {"cell_type": "code", "id": "a", "metadata": {}, "execution_count": 1, "source": "x", "outputs": outputs}
    prose = {"cell_type": "markdown", "id": "b", "metadata": {}, "source": "prose"}
    return {"cells": [code, prose], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_what_a_reader_saves_keeps_only_what_needs_no_kernel(server, tmp_path):
    request(server, "PUT", "api/contents/run.ipynb", {"type": "notebook", "content": notebook()})
    saved = json.loads((tmp_path / "lessons/run.ipynb").read_text("utf-8"))
    figure, bar, printed = saved["cells"][0]["outputs"]
    assert set(figure["data"]) == {"text/html", "text/plain"}
    assert set(bar["data"]) == {"text/plain", WIDGET_VIEW}
    assert "".join(printed["text"]) == "printed"
    request(server, "PUT", "api/contents/note.txt", {"type": "file", "format": "text", "content": "no cells here"})
    assert (tmp_path / "lessons/note.txt").read_text("utf-8").strip() == "no cells here"


def test_a_folder_has_no_outputs():
    model = {"type": "directory", "content": None}
    drop_widget_views(model, path="folder")
    assert model == {"type": "directory", "content": None}


def test_the_server_loads_it_without_the_library():
    code = "import sys, backprop_book.saved_notebooks; print({'numpy', 'backprop_lib'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
