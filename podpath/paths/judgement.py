"""Compare all sightings of an observation with the expected paths: list the differences. Pure.

An empty list is a pass. The capture proves that the list is complete (Observation.gaps).
"""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from podpath.model import Difference, Observation, Path, Sighting
from podpath.paths import comparison, wording
from podpath.paths.crossing import Crossing, compare, unexpected
from podpath.paths.grouping import Packets, by_packet
from podpath.paths.kinds import MISSING, PAYLOAD
from podpath.paths.probes import Noise, Probe
from podpath.paths.retries import separate


@dataclass(frozen=True, slots=True)
class Judgement:
    """The sightings of an observation, compared with the expected paths.

    Attributes:
        crossings: One for each packet.
        differences: All differences, those of the crossings first.
        noise: Number of sightings that were ARP, ND, MLD or background traffic.
        strangers: Number of sightings that were neither noise nor of a probe.
        paths: All expected paths, including those that no packet took.
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
    background: Container[Sighting] = (),
) -> Judgement:
    """Compare all sightings with the paths of the probes' legs.

    Every sighting must belong to a probe, or be noise or background traffic. Every packet of a
    probe must appear once at each hop of its path, in order, with no change that the hop does not
    allow, and nowhere else.

    Args:
        expected: Each probe with the path of each of its legs.
        observation: All sightings.
        noise: Packets to ignore.
        background: Background traffic to ignore: sightings of other programs and pods on the node.
    """
    sightings = sorted(observation.sightings, key=lambda s: s.time)
    assigned = [False] * len(sightings)
    crossings: list[Crossing] = []
    differences: list[Difference] = []
    for probe, paths in expected:
        recognized = [
            (number, leg)
            for number, leg in enumerate(probe.recognize(sightings))
            if leg is not None and leg in paths and not assigned[number]
        ]
        for number, _ in recognized:
            assigned[number] = True
        packets = by_packet([(leg, sightings[number]) for number, leg in recognized], paths)
        crossings += [
            compare(paths[leg], attempt)
            for (leg, _), group in packets.items()
            for attempt in separate(group, paths[leg].hops[0].place)
        ]
        for leg, path in paths.items():
            differences += _lacking(probe, leg, path, packets)
    differences = [d for c in crossings for d in c.differences] + differences
    differences += _echoes(crossings)
    unassigned = [s for s, known in zip(sightings, assigned, strict=True) if not known]
    strangers = [s for s in unassigned if s.packet not in noise and s not in background]
    differences += [unexpected(s) for s in strangers]
    return Judgement(
        tuple(crossings),
        tuple(differences),
        len(unassigned) - len(strangers),
        len(strangers),
        tuple(dict.fromkeys(path for _, paths in expected for path in paths.values())),
    )


def unchanged(judgement: Judgement) -> list[Difference]:
    """List the differences of packets between the first and the last hop of their path.

    A leg without packets has nothing to compare, which is a difference, too.
    """
    if not judgement.crossings:
        return [Difference(MISSING, "every hop", "packets of the probe", "nothing")]
    of_packets = {d for crossing in judgement.crossings for d in crossing.differences}
    return [
        *(d for d in judgement.differences if d.kind == MISSING and d not in of_packets),
        *(d for crossing in judgement.crossings for d in _between_ends(crossing)),
        *_echoes(judgement.crossings),
    ]


def _between_ends(crossing: Crossing) -> list[Difference]:
    """List the differences of a packet between its first hop and its last one."""
    begin, end = crossing.path.hops[0], crossing.path.hops[-1]
    first, last = crossing.at_hops[0], crossing.at_hops[-1]
    if not first or not last:
        where = end.place if first else begin.place
        return [Difference(MISSING, where, wording.times(1), wording.times(0), crossing.packet)]
    ends = (begin, first[0].packet), (end, last[0].packet)
    return comparison.changes(crossing.path, *ends, crossing.packet)


def _lacking(probe: Probe, leg: str, path: Path, packets: Packets) -> list[Difference]:
    """List the packets of a leg without any sighting: they are missing at its origin."""
    origin = path.hops[0]
    seen = [group[0].packet for (own, _), group in packets.items() if own == leg]
    return [
        Difference(MISSING, origin.place, lacking, "nothing", path.name)
        for lacking in probe.lacking(leg, seen)
    ]


def _echoes(crossings: Sequence[Crossing]) -> list[Difference]:
    """List the replies with a payload that no hop saw in their request (RFC 792, RFC 4443).

    A payload that changes inside the answering pod shows at no hop of either path.
    """
    requests: dict[tuple[int, int], list[str]] = defaultdict(list)
    replies: list[tuple[Crossing, Sighting]] = []
    for crossing in crossings:
        for sighting in (s for hop in crossing.at_hops for s in hop):
            packet = sighting.packet
            if packet.number and packet.kind in (8, 128):
                requests[packet.number].append(wording.payload(packet))
        if crossing.at_hops[0] and crossing.at_hops[0][0].packet.kind in (0, 129):
            replies.append((crossing, crossing.at_hops[0][0]))
    differences = []
    for crossing, reply in replies:
        known = requests.get(reply.packet.number or (0, 0), [])
        if known and (seen := wording.payload(reply.packet)) not in known:
            differences.append(Difference(PAYLOAD, reply.place, known[-1], seen, crossing.packet))
    return differences
