"""The date of each page's last change, from git: shown below the page and in the site map.

A page changes with the file that it is written in and with what Sphinx notes as its dependencies: the modules of an
API page, the notebooks of the list of equations. No date is shown where git would not know or would not tell the
truth: without a repository, in a shallow clone, whose oldest commit seems to have changed everything, and for a page
with changes that are not committed.
"""

import datetime
from pathlib import Path

from website.publishing.repository import git


def sources(app, docname):
    """Return the paths within the book's folder that a page is made from, but for what a build writes there."""
    root = Path(app.srcdir)
    paths = {Path(app.env.doc2path(docname)), *(root / name for name in app.env.dependencies[docname])}
    inside = {path.resolve().relative_to(root) for path in paths if path.resolve().is_relative_to(root)}
    return sorted(str(path) for path in inside if path.parts[0] != "_build")


def last_commit_date(folder, paths):
    """Return the date of the newest commit that changed one of the paths, as in 2025-12-31, or an empty string."""
    if git(folder, "rev-parse", "--is-shallow-repository") != "false":
        return ""
    if git(folder, "status", "--porcelain", "--", *paths):
        return ""
    return git(folder, "log", "-1", "--format=%cs", "--", *paths)


def last_changed(app, docname):
    """Return the date of a page's last change, or an empty string."""
    return last_commit_date(app.srcdir, sources(app, docname))


def in_words(date):
    """Return a date such as 2025-12-31 as 31 December 2025."""
    day = datetime.date.fromisoformat(date)
    return f"{day.day} {day:%B %Y}"


def add_date(app, pagename, templatename, context, doctree):
    """Hand the date to the template `website/templates/last-updated.html`."""
    if doctree and (date := last_changed(app, pagename)):
        context["last_changed"] = {"date": date, "in_words": in_words(date)}


def setup(app):
    """Look the date up when a page is written."""
    app.connect("html-page-context", add_date)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
