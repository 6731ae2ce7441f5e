"""The line with a tick that `verify` prints names an equation; on the site its number stands behind, as a link to it.

A notebook cannot know the numbers, which Sphinx gives once all pages are read.
"""

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from website.equations.verifications import TICK


class NumberTicks(SphinxPostTransform):
    """Put a reference behind every equation named after a tick; before references are resolved, at priority 10."""

    default_priority = 5

    def run(self, **kwargs):
        """Take the printed outputs of one page apart where they tick."""
        for block in list(self.document.findall(nodes.literal_block)):
            if "stream" in block["classes"] and TICK.search(block.astext()):
                block[:] = self.with_numbers(block.astext())
                block["classes"].append("ticks")

    def with_numbers(self, text):
        """Return the text as nodes, with a reference behind each label."""
        parts, end = [], 0
        for tick in TICK.finditer(text):
            parts += [nodes.Text(text[end : tick.end("label")] + " "), self.number(tick["label"])]
            end = tick.end("label")
        return [*parts, nodes.Text(text[end:])]

    def number(self, label):
        """Return a reference by number, as the role `eq` makes it."""
        link = addnodes.pending_xref(
            "", refdomain="math", reftype="eq", reftarget=label, refexplicit=False, refdoc=self.env.docname
        )
        link += nodes.literal(label, label)
        return link


def setup(app):
    """Register the transform."""
    app.add_post_transform(NumberTicks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
