"""The colours of the book's drawings: one meaning each, one value for light pages and one for dark ones.

A drawing uses the light values. The website maps them to the dark ones where the reader's theme is dark
(`backprop_book.page.inline`), so no drawing exists twice. Colour never stands alone: what is checked numerically is
dashed, and every line carries a label.
"""

PALETTE = {
    # meaning: (light, dark)
    "paper": ("#ffffff", "#121212"),
    "ink": ("#1d2733", "#e6e9ee"),
    "muted": ("#5b6673", "#a9b2bd"),
    "grid": ("#d5dae0", "#3b434d"),
    "forward": ("#1f5fa8", "#7db8f0"),
    "forward_soft": ("#dbe8f6", "#1d3550"),
    "gradient": ("#b3411e", "#f2946b"),
    "gradient_soft": ("#f8e0d6", "#4a2618"),
    "numerical": ("#2e7d46", "#7ccf95"),
    "numerical_soft": ("#d9efdf", "#1d3d28"),
}

LIGHT = {meaning: light for meaning, (light, _) in PALETTE.items()}
