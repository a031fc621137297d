"""Waiting for a condition, in place of a fixed sleep."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(read: Callable[[], T], satisfied: Callable[[T], bool], seconds: float) -> T:
    """Read until what is read satisfies, at most for so long; the last thing read.

    That it does not satisfy in the end is for the caller to judge.
    """
    deadline = time.monotonic() + seconds
    while not satisfied(value := read()) and time.monotonic() < deadline:
        time.sleep(0.005)
    return value
