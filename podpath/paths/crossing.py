"""Compare one packet with its path: each hop once, in order, unmodified, nowhere else. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from podpath.model import Difference, Packet, Path, Place, Sighting
from podpath.paths import comparison, wording
from podpath.paths.kinds import DISORDER, DUPLICATE, MISSING, UNEXPECTED


@dataclass(frozen=True, slots=True)
class Crossing:
    """The sightings of one packet, compared with its path.

    Attributes:
        packet: A short description of the packet.
        path: The path that it must take.
        at_hops: Its sightings at each hop.
        elsewhere: Its sightings at other places.
        differences: The differences between sightings and path.
    """

    packet: str
    path: Path
    at_hops: tuple[tuple[Sighting, ...], ...]
    elsewhere: tuple[Sighting, ...]
    differences: tuple[Difference, ...]


def compare(path: Path, group: list[Sighting]) -> Crossing:
    """Compare the sightings of one packet with its path."""
    by_place: dict[Place, list[Sighting]] = defaultdict(list)
    for sighting in group:
        by_place[sighting.place].append(sighting)
    at_hops = tuple(tuple(by_place.pop(hop.place, ())) for hop in path.hops)
    elsewhere = tuple(s for rest in by_place.values() for s in rest)
    name = wording.describe(group[0].packet)
    differences = _presence(path, at_hops, name)
    differences += [unexpected(s) for s in elsewhere]
    differences += _order(path, at_hops, name)
    differences += _changes(path, at_hops, name)
    return Crossing(name, path, at_hops, elsewhere, tuple(differences))


def _presence(path: Path, at_hops: Sequence[Sequence[Sighting]], name: str) -> list[Difference]:
    """Check that each hop saw the packet once; a request for a MAC, as often as it was sent."""
    repeatable = any(_is_of_resolution(s.packet) for hop in at_hops for s in hop)
    times = max(len(at_hops[0]), 1) if repeatable else 1
    differences = []
    for hop, seen in zip(path.hops, at_hops, strict=True):
        if len(seen) > times or (len(seen) < times and not hop.optional):
            kind = MISSING if len(seen) < times else DUPLICATE
            texts = wording.times(times), wording.times(len(seen))
            differences.append(Difference(kind, hop.place, *texts, name))
    return differences


def _is_of_resolution(packet: Packet) -> bool:
    """Return whether the kernel repeats a packet unchanged: ARP, or a neighbour solicitation."""
    return packet.protocol == "arp" or (packet.protocol == "icmpv6" and packet.kind == 135)


def _order(path: Path, at_hops: Sequence[Sequence[Sighting]], name: str) -> list[Difference]:
    """Check that no hop saw the packet before the hops that precede it on the path."""
    differences = []
    for hop, seen in zip(path.hops, at_hops, strict=True):
        for earlier in hop.after:
            before = at_hops[earlier]
            if seen and before and seen[0].time < before[0].time:
                differences.append(
                    Difference(
                        DISORDER,
                        hop.place,
                        f"after {path.hops[earlier].place}",
                        f"{(before[0].time - seen[0].time) / 1e3:.1f} µs before it",
                        name,
                    )
                )
    return differences


def _changes(path: Path, at_hops: Sequence[Sequence[Sighting]], name: str) -> list[Difference]:
    """List the changes since the first hop that saw the packet, except allowed ones."""
    seen = [(hop, s.packet) for hop, at in zip(path.hops, at_hops, strict=True) for s in at]
    return [d for here in seen[1:] for d in comparison.changes(path, seen[0], here, name)]


def unexpected(sighting: Sighting) -> Difference:
    """Return the difference for a sighting that no path expects."""
    name = wording.describe(sighting.packet)
    seen = f"{wording.macs(sighting.packet)}, {wording.addresses(sighting.packet)}"
    return Difference(UNEXPECTED, sighting.place, "nothing", seen, name)
