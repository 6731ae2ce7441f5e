"""The folder of the site that holds Python: only files that Pyodide's lock names, small, and the same every time."""

import base64
import gzip
import hashlib
import json
import zipfile

import pytest
from sphinx.errors import ExtensionError

from tests.site.site_checks import ROOT
from website.npm import packages
from website.running import python, wheels

OFFICIAL = json.loads((packages() / "pyodide" / python.LOCK).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(site):
    (found,) = (site / "_static/python").iterdir()
    return found


def test_every_wheel_in_vendor_is_the_lock_s_or_was_trimmed_from_it():
    names = wheels.needed(OFFICIAL, wheels.DRAWING)
    assert wheels.FIRST in names
    files = {OFFICIAL["packages"][name]["file_name"] for name in names}
    assert {file.name for file in wheels.VENDOR.glob("*.whl")} == files
    for name in names:
        wheels.vendored(OFFICIAL, name)
    assert sum(file.stat().st_size for file in wheels.VENDOR.iterdir()) <= 8_000_000


@pytest.mark.parametrize("name", ["numpy", "matplotlib"])
def test_a_changed_wheel_is_refused(name, tmp_path):
    file = OFFICIAL["packages"][name]["file_name"]
    for one in (file, wheels.TRIMMED):
        (tmp_path / one).write_bytes((wheels.VENDOR / one).read_bytes())
    with (tmp_path / file).open("ab") as stream:
        stream.write(b"!")
    with pytest.raises(ExtensionError, match=rf"{name}.*: expected sha256 \w+, got \w+"):
        wheels.vendored(OFFICIAL, name, tmp_path)


def test_a_wheel_that_was_trimmed_from_another_release_is_refused(tmp_path):
    file = OFFICIAL["packages"]["matplotlib"]["file_name"]
    (tmp_path / file).write_bytes((wheels.VENDOR / file).read_bytes())
    note = json.loads((wheels.VENDOR / wheels.TRIMMED).read_text(encoding="utf-8")) | {"made from": "0" * 64}
    (tmp_path / wheels.TRIMMED).write_text(json.dumps(note), encoding="utf-8")
    with pytest.raises(ExtensionError, match="trimmed from 0000"):
        wheels.vendored(OFFICIAL, "matplotlib", tmp_path)


def test_trimming_gives_the_same_again_and_a_list_of_the_fonts_that_are_there():
    file = wheels.VENDOR / OFFICIAL["packages"]["matplotlib"]["file_name"]
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        fonts = json.loads(archive.read(wheels.FONT_LIST))
    assert not [name for name in names if wheels.UNREAD.match(name)]
    assert {font["fname"] for font in fonts["ttflist"]} <= {name.removeprefix("matplotlib/mpl-data/") for name in names}
    assert fonts["_version"] == 330
    assert wheels.packed({"b": b"2", "a": b"1"}) == wheels.packed({"a": b"1", "b": b"2"})


def test_the_manifest_names_each_file_with_its_checksum(folder):
    manifest = json.loads((folder / python.MANIFEST).read_text(encoding="utf-8"))
    for file in manifest["first"] + manifest["drawing"]:
        data = (folder / file["name"]).read_bytes()
        assert file["bytes"] == len(data)
        assert file["integrity"] == f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"
    lock = json.loads((folder / python.LOCK).read_text(encoding="utf-8"))
    for entry in lock["packages"].values():
        assert entry["sha256"] == hashlib.sha256((folder / entry["file_name"]).read_bytes()).hexdigest()
        assert set(entry["depends"]) <= lock["packages"].keys()


def test_what_is_loaded_keeps_within_its_weight(folder):
    manifest = json.loads((folder / python.MANIFEST).read_text(encoding="utf-8"))
    sizes = [
        sum(len(gzip.compress((folder / f["name"]).read_bytes())) for f in manifest[k]) for k in ("first", "drawing")
    ]
    assert sizes[0] <= 9_200_000
    assert sizes[1] <= 5_000_000
    assert list(manifest["megabytes"].values()) == pytest.approx([size / 1e6 for size in sizes], abs=0.11)
    assert len(gzip.compress((folder / python.EDITOR).read_bytes())) <= 130_000


def test_a_page_that_runs_nothing_loads_little_more(site):
    assert len(gzip.compress((site / "_static/run.js").read_bytes())) < 9_000
    assert len(gzip.compress((ROOT / "website/static/running.css").read_bytes())) < 2_000


def test_the_book_s_own_wheels_depend_on_nothing_but_their_files():
    for name in wheels.OWN:
        file, data = wheels.own(name)
        assert wheels.own(name) == (file, data)
        with zipfile.ZipFile(wheels.io.BytesIO(data)) as archive:
            names = archive.namelist()
        assert any("licenses/" in one for one in names)
        assert not [one for one in names if "__pycache__" in one]
