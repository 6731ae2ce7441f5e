"""Code with an element only for what has a colour: as it comes, every name, bracket and sign has one of its own.

These were a fifth of all elements of a lesson, and a browser lays out each of them before the page answers.
"""

from pygments.token import Name, Operator, Punctuation, Text, Whitespace
from sphinx.highlighting import PygmentsBridge

PLAIN = {Name, Operator, Punctuation, Whitespace}


class LeanFormatter(PygmentsBridge.html_formatter):
    """Writes names, signs and spaces in the colour of the text around them."""

    def format(self, tokensource, outfile):
        """Write the code's tokens to `outfile` as HTML."""
        tokens = ((Text if kind in PLAIN else kind, text) for kind, text in tokensource)
        super().format(tokens, outfile)


def setup(app):
    """Make this the formatter of all code."""
    PygmentsBridge.html_formatter = LeanFormatter
    return {"parallel_read_safe": True, "parallel_write_safe": True}
