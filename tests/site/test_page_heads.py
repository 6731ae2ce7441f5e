"""What every page of the built site says about itself."""

import datetime
import re

import pytest

from tests.site import site_checks
from website.publishing import addresses

EXTRA = {"search.html"}


@pytest.fixture(scope="module")
def pages(soups):
    """Return the parsed pages of the site, but for the search."""
    return {path: soup for path, soup in soups.items() if path not in EXTRA}


def contents(soup, name):
    """Return what the page's meta elements of one name or property contain."""
    return [meta["content"] for meta in soup.select(f"meta[name='{name}'], meta[property='{name}']")]


def test_each_page_has_one_description_of_its_own(pages):
    described = {path: contents(soup, "description") for path, soup in pages.items()}
    assert all(len(found) == 1 for found in described.values()), described
    texts = [text for (text,) in described.values()]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert re.fullmatch(r"\S.{30,220}[.?!]", text), text
        assert not re.search(r"[`$\\{}]", text), text


def test_each_page_has_a_title_of_its_own(pages):
    titles = {path: soup.title.get_text() for path, soup in pages.items()}
    assert len(set(titles.values())) == len(titles)
    book = titles.pop("index.html")
    for path, title in titles.items():
        heading = pages[path].select_one("article h1").get_text().removesuffix("#").strip()
        assert title == f"{heading} — {book}"
        assert contents(pages[path], "og:title") == [heading]


def test_addresses_stand_there_exactly_where_the_site_s_is_known(pages, site):
    base = addresses.site_address()
    for path, soup in pages.items():
        address = [base + ("" if path == "index.html" else path)] if base else []
        assert [link["href"] for link in soup.select("link[rel=canonical]")] == address
        assert contents(soup, "og:url") == address
        cards = contents(soup, "og:image")
        assert len(cards) == len(address)
        assert all((site / card.removeprefix(base)).is_file() for card in cards)
    assert (site / "sitemap.xml").exists() == bool(base)


def test_dates_are_dates_of_the_past_in_words_and_in_figures(pages):
    shown = {path: soup.select("time") for path, soup in pages.items()}
    for times in shown.values():
        for time in times:
            day = datetime.date.fromisoformat(time["datetime"])
            assert time.get_text() == f"{day.day} {day.strftime('%B %Y')}"
            assert day <= datetime.date.today() + datetime.timedelta(days=1)  # a committer's day may be ahead of ours


def test_the_list_of_equations_is_as_new_as_the_newest_lesson(pages):
    shown = {path: [time["datetime"] for time in soup.select("time")] for path, soup in pages.items()}
    lessons = [shown[path] for path, soup in pages.items() if soup.select(".eqno")]
    assert len(lessons) >= 8
    assert shown["chapters/equations.html"] == [] or shown["chapters/equations.html"] >= max(lessons)


def test_the_book_s_sign_is_one_drawing_wherever_it_stands(pages):
    favicon = re.findall(r' d="([^"]+)"', (site_checks.ROOT / "website/static/favicon.svg").read_text(encoding="utf-8"))
    for soup in pages.values():
        (sign,) = soup.select(".navbar-brand svg")
        assert [path["d"] for path in sign.select("path")] == favicon
