"""Scale the limits of a run, in each of its processes, from its first check to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Scale the limits. A run within a self-test scales the limits that the self-test set."""
    factor: float = config.getoption("--podpath-patience")
    if factor == 1:  # no import for pytest runs without podpath
        return (yield)
    from podpath.system import limits

    with limits.in_force(limits.current().times(factor)):
        return (yield)
