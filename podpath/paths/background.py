"""Background traffic on a busy node, which must not count against "nothing else was seen". Pure.

Packets of podpath's own pods are never background traffic: a frame from or to one of their
addresses is a finding wherever it appears. Other packets are background traffic if their sender
and their place fit together: packets of a foreign pod on that pod's own interfaces and on the
bridge; packets that such a pod sent and that leave by the uplink, masqueraded or not; packets of
the node's programs, known by the sockets that the kernel lists, on the node's own links; and
packets that reach the uplink from outside the node; packets on the node's other links, and in
network namespaces that are neither the node's nor a pod's; and packets of the node's own VXLAN
tunnels on the uplink, unless they have an address of podpath's pods in them. Those of them that are
for all hosts also reach pods whose links lie on the uplink, or that are on one bridge with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from podpath.model import (
    BEYOND,
    NODE,
    POD_INTERFACE,
    Address,
    Direction,
    Packet,
    Sighting,
    Topology,
)
from podpath.system.proc import Endpoint

_LO = "lo"
_TUNNEL = "vxlan"
#: Ports of VXLAN: that of RFC 7348, and the kernel's default.
_TUNNEL_PORTS = frozenset((4789, 8472))


class BackgroundTraffic:
    """Container of the sightings that are background traffic: use `sighting in background`."""

    def __init__(
        self,
        topology: Topology,
        links: frozenset[str],
        uplink: str,
        programs: frozenset[Endpoint],
        bridge: str,
        seen: Iterable[Sighting] = (),
    ) -> None:
        """Learn which addresses, links and sockets are the node's, the pods' and foreign pods'.

        Args:
            topology: The node, its pods, and the foreign pods.
            links: Names of the node's own interfaces, not of pods.
            uplink: Name of the node's interface to the outside.
            programs: Local ends of the node's sockets.
            bridge: Name of the bridge that pods are connected to.
            seen: All sightings, those in foreign pods among them.
        """
        self._ours = {a for pod in topology.pods.values() for a in pod.addresses}
        self._macs = {
            link.mac
            for space in (topology.node, *topology.named.values())
            for link in space.interfaces
        }
        own = [link for link in topology.node.interfaces if link.name in links]
        self._node = {a.ip for link in own for a in link.addresses}
        self._beside = links - {uplink, _LO}
        self._of_anyone = {NODE, BEYOND, *topology.pods, *topology.foreign_pods}
        self._tunnels = {link.name for link in own if link.kind == _TUNNEL}
        self._networks = {a.network for link in own if link.name == uplink for a in link.addresses}
        self._pods = [_pod(topology, name) for name in topology.foreign_pods]
        self._uplink = uplink
        self._programs = programs
        self._bridge = bridge
        self._is_joined = _is_joined(topology, uplink, bridge)
        self._sent_by_pods = {_content(s.packet) for s in seen if self._sent_by_pod(s)}

    def __contains__(self, sighting: object) -> bool:
        if not isinstance(sighting, Sighting):
            return False
        packet = sighting.packet
        if packet.source in self._ours or packet.destination in self._ours:
            return False
        for_all = self._is_joined and self._from_outside_to_all(packet)
        if for_all or any(self._of_pod(pod, sighting) for pod in self._pods):
            return True
        if sighting.namespace not in self._of_anyone:
            return True
        return sighting.namespace == NODE and self._of_node(sighting)

    def _of_node(self, sighting: Sighting) -> bool:
        packet = sighting.packet
        if sighting.interface == _LO:
            # lo carries only what the node sends to itself, or answers in place of a Service.
            return self._local(packet.source) or self._local(packet.destination)
        on_uplink = sighting.interface == self._uplink and self._on_uplink(sighting)
        return on_uplink or sighting.interface in self._beside

    def _of_pod(self, pod: "_Pod", sighting: Sighting) -> bool:
        where = (sighting.namespace, sighting.interface)
        if where == (pod.name, _LO):
            return True
        packet = sighting.packet
        sent = packet.source in pod.addresses and packet.mac_source == pod.mac
        received = packet.destination in pod.addresses and packet.mac_destination == pod.mac
        return (sent or received) and where in (
            (pod.name, POD_INTERFACE),
            *((NODE, name) for name in pod.on_node),
            (NODE, self._bridge),
        )

    def _from_outside_to_all(self, packet: Packet) -> bool:
        """Return whether a host beyond the node sent a frame to a group, such as all hosts."""
        first = packet.mac_destination[:2]
        return packet.mac_source not in self._macs and bool(first) and int(first, 16) & 1 == 1

    def _sent_by_pod(self, sighting: Sighting) -> bool:
        """Return whether a foreign pod sends a packet, with its own addresses."""
        packet = sighting.packet
        return sighting.direction is Direction.OUT and any(
            packet.source in pod.addresses and packet.mac_source == pod.mac
            for pod in self._pods
            if (sighting.namespace, sighting.interface) == (pod.name, POD_INTERFACE)
        )

    def _on_uplink(self, sighting: Sighting) -> bool:
        packet = sighting.packet
        if sighting.direction is Direction.IN and packet.mac_source not in self._macs:
            return True
        if packet.protocol == "arp":
            return packet.source in self._node and any(
                packet.destination in network
                for network in self._networks
                if packet.destination is not None
            )
        return self._of_program(packet) or self._forwarded(packet) or self._of_tunnel(sighting)

    def _forwarded(self, packet: Packet) -> bool:
        """Return whether a packet leaves that a foreign pod sent, by its address or the node's."""
        own = any(packet.source in pod.addresses for pod in self._pods)
        return (own or packet.source in self._node) and _content(packet) in self._sent_by_pods

    def _of_tunnel(self, sighting: Sighting) -> bool:
        """Return whether the node sends a packet of a tunnel that carries no packet of our pods."""
        packet = sighting.packet
        return (
            bool(self._tunnels)
            and packet.source in self._node
            and packet.protocol == "udp"
            and packet.ports is not None
            and packet.ports[1] in _TUNNEL_PORTS
            and not any(address.packed in sighting.frame for address in self._ours)
        )

    def _of_program(self, packet: Packet) -> bool:
        """Return whether the source is one of the node's sockets; a forwarded packet has none."""
        if packet.ports is None or packet.source not in self._node:
            return False
        port = packet.ports[0]
        return bool(
            {(packet.source, port), (IPv4Address(0), port), (IPv6Address(0), port)} & self._programs
        )

    def _local(self, address: Address | None) -> bool:
        return address is not None and (address.is_loopback or address in self._node)


def _is_joined(topology: Topology, uplink: str, bridge: str) -> bool:
    """Return whether pods are in one link-layer network with the hosts beyond the uplink."""
    link, master = topology.node.interface(uplink), topology.node.interface(bridge)
    if link and master and link.master == master.index:
        return True
    lower = (topology.lower_link(pod) for pod in topology.pods)
    return any(one.name == uplink for one in lower if one)


def _content(packet: Packet) -> tuple[object, ...]:
    """Return what a router and its translation of addresses leave as it is."""
    return (
        *(packet.protocol, packet.kind, packet.flags, packet.sequence),
        *(packet.ip_id, packet.size, packet.digest),
    )


@dataclass(frozen=True, slots=True)
class _Pod:
    """A pod that podpath did not create.

    Attributes:
        name: Its name.
        addresses: Its IP addresses.
        mac: The MAC address of its eth0; empty if it has none.
        on_node: Names of the node's interfaces that connect it.
    """

    name: str
    addresses: frozenset[Address]
    mac: str
    on_node: frozenset[str]


def _pod(topology: Topology, name: str) -> _Pod:
    link = topology.of_pod(name).interface(POD_INTERFACE)
    ends = (topology.host_end(name), topology.lower_link(name))
    return _Pod(
        name,
        frozenset(topology.foreign_pods[name].addresses),
        link.mac if link else "",
        frozenset(end.name for end in ends if end),
    )
