"""What pages say about themselves to search engines and to those who pass them on; `sitemap.xml`, and `404.html`.

A page's description is, in this order: `description:` in its front matter; what the front page says about it, in the
list of the lessons; the first sentence of its text. A page without any is a warning, which `make book` turns into a
failure. `404.html`, which GitHub Pages and others show at every address where they have none, of whatever depth, holds
all that it needs.
"""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

from website.lessons import lesson_number
from website.pictures.figures import style_sheet
from website.publishing.addresses import page_address
from website.publishing.cards import card_of

logger = logging.getLogger(__name__)

SENTENCE = re.compile(r".+?[.?!](?= |$)")
SITE_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def text_of(node):
    """Return the text of a node as one line."""
    return " ".join(node.astext().split())


def front_page_entries(env, root_doc):
    """Return {page: what the front page's list says about it}."""
    entries = {}
    for item in env.get_doctree(root_doc).findall(nodes.definition_list_item):
        term, *_, definition = item.children
        for link in term.findall(addnodes.pending_xref):
            entries[link["reftarget"]] = text_of(definition)
    return entries


def first_sentence(doctree):
    """Return the first sentence of a page's first paragraph, or an empty string."""
    paragraphs = (text_of(node) for node in doctree.findall(nodes.paragraph) if isinstance(node.parent, nodes.section))
    match = SENTENCE.match(next(paragraphs, ""))
    return match[0] if match else ""


def description(app, docname):
    """Return a page's description."""
    found = (
        app.env.metadata[docname].get("description")
        or front_page_entries(app.env, app.config.root_doc).get(docname)
        or first_sentence(app.env.get_doctree(docname))
    )
    if not found:
        logger.warning("expected a first sentence, to describe the page", location=docname, type="page_head")
    return found


def add_head(app, pagename, templatename, context, doctree):
    """Hand description and Open Graph properties of a page to the template `page-head.html`."""
    if not doctree:
        return
    context["description"] = description(app, pagename)
    context["open_graph"] = {
        "site_name": app.config.html_title,
        "type": "website" if pagename == app.config.root_doc else "article",
        "title": text_of(app.env.titles[pagename]),
        "description": context["description"],
    }
    if address := page_address(app, pagename):
        context["open_graph"] |= {"url": address, "image": app.config.html_baseurl + card_of(pagename)}
    context["card"] = "summary_large_image" if address else "summary"


def not_found_page(app):
    """Return the page `404.html`; it leads on where the site's address is known, with that address's path in front."""
    lessons = sorted(name for name in app.env.found_docs if lesson_number(name) is not None)
    context = {
        "colours": style_sheet(),
        "root": urlsplit(app.config.html_baseurl).path,
        "lessons": [(app.builder.get_target_uri(name), app.env.titles[name].astext()) for name in lessons],
    }
    return [("404", context, "404.html")]


def write_site_map(app, exception):
    """List the pages for search engines, each with the date of its last change."""
    if exception or app.builder.format != "html" or not app.config.html_baseurl:
        return
    root = ET.Element("urlset", xmlns=SITE_MAP)
    for docname in sorted(app.env.found_docs):
        entry = ET.SubElement(root, "url")
        ET.SubElement(entry, "loc").text = page_address(app, docname)
        seconds, _ = app.env.git_last_updated.get(docname) or (None, None)
        if seconds:
            ET.SubElement(entry, "lastmod").text = f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d}"
    ET.indent(root)
    ET.ElementTree(root).write(Path(app.outdir, "sitemap.xml"), encoding="utf-8", xml_declaration=True)


def setup(app):
    """Complete heads when pages are written."""
    app.connect("html-page-context", add_head)
    app.connect("html-collect-pages", not_found_page)
    app.connect("build-finished", write_site_map)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
