"""Citations, terms, symbols and conventions, as functions that read them from the Markdown of pages and lessons."""

import ast
import io
import re
import tokenize

from pybtex.database import parse_file

from tests.notebooks import lesson_checks as lc

CITATION = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")
TERM = re.compile(r"\{term\}`(?:[^`<]*<)?([^`>]+)>?`")
GLOSSARY = re.compile(r"```\{glossary\}\n(.*?)```", re.DOTALL)
LESSON_LINK = re.compile(r"\{doc\}`(?:Lesson )?\d+ <(\w+)>`")
CODE = re.compile(r"`([^`]+)`")
CONVENTION = re.compile(r"^- (?P<name>.*?)(?=^- |^#|\Z)", re.DOTALL | re.MULTILINE)
NAMED_TEST = re.compile(r"`(test_\w+(?:\.py)?)`")
LAYOUT = {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.ENDMARKER}


def prose(path):
    """Markdown of a page or of a lesson."""
    return lc.prose_of(lc.read(path)) if path.suffix == ".ipynb" else path.read_text(encoding="utf-8")


def all_prose():
    """Markdown of all pages and lessons, by path."""
    return {path: prose(path) for path in [*lc.PAGES, *lc.LESSONS]}


def cited_keys(markdown):
    """Keys that a text cites, in order."""
    return [key.strip() for group in CITATION.findall(markdown) for key in group.split(",")]


def bibliography():
    """Entries of references.bib, by key."""
    return parse_file(lc.ROOT / "references.bib").entries


def linked_terms(markdown):
    """Terms that a text links to, in order, as the glossary spells them."""
    return TERM.findall(markdown)


def glossary_entries(markdown):
    """The glossary's entries in order: a list of the names and the definition of each."""
    entries = []
    for block in re.split(r"\n\s*\n", GLOSSARY.search(markdown)[1]):
        lines = [line for line in block.splitlines() if not line.startswith(":")]
        names = [line for line in lines if line and not line.startswith(" ")]
        definition = " ".join(line.strip() for line in lines if line.startswith(" "))
        entries += [(names, definition)] if names else []
    return entries


def symbol_rows(markdown):
    """Rows of the tables of symbols: symbol, code names, and the lesson's file name."""
    rows = [line.strip("|").split("|") for line in symbol_lines(markdown)]
    return [(cells[0].strip(), CODE.findall(cells[1]), LESSON_LINK.findall(cells[3])) for cells in rows]


def symbol_lines(markdown):
    """Lines of tables without their heads."""
    return [
        line for line in markdown.splitlines() if line.startswith("|") and not line.startswith(("|---", "| Symbol"))
    ]


def tokens(source):
    """The tokens of Python code, without layout and comments."""
    read = tokenize.generate_tokens(io.StringIO(source).readline)
    return [token.string for token in read if token.type not in LAYOUT]


def occurs(name, cells):
    """Whether code stands in one of the cells, token by token: `h` does not occur in `h1`."""
    wanted = tokens(name)
    return any(_contains(found, wanted) for found in map(tokens, cells))


def _contains(found, wanted):
    return any(found[i : i + len(wanted)] == wanted for i in range(len(found) - len(wanted) + 1))


def conventions(markdown):
    """The conventions, each with the (file, function) of the tests that it names."""
    text = markdown.split("## Conventions", 1)[1]
    return [(match["name"].split("\n")[0], _named_tests(match["name"])) for match in CONVENTION.finditer(text)]


def _named_tests(text):
    named, file = [], None
    for name in NAMED_TEST.findall(text):
        if name.endswith(".py"):
            file = name
        else:
            named.append((file, name))
    return named


def functions_of(path):
    """Names of the test functions of a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
