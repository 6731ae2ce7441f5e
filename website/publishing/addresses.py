"""Where the site, its repository and a JupyterHub are, as far as that is known; no page links to an invented address.

The site is at `BOOK_SITE_URL`, or else, in a workflow of GitHub's, where GitHub Pages puts the site of its repository.
The repository is at `BOOK_REPOSITORY_URL`, or else at the git remote `origin` where that is on another host. The hub,
at `BOOK_HUB_URL`, needs nbgitpuller. The theme makes buttons of the last two.
"""

import os
import re
import subprocess
from urllib.parse import urlsplit

from sphinx.errors import ConfigError

SITE = re.compile(r"https?://[\w.-]+(:\d+)?(/[^?#\s]*)?")
SCP_LIKE = re.compile(r"\A(?:[\w.-]+@)?([\w.-]+):(?!/)")  # git@host:owner/name
REMOTE = re.compile(
    r"(?P<scheme>https?|ssh|git)://([^@/]+@)?(?P<host>([\w-]+\.)+[a-z][\w-]*)(?P<port>:\d+)?/(?P<path>.+/.+?)(\.git)?/?"
)
PROVIDERS = ("github", "gitlab", "bitbucket")


def given_address(name, environment=os.environ):
    """Return the web address in an environment variable, with a slash at its end; refuse what is none."""
    address = environment.get(name, "").strip()
    if address and not SITE.fullmatch(address):
        raise ConfigError(f"{name}: expected https://host/path, got {address!r}")
    return address and f"{address.rstrip('/')}/"


def site_address(environment=os.environ):
    """Return the address of the published site, with a slash at its end, or an empty string."""
    given = given_address("BOOK_SITE_URL", environment)
    if given or environment.get("GITHUB_SERVER_URL") != "https://github.com":
        return given
    owner, name = environment["GITHUB_REPOSITORY"].split("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def page_address(app, docname):
    """Return the full address of a page; where the site's address is unknown, an empty string."""
    base = app.config.html_baseurl
    return base and base + ("" if docname == app.config.root_doc else app.builder.get_target_uri(docname))


def web_address(remote):
    """Return the https address of a git remote, without user or password; None for a path or a local host."""
    found = REMOTE.fullmatch(SCP_LIKE.sub(r"ssh://\1/", remote.strip(), count=1))
    if not found:
        return None
    port = found["port"] if found["port"] and found["scheme"].startswith("http") else ""
    return f"https://{found['host']}{port}/{found['path']}"


def git(folder, *arguments):
    """Return what git prints, or an empty string where it fails or is not installed."""
    try:
        result = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""


def repository_address(folder):
    """Return the repository's address, or None; refuse a `BOOK_REPOSITORY_URL` that is not one."""
    given = os.environ.get("BOOK_REPOSITORY_URL", "").strip()
    if given and not web_address(given):
        raise ConfigError(f"BOOK_REPOSITORY_URL: expected https://host/owner/name, got {given!r}")
    return web_address(given or git(folder, "config", "--get", "remote.origin.url"))


def default_branch(folder):
    """Return the name of the branch that the repository shows first, as far as git knows it."""
    return git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/") or "main"


def theme_options(repository, branch, hub):
    """Return the options by which the theme makes its buttons, each only where it leads somewhere."""
    url = urlsplit(repository)
    provider = next((name for name in PROVIDERS if name in url.netloc), None)
    on_binder = url.netloc in ("github.com", "gitlab.com") and url.path.count("/") == 2
    return {
        "repository_url": repository,
        "repository_branch": branch,
        "repository_provider": provider or "github",  # the theme insists on one; only the icon shows it
        "use_repository_button": True,
        "use_source_button": provider is not None,  # the path to one file differs from host to host
        "use_edit_page_button": provider in ("github", "gitlab"),
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org" if on_binder else "",
            "colab_url": "https://colab.research.google.com" if url.netloc == "github.com" else "",
            "jupyterhub_url": hub,
        },
    }


def set_addresses(app, config):
    """Hand the addresses to Sphinx and to the theme."""
    config.html_baseurl = site_address()
    repository = repository_address(app.srcdir)
    config.html_show_sourcelink = bool(repository)
    config.html_theme_options["use_download_button"] = bool(repository)
    if repository:
        hub = given_address("BOOK_HUB_URL")
        config.html_theme_options |= theme_options(repository, default_branch(app.srcdir), hub)


def mend_page(app, pagename, templatename, context, doctree):
    """Call the front page by its shorter address, and show git's own sign where the theme does not know the host.

    A page that was not written, such as the search, has no canonical link.
    """
    context["pageurl"] = page_address(app, pagename) if doctree else ""
    host = urlsplit(app.config.html_theme_options.get("repository_url", "")).netloc
    for button in context.get("header_buttons", []):
        if button.get("label") == "source-repository-button" and not any(name in host for name in PROVIDERS):
            button["icon"] = "fab fa-git-alt"


def setup(app):
    """Set the addresses before the theme reads them, and mend pages after it made the buttons."""
    app.connect("config-inited", set_addresses, priority=100)
    app.connect("html-page-context", mend_page, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
