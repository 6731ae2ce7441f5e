"""Roles for screen readers as the standard has them now.

Docutils marks each entry of a bibliography as `doc-biblioentry`, which has been withdrawn; in a list an item is meant.
"""


def replace_withdrawn_roles(app, pagename, templatename, context, doctree):
    """Rewrite the body of one page."""
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def setup(app):
    """Run before a page is written."""
    app.connect("html-page-context", replace_withdrawn_roles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
