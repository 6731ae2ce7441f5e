"""What the website needs beyond Jupyter Book, as one extension of Sphinx, named in `_config.yml`."""

from pathlib import Path

PARTS = (
    "lessons",
    "reference",
    "equations.index",
    "pictures.explorer",
    "pictures.figures",
    "mathematics.katex",
    "running.pages",
    "lean.theme",
    "publishing.addresses",
    "publishing.pages",
    "publishing.cards",
)
HERE = Path(__file__).parent


def add_folders(app, config):
    """Put our templates before the theme's, and our static files beside its own."""
    config.templates_path = [*config.templates_path, str(HERE / "templates")]
    config.html_static_path = [*config.html_static_path, str(HERE / "static")]


def setup(app):
    """Set up every part."""
    app.connect("config-inited", add_folders)
    for part in PARTS:
        app.setup_extension(f"website.{part}")
    app.add_css_file("book.css", priority=800)  # after every other style sheet
    app.add_css_file("api.css", priority=800)
    app.add_css_file("running.css", priority=800)
    app.add_js_file("book.js", priority=800)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
