"""Times and memory: contenders take turns in one process, so that what slows the machine down slows all of them."""

import gc
import time
import tracemalloc
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np


def interleaved(contenders, *, rounds, burst=0.02):
    """CPU seconds of one call of each contender, in every round: {name: array (rounds,)}.

    In a round every contender has its turn: as many calls as fill ``burst`` seconds, at least one, and the collection
    of the garbage that they leave. Every other round goes backwards through the contenders. CPU time, unlike time on
    the clock, leaves out what other programs take.
    """
    for run in contenders.values():
        run()
    gc.collect()
    gc.freeze()  # the collections below search only what the contenders make from here on, not the libraries
    calls = {name: max(1, round(burst / _timed(run, 1))) for name, run in contenders.items()}
    times = {name: [] for name in contenders}
    for number in range(rounds):
        for name in list(contenders)[:: 1 if number % 2 else -1]:
            times[name].append(_timed(contenders[name], calls[name]))
    return {name: np.array(values) for name, values in times.items()}


def _timed(run, calls):
    start = time.process_time()
    for _ in range(calls):
        run()
    gc.collect()
    return (time.process_time() - start) / calls


@dataclass
class Ratio:
    """Our time over theirs, round by round: median, and where eight of ten rounds lie."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, ours, theirs):
        """From the times of the same rounds, two arrays (rounds,)."""
        low, median, high = np.percentile(ours / theirs, [10, 50, 90])
        return cls(median, low, high)

    def __str__(self):
        return f"{self.median:.2f} ({self.low:.2f}–{self.high:.2f})"


@contextmanager
def traced_memory():
    """Within this block `tracemalloc` follows every allocation, NumPy's too."""
    gc.collect()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()


def bytes_in_use():
    """Traced bytes now."""
    return tracemalloc.get_traced_memory()[0]


def peak_bytes(run):
    """Traced bytes at the peak of a call, above those before it."""
    before = bytes_in_use()
    tracemalloc.reset_peak()
    run()
    return tracemalloc.get_traced_memory()[1] - before
