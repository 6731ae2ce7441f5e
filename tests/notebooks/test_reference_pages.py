"""Notation, glossary and references keep what they promise: names that occur, tests that exist, links both ways."""

from collections import Counter

import pytest

from tests.notebooks import lesson_checks as lc
from tests.notebooks import reference_checks as rc

NOTATION = rc.prose(lc.ROOT / "chapters" / "notation.md")
GLOSSARY = rc.prose(lc.ROOT / "chapters" / "glossary.md")
ENTRIES = rc.glossary_entries(GLOSSARY)
LIBRARY_TESTS = lc.ROOT / "tests" / "engine"


lessons = pytest.mark.parametrize("path", lc.LESSONS, ids=lambda path: path.stem)


# References


def test_every_key_that_is_cited_exists():
    cited = {key for text in rc.all_prose().values() for key in rc.cited_keys(text)}
    assert cited
    assert cited - set(rc.bibliography()) == set()


def test_every_entry_is_cited():
    cited = {key for text in rc.all_prose().values() for key in rc.cited_keys(text)}
    assert set(rc.bibliography()) - cited == set()


@pytest.mark.parametrize("key", rc.bibliography())
def test_an_entry_says_who_wrote_what_when_and_where(key):
    entry = rc.bibliography()[key]
    assert entry.persons["author"]
    assert entry.fields["title"]
    places = {"journal", "booktitle", "publisher", "howpublished", "eprint", "url"}
    assert places & set(entry.fields)
    # A notebook that is read outside the website shows the key, so the key tells first author and year.
    author = "-".join(entry.persons["author"][0].prelast_names + entry.persons["author"][0].last_names)
    assert key.startswith(author.lower())
    assert key.endswith(entry.fields["year"])


# Glossary


def test_every_term_is_linked_from_a_page_or_a_lesson():
    pages = {path: text for path, text in rc.all_prose().items() if path.name != "glossary.md"}
    linked = {term for text in pages.values() for term in rc.linked_terms(text)}
    without = {names[0] for names, _ in ENTRIES if not linked & set(names)}
    assert without == set()


@lessons
def test_a_lesson_links_a_term_once(path):
    counts = Counter(rc.linked_terms(rc.prose(path)))
    assert [term for term, count in counts.items() if count > 1] == []


@pytest.mark.parametrize(("names", "definition"), ENTRIES)
def test_a_definition_names_its_lesson(names, definition):
    places = rc.LESSON_LINK.findall(definition)
    assert places
    assert {f"{place}.ipynb" for place in places} <= {path.name for path in lc.LESSONS}


def test_no_term_is_defined_twice():
    counts = Counter(name.lower() for names, _ in ENTRIES for name in names)
    assert [name for name, count in counts.items() if count > 1] == []


# Symbols


@pytest.mark.parametrize(("symbol", "names", "places"), rc.symbol_rows(NOTATION))
def test_a_symbol_s_name_occurs_in_the_code_of_its_lesson(symbol, names, places):
    assert names
    assert len(places) == 1
    cells = lc.code_of(lc.read(lc.ROOT / "chapters" / f"{places[0]}.ipynb"))
    assert [name for name in names if not rc.occurs(name, cells)] == []


def test_there_are_symbols():
    assert len(rc.symbol_rows(NOTATION)) > 40


# Conventions


@pytest.mark.parametrize(("convention", "tests"), rc.conventions(NOTATION))
def test_a_convention_names_tests_that_exist(convention, tests):
    assert tests, convention
    for file, function in tests:
        assert function in rc.functions_of(LIBRARY_TESTS / file)


def test_all_conventions_were_read():
    text = NOTATION.split("## Conventions", 1)[1]
    assert len(rc.conventions(NOTATION)) == text.count("\n- ") > 20


def test_every_test_of_conventions_belongs_to_one():
    named = {test for _, tests in rc.conventions(NOTATION) for test in tests}
    file = "test_conventions.py"
    assert {(file, function) for function in rc.functions_of(LIBRARY_TESTS / file)} <= named


# The reading can fail.


def test_citations_of_every_kind_are_read():
    text = "By {cite:t}`goh-2017`, {cite:p}`he-2015, he-2016` and {cite}`kahn-1962`."
    assert rc.cited_keys(text) == ["goh-2017", "he-2015", "he-2016", "kahn-1962"]


def test_terms_are_read_by_their_target():
    assert rc.linked_terms("a **{term}`gates <gate>`** and {term}`fork`") == ["gate", "fork"]


def test_glossary_entries_are_read_with_all_their_names():
    text = "```{glossary}\n:sorted:\n\none\nuno\n  First. {doc}`Lesson 1 <01_a>`.\n\ntwo\n  Second.\n```"
    assert rc.glossary_entries(text) == [(["one", "uno"], "First. {doc}`Lesson 1 <01_a>`."), (["two"], "Second.")]


def test_a_row_is_read_with_an_empty_cell():
    head = "| Symbol | In code | Shape | Lesson | Meaning |\n|---|---|---|---|---|\n"
    text = head + "| $a$ | `a`, `b` | | {doc}`3 <03_a>` | it |"
    assert rc.symbol_rows(text) == [("$a$", ["a", "b"], ["03_a"])]


def test_a_name_within_a_longer_one_does_not_occur():
    cells = ["h1 = W1 @ x  # h", "text = 'h'"]
    assert not rc.occurs("h", cells)
    assert not rc.occurs("W1 @ y", cells)
    assert rc.occurs("W1 @ x", cells)


def test_conventions_are_read_with_their_tests():
    text = (
        "## Conventions\n\n- **One** is so.\\\n  `test_a.py`: `test_x`, `test_y`\\\n  `test_b.py`: `test_z`\n"
        "- **Two** has no test.\n\n### More\n\n- Three.\n  `test_c.py`: `test_w`\n"
    )
    assert [tests for _, tests in rc.conventions(text)] == [
        [("test_a.py", "test_x"), ("test_a.py", "test_y"), ("test_b.py", "test_z")],
        [],
        [("test_c.py", "test_w")],
    ]
