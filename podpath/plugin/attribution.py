"""Attribute the failure of a test to the violation that it follows from, which is told once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podpath.plugin import shared

if TYPE_CHECKING:
    from collections.abc import Generator

    from podpath.lifecycle.persistence import Persistence

#: Requirement on pods of its own, whose wiring may change by itself as that of the others does.
_RESTART = "LIFE-RESTART"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let tests call plugins on the node of the pods, if the run was given no other one."""
    persistence = item.config.stash.get(shared.persistence, None)
    if (
        persistence is None
        or not shared.calls_plugins(item)
        or shared.given_of(item.config) is None
    ):
        return (yield)
    with persistence.suspended():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Do not count a test as run that relies on wiring which another test reports."""
    try:
        return (yield)
    except Exception as error:
        from podpath.plugin import attaching, deleting, taking

        of_pods = (
            taking.taken_by_container(item, error)
            or deleting.left_by_container(item, error)
            or deleting.refused_again(item, error)
            or attaching.of_pod(item, error)
        )
        if of_pods:
            raise of_pods from None
        persistence = item.config.stash.get(shared.persistence, None)
        on_pods = "created" in getattr(item, "fixturenames", ())
        if persistence is None or not (on_pods or _RESTART in shared.ids_of(item)):
            raise
        from podpath.plugin import causes_in_wiring

        cause = causes_in_wiring.undone(item, persistence)
        if not on_pods:
            raise cause or error from None
        cause = cause or _cause(item, error, persistence)
        if cause is None:
            raise
        raise cause from None


def _cause(item: pytest.Item, error: Exception, persistence: Persistence) -> Exception | None:
    """Return the violation that the failure of a test on the pods follows from, or None."""
    from podpath.plugin import causes_in_packets as packets
    from podpath.plugin import causes_in_wiring as wiring
    from podpath.plugin import deleting, judged, taking

    cause = None
    if isinstance(error, AssertionError):
        cause = (
            wiring.unrouted(item, persistence)
            or packets.following(item, persistence)
            or packets.altered(item)
        )
    elif judged.is_about_paths(error):
        cause = wiring.unrouted(item, persistence) or wiring.filtered(item, error, persistence)
    return (
        cause
        or packets.preceding(item, error)
        or wiring.peerless(item, error)
        or wiring.routeless(item, error, persistence)
        or wiring.unreached(item, error, persistence)
        or wiring.silenced(item, error, persistence)
        or wiring.miswired(item, error, persistence)
        or wiring.unplaced(item, error, persistence)
        or wiring.deaf(item, error, persistence)
        or deleting.deafened(item, error)
        or packets.copied(item)
        or packets.resent(item, error)
        or taking.taken(item, error)
        or deleting.left(item, error)
    )
