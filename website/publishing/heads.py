"""What a page says about itself to search engines, and to those who pass on its address.

Its description is, in this order: `description:` in the page's front matter; what the front page says about it, in
the list of the lessons; the first sentence of its text. A page without any is a warning, which `make book` turns into
a failure.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

from website.publishing.addresses import page_address
from website.publishing.cards import card_of

logger = logging.getLogger(__name__)

SENTENCE = re.compile(r".+?[.?!](?= |$)")


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
    """Hand the description and the Open Graph properties of a page to the template `website/templates/page-head.html`."""
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
        card = card_of(pagename)
        context["open_graph"] |= {"url": address, "image": app.config.html_baseurl + card}
    context["card"] = "summary_large_image" if address else "summary"


def setup(app):
    """Complete the head when a page is written."""
    app.connect("html-page-context", add_head)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
