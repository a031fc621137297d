"""Ask the kernel inside a network namespace."""

from collections.abc import Callable
from typing import TypeVar

from podpath.errors import CouldNotTest
from podpath.system import netns

T = TypeVar("T")


def inside(path: str, work: Callable[[], T]) -> T:
    """Call work() inside the namespace at a path, and return its result.

    Raises:
        CouldNotTest: The namespace cannot be entered, or the kernel refuses.
    """
    try:
        return netns.run_in(path, work)
    except OSError as error:
        raise CouldNotTest(f"the kernel did not tell of the namespace at {path}: {error}") from None
