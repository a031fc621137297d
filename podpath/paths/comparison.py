"""Compare a packet at a hop with the same packet at its origin. Pure."""

from dataclasses import replace

from podpath.model import Difference, Hop, Packet, Path, Translation
from podpath.paths import wording
from podpath.paths.kinds import ADDRESS, DF, MAC, OPTIONS, PAYLOAD, TOS, TTL, VLAN


def changes(
    path: Path, origin: tuple[Hop, Packet], here: tuple[Hop, Packet], name: str
) -> list[Difference]:
    """List the differences of a packet at a hop from the packet that its path prescribes there.

    Args:
        path: The packet's path.
        origin: The first hop that saw the packet, and the packet there.
        here: The hop, and the packet there.
        name: A short description of the packet.
    """
    return [
        Difference(kind, here[0].place, expected, seen, name)
        for kind, expected, seen in _compared(path, *origin, *here)
        if expected != seen
    ]


def _compared(
    path: Path, origin_hop: Hop, origin: Packet, hop: Hop, packet: Packet
) -> list[tuple[str, str, str]]:
    """Return (kind, expected, seen) of all that can change between the origin and a hop."""
    ttl = None if origin.ttl is None else origin.ttl - origin_hop.ttl + hop.ttl
    compared = [
        (TTL, f"TTL {ttl}", f"TTL {packet.ttl}"),
        (TOS, f"TOS {origin.tos}", f"TOS {packet.tos}"),
        (DF, f"DF {origin.dont_fragment}", f"DF {packet.dont_fragment}"),
        (OPTIONS, origin.options, packet.options),
        (ADDRESS, *_ends(origin, packet, path.translation, hop)),
        (PAYLOAD, wording.payload(origin), wording.payload(packet)),
        (VLAN, wording.tag(hop.vlan), wording.tag(packet.vlan)),
    ]
    if hop.macs is not None:
        compared.append((MAC, " to ".join(hop.macs), wording.macs(packet)))
    elif not hop.rewritten:
        compared.append((MAC, wording.macs(origin), wording.macs(packet)))
    return compared


def _ends(
    origin: Packet, packet: Packet, translation: Translation | None, hop: Hop
) -> tuple[str, str]:
    """Return the expected and the seen addresses at a hop; with ports, if one is translated."""
    if translation is None:
        return wording.addresses(origin), wording.addresses(packet)
    expected = _translated(origin, translation, hop) if hop.translated else origin
    if translation.ports is None:
        return wording.addresses(expected), wording.addresses(packet)
    return wording.sockets(expected), wording.sockets(packet)


def _translated(packet: Packet, translation: Translation, hop: Hop) -> Packet:
    """Return the packet as its path's translation has changed it before a hop."""
    source, ports = translation.address(packet.source), packet.ports
    if ports is not None:
        source_port, destination_port = ports
        ports = (
            source_port if hop.early else translation.port(source_port),
            translation.port(destination_port),
        )
    return replace(
        packet,
        source=packet.source if hop.early else source,
        destination=translation.address(packet.destination),
        ports=ports,
    )
