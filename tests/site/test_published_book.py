"""What the pages of a small book with a history say where its addresses are known, and what where they are not."""

import base64
import io
import os
import re
import struct
import subprocess
import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, urlsplit

import nbformat.v4
import pytest
from matplotlib.figure import Figure
from sphinx.errors import ConfigError

from tests.site import site_checks, small_book
from website.publishing import addresses, cards, pages

BASE = "https://owner.github.io/name/"
LIST = "First a sentence.\n\n{doc}`01_run`\n: What the list says of $x$. More of it.\n\nAnother\n: without a link."
PAGES = {"index": LIST, "03_plain": "A sentence of its own. Another one.", "other": "See [the front](index.md). Too."}
ADDRESSES = {
    "BOOK_REPOSITORY_URL": "https://github.com/owner/name",
    "BOOK_SITE_URL": "https://owner.github.io/name",
    "BOOK_HUB_URL": "https://hub.example.org/jupyter/",
}


def git(folder, *arguments, day="2020-01-01"):
    """Run git as if on that day, with no settings of this machine's user."""
    alone = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    dates = {"GIT_AUTHOR_DATE": f"{day}T12:00:00Z", "GIT_COMMITTER_DATE": f"{day}T12:00:00Z"}
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", *arguments]
    subprocess.run(command, cwd=folder, env=os.environ | alone | dates, check=True, capture_output=True)


def commit(folder, *names, day):
    """Commit some files on that day."""
    git(folder, "add", *names)
    git(folder, "commit", "-m", "change", "--", *names, day=day)


def red_drawing():
    """Return a picture of 200 by 100 pixels, all red, as a notebook keeps it."""
    png = io.BytesIO()
    Figure(figsize=(2, 1), facecolor="#ff0000").savefig(png, dpi=100)
    return base64.b64encode(png.getvalue()).decode()


def notebook(source="print(1)"):
    """Return a lesson of one cell that drew something."""
    v4 = nbformat.v4
    data = {"image/png": red_drawing(), "text/plain": "A drawing all in red"}
    cell = v4.new_code_cell(source, execution_count=1, outputs=[v4.new_output("display_data", data=data)])
    cell.metadata["mystnb"] = {"image": {"alt": "A drawing all in red"}}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return v4.new_notebook(cells=[v4.new_markdown_cell("# Lesson 1: Run"), cell], metadata={"kernelspec": kernel})


def book(folder, **addresses):
    """Write a small book, commit its pages on different days, build it, and return its site."""
    small_book.write(folder, PAGES, {"01_run": notebook()})
    git(folder, "init")
    commit(folder, "index.md", day="2021-02-03")
    commit(folder, "01_run.ipynb", "03_plain.md", "other.md", day="2022-12-31")
    git(folder, "commit", "-m", "nothing", "--allow-empty", day="2023-01-01")
    with (folder / "other.md").open("a") as page:
        page.write("\nChanged since.\n")
    result = small_book.build(folder, **addresses)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "_build" / "html"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """Build the small book with every address."""
    return book(tmp_path_factory.mktemp("published") / "book", **ADDRESSES)


@pytest.fixture(scope="module")
def private(tmp_path_factory):
    """Build it with none."""
    return book(tmp_path_factory.mktemp("private") / "book")


def head(site, name):
    """Return {name or property: content} of a page's meta elements."""
    metas = site_checks.parse(site / f"{name}.html").select("meta[content]")
    return {meta.get("name") or meta.get("property"): meta["content"] for meta in metas}


def links_of(site, name):
    """Return {text: address} of what the buttons above a page lead to."""
    links = site_checks.parse(site / f"{name}.html").select(".article-header-buttons a[href]")
    return {link.get_text().strip(): link["href"] for link in links}


def test_a_page_is_described_by_the_front_page_or_by_its_first_sentence(published):
    described = {name: head(published, name)["description"] for name in ("index", "01_run", "03_plain", "other")}
    assert described == {
        "index": "First a sentence.",
        "01_run": "What the list says of x. More of it.",
        "03_plain": "A sentence of its own.",
        "other": "See the front.",
    }


def test_each_page_has_its_address_and_its_card(published):
    for name, card in {"index": "book", "01_run": "01_run", "03_plain": "03_plain", "other": "book"}.items():
        address = BASE if name == "index" else f"{BASE}{name}.html"
        found = head(published, name)
        assert site_checks.parse(published / f"{name}.html").select_one("link[rel=canonical]")["href"] == address
        assert found["og:url"] == address
        assert found["og:image"] == f"{BASE}cards/{card}.png"
        assert found["og:description"] == found["description"]
        assert found["twitter:card"] == "summary_large_image"
        png = (published / "cards" / f"{card}.png").read_bytes()
        assert struct.unpack(">II", png[16:24]) == (1200, 630)
    assert head(published, "01_run")["og:title"] == "Lesson 1: Run"
    assert not site_checks.parse(published / "search.html").select("link[rel=canonical], meta[property]")
    assert head(published, "search")["description"]


def test_a_lesson_s_card_shows_its_own_drawing(published):
    red = {}
    for name in ("01_run", "03_plain", "book"):
        pixels = cards.imread(published / "cards" / f"{name}.png")[..., :3]
        red[name] = int((abs(pixels - [1, 0, 0]).max(axis=-1) < 0.02).sum())
    assert red == {"01_run": 200 * 100, "03_plain": 0, "book": 0}


def test_the_site_map_lists_every_page_with_the_date_of_its_last_change(published):
    root = ET.parse(published / "sitemap.xml").getroot()
    space = f"{{{pages.SITE_MAP}}}"
    entries = {entry.findtext(f"{space}loc"): entry.findtext(f"{space}lastmod") for entry in root}
    assert entries == {
        BASE: "2021-02-03",
        f"{BASE}01_run.html": "2022-12-31",
        f"{BASE}03_plain.html": "2022-12-31",
        f"{BASE}other.html": "2022-12-31",
    }


def dates(site):
    """Return {page: (date, the same in words)} of the pages that show one."""
    times = {name: site_checks.parse(site / f"{name}.html").select("time") for name in ("index", "01_run", "other")}
    return {name: (time["datetime"], time.get_text()) for name, found in times.items() for time in found}


def test_a_page_shows_the_date_of_its_last_commit(private):
    assert dates(private) == {
        "index": ("2021-02-03", "3 February 2021"),
        "01_run": ("2022-12-31", "31 December 2022"),
        "other": ("2022-12-31", "31 December 2022"),
    }


def test_a_shallow_clone_shows_no_date(private, tmp_path):
    source = private.parents[1]
    git(tmp_path, "clone", "--depth", "1", source.as_uri(), "clone")
    for name in ("_config.yml", "_toc.yml", "references.bib", "drawing.svg"):
        (tmp_path / "clone" / name).symlink_to(source / name)
    assert small_book.build(tmp_path / "clone").returncode == 0
    assert dates(tmp_path / "clone" / "_build" / "html") == {}


def test_a_notebook_opens_in_three_places_and_another_page_in_none(published):
    links = links_of(published, "01_run")
    launch = [name for name in links if name in ("This page", "Binder", "Colab", "JupyterHub")]
    assert launch[0] == "This page"
    assert links["This page"].endswith("#run-lesson")
    binder, colab, hub = (urlsplit(links[where]) for where in ("Binder", "Colab", "JupyterHub"))
    assert (binder.netloc, binder.path) == ("mybinder.org", "/v2/gh/owner/name/main")
    assert parse_qs(binder.query) == {"urlpath": ["lab/tree/01_run.ipynb"]}
    assert (colab.netloc, colab.path) == ("colab.research.google.com", "/github/owner/name/blob/main/01_run.ipynb")
    assert (hub.netloc, hub.path) == ("hub.example.org", "/jupyter/hub/user-redirect/git-pull")
    assert parse_qs(hub.query) == {
        "repo": ["https://github.com/owner/name"],
        "branch": ["main"],
        "urlpath": ["lab/tree/name/01_run.ipynb"],
    }
    for name in ("index", "03_plain", "other", "search"):
        assert not {"Binder", "Colab", "JupyterHub"} & links_of(published, name).keys()


def test_a_page_leads_to_its_source_and_its_editor(published):
    assert links_of(published, "01_run")["Suggest edit"] == "https://github.com/owner/name/edit/main/01_run.ipynb"
    assert links_of(published, "03_plain")["Suggest edit"] == "https://github.com/owner/name/edit/main/03_plain.md"


def test_nothing_is_invented_where_no_address_is_known(private):
    assert not (private / "sitemap.xml").exists()
    assert not (private / "cards").exists()
    for path in [*site_checks.html_files(private), "404.html"]:
        text = (private / path).read_text(encoding="utf-8")
        assert not re.search(r'(href|src|content|action)="https?:', text)
    assert head(private, "index")["twitter:card"] == "summary"
    assert "og:image" not in head(private, "index")


@pytest.mark.parametrize(
    ("repository", "places", "provider"),
    [
        ("https://github.com/owner/name", ["binderhub_url", "colab_url"], "github"),
        ("https://gitlab.com/owner/name", ["binderhub_url"], "gitlab"),
        ("https://gitlab.com/group/sub/name", [], "gitlab"),
        ("https://github.example.org/owner/name", [], "github"),
        ("https://git.example.org:8443/owner/name", [], None),
    ],
)
def test_a_lesson_opens_only_where_the_repository_can_be_fetched(repository, places, provider):
    options = addresses.theme_options(repository, "main", "https://hub.example.org/")
    found = [name for name, address in options["launch_buttons"].items() if name.endswith("_url") and address]
    assert found == [*places, "jupyterhub_url"]
    assert options["use_source_button"] == (provider is not None)


@pytest.mark.parametrize(
    ("environment", "address"),
    [
        ({}, ""),
        ({"BOOK_SITE_URL": "https://example.org"}, "https://example.org/"),
        ({"BOOK_SITE_URL": "http://example.org:8080/a/b/"}, "http://example.org:8080/a/b/"),
        (
            {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "Owner/name"},
            "https://owner.github.io/name/",
        ),
        ({"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "o/o.github.io"}, "https://o.github.io/"),
        ({"GITHUB_SERVER_URL": "https://github.example.org", "GITHUB_REPOSITORY": "o/n"}, ""),
        (
            {
                "BOOK_SITE_URL": "https://book.example.org",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "o/n",
            },
            "https://book.example.org/",
        ),
    ],
)
def test_the_site_s_address(environment, address):
    assert addresses.site_address(environment) == address


@pytest.mark.parametrize(
    "given",
    [
        "example.org",
        "ftp://example.org",
        "https://",
        "https://user:secret@example.org",
        "https://a.org/?q",
        "https://a.org/#x",
    ],
)
def test_an_address_that_is_none_is_refused(given, monkeypatch):
    with pytest.raises(ConfigError, match="BOOK_SITE_URL: expected"):
        addresses.site_address({"BOOK_SITE_URL": given})
    monkeypatch.setenv("BOOK_HUB_URL", given)
    with pytest.raises(ConfigError, match="BOOK_HUB_URL: expected"):
        addresses.given_address("BOOK_HUB_URL")
