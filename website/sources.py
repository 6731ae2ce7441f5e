"""Sources that cannot be read are named, all of them, before anything is read: a notebook cut short or no JSON at all,
and what a merge of git left undecided, which Markdown would show as text.
"""

import json
from pathlib import Path

from sphinx.errors import ExtensionError

MARKERS = ("<<<<<<< ", ">>>>>>> ")  # the line between the two is a heading in Markdown


def fault(path):
    """Return what is wrong with a source, with its place, or None."""
    text = Path(path).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(MARKERS):
            return f"{path}:{number}: a merge left both versions here, between <<<<<<< and >>>>>>>; keep one of them"
    if Path(path).suffix == ".ipynb":
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            return f"{path}:{error.lineno}: expected a notebook, which is JSON, got {error.msg}"
    return None


def check(app, env, docnames):
    """Raise an error that names every page's source that cannot be read."""
    if faults := list(filter(None, (fault(env.doc2path(name)) for name in sorted(env.found_docs)))):
        raise ExtensionError("\n".join(faults))


def setup(app):
    """Check before the notebooks are read for the equations and the links in them."""
    app.connect("env-before-read-docs", check, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
