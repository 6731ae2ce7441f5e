"""Numbers as a verdict shows them: in few digits, but in enough to tell two of them apart."""

import numpy as np

SHOWN = 6  # entries; a larger array is named by its shape
DIGITS = range(4, 11)


def shown_argument(value):
    """What an argument was: its value, or the shape of a large array."""
    return f"of shape {np.shape(value)}" if np.size(value) > SHOWN else f"= {shown_numbers(value)}"


def shown_numbers(value, digits=DIGITS[0]):
    """A number or a small array as it is written in Python."""
    if np.size(value) > SHOWN:
        return f"an array of shape {np.shape(value)}"

    def shown(entry):
        if isinstance(entry, int | np.integer):
            return entry
        rounded = float(f"{entry:.{digits}g}") + 0.0  # no -0.0
        return float(entry) if np.isinf(rounded) else rounded

    return str(np.vectorize(shown, otypes=[object])(np.asarray(value)).tolist())


def shown_difference(pair):
    """What came and what should have; of a large array the first entry that is off."""
    got, expected, place = pair.got, pair.expected, ""
    if got.size > SHOWN:
        index = next(i for i in np.ndindex(got.shape) if not pair.same(got[i], expected[i]))
        got, expected, place = got[index], expected[index], f"at {list(index)} "
    for digits in DIGITS:
        texts = [shown_numbers(value, digits) for value in (got, expected)]
        if texts[0] != texts[1]:
            break
    return f"{place}got {texts[0]}, expected {texts[1]}"
