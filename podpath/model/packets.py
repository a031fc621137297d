"""Packets, where they were seen, and the proof that none was missed."""

from dataclasses import dataclass

from podpath.model.addresses import Address
from podpath.model.place import Direction, Place


@dataclass(frozen=True, slots=True)
class Packet:
    """What one frame says, as far as podpath reads it; fields that it does not have are None.

    protocol: "icmp", "icmpv6", "tcp", "udp", "arp", "ip" for any other IP protocol, "other" for
    what is not IP, "malformed" for what ends too early. kind: the ICMP type or ARP operation.
    number: ICMP (identifier, sequence). sequence: TCP (sequence, acknowledgement). fragment:
    (offset in bytes, more follow). options: TCP window and options, in hex. digest: hash of the
    transport payload; size: its length.
    """

    protocol: str
    mac_source: str = ""
    mac_destination: str = ""
    source: Address | None = None
    destination: Address | None = None
    ttl: int | None = None
    tos: int | None = None
    ip_id: int | None = None
    dont_fragment: bool | None = None
    fragment: tuple[int, bool] | None = None
    fragments: int = 1
    kind: int | None = None
    number: tuple[int, int] | None = None
    ports: tuple[int, int] | None = None
    flags: str | None = None
    options: str = ""
    sequence: tuple[int, int] | None = None
    size: int = 0
    digest: str = ""

    @property
    def identity(self) -> tuple[object, ...]:
        """Equal for sightings of one packet on its way, whatever was rewritten in it.

        Not part of it: addresses, TTL, MACs and payload, whose change is a finding of its own.
        The IPv4 identification tells a retransmission, which is a new packet, from a copy. ARP
        has neither identifier nor sequence number: its addresses are its identity.
        """
        return (
            (self.source, self.destination) if self.protocol == "arp" else None,
            self.protocol,
            self.kind,
            self.number,
            self.ports,
            self.flags,
            self.sequence,
            self.ip_id,
            self.fragment,
        )


@dataclass(frozen=True, slots=True)
class Sighting:
    """One frame on one interface.

    Attributes:
        namespace: NODE, or the pod's name.
        interface: The interface's name; empty if the interface vanished meanwhile.
        direction: Whether the interface received the frame or sent it.
        time: The kernel's time stamp in nanoseconds, comparable across namespaces.
        packet: What the frame carries.
        frame: The frame's bytes.
    """

    namespace: str
    interface: str
    direction: Direction
    time: int
    packet: Packet
    frame: bytes = b""

    @property
    def place(self) -> Place:
        """Where podpath saw it, comparable with a Hop's."""
        return Place(self.namespace, self.interface, self.direction)


@dataclass(frozen=True, slots=True)
class TapProof:
    """What one socket can say for its own completeness."""

    namespace: str
    received: int
    dropped: int
    canaries_sent: int
    canaries_seen: int
    promiscuous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """All that was seen during a probe, and the proof that nothing was missed.

    gaps: why the proof is not complete; empty if it is. lost: frames that the kernel dropped
    meanwhile for want of room, before any sniffer, wherever on the machine.
    """

    sightings: tuple[Sighting, ...]
    proofs: tuple[TapProof, ...] = ()
    gaps: tuple[str, ...] = ()
    lost: int = 0
