"""Links that open a lesson where it can be run in a browser, each only where it is known to lead somewhere.

Binder builds its environment from any public repository; Colab opens notebooks of github.com; a JupyterHub with
nbgitpuller, whose address is `BOOK_HUB_URL`, copies the repository for its user. What is no notebook has no link.
"""

import os
from pathlib import PurePosixPath
from urllib.parse import quote, urlencode, urlsplit

from website.publishing.addresses import checked


def binder_link(repository, branch, path):
    """Return the link that opens a file of a repository in JupyterLab on Binder."""
    url = urlsplit(repository)
    name = url.path.strip("/")
    specs = {"github.com": f"gh/{name}", "gitlab.com": f"gl/{quote(name, safe='')}"}
    spec = specs.get(url.netloc, f"git/{quote(repository, safe='')}")
    return f"https://mybinder.org/v2/{spec}/{quote(branch)}?{urlencode({'urlpath': f'lab/tree/{path}'}, safe='/')}"


def colab_link(repository, branch, path):
    """Return the link that opens a notebook of a repository on github.com in Colab."""
    return f"https://colab.research.google.com/github{urlsplit(repository).path}/blob/{quote(branch)}/{quote(path)}"


def hub_link(hub, repository, branch, path):
    """Return the link that copies a repository on a JupyterHub, and opens a file of it there in JupyterLab."""
    urlpath = f"lab/tree/{PurePosixPath(repository).name}/{path}"
    query = urlencode({"repo": repository, "branch": branch, "urlpath": urlpath})
    return f"{hub}hub/user-redirect/git-pull?{query}"


def links(repository, branch, path, hub):
    """Return [(where, link)] for one notebook; `hub` may be empty."""
    found = [("Binder", binder_link(repository, branch, path))]
    if urlsplit(repository).netloc == "github.com":
        found.append(("Colab", colab_link(repository, branch, path)))
    if hub:
        found.append(("JupyterHub", hub_link(hub, repository, branch, path)))
    return found


def hub_address():
    """Return the JupyterHub's address, with a slash at its end, or an empty string."""
    given = os.environ.get("BOOK_HUB_URL", "").strip()
    return given and checked("BOOK_HUB_URL", given)


def add_links(app, pagename, templatename, context, doctree):
    """Put the links above a notebook's page, behind one button before the theme's others."""
    options = app.config.html_theme_options
    path = PurePosixPath(app.env.doc2path(pagename, base=False)) if doctree else None
    if not options.get("repository_url") or not path or path.suffix != ".ipynb":
        return
    found = links(options["repository_url"], options["repository_branch"], str(path), hub_address())
    group = {
        "type": "group",
        "tooltip": "Run this page",
        "icon": "fas fa-rocket",
        "label": "launch-buttons",
        "buttons": [{"type": "link", "text": f"Run on {where}", "url": link} for where, link in found],
    }
    context["header_buttons"].insert(0, group)


def setup(app):
    """Add the links after the theme made its buttons."""
    app.connect("html-page-context", add_links, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
