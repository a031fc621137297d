"""Check the bridge that connects pods: one function for each requirement. Pure.

Rules: the reference plugins' documentation of bridge.
"""

from collections.abc import Iterable

from podpath.cni.network import Network
from podpath.model import (
    NODE,
    POD_INTERFACE,
    Difference,
    Family,
    Interface,
    Place,
    PortVlan,
    Topology,
    listed,
)
from podpath.topology.comparison import Differences, no_host_end, of_family, switch, unequal

#: Switches of a port that are on by default (net/bridge/br_if.c, new_nbp).
_PORT_DEFAULTS = frozenset({"flood", "mcast_flood", "bcast_flood"})

_AGEING_SECONDS = 300


def bridge_port(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that the host end is up, and a forwarding port of the bridge, set as configured."""
    host = topology.host_end(pod)
    if host is None:
        return [no_host_end(pod)]
    where = f"{NODE} {host.name} (pod {pod})"
    differences = [] if host.up else [Difference("interface down", where, "up", "down")]
    master = topology.node.by_index(host.master)
    if master is None or master.name != network.bridge:
        seen = master.name if master else "none"
        return [*differences, Difference("master", where, network.bridge, seen)]
    if host.port is None:
        return [*differences, Difference("bridge port", where, "a port", "no port")]
    settings = {
        "port state": ("forwarding", host.port.state),
        "hairpin": (switch(network.conflist.hairpin), switch(host.port.hairpin)),
        "isolation": (switch(network.conflist.isolated), switch(host.port.isolated)),
        "learning": ("on", switch(host.port.learning)),
    }
    for name, value in host.port.switches.items():
        settings[name] = (switch(name in _PORT_DEFAULTS), switch(value))
    if network.conflist.vlans:
        settings["VLANs"] = _vlans(network.conflist.vlans.of_pod), _vlans(host.port.vlans)
    return differences + unequal(where, settings)


def _vlans(vlans: Iterable[PortVlan]) -> str:
    return listed(map(str, vlans))


def bridge_members(topology: Topology, network: Network) -> Differences:
    """Check that the bridge's ports are the pods' host ends and the profile's, and no others."""
    bridge = topology.node.interface(network.bridge)
    if bridge is None:
        return [_no_bridge(network)]
    ports = {i.name for i in topology.node.ports_of(bridge)}
    ends = topology.host_ends() | network.ports(topology) | {network.gateway_port(topology)} - {""}
    where = f"{NODE} {network.bridge}"
    return [
        Difference("missing port", where, f"{name} a port", "not a port")
        for name in sorted(ends - ports)
    ] + [
        Difference("unexpected port", where, "pods' veths only", name)
        for name in sorted(ports - ends)
    ]


def _no_bridge(network: Network) -> Difference:
    return Difference("missing interface", f"{NODE} {network.bridge}", "a bridge", "absent")


def bridge_gateway(topology: Topology, network: Network) -> Differences:
    """Check that the bridge is up, without STP, and the gateway if and only if configured.

    As the gateway, the bridge holds the gateway address, and it and the node forward. If pods are
    in a VLAN, an interface with a port in that VLAN is the gateway in its place.
    """
    bridge = topology.node.interface(network.bridge)
    if bridge is None or bridge.bridge is None:
        return [_no_bridge(network)]
    where = f"{NODE} {network.bridge}"
    differences = unequal(
        where,
        {
            "link state": ("up", "up" if bridge.up else "down"),
            "STP": ("off", switch(bridge.bridge.stp)),
            "promiscuous": (switch(network.conflist.promiscuous), switch(bridge.promiscuous)),
            "VLAN filtering": (
                switch(bool(network.conflist.vlans)),
                switch(bridge.bridge.vlan_filtering),
            ),
        },
    )
    for link in _holders(topology, network, bridge):
        for family in Family:
            differences += _gateway(topology, network, family, link)
    return differences + (_vlan_gateway(topology, network) if network.vlan_gateway else [])


def _holders(topology: Topology, network: Network, bridge: Interface) -> list[Interface]:
    """Return the interfaces that may hold the gateway's address: the bridge, and a VLAN's own."""
    link = topology.node.interface(network.vlan_gateway)
    return [bridge, *([link] if link else [])]


def _vlan_gateway(topology: Topology, network: Network) -> Differences:
    """Check that the gateway of a VLAN is up, and that its peer is a port in that VLAN."""
    where = f"{NODE} {network.vlan_gateway}"
    link = topology.node.interface(network.vlan_gateway)
    if link is None:
        return [Difference("missing interface", where, "the gateway of the VLAN", "absent")]
    differences = unequal(where, {"link state": ("up", "up" if link.up else "down")})
    end = topology.peer_in_node(link.name)
    bridge = topology.node.interface(network.bridge)
    if end is None or end.port is None or bridge is None or end.master != bridge.index:
        seen = end.name if end else "none"
        return [*differences, Difference("peer", where, f"a port of {network.bridge}", seen)]
    settings = {
        "link state": ("up", "up" if end.up else "down"),
        "port state": ("forwarding", end.port.state),
        "VLANs": (_vlans(network.conflist.vlans.of_gateway), _vlans(end.port.vlans)),
    }
    return differences + unequal(f"{NODE} {end.name} (port of {link.name})", settings)


def _gateway(
    topology: Topology, network: Network, family: Family, bridge: Interface
) -> Differences:
    held = {str(a) for a in of_family(bridge, family)}
    if network.ports(topology):  # the bridge may hold the node's own address, but no gateway
        gateways = {r.gateway for r in network.ipam.ranges}
        held = {str(a) for a in of_family(bridge, family) if a.ip in gateways}
    needed, possible = _gateways(topology, network, family)
    differences = []
    where = f"{NODE} {bridge.name}"
    is_gateway = bridge.name == (network.vlan_gateway or network.bridge)
    if not is_gateway:  # it is the link of a VLAN
        needed, possible = set(), set()
    if not needed <= held <= possible:
        differences.append(Difference("gateway address", where, listed(needed), listed(held)))
    if not (network.conflist.is_gateway and is_gateway) or family not in network.families:
        return differences
    for owner, settings in ((NODE, topology.node.settings), (where, bridge.settings)):
        if family not in settings.forwarding:
            differences.append(Difference("forwarding", f"{owner} IPv{family.value}", "on", "off"))
    return differences


def _gateways(topology: Topology, network: Network, family: Family) -> tuple[set[str], set[str]]:
    """Return the gateway addresses that the bridge must have, and those that it may have.

    A range's gateway is there from the range's first pod on.
    """
    if not network.conflist.is_gateway:
        return set(), set()
    ranges = network.ipam.ranges_of(family)
    addresses = [a for pod in topology.everybody.values() for a in pod.addresses]
    used = [r for r in ranges if any(a in r for a in addresses)] or ranges[:1]
    needed, possible = (
        {f"{r.gateway}/{r.subnet.prefixlen}" for r in some if r.gateway} for some in (used, ranges)
    )
    return needed, possible


def fdb(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that the bridge learned the pod's MAC address on the pod's own port only.

    The bridge must also keep entries for the kernel's default time (net/bridge/br_device.c).
    """
    return _ageing(topology, network) + _learned(topology, network, pod)


def _learned(topology: Topology, network: Network, pod: str) -> Differences:
    link, host = topology.of_pod(pod).interface(POD_INTERFACE), topology.host_end(pod)
    if link is None or host is None:
        return [no_host_end(pod)]
    entries = {
        f"{'learned' if e.learned else 'configured'} on {e.port}"
        for e in topology.node.fdb
        if e.mac == link.mac and e.bridge == network.bridge
    }
    if entries == {f"learned on {host.name}"}:
        return []
    where = f"{NODE} {network.bridge}, {link.mac} of pod {pod}"
    seen = " and ".join(sorted(entries)) or "not learned"
    return [Difference("FDB", where, f"learned on {host.name}", seen)]


def _ageing(topology: Topology, network: Network) -> Differences:
    bridge = topology.node.interface(network.bridge)
    if bridge is None or bridge.bridge is None or bridge.bridge.ageing == _AGEING_SECONDS:
        return []
    seen = f"{bridge.bridge.ageing:g} s"
    return [Difference("ageing", f"{NODE} {network.bridge}", f"{_AGEING_SECONDS} s", seen)]


def bridged(topology: Topology, network: Network, *pods: str) -> Differences:
    """Check that traffic between pods crossed the bridge: it has their ports, and learned on them.

    The capture alone does not prove it: the tap on the bridge makes the bridge promiscuous, and
    sees a frame only because of that.
    """
    differences: Differences = []
    for pod in dict.fromkeys(pods):
        host = topology.host_end(pod)
        bridge = topology.node.interface(network.bridge)
        if host is None or bridge is None or host.master != bridge.index:
            where = Place(NODE, host.name) if host else f"{NODE} pod {pod}"
            differences.append(
                Difference("not bridged", where, f"port of {network.bridge}", "none")
            )
        else:
            differences += _learned(topology, network, pod)
    return differences
