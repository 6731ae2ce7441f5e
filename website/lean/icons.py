"""Icon fonts that hold the icons of this site and no others: 2 KB instead of 300."""

import logging
import re

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError

FONTS = "vendor/fontawesome/webfonts"
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table that it leaves out
CHARACTER = re.compile("[\ue000-\uf8ff]")  # Unicode leaves these to whoever draws a font


def expect(condition, message):
    """Fail the build where the theme's icons are not made as this module expects."""
    if not condition:
        raise ExtensionError(f"the theme's icons have changed: {message}")


def subset(source, target, characters):
    """Write those of the characters that the font has as a WOFF; return them."""
    font = TTFont(source, recalcTimestamp=False)  # the same bytes at every build
    present = characters & font.getBestCmap().keys()
    subsetter = Subsetter(Options(notdef_outline=True))
    subsetter.populate(unicodes=present)
    subsetter.subset(font)
    font.flavor = "woff"
    font.save(target)
    return present


def cut_icon_fonts(static, css, icons):
    """Replace the theme's icon fonts, in the site's folder `static`, by subsets.

    Parameters
    ----------
    static : Path
        The site's folder of static files.
    css : str
        The site's style sheet, cut already: what icons it still has are the site's.
    icons : set of str
        The icons on the pages, as class selectors.

    Returns
    -------
    css : str
        The style sheet, with the addresses of the subsets.
    """
    undefined = sorted(icon for icon in icons if not re.search(rf"{re.escape(icon)}(?![\w-])", css))
    expect(not undefined, f"no rule for {', '.join(undefined)}")
    characters = set(map(ord, CHARACTER.findall(css)))
    found = set()
    for source in sorted((static / FONTS).glob("*.ttf")):
        found |= subset(source, source.with_suffix(".woff"), characters)
        address = f"{FONTS}/{source.stem}"
        sources = f'url({address}.woff2) format("woff2"),url({address}.ttf) format("truetype")'
        expect(css.count(sources) == 1, f"{source.name} is not loaded once")
        css = css.replace(sources, f'url({address}.woff) format("woff")')
        source.unlink()
        source.with_suffix(".woff2").unlink()
    expect(characters and characters == found, f"no font draws {sorted(map(hex, characters - found)) or 'any icon'}")
    return css
