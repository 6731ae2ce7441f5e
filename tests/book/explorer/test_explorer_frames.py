"""Frames in one tree: each comes out as it was drawn, and what they share stands there once."""

import io
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from backprop_book.explorer.frames import hide_all_but, merge
from backprop_book.explorer.svg import Definitions, tidy
from tests.book.explorer import explorer_demonstrations as demonstrations

GEOMETRY = {"d", "x", "y", "points", "transform"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def frame_of(tree, index):
    """Return one frame of a merged tree, without what belongs to others."""
    copy = ET.fromstring(ET.tostring(tree))
    for parent in list(copy.iter()):
        for child in list(parent):
            frames = child.attrib.pop("data-in", None)
            if frames is not None and not any(a <= index <= b for a, b in pairs(frames)):
                parent.remove(child)
    return copy


def pairs(frames):
    return [(int(part.split("-")[0]), int(part.split("-")[-1])) for part in frames.split()]


# Trees without meaning


def element(children):
    made = ET.Element("g", {"a": "1"})
    made.extend(children)
    return made


leaves = st.builds(lambda tag, a: ET.Element(tag, {"a": a}), st.sampled_from("pq"), st.sampled_from("12"))
trees = st.lists(
    st.recursive(leaves, lambda inner: st.builds(element, st.lists(inner, max_size=4)), max_leaves=8), max_size=5
)


@given(st.lists(trees, min_size=1, max_size=5))
def test_every_frame_comes_out_as_it_went_in(children):
    frames = [element(ET.fromstring(ET.tostring(child)) for child in some) for some in children]
    texts = [ET.tostring(frame) for frame in frames]
    merged = merge(frames)
    assert [ET.tostring(frame_of(merged, index)) for index in range(len(texts))] == texts


def test_what_is_equal_stands_there_once():
    sources = ["<g><p/><q/><g><p a='1'/></g></g>", "<g><p/><g><p a='2'/></g></g>", "<g><p/><q/><g><p a='1'/></g></g>"]
    merged = ET.tostring(merge([ET.fromstring(source) for source in sources])).decode()
    assert merged == '<g><p /><q data-in="0 2" /><g><p a="2" data-in="1" /><p a="1" data-in="0 2" /></g></g>'


def test_only_one_frame_is_visible():
    merged = merge([ET.fromstring(f"<g><p/><q a='{index}'/></g>") for index in range(3)])
    hide_all_but(merged, 1)
    assert [child.get("a") for child in merged if child.get("display") is None] == [None, "1"]


def test_drawings_of_several_sizes_are_refused():
    with pytest.raises(ValueError, match=r'frames: expected drawings of one size .*width="1".*width="2"'):
        merge([ET.fromstring("<svg width='1'/>"), ET.fromstring("<svg width='2'/>")])


# Matplotlib's drawings


def canonical(element, root):
    """Return what an element draws: references replaced by what they lead to, geometry apart from the rest."""
    targets = {target.get("id"): target for target in root.iter() if target.get("id")}
    words, numbers = [], []

    def walk(element):
        words.append(element.tag.rpartition("}")[2])
        for name, value in sorted((name.rpartition("}")[2], value) for name, value in element.attrib.items()):
            reference = re.fullmatch(r"#(.+)|url\(#(.+)\)", value)
            if reference:
                words.append(name)
                walk(targets[reference[1] or reference[2]])
            elif name in GEOMETRY:
                numbers.extend(map(float, NUMBER.findall(value)))
                words.append(name + " ".join(NUMBER.sub("#", value).split()))
            elif name not in ("id", "data-in", "display", "version"):
                words.append(f"{name}={value}")
        words.append((element.text or "").strip())
        for child in element:
            if child.tag.rpartition("}")[2] not in ("defs", "metadata"):
                walk(child)
        words.append("end")

    for child in element:
        if child.tag.rpartition("}")[2] not in ("defs", "metadata"):
            walk(child)
    return words, numbers


def drawn(draw, values):
    """Return the SVG as Matplotlib writes it."""
    figure, buffer = Figure(figsize=(6.4, 3.6), layout="constrained"), io.BytesIO()
    draw(figure, **values)
    figure.savefig(buffer, format="svg")
    return buffer.getvalue()


def all_in_one(sources):
    definitions, trees = Definitions("x-"), [tidy(source) for source in sources]
    for tree in trees:
        definitions.take_from(tree)
    merged = merge(trees)
    merged.insert(0, definitions.as_element())
    return merged


DRAWINGS = {
    "descent": (
        demonstrations.draw_descent,
        [
            {"learning_rate": rate, "method": method}
            for rate, method in itertools.product(demonstrations.RATES, demonstrations.METHODS)
        ],
    ),
    "steps": (demonstrations.draw_steps, [{"step": step} for step in range(5)]),
    "switch": (demonstrations.draw_switch, [{"labelled": False}, {"labelled": True}]),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_drawing_comes_out_as_it_was_drawn(name):
    draw, states = DRAWINGS[name]
    sources = [drawn(draw, state) for state in states]
    merged = all_in_one(sources)
    for index, source in enumerate(sources):
        mine, wanted = frame_of(merged, index), ET.fromstring(source)
        (words, numbers), (wanted_words, wanted_numbers) = canonical(mine, mine), canonical(wanted, wanted)
        assert words == wanted_words
        assert numbers == pytest.approx(wanted_numbers, abs=0.00501)  # rounded to hundredths of a point


def test_a_name_that_stands_for_two_things_becomes_two_names():
    source = '<svg><defs><clipPath id="c"><path d="M {} 0"/></clipPath></defs><g clip-path="url(#c)"/></svg>'
    definitions, trees = Definitions("x-"), [tidy(source.format(place)) for place in (1, 2, 1)]
    for tree in trees:
        definitions.take_from(tree)
    assert [tree[0].get("clip-path") for tree in trees] == ["url(#x-0)", "url(#x-1)", "url(#x-0)"]
    assert [child[0].get("d") for child in definitions.as_element()] == ["M 1 0", "M 2 0"]


def test_definitions_that_refer_to_definitions():
    source = (
        '<svg><defs><clipPath id="a"><use href="#b"/></clipPath><path id="b" d="M {} 0"/></defs>'
        '<g id="unused" clip-path="url(#a)"/><use href="#b"/></svg>'
    )
    definitions, trees = Definitions("x-"), [tidy(source.format(place)) for place in (1, 2)]
    for tree in trees:
        definitions.take_from(tree)
    defs = {child.get("id"): child for child in definitions.as_element()}
    for tree, wanted in zip(trees, ("M 1 0", "M 2 0"), strict=True):
        clip = defs[tree[0].get("clip-path")[5:-1]]
        assert defs[clip[0].get("href")[1:]].get("d") == wanted == defs[tree[1].get("href")[1:]].get("d")
        assert tree[0].get("id") is None


def test_coordinates_are_rounded_and_scale_factors_are_not():
    root = tidy(
        '<svg><path d="M 1.00001 -0.001&#10;L 2.5 123.456789 "/>'
        '<image x="0.126" transform="scale(1.23456 -1) translate(0 -7.987654)" opacity="0.12345"/></svg>'
    )
    assert root[0].get("d") == "M 1 0 L 2.5 123.46"
    assert root[1].attrib == {
        "x": "0.13",
        "transform": "scale(1.23456 -1) translate(0 -7.99)",
        "opacity": "0.12345",
    }


def test_a_rule_for_the_whole_page_is_refused():
    with pytest.raises(ValueError, match="whole page"):
        tidy("<svg><style>g {fill: red}</style></svg>")
