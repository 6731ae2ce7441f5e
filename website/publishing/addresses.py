"""Where the site is published, if that is known: canonical links and `sitemap.xml`, and nothing of either if not.

The address is `BOOK_SITE_URL`. Without it, a build in a workflow of GitHub's takes the address that GitHub Pages gives
to the site of its repository.
"""

import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import urlsplit

from sphinx.errors import ConfigError

from website.publishing.last_changed import last_changed

SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
HOST = re.compile(r"[\w.-]+(:\d+)?")


def checked(name, address):
    """Return a web address without user, query and fragment, with a slash at its end; refuse anything else."""
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not HOST.fullmatch(url.netloc) or url.query or url.fragment:
        raise ConfigError(f"{name}: expected https://host/path, got {address!r}")
    return f"{address.rstrip('/')}/"


def github_pages(repository):
    """Return the address of the site of a repository, `owner/name`, on GitHub Pages."""
    owner, name = repository.split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def published_address(environment=os.environ):
    """Return the address of the published site, with a slash at its end, or an empty string."""
    given = environment.get("BOOK_SITE_URL", "").strip()
    if given:
        return checked("BOOK_SITE_URL", given)
    on_github = environment.get("GITHUB_SERVER_URL") == "https://github.com"
    return github_pages(environment["GITHUB_REPOSITORY"]) if on_github else ""


def page_address(app, docname):
    """Return the full address of a page; where the site's address is unknown, an empty string."""
    base = app.config.html_baseurl
    return base and base + ("" if docname == app.config.root_doc else app.builder.get_target_uri(docname))


def set_address(app, config):
    """Hand the address to Sphinx, which then gives each page a canonical link."""
    config.html_baseurl = published_address()


def set_canonical_link(app, pagename, templatename, context, doctree):
    """Call the front page by its shorter address; a page that was not written, such as the search, has no link."""
    context["pageurl"] = page_address(app, pagename) if doctree else ""


def write_site_map(app, exception):
    """List the pages for search engines, each with the date of its last change."""
    if exception or app.builder.format != "html" or not app.config.html_baseurl:
        return
    root = ET.Element("urlset", xmlns=SCHEMA)
    for docname in sorted(app.env.found_docs):
        entry = ET.SubElement(root, "url")
        ET.SubElement(entry, "loc").text = page_address(app, docname)
        if date := last_changed(app, docname):
            ET.SubElement(entry, "lastmod").text = date
    ET.indent(root)
    ET.ElementTree(root).write(Path(app.outdir, "sitemap.xml"), encoding="utf-8", xml_declaration=True)


def setup(app):
    """Set the address before the builder reads it."""
    app.connect("config-inited", set_address)
    app.connect("html-page-context", set_canonical_link)
    app.connect("build-finished", write_site_map)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
