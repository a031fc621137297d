"""Choose the number of xdist's workers; pass them the preflight's state, and usage errors back."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest

from podpath.plugin import before, shared

#: Number of workers up to which two share a processor: each starts a node, which takes memory.
_MOST_SHARING = 8
#: Kind of node of which each worker has its own.
_EMBEDDED = "embedded"
#: Variable with the number that xdist takes for `auto`.
_CHOSEN = "PYTEST_XDIST_AUTO_NUM_WORKERS"

_BEGUN, _MISUSE, _VERSIONS = "podpath_begun", "podpath_misuse", "podpath_versions"


def pytest_configure(config: pytest.Config) -> None:
    """Take over in a worker what the plugins answered to the preflight."""
    if versions := getattr(config, "workerinput", {}).get(_VERSIONS):
        from podpath.cni import version_query

        version_query.learn(versions)


@pytest.hookimpl(optionalhook=True, tryfirst=True)  # xdist's own always has an answer
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Return the number of workers for `-n auto`, for a run of the suite on nodes of its own.

    Other runs, and a number that the user chose, are left to xdist.
    """
    if os.environ.get(_CHOSEN) or config.option.numprocesses == "logical":
        return None
    if config.getoption("--podpath-node") not in (None, _EMBEDDED):
        return None
    if not before.names_the_suite(config):
        return None
    return for_processors(len(os.sched_getaffinity(0)))


def for_processors(number: int) -> int:
    """Return how many workers this number of processors is best used by. Pure.

    A worker waits for half of its time: for containerd, plugins, and packets that must not come.
    """
    return max(number, min(2 * number, _MOST_SHARING))


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
