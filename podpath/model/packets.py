"""Packets, their sightings, and the proof that podpath missed none."""

from dataclasses import dataclass

from podpath.model.addresses import Address
from podpath.model.place import Direction, Place


@dataclass(frozen=True, slots=True)
class Packet:
    """Fields of one frame, as far as podpath reads them; None if the frame lacks the field.

    Attributes:
        protocol: "icmp", "icmpv6", "tcp", "udp" or "arp"; "ip" for any other IP protocol,
            "other" for a frame without IP, "malformed" for a frame that ends too early.
        mac_source: source MAC address.
        mac_destination: destination MAC address.
        source: source IP address; of ARP, the sender's.
        destination: destination IP address; of ARP, the target's.
        ttl: TTL of IPv4, or hop limit of IPv6.
        tos: type of service of IPv4, or traffic class of IPv6.
        ip_id: identification of IPv4.
        dont_fragment: flag DF of IPv4.
        fragment: (offset in bytes, more fragments follow).
        fragments: number of the frames that carried the packet.
        kind: ICMP type, or ARP operation.
        number: (identifier, sequence) of ICMP.
        ports: (source, destination) of TCP or UDP.
        flags: flags of TCP.
        options: TCP window and options, in hex.
        sequence: (sequence, acknowledgement) of TCP.
        size: length of the transport payload in bytes.
        digest: hash of the transport payload.
        vlan: VLAN ID of the frame's outermost tag; None if the frame has no tag.
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
    vlan: int | None = None

    @property
    def is_echo_reply(self) -> bool:
        """True if it answers an echo request (RFC 792; RFC 4443, 4.2): nobody answers it."""
        return (self.protocol, self.kind) in (("icmp", 0), ("icmpv6", 129))

    @property
    def identity(self) -> tuple[object, ...]:
        """Key that all sightings of one packet share on its way, despite rewrites.

        It leaves out addresses, TTL, MACs and payload: a change of these is a finding of its own.
        The IPv4 identification distinguishes a retransmission, which is a new packet, from a
        copy. ARP has neither identifier nor sequence number: its addresses are its identity.
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
        interface: name of the interface; empty if the interface vanished meanwhile.
        direction: IN if the interface received the frame, OUT if it sent it.
        time: time stamp of the kernel in nanoseconds, comparable across namespaces.
        packet: packet that the frame carries.
        frame: bytes of the frame.
    """

    namespace: str
    interface: str
    direction: Direction
    time: int
    packet: Packet
    frame: bytes = b""

    @property
    def place(self) -> Place:
        """Place of the sighting, comparable with a Hop's."""
        return Place(self.namespace, self.interface, self.direction)


@dataclass(frozen=True, slots=True)
class TapProof:
    """Counts by which one capture socket proves that it is complete.

    Attributes:
        namespace: NODE, or the pod's name.
        received: frames that the kernel counted for the socket.
        dropped: frames that the kernel dropped at the socket.
        canaries_sent: canary frames that podpath sent.
        canaries_seen: canary frames that the socket received.
        promiscuous: interfaces that podpath made promiscuous.
    """

    namespace: str
    received: int
    dropped: int
    canaries_sent: int
    canaries_seen: int
    promiscuous: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """All sightings during a probe, and the proof that podpath missed none.

    Attributes:
        sightings: frames in all namespaces.
        proofs: proof of each socket.
        gaps: reasons why the proof is not complete; empty if it is.
        lost: frames that the kernel dropped meanwhile for want of room, before any sniffer,
            anywhere on the machine.
    """

    sightings: tuple[Sighting, ...]
    proofs: tuple[TapProof, ...] = ()
    gaps: tuple[str, ...] = ()
    lost: int = 0
