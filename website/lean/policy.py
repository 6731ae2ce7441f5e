"""A Content-Security-Policy in every page: it loads and runs what this site contains, and nothing else.

Scripts and style elements within a page are allowed by their checksums. So are inline handlers such as the theme's
`onclick`, those of all pages on each page, because the search page parses the others. Style attributes are allowed:
KaTeX and Matplotlib place every sign with them. `file:` makes "this site" hold for pages opened from a folder, too,
where browsers differ on what `'self'` is; no page from a server can load a `file:` address anyway.
"""

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

from sphinx.errors import ExtensionError

POLICY = re.compile(r'\n<meta http-equiv="Content-Security-Policy"[^>]*>')
CHARSET = '<meta charset="utf-8" />'  # the policy comes next: what stands before it, it does not rule


def checksum(text):
    """Return the source expression that allows exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class Inline(HTMLParser):
    """Scripts, style elements and handlers that a page contains."""

    def __init__(self, text):
        super().__init__()
        self.inside = None
        self.parts = {"script": set(), "style": set()}
        self.handlers = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Note where a script without an address or a style element begins, and every handler."""
        self.inside = tag if tag in self.parts and not dict(attrs).get("src") else None
        self.handlers |= {value for name, value in attrs if name.startswith("on")}

    def handle_data(self, data):
        """Collect the text of such an element, which comes in one piece."""
        if self.inside:
            self.parts[self.inside].add(checksum(data))
            self.inside = None


def policy(page, handlers):
    """Return the policy of one page, with the handlers of all."""
    scripts = sorted(page.parts["script"])
    if handlers:
        scripts += ["'unsafe-hashes'", *sorted(map(checksum, handlers))]
    here = "'self' file:"
    directives = {
        "default-src": here,
        "script-src": " ".join([here, *scripts]),
        "style-src-elem": " ".join([here, *sorted(page.parts["style"])]),
        "style-src-attr": "'unsafe-inline'",
        "img-src": f"{here} data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": here,
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())


def add_policies(app, exception):
    """Write the policy into every page of the finished site."""
    if exception or app.builder.format != "html":
        return
    files = [file for file in Path(app.outdir).rglob("*.html") if "_static" not in file.parts]
    texts = {file: POLICY.sub("", file.read_text(encoding="utf-8")) for file in files}
    pages = {file: Inline(text) for file, text in texts.items()}
    handlers = set().union(*(page.handlers for page in pages.values()))
    for file, page in pages.items():
        before, charset, after = texts[file].partition(CHARSET)
        if not charset:
            raise ExtensionError(f"the theme has changed: no {CHARSET} in {file.name}, where the policy would follow")
        meta = f'\n<meta http-equiv="Content-Security-Policy" content="{policy(page, handlers)}">'
        file.write_text(before + charset + meta + after, encoding="utf-8")


def setup(app):
    """Run after every hook that changes the pages."""
    app.connect("build-finished", add_policies, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
