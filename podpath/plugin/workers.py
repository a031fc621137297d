"""Pass the state of the preflight to xdist's workers, and their usage errors back."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from podpath.plugin import shared

_BEGUN, _MISUSE, _VERSIONS = "podpath_begun", "podpath_misuse", "podpath_versions"


def pytest_configure(config: pytest.Config) -> None:
    """Take over in a worker what the plugins answered to the preflight."""
    if versions := getattr(config, "workerinput", {}).get(_VERSIONS):
        from podpath.cni import version_query

        version_query.learn(versions)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Pass to a worker, before it starts, whether this process ran the preflight, and answers."""
    node.workerinput[_BEGUN] = shared.environment in node.config.stash
    if node.workerinput[_BEGUN]:
        from podpath.cni import version_query

        node.workerinput[_VERSIONS] = version_query.known()


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Keep a usage error of a worker, because xdist does not pass it on."""
    try:
        return (yield)
    except pytest.UsageError as error:
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_MISUSE] = str(error)
        raise


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """End the run with the usage error of a worker."""
    if misuse := getattr(node, "workeroutput", None) and node.workeroutput.get(_MISUSE):
        raise pytest.UsageError(misuse)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse tests of podpath in a worker of a run that began without a preflight."""
    config = session.config
    begun = getattr(config, "workerinput", {_BEGUN: True})[_BEGUN]
    if not begun and any(map(shared.ids_of, session.items)):
        raise pytest.UsageError(
            "podpath cannot see its tests before xdist hands them out:"
            f" add -p {shared.FIXTURES}, or leave out -n"
        )
