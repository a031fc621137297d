"""Probes: recognize the packets of one exchange among all others. Pure.

A probe has two legs, "request" and "reply" (a one-way probe has only the first). It assigns its
own sightings to these legs, knows the packets of an undisturbed exchange, and knows when the
exchange is over.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Protocol

from podpath.model import Address, Packet, Sighting, Subnet

REQUEST = "request"
REPLY = "reply"

#: Frames that each filter lets through: canaries (an EtherType for local experiments, IEEE 802),
#: ARP, ICMP and ICMPv6 except echo, and fragments, which carry no port.
_ALWAYS = (
    "ether proto 0x88b5 or arp or ip[6:2] & 0x1fff != 0 or ip6[6] = 44"
    " or (icmp and icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply)"
    " or (icmp6 and ip6[40] != 128 and ip6[40] != 129)"
)

#: TCP of IPv6 behind the hop-by-hop option of a segment above 64 KiB ("BIG TCP", RFC 2675), and its
#: ports.
_BIG = "(ip6[6] = 0 and ip6[40] = 6)"
_BIG_PORT = "(ip6[6] = 0 and ip6[40] = 6 and (ip6[48:2] = {0} or ip6[50:2] = {0}))"

#: A filter that lets all frames through: for proofs of silence.
EVERYTHING = ""


class Probe(Protocol):
    """One exchange of packets that can be distinguished from all other traffic."""

    @property
    def filter(self) -> str:
        """A pcap-filter(7) expression for its packets, and for all that they may become."""
        ...

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """Return the leg of each sighting; None for a sighting that is not of this probe."""
        ...

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """List the packets of an undisturbed exchange that are missing on this leg."""
        ...

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """Return whether an undisturbed exchange would send no more packets."""
        ...


@dataclass(frozen=True)
class Echo:
    """ICMP echo requests with one identifier, numbered from 1, and their replies.

    Attributes:
        identifier: The ICMP identifier.
        count: The number of requests.
    """

    identifier: int
    count: int = 1

    @property
    def filter(self) -> str:
        """See Probe."""
        number = self.identifier
        return f"{_ALWAYS} or icmp[4:2] = {number} or (icmp6 and ip6[44:2] = {number})"

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        return [self._leg(s.packet) for s in sightings]

    def _leg(self, packet: Packet) -> str | None:
        if packet.number is None or packet.number[0] != self.identifier:
            return None
        return REQUEST if packet.kind in (8, 128) else REPLY

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """See Probe."""
        seen = {p.number[1] for p in packets if p.number}
        return [f"echo {leg} {n}" for n in range(1, self.count + 1) if n not in seen]

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return not self.lacking(REPLY, _of(self, REPLY, sightings))


@dataclass(frozen=True)
class Unanswered(Echo):
    """ICMP echo requests that must have no reply."""

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return not self.lacking(REQUEST, _of(self, REQUEST, sightings))


@dataclass(frozen=True)
class Http:
    """One HTTP exchange over TCP, from SYN to the last FIN's acknowledgement.

    The probe's connection is the one whose request carries the nonce, whatever the client's address
    becomes on its way: a request may be lost where the address has changed already, but the SYN
    keeps its sequence number. If no request was sent, as when the SYN is lost, it is the connection
    between `ends`.

    Attributes:
        nonce: Random text in the request's URL.
        port: The server's port.
        ends: The addresses of client and server.
        mapped: The port that the server's port is translated to; 0 if it is not translated. With
            a translation the filter lets all of TCP through, as the port may become any other.
        own: The client's own address, if no interface sees a request with it, but answers have it
            again; None otherwise.
    """

    nonce: str
    port: int = 80
    ends: tuple[Address, Address] | None = None
    mapped: int = 0
    own: Address | None = None

    @property
    def filter(self) -> str:
        """See Probe."""
        if self.mapped:
            return f"{_ALWAYS} or tcp or {_BIG}"
        return f"{_ALWAYS} or tcp port {self.port} or {_BIG_PORT.format(self.port)}"

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        clients = {
            (s.packet.source, s.packet.ports[0])
            for s in sightings
            if s.packet.ports and s.packet.size and self.nonce.encode() in s.frame
        } or {
            (s.packet.source, s.packet.ports[0])
            for s in sightings
            if s.packet.ports
            and "S" in (s.packet.flags or "")
            and s.packet.ports[1] == self.port
            and (s.packet.source, s.packet.destination) == self.ends
        }
        syns = [s.packet for s in sightings if s.packet.ports and s.packet.flags == "S"]
        begun = {p.sequence for p in syns if p.ports and (p.source, p.ports[0]) in clients}
        clients |= {(p.source, p.ports[0]) for p in syns if p.ports and p.sequence in begun}
        if self.own is not None:
            clients |= {(self.own, port) for _, port in clients}
        return [self._leg(s.packet, clients) for s in sightings]

    def _leg(self, packet: Packet, clients: set[tuple[Address | None, int]]) -> str | None:
        if packet.protocol != "tcp" or packet.ports is None:
            return None
        source, destination = packet.ports
        ports = (self.port, self.mapped)
        if destination in ports and (packet.source, source) in clients:
            return REQUEST
        return REPLY if source in ports and (packet.destination, destination) in clients else None

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """See Probe."""
        flags = {
            "the SYN": any("S" in (p.flags or "") for p in packets),
            "payload": any(p.size for p in packets),
            "the FIN": any("F" in (p.flags or "") for p in packets),
        }
        return [f"{what} of the {leg}" for what, there in flags.items() if not there] + [
            f"{gap} of the {leg}" for gap in _gaps(packets)
        ]

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return all(
            _finished(_of(self, leg, sightings), _of(self, answering, sightings))
            for leg, answering in ((REQUEST, REPLY), (REPLY, REQUEST))
        )


@dataclass(frozen=True)
class RepeatedHttp(Http):
    """HTTP exchanges that another client begins repeatedly; one of them must be complete.

    An exchange without a sighting of its SYN began before the capture, and is not the probe's.
    """

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        legs = super().recognize(sightings)
        begun = {
            (s.packet.source, s.packet.ports[0])
            for s, leg in zip(sightings, legs, strict=True)
            if leg == REQUEST and s.packet.ports and s.packet.flags == "S"
        }
        return [
            leg if leg and begun & _ends(s.packet) else None
            for s, leg in zip(sightings, legs, strict=True)
        ]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """See Probe."""
        groups: dict[frozenset[int], list[Packet]] = {}
        for packet in packets:
            groups.setdefault(frozenset(packet.ports or ()), []).append(packet)
        lacks = [super(RepeatedHttp, self).lacking(leg, group) for group in groups.values() or [[]]]
        return min(lacks, key=len)


def _ends(packet: Packet) -> set[tuple[Address | None, int]]:
    if packet.ports is None:
        return set()
    return {(packet.source, packet.ports[0]), (packet.destination, packet.ports[1])}


def _finished(packets: Iterable[Packet], answers: Iterable[Packet]) -> bool:
    """Return whether one of the answers acknowledges the FIN among packets."""
    ends = {
        (p.sequence[0] + p.size + 1) % 2**32
        for p in packets
        if p.sequence and "F" in (p.flags or "")
    }
    return any(p.sequence and p.sequence[1] in ends for p in answers)


def _gaps(packets: Sequence[Packet]) -> list[str]:
    """List the byte ranges of a TCP stream that no segment covers."""
    starts = [p.sequence[0] for p in packets if p.sequence and "S" in (p.flags or "")]
    if not starts:
        return []
    spans = sorted(
        (
            (p.sequence[0] - starts[0]) % 2**32,
            p.size + ("S" in (p.flags or "")) + ("F" in (p.flags or "")),
        )
        for p in packets
        if p.sequence and "R" not in (p.flags or "")
    )
    gaps, reached = [], 0
    for start, length in spans:
        if start > reached:
            gaps.append(f"bytes {reached} to {start - 1}")
        reached = max(reached, start + length)
    return gaps


@dataclass(frozen=True)
class Datagram:
    """One UDP datagram, recognized by its ports, which no other probe of its test has.

    Attributes:
        source_port: The source port.
        destination_port: The destination port.
        mapped: The port that the destination port is translated to; 0 if it is not translated.
    """

    source_port: int
    destination_port: int
    mapped: int = 0

    @property
    def filter(self) -> str:
        """See Probe."""
        return f"{_ALWAYS} or udp port {self.source_port}"

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        pairs = [(self.source_port, port) for port in (self.destination_port, self.mapped)]
        return [
            REQUEST if s.packet.protocol == "udp" and s.packet.ports in pairs else None
            for s in sightings
        ]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """See Probe."""
        return ["the datagram"] if leg == REQUEST and not packets else []

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return bool(_of(self, REQUEST, sightings))


@dataclass(frozen=True)
class Answered(Datagram):
    """One UDP datagram, and its answer."""

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        answer = (self.destination_port, self.source_port)
        return [
            REPLY if s.packet.protocol == "udp" and s.packet.ports == answer else leg
            for s, leg in zip(sightings, super().recognize(sightings), strict=True)
        ]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """See Probe."""
        return [] if packets else ["the answer" if leg == REPLY else "the datagram"]

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return bool(_of(self, REPLY, sightings))


@dataclass(frozen=True)
class Resolution:
    """One question for the MAC of an address, and its answer; either may be repeated.

    The question is an ARP request, or a solicitation of neighbour discovery to the solicited-node
    multicast group (RFC 4861).

    Attributes:
        sender: The address of the sender of the question.
        target: The address in question.
        instead: The address that a pod with other wiring would ask for; None if it is the same.
    """

    sender: Address
    target: Address
    instead: Address | None = None

    @property
    def filter(self) -> str:
        """See Probe."""
        return _ALWAYS

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        return [
            self._of_arp(s) if self.target.version == 4 else self._of_discovery(s)
            for s in sightings
        ]

    def _of_discovery(self, sighting: Sighting) -> str | None:
        packet = sighting.packet
        if packet.protocol != "icmpv6" or packet.destination is None:
            return None
        if _asks(sighting, self.sender, self.target):
            return REQUEST if packet.destination.is_multicast else None
        ends = (packet.source, packet.destination)
        answers = packet.kind == _ADVERTISEMENT and ends == (self.target, self.sender)
        return REPLY if answers and self.target.packed in sighting.frame else None

    def _of_arp(self, sighting: Sighting) -> str | None:
        packet = sighting.packet
        if packet.protocol != "arp":
            return None
        if _asks(sighting, self.sender, self.target):
            return REQUEST
        ends = (packet.source, packet.destination)
        return REPLY if packet.kind == 2 and ends == (self.target, self.sender) else None

    def is_forestalled_by(self, sighting: Sighting) -> bool:
        """Return whether the target itself asks the sender, which learns its MAC address thereby.

        The kernel does so by unicast, for an entry that it has not used for a while (RFC 4861,
        section 7.3.3).
        """
        return _asks(sighting, self.target, self.sender)

    def asks_instead(self, sighting: Sighting) -> bool:
        """Return whether a sighting is a question for the address `instead`."""
        if self.instead is None:
            return False
        return replace(self, target=self.instead).recognize([sighting]) == [REQUEST]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """See Probe."""
        what = "ARP" if self.target.version == 4 else "neighbour discovery"
        return [] if packets else [f"the {what} {leg}"]

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return bool(_of(self, REPLY, sightings))


def _asks(sighting: Sighting, asker: Address, asked: Address) -> bool:
    """Return whether one address asks for the MAC address of another, by ARP or a solicitation."""
    packet = sighting.packet
    if packet.protocol == "arp":
        return packet.kind == 1 and (packet.source, packet.destination) == (asker, asked)
    if packet.protocol != "icmpv6" or packet.kind != _SOLICITATION or packet.source != asker:
        return False
    return asked.packed in sighting.frame  # it follows the ICMPv6 header


@dataclass(frozen=True)
class Unheard(Resolution):
    """Questions that must have no answer."""

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """See Probe."""
        return bool(_of(self, REQUEST, sightings))


@dataclass(frozen=True)
class Silence:
    """A probe without packets: for traffic that no interface may see.

    Attributes:
        filter: A pcap-filter(7) expression for the frames that must not appear.
    """

    filter: str = EVERYTHING

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """See Probe."""
        return [None for _ in sightings]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:  # noqa: ARG002
        """See Probe."""
        return []

    def over(self, sightings: Sequence[Sighting]) -> bool:  # noqa: ARG002
        """See Probe."""
        return True


def _of(probe: Probe, leg: str, sightings: Sequence[Sighting]) -> list[Packet]:
    legs = probe.recognize(sightings)
    return [s.packet for s, own in zip(sightings, legs, strict=True) if own == leg]


_SOLICITATION, _ADVERTISEMENT = 135, 136
_ND = frozenset(range(133, 138))
_MLD = frozenset((130, 131, 132, 143))
_IGMP = 2
#: Beginning of the MAC addresses of groups that no bridge forwards.
_UNBRIDGED = "01:80:c2:00:00:0"
_UNROUTED = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))


@dataclass(frozen=True)
class Noise:
    """Packets that any node sends by itself, and a proof may ignore: ARP, ND, IGMP, MLD and others.

    Use `packet in noise`. The rules are narrow, and require a MAC of an interface here:

    - ARP comes from an address of an interface here, and is for another such address. A request
      may be for any address of the networks, as a pod may still ask for a pod that is gone.
      If owners are given, the sender's MAC and address must be one of them, so that an answer in
      the name of another is no noise. A request may be from one of the askers, too.
    - Neighbour discovery has hop limit 255, and listener discovery 1 (RFC 4861, RFC 2710), as
      IGMP has TTL 1 (RFC 3376) and comes from an address here.
    - Frames to the groups that no bridge forwards have no IP, such as STP's and LLDP's
      (IEEE 802.1Q, table 8-1). Packets to the groups that no router forwards come from an asker,
      such as VRRP's and OSPF's (RFC 5771, RFC 4291).

    Attributes:
        addresses: The IP addresses of the interfaces here.
        macs: Their MAC addresses.
        networks: The pods' subnets.
        owners: MAC and IP address of each interface; None to allow any pair.
        askers: MAC addresses and IP addresses, of which any pair may send ARP requests.
    """

    addresses: frozenset[IPv4Address | IPv6Address]
    macs: frozenset[str]
    networks: frozenset[Subnet] = frozenset()
    owners: frozenset[tuple[str, Address]] | None = None
    askers: tuple[frozenset[str], frozenset[Address]] = (frozenset(), frozenset())

    def __contains__(self, packet: Packet) -> bool:
        if packet.mac_source not in self.macs:
            return False
        if packet.protocol == "arp":
            return self._is_resolution(packet)
        if packet.protocol == "other":
            return packet.mac_destination.startswith(_UNBRIDGED)
        return self._is_discovery(packet) or (_is_unrouted(packet) and self._is_asker(packet))

    def _is_resolution(self, packet: Packet) -> bool:
        sender, asks = (packet.mac_source, packet.source), packet.kind == 1
        known = self.owners is None or sender in self.owners
        if not known and not (asks and self._is_asker(packet)):
            return False
        if packet.source not in self.addresses or packet.destination is None:
            return False
        return (packet.kind in (1, 2) and packet.destination in self.addresses) or (
            asks and any(packet.destination in n for n in self.networks)
        )

    def _is_discovery(self, packet: Packet) -> bool:
        if packet.protocol == "icmpv6":
            return (packet.kind in _ND and packet.ttl == 255) or (
                packet.kind in _MLD and packet.ttl == 1
            )
        igmp = (packet.protocol, packet.kind, packet.ttl) == ("ip", _IGMP, 1)
        return igmp and packet.source in self.addresses

    def _is_asker(self, packet: Packet) -> bool:
        macs, addresses = self.askers
        return packet.mac_source in macs and packet.source in addresses


def _is_unrouted(packet: Packet) -> bool:
    """Return whether a packet is for a group of one link, which no router forwards."""
    target = packet.destination
    return target is not None and any(
        target.version == group.version and target in group for group in _UNROUTED
    )
