"""The site's style sheets as one, cut to the rules that can apply, and icon fonts that hold the icons shown.

A rule stays where each name in one of its selectors occurs on a page or as a word of a script, which could add it
later. That keeps too much rather than too little.
"""

import logging
import posixpath
import re
from itertools import pairwise

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

IMPORT = re.compile(r'@import\s+"([^"]+)"\s*;')
CHARSET = re.compile(r'^@charset "[Uu][Tt][Ff]-8";')
URL = re.compile(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""")
# `:is(a, b)` needs one of a and b to exist; the arguments of `:not` and `:nth-child` need nothing.
ALTERNATIVES = ("is", "where", "has", "host", "matches")
FONTS = "vendor/fontawesome/webfonts"
CHARACTER = re.compile("[\ue000-\uf8ff]")  # Unicode leaves these to whoever draws a font
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table that it leaves out


def load(static, name):
    """Return the text of a style sheet, with its imports, addresses relative to the folder `static`."""
    folder = posixpath.dirname(name)
    css = CHARSET.sub("", (static / name).read_text(encoding="utf-8"))
    css = URL.sub(lambda match: f"url({posixpath.normpath(posixpath.join(folder, match[2]))})", css)
    return IMPORT.sub(lambda match: load(static, posixpath.normpath(posixpath.join(folder, match[1]))), css)


def join(static, names):
    """Return the style sheets `names` of the folder `static` as one, in that order."""
    return '@charset "UTF-8";\n' + "\n".join(load(static, name) for name in names)


def split_at_commas(tokens):
    """Return the parts of a token list between its commas."""
    parts = [[]]
    for token in tokens:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def can_match(selector, names):
    """Tell whether every name of one selector, given as its tokens, occurs."""
    return all(occurs(token, before, names) for before, token in pairwise([None, *selector]))


def occurs(token, before, names):
    """Tell whether the name that a selector's token asks for occurs; `before` is the token before it."""
    if token.type == "function" and token.lower_name in ALTERNATIVES:
        return any(can_match(part, names) for part in split_at_commas(token.arguments))
    if token.type == "[] block":
        return f"[{next(part.lower_value for part in token.content if part.type == 'ident')}]" in names
    if token.type == "hash":
        return f"#{token.value}" in names
    if token.type == "ident" and before != ":":
        return (f".{token.value}" if before == "." else token.lower_value) in names
    return True


def purge_rule(rule, names):
    """Return one rule as CSS, with the selectors that can match, or an empty string where none is left."""
    if rule.type == "error":
        raise ExtensionError(f"expected a well-formed style sheet, got {rule.message}")
    if rule.type == "comment":
        return rule.serialize() if rule.value.startswith("!") else ""  # a licence stays
    if rule.type == "qualified-rule":
        selectors = [part for part in split_at_commas(rule.prelude) if can_match(part, names)]
        kept = ",".join(tinycss2.serialize(part).strip() for part in selectors)
        return f"{kept}{{{tinycss2.serialize(rule.content).strip()}}}" if kept else ""
    if rule.lower_at_keyword in ("media", "supports") and rule.content is not None:
        inside = purge_rules(tinycss2.parse_rule_list(rule.content, skip_whitespace=True), names)
        return f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}" if inside else ""
    return rule.serialize()


def purge_rules(rules, names):
    """Return those of the rules that can apply, one a line."""
    return "\n".join(filter(None, (purge_rule(rule, names) for rule in rules)))


def purge(css, names):
    """Return a style sheet without the rules that cannot apply to pages with these names."""
    return purge_rules(tinycss2.parse_stylesheet(css, skip_whitespace=True), names) + "\n"


def cut_icon_fonts(static, css, icons):
    """Cut the theme's icon fonts, in the site's folder `static`, to what a style sheet draws; return it, mended.

    `icons` are the icons on the pages, as class selectors.
    """
    missing = sorted(icon for icon in icons if not re.search(rf"{re.escape(icon)}(?![\w-])", css))
    characters, drawn = set(map(ord, CHARACTER.findall(css))), set()
    for source in sorted((static / FONTS).glob("*.ttf")):
        drawn |= characters & TTFont(source).getBestCmap().keys()
        wanted = f"--unicodes={','.join(f'{character:x}' for character in sorted(characters))}"
        subset.main(
            [str(source), wanted, "--notdef-outline", "--flavor=woff", f"--output-file={source.with_suffix('.woff')}"]
        )
        address = f"{FONTS}/{source.stem}"
        sources = f'url({address}.woff2) format("woff2"),url({address}.ttf) format("truetype")'
        missing += [sources] * (css.count(sources) != 1)
        css = css.replace(sources, f'url({address}.woff) format("woff")')
        source.unlink()
        source.with_suffix(".woff2").unlink()
    missing += sorted(map(hex, characters - drawn)) or ["any icon"] * (not characters)
    if missing:
        raise ExtensionError(f"the theme has changed: its style sheets and icon fonts lack {', '.join(missing)}")
    return css
