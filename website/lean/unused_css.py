"""Which rules of a style sheet can apply to a site at all, decided from its pages and its scripts.

A rule stays where each name in one of its selectors occurs: as a tag, class, id or attribute of some page, or as a
word of some script, which could add it later. That keeps too much rather than too little.
"""

import re
from html.parser import HTMLParser

import tinycss2
from tinycss2.ast import (
    AtRule,
    Comment,
    FunctionBlock,
    HashToken,
    IdentToken,
    LiteralToken,
    QualifiedRule,
    SquareBracketsBlock,
)

WORD = re.compile(r"[\w-]+")
DATASET = re.compile(r"\bdataset\.(\w+)")
CAPITAL = re.compile(r"[A-Z]")
# `:is(a, b)` needs one of a and b to exist; the arguments of `:not` and `:nth-child` need nothing.
ALTERNATIVES = ("is", "where", "has", "host", "matches")


class Names(HTMLParser):
    """The names that pages and scripts contain, as `tag`, `.class`, `#id` and `[attribute]`."""

    def __init__(self):
        super().__init__()
        self.found = set()
        self.words = set()

    def handle_starttag(self, tag, attrs):
        """Collect the names of one element."""
        self.found.add(tag)
        for name, value in attrs:
            self.found.add(f"[{name}]")
            if name == "class":
                self.found.update(f".{word}" for word in (value or "").split())
            elif name == "id":
                self.found.add(f"#{value}")

    def handle_data(self, data):
        """Collect the words of a script within a page."""
        if self.cdata_elem == "script":
            self.add_script(data)

    def add_script(self, source):
        """Collect the words of a script; what it calls `dataset.openNow` is the attribute `data-open-now`."""
        self.words.update(WORD.findall(source))
        names = (CAPITAL.sub(lambda letter: f"-{letter[0].lower()}", name) for name in DATASET.findall(source))
        self.found.update(f"[data-{name}]" for name in names)

    def __contains__(self, name):
        return name in self.found or name.strip(".#[]") in self.words


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
    before = None
    for token in selector:
        if isinstance(token, FunctionBlock) and token.lower_name in ALTERNATIVES:
            known = any(can_match(part, names) for part in split_at_commas(token.arguments))
        elif isinstance(token, SquareBracketsBlock):
            known = f"[{next(part.lower_value for part in token.content if isinstance(part, IdentToken))}]" in names
        elif isinstance(token, HashToken):
            known = f"#{token.value}" in names
        elif isinstance(token, IdentToken) and before != ":":
            known = f".{token.value}" in names if before == "." else token.lower_value in names
        else:
            known = True
        if not known:
            return False
        before = token.value if isinstance(token, LiteralToken) else None
    return True


def purge_rule(rule, names):
    """Return one rule as CSS, with the selectors that can match, or an empty string where none is left."""
    if isinstance(rule, Comment):
        return rule.serialize() if rule.value.startswith("!") else ""  # a licence stays
    if isinstance(rule, QualifiedRule):
        selectors = [part for part in split_at_commas(rule.prelude) if can_match(part, names)]
        kept = ",".join(tinycss2.serialize(part).strip() for part in selectors)
        return f"{kept}{{{tinycss2.serialize(rule.content).strip()}}}" if kept else ""
    if isinstance(rule, AtRule) and rule.lower_at_keyword in ("media", "supports") and rule.content is not None:
        inside = purge_rules(tinycss2.parse_rule_list(rule.content, skip_whitespace=True), names)
        return f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inside}}}" if inside else ""
    return rule.serialize()


def purge_rules(rules, names):
    """Return those of the rules that can apply, one a line."""
    return "\n".join(filter(None, (purge_rule(rule, names) for rule in rules)))


def purge(css, names):
    """Return a style sheet without the rules that cannot apply.

    Raises
    ------
    ValueError
        Where the style sheet is not well-formed.
    """
    rules = tinycss2.parse_stylesheet(css, skip_whitespace=True)
    errors = [rule.message for rule in rules if rule.type == "error"]
    if errors:
        raise ValueError(f"not a well-formed style sheet: {'; '.join(errors)}")
    return purge_rules(rules, names) + "\n"
