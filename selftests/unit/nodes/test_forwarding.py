"""Forwarding that a plugin leaves to the administrator: turned on here, asked of other nodes."""

from collections.abc import Sequence
from typing import Any, cast

import pytest

from podpath import profiles
from podpath.errors import CouldNotTest
from podpath.model import Family, Settings
from podpath.nodes import forwarding
from podpath.nodes.base import Node
from podpath.system import netns, sysctl

from .. import samples

CALICO, PTP = (
    samples.network(profile=profiles.named(name), isGateway=False) for name in ("calico", "ptp")
)


class _Node:
    """Node that keeps the commands that it is given."""

    def __init__(self) -> None:
        self.commands: list[Sequence[str]] = []

    def run(self, command: Sequence[str]) -> None:
        self.commands.append(command)

    def network_namespace(self) -> str:
        return "/proc/self/ns/net"


def _node() -> Any:
    return _Node()


def test_podpath_turns_it_on_where_it_is_the_administrator() -> None:
    """For the pods' IP versions, and only for a plugin that relies on it."""
    node = _node()
    forwarding.provide(cast("Node", node), PTP)
    assert node.commands == []

    forwarding.provide(cast("Node", node), CALICO)
    assert node.commands == [["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"]]


def test_podpath_turns_it_on_where_pods_are_made_at_once() -> None:
    """For some IP versions, whatever the plugin relies on."""
    node = _node()
    forwarding.turn_on(cast("Node", node), Family)

    assert node.commands == [
        ["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"],
        ["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"],
    ]


def test_node_of_others_must_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing can be tested, and the message has the command that helps."""
    monkeypatch.setattr(netns, "run_in", lambda _, work: work())
    monkeypatch.setattr(sysctl, "of_link", lambda _: Settings())
    forwarding.check(_node(), PTP)
    with pytest.raises(CouldNotTest, match=r"the node does not forward.*sysctl -w net\.ipv4\.ip_f"):
        forwarding.check(_node(), CALICO)

    monkeypatch.setattr(sysctl, "of_link", lambda _: Settings(frozenset({Family.IPV4})))
    forwarding.check(_node(), CALICO)
