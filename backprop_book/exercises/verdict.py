"""What became of an answer: one of four verdicts, and the sentence that goes with it."""

from dataclasses import dataclass

SIGNS = {"not tried yet": "·", "right": "✓", "nearly": "≈", "wrong": "✗"}


@dataclass(frozen=True)
class Verdict:
    """The verdict on an answer.

    Attributes
    ----------
    status : {"not tried yet", "right", "nearly", "wrong"}
        nearly: what is off can be named. wrong: it cannot, or the answer is of another kind altogether.
    reason : str
        What is off; empty where nothing is.
    """

    status: str
    reason: str = ""

    def line(self, number):
        """The verdict as its reader sees it."""
        reason = f": {self.reason}" if self.reason else ""
        return f"{SIGNS[self.status]} Exercise {number}: {self.status}{reason}"


NOT_TRIED = Verdict("not tried yet")
RIGHT = Verdict("right")


def nearly(reason):
    """Something is off that can be named."""
    return Verdict("nearly", reason)


def wrong(reason):
    """Nothing nearer is known."""
    return Verdict("wrong", reason)
