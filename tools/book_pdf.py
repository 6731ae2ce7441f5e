"""The whole book as one PDF, printed from the built site by Chromium.

    python tools/book_pdf.py _build/html _build/book.pdf

The pages of the site become one document: ids get the name of their page, links between pages become links within the
book, an interactive figure becomes a few of its states, and solutions go to the end. It is printed twice: only then
it is known on which page a chapter begins.
"""

import html
import io
import shutil
import sys
from pathlib import Path

import pikepdf
import yaml
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OLDEST_BROWSER = 131  # the first that writes into the margins of a page
TITLE = "Backpropagation You Can Run"
AUTHOR = "Backpropagation You Can Run contributors"
WIDTH = 657  # pixels between the margins of an A4 page, see book_pdf.css
SHELL = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<meta charset="utf-8">
<title>{title}</title>
<link rel="stylesheet" href="{site}/_static/site.css">
<style>{style}</style>
<body>
<main class="bd-main"><div class="bd-content"><div class="bd-article-container"><article class="bd-article">
<section class="title-page">
<p class="title">{title}</p>
<p>Executable lessons in NumPy, with every displayed equation verified by a cell beside it</p>
<p class="edition">{author}<br>Text and pictures: CC BY 4.0. Code: MIT.</p>
</section>
<nav class="table-of-contents" id="contents"><p class="title">Contents</p></nav>
</article></div></div></main>
<script>{script}</script>
"""


def find_browser():
    """Return the path of Chromium or Chrome, or end with a sentence that says what is missing."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        sys.exit(f"The PDF is printed by a browser, and none was found: looked for {', '.join(BROWSERS)}.")
    return program


def chapters(entries):
    """Return the names of the pages in a list of the table of contents, each followed by those below it."""
    return [name for entry in entries for name in (entry["file"], *chapters(entry.get("sections", [])))]


def reading_order(toc):
    """Return (title of the part, names of its pages) in order; the front page has no part."""
    parts = [(part["caption"], chapters(part["chapters"])) for part in toc["parts"]]
    return [(None, [toc["root"]]), *parts]


def shell(site):
    """Return the document that the pages are added to."""
    style, script = (Path(__file__).with_suffix(suffix).read_text(encoding="utf-8") for suffix in (".css", ".js"))
    return SHELL.format(title=html.escape(TITLE), author=AUTHOR, site=site.as_uri(), style=style, script=script)


def assemble(page, site, parts):
    """Put the pages of the site into the document; return its table of contents."""
    addresses = {(site / f"{name}.html").as_uri(): name for _, names in parts for name in names}
    for title, names in parts:
        if title:
            page.evaluate("title => addPart(title)", title)
        for name in names:
            file = site / f"{name}.html"
            text = file.read_text(encoding="utf-8")
            page.evaluate(
                "page => addPage(page)", {"html": text, "address": file.as_uri(), "name": name, "pages": addresses}
            )
    page.evaluate("addSolutions()")
    contents = page.evaluate("addContents()")
    # Printing does not wait for fonts, which are asked for when the layout is.
    page.evaluate("document.body.offsetHeight && document.fonts.ready.then(() => null)")
    return contents


def printed(page, *, tagged=True):
    """Return the document as a PDF; with tags, it has the structure that screen readers need."""
    return page.pdf(prefer_css_page_size=True, print_background=True, tagged=tagged)


def page_numbers(pdf, ids):
    """Return the number of the page on which each id stands."""
    with pikepdf.open(io.BytesIO(pdf)) as book:
        numbers = {page.objgen: number for number, page in enumerate(book.pages, start=1)}
        return [numbers[book.Root.Dests[f"/{id_}"][0].objgen] for id_ in ids]


def open_book(browser, site, parts, scratch):
    """Return the document, open in the browser, and its table of contents; the file `scratch` is its beginning."""
    scratch.write_text(shell(site), encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": 900})
    page.emulate_media(media="print", color_scheme="light")
    page.goto(scratch.as_uri())
    return page, assemble(page, site, parts)


def print_book(page):
    """Return the book as a PDF, the numbers of pages filled in."""
    numbers = page_numbers(printed(page, tagged=False), page.evaluate("idsToNumber()"))
    page.evaluate("numbers => fillInNumbers(numbers)", numbers)
    return printed(page)


def add_outline(book, contents):
    """Give the PDF an outline; Chromium's own repeats titles that begin a page and leaves out formulas."""
    with book.open_outline() as outline:
        above = {0: outline.root}
        for entry in contents:
            item = pikepdf.OutlineItem(entry["title"], book.Root.Dests[f"/{entry['id']}"])
            above[max(level for level in above if level < entry["level"])].append(item)
            above = {level: items for level, items in above.items() if level < entry["level"]}
            above[entry["level"]] = item.children


def dead_links(book):
    """Return the targets of the PDF's links that are neither a place in it nor a web address."""
    annotations = [note for page in book.pages for note in page.get("/Annots", []) if note.Subtype == "/Link"]
    places = {str(note.Dest) for note in annotations if "/Dest" in note}
    addresses = {str(note.A.URI) for note in annotations if "/A" in note}
    return sorted(places - book.Root.Dests.keys()) + sorted(
        address for address in addresses if not address.startswith(("https://", "http://"))
    )


def save(pdf, contents, target):
    """Write the PDF, packed, with its author and its outline, which shows when it is opened; return its dead links."""
    with pikepdf.open(io.BytesIO(pdf)) as book:
        add_outline(book, contents)
        book.docinfo["/Author"] = AUTHOR
        del book.docinfo["/Creator"]  # the browser's name and version
        book.Root.PageMode = pikepdf.Name.UseOutlines
        book.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        book.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate)
        return dead_links(book)


def main(site, target):
    """Print the site in the folder `site` into the file `target`."""
    site, target = Path(site).resolve(), Path(target).resolve()
    parts = reading_order(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8")))
    scratch = target.with_suffix(".html")
    with sync_playwright() as playwright:
        # Without its sandbox it also runs in a container; it opens no page but ours.
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox", "--disable-gpu"])
        if int(browser.version.partition(".")[0]) < OLDEST_BROWSER:
            sys.exit(f"Page numbers need Chromium {OLDEST_BROWSER} or newer, this is {browser.version}.")
        page, contents = open_book(browser, site, parts, scratch)
        dead = save(print_book(page), contents, target)
        browser.close()
    scratch.unlink()
    if dead:
        sys.exit(f"{target}: links that lead nowhere: {', '.join(dead)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
