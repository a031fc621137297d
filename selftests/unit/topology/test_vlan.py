"""Pods in a VLAN of the bridge: their ports, the gateway's interface, the tags on their paths."""

import json
from dataclasses import replace
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from podpath import profiles
from podpath.cni.network import Network
from podpath.errors import CouldNotTest
from podpath.model import (
    NODE,
    Bridge,
    Difference,
    Direction,
    Family,
    Hop,
    Interface,
    Port,
    PortVlan,
    Route,
    Settings,
    Topology,
)
from podpath.paths import expected, judgement, probes
from podpath.run import checks
from podpath.run.plan import Plan
from podpath.topology import following, miswired
from podpath.topology.wiring import Wiring
from selftests.suite import ROOT

from .. import samples

IN, OUT = Direction.IN, Direction.OUT
PROFILE = profiles.named("bridge-vlan")
NETWORK = samples.network(profile=PROFILE, vlan=100)
GATEWAY, PORT = "cni0.100", "veth77"
OWN = (PortVlan(100, pvid=True, untagged=True),)
LEFT = (PortVlan(1, untagged=True), *OWN)


def _topology() -> Topology:
    """The sample topology as the plugin wires it with "vlan": 100."""
    base = samples.topology()
    bridge = base.node.interface(samples.BRIDGE)
    assert bridge
    held = bridge.addresses
    base = samples.with_node_link(
        base, samples.BRIDGE, addresses=(), bridge=Bridge(False, 300, vlan_filtering=True)
    )
    for pod in samples.PODS:
        port = Port("forwarding", hairpin=False, isolated=False, learning=True, vlans=OWN)
        base = samples.with_node_link(base, samples.host_end(pod), port=port)
    settings = Settings(frozenset({Family.IPV4}))
    gateway = Interface(
        *(80, GATEWAY, "veth", "02:00:00:00:09:01", 1500, True),
        addresses=held,
        peer_index=81,
        settings=settings,
    )
    port = Port("forwarding", hairpin=False, isolated=False, learning=True, vlans=OWN)
    end = Interface(
        *(81, PORT, "veth", "02:00:00:00:09:02", 1500, True),
        master=bridge.index,
        peer_index=80,
        port=port,
    )
    (route,) = base.node.routes
    return samples.with_node(
        base,
        interfaces=(*base.node.interfaces, gateway, end),
        routes=(replace(route, device=GATEWAY),),
    )


def _port(**changes: Any) -> Port:
    port = Port("forwarding", hairpin=False, isolated=False, learning=True, vlans=OWN)
    return replace(port, **changes)


def _of_node(wiring: Wiring) -> list[str]:
    differences = [*wiring.bridge_gateway(), *wiring.bridge_members(), *wiring.node_route()]
    differences += wiring.node_links(frozenset({"lo", samples.UPLINK}))
    return list(map(str, differences))


def test_conflist_decides_the_profile() -> None:
    assert Network.read(ROOT / "examples/vlan.conflist").profile.name == "bridge-vlan"
    assert Network.read(ROOT / "examples/isolation.conflist").profile.name == "bridge"
    trunk = samples.conflist(vlanTrunk=[{"id": 7}])
    assert Network.covering(trunk).name == "bridge"


def test_wiring_as_configured_has_no_difference() -> None:
    wiring = Wiring(_topology(), NETWORK)

    assert _of_node(wiring) == []
    for pod in samples.PODS:
        assert [*wiring.bridge_port(pod), *wiring.mtu(pod), *wiring.settings(pod)] == []


def test_port_in_another_vlan() -> None:
    """VLAN 1 is one, unless the default VLAN is to be preserved."""
    base = samples.with_node_link(_topology(), samples.host_end("client"), port=_port(vlans=LEFT))

    (difference,) = Wiring(base, NETWORK).bridge_port("client")
    assert "expected 100 PVID untagged, saw 1 untagged, 100 PVID untagged" in str(difference)
    kept = samples.network(profile=PROFILE, vlan=100, preserveDefaultVlan=True)
    assert Wiring(base, kept).bridge_port("client") == []


@pytest.mark.parametrize(
    ("link", "changes", "words"),
    [
        (samples.BRIDGE, {"bridge": Bridge(False, 300)}, "VLAN filtering at node cni0"),
        (
            samples.BRIDGE,
            {"addresses": (ip_interface("10.88.0.1/24"),)},
            "gateway address at node cni0:",
        ),
        (GATEWAY, {"addresses": ()}, "gateway address at node cni0.100"),
        (GATEWAY, {"settings": Settings()}, "forwarding at node cni0.100 IPv4"),
        (GATEWAY, {"up": False}, "link state at node cni0.100"),
        (GATEWAY, {"peer_index": 1}, "peer at node cni0.100"),
        (PORT, {"up": False}, "link state at node veth77"),
        (PORT, {"master": None}, "peer at node cni0.100"),
        (PORT, {"port": _port(state="disabled")}, "port state at node veth77"),
        (
            PORT,
            {"port": _port(vlans=LEFT)},
            "(port of cni0.100): expected 100 PVID untagged, saw 1",
        ),
    ],
)
def test_gateway_of_the_vlan(link: str, changes: dict[str, Any], words: str) -> None:
    base = samples.with_node_link(_topology(), link, **changes)

    assert any(words in text for text in _of_node(Wiring(base, NETWORK)))


def test_gateway_that_is_absent() -> None:
    base = _topology()
    links = tuple(i for i in base.node.interfaces if i.name not in (GATEWAY, PORT))
    texts = _of_node(Wiring(samples.with_node(base, interfaces=links), NETWORK))

    assert "missing interface at node cni0.100: expected the gateway of the VLAN" in texts[0]


def test_vlan_without_a_gateway_has_no_interface_of_its_own() -> None:
    network = samples.network(profile=PROFILE, vlan=100, isGateway=False)
    base = _topology()
    links = tuple(i for i in base.node.interfaces if i.name not in (GATEWAY, PORT))
    bare = samples.with_node(base, interfaces=links, routes=())

    assert _of_node(Wiring(bare, network)) == []
    assert "unexpected interface at node cni0.100" in str(_of_node(Wiring(base, network)))


def test_filter_that_nobody_asked_for() -> None:
    base = samples.with_node_link(
        samples.topology(), samples.BRIDGE, bridge=Bridge(False, 300, vlan_filtering=True)
    )

    (difference,) = Wiring(base, samples.network()).bridge_gateway()
    assert difference.kind == "VLAN filtering"


@pytest.mark.parametrize(("vlan", "tag"), [(100, 100), (1, None)])
def test_bridge_shows_the_tag(vlan: int, tag: int | None) -> None:
    """The bridge itself is in VLAN 1, whose frames have none."""
    network = samples.network(profile=PROFILE, vlan=vlan)
    path = expected.path(_topology(), network, "unicast", source="client", destination="server")

    assert [hop.vlan for hop in path.hops if hop.interface == "cni0"] == [tag]
    assert {hop.vlan for hop in path.hops if hop.interface != "cni0"} == {None}


def test_gateway_is_beyond_its_own_port() -> None:
    path = expected.path(_topology(), NETWORK, "to-node", source="client", destination="client")

    assert path.hops == (
        Hop("client", "eth0", OUT),
        Hop(NODE, samples.host_end("client"), IN, (0,)),
        Hop(NODE, "cni0", IN, (1,), vlan=100),
        Hop(NODE, PORT, OUT, (1,)),
        Hop(NODE, GATEWAY, IN, (3,)),
    )


@pytest.mark.parametrize("vlan", [None, 7])
def test_tag_that_is_missing_or_another(vlan: int | None) -> None:
    path = expected.path(_topology(), NETWORK, "unicast", source="client", destination="server")
    echo = samples.echo("client", "server", 8, 1)
    seen = [
        replace(s, packet=replace(echo, vlan=vlan if s.interface == "cni0" else None))
        for s in samples.walk(path, echo, 1_000)
    ]
    judged = judgement.judge(
        [(probes.Unanswered(samples.IDENTIFIER), {probes.REQUEST: path})],
        samples.observation(seen),
        samples.noise(),
    )

    assert [(d.kind, str(d.where)) for d in judged.differences] == [("VLAN tag", "node cni0 in")]


@pytest.mark.parametrize(
    ("name", "vlan", "words"),
    [("bridge", 100, 'has "vlan"'), ("bridge-vlan", 0, 'does not have "vlan"')],
)
def test_profile_of_the_other_kind_is_refused(name: str, vlan: int, words: str) -> None:
    network = samples.network(profile=profiles.named(name), vlan=vlan)
    plan = Plan.__new__(Plan)
    object.__setattr__(plan, "network", network)
    object.__setattr__(plan, "conflist_path", Path("net.conflist"))

    with pytest.raises(CouldNotTest, match=words):
        checks.mode(plan)


def test_examples_differ_by_the_trunk_alone() -> None:
    plain, trunk = (
        json.loads((ROOT / f"examples/{name}.conflist").read_text())
        for name in ("vlan", "vlan-trunk")
    )
    del trunk["plugins"][0]["vlanTrunk"]

    assert plain == trunk


def test_result_names_the_gateways_interface() -> None:
    """Its MAC address is compared with the kernel's; that of the bridge follows its ports."""
    base = _topology()
    entries = [
        *base.pods["client"].result["interfaces"],
        {"name": GATEWAY, "mac": "02:00:00:00:09:01"},
    ]
    base = samples.with_result(base, "client", "interfaces", entries)
    base = samples.with_node_link(base, samples.BRIDGE, mac="02:00:00:00:00:99")

    assert Wiring(base, NETWORK).mac() == []
    moved = samples.with_node_link(base, GATEWAY, mac="02:00:00:00:09:99")
    assert "MAC in result at node cni0.100" in str(Wiring(moved, NETWORK).mac()[0])


def test_route_by_the_bridge_is_unexpected() -> None:
    base = _topology()
    (route,) = base.node.routes
    base = samples.with_node(base, routes=(Route(route.destination, None, samples.BRIDGE),))

    assert len(Wiring(base, NETWORK).node_route()) == 2


def _told_under(requirement: str, topology: Topology, network: Network = NETWORK) -> list[str]:
    """The violations that decide about a test of packets of the client."""
    found = miswired.causes([requirement], ["client"], None, topology, network)
    return [cause.requirement for cause in found]


def test_packets_follow_from_ports_in_other_vlans() -> None:
    """A port of another pod matters only to what all hear."""
    for pod, ids in (("client", ("PATH-ICMP", "PATH-VLAN")), ("server", ("PATH-VLAN",))):
        base = samples.with_node_link(_topology(), samples.host_end(pod), port=_port(vlans=LEFT))
        told = {i for i in ("PATH-ICMP", "PATH-VLAN") if _told_under(i, base)}

        assert told == set(ids)
    gateway = samples.with_node_link(_topology(), PORT, port=_port(vlans=LEFT))
    assert _told_under("PATH-VLAN", gateway) == ["TOPO-BRIDGE-GATEWAY"]
    assert _told_under("PATH-ICMP", gateway) == []


def unlearned() -> Difference:
    """What TOPO-FDB says of a MAC address that the bridge did not learn."""
    return Difference("FDB", "node cni0, 02:00:00:00:00:01 of pod client", "learned", "not learned")


def test_filter_decides_about_packets_and_about_vlans_of_ports() -> None:
    """The VLANs of ports are nothing to a bridge that keeps none apart."""
    off = samples.with_node_link(_topology(), samples.BRIDGE, bridge=Bridge(False, 300))
    ignored = samples.with_node_link(off, samples.host_end("client"), port=_port(vlans=()))
    (difference,) = Wiring(ignored, NETWORK).bridge_port("client")

    cause = following.cause("TOPO-BRIDGE-PORT", [difference], ignored, NETWORK)

    assert cause is not None
    assert (cause.requirement, cause.differences[0].seen) == ("TOPO-BRIDGE-GATEWAY", "off")
    assert "TOPO-BRIDGE-GATEWAY" in _told_under("PATH-ICMP", off)
    assert following.cause("TOPO-FDB", [unlearned()], off, NETWORK) is None
    unasked = samples.with_node_link(
        samples.topology(), samples.BRIDGE, bridge=Bridge(False, 300, vlan_filtering=True)
    )
    cause = following.cause("TOPO-FDB", [unlearned()], unasked, samples.network())
    assert cause is not None
    assert cause.requirement == "TOPO-BRIDGE-GATEWAY"
    on = samples.with_node_link(_topology(), samples.host_end("client"), port=_port(vlans=()))
    assert following.cause("TOPO-BRIDGE-PORT", [difference], on, NETWORK) is None


def test_gateways_address_on_the_bridge_explains_the_route_by_it() -> None:
    base = _topology()
    (route,) = base.node.routes
    base = samples.with_node_link(base, GATEWAY, addresses=())
    base = samples.with_node_link(base, samples.BRIDGE, addresses=(ip_interface("10.88.0.1/24"),))
    base = samples.with_node(base, routes=(replace(route, device=samples.BRIDGE),))
    differences = Wiring(base, NETWORK).node_route()
    assert len(differences) == 2

    cause = following.cause("TOPO-NODE-ROUTE", differences, base, NETWORK)

    assert cause is not None
    assert (cause.requirement, len(cause.differences)) == ("TOPO-BRIDGE-GATEWAY", 2)
