"""What others on a shared node say to each other, and a proof of silence is not about. Pure.

Nothing that has to do with podpath's pods is ever such talk: a frame from or to one of their
addresses is a finding, wherever it is seen. What is left is recognised by who says it, and where:
another pod's packets on that pod's own interfaces and on the bridge; the packets of the node's
programs, by the sockets that the kernel lists, on the node's own links; and what comes to the
uplink from outside of the node.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from podpath.model import NODE, POD_INTERFACE, Address, Direction, Packet, Sighting, Topology
from podpath.system.proc import Endpoint

_LO = "lo"


class Talk:
    """The sightings that are others' talk; `sighting in talk` tells."""

    def __init__(
        self,
        found: Topology,
        links: frozenset[str],
        uplink: str,
        programs: frozenset[Endpoint],
        bridge: str,
    ) -> None:
        """links: the node's own; programs: local ends of the node's sockets."""
        self._ours = {a for pod in found.pods.values() for a in pod.addresses}
        self._macs = {
            link.mac for space in (found.node, *found.named.values()) for link in space.interfaces
        }
        own = [link for link in found.node.interfaces if link.name in links]
        self._node = {a.ip for link in own for a in link.addresses}
        self._networks = {a.network for link in own if link.name == uplink for a in link.addresses}
        self._pods = [_pod(found, name) for name in found.others]
        self._uplink = uplink
        self._programs = programs
        self._bridge = bridge

    def __contains__(self, sighting: object) -> bool:
        if not isinstance(sighting, Sighting):
            return False
        packet = sighting.packet
        if packet.source in self._ours or packet.destination in self._ours:
            return False
        if any(self._of_pod(pod, sighting) for pod in self._pods):
            return True
        if sighting.namespace != NODE:
            return False
        if sighting.interface == _LO:
            # Nothing leaves by lo: it has what the node says to itself, or a Service answers it.
            return self._local(packet.source) or self._local(packet.destination)
        return sighting.interface == self._uplink and self._on_uplink(sighting)

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
        return self._of_program(packet)

    def _of_program(self, packet: Packet) -> bool:
        """Whether its source is a socket of the node's own; a forwarded packet has none there."""
        if packet.ports is None or packet.source not in self._node:
            return False
        port = packet.ports[0]
        return bool(
            {(packet.source, port), (IPv4Address(0), port), (IPv6Address(0), port)} & self._programs
        )

    def _local(self, address: Address | None) -> bool:
        return address is not None and (address.is_loopback or address in self._node)


@dataclass(frozen=True, slots=True)
class _Pod:
    """Another pod: its name, addresses, MAC address, and the node's link that it is joined to."""

    name: str
    addresses: frozenset[Address]
    mac: str
    on_node: frozenset[str]


def _pod(found: Topology, name: str) -> _Pod:
    link = found.of_pod(name).interface(POD_INTERFACE)
    ends = (found.host_end(name), found.lower_link(name))
    return _Pod(
        name,
        frozenset(found.others[name].addresses),
        link.mac if link else "",
        frozenset(end.name for end in ends if end),
    )
