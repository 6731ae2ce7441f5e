"""The reference: every public name once, linked with equations and lessons, and the hook that makes the links."""

import re
from pathlib import PurePosixPath

import pytest

import backprop_lib
from backprop_book import verify
from backprop_lib import Tensor, autograd, layers, losses, sigmoid
from tests.site import site_checks
from tests.test_documentation import drawings
from website import lessons, reference


@pytest.fixture(scope="module")
def pages(site):
    """Return the parsed pages of the reference."""
    return {path: site_checks.parse(site / path) for path in site_checks.html_files(site) if "chapters/api/" in path}


def entries(soup):
    """Return the ids of a page's entries."""
    return [tag["id"] for tag in soup.select("dl.py > dt[id]")]


def lesson_of(address):
    """Return the number of the lesson that an address leads to."""
    return int(re.match(r"\d+", PurePosixPath(address.partition("#")[0]).name)[0])


def test_every_public_name_has_one_entry(pages):
    found = [name for soup in pages.values() for name in entries(soup)]
    assert len(found) == len(set(found))
    assert set(reference.public_names().values()) <= set(found)
    assert len(reference.public_names()) > 85
    assert set(drawings()) <= set(found)


def test_labels_in_docstrings_lead_to_the_equations(pages):
    soups = pages["chapters/api/layers.html"], pages["chapters/api/losses.html"]
    links = {link["href"] for soup in soups for link in soup.select("dl.py a.reference[href*='#equation-']")}
    assert any(link.endswith("04_vectorization.html#equation-eq-batch-dw") for link in links)
    assert any(link.endswith("09_digits.html#equation-eq-softmax-gradient-batch") for link in links)
    for soup in pages.values():
        for example in soup.select("article pre"):
            assert ":eq:" not in example.get_text()
            example.extract()
        assert not re.search(r"\beq-[a-z]", soup.select_one("article").get_text())


def test_lessons_and_entries_name_each_other(pages, site):
    forth, back = set(), set()
    for path in site_checks.html_files(site):
        for link in site_checks.parse(site / path).select(".api-names a"):
            forth.add((lesson_of(path), link["href"].partition("#")[2]))
    for soup in pages.values():
        for used in soup.select(".api-lessons"):
            name = used.find_parent("dl", class_="py").dt["id"]
            back |= {(lesson_of(link["href"]), name) for link in used.select("a")}
    assert forth == back
    assert {(1, "backprop_lib.numerical_gradient"), (3, "backprop_lib.Linear"), (6, "backprop_lib.Tensor")} <= forth


def test_no_entry_shows_the_address_of_an_object(pages):
    for soup in pages.values():
        assert not re.search(r"<(function|class|object)| at 0x", soup.select_one("article").get_text())


# The hook


@pytest.mark.parametrize(
    ("source", "things"),
    [
        ("from backprop_lib import Tensor, sigmoid", [Tensor, sigmoid]),
        ("from backprop_book import verify as prove", [verify]),
        ("def f():\n    from backprop_lib.autograd import exp", [autograd.exp]),
        ("import backprop_lib\nbackprop_lib.Tensor(1)", [backprop_lib, backprop_lib.Tensor]),
        ("import backprop_lib.layers as ours\nours.Layer", [layers, layers.Layer]),
        ("import numpy\nfrom math import exp\nnumpy.tanh", []),
    ],
)
def test_imports_are_found(source, things):
    assert reference.imported(source) == things


def test_attributes_of_an_imported_module_are_found():
    found = reference.imported("from backprop_lib import autograd, losses\nautograd.exp(1)\nlosses.one_hot")
    assert set(found) == {autograd, losses, autograd.exp, losses.one_hot}


@pytest.mark.parametrize(
    ("line", "marked"),
    [
        ("It is eq-batch-dw, and eq-dh.", "It is :eq:`eq-batch-dw`, and :eq:`eq-dh`."),
        ("See `Layer.backward`.", "See :py:obj:`.Layer.backward`."),
        ("``eq-x`` and ``|a|`` stay", "``eq-x`` and ``|a|`` stay"),
        (":py:obj:`Tensor` stays", ":py:obj:`Tensor` stays"),
        ("max|a - b|", "max\\|a - b\\|"),
    ],
)
def test_lines_of_docstrings_are_marked_up(line, marked):
    assert reference.marked_up([line]) == [marked]


def test_examples_and_literal_blocks_stay_as_they_are():
    lines = [">>> f()", "eq-x holds", "", "Formulas::", "", "    |eq-y|", "", "eq-z"]
    assert reference.marked_up(lines) == [*lines[:-1], ":eq:`eq-z`"]


def test_a_lesson_has_the_number_of_its_file():
    assert lessons.lesson_number("chapters/03_derivation") == 3
    assert lessons.lesson_number("chapters/api/layers") is None
