"""How nbval compares drawings: coordinates may differ by half a point, everything else must be equal.

A loss computed by another BLAS kernel differs in its last bits, and so may a curve's coordinates in the last printed
digit. Colours, texts, the number of points and the order of elements may not. Interactive figures are compared in the
same way, without the picture for viewers that show no SVG (`nbval` passes over pictures elsewhere, too), and without
the checksum of their coordinates in their ids.
"""

import re

from nbval.plugin import IPyNbCell

GEOMETRY = re.compile(
    r'\b(?:d|x|y|cx|cy|x1|x2|y1|y2|width|height|points)="[^"]*"'
    r'|\btransform="(?:(?:translate|rotate)\([^()]*\)\s*)+"'  # half a unit of a scale factor is no half point
)
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")
EXPLORER = '<div class="explorer">'
PICTURE = re.compile(r'src="data:image/png;base64,[^"]*"')
CHECKSUM = re.compile(r"(?<=[\"#])x[0-9a-f]{8}-(?=\d)")
TOLERANCE = 0.5  # points; a line is about 1.4 points wide


class Drawing(str):
    """Text of an SVG that equals another one of the same elements with nearly the same coordinates."""

    __slots__ = ()

    def __eq__(self, other):
        mine, my_numbers = _skeleton(self)
        others, other_numbers = _skeleton(other)
        return mine == others and all(abs(a - b) <= TOLERANCE for a, b in zip(my_numbers, other_numbers, strict=True))

    def __ne__(self, other):
        return not self == other

    __hash__ = str.__hash__


def _skeleton(svg):
    """Split an SVG into its text without coordinates, and the coordinates."""
    numbers = []

    def take(match):
        numbers.extend(float(number) for number in NUMBER.findall(match[0]))
        return NUMBER.sub("#", match[0])

    return GEOMETRY.sub(take, svg), numbers


def _sanitize(cell, text, original=IPyNbCell.sanitize):
    clean = original(cell, text)
    if not isinstance(clean, str) or not clean.lstrip().startswith(("<svg", EXPLORER)):
        return clean
    return Drawing(CHECKSUM.sub("x-", PICTURE.sub("", clean)) if EXPLORER in clean else clean)


IPyNbCell.sanitize = _sanitize
