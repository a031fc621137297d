"""Probes of a trace: recognize the packets of one exchange, whatever their way. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from podpath.model import Address, Direction, Packet, Sighting
from podpath.paths.probes import REPLY, REQUEST

#: Filter of canaries, of the questions for MAC addresses that go before a packet, and of fragments,
#: which carry neither port nor identifier: without them, a large packet would not be joined.
_ALWAYS = (
    "ether proto 0x88b5 or arp or (icmp6 and (ip6[40] = 135 or ip6[40] = 136))"
    " or ip[6:2] & 0x1fff != 0 or ip6[6] = 44"
)
_ASKS, _ANSWERS = {"arp": 1, "icmpv6": 135}, {"arp": 2, "icmpv6": 136}


@dataclass(frozen=True)
class Echo:
    """ICMP echo requests and their replies.

    Attributes:
        count: number of requests.
        identifier: ICMP identifier; None if the program that sends chooses it.
        ends: addresses of both ends, by which the packets are recognized without an identifier.
    """

    count: int
    identifier: int | None = None
    ends: tuple[Address | None, Address] | None = None

    @property
    def filter(self) -> str:
        """A pcap-filter(7) expression for its packets."""
        if self.identifier is None:
            return f"{_ALWAYS} or icmp or icmp6"
        number = self.identifier
        return f"{_ALWAYS} or icmp[4:2] = {number} or (icmp6 and ip6[44:2] = {number})"

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """Return the leg of each sighting, see podpath.paths.probes.Probe."""
        return [self.leg(sighting.packet) for sighting in sightings]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """List the packets of an undisturbed exchange that are missing on a leg."""
        seen = {packet.number[1] for packet in packets if packet.number}
        return [f"echo {leg} {n}" for n in range(1, self.count + 1) if n not in seen]

    def leg(self, packet: Packet) -> str | None:
        """Return the leg of a packet; None if it is not of this exchange."""
        if packet.number is None or packet.kind not in (0, 8, 128, 129):
            return None
        leg = REQUEST if packet.kind in (8, 128) else REPLY
        if self.identifier is not None:
            return leg if packet.number[0] == self.identifier else None
        assert self.ends is not None
        peer = packet.destination if leg == REQUEST else packet.source
        return leg if peer == self.ends[1] else None

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """Return whether all replies were seen."""
        replies = {s.packet.number for s in sightings if self.leg(s.packet) == REPLY}
        return len(replies) >= self.count


@dataclass(frozen=True)
class Flow:
    """One TCP connection, or one UDP datagram and its answer.

    Attributes:
        protocol: "tcp" or "udp".
        target: port that the packets are sent to.
        source: port that they are sent from; None if the program that sends chooses it.
        peer: address that they are sent to, by which they are recognized without a source port.
    """

    protocol: str
    target: int
    source: int | None = None
    peer: Address | None = None

    @property
    def filter(self) -> str:
        """A pcap-filter(7) expression for its packets."""
        return f"{_ALWAYS} or {self.protocol} port {self.source or self.target}"

    def recognize(self, sightings: Sequence[Sighting]) -> list[str | None]:
        """Return the leg of each sighting, see podpath.paths.probes.Probe."""
        return [self.leg(sighting.packet) for sighting in sightings]

    def lacking(self, leg: str, packets: Sequence[Packet]) -> list[str]:
        """List the packets of an undisturbed exchange that are missing on a leg."""
        return [] if packets else [f"any packet of the {leg}"]

    def leg(self, packet: Packet) -> str | None:
        """Return the leg of a packet; None if it is not of this exchange."""
        if packet.protocol != self.protocol or packet.ports is None:
            return None
        if self.source is not None:
            return {packet.ports[0]: REQUEST, packet.ports[1]: REPLY}.get(self.source)
        if (packet.destination, packet.ports[1]) == (self.peer, self.target):
            return REQUEST
        return REPLY if (packet.source, packet.ports[0]) == (self.peer, self.target) else None

    def over(self, sightings: Sequence[Sighting]) -> bool:
        """Return whether both sides have closed the connection, or one refused it."""
        if self.protocol == "udp":
            return any(self.leg(s.packet) == REQUEST for s in sightings)
        flags = {(self.leg(s.packet), f) for s in sightings for f in s.packet.flags or ""}
        if any(f == "R" for leg, f in flags if leg):
            return True
        return {(REQUEST, "F"), (REPLY, "F")} <= flags


#: Either exchange.
Probe = Echo | Flow


def recognized(probe: Probe, sightings: Sequence[Sighting]) -> list[tuple[str, Sighting]]:
    """Return the sightings of a probe with their legs, in order of time."""
    ordered = sorted(sightings, key=lambda s: s.time)
    return [(leg, s) for s in ordered if (leg := probe.leg(s.packet)) is not None]


def refused(probe: Probe, sightings: Sequence[Sighting]) -> bool:
    """Return whether the other end refused the connection."""
    return any(
        probe.leg(s.packet) == REPLY and "R" in (s.packet.flags or "") and s.packet.size == 0
        for s in sightings
    ) and not any("F" in (s.packet.flags or "") for s in sightings)


def unresolved(sender: str, sightings: Sequence[Sighting]) -> str:
    """Return the sentence that nobody answered the sender's questions for a MAC address, if so."""
    here = [s for s in sightings if s.namespace == sender]
    asked = [s for s in here if _is(s, _ASKS) and s.direction == Direction.OUT]
    answered = any(_is(s, _ANSWERS) and s.direction == Direction.IN for s in here)
    if not asked or answered:
        return ""
    arp = asked[0].packet.protocol == "arp"
    whose = f"for the MAC address of {asked[0].packet.destination}" if arp else "for a MAC address"
    times = "once" if len(asked) == 1 else f"{len(asked)} times"
    return f"{sender} asked {times} {whose}, and nothing answered"


def _is(sighting: Sighting, kinds: Mapping[str, int]) -> bool:
    return kinds.get(sighting.packet.protocol) == sighting.packet.kind is not None
