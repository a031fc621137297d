"""Differences that pods of others cause while they come and go do not last."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from podpath.model import Difference
from podpath.nodes.base import Node
from podpath.system import limits
from podpath.system.limits import Limits
from podpath.topology.lasting import lasting

_COMING, _GOING, _LEFT = (
    Difference("unexpected port", "node cni0", "pods' veths only", name)
    for name in ("veth1", "veth2", "veth3")
)


def _node(*, shared: bool) -> Node:
    return cast("Node", SimpleNamespace(shared=shared))


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Wait a moment only."""
    with limits.in_force(Limits(pods_gone=0.05)):
        yield


def test_pods_that_come_and_go_are_no_difference() -> None:
    """Each look shows another pod of others: none stays."""
    looks = iter([[_GOING], []])

    assert lasting(_node(shared=True), [_COMING], lambda: next(looks)) == []


def test_port_that_stays_is_a_difference() -> None:
    """It is there beside pods that come and go."""
    assert lasting(_node(shared=True), [_COMING, _LEFT], lambda: [_GOING, _LEFT]) == [_LEFT]


def test_node_without_other_pods_is_looked_at_once() -> None:
    """Nothing explains what differs there."""

    def look() -> list[Difference]:
        raise AssertionError

    assert lasting(_node(shared=False), [_LEFT], look) == [_LEFT]
