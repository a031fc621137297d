"""The limits of a run, in force in each of its processes from its first check to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Scale the limits. A run within a self-test scales those that the self-test has set."""
    factor: float = config.getoption("--podpath-patience")
    if factor == 1:  # no import for those who run pytest without podpath
        return (yield)
    from podpath.system import limits

    with limits.in_force(limits.current().times(factor)):
        return (yield)
