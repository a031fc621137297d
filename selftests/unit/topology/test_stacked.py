"""Where pods' links lie on one of the node's: the path, and what is required of the wiring."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface, ip_network

import pytest

from podpath import profiles
from podpath.errors import CouldNotTest
from podpath.lifecycle import bystanders
from podpath.model import NODE, Difference, Direction, Family, Hop, Path, Route, Topology
from podpath.paths import expected
from podpath.paths.judgement import Judgement
from podpath.paths.observe import Observed
from podpath.report import evidence
from podpath.report.page import topology
from podpath.topology.wiring import Wiring

from .. import samples

IN, OUT = Direction.IN, Direction.OUT
MACVLAN = profiles.for_plugin("macvlan")
NETWORK = samples.network(profile=MACVLAN, isGateway=False)
POD = "client"
UPLINK = samples.UPLINK


def path(kind: str, base: Topology | None = None) -> Path:
    return expected.path(
        base or samples.stacked(), NETWORK, kind, source="client", destination="server"
    )


def test_unicast_comes_in_at_the_lower_link() -> None:
    """The kernel hands it on there: it does not leave the node."""
    assert path("unicast").hops == (
        Hop("client", "eth0", OUT),
        Hop(NODE, UPLINK, IN, (0,)),
        Hop("server", "eth0", IN, (1,)),
    )


def test_broadcast_goes_to_all_and_out() -> None:
    assert path("broadcast").hops == (
        Hop("client", "eth0", OUT),
        Hop(NODE, UPLINK, OUT, (0,)),
        Hop("bystander", "eth0", IN, (0,)),
        Hop("server", "eth0", IN, (0,)),
    )


def test_multicast_may_be_heard_by_others() -> None:
    """It must be by the one that is asked."""
    assert path("multicast").hops == (
        Hop("client", "eth0", OUT),
        Hop(NODE, UPLINK, OUT, (0,)),
        Hop("server", "eth0", IN, (0,)),
        Hop("bystander", "eth0", IN, (0,), optional=True),
    )


@pytest.mark.parametrize(
    ("family", "kind"), [(Family.IPV4, "broadcast"), (Family.IPV6, "multicast")]
)
def test_question_is_of_the_ip_version(family: Family, kind: str) -> None:
    """ARP asks all, neighbour discovery those that listen."""
    assert MACVLAN.resolution.question(family) == kind
    assert samples.PROFILE.resolution.question(family) == "broadcast"


def test_path_needs_a_lower_link() -> None:
    """A node without a default route has none that goes without saying."""
    with pytest.raises(CouldNotTest, match="default route"):
        path("unicast", samples.with_node(samples.stacked(), routes=()))


def test_lower_link_is_named_or_the_uplink() -> None:
    """By the conflist's key, else by the node's default route."""
    base = samples.stacked()

    assert MACVLAN.lower_in({"master": "ens1"}, base) == "ens1"
    assert MACVLAN.lower_in({}, base) == UPLINK
    assert MACVLAN.lower_in({}, samples.with_node(base, routes=())) == ""
    elsewhere = replace(base.node.routes[0], device="ens2", particulars=("table 100",))
    first = (elsewhere, replace(base.node.routes[0], particulars=("mtu 1400",)))
    assert MACVLAN.lower_in({}, samples.with_node(base, routes=first)) == UPLINK
    assert samples.PROFILE.lower_in({"master": "ens1"}, base) == ""


def test_lower_link_is_no_host_end() -> None:
    """IFLA_LINK names both."""
    veths, macvlans = samples.topology(), samples.stacked()

    assert veths.host_end(POD) == veths.node.interface(samples.host_end(POD))
    assert veths.lower_link(POD) is None
    assert macvlans.lower_link(POD) == macvlans.node.interface(UPLINK)
    assert macvlans.host_end(POD) is None


Judge = Callable[[Wiring], list[Difference]]
RULES: dict[str, Judge] = {
    "lower_link": lambda w: w.lower_link(POD),
    "mtu": lambda w: w.mtu(POD),
    "mtu-1400": lambda w: Wiring(w.topology, samples.network(profile=MACVLAN, mtu=1400)).mtu(POD),
    "mac": Wiring.mac,
    "node_links": lambda w: w.node_links(frozenset({"lo", UPLINK})),
    "route": lambda w: w.route(POD),
    "node_route": Wiring.node_route,
    "settings": lambda w: w.settings(POD),
    "result": lambda w: w.result(POD),
    "hooks": lambda w: w.hooks({}),
    "changes": lambda w: bystanders.changes(samples.stacked(), w.topology, w.network),
}


def found(rule: str, topology: Topology) -> list[Difference]:
    return RULES[rule](Wiring(topology, NETWORK))


@pytest.mark.parametrize("rule", [r for r in RULES if r != "mtu-1400"])
def test_stacked_topology_has_no_difference(rule: str) -> None:
    """The sample is wired as macvlan wires pods."""
    assert found(rule, samples.stacked()) == []


def _pod(**changes: object) -> Topology:
    return samples.with_pod_link(samples.stacked(), POD, **changes)


def _uplink(**changes: object) -> Topology:
    return samples.with_node_link(samples.stacked(), UPLINK, **changes)


def _second() -> Topology:
    """A second link of the node, on which the pod's lies."""
    base = samples.stacked()
    second = samples.extra_link("second")
    base = samples.with_node(base, interfaces=(*base.node.interfaces, second))
    return samples.with_pod_link(base, POD, peer_index=second.index)


def _routed(destination: str) -> Topology:
    base = samples.stacked()
    more = Route(ip_network(destination), None, UPLINK)
    return samples.with_node(base, routes=(*base.node.routes, more))


def _of_the_uplinks_network() -> Topology:
    """The node's uplink has an address of the pods' network."""
    base = _routed("10.88.0.0/24")
    return samples.with_node_link(base, UPLINK, addresses=(ip_interface("10.88.0.99/24"),))


CHANGES = [
    ("lower_link", "veth", samples.topology(), "kind of interface at pod client eth0"),
    ("lower_link", "mode", _pod(mode="vepa"), "mode at pod client eth0: expected bridge, saw vepa"),
    ("lower_link", "other", _second(), f"expected node {UPLINK}, saw node second"),
    ("lower_link", "in-no-node", _pod(peer_nsid=None), f"expected node {UPLINK}, saw interface 2"),
    ("lower_link", "down", _uplink(up=False), f"interface down at node {UPLINK}"),
    (
        "lower_link",
        "no-default-route",
        samples.with_node(samples.stacked(), routes=()),
        "expected node the one of a default route",
    ),
    ("mtu", "lower-than-the-lower-links", _pod(mtu=1400), "MTU at pod client eth0: expected 1500"),
    ("mtu-1400", "ignored", _pod(mtu=1500), "MTU at pod client eth0: expected 1400"),
    ("mtu", "lower-link", _uplink(mtu=9000), "MTU at pod client eth0: expected 9000"),
    (
        "mac",
        "the-lower-links",
        _uplink(mac=samples.mac(POD)),
        f"pod client eth0 and node {UPLINK}",
    ),
    ("node_route", "host-route", _routed("10.88.0.2/32"), "unexpected route at node 10.88.0.2/32"),
    (
        "node_route",
        "not-the-uplinks",
        _routed("10.88.0.0/24"),
        "unexpected route at node 10.88.0.0/24",
    ),
    ("hooks", "lower-link", _uplink(queues=("clsact",)), f"traffic control at node {UPLINK}"),
    ("hooks", "xdp", _uplink(xdp=True), f"XDP program at node {UPLINK}"),
    ("changes", "promiscuous", _uplink(promiscuous=True), "lower link of pod client promiscuous"),
    ("changes", "mode", _pod(mode="private"), "pod client eth0 mode"),
]


@pytest.mark.parametrize(
    ("rule", "changed", "message"), [pytest.param(r, t, s, id=f"{r}-{n}") for r, n, t, s in CHANGES]
)
def test_each_change_is_found(rule: str, changed: Topology, message: str) -> None:
    """One change in the sample gives its difference."""
    assert message in " ".join(map(str, found(rule, changed)))


def test_pods_may_be_of_the_lower_links_own_network() -> None:
    """Its connected route is the node's affair."""
    assert found("node_route", _of_the_uplinks_network()) == []


def test_configured_mtu_is_kept() -> None:
    assert found("mtu-1400", _pod(mtu=1400)) == []


def test_drawing_joins_pods_to_their_lower_link() -> None:
    """There is one bar for it, and no host ends."""
    judgement = Judgement((), (), 0, paths=(path("unicast"),))
    observed = Observed((), samples.observation([]), judgement, samples.stacked())
    told = evidence.of(observed)

    assert [p["links"][1]["lower"] for p in told["topology"]["pods"]] == [UPLINK] * 3
    assert [p["links"][1]["peer"] for p in told["topology"]["pods"]] == [""] * 3
    drawn = topology.of_topology(told)
    assert drawn.count(f">{UPLINK}<") == 1
    assert "veth" not in drawn
