"""Whether the text of an interactive figure stays inside the drawing, apart and legible, in every state."""

from matplotlib.text import Text

from tests.book.drawing.phone import smallest_text_on_a_phone


def faults(explorer):
    """Texts that reach out of the drawing, cover each other, or are too small on a phone, with their states."""
    return [fault for state in explorer._states for fault in _faults_of(explorer._drawn(state)[0], state)]


def _faults_of(figure, state):
    figure.draw_without_rendering()  # lays it out
    # Labels that lie along a line need less room than the upright box around them.
    outside = _labels_outside(figure)
    texts = [text for text in figure.findobj(Text) if text.get_text().strip() and text not in outside]
    boxes = [(text.get_text(), text.get_window_extent(), text.get_rotation() % 180) for text in texts]
    paper = figure.bbox
    found = [
        f"{state}: {name!r} reaches out"
        for name, box, _ in boxes
        if box.x0 < paper.x0 or box.y0 < paper.y0 or box.x1 > paper.x1 or box.y1 > paper.y1
    ]
    upright = [(name, box) for name, box, angle in boxes if angle == 0.0]
    found += [
        f"{state}: {one!r} on {other!r}"
        for k, (one, a) in enumerate(upright)
        for other, b in upright[k + 1 :]
        if a.overlaps(b)
    ]
    if (size := smallest_text_on_a_phone(figure)) < 9.0:
        found.append(f"{state}: text of {size:.1f} pixels on a phone")
    return found


def _labels_outside(figure):
    """Labels of ticks that matplotlib keeps beyond the ends of an axis, and does not draw."""
    labels = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = axis.get_major_ticks()
            labels |= {tick.label1 for tick in ticks if not axes.axison or not low <= tick.get_loc() <= high}
            labels |= {tick.label2 for tick in ticks}
    return labels
