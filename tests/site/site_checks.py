"""What must hold on every page of the built site, as functions that return the faults they find."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup
from packaging.requirements import Requirement

from backprop_book.page.inline import is_alt_text

ROOT = Path(__file__).resolve().parents[2]
WIDTHS = (1280, 768, 390)
PATIENCE = 300_000  # milliseconds for what must come: no test waits so long, on however busy a machine

CUT_OFF = "net::ERR_ABORTED"

# Content that reaches out of the window without an ancestor that scrolls; mathematics for screen readers is clipped.
REACHING_OUT = """
() => [...document.querySelectorAll(".bd-article-container *")].filter((element) => {
  if (element.closest(".katex-mathml, svg *, .d-none")) return false;
  if (element.getBoundingClientRect().right <= innerWidth + 1) return false;
  for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
    if (["auto", "scroll"].includes(getComputedStyle(box).overflowX)) return false;
  return true;
}).map((element) => element.outerHTML.slice(0, 120))
"""


@dataclass
class Visit:
    """What a browser recorded while it loaded one page, in windows of three widths."""

    requests: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    overflow: dict = field(default_factory=dict)

    def foreign(self, base):
        """Return the addresses asked for that are not the local server's."""
        return [url for url in self.requests if not url.startswith((base, "data:", "blob:"))]


def open_page(context, base):
    """Return a page and a Visit that records it; requests to other hosts are recorded and stopped."""
    page, visit = context.new_page(), Visit()
    context.route("**/*", lambda route: route.continue_() if route.request.url.startswith(base) else route.abort())
    page.on("request", lambda request: visit.requests.append(request.url))
    # What the next page cuts off has not failed.
    page.on("requestfailed", lambda request: visit.failed.append(request.url) if request.failure != CUT_OFF else None)
    page.on(
        "response", lambda reply: visit.failed.append(f"{reply.status} {reply.url}") if reply.status > 399 else None
    )
    page.on("console", lambda message: visit.errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: visit.errors.append(str(error)))
    return page, visit


def visit_page(browser, base, path):
    """Load one page, make its window narrower, and return its Visit."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, visit = open_page(context, base)
    page.goto(base + path, wait_until="networkidle")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        sideways = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        visit.overflow[width] = page.evaluate(REACHING_OUT) + (["the page itself"] if sideways else [])
    context.close()
    return visit


def pins(path):
    """Return {package: version} of a file of pinned requirements, as Python 3.11 on Linux takes them."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "==" in line and line[0] not in "#-"]
    here = {"python_full_version": "3.11.7", "python_version": "3.11", "sys_platform": "linux", "os_name": "posix"}
    taken = [one for one in map(Requirement, lines) if one.marker is None or one.marker.evaluate(here)]
    return {one.name: str(one.specifier).removeprefix("==") for one in taken}


def html_files(site):
    """Return the pages of a site, as paths relative to it.

    The theme leaves templates in `_static`; `404.html`, which has nothing in common with the others, has its own tests.
    """
    paths = (path.relative_to(site) for path in sorted(Path(site).rglob("*.html")))
    return [path.as_posix() for path in paths if path.parts[0] != "_static" and path.name != "404.html"]


def parse(path):
    """Return the parsed page."""
    return BeautifulSoup(Path(path).read_text(encoding="utf-8"), "html.parser")


def without_alt_text(soup):
    """Return the pictures of a page that have no alt text, or only a file's name."""
    images = [image for image in soup.find_all("img") if not is_alt_text(image.get("alt"))]
    drawings = [svg for svg in soup.find_all("svg", role="img") if not is_alt_text(svg.get("aria-label"))]
    # KaTeX draws roots and arrows as hidden SVG: the MathML beside it is what is read aloud.
    unnamed = [svg for svg in soup.select("svg:not([role])") if not svg.find_parent(attrs={"aria-hidden": "true"})]
    return [str(tag)[:120] for tag in images + drawings + unnamed if tag.get("aria-hidden") != "true"]


def duplicate_ids(soup):
    """Return the ids that occur more than once on a page."""
    return [name for name, count in Counter(tag["id"] for tag in soup.find_all(id=True)).items() if count > 1]


def dead_links(site, pages=None):
    """Return (page, address) for each link or source within a site that leads to no file, or to no such id."""
    pages = pages or {path: parse(Path(site, path)) for path in html_files(site)}
    ids = {path: {tag["id"] for tag in soup.find_all(id=True)} for path, soup in pages.items()}
    dead = []
    for path, soup in pages.items():
        addresses = [tag[name] for name in ("href", "src") for tag in soup.find_all(attrs={name: True})]
        for address in addresses:
            url = urlsplit(address)
            if url.scheme or url.netloc or address == "#":
                continue
            target = Path(site, path).parent / unquote(url.path) if url.path else Path(site, path)
            if not target.is_file():
                dead.append((path, address))
            elif url.fragment and target.suffix == ".html":
                name = target.resolve().relative_to(Path(site).resolve()).as_posix()
                if unquote(url.fragment) not in ids[name]:
                    dead.append((path, address))
    return dead
