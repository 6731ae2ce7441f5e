"""A small book with the real settings and hooks, built in a folder of its own."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml

from tests.site.site_checks import ROOT

DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0h9" stroke="#1f5fa8"/></svg>'


def write(folder, pages, notebooks=()):
    """Write a book: {name: text} as pages with a title each, {name: notebook} as they are."""
    folder.mkdir()
    (folder / "references.bib").symlink_to(ROOT / "references.bib")
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    config["html"]["favicon"] = str(ROOT / config["html"]["favicon"])
    config["sphinx"]["local_extensions"] = {"website": str(ROOT)}
    (folder / "_config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    chapters = [{"file": name} for name in (*pages, *notebooks) if name != "index"]
    toc = {"format": "jb-book", "root": "index", "chapters": chapters}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    (folder / "drawing.svg").write_text(DRAWING, encoding="utf-8")
    (folder / "broken.svg").write_text(DRAWING[:-12], encoding="utf-8")
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(f"# A page named {name}\n\n{text}\n", encoding="utf-8")
    for name in notebooks:
        nbformat.write(notebooks[name], folder / f"{name}.ipynb")


def build(folder, **addresses):
    """Build the book in `folder`, its addresses as given and no other known; return the finished process."""
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-n", "-W", "--keep-going", "-q"]
    elsewhere = {name: text for name, text in os.environ.items() if not name.startswith(("BOOK_", "GITHUB_"))}
    environment = elsewhere | addresses | {"NO_COLOR": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
