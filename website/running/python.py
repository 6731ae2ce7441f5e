"""The folder `_static/python/VERSION` of the site: Pyodide's core, wheels, a lock file cut down to them, the worker.

VERSION is a checksum of all that is in it, so that a new release of the site never mixes with an old one in a cache.
`manifest.json` there names the files that are loaded, in two groups, each with its checksum and size.
"""

import base64
import gzip
import hashlib
import json
import shutil
from pathlib import Path

from website.npm import packages, run_node
from website.running import wheels

HERE = Path(__file__).parent
FOLDER = "python"  # within _static
MODULE = "pyodide.mjs"
CORE = ("pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"
WORKER = "worker.js"
EDITOR = "editor.js"
MANIFEST = "manifest.json"
NOTICE = """\
Pyodide {version} (pyodide.*, python_stdlib.zip): Copyright Pyodide contributors, Mozilla and others; Mozilla Public
License 2.0, https://www.mozilla.org/MPL/2.0/; source: https://github.com/pyodide/pyodide/tree/{version}
CPython in it: Python Software Foundation License 2, https://docs.python.org/3/license.html
Wheels (*.whl): each holds its own licence. Matplotlib's is trimmed.
Editor (editor.js): CodeMirror 6 and Lezer, copyright Marijn Haverbeke and others; MIT licence.
"""


def cut_lock(official, own):
    """Return the lock file of what is served.

    Parameters
    ----------
    official : dict
        Pyodide's own.
    own : dict
        {name: (file name, bytes)} of the book's packages.
    """
    kept = {}
    for name in wheels.needed(official, wheels.DRAWING):
        entry = official["packages"][name]
        depends = [one for one in entry["depends"] if one not in wheels.LEFT_OUT]
        kept[name] = entry | {"depends": depends, "sha256": wheels.sha256(wheels.vendored(official, name))}
    for name, (file_name, data) in own.items():
        kept[name] = {
            "name": name,
            "version": file_name.split("-")[1],
            "file_name": file_name,
            "install_dir": "site",
            "sha256": wheels.sha256(data),
            "imports": [name.replace("-", "_")],
            "depends": [wheels.FIRST, *wheels.OWN[1:]] if name == wheels.OWN[0] else [],
            "package_type": "package",
            "unvendored_tests": False,
        }
    return {"info": official["info"], "packages": kept}


def contents(npm):
    """Return {file name: bytes} of the folder, all but the manifest."""
    pyodide = npm / "pyodide"
    official = json.loads((pyodide / LOCK).read_text(encoding="utf-8"))
    own = {name: wheels.own(name) for name in wheels.OWN}
    files = {name: (pyodide / name).read_bytes() for name in (MODULE, *CORE)}
    for name in wheels.needed(official, wheels.DRAWING):
        files[official["packages"][name]["file_name"]] = wheels.vendored(official, name)
    files |= dict(own.values())
    files[LOCK] = json.dumps(cut_lock(official, own), indent=1).encode()
    files[WORKER] = (HERE / WORKER).read_bytes()
    files[EDITOR] = bundled(npm, HERE / "editor.mjs", "esm")
    version = json.loads((pyodide / "package.json").read_text(encoding="utf-8"))["version"]
    return files | {"NOTICE.txt": NOTICE.format(version=version).encode()}


def bundled(npm, source, form):
    """Return a script and what it imports as one; it is bundled once, and kept beside the packages it is made of."""
    made_of = wheels.sha256(b"".join(file.read_bytes() for file in sorted(source.parent.glob("*.mjs"))))
    kept = npm.with_name(f"{npm.name}-{source.stem}-{made_of[:16]}.js")
    if not kept.is_file():
        command = [npm / "esbuild-wasm/bin/esbuild", source, "--bundle", "--minify", f"--format={form}"]
        kept.write_text(run_node(*command, "--legal-comments=none", modules=npm), encoding="utf-8")
    return kept.read_bytes()


def described(name, data):
    """Return a file as the manifest has it."""
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
    return {"name": name, "integrity": f"sha256-{checksum}", "bytes": len(data)}


def sent(data):
    """Return how many bytes of a file a server sends that compresses what it can."""
    return len(data if data.startswith(b"PK") else gzip.compress(data, 6))


def manifest(files):
    """Return what is loaded at the first Run, what when something is drawn, and how much that is as servers send it."""
    lock = json.loads(files[LOCK])["packages"]
    first = [*CORE, LOCK, *(lock[name]["file_name"] for name in (wheels.FIRST, *wheels.OWN))]
    drawing = [entry["file_name"] for entry in lock.values() if entry["file_name"] not in first]
    groups = {"first": first, "drawing": drawing}
    sizes = {name: sum(map(sent, (files[one] for one in group))) for name, group in groups.items()}
    return {
        "megabytes": {name: round(size / 1e6, 1) for name, size in sizes.items()},
        **{name: [described(one, files[one]) for one in group] for name, group in groups.items()},
    }


def assemble(static):
    """Write the folder; return its address within `static`."""
    files = contents(packages())
    files[MANIFEST] = json.dumps(manifest(files), indent=1).encode()
    version = hashlib.sha256(b"".join(name.encode() + files[name] for name in sorted(files))).hexdigest()[:12]
    shutil.rmtree(static / FOLDER, ignore_errors=True)
    folder = static / FOLDER / version
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return f"{FOLDER}/{version}"
