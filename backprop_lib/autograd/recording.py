"""Whether operations are recorded, and the clock that tells what was changed after it was used."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from itertools import count

tick = count().__next__
_enabled = ContextVar("recording", default=True)  # one for each thread and each asyncio task
is_recording = _enabled.get


def no_grad() -> AbstractContextManager[None]:
    """Record nothing in this block: what is computed there is a constant. Other threads and tasks go on recording.

    Returns
    -------
    context manager
        For ``with``.

    Examples
    --------
    >>> from backprop_lib import Tensor
    >>> x = Tensor([1.0], requires_grad=True)
    >>> with no_grad():
    ...     (2.0 * x).requires_grad
    False
    """
    return recording(False)


@contextmanager
def recording(enabled: bool) -> Iterator[None]:
    """Record operations in this block, or do not."""
    before = is_recording()
    _enabled.set(enabled)
    try:
        yield
    finally:
        _enabled.set(before)
