"""The page `404.html`, which GitHub Pages and others show at every address where they have none.

Such an address may be of any depth, so the page contains all that it needs. It leads on to the search and to the
lessons where the site's address is known, with the path of that address in front.
"""

from urllib.parse import urlsplit

from website.pictures import figures
from website.reference import lesson_number


def add_page(app):
    """Return the page, for Sphinx to write."""
    lessons = sorted(name for name in app.env.found_docs if lesson_number(name) is not None)
    base = app.config.html_baseurl
    context = {
        "colours": figures.style_sheet(),
        "root": base and urlsplit(base).path,
        "lessons": [(app.builder.get_target_uri(name), app.env.titles[name].astext()) for name in lessons],
    }
    return [("404", context, "404.html")]


def setup(app):
    """Write the page with the others."""
    app.connect("html-collect-pages", add_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
