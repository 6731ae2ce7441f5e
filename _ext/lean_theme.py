"""The theme without what no page uses: a tenth of its weight.

As it comes, the theme sends every page a second copy of its icons as a 1.5 MB script, the search index, some 570 KB of
style sheets and three whole icon fonts, and waits for a dozen scripts before it shows anything. The template
`_templates/layout.html` leaves out and moves the scripts; when all pages are written, the style sheets are cut to the
rules that can apply and the icon fonts to the icons shown. Where the theme is not as expected here, the build fails.
"""

import re
from pathlib import Path

import icon_font
import unused_css
from sphinx.errors import ExtensionError

TEMPLATES = Path(__file__).resolve().parent.parent / "_templates"
ICON_SCRIPT = "scripts/fontawesome.js"


def without_scripts(html, *names):
    """Return a piece of a page without the script elements that load the named files, each there exactly once."""
    for name in names:
        html, count = re.subn(rf'<script[^>]*\bsrc="[^"]*{re.escape(name)}[?"][^>]*></script>', "", html)
        if count != 1:
            raise ExtensionError(f"the theme has changed: expected one script element for {name}, got {count}")
    return html


def use_templates(app, config):
    """Put our templates before the theme's."""
    config.templates_path = [*config.templates_path, str(TEMPLATES)]


def add_filter(app):
    """Give the templates the filter that they use."""
    if app.builder.format == "html":
        app.builder.templates.environment.filters["without_scripts"] = without_scripts


def names_in(site, static):
    """Return the names in all pages of a site and in its static scripts."""
    names = unused_css.Names()
    for page in site.rglob("*.html"):
        names.feed(page.read_text(encoding="utf-8"))
    for script in static.rglob("*.js"):
        names.add_script(script.read_text(encoding="utf-8"))
    return names


def cut(app, exception):
    """Cut the site's style sheets and fonts to what its pages need."""
    if exception or app.builder.format != "html":
        return
    site = Path(app.outdir)
    static = site / "_static"
    for file in (ICON_SCRIPT, f"{ICON_SCRIPT}.map"):
        (static / file).unlink()
    names = names_in(site, static)
    for sheet in sorted(static.rglob("*.css")):
        css = unused_css.purge(sheet.read_text(encoding="utf-8"), names)
        sheet.write_text(css, encoding="utf-8")
        sheet.with_name(f"{sheet.name}.map").unlink(missing_ok=True)  # it describes the sheet as it was
    icon_font.cut_icon_fonts(static, {name for name in names.found if name.startswith(".fa-")})


def setup(app):
    """Register the templates, and the cut after everything else has written its files."""
    app.connect("config-inited", use_templates)
    app.connect("builder-inited", add_filter)
    app.connect("build-finished", cut, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
