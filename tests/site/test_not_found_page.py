"""`404.html`, as a server shows it at any address under the path of the site."""

import functools
import http.server
import threading
from pathlib import Path

import pytest

from tests.site import site_checks, small_book
from tests.site.test_site_audit import AXE, RUN_AXE

MISSING = ("missing.html", "chapters/missing.html", "a/b/c/missing/")
PAGES = {"index": "One sentence.", "01_lesson": "One sentence more."}


class GitHubPages(http.server.SimpleHTTPRequestHandler):
    """Serves a site under /name/ and its 404.html at every other address."""

    def translate_path(self, path):
        """Return the file of a path."""
        inside = path.startswith("/name/")
        return super().translate_path(path.removeprefix("/name")) if inside else "no such file"

    def send_error(self, code, *arguments):
        """Answer with the site's own page."""
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(Path(self.directory, "404.html").read_bytes())

    def log_message(self, *arguments):
        """Say nothing."""


@pytest.fixture(scope="module")
def pages_server(tmp_path_factory):
    """Serve a small book as GitHub Pages would, and return its address."""
    folder = tmp_path_factory.mktemp("pages") / "book"
    small_book.write(folder, PAGES)
    result = small_book.build(folder, BOOK_SITE_URL="https://owner.github.io/name")
    assert result.returncode == 0, result.stdout + result.stderr
    handler = functools.partial(GitHubPages, directory=folder / "_build" / "html")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/name/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def opened(browser, pages_server):
    """Return a function that opens an address of the site, and returns the page and what the browser recorded."""
    contexts = []

    def go(path, **options):
        contexts.append(browser.new_context(**options))
        page, visit = site_checks.open_page(contexts[-1], pages_server)
        page.goto(pages_server + path)
        return page, visit

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("missing", MISSING)
def test_it_needs_no_other_file_and_leads_on_from_any_depth(opened, pages_server, missing):
    page, visit = opened(missing)
    assert visit.requests == [pages_server + missing]
    assert not [error for error in visit.errors if "404 (Not Found)" not in error]
    links = page.locator("a").evaluate_all("links => links.map(link => [link.href, link.textContent])")
    assert [text for _, text in links][1:] == ["A page named 01_lesson"]
    for address, _ in links:
        assert page.request.get(address).status == 200
    page.locator("a").first.click()
    assert page.locator("article h1").inner_text().startswith("A page named index")


def test_its_search_finds_a_page(opened):
    page, _ = opened("a/b/missing")
    page.get_by_role("searchbox").fill("more")
    page.get_by_role("button").click()
    page.locator("#search-results li a[href*='01_lesson.html']").wait_for(timeout=site_checks.PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_legible_in_light_and_dark_and_on_a_phone(opened, scheme):
    page, _ = opened("missing", color_scheme=scheme, viewport={"width": 390, "height": 800})
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE, {}) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    background = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 18, 18)"}[scheme]


def test_it_keeps_the_colours_that_the_reader_chose_in_the_book(opened, pages_server):
    page, _ = opened("index.html", color_scheme="light")
    page.evaluate("localStorage.setItem('mode', 'dark')")
    page.goto(f"{pages_server}a/b/missing")
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_without_a_script_it_can_be_read(opened):
    page, _ = opened("missing", java_script_enabled=False, color_scheme="dark")
    assert page.locator("html").get_attribute("data-theme") == "light"
    assert page.locator("h1").is_visible()


def test_it_has_the_policy_of_the_other_pages_and_no_relative_link(site):
    soup = site_checks.parse(site / "404.html")
    (policy,) = soup.select("meta[http-equiv='Content-Security-Policy']")
    (other,) = site_checks.parse(site / "index.html").select("meta[http-equiv='Content-Security-Policy']")
    fixed = [part for part in policy["content"].split(";") if "sha256" not in part]
    assert fixed == [part for part in other["content"].split(";") if "sha256" not in part]
    addresses = [tag[name] for name in ("href", "src", "action") for tag in soup.find_all(attrs={name: True})]
    assert all(address.startswith(("/", "data:")) for address in addresses)
    assert soup.title.get_text().startswith("Page not found")
    assert site_checks.without_alt_text(soup) == []
