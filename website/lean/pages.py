"""What finished pages contain: names that style sheets may select, scripts and styles that the policy must allow."""

import base64
import hashlib
import re
from html.parser import HTMLParser

WORD = re.compile(r"[\w-]+")
DATASET = re.compile(r"\bdataset\.(\w+)")
CAPITAL = re.compile(r"[A-Z]")


class Names:
    """Names of elements as `tag`, `.class`, `#id` and `[attribute]`, and the words of scripts, which may add any."""

    def __init__(self):
        self.found = set()
        self.words = set()

    def __contains__(self, name):
        return name in self.found or name.strip(".#[]") in self.words

    def add_element(self, tag, attributes):
        """Add what a selector may say of one element."""
        self.found |= {tag, f"#{attributes.get('id')}", *(f"[{name}]" for name in attributes)}
        self.found |= {f".{word}" for word in (attributes.get("class") or "").split()}

    def add_script(self, source):
        """Add the words of a script; what it calls `dataset.openNow` is the attribute `data-open-now`."""
        self.words.update(WORD.findall(source))
        names = (CAPITAL.sub(lambda letter: f"-{letter[0].lower()}", name) for name in DATASET.findall(source))
        self.found.update(f"[data-{name}]" for name in names)


class Page(HTMLParser):
    """One page: checksums of the scripts and styles within it, its inline handlers; its names go to `names`."""

    def __init__(self, text, names):
        super().__init__()
        self.names = names
        self.inline = {"script": set(), "style": set()}
        self.handlers = set()
        self.has_address = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Collect the names of one element, and its handlers."""
        self.names.add_element(tag, dict(attrs))
        self.has_address = "src" in dict(attrs)
        self.handlers |= {value for name, value in attrs if name.startswith("on")}

    def handle_data(self, data):
        """Collect a script or a style element, whose text comes in one piece."""
        if self.cdata_elem and not self.has_address:
            self.inline[self.cdata_elem].add(checksum(data))
        if self.cdata_elem == "script":
            self.names.add_script(data)


def checksum(text):
    """Return the source expression of a policy that allows exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(page, handlers):
    """Return the Content-Security-Policy of one page: it loads and runs what this site contains, and nothing else.

    Handlers are those of all pages, because the search page parses the others. Style attributes are allowed: KaTeX and
    Matplotlib place every sign with them. `file:` makes "this site" hold for pages opened from a folder, where
    browsers differ on what `'self'` is; no page from a server can load a `file:` address anyway.
    """
    here = "'self' file:"
    hashes = ["'unsafe-hashes'", *sorted(map(checksum, handlers))] if handlers else []
    directives = {
        "default-src": here,
        "script-src": " ".join([here, *sorted(page.inline["script"]), *hashes]),
        "style-src-elem": " ".join([here, *sorted(page.inline["style"])]),
        "style-src-attr": "'unsafe-inline'",
        "img-src": f"{here} data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": here,
    }
    return "; ".join(f"{name} {sources}" for name, sources in directives.items())
