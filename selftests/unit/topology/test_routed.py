"""Where the node routes between its pods: the path, and what is required of the wiring."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_interface, ip_network

import pytest

from podpath import profiles
from podpath.model import NODE, Difference, Direction, Family, Hop, Path, Route, Settings, Topology
from podpath.paths import expected, judgement, probes
from podpath.topology.wiring import Wiring

from .. import samples

IN, OUT = Direction.IN, Direction.OUT
PTP = profiles.for_plugin("ptp")
NETWORK = samples.network(profile=PTP, isGateway=False)
POD = "client"


def path(kind: str, source: str = "", destination: str = "") -> Path:
    return expected.path(samples.routed(), NETWORK, kind, source=source, destination=destination)


def test_unicast_is_routed_from_link_to_link() -> None:
    """The second link has a TTL of one less, and its own MAC addresses."""
    hops = path("unicast", "client", "server").hops
    macs = ("02:00:00:00:02:03", samples.mac("server"))

    assert hops == (
        Hop("client", "eth0", OUT),
        Hop(NODE, "veth2", IN, (0,)),
        Hop(NODE, "veth3", OUT, (1,), ttl=-1, rewritten=True, macs=macs),
        Hop("server", "eth0", IN, (2,), ttl=-1, rewritten=True, macs=macs),
    )


def _crossing(**changes: object) -> list[str]:
    """What is found of a request that was routed, with something else in it on the second link."""
    along = path("unicast", "client", "server")
    sent = samples.echo("client", "server", 8, 1)
    last = along.hops[-1]
    assert last.macs
    routed = replace(sent, ttl=63, mac_source=last.macs[0], mac_destination=last.macs[1])
    routed = replace(routed, **changes)  # type: ignore[arg-type]
    seen = [
        samples.sighting(routed if hop.ttl else sent, hop.place, 1000 * number)
        for number, hop in enumerate(along.hops)
    ]
    echo = probes.Echo(samples.IDENTIFIER)
    judged = judgement.judge(
        [(echo, {probes.REQUEST: along})], samples.observation(seen), samples.noise()
    )
    return sorted({d.kind for d in judged.differences})


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        pytest.param({}, [], id="routed"),
        pytest.param({"ttl": 64}, ["TTL changed"], id="ttl-as-if-bridged"),
        pytest.param({"mac_source": samples.mac("client")}, ["MAC changed"], id="own-mac-kept"),
        pytest.param({"source": samples.address("bystander")}, ["address changed"], id="nat"),
    ],
)
def test_packet_must_be_as_routing_makes_it(changes: dict[str, object], kinds: list[str]) -> None:
    """TTL, MAC addresses and addresses on the second link are compared."""
    assert _crossing(**changes) == kinds


Judge = Callable[[Wiring], list[Difference]]
RULES: dict[str, Judge] = {
    "host_end": lambda w: w.host_end(POD),
    "node_addr": lambda w: w.node_addr(POD),
    "node_route": Wiring.node_route,
    "route": lambda w: w.route(POD),
    "mtu": lambda w: w.mtu(POD),
    "node_links": lambda w: w.node_links(frozenset({"lo", samples.UPLINK})),
}


def found(rule: str, topology: Topology) -> list[Difference]:
    return RULES[rule](Wiring(topology, NETWORK))


@pytest.mark.parametrize("rule", RULES)
def test_routed_topology_has_no_difference(rule: str) -> None:
    """The sample is wired as ptp wires pods."""
    assert found(rule, samples.routed()) == []


def _host(**changes: object) -> Topology:
    return samples.with_node_link(samples.routed(), samples.host_end(POD), **changes)


def _without_route(base: Topology) -> Topology:
    return samples.with_node(base, routes=base.node.routes[1:])


def _on_link(base: Topology) -> Topology:
    routes = [r for r in base.of_pod(POD).routes if r.destination != ip_network("10.88.0.0/24")]
    connected = Route(ip_network("10.88.0.0/24"), None, "eth0")
    return samples.with_namespace(base, POD, routes=(*routes, connected))


@pytest.mark.parametrize(
    ("rule", "changed", "message"),
    [
        ("host_end", _host(master=2), "expected none, saw uplink0"),
        ("host_end", _host(settings=Settings()), "forwarding at node veth2"),
        ("node_addr", _host(addresses=()), "missing address at node veth2"),
        ("node_addr", _host(addresses=(ip_interface("10.88.0.1/24"),)), "unexpected address"),
        ("node_route", _without_route(samples.routed()), "missing route at node 10.88.0.2/32"),
        ("route", _on_link(samples.routed()), "unexpected route at pod client 10.88.0.0/24"),
    ],
    ids=["on-something", "no-forwarding", "no-address", "subnet", "no-route", "on-link"],
)
def test_each_change_is_found(rule: str, changed: Topology, message: str) -> None:
    """One change in the sample gives its difference."""
    assert message in " ".join(map(str, found(rule, changed)))


def test_forwarding_is_asked_of_the_families_that_pods_have() -> None:
    """A node without IPv6 need not forward it."""
    assert Family.IPV6 not in samples.routed().node.settings.forwarding
    assert found("host_end", samples.routed()) == []
