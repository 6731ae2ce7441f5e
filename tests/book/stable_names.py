"""Names of test cases that are the same in every run: mutation testing looks tests up by name."""

import re


def stable(value):
    """Return the repr of a case on one line, without its address."""
    return " ".join(re.sub(r" at 0x[0-9a-f]+", "", repr(value)).split())
