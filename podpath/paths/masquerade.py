"""Masquerading with other ports: who masquerades may choose any source port. Pure.

Source: RFC 3022, section 4.1: a translator assigns the source port, or the identifier of an ICMP
query. `MASQUERADE --random-fully` of iptables and `masquerade random` of nftables always do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from podpath.model import Address, Packet, Sighting

#: Protocol and other number that the translator chose -> number that the pod sent.
_Numbers = Mapping[tuple[str, int], int]


@dataclass(frozen=True, slots=True)
class Masquerade:
    """The addresses of one pod's traffic to a host beyond the node.

    Attributes:
        own: the pod's address.
        node: the address that replaces it.
        target: the host's address.
    """

    own: Address
    node: Address
    target: Address

    @property
    def filter(self) -> str:
        """A pcap-filter(7) expression for all traffic with the host, whatever its ports."""
        return f"host {self.target}"

    def undone(self, sightings: Sequence[Sighting]) -> list[Sighting]:
        """Give the packets beyond the translation the port or identifier that the pod sent.

        A packet keeps its content, by which the two are known to be one.
        """
        numbers = self._numbers([sighting.packet for sighting in sightings])
        return [replace(s, packet=self._as_sent(s.packet, numbers)) for s in sightings]

    def _numbers(self, packets: Sequence[Packet]) -> _Numbers:
        sent = {_content(p): p for p in packets if self._ends(p) == (self.own, self.target)}
        numbers = {}
        for packet in packets:
            original = sent.get(_content(packet))
            if original is None or self._ends(packet) != (self.node, self.target):
                continue
            new, old = _number(packet), _number(original)
            if new is not None and old is not None and new != old:
                numbers[packet.protocol, new] = old
        return numbers

    def _as_sent(self, packet: Packet, numbers: _Numbers) -> Packet:
        ends, answer = self._ends(packet), (self.target, self.node)
        if ends not in ((self.node, self.target), answer):
            return packet
        number = _number(packet, of_answer=ends == answer)
        old = None if number is None else numbers.get((packet.protocol, number))
        if old is None:
            return packet
        if packet.number is not None:
            return replace(packet, number=(old, packet.number[1]))
        if packet.ports is None:
            return packet
        source, destination = packet.ports
        return replace(packet, ports=(source, old) if ends == answer else (old, destination))

    @staticmethod
    def _ends(packet: Packet) -> tuple[Address | None, Address | None]:
        return packet.source, packet.destination


def _number(packet: Packet, *, of_answer: bool = False) -> int | None:
    """Return the identifier of an ICMP query, or the port of who asks; None without either."""
    if packet.number is not None:
        return packet.number[0]
    return packet.ports[of_answer] if packet.ports is not None else None


def _content(packet: Packet) -> tuple[object, ...]:
    """Return what a translator leaves as it is."""
    return (
        packet.protocol,
        packet.kind,
        packet.number and packet.number[1],
        packet.ports and packet.ports[1],
        packet.flags,
        packet.sequence,
        packet.size,
        packet.digest,
        packet.ip_id,
        packet.fragment,
    )
