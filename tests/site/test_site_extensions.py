"""The hooks of the site, without a build."""

import re

import pytest
from sphinx.errors import ConfigError

from backprop_book.drawing.palette import PALETTE
from backprop_book.page.inline import VARIABLES, inline_svg
from website.publishing import addresses

FORWARD = PALETTE["forward"][0]
FIGURE = f"""<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"
  role="img" aria-label="A line that rises">
 <metadata>made by a program</metadata>
 <defs><style type="text/css">*{{stroke-linejoin: round}}</style>
  <clipPath id="clip"><rect width="9" height="9"/></clipPath><path id="mark" d="M0 0h1"/></defs>
 <g id="unused" clip-path="url(#clip)"><use xlink:href="#mark" fill="{FORWARD.upper()}" style="stroke: #123456"/></g>
</svg>""".encode()


def test_a_figure_becomes_part_of_the_page():
    svg = inline_svg(FIGURE, "f1-")
    assert svg.startswith("<svg ")
    assert 'aria-label="A line that rises"' in svg
    assert 'clip-path="url(#f1-clip)"' in svg
    assert 'href="#f1-mark"' in svg
    assert re.findall(r' id="([^"]*)"', svg) == ["f1-clip", "f1-mark"]
    assert f"fill: var(--fig-forward, {FORWARD}); stroke: #123456" in svg
    assert "stroke-linejoin: round" in svg
    assert not re.search("metadata|DOCTYPE|<style|xlink|<\\?xml", svg)


def test_alt_text_from_the_page_goes_before_the_drawing_s_own():
    assert 'aria-label="Said in the page"' in inline_svg(FIGURE, "f1-", alt="Said in the page")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'aria-label="A line that rises"', b"", "alt text"),
        (b'aria-label="A line that rises"', b'aria-label="line.svg"', "alt text"),
        (b'viewBox="0 0 9 9"', b"", "viewBox"),
        (b"*{", b".mine{", "whole page"),
        (b"</svg>", b"", "well-formed"),
    ],
)
def test_a_figure_that_would_not_do_is_refused(old, new, message):
    with pytest.raises(ValueError, match=message):
        inline_svg(FIGURE.replace(old, new), "f1-")


def test_no_two_meanings_share_a_light_colour():
    assert len(VARIABLES) == len(PALETTE)


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("https://example.org/owner/name", "https://example.org/owner/name"),
        ("https://example.org/owner/name.git/", "https://example.org/owner/name"),
        ("https://user:secret@example.org/owner/name.git", "https://example.org/owner/name"),
        ("https://example.org:8443/owner/name", "https://example.org:8443/owner/name"),
        ("git@example.org:owner/name.git", "https://example.org/owner/name"),
        ("ssh://git@example.org:22/owner/name.git", "https://example.org/owner/name"),
        ("", None),
        ("/srv/git/name.git", None),
        ("../name", None),
        ("file:///srv/git/owner/name.git", None),
        ("http://localhost:8080/owner/name", None),
        ("http://127.0.0.1:8080/owner/name", None),
        ("https://example.org/name", None),
        ("https://example.org:port/owner/name", None),
        ("http://[::1/owner/name", None),
    ],
)
def test_the_repository_s_address(remote, address):
    assert addresses.web_address(remote) == address


def test_an_address_that_is_none_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("BOOK_REPOSITORY_URL", "owner/name")
    with pytest.raises(ConfigError, match="BOOK_REPOSITORY_URL"):
        addresses.repository_address(tmp_path)
