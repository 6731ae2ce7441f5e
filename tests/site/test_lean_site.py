"""The hooks that make the site light and closed, without a build; a theme that has changed must not pass unnoticed."""

import io
import re
from importlib.metadata import version

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.misc.psCharStrings import T2CharString
from fontTools.ttLib import TTFont
from pygments.lexers import get_lexer_by_name
from pygments.styles import get_style_by_name
from sphinx.errors import ExtensionError

from website.lean import pages, styles, theme

THEMES = {"sphinx-book-theme": "1.3.0", "pydata-sphinx-theme": "0.17.1"}
WHAT_TO_LOOK_AT = """The site is cut to fit another version of the theme. Read what website/templates/layout.html leaves
out and replaces, and what website/lean says of the theme's scripts, style sheets and fonts; run `make book`; compare
the sizes of _static/site.css and of a page before and after; look at the front page, a lesson and the search, wide and
narrow, light and dark; then name the new version here."""
PAGE = """<p class="note big" id="here" data-kind="x">text</p><script>element.classList.add("added-later");
element.dataset.openNow = "true"</script>
<a href="#">not a word of a script: absent</a>"""


@pytest.fixture
def names():
    """Return the names of one small page."""
    names = pages.Names()
    pages.Page(PAGE, names)
    return names


@pytest.mark.parametrize(
    "selector",
    [
        "p",
        ".note",
        "p.note.big > a:hover::before",
        "#here",
        "[data-kind=y]",
        ".added-later",
        "#added-later .big",
        "[data-open-now]",
        "p:not(.absent)",
        ":is(.absent, .big)",
        "*",
        "a:nth-child(2n + 1)",
    ],
)
def test_a_rule_that_could_apply_stays(names, selector):
    assert styles.purge(f"{selector} {{ color: red }}", names) == f"{selector}{{color: red}}\n"


@pytest.mark.parametrize(
    "selector", [".absent", "table", "#note", "p.absent", "[title]", "[data-soon]", ":is(.absent, #gone)", ".p"]
)
def test_a_rule_that_cannot_apply_goes(names, selector):
    assert styles.purge(f"{selector} {{ color: red }}", names) == "\n"


def test_selectors_are_cut_one_by_one_within_media_too(names):
    css = (
        "/*! licence */ /* remark */ @media print { .absent, p { margin: 0 } } @media screen { .absent { margin: 0 } }"
    )
    assert styles.purge(css, names) == "/*! licence */\n@media print {p{margin: 0}}\n"


def test_other_rules_stay_as_they_are(names):
    css = '@charset "UTF-8";\n@font-face {font-family: X; src: url(x.woff2)}\n@keyframes turn {from {top: 0}}\n'
    assert styles.purge(css, names) == css


def test_a_damaged_style_sheet_is_refused(names):
    with pytest.raises(ExtensionError, match="expected a well-formed style sheet"):
        styles.purge("p { color: red } }", names)


def test_style_sheets_are_joined_with_their_imports_and_addresses(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.css").write_text("p { background: url(p.png) }", encoding="utf-8")
    deep = '@charset "utf-8";@import "../base.css"; a { background: url("../i/a.png"), url(data:x), url(b.png) }'
    (tmp_path / "deep/first.css").write_text(deep, encoding="utf-8")
    (tmp_path / "last.css").write_text("i { filter: url(#f) }", encoding="utf-8")
    joined = styles.join(tmp_path, ["deep/first.css", "last.css"])
    assert joined.count("@charset") == 1
    assert "@import" not in joined
    assert "p { background: url(p.png) } a { background: url(i/a.png), url(data:x), url(deep/b.png) }" in joined
    assert joined.endswith("\ni { filter: url(#f) }")


def write_font(static):
    """Write a font with three icons from U+F000 on, as the theme lays it out, and return the rule that loads it."""
    folder = static / styles.FONTS
    folder.mkdir(parents=True, exist_ok=True)
    builder = FontBuilder(1000, isTTF=False)
    order = [".notdef", *(f"icon{number}" for number in range(3))]
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap({0xF000 + number: name for number, name in enumerate(order[1:])})
    builder.setupHorizontalMetrics(dict.fromkeys(order, (1000, 0)))
    builder.setupHorizontalHeader()
    builder.setupNameTable({"familyName": "icons", "styleName": "solid"})
    builder.setupOS2()
    builder.setupPost()
    builder.setupCFF("icons", {}, dict.fromkeys(order, T2CharString(program=["endchar"])), {})
    builder.save(folder / "solid.ttf")
    (folder / "solid.woff2").touch()
    address = f"{styles.FONTS}/solid"
    return f'@font-face{{src:url({address}.woff2) format("woff2"),url({address}.ttf) format("truetype")}}'


def test_an_icon_font_keeps_the_icons_shown(tmp_path):
    css = write_font(tmp_path) + '.fa-one:before{content:"\uf001"}'
    css = styles.cut_icon_fonts(tmp_path, css, {".fa-one"})
    assert f'src:url({styles.FONTS}/solid.woff) format("woff")' in css
    (font,) = (tmp_path / styles.FONTS).iterdir()
    assert list(TTFont(font).getBestCmap()) == [0xF001]


@pytest.mark.parametrize(
    ("change", "icons", "message"),
    [
        ((".fa-one", ".fa-two"), {".fa-one"}, "lack .fa-one"),
        (("\uf001", "one"), {".fa-one"}, "lack any icon"),
        (("\uf001", "\uf00f"), {".fa-one"}, "0xf00f"),
        (("woff2", "woff3"), {".fa-one"}, "solid.woff2"),
    ],
)
def test_icons_made_in_another_way_fail_the_build(tmp_path, change, icons, message):
    css = write_font(tmp_path) + '.fa-one:before{content:"\uf001"}'
    with pytest.raises(ExtensionError, match=message):
        styles.cut_icon_fonts(tmp_path, css.replace(*change), icons)


def test_the_theme_is_the_one_that_the_site_is_cut_to():
    assert {name: version(name) for name in THEMES} == THEMES, WHAT_TO_LOOK_AT


def test_scripts_are_left_out_by_name_and_each_must_be_there_once():
    kept, gone = '<script src="_static/a.js?v=1"></script>', '<script defer src="../_static/b.js"></script>'
    assert theme.without_scripts(kept + gone, "_static/b.js") == kept
    for html in (kept, gone + gone):
        with pytest.raises(ExtensionError, match=r"expected one script element for _static/b\.js"):
            theme.without_scripts(html, "_static/b.js")


def test_a_piece_of_the_theme_is_replaced_only_where_it_is_there_once():
    assert theme.replace_once("<a><b>", "<a>", "<i>") == "<i><b>"
    for html in ("<b>", "<a><a>"):
        with pytest.raises(ExtensionError, match="expected <a> once"):
            theme.replace_once(html, "<a>", "<i>")


def test_pages_share_one_style_sheet_that_holds_those_of_each():
    lean = theme.LeanTheme()
    one = '<link href="_static/a.css?v=1" rel="stylesheet" /><i><link rel="stylesheet" href="_static/b/c.css" />'
    assert lean.with_one_sheet(one, "site.css") == '<link rel="stylesheet" href="site.css">\n<i>'
    lean.with_one_sheet(one.replace("a.css", "other.css"), "site.css")
    assert lean.sheets == ["a.css", "b/c.css", "other.css"]
    with pytest.raises(ExtensionError, match="no style sheets"):
        lean.with_one_sheet("<i>", "site.css")


def test_a_policy_allows_what_the_page_contains_by_checksum():
    html = '<script src="a.js"></script><script>one()</script><style>p {}</style><b onclick="two()"></b>'
    page = pages.Page(html, pages.Names())
    assert page.handlers == {"two()"}
    policy = pages.policy(page, {"two()", "three()"})
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    checksums = [pages.checksum(text) for text in ("one()", "two()", "three()")]
    scripts = directives["script-src"].split()
    assert set(scripts) == {"'self'", "file:", "'unsafe-hashes'", *checksums}
    assert pages.checksum("p {}") in directives["style-src-elem"]
    # The example of a checksum in the standard itself.
    known = "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    assert pages.checksum("alert('Hello, world.');") == known


def test_only_what_has_a_colour_of_its_own_is_an_element():
    lexer, html = get_lexer_by_name("python"), io.StringIO()
    theme.LeanFormatter().format(lexer.get_tokens("for x in (y, 2): z = x + 2  # a sum"), html)
    assert re.findall(r'<span class="(\w+)">([^<]+)</span>', html.getvalue()) == [
        ("k", "for"),
        ("ow", "in"),
        ("mi", "2"),
        ("mi", "2"),
        ("c1", "# a sum"),
    ]
    assert "y, " in html.getvalue()


@pytest.mark.parametrize("style", ["a11y-high-contrast-light", "a11y-high-contrast-dark"])
def test_what_is_no_element_has_no_style_but_a_colour(style):
    for kind in theme.PLAIN:
        look = get_style_by_name(style).style_for_token(kind)
        assert not any(value for name, value in look.items() if name != "color")
