"""The theme without what no page uses: a tenth of its weight.

As it comes, the theme sends every page a second copy of its icons as a 1.5 MB script, the search index, 570 KB of
style sheets in a dozen files and three whole icon fonts, and waits for nearly all of it before it shows anything.
`website/templates/layout.html` leaves out and moves the scripts. When all pages are written, the style sheets become
one, cut to the rules that can apply, the icon fonts are cut to the icons shown, and each page gets its
Content-Security-Policy. All of this holds for one version of the theme; where it is not as expected, the build fails.
"""

import hashlib
import re
from pathlib import Path

from pygments.token import Name, Operator, Punctuation, Text, Whitespace
from sphinx.errors import ExtensionError
from sphinx.highlighting import PygmentsBridge

from website.lean.pages import Names, Page, policy
from website.lean.styles import cut_icon_fonts, join, purge
from website.running.python import FOLDER

ICON_SCRIPT = "scripts/fontawesome.js"
SHEET = "site.css"
LINK = re.compile(r'<link[^>]*href="[^"]*?_static/([^"?]+\.css)[^"]*"[^>]*>\s*')
CHARSET = '<meta charset="utf-8" />'  # the policy comes next: what stands before it, it does not rule
POLICY = re.compile(r'\n<meta http-equiv="Content-Security-Policy"[^>]*>')  # of an earlier build
# Colours hang on the first, which a script resolves; without it none would apply. The second is no longer a role.
MENDED = {'data-theme="auto"': 'data-theme="light"', 'role="doc-biblioentry"': 'role="listitem"'}
PLAIN = {Name, Operator, Punctuation, Whitespace}


def without_scripts(html, *names):
    """Return a piece of a page without the script elements that load the named files, each there exactly once."""
    for name in names:
        html, count = re.subn(rf'<script[^>]*\bsrc="[^"]*{re.escape(name)}[?"][^>]*></script>', "", html)
        if count != 1:
            raise ExtensionError(f"the theme has changed: expected one script element for {name}, got {count}")
    return html


def replace_once(html, old, new):
    """Return a piece of a page with `old`, which the theme writes exactly once, replaced."""
    if html.count(old) != 1:
        raise ExtensionError(f"the theme has changed: expected {old} once, got it {html.count(old)} times")
    return html.replace(old, new)


def is_the_page_s(script):
    """Whether a script works on the page's own elements: Python's worker does not, nor the editor in its own root."""
    return FOLDER not in script.parts


class LeanFormatter(PygmentsBridge.html_formatter):
    """Writes code with an element only for what has a colour; names, signs and spaces were a fifth of all elements."""

    def format(self, tokensource, outfile):
        """Write the code's tokens to `outfile` as HTML."""
        super().format(((Text if kind in PLAIN else kind, text) for kind, text in tokensource), outfile)


class LeanTheme:
    """What the templates and the last step of one build share: the style sheets that the pages ask for."""

    def __init__(self):
        self.sheets = []

    def begin(self, app):
        """Give the templates the filters that they use, and code its formatter."""
        if app.builder.format == "html":
            filters = {"replace_once": replace_once, "without_scripts": without_scripts}
            app.builder.templates.environment.filters |= filters | {"with_one_sheet": self.with_one_sheet}
            app.builder.highlighter.formatter = LeanFormatter

    def with_one_sheet(self, html, address):
        """Return the head's part of a page with one link, to `address`, for all of its style sheets."""
        sheets = LINK.findall(html)
        if not sheets:
            raise ExtensionError(f"the theme has changed: no style sheets in {html}")
        # Those that only some pages ask for come last.
        self.sheets += [sheet for sheet in sheets if sheet not in self.sheets]
        before, _, after = html.partition(LINK.search(html)[0])
        return f'{before}<link rel="stylesheet" href="{address}">\n{LINK.sub("", after)}'

    def finish(self, app, exception):
        """Cut the site's style sheets and fonts to what its pages need, and complete the pages."""
        if exception or not self.sheets:
            return
        static = Path(app.outdir, "_static")
        for file in (ICON_SCRIPT, f"{ICON_SCRIPT}.map"):
            (static / file).unlink()
        names = Names()
        for script in filter(is_the_page_s, static.rglob("*.js")):
            names.add_script(script.read_text(encoding="utf-8"))
        texts = {file: file.read_text(encoding="utf-8") for file in Path(app.outdir).rglob("*.html")}
        pages = {file: Page(text, names) for file, text in texts.items()}
        css = purge(join(static, self.sheets), names)
        css = cut_icon_fonts(static, css, {name for name in names.found if name.startswith(".fa-")})
        (static / SHEET).write_text(css, encoding="utf-8")
        version = hashlib.sha256(css.encode()).hexdigest()[:8]
        handlers = set().union(*(page.handlers for page in pages.values()))
        for file, text in texts.items():
            if "_static" not in file.parts:  # the theme leaves templates there
                file.write_text(completed(text, version, policy(pages[file], handlers)), encoding="utf-8")


def completed(text, version, rules):
    """Return a finished page with the version of its style sheet, its policy, and without what is out of date."""
    for old, new in MENDED.items():
        text = text.replace(old, new)
    text = POLICY.sub("", text)
    text = re.sub(rf'{SHEET}(\?v=\w+)?"', f'{SHEET}?v={version}"', text)
    return replace_once(text, CHARSET, f'{CHARSET}\n<meta http-equiv="Content-Security-Policy" content="{rules}">')


def setup(app):
    """Register the filters, and the last step after everything else has written its files."""
    lean = LeanTheme()
    app.connect("builder-inited", lean.begin)
    app.connect("build-finished", lean.finish, priority=990)
    return {"parallel_read_safe": True, "parallel_write_safe": False}  # the list of style sheets is in this process
