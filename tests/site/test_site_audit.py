"""The built site under audit: accessibility, the weight of our scripts, what its Content-Security-Policy forbids."""

import gzip
import importlib.resources

import pytest

from tests.site import site_checks

OWN_SCRIPTS = 20_000  # bytes, gzipped

AXE = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
# What a reader can unfold is audited, too. The insides of a formula are hidden from screen readers, those of a drawing
# are one picture to them, and of each kind of word in code one will do: an audit of everything takes ten times as long.
PREPARE = """() => {
  const still = new CSSStyleSheet();  // colours are compared when they have arrived
  still.replaceSync("* { transition: none !important; animation: none !important; }");
  document.adoptedStyleSheets = [still];
  document.querySelectorAll("details").forEach((details) => { details.open = true; });
  document.querySelectorAll(".katex-html *, svg.figure-svg *").forEach((element) => element.remove());
  const seen = new Set();
  document.querySelectorAll("pre span[class]:not(.run-code)").forEach((word) => {
    const kind = `${word.className} in ${word.closest("pre").parentElement.className}`;
    if (seen.has(kind)) word.remove();
    seen.add(kind);
  });
}"""
RUN_AXE = """(rules) => axe.run(document, { rules, resultTypes: ["violations"] }).then((result) =>
  result.violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) =>
    `${id}: ${html.slice(0, 120)} ${failureSummary}`)))"""
RUN_AXE_ON_COLOURS = RUN_AXE.replace("rules, ", "runOnly: ['color-contrast'], ")

# What a sheet of paper would not show: it does not scroll.
CUT_OFF = """() => [...document.querySelectorAll("article, article *")].filter((element) =>
  element.clientWidth && element.scrollWidth > element.clientWidth + 1
  && getComputedStyle(element).overflowX !== "visible" && !element.closest(".katex-mathml, svg")
).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def audited(browser):
    """Return a page with axe in it; pages of the site follow one another there."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.add_init_script(AXE)
    yield page
    context.close()


def test_axe_finds_nothing_wide_or_narrow_light_or_dark(audited, base, path):
    audited.set_viewport_size({"width": 1280, "height": 900})
    audited.goto(base + path)
    audited.evaluate(PREPARE)
    # Only the layout differs between the widths, and only the colours between the themes.
    faults = audited.evaluate(RUN_AXE, {})
    audited.evaluate("document.documentElement.dataset.theme = 'dark'")
    faults += audited.evaluate(RUN_AXE_ON_COLOURS, {})
    audited.set_viewport_size({"width": 390, "height": 900})
    audited.goto(base + path)  # what scrolls gets its place in the order of the keyboard when it is loaded
    audited.evaluate(PREPARE)
    faults += audited.evaluate(RUN_AXE, {"color-contrast": {"enabled": False}})
    assert faults == []


def test_axe_finds_what_is_planted(audited, base):
    audited.goto(base + "index.html")
    audited.evaluate(
        "document.querySelector('article').innerHTML += '<button></button><p style=\"color: #ccc\">pale</p>'"
    )
    faults = audited.evaluate(RUN_AXE, {})
    assert [fault.partition(":")[0] for fault in faults] == ["button-name", "color-contrast"]
    assert audited.evaluate(RUN_AXE_ON_COLOURS, {}) == faults[1:]


def test_scripts_of_our_own_are_small():
    scripts = list((site_checks.ROOT / "website/static").rglob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(script.read_bytes())) for script in scripts) <= OWN_SCRIPTS


def test_every_page_has_one_policy_before_everything_it_rules(soups, path):
    soup = soups[path]
    (policy,) = soup.select("meta[http-equiv='Content-Security-Policy']")
    assert policy.find_previous_siblings(True) == soup.select("meta[charset]")
    directives = dict(part.strip().split(" ", 1) for part in policy["content"].split(";"))
    assert directives["default-src"] == "'self' file:"
    for name, sources in directives.items():
        plain = {source for source in sources.split() if not source.startswith("'sha256-")}
        allowed = {"script-src": {"'unsafe-hashes'"}, "style-src-attr": {"'unsafe-inline'"}, "img-src": {"data:"}}
        assert plain <= {"'self'", "file:", "'none'"} | allowed.get(name, set())


@pytest.fixture(params=["http", "file"])
def recorded(request, browser, base, site):
    """Return a page whose errors are recorded, refusals by the policy among them; from a server, then a folder."""
    address = base if request.param == "http" else f"{site.as_uri()}/"
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page, visit = site_checks.open_page(context, address)
    yield page, visit, address
    context.close()


def test_pages_work_from_a_folder(browser, site):
    address = f"{site.as_uri()}/"
    context = browser.new_context()
    page, visit = site_checks.open_page(context, address)
    for path in site_checks.html_files(site):
        page.goto(address + path)
    assert visit.requests
    assert visit.foreign(address) == []
    assert visit.errors == []
    context.close()


def test_the_policy_stops_what_is_planted(recorded):
    page, visit, address = recorded
    page.goto(f"{address}index.html")
    assert visit.errors == []
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), { text: 'planted = 1' }))")
    page.evaluate("document.body.append(Object.assign(new Image(), { src: 'https://example.invalid/a.png' }))")
    for directive in "script-src", "img-src":
        while not any(directive in error for error in visit.errors):
            page.wait_for_event("console", timeout=site_checks.PATIENCE)
    assert page.evaluate("typeof planted") == "undefined"


def test_what_can_be_pressed_works_under_the_policy(recorded):
    page, visit, address = recorded
    page.goto(f"{address}chapters/03_derivation.html")
    mode = page.locator("html").get_attribute("data-mode")
    page.locator(".theme-switch-button").click()
    assert page.locator("html").get_attribute("data-mode") != mode
    page.locator("div.highlight").first.hover()
    page.locator("button.copybtn").first.click()
    page.locator("article details summary").first.click()
    assert page.locator("article details[open]").count() == 1
    page.locator("button.btn-fullscreen-button").click()
    page.locator("button.primary-toggle").click()
    page.keyboard.press("Control+k")
    page.keyboard.type("sigmoid")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for(timeout=site_checks.PATIENCE)
    assert "q=sigmoid" in page.url
    page.wait_for_load_state("networkidle")
    assert visit.errors == []


@pytest.fixture(scope="module")
def sheet(browser):
    """Return a page as wide as A4 between its margins, as it goes to a printer, asked for by a reader in dark mode."""
    context = browser.new_context(viewport={"width": 680, "height": 980}, color_scheme="dark")
    page = context.new_page()
    page.emulate_media(media="print", color_scheme="dark")
    yield page
    context.close()


def test_on_paper_nothing_is_cut_off_folded_or_dark(sheet, base, path):
    sheet.goto(base + path)
    assert sheet.locator("html").get_attribute("data-theme") == "dark"
    folded = sheet.locator("details:not(.above-input)").count() - sheet.locator("details[open]").count()
    sheet.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert sheet.locator("html").get_attribute("data-theme") == "light"
    assert sheet.locator("details:not([open], .above-input)").count() == 0
    assert sheet.evaluate(CUT_OFF) == []
    assert not any(bar.is_visible() for bar in sheet.locator(".bd-sidebar, .prev-next-footer, .bd-header").all())
    sheet.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sheet.locator("html").get_attribute("data-theme") == "dark"
    assert sheet.locator("details:not([open], .above-input)").count() == folded
