"""Equations are numbered by lesson: those of `03_derivation` are (3.1), (3.2) ..., in references too.

Sphinx numbers equations by section when `numfig` and `math_numfig` are on, but our sections carry no numbers.
The lesson's number comes from its file's name instead, so adding a lesson renumbers no other.
"""

import re
from pathlib import PurePosixPath


def number_by_lesson(app, env):
    """Replace Sphinx's equation numbers, once it has given them, by (lesson, place in the lesson)."""
    for docname, numbers in env.toc_fignumbers.items():
        lesson = re.match(r"(\d+)_", PurePosixPath(docname).name)
        if lesson and "displaymath" in numbers:
            ids = numbers["displaymath"]
            numbers["displaymath"] = {id_: (int(lesson[1]), place) for place, id_ in enumerate(ids, start=1)}
    return []


def setup(app):
    """Run after Sphinx's own numbering, which listens to the same event at priority 500."""
    app.connect("env-get-updated", number_by_lesson, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
