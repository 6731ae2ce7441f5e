"""Buttons that lead to the repository, and to a page's source and its editor there, only where its address is known.

The address is `BOOK_REPOSITORY_URL`, or else the git remote `origin` where that is on another host.
"""

import os
import re
import shlex
import subprocess
from urllib.parse import urlsplit

from sphinx.errors import ConfigError
from sphinx.util import logging

PROVIDERS = ("github", "gitlab", "bitbucket")
SCP_LIKE = re.compile(r"(?:[\w.-]+@)?([\w-]+(?:\.[\w-]+)+):(?!/)(.+)")  # git@host:owner/name

logger = logging.getLogger(__name__)


def web_address(remote):
    """Return the https address of a git remote, without user or password; None for a path or a local host."""
    remote = remote.strip()
    scp_like = SCP_LIKE.fullmatch(remote)
    try:
        url = urlsplit(f"ssh://{scp_like[1]}/{scp_like[2]}" if scp_like else remote)
        port = f":{url.port}" if url.port and url.scheme.startswith("http") else ""
    except ValueError:  # brackets left open, or a port that is no number
        return None
    path = url.path.strip("/").removesuffix(".git")
    if url.scheme not in ("http", "https", "ssh", "git") or "." not in (url.hostname or "") or "/" not in path:
        return None
    if re.fullmatch(r"[\d.]+", url.hostname):
        return None
    return f"https://{url.hostname}{port}/{path}"


def git(folder, *arguments):
    """Return what git prints, or an empty string where it fails or is not installed."""
    return _answer(folder, *arguments)[0]


def _answer(folder, *arguments):
    """Return what git prints, empty where it fails, and what it complains of, in English."""
    command, english = ["git", "-C", folder, *arguments], os.environ | {"LC_ALL": "C"}
    try:
        result = subprocess.run(command, env=english, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "", ""
    return (result.stdout.strip() if result.returncode == 0 else ""), result.stderr


def say_what_git_keeps_back(app, exception):
    """Say at the end, where it is seen, why there are no dates and links: git obeys only the owner of a repository."""
    _, complaint = _answer(app.srcdir, "rev-parse", "--git-dir")
    if "dubious ownership" in complaint:
        root = re.search(r"repository at '(.*)'", complaint)[1]
        logger.info(
            "The pages have no dates, and no links to their repository unless BOOK_REPOSITORY_URL is set: another user "
            "owns this folder, so git tells nothing of it. If you trust it:\n"
            "  git config --global --add safe.directory %s",
            shlex.quote(root),
        )


def known_address(folder):
    """Return the repository's address, or None; refuse a `BOOK_REPOSITORY_URL` that is not one."""
    given = os.environ.get("BOOK_REPOSITORY_URL", "").strip()
    if given and not web_address(given):
        raise ConfigError(f"BOOK_REPOSITORY_URL: expected https://host/owner/name, got {given!r}")
    return web_address(given or git(folder, "config", "--get", "remote.origin.url"))


def default_branch(folder):
    """Return the name of the branch that the repository shows first, as far as git knows it."""
    return git(folder, "symbolic-ref", "--short", "refs/remotes/origin/HEAD").removeprefix("origin/") or "main"


def set_buttons(app, config):
    """Fill in the theme's options from the repository's address."""
    address = known_address(app.srcdir)
    options = config.html_theme_options
    options["use_download_button"] = bool(address)
    config.html_copy_source = bool(address)
    config.html_show_sourcelink = bool(address)
    if not address:
        return
    provider = next((name for name in PROVIDERS if name in urlsplit(address).hostname), None)
    options |= {
        "repository_url": address,
        "repository_branch": default_branch(app.srcdir),
        "repository_provider": provider or "github",  # the theme insists on one; only the icon shows it
        "use_repository_button": True,
        "use_source_button": provider is not None,  # the path to one file differs from host to host
        "use_edit_page_button": provider in ("github", "gitlab"),
    }


def mend_icon(app, pagename, templatename, context, doctree):
    """Show git's own sign on the button to a host that the theme does not know."""
    address = app.config.html_theme_options.get("repository_url", "")
    for button in context.get("header_buttons", []):
        if button.get("label") == "source-repository-button" and not any(
            name in urlsplit(address).netloc for name in PROVIDERS
        ):
            button["icon"] = "fab fa-git-alt"


def setup(app):
    """Set the options before the theme reads them, and the icon after it made the buttons."""
    app.connect("config-inited", set_buttons, priority=100)
    app.connect("html-page-context", mend_icon, priority=900)
    app.connect("build-finished", say_what_git_keeps_back)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
