"""Pages with what makes them run: the script, its settings, a bar for its buttons, the service worker at the root."""

import json
from pathlib import Path, PurePosixPath

from backprop_book import EXERCISES
from website.lessons import lesson_number
from website.npm import packages
from website.running import python

HERE = Path(__file__).parent
SCRIPT = "run.js"
BAR_ID = "run-lesson"
SERVICE_WORKER = "sw.js"
BAR = """\
</h1>
<div class="run-lesson" id="{id}" data-lesson="{lesson}"><a href="{notebook}" download>Download the notebook</a></div>
"""


def write_files(app):
    """Write Python, the pages' script and the service worker."""
    if app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    static.mkdir(parents=True, exist_ok=True)
    app.env.python_folder = python.assemble(static)
    npm = packages()
    (static / SCRIPT).write_bytes(python.bundled(npm, HERE / "page/main.mjs", "iife"))
    worker = (HERE / SERVICE_WORKER).read_text(encoding="utf-8")
    version = PurePosixPath(app.env.python_folder).name
    Path(app.outdir, SERVICE_WORKER).write_text(worker.replace("@VERSION@", version), encoding="utf-8")


def add_to_page(app, pagename, templatename, context, doctree):
    """Load the script on every page, with its settings; give a lesson its bar, below its title."""
    if app.builder.format != "html" or doctree is None:
        return
    to_root = context["pathto"](SERVICE_WORKER, 1).removesuffix(SERVICE_WORKER)
    settings = {
        "data-python": app.env.python_folder,
        "data-root": to_root or "./",
        "data-exercises": json.dumps({int(number): len(some) for number, some in EXERCISES.lessons.items()}),
    }
    app.add_js_file(SCRIPT, loading_method="defer", **settings)
    source = app.env.doc2path(pagename)
    if lesson_number(pagename) is not None and str(source).endswith(".ipynb"):
        notebook = context["pathto"](f"_sources/{context['sourcename']}", 1)
        bar = BAR.format(id=BAR_ID, lesson=PurePosixPath(pagename).name, notebook=notebook)
        context["body"] = context["body"].replace("</h1>\n", bar, 1)


def offer_this_page_first(app, pagename, templatename, context, doctree):
    """Put this page's own Run before Binder and the others, where the theme offers those."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "launch-buttons":
            own = {
                "type": "link",
                "url": f"#{BAR_ID}",
                "text": "This page",
                "icon": "fas fa-play",
                "label": "launch-here",
            }
            group["buttons"].insert(0, own | {"tooltip": "Run all cells here, in this browser"})


def setup(app):
    """Write before pages are written; complete each of them."""
    app.connect("builder-inited", write_files)
    app.connect("html-page-context", add_to_page)
    app.connect("html-page-context", offer_this_page_first, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}
