"""Keep the node of a failure after the run, for --podpath-keep."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from podpath.nodes.base import Node
    from podpath.nodes.embedded.standing import Hold
    from podpath.run.plan import Plan

_KEPT = "podpath_kept"
#: Sentences on the nodes that are kept, of this process and of xdist's workers.
sentences = pytest.StashKey[list[str]]()
#: Nodes of failures, by their pids.
_broken = pytest.StashKey[set[int]]()
#: Holds on nodes that may be kept, by the nodes' pids.
_holds = pytest.StashKey["dict[int, Hold]"]()


def asked(config: pytest.Config) -> bool:
    """Return whether the user wants the nodes of failures to be kept."""
    return bool(config.getoption("--podpath-keep"))


def note_failure(config: pytest.Config, node: Any) -> None:
    """Note that something failed on a node."""
    if node is not None:
        config.stash.setdefault(_broken, set()).add(node.pid)


def has_failed(config: pytest.Config, node: Node) -> bool:
    """Return whether the node is kept: something failed on it, and the user wants it."""
    return asked(config) and node.pid in config.stash.get(_broken, set())


def name(config: pytest.Config, node: Any) -> str:
    """Return the name by which another process can join a node; empty if none can."""
    held = config.stash.get(_holds, {})
    return held[node.pid].id if node is not None and node.pid in held else ""


def hold(config: pytest.Config, node: Node) -> Hold | None:
    """Return this process's hold on a node that may be kept."""
    return config.stash.get(_holds, {}).get(node.pid)


@contextmanager
def kept(config: pytest.Config, node: Node, plan: Plan) -> Iterator[None]:
    """Keep a node that something failed on after the block, for a limited time.

    Only an embedded node can be kept; the others' lives are not podpath's.
    """
    from podpath.nodes.embedded import holding, standing
    from podpath.nodes.embedded.node import EmbeddedNode

    if not asked(config) or not isinstance(node, EmbeddedNode):
        yield
        return
    with standing.shown(node, _options(config), plan.network.conflist.text) as held:
        config.stash.setdefault(_holds, {})[node.pid] = held
        try:
            yield
        finally:
            del config.stash[_holds][node.pid]
            if has_failed(config, node):
                until, pid = holding.start(held.id)
                config.stash.setdefault(sentences, []).append(
                    f"node {held.id} is kept until {until}: podpath shell --join {held.id}"
                    f" (kill {pid} ends it sooner)"
                )


def _options(config: pytest.Config) -> dict[str, Any]:
    """Return the options that a process needs to use the node."""
    from podpath.testing.options import NodeOptions

    names = ("cni_conf", "cni_bin", "profile", "features", "leases", "node_setup")
    given = {n: config.getoption(f"--podpath-{n.replace('_', '-')}") for n in names}
    return NodeOptions.read({name: value for name, value in given.items() if value}).document()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Pass on, from a worker of xdist, which nodes are kept."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[_KEPT] = session.config.stash.get(sentences, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over which nodes a worker keeps."""
    of_worker = (getattr(node, "workeroutput", None) or {}).get(_KEPT, [])
    node.config.stash.setdefault(sentences, []).extend(of_worker)
