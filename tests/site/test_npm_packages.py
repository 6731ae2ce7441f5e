"""KaTeX's package: downloaded through npm as it is set up, refused in whole sentences, unpacked on any Python 3.11."""

import base64
import hashlib
import http.server
import io
import json
import os
import tarfile
import threading

import pytest
from sphinx.errors import ExtensionError

from website.mathematics import katex

NAME = f"katex-{katex.VERSION}.tgz"
FILES = {"LICENSE": b"MIT", "dist/katex.js": b"js", "dist/katex.css": b"css", "dist/fonts/KaTeX_Main.woff2": b"font"}
UNWANTED = dict.fromkeys(["../outside", "dist/fonts/../../../../outside.woff2", "dist/fonts/a.ttf", "src/k.js"], b"!")


def package(files=FILES):
    """Return the bytes of a package as npm has it, with files that are not wanted and a link."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in (files | UNWANTED).items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("package/dist/fonts/link.woff2")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


def digest(content):
    return base64.b64encode(hashlib.sha512(content).digest()).decode()


def files_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Registry(http.server.BaseHTTPRequestHandler):
    """Answers as npm's registry would, as far as `files` goes; hangs up at every request where that is None."""

    files, requests = {}, []

    def do_GET(self):
        """Answer one request."""
        self.requests.append(self.path)
        if self.files is None:
            self.close_connection = True
            return
        content = self.files.get(self.path)
        self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture
def registry(monkeypatch):
    """Return a registry without files on this machine, which npm is told to use."""
    handler = type("Fresh", (Registry,), {"files": {}, "requests": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    handler.address = f"http://127.0.0.1:{server.server_port}"
    for name in [name for name in os.environ if name.lower().startswith("npm_config_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("npm_config_registry", handler.address)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    yield handler
    server.shutdown()
    server.server_close()


def publish(registry, content):
    """Put a package into the registry."""
    dist = {"tarball": f"{registry.address}/{NAME}", "integrity": f"sha512-{digest(content)}"}
    version = {"name": "katex", "version": katex.VERSION, "dist": dist}
    described = {"name": "katex", "versions": {katex.VERSION: version}}
    registry.files |= {"/katex": json.dumps(described).encode(), f"/{NAME}": content}


def test_the_wanted_files_come_from_the_registry_that_npm_is_told_whatever_else_it_is_told(
    registry, monkeypatch, tmp_path
):
    publish(registry, package())
    monkeypatch.setattr(katex, "SHA512", digest(package()))
    monkeypatch.setenv("npm_config_dry_run", "true")
    monkeypatch.setenv("npm_config_offline", "true")
    folder = katex.fetch(tmp_path / "cache")
    assert files_in(folder) == {name.removeprefix("dist/"): content for name, content in FILES.items()}
    assert [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(folder)] == []
    asked = len(registry.requests)
    assert katex.fetch(tmp_path / "cache") == folder
    assert len(registry.requests) == asked


def test_another_package_is_refused(registry, tmp_path):
    publish(registry, package())
    with pytest.raises(ExtensionError, match="expected sha512"):
        katex.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_registry_without_the_package_is_quoted(registry, tmp_path):
    with pytest.raises(ExtensionError) as raised:
        katex.download(tmp_path)
    assert f"404 Not Found - GET {registry.address}/katex" in str(raised.value)
    assert katex.ADVICE in str(raised.value)
    assert not any(noise in str(raised.value) for noise in ("complete log", "npm warn", "    at "))


def test_where_nothing_answers_it_is_asked_twice_and_the_reason_given(registry, tmp_path):
    registry.files = None
    with pytest.raises(ExtensionError) as raised:
        katex.download(tmp_path)
    assert len(registry.requests) == 2
    first, *said = str(raised.value).splitlines()
    assert first.endswith("could not be downloaded from npm:")
    assert any(f"request to {registry.address}/katex failed, reason: " in line for line in said)
    assert "HTTPS_PROXY" in str(raised.value)


def test_an_interrupted_download_leaves_nothing_that_looks_complete(monkeypatch, tmp_path):
    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(katex, "download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        katex.fetch(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_python_whose_tarfile_knows_no_filter_unpacks_it(monkeypatch, tmp_path):
    def of_python_3_11_3(self, path=".", members=None, *, numeric_owner=False):
        raise AssertionError("not safe without a filter")

    monkeypatch.setattr(tarfile.TarFile, "extractall", of_python_3_11_3)
    monkeypatch.setattr(tarfile.TarFile, "extract", of_python_3_11_3)
    (tmp_path / NAME).write_bytes(package())
    katex.unpack(tmp_path / NAME, tmp_path / "a/b/unpacked")
    assert len(files_in(tmp_path / "a/b/unpacked")) == len(FILES)
    assert set(files_in(tmp_path)) - {NAME} == {f"a/b/unpacked/{name.removeprefix('dist/')}" for name in FILES}
