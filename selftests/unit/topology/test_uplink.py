"""Bridges that have the node's uplink as a port."""

from ipaddress import ip_interface, ip_network

import pytest

from podpath import profiles
from podpath.model import NODE, Direction, Hop, Route, Topology
from podpath.paths import expected
from podpath.topology.wiring import Wiring

from .. import samples

NETWORK = samples.network(profile=profiles.named("uplink"), isGateway=False)


def _default_by(base: Topology, device: str) -> Topology:
    default = Route(ip_network("0.0.0.0/0"), None, device)
    return samples.with_node(base, routes=(*base.node.routes, default))


def _with_port(base: Topology) -> Topology:
    bridge = base.node.interface(samples.BRIDGE)
    assert bridge
    return samples.with_node_link(base, samples.UPLINK, master=bridge.index)


@pytest.mark.parametrize("device", [samples.UPLINK, samples.BRIDGE])
def test_uplink_is_a_port(device: str) -> None:
    """The default route may be by the uplink, or by the bridge that it is a port of."""
    base = _default_by(samples.topology(), device)

    assert Wiring(_with_port(base), NETWORK).bridge_members() == []
    assert "missing port" in str(Wiring(base, NETWORK).bridge_members())


def test_node_may_have_an_address_of_its_own_on_the_pods_network() -> None:
    """On the uplink or on the bridge; the pods' gateway may not be the node's."""
    own, gateway = ip_interface("10.88.0.200/24"), ip_interface("10.88.0.1/24")
    base = _with_port(_default_by(samples.topology(), samples.BRIDGE))
    default = base.node.routes[-1]
    for link in (samples.UPLINK, samples.BRIDGE):
        route = Route(own.network, None, link)
        held = samples.with_node(base, routes=(route, default))
        held = samples.with_node_link(held, samples.BRIDGE, addresses=())
        held = samples.with_node_link(held, link, addresses=(own,))
        assert Wiring(held, NETWORK).node_route() == []
        assert Wiring(held, NETWORK).bridge_gateway() == []
    as_gateway = samples.with_node_link(base, samples.BRIDGE, addresses=(gateway,))
    assert "gateway address" in str(Wiring(as_gateway, NETWORK).bridge_gateway())


def test_uplink_is_a_port_of_no_other_profile() -> None:
    """On a bridge of the pods alone it is an unexpected one."""
    base = _with_port(_default_by(samples.topology(), samples.UPLINK))
    differences = Wiring(base, samples.network()).bridge_members()

    assert "unexpected port" in str(differences)


def test_what_is_for_all_pods_leaves_by_the_uplink() -> None:
    """An ARP request, right after it entered the bridge; a packet to one pod does not."""
    base = _with_port(samples.topology())
    broadcast, unicast = (
        expected.path(base, NETWORK, kind, source="client", destination="server", uplink="up")
        for kind in ("broadcast", "unicast")
    )

    assert Hop(NODE, "up", Direction.OUT, (1,)) in broadcast.hops
    assert all(hop.interface != "up" for hop in unicast.hops)
