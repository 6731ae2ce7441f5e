"""Many drawings as one tree: what they have in common stands there once."""

import xml.etree.ElementTree as ET
from difflib import SequenceMatcher

SHOWN_IN = "data-in"  # the frames that an element belongs to; without it, those of the element around it


def merge(frames):
    """Return one tree for all frames.

    Equal elements become one. Elements that differ only in what they contain become one with merged contents. All
    others stand beside each other, each with its frames in the attribute ``data-in``, as ``0-4 7``.

    Parameters
    ----------
    frames : sequence of Element
        Their root elements must have the same attributes.
    """
    versions = [((index,), frame) for index, frame in enumerate(frames)]
    merged = _merged(versions)
    if len(merged) > 1:
        shells = [", ".join(f'{name}="{value}"' for name, value in root.items()) for _, root in merged[:2]]
        raise ValueError(f"frames: expected drawings of one size and style, got {shells[0]} and {shells[1]}")
    return merged[0][1]


def hide_all_but(tree, index):
    """Hide the elements of a merged tree that do not belong to one frame."""
    for element in tree.iter():
        if SHOWN_IN in element.attrib and index not in _frames(element.get(SHOWN_IN)):
            element.set("display", "none")


def _shell(element):
    """What an element is without its children."""
    return element.tag, *element.attrib.items(), element.text, element.tail


def _merged(versions):
    """Merge elements that stand in the same place: (frames, element) for each that must remain."""
    shells = {}
    for frames, element in versions:
        distinct = shells.setdefault(_shell(element), {})
        known, _ = distinct.get(text := ET.tostring(element), ((), None))
        distinct[text] = (tuple(sorted(known + frames)), element)
    return [_joined(list(distinct.values())) for distinct in shells.values()]


def _joined(versions):
    """Join elements that differ only in their children."""
    if len(versions) == 1:
        return versions[0]
    frames = tuple(sorted(frame for some, _ in versions for frame in some))
    first = versions[0][1]
    joined = ET.Element(first.tag, first.attrib)
    joined.text, joined.tail = first.text, first.tail
    for column in _columns(versions):
        for some, child in _merged(column):
            if some != frames:
                child.set(SHOWN_IN, _ranges(some))
            joined.append(child)
    return frames, joined


def _columns(versions):
    """Align the children of several elements: lists of (frames, child) that stand in the same place.

    The longest list of children gives the places. What another one has besides gets places in between.
    """
    longest = max((list(element) for _, element in versions), key=len)
    places = {}
    for frames, element in versions:
        children = list(element)
        partners = dict(_partners(longest, children))
        place = (-1, 0)
        for index, child in enumerate(children):
            place = (partners[index], 0) if index in partners else (place[0], place[1] + 1)
            places.setdefault(place, []).append((frames, child))
    return [places[place] for place in sorted(places)]


def _partners(longest, children, keys=(ET.tostring, _shell)):
    """Pairs (index of a child, index of its partner among the longest), both increasing: equal, or of one shell."""
    key, *others = keys
    matcher = SequenceMatcher(None, list(map(key, longest)), list(map(key, children)), autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from zip(range(c, d), range(a, b), strict=True)
        elif kind == "replace" and others:
            yield from ((c + i, a + j) for i, j in _partners(longest[a:b], children[c:d], others))


def _ranges(frames):
    """Write sorted numbers as ranges: (0, 1, 2, 7) as `0-2 7`."""
    ranges = []
    for frame in frames:
        if ranges and ranges[-1][1] == frame - 1:
            ranges[-1][1] = frame
        else:
            ranges.append([frame, frame])
    return " ".join(f"{start}-{end}" if end > start else f"{start}" for start, end in ranges)


def _frames(text):
    ends = [part.split("-") for part in text.split()]
    return {frame for pair in ends for frame in range(int(pair[0]), int(pair[-1]) + 1)}
