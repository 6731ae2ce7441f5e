"""The theme without what no page uses: a tenth of its weight.

As it comes, the theme sends every page a second copy of its icons as a 1.5 MB script, the search index, 570 KB of
style sheets in a dozen files and three whole icon fonts, and waits for nearly all of it before it shows anything. The
template `website/templates/layout.html` leaves out and moves the scripts. When all pages are written, the style sheets become
one, cut to the rules that can apply, and the icon fonts are cut to the icons shown. Where the theme is not as expected
here, the build fails.
"""

import hashlib
import re
from pathlib import Path

from sphinx.errors import ExtensionError

from website.lean import icons as icon_font
from website.lean import style_sheet, unused_css

ICON_SCRIPT = "scripts/fontawesome.js"
LINK = re.compile(r'<link[^>]*href="[^"]*?_static/([^"?]+\.css)[^"]*"[^>]*>\s*')
OUR_LINK = re.compile(rf'({style_sheet.NAME})(\?v=\w+)?"')


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


class LeanTheme:
    """What the templates and the last step of one build share: the style sheets that the pages ask for."""

    def __init__(self):
        self.sheets = []

    def add_filters(self, app):
        """Give the templates the filters that they use."""
        if app.builder.format == "html":
            filters = app.builder.templates.environment.filters
            filters["replace_once"] = replace_once
            filters["with_one_sheet"] = self.with_one_sheet
            filters["without_scripts"] = without_scripts

    def with_one_sheet(self, html, address):
        """Return the head's part of a page with one link, to `address`, for all of its style sheets."""
        sheets = LINK.findall(html)
        if not sheets:
            raise ExtensionError(f"the theme has changed: no style sheets in {html}")
        # Those that only some pages ask for come last.
        self.sheets += [sheet for sheet in sheets if sheet not in self.sheets]
        before, _, after = html.partition(LINK.search(html)[0])
        return f'{before}<link rel="stylesheet" href="{address}">\n{LINK.sub("", after)}'

    def cut(self, app, exception):
        """Cut the site's style sheets and fonts to what its pages need."""
        if exception or not self.sheets:
            return
        static = Path(app.outdir, "_static")
        for file in (ICON_SCRIPT, f"{ICON_SCRIPT}.map"):
            (static / file).unlink()
        pages = {page: page.read_text(encoding="utf-8") for page in Path(app.outdir).rglob("*.html")}
        names = unused_css.Names()
        for text in pages.values():
            names.feed(text)
        for script in static.rglob("*.js"):
            names.add_script(script.read_text(encoding="utf-8"))
        css = unused_css.purge(style_sheet.join(static, self.sheets), names)
        css = icon_font.cut_icon_fonts(static, css, {name for name in names.found if name.startswith(".fa-")})
        (static / style_sheet.NAME).write_text(css, encoding="utf-8")
        version = hashlib.sha256(css.encode()).hexdigest()[:8]
        for page, text in pages.items():
            page.write_text(OUR_LINK.sub(rf'\1?v={version}"', text), encoding="utf-8")


def setup(app):
    """Register the templates, and the cut after everything else has written its files."""
    lean = LeanTheme()
    app.connect("builder-inited", lean.add_filters)
    app.connect("build-finished", lean.cut, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": False}  # the list of style sheets is in this process
