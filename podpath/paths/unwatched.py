"""Flows without sniffers that differ, repeated while the kernel reports what it drops."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from podpath.model import Address, Difference, Loss, Packet
from podpath.paths import why
from podpath.paths.losing import Record

#: Numbers of protocols, which later fragments have for their kind (IANA).
_PROTOCOLS = {6: "tcp", 17: "udp"}


@dataclass(frozen=True, slots=True)
class Compared:
    """Flows, compared with what they should be.

    Attributes:
        differences: Those that differ, described.
        lost: Protocol and source port of each flow of which nothing arrived.
        packets: Number of further packets that did not arrive, of flows whose others did.
        is_all: True if all differences are of such flows and packets.
    """

    differences: list[Difference]
    lost: frozenset[tuple[str, int]] = frozenset()
    packets: int = 0
    is_all: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """What the kernel reported when flows were repeated.

    Attributes:
        losses: Why packets were lost.
        is_all: True if all that differed was lost for these reasons.
        differs: True if anything differed again.
    """

    losses: tuple[Loss, ...]
    is_all: bool
    differs: bool = True


def are_dropped(flows: Collection[tuple[str, int]], dropped: Collection[Packet]) -> bool:
    """Return whether a packet of each flow was dropped, as far as packets tell. Pure.

    Later fragments have no ports: each counts for one flow of its protocol.

    Args:
        flows: Protocol and source port of each.
        dropped: The packets that the kernel dropped.
    """
    ports = {(packet.protocol, packet.ports[0]) for packet in dropped if packet.ports}
    fragments = Counter(
        _PROTOCOLS.get(p.kind or 0, "") for p in dropped if p.fragment and not p.ports
    )
    return Counter(protocol for protocol, _ in {*flows} - ports) <= fragments


def explain(
    compare: Callable[[], Compared], namespaces: Mapping[str, str], pods: Collection[Address]
) -> Explained:
    """Repeat flows, and return why their packets were lost.

    Args:
        compare: Sends the flows.
        namespaces: Name and path of each namespace that they cross on the node.
        pods: The addresses of their pods.

    Raises:
        CouldNotTest: as for the flows.
    """
    record = Record.begin(namespaces)
    again = compare()
    dropped = record.dropped()
    ours = [drop.packet for drop in dropped or () if why.is_of_flows(drop, pods)]
    is_all = again.is_all and are_dropped(again.lost, ours) and again.packets <= len(ours)
    losses, differs = tuple(record.explain_flows(pods, dropped)), bool(again.differences)
    return Explained(losses, is_all and differs, differs)
