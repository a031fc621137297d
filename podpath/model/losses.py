"""Packets that the kernel dropped, and why."""

from dataclasses import dataclass

from podpath.model.packets import Packet
from podpath.model.place import Place


@dataclass(frozen=True, slots=True)
class Dropped:
    """One packet that a kernel dropped, as it reported it.

    Attributes:
        time: time in nanoseconds, comparable with a Sighting's.
        namespace: NODE, or the pod's name.
        interface: interface that the packet was on; empty if it was on none.
        reason: the kernel's reason, such as "NETFILTER_DROP"; empty if it gives none.
        location: function of the kernel that dropped the packet; empty if it is unknown.
        packet: the packet, of whose payload only the beginning is known.
    """

    time: int
    namespace: str
    interface: str
    reason: str
    location: str
    packet: Packet


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a packet was lost.

    Attributes:
        reason: the kernel's reason, such as "NETFILTER_DROP".
        location: function of the kernel that dropped the packet; empty if it is unknown.
        interface: interface that the packet was on; empty if it was on none.
        rules: rules of the packet filter that dropped it, or may have; or, without a reason, the
            state of the ports of a bridge that did not forward it.
    """

    reason: str
    location: str
    interface: str
    rules: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """Packets that were lost at the same place for the same reason.

    Attributes:
        packet: description of the first packet.
        packets: number of the packets.
        path: name of the path that they should have taken; empty if no sniffer watched it.
        after: last place at which they were seen; None if they were never seen.
        namespace: namespace in which they were dropped.
        causes: why; more than one are candidates, of which one is the cause.
    """

    packet: str
    packets: int
    path: str
    after: Place | None
    namespace: str
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """A counter of lost packets that moved while traffic was watched.

    Attributes:
        namespace: NODE, or the pod's name.
        name: name of the counter, such as "IpInDiscards", or a rule that drops packets.
        moved: its growth.
    """

    namespace: str
    name: str
    moved: int
