"""Pages keep their colours where JavaScript is off.

The theme's colours hang on `<html data-theme="light">` or `"dark"`, and a script resolves the default, `"auto"`.
Without the script no colour applies at all, so the written page says `"light"`; the script still decides for itself.
"""

from pathlib import Path


def say_light(app, exception):
    """Rewrite the opening tag of every page."""
    if exception or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace('data-theme="auto"', 'data-theme="light"', 1), encoding="utf-8")


def setup(app):
    """Run when all pages are written."""
    app.connect("build-finished", say_light)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
