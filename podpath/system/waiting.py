"""Wait for a condition, in place of a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    read: Callable[[], T], satisfied: Callable[[T], bool], seconds: float, pause: float = 0.005
) -> T:
    """Read a value until it satisfies a condition, or until the time is over.

    Args:
        read: Reads the value.
        satisfied: The condition.
        seconds: The limit of the wait.
        pause: Seconds between two reads; longer where a read costs others something.

    Returns:
        The last value, which may not satisfy the condition: the caller checks it.
    """
    deadline = time.monotonic() + seconds
    while not satisfied(value := read()) and time.monotonic() < deadline:
        time.sleep(pause)
    return value
