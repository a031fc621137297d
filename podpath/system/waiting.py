"""Wait for a condition, in place of a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: Part of the time waited so far that the next pause takes: a wait in vain reads its value often at
#: first, and rarely later. A wait ends at most this part later than the awaited thing comes.
_PART = 1 / 8


def until(
    read: Callable[[], T], satisfied: Callable[[T], bool], seconds: float, pause: float = 0.005
) -> T:
    """Read a value until it satisfies a condition, or until the time is over.

    Args:
        read: Reads the value.
        satisfied: The condition.
        seconds: The limit of the wait.
        pause: Least time between two reads in seconds; longer where a read costs others something.

    Returns:
        The last value, which may not satisfy the condition: the caller checks it.
    """
    start = time.monotonic()
    while not satisfied(value := read()) and (waited := time.monotonic() - start) < seconds:
        time.sleep(max(pause, min(waited * _PART, seconds - waited)))
    return value
