"""How large the text of a drawing is on a phone."""

from matplotlib.text import Text

TEXT_WIDTH = 358  # CSS pixels: a window of 390, less the margins of the page


def smallest_text_on_a_phone(figure):
    """Size in CSS pixels of the smallest text, where the page shows the drawing no wider than its own text."""
    points = min(text.get_fontsize() for text in figure.findobj(Text) if text.get_text())
    return points * 96 / 72 * min(1.0, TEXT_WIDTH / (96 * figure.get_figwidth()))
