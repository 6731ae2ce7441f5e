"""One style sheet made of many, so that a page waits for one request."""

import posixpath
import re

NAME = "site.css"
IMPORT = re.compile(r'@import\s+"([^"]+)"\s*;')
CHARSET = re.compile(r'^@charset "[Uu][Tt][Ff]-8";')
URL = re.compile(r"""url\((["']?)(?!data:|#)([^)"']+)\1\)""")


def load(static, name):
    """Return the text of a style sheet, with its imports, addresses relative to the folder `static`."""
    folder = posixpath.dirname(name)
    css = CHARSET.sub("", (static / name).read_text(encoding="utf-8"))
    css = URL.sub(lambda match: f"url({posixpath.normpath(posixpath.join(folder, match[2]))})", css)
    return IMPORT.sub(lambda match: load(static, posixpath.normpath(posixpath.join(folder, match[1]))), css)


def join(static, names):
    """Return the style sheets `names` of the folder `static` as one, in that order."""
    return '@charset "UTF-8";\n' + "\n".join(load(static, name) for name in names)
