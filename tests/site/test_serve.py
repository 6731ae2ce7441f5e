"""`make serve` and `serve.py`: on this machine only, at a free port, with the types that a browser asks for."""

import socket
import subprocess
import sys
import threading
import urllib.request
import zipfile

import pytest

from tests.site.site_checks import ROOT
from tools import book_zip, serve


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "index.html").write_text("the book", encoding="utf-8")
    for name in ("a.mjs", "a.js", "a.wasm"):
        (tmp_path / name).touch()
    return tmp_path


def test_it_serves_on_this_machine_only_with_the_types_of_modules(folder):
    with serve.server(folder) as book:
        assert book.server_address[0] == "127.0.0.1"
        threading.Thread(target=book.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{book.server_port}/"
        types = {
            name: urllib.request.urlopen(base + name).headers["Content-Type"] for name in ("a.mjs", "a.js", "a.wasm")
        }
        assert types == {"a.mjs": "text/javascript", "a.js": "text/javascript", "a.wasm": "application/wasm"}
        with serve.server(folder) as other:
            assert other.server_port != book.server_port
        book.shutdown()


def test_without_a_free_port_it_says_so(folder, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(serve, "PORTS", range(taken.getsockname()[1], taken.getsockname()[1] + 1))
        with pytest.raises(SystemExit, match="expected a free port from"):
            serve.server(folder)


def test_a_zip_with_python_serves_itself(site, tmp_path):
    book_zip.main(site, tmp_path / "book.zip", "--python")
    with zipfile.ZipFile(tmp_path / "book.zip") as archive:
        archive.extractall(tmp_path)
    running = {file.name for file in (tmp_path / "book/_static/python").rglob("*")}
    assert {"worker.js", "pyodide.asm.wasm", "manifest.json"} <= running
    assert (tmp_path / "book/sw.js").is_file()
    command = [sys.executable, tmp_path / "book/serve.py"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().split()[1]
        assert b"Backpropagation You Can Run" in urllib.request.urlopen(address).read()
        process.terminate()


def test_a_zip_without_python_holds_none(site, tmp_path):
    book_zip.main(site, tmp_path / "book.zip")
    with zipfile.ZipFile(tmp_path / "book.zip") as archive:
        assert not [name for name in archive.namelist() if "/python/" in name or name.endswith("sw.js")]


def test_make_serve_serves_what_make_book_built():
    plan = subprocess.run(["make", "-n", "serve"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    assert "tools/serve.py _build/html" in plan
    packed = ["make", "-n", "zip", "PYTHON=1"]
    assert ".zip --python" in subprocess.run(packed, cwd=ROOT, capture_output=True, text=True, check=False).stdout
