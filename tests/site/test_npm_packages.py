"""What the site takes from npm: as npm is set up, checked against the lock, refused in whole sentences."""

import base64
import hashlib
import http.server
import io
import json
import os
import re
import tarfile
import threading

import pytest
from sphinx.errors import ExtensionError

from tests.site.site_checks import ROOT
from website import npm

FILES = {"package.json": b'{"name": "katex", "version": "0.1.0"}', "dist/katex.js": b"js"}


def package(files=FILES):
    """Return the bytes of a package as npm has it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"package/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def integrity(content):
    return f"sha512-{base64.b64encode(hashlib.sha512(content).digest()).decode()}"


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


@pytest.fixture
def source(tmp_path):
    """Return a folder with a lock of one package, whose checksum is that of `package()`."""
    folder = tmp_path / "source"
    folder.mkdir()
    wanted = {"dependencies": {"katex": "0.1.0"}}
    pinned = {"version": "0.1.0", "integrity": integrity(package())}
    lock = {"lockfileVersion": 3, "requires": True, "packages": {"": wanted, "node_modules/katex": pinned}}
    for name, content in zip(npm.FILES, (wanted, lock), strict=True):
        (folder / name).write_text(json.dumps({"name": "website"} | content), encoding="utf-8")
    return folder


def publish(registry, content):
    """Put a package into the registry."""
    dist = {"tarball": f"{registry.address}/katex.tgz", "integrity": integrity(content)}
    version = {"name": "katex", "version": "0.1.0", "dist": dist}
    described = {"name": "katex", "versions": {"0.1.0": version}, "dist-tags": {"latest": "0.1.0"}}
    registry.files |= {"/katex": json.dumps(described).encode(), "/katex.tgz": content}


def test_packages_come_once_from_the_registry_that_npm_is_told_whatever_else_it_is_told(
    registry, monkeypatch, tmp_path, source
):
    publish(registry, package())
    monkeypatch.setenv("npm_config_dry_run", "true")
    monkeypatch.setenv("npm_config_offline", "true")
    folder = npm.packages(source, tmp_path / "cache")
    assert (folder / "katex/dist/katex.js").read_bytes() == b"js"
    assert list((tmp_path / "cache").iterdir()) == [folder]
    asked = len(registry.requests)
    assert npm.packages(source, tmp_path / "cache") == folder
    assert len(registry.requests) == asked


def test_another_package_of_the_same_name_and_version_is_refused(registry, tmp_path, source):
    publish(registry, package(FILES | {"dist/katex.js": b"another"}))
    with pytest.raises(ExtensionError, match=r"(?s)EINTEGRITY.*wanted sha512"):
        npm.packages(source, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_registry_without_the_package_is_quoted(registry, tmp_path, source):
    with pytest.raises(ExtensionError) as raised:
        npm.packages(source, tmp_path / "cache")
    assert f"404 Not Found - GET {registry.address}/katex" in str(raised.value)
    assert npm.ADVICE in str(raised.value)
    assert not any(noise in str(raised.value) for noise in ("complete log", "npm warn", "    at "))


def test_where_nothing_answers_it_is_asked_twice_and_the_reason_given(registry, tmp_path, source):
    registry.files = None
    with pytest.raises(ExtensionError) as raised:
        npm.packages(source, tmp_path / "cache")
    assert len(registry.requests) == 2
    assert f"request to {registry.address}/katex failed, reason: " in str(raised.value)
    assert "HTTPS_PROXY" in str(raised.value)


def test_an_interrupted_download_leaves_nothing_that_looks_complete(monkeypatch, tmp_path, source):
    def interrupted(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(npm, "download", interrupted)
    with pytest.raises(KeyboardInterrupt):
        npm.packages(source, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_the_lock_pins_every_package_by_checksum_and_names_no_registry():
    text = (ROOT / "website/package-lock.json").read_text(encoding="utf-8")
    lock = json.loads(text)
    pinned = [entry for name, entry in lock["packages"].items() if name]
    assert all(entry["integrity"].startswith("sha512-") for entry in pinned)
    assert "resolved" not in text
    wanted = json.loads((ROOT / "website/package.json").read_text(encoding="utf-8"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
