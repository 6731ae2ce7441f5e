"""SVG drawings as trees, ready to share a page: compact, and with nothing in them that reaches beyond them."""

import re
import xml.etree.ElementTree as ET

REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
# Matplotlib's own rule for every element: inside a page it would reach every other drawing too.
UNIVERSAL_RULE = re.compile(r"\s*\*\s*\{([^{}]*)\}\s*")
GEOMETRY = {"d", "x", "y", "points"}
MOVE = re.compile(r"(?:translate|rotate)\([^()]*\)")  # a scale factor needs all its digits
NUMBER = re.compile(r"-?\d+\.\d+")


def parse(source):
    """Return the root element of an SVG, without prolog, comments, metadata and namespace prefixes."""
    root = ET.fromstring(source)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
    for parent in list(root.iter()):
        for child in [child for child in parent if child.tag == "metadata"]:
            parent.remove(child)
    return root


def lift_universal_rule(root):
    """Move `* {...}` from a style element to the root; refuse any other rule, which would reach the whole page."""
    for parent in list(root.iter()):
        for style in parent.findall("style"):
            rule = UNIVERSAL_RULE.fullmatch(style.text or "")
            if not rule:
                raise ValueError("a <style> element inside an SVG would apply to the whole page: use style attributes")
            root.set("style", f"{rule[1].strip().rstrip(';')}; {root.get('style', '')}".strip())
            parent.remove(style)


def tidy(source):
    """Return the tree of a drawing without white space between its elements, its coordinates in hundredths of a point.

    Rounding saves a third of the weight, and lets frames that differ by rounding errors alone be one.
    """
    root = parse(source)
    lift_universal_rule(root)
    for element in root.iter():
        if element.tag not in ("text", "tspan"):
            element.text = (element.text or "").strip() or None
            element.tail = (element.tail or "").strip() or None
        for name in GEOMETRY & element.attrib.keys():
            element.set(name, _rounded(element.get(name)))
        if "transform" in element.attrib:
            element.set("transform", MOVE.sub(lambda match: _rounded(match[0]), element.get("transform")))
    return root


def _rounded(text):
    text = NUMBER.sub(lambda match: f"{float(match[0]) + 0.0:.2f}".rstrip("0").rstrip("."), text)
    return re.sub(r"-0(?![.\d])", "0", " ".join(text.split()))


class Definitions:
    """What drawings refer to (clip paths, markers), once for all of them, named by order and not by what it was called.

    Matplotlib counts some of its identifiers anew in each drawing, so that one name can stand for two things.
    """

    def __init__(self, prefix):
        self.prefix = prefix
        self.elements = {}  # by what they contain

    def take_from(self, root):
        """Move a drawing's definitions here; its references then lead to them. Other identifiers are dropped."""
        found = {child.get("id"): child for defs in root.iter("defs") for child in defs}
        for parent in list(root.iter()):
            for defs in parent.findall("defs"):
                parent.remove(defs)
        self._lead(root, found)

    def _lead(self, root, found):
        for element in root.iter():
            element.attrib.pop("id", None)
            for name, value in element.attrib.items():
                if name == "href" and value.startswith("#"):
                    element.set(name, f"#{self._name(found, value[1:])}")
                else:
                    element.set(name, REFERENCE.sub(lambda match: f"url(#{self._name(found, match[1])})", value))

    def _name(self, found, name):
        """Return the name here of what a drawing calls `name`."""
        element = found[name]
        if element.get("id") == name:  # not yet taken: what it refers to itself comes first
            self._lead(element, found)
            kept = self.elements.setdefault(ET.tostring(element), element)
            kept.attrib.setdefault("id", f"{self.prefix}{len(self.elements) - 1}")
            found[name] = kept
        return found[name].get("id")

    def as_element(self):
        """Return the `<defs>` with everything taken."""
        defs = ET.Element("defs")
        defs.extend(self.elements.values())
        return defs
