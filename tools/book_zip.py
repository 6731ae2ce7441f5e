"""The built site as one zip, for reading from a folder without a server.

    python tools/book_zip.py _build/html _build/book.zip

It holds what can be reached from the front page, and the licences, in one folder. The same site gives the same zip.
With `--python` at the end it also holds what runs the cells, and `serve.py`, which serves the folder: a browser runs
nothing that it opened as a file.
"""

import re
import sys
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
LICENCES = ("LICENSE", "LICENSE-TEXT")
FOR_RUNNING = ("sw.js", "_static/python/**/*")
ADDRESS = re.compile(r"""\b(?:href|src|action)="([^"]+)"|url\(["']?([^"')]+)["']?\)""")
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can hold


def asked_for(file):
    """Return the files that a page or a style sheet names."""
    if file.suffix not in (".html", ".css"):
        return set()
    addresses = map(urlsplit, map("".join, ADDRESS.findall(file.read_text(encoding="utf-8"))))
    local = [url for url in addresses if url.path and not url.scheme and not url.netloc]
    return {(file.parent / unquote(url.path)).resolve() for url in local}


def reachable(site):
    """Return the files of a site that its front page leads to, directly or through others, and licences, sorted."""
    found, waiting = set(), {site / "index.html", *site.rglob("*LICENSE*")}
    while waiting:
        file = waiting.pop()
        if file.is_file():
            found.add(file)
            waiting |= asked_for(file) - found
    return sorted(found)


def add(archive, file, name):
    """Add a file under a name, without its date and its owner."""
    entry = zipfile.ZipInfo(name, DATE)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def main(site, target, python=""):
    """Write the site in the folder `site` into the zip `target`, within one folder of the zip's name."""
    site, target = Path(site).resolve(), Path(target)
    files = {ROOT / name: name for name in LICENCES}
    files |= {file: file.relative_to(site).as_posix() for file in reachable(site)}
    if python == "--python":
        running = [file for pattern in FOR_RUNNING for file in sorted(site.glob(pattern)) if file.is_file()]
        files |= {file: file.relative_to(site).as_posix() for file in running}
        files[ROOT / "tools/serve.py"] = "serve.py"
    with zipfile.ZipFile(target, "w") as archive:
        for file, name in files.items():
            add(archive, file, f"{target.stem}/{name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
