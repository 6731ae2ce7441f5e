"""The built site, served on this machine only, and a browser to look at it."""

import functools
import http.server
import os
import shutil
import threading

import pytest
from playwright.sync_api import sync_playwright

from tests.site import site_checks

SITE = site_checks.ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files without a line for each on the terminal."""

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="session")
def serve():
    """Return a function that serves a folder and returns its address; all end with the tests."""
    servers = {}

    def start(folder):
        handler = functools.partial(SilentHandler, directory=folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        address = f"http://127.0.0.1:{server.server_port}/"
        servers[address] = server
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return address

    def stop(address):
        server = servers.pop(address)
        server.shutdown()
        server.server_close()

    start.stop = stop
    yield start
    for address in list(servers):
        stop(address)


@pytest.fixture(scope="session")
def site():
    """Return the folder of the built site."""
    if not (SITE / ".inputs").is_file():
        pytest.fail("the site is not built, or its last build failed: run `make book`", pytrace=False)
    return SITE


@pytest.fixture(scope="session")
def soups(site):
    """Return {path: parsed page} of the built site, for tests that only look."""
    return {path: site_checks.parse(site / path) for path in site_checks.html_files(site)}


@pytest.fixture(scope="session")
def base(site, serve):
    """Return the address of the built site."""
    return serve(site)


@pytest.fixture(scope="module")
def browser():
    """Start the machine's Chromium; Playwright's event loop must end before a notebook's kernel needs one."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        reason = f"no browser found, looked for {', '.join(BROWSERS)}"
        pytest.fail(reason, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(reason)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def visits():
    """Return what the browser recorded of each page so far."""
    return {}


@pytest.fixture(scope="module")
def visit(browser, base, visits):
    """Return a function that loads a page of the site, once, and returns what the browser recorded."""

    def once(path):
        if path not in visits:
            visits[path] = site_checks.visit_page(browser, base, path)
        return visits[path]

    return once


def pytest_generate_tests(metafunc):
    """Run a test that asks for `path` on every page of the site."""
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", site_checks.html_files(SITE) or ["index.html"])
