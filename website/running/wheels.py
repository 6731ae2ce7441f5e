"""Python's packages for the browser: the wheels in `vendor/pyodide`, each checked, and those of the book's own code.

A wheel is accepted only if its checksum is the one that the npm package `pyodide` names for it in its own lock file.
Matplotlib's is trimmed after that check, by `tools/pyodide_wheels.py`; `trimmed.json` there names the checksum of what
it was made from, which must be the lock's, and its own.
"""

import hashlib
import importlib.metadata
import io
import json
import re
import zipfile
from pathlib import Path

from sphinx.errors import ExtensionError

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "vendor" / "pyodide"
TRIMMED = "trimmed.json"
# What is loaded at the first Run, and what only when something is drawn. What no drawing of the book reads is left out
# of `vendor`: fonttools (PDF and PostScript) and pytz (an old pandas).
FIRST, DRAWING = "numpy", "matplotlib"
LEFT_OUT = {"fonttools", "pytz", "matplotlib-pyodide"}
# Of Matplotlib, what no SVG of a page needs: samples, buttons, fonts for PDF and most others, triangles, windows.
UNREAD = re.compile(
    r"matplotlib/mpl-data/(sample_data|images|plot_directive|stylelib|fonts/(afm|pdfcorefonts))/"
    r"|matplotlib/mpl-data/fonts/ttf/(DejaVuSerif|DejaVuSans-BoldOblique|DejaVuSansMono-|STIX|Humor)"
    r"|matplotlib/(tests|testing|sphinxext|_ttconv|_qhull)"
    r"|matplotlib/backends/(qt|web_backend|_backend_(tk|gtk|pdf_ps)|backend_(gtk|qt|wx|tk|nbagg|webagg|macosx|pdf|ps|pgf"
    r"|cairo|template|managers))"
    r"|mpl_toolkits/(axes_grid1|axisartist|mplot3d/tests)/|pylab\.py|.*\.(pyi|c|h)$"
)
FONT_LIST = "matplotlib/fontlist.json"
OWN = ("backprop-lib", "tqdm", "platformdirs")  # installed where the site is built, in the versions pinned
LICENCE = re.compile(r"licen[cs]e|copying|authors", re.IGNORECASE)
THE_SAME_DATE = (1980, 1, 1, 0, 0, 0)


def sha256(data):
    """Return a checksum as lock files write it."""
    return hashlib.sha256(data).hexdigest()


def needed(lock, name):
    """Return the packages that one needs, itself included, in the order of their names."""
    found, waiting = set(), [name]
    while waiting:
        one = waiting.pop()
        if one not in found | LEFT_OUT:
            found.add(one)
            waiting += lock["packages"][one]["depends"]
    return sorted(found)


def checked(entry, data):
    """Return a wheel's bytes; refuse those that the lock does not name."""
    if sha256(data) != entry["sha256"]:
        raise ExtensionError(f"{entry['file_name']}: expected sha256 {entry['sha256']}, got {sha256(data)}")
    return data


def packed(files):
    """Return {name: bytes} as a zip file that depends on nothing else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, THE_SAME_DATE)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def trim(data):
    """Return Matplotlib's wheel without what no SVG needs, the same bytes every time."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    kept = {name: content for name, content in files.items() if not UNREAD.match(name)}
    fonts = json.loads(kept[FONT_LIST])
    # The list in the wheel of Matplotlib 3.8.4 says that it is another version's, and would be made anew for seconds.
    fonts["_version"] = int(re.search(rb"__version__ = (\d+)", kept["matplotlib/font_manager.py"])[1])
    for kind in ("ttflist", "afmlist"):
        fonts[kind] = [font for font in fonts[kind] if any(name.endswith(font["fname"]) for name in kept)]
    return packed(kept | {FONT_LIST: json.dumps(fonts).encode()})


def vendored(lock, name, vendor=VENDOR):
    """Return the bytes of a wheel in `vendor`, checked against Pyodide's lock."""
    entry = lock["packages"][name]
    data = Path(vendor, entry["file_name"]).read_bytes()
    if name != DRAWING:
        return checked(entry, data)
    trimmed = json.loads(Path(vendor, TRIMMED).read_text(encoding="utf-8"))
    if trimmed["made from"] != entry["sha256"]:
        raise ExtensionError(f"{entry['file_name']}: trimmed from {trimmed['made from']}, expected {entry['sha256']}")
    return checked({"file_name": entry["file_name"], "sha256": trimmed["sha256"]}, data)


def own(name):
    """Return the file name and the bytes of a pure package's wheel, from how it is installed here."""
    installed = importlib.metadata.distribution(name)
    metadata = f"{name.replace('-', '_')}-{installed.version}.dist-info"
    if name == OWN[0]:  # installed in place, as a link
        modules = [path for package in ("backprop_lib", "backprop_book") for path in (ROOT / package).rglob("*")]
        files = {path.relative_to(ROOT).as_posix(): path for path in modules}
        files[f"{metadata}/licenses/LICENSE"] = ROOT / "LICENSE"
    else:
        files = {path.as_posix(): path.locate() for path in installed.files if path.parts[0] == name}
        files |= {f"{metadata}/licenses/{p.name}": p.locate() for p in installed.files if LICENCE.match(p.name)}
    contents = {
        place: Path(path).read_bytes()
        for place, path in files.items()
        if Path(path).is_file() and "__pycache__" not in place
    }
    contents[f"{metadata}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: {installed.version}\n".encode()
    contents[f"{metadata}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    contents[f"{metadata}/RECORD"] = b""
    return f"{name.replace('-', '_')}-{installed.version}-py3-none-any.whl", packed(contents)
