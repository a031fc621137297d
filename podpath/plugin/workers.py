"""What passes between this process and xdist's: whether the run has begun, and what is wrong."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from podpath.plugin import shared

_BEGUN, _MISUSE = "podpath_begun", "podpath_misuse"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker, before it starts, whether the preflight was made."""
    node.workerinput[_BEGUN] = shared.environment in node.config.stash


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Keep a misuse that a worker finds: xdist does not pass it on."""
    try:
        return (yield)
    except pytest.UsageError as error:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_MISUSE] = str(error)
        raise


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """End the run with a misuse that a worker found."""
    if misuse := getattr(node, "workeroutput", None) and node.workeroutput.get(_MISUSE):
        raise pytest.UsageError(misuse)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse tests of podpath in a worker of a run that did not begin with a preflight."""
    config = session.config
    begun = getattr(config, "workerinput", {_BEGUN: True})[_BEGUN]
    if not begun and any(map(shared.ids_of, session.items)):
        raise pytest.UsageError(
            "podpath cannot see its tests before xdist hands them out:"
            f" add -p {shared.FIXTURES}, or leave out -n"
        )
