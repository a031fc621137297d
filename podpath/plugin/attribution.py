"""Attribute the failure of a test to the violation that it follows from, which is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Generator

    from podpath.lifecycle.persistence import Persistence

#: Requirements on packets of pods, and those of them on packets to beyond the node.
_OF_PACKETS = ("PATH-", "LIFE-REUSE", "LIFE-OTHERS", "LIFE-SURVIVOR", "LIFE-PORTMAP")
_BEYOND = frozenset({"PATH-MASQUERADE", "PATH-PORTMAP", "LIFE-PORTMAP"})
_ROUTED = ("TOPO-ROUTE", "a pod lacks a route for these packets")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let tests call plugins on the node of the pods, if the run was given no other one."""
    persistence = item.config.stash.get(shared.persistence, None)
    calls = "contract_node" in getattr(item, "fixturenames", ())
    if persistence is None or not calls or shared.given_of(item.config) is None:
        return (yield)
    with persistence.suspended():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Do not count a test as run that relies on wiring which another test reports."""
    try:
        return (yield)
    except Exception as error:
        persistence = item.config.stash.get(shared.persistence, None)
        if persistence is None or "created" not in getattr(item, "fixturenames", ()):
            raise
        cause = _undone(item, persistence)
        if cause is None and isinstance(error, AssertionError):
            cause = _unrouted(item, persistence)
        if cause is None:
            raise
        raise cause from None


def _undone(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of LIFE-PERSIST, if the pods' wiring changed by itself."""
    from podpath.errors import DoesNotConform, Unmet
    from podpath.lifecycle.persistence import PERSISTS

    if PERSISTS[0] in shared.ids_of(item) or not (changes := persistence.changes()):
        return None
    text = "\n".join(map(str, changes))
    fault = DoesNotConform("the pods' wiring changed while no pod was created or deleted", text)
    return Unmet(fault, *PERSISTS)


def _unrouted(item: pytest.Item, persistence: Persistence) -> Exception | None:
    """Return the violation of TOPO-ROUTE, if a missing route explains where packets went."""
    from podpath.errors import DoesNotConform, Unmet
    from podpath.topology import unrouted

    ids, network = shared.ids_of(item), shared.network(item.config)
    if not all(i.startswith(_OF_PACKETS) for i in ids) or _ROUTED[0] in network.not_applicable:
        return None
    call = getattr(item, "callspec", None)
    params = call.params if call else {}
    pods = [params[name] for name in ("source", "destination", "pod") if name in params]
    lacking = unrouted.lacking(
        persistence.first,
        network,
        pods or list(persistence.first.pods),
        params.get("family"),
        beyond=not _BEYOND.isdisjoint(ids),
    )
    if not lacking:
        return None
    return Unmet(DoesNotConform("\n".join(map(str, lacking))), *_ROUTED)
