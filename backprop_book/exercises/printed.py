"""What a function prints while it is tried: its first lines pass, and of a loop that prints for ever no more."""

import contextlib
import io
import sys

LINES, CHARACTERS = 10, 1000
REST = "… (the rest is not shown)\n"


class Few(io.TextIOBase):
    """Passes the first lines on to a stream and drops the others; it keeps nothing, however much comes."""

    def __init__(self, stream):
        self.stream, self.lines, self.characters, self.full = stream, LINES, CHARACTERS, False

    def write(self, text):
        """Pass on what there is room for. Returns how much came, as any stream does."""
        if not self.full:
            shown = "".join(text[: self.characters].splitlines(keepends=True)[: self.lines])
            self.characters -= len(shown)
            self.lines -= shown.count("\n")
            self.full = len(shown) < len(text)
            self.stream.write(shown + REST if self.full else shown)
        return len(text)


class Nothing(io.TextIOBase):
    """Drops all that is written."""

    def write(self, text):
        """Returns how much came."""
        return len(text)


def printed(quiet):
    """A context in which the first lines that are printed, to either stream, pass; none where ``quiet``."""
    streams = contextlib.ExitStack()
    for redirect, stream in (contextlib.redirect_stdout, sys.stdout), (contextlib.redirect_stderr, sys.stderr):
        streams.enter_context(redirect(Nothing() if quiet or stream is None else Few(stream)))
    return streams
