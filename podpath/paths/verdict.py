"""Expected paths against sightings: the list of named differences. Pure.

No difference is a pass; that the list is complete is the capture's affair (Observation.gaps).
"""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from podpath.model import (
    Difference,
    Hop,
    Observation,
    Packet,
    Path,
    Place,
    Sighting,
    Translation,
)
from podpath.paths import segments
from podpath.paths.probes import Noise, Probe

MISSING = "missing hop"
UNEXPECTED = "unexpected sighting"
DISORDER = "out of order"
DUPLICATE = "duplicate"
TTL = "TTL changed"
MAC = "MAC changed"
ADDRESS = "address changed"
PAYLOAD = "payload changed"
TOS = "TOS changed"
DF = "DF changed"
OPTIONS = "TCP options changed"


@dataclass(frozen=True, slots=True)
class Crossing:
    """One packet against its path: what was seen of it at each hop, and elsewhere."""

    packet: str
    path: Path
    at_hops: tuple[tuple[Sighting, ...], ...]
    elsewhere: tuple[Sighting, ...]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a probe's sightings amount to.

    crossings: one a packet; differences: all of them, those of the crossings first; noise: how
    many sightings were ARP, ND or MLD, or others' talk; strangers: how many were neither that
    nor of a probe; paths: all that were expected, also those that no packet took.
    """

    crossings: tuple[Crossing, ...]
    differences: tuple[Difference, ...]
    noise: int
    strangers: int = 0
    paths: tuple[Path, ...] = ()


def judge(
    expected: Sequence[tuple[Probe, Mapping[str, Path]]],
    observation: Observation,
    noise: Noise,
    talk: Container[Sighting] = (),
) -> Verdict:
    """Compare all that was seen with the paths of the probes' legs.

    expected: each probe with the path of each of its legs; talk: what others on the node say to
    each other. Every sighting must belong to one of the probes, be noise or such talk; every
    packet of a probe must be seen once at each hop of its path, in order, unchanged but for what
    the hop allows, and nowhere else.
    """
    sightings = sorted(observation.sightings, key=lambda s: s.time)
    taken = [False] * len(sightings)
    crossings: list[Crossing] = []
    differences: list[Difference] = []
    for probe, paths in expected:
        claimed = [
            (number, leg)
            for number, leg in enumerate(probe.claim(sightings))
            if leg is not None and leg in paths and not taken[number]
        ]
        for number, _ in claimed:
            taken[number] = True
        packets = _packets([(leg, sightings[number]) for number, leg in claimed], paths)
        crossings += [_crossing(paths[leg], group) for (leg, _), group in packets.items()]
        for leg, path in paths.items():
            differences += _lacking(probe, leg, path, packets)
    differences = [d for c in crossings for d in c.differences] + differences
    differences += _echoes(crossings)
    others = [s for s, known in zip(sightings, taken, strict=True) if not known]
    strangers = [s for s in others if s.packet not in noise and s not in talk]
    differences += [_unexpected(s) for s in strangers]
    return Verdict(
        tuple(crossings),
        tuple(differences),
        len(others) - len(strangers),
        len(strangers),
        tuple(dict.fromkeys(path for _, paths in expected for path in paths.values())),
    )


def unchanged(verdict: Verdict) -> list[Difference]:
    """How packets differ between the first and the last hop of their path.

    A verdict in which some leg has no packet that arrived has nothing to compare: also a
    difference.
    """
    told = {d for crossing in verdict.crossings for d in crossing.differences}
    found = [d for d in verdict.differences if d.kind == MISSING and d not in told]
    if not verdict.crossings:
        return [Difference(MISSING, "every hop", "packets of the probe", "nothing")]
    for crossing in verdict.crossings:
        first, last = crossing.at_hops[0], crossing.at_hops[-1]
        hop = crossing.path.hops[-1]
        if not first or not last:
            where = (crossing.path.hops[0] if not first else hop).place
            found.append(Difference(MISSING, where, _times(1), _times(0), crossing.packet))
            continue
        found += [
            Difference(kind, hop.place, expected, got, crossing.packet)
            for kind, expected, got in _changed(
                crossing.path, first[0].packet, crossing.path.hops[0], last[0].packet, hop
            )
            if expected != got
        ]
    return found + _echoes(verdict.crossings)


def _packets(
    claimed: Sequence[tuple[str, Sighting]], paths: Mapping[str, Path]
) -> dict[tuple[str, tuple[object, ...]], list[Sighting]]:
    """The sightings of each packet, in order of time, by its leg and identity.

    What nothing tells apart, such as two acknowledgements of IPv6, is told by order: the second one
    at each place is the second one of its sender's, and what is more than those, a duplicate. A
    segment that TCP repeats has other options, its time stamp: these come before the order, as
    two processors may deliver it before the first one.
    """
    found: dict[tuple[str, tuple[object, ...]], list[Sighting]] = defaultdict(list)
    parts = segments.aligned([sighting for _, sighting in claimed])
    seen = [(leg, part) for (leg, _), each in zip(claimed, parts, strict=True) for part in each]
    told = [(leg, part, _identity(part.packet, paths[leg].translation)) for leg, part in seen]
    sent: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for leg, part, identity in told:
        if part.place == paths[leg].hops[0].place:
            sent[leg, identity].append(part.packet.options)
    left: dict[tuple[object, ...], list[tuple[int, str]]] = {}
    for leg, part, identity in told:
        number = 0
        if part.packet.ip_id is None and part.packet.protocol != "arp":
            originals, here = sent[leg, identity], (leg, part.place, identity)
            if here not in left:
                left[here] = list(enumerate(originals))
            number = _take(left[here], part.packet.options, max(len(originals) - 1, 0))
        found[leg, (*identity, number)].append(part)
    return found


def _take(left: list[tuple[int, str]], options: str, last: int) -> int:
    """The number of the original that a packet is of, the first with its options, if any has."""
    same = [one for one in left if one[1] == options]
    if not left:
        return last
    one = (same or left)[0]
    left.remove(one)
    return one[0]


def _identity(packet: Packet, translation: Translation | None) -> tuple[object, ...]:
    """As it was sent: a port that was translated is the one before."""
    if translation is None or translation.ports is None or packet.ports is None:
        return packet.identity
    source, destination = map(translation.back.port, packet.ports)
    return replace(packet, ports=(source, destination)).identity


def _lacking(
    probe: Probe,
    leg: str,
    path: Path,
    packets: Mapping[tuple[str, tuple[object, ...]], list[Sighting]],
) -> list[Difference]:
    origin = path.hops[0]
    seen = [group[0].packet for (of, _), group in packets.items() if of == leg]
    return [
        Difference(MISSING, origin.place, what, "nothing", path.name)
        for what in probe.lacking(leg, seen)
    ]


def _crossing(path: Path, group: list[Sighting]) -> Crossing:
    by_place: dict[Place, list[Sighting]] = defaultdict(list)
    for sighting in group:
        by_place[sighting.place].append(sighting)
    at_hops = tuple(tuple(by_place.pop(hop.place, ())) for hop in path.hops)
    elsewhere = tuple(s for rest in by_place.values() for s in rest)
    name = describe(group[0].packet)
    found = _presence(path, at_hops, name)
    found += [_unexpected(s) for s in elsewhere]
    found += _order(path, at_hops, name)
    found += _changes(path, at_hops, name)
    return Crossing(name, path, at_hops, elsewhere, tuple(found))


def _echoes(crossings: Sequence[Crossing]) -> list[Difference]:
    """Replies with a payload that no hop saw in their request (RFC 792, RFC 4443).

    No hop of either path shows that, if it was changed inside the pod that answers.
    """
    requests: dict[tuple[int, int], list[str]] = defaultdict(list)
    replies: list[tuple[Crossing, Sighting]] = []
    for crossing in crossings:
        for sighting in (s for hop in crossing.at_hops for s in hop):
            packet = sighting.packet
            if packet.number and packet.kind in (8, 128):
                requests[packet.number].append(_payload(packet))
        if crossing.at_hops[0] and crossing.at_hops[0][0].packet.kind in (0, 129):
            replies.append((crossing, crossing.at_hops[0][0]))
    found = []
    for crossing, reply in replies:
        known = requests.get(reply.packet.number or (0, 0), [])
        if known and (seen := _payload(reply.packet)) not in known:
            found.append(Difference(PAYLOAD, reply.place, known[-1], seen, crossing.packet))
    return found


def _presence(path: Path, at_hops: Sequence[Sequence[Sighting]], name: str) -> list[Difference]:
    """Each hop once; a question that its sender repeats (ARP), as often as it was asked."""
    repeatable = any(s.packet.protocol == "arp" for hop in at_hops for s in hop)
    times = max(len(at_hops[0]), 1) if repeatable else 1
    found = []
    for hop, seen in zip(path.hops, at_hops, strict=True):
        if len(seen) < times and not hop.optional:
            found.append(Difference(MISSING, hop.place, _times(times), _times(len(seen)), name))
        elif len(seen) > times:
            found.append(Difference(DUPLICATE, hop.place, _times(times), _times(len(seen)), name))
    return found


def _times(count: int) -> str:
    return {0: "nothing", 1: "the packet once"}.get(count, f"the packet {count} times")


def _order(path: Path, at_hops: Sequence[Sequence[Sighting]], name: str) -> list[Difference]:
    found = []
    for hop, seen in zip(path.hops, at_hops, strict=True):
        for earlier in hop.after:
            before = at_hops[earlier]
            if seen and before and seen[0].time < before[0].time:
                found.append(
                    Difference(
                        DISORDER,
                        hop.place,
                        f"after {path.hops[earlier].place}",
                        f"{(before[0].time - seen[0].time) / 1e3:.1f} µs before it",
                        name,
                    )
                )
    return found


def _changes(path: Path, at_hops: Sequence[Sequence[Sighting]], name: str) -> list[Difference]:
    seen = [
        (hop, sighting) for hop, found in zip(path.hops, at_hops, strict=True) for sighting in found
    ]
    if not seen:
        return []
    origin_hop, origin = seen[0]
    return [
        Difference(kind, sighting.place, expected, got, name)
        for hop, sighting in seen[1:]
        for kind, expected, got in _changed(path, origin.packet, origin_hop, sighting.packet, hop)
        if expected != got
    ]


def _changed(
    path: Path, origin: Packet, origin_hop: Hop, packet: Packet, hop: Hop
) -> list[tuple[str, str, str]]:
    """(kind, expected, seen) for all that can change between a packet's origin and a hop."""
    ttl = None if origin.ttl is None else origin.ttl - origin_hop.ttl + hop.ttl
    pairs = [
        (TTL, f"TTL {ttl}", f"TTL {packet.ttl}"),
        (TOS, f"TOS {origin.tos}", f"TOS {packet.tos}"),
        (DF, f"DF {origin.dont_fragment}", f"DF {packet.dont_fragment}"),
        (OPTIONS, origin.options, packet.options),
        (ADDRESS, *_ends(origin, packet, path.translation, hop)),
        (PAYLOAD, _payload(origin), _payload(packet)),
    ]
    if hop.macs is not None:
        pairs.append((MAC, " to ".join(hop.macs), _macs(packet)))
    elif not hop.rewritten:
        pairs.append((MAC, _macs(origin), _macs(packet)))
    return pairs


def _ends(
    origin: Packet, packet: Packet, translation: Translation | None, hop: Hop
) -> tuple[str, str]:
    """The addresses that a packet must have at a hop, and has; with ports, if one is translated."""
    if translation is None:
        return _addresses(origin), _addresses(packet)
    expected = _translated(origin, translation, hop) if hop.translated else origin
    if translation.ports is None:
        return _addresses(expected), _addresses(packet)
    return _sockets(expected), _sockets(packet)


def _translated(packet: Packet, translation: Translation, hop: Hop) -> Packet:
    source, ports = translation.address(packet.source), packet.ports
    if ports is not None:
        sent, asked = ports
        ports = (sent if hop.early else translation.port(sent), translation.port(asked))
    return replace(
        packet,
        source=packet.source if hop.early else source,
        destination=translation.address(packet.destination),
        ports=ports,
    )


def _sockets(packet: Packet) -> str:
    source, destination = packet.ports or (0, 0)
    return f"{packet.source} port {source} to {packet.destination} port {destination}"


def _addresses(packet: Packet) -> str:
    return f"{packet.source} to {packet.destination}"


def _macs(packet: Packet) -> str:
    return f"{packet.mac_source} to {packet.mac_destination}"


def _payload(packet: Packet) -> str:
    return f"{packet.size} bytes with hash {packet.digest}"


def _unexpected(sighting: Sighting) -> Difference:
    name = describe(sighting.packet)
    seen = f"{_macs(sighting.packet)}, {_addresses(sighting.packet)}"
    return Difference(UNEXPECTED, sighting.place, "nothing", seen, name)


def describe(packet: Packet) -> str:
    """One packet in a few words."""
    if packet.number is not None:
        leg = "request" if packet.kind in (8, 128) else "reply"
        return f"echo {leg} {packet.number[1]} (id {packet.number[0]}), {packet.size} bytes"
    if packet.protocol == "tcp" and packet.ports and packet.sequence:
        return (
            f"TCP {packet.ports[0]} to {packet.ports[1]} [{packet.flags}]"
            f" seq {packet.sequence[0]}, {packet.size} bytes"
        )
    if packet.protocol == "udp" and packet.ports:
        return f"UDP {packet.ports[0]} to {packet.ports[1]}, {packet.size} bytes"
    if packet.protocol == "arp":
        kind = {1: "request", 2: "reply"}.get(packet.kind or 0, f"operation {packet.kind}")
        return f"ARP {kind} of {packet.source} for {packet.destination}"
    kind = "" if packet.kind is None else f" {packet.kind}"
    return f"{packet.protocol}{kind}, {packet.size} bytes"
