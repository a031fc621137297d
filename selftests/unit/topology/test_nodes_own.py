"""The node's own routes, rules and addresses, before and after its first pods."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from podpath.model import Namespace, Route, Rule, Topology
from podpath.topology import nodes_own

from .. import samples

NETWORK = samples.network(isGateway=True)
DEFAULT = Route(ip_network("0.0.0.0/0"), ip_address("192.0.2.1"), samples.UPLINK)


def node(*routes: Route) -> Namespace:
    """The node as it is without pods."""
    return replace(samples.topology().node, routes=routes)


def with_pods(*routes: Route) -> Topology:
    """The same with pods, and with further routes."""
    base = samples.topology()
    return samples.with_node(base, routes=(*base.node.routes, *routes))


@pytest.mark.parametrize(
    ("network", "device"),
    [
        ("10.88.0.0/24", samples.BRIDGE),
        ("10.88.0.2/32", samples.BRIDGE),
        ("10.88.0.0/16", samples.BRIDGE),
        ("fe80::/64", samples.BRIDGE),
        ("ff00::/8", samples.BRIDGE),
    ],
)
def test_routes_that_come_with_pods_are_none(network: str, device: str) -> None:
    """TOPO-NODE-ROUTE is about those to pods; the kernel adds link-local ones."""
    route = Route(ip_network(network), None, device)

    assert nodes_own.changes(node(DEFAULT), with_pods(DEFAULT, route), NETWORK) == []


@pytest.mark.parametrize(
    ("later", "kind"),
    [
        ([DEFAULT, Route(ip_network("198.51.100.0/24"), None, samples.BRIDGE)], "left behind"),
        ([], "lost"),
    ],
)
def test_other_routes_are_the_nodes_own(later: list[Route], kind: str) -> None:
    (difference,) = nodes_own.changes(node(DEFAULT), with_pods(*later), NETWORK)

    assert (difference.kind, difference.where) == (kind, "routes of the node")


def test_rule_that_is_not_about_pods_is_the_nodes_own() -> None:
    base = with_pods(DEFAULT)
    everybodys = Rule("from all lookup 4444")
    of_pods = Rule("from 10.88.0.2 lookup 7", source=ip_network("10.88.0.2/32"))
    topology = samples.with_node(base, rules=(everybodys, of_pods))

    (difference,) = nodes_own.changes(node(DEFAULT), topology, NETWORK)
    assert (difference.where, difference.seen) == ("rules of the node", "from all lookup 4444")


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("203.0.113.7/24", ["203.0.113.7/24 on uplink0"]),
        ("10.88.0.2/32", []),
        ("fe80::1/64", []),
    ],
    ids=["another", "of-a-pod", "link-local"],
)
def test_address_of_the_uplink_is_the_nodes_own(address: str, seen: list[str]) -> None:
    base = with_pods(DEFAULT)
    uplink = base.node.interface(samples.UPLINK)
    assert uplink is not None
    held = (*uplink.addresses, ip_interface(address))
    topology = samples.with_node_link(base, samples.UPLINK, addresses=held)

    found = nodes_own.changes(node(DEFAULT), topology, NETWORK)
    assert [d.seen for d in found] == seen


def test_default_route_by_another_link_is_two_changes() -> None:
    other = replace(DEFAULT, device=samples.BRIDGE)

    kinds = [d.kind for d in nodes_own.changes(node(DEFAULT), with_pods(other), NETWORK)]
    assert kinds == ["left behind", "lost"]


@pytest.mark.parametrize(
    ("source", "listed"), [("10.0.0.0/8", True), ("10.88.0.0/24", False), ("10.88.0.5/32", False)]
)
def test_rule_around_the_pods_is_one_of_the_node(source: str, listed: bool) -> None:
    """It is about others, too; TOPO-NODE-ROUTE has those that are about pods alone."""
    base = with_pods(DEFAULT)
    rule = Rule(f"from {source}", ip_network(source), table=100)
    after = samples.with_node(base, rules=(*base.node.rules, rule))

    assert bool(nodes_own.changes(node(DEFAULT), after, NETWORK)) is listed


def test_traffic_control_of_the_uplink_is_listed() -> None:
    after = samples.with_node_link(with_pods(DEFAULT), samples.UPLINK, queues=("htb",), xdp=True)

    seen = [d.seen for d in nodes_own.changes(node(DEFAULT), after, NETWORK)]
    assert seen == [f"an XDP program on {samples.UPLINK}", f"htb on {samples.UPLINK}"]
