"""Make the legs of a trace from sightings, with what each interface is. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from podpath.model import (
    NODE,
    POD_INTERFACE,
    Direction,
    Hop,
    Interface,
    Packet,
    Path,
    Place,
    Sighting,
    Topology,
)
from podpath.paths import wording
from podpath.paths.probes import REPLY, REQUEST
from podpath.trace.result import Ends, Leg, Mark, Step

#: Kinds of links whose names say less than their kinds.
_PLAIN = frozenset({"", "veth"})


def legs(
    recognized: Sequence[tuple[str, Sighting]],
    paths: Mapping[str, Path],
    topology: Topology,
    ends: Ends,
) -> tuple[Leg, ...]:
    """Return the packets there and those back.

    Args:
        recognized: each sighting with its leg, in order of time.
        paths: expected path of each leg; none without judgement.
        topology: the node and its pods.
        ends: sender and receiver.
    """
    made = []
    for name, source, destination in (
        (REQUEST, ends.source, ends.destination),
        (REPLY, ends.destination, ends.source),
    ):
        packets = _by_packet([s for leg, s in recognized if leg == name])
        path = paths.get(name)
        if not packets and (name == REPLY or path is None):
            continue
        shown = _steps(packets[0] if packets else [], path, topology)
        made.append(
            Leg(
                source=source,
                destination=destination,
                packet=wording.describe(packets[0][0].packet) if packets else "nothing was sent",
                steps=shown,
                arrived=_has_arrived(packets[0] if packets else [], destination, path),
                packets=len(packets),
                alike=sum(_places(p) == _places(packets[0]) for p in packets),
            )
        )
    return tuple(made)


def _by_packet(sightings: Sequence[Sighting]) -> list[list[Sighting]]:
    """Group sightings by their packet. Addresses and ports do not count, as they may change."""
    groups: dict[tuple[object, ...], list[Sighting]] = defaultdict(list)
    for sighting in sightings:
        packet = sighting.packet
        key = (packet.number, packet.flags, packet.sequence, packet.ip_id, packet.size)
        groups[key].append(sighting)
    return list(groups.values())


def _places(packet: Sequence[Sighting]) -> frozenset[Place]:
    return frozenset(sighting.place for sighting in packet)


def _has_arrived(packet: Sequence[Sighting], destination: str, path: Path | None) -> bool:
    """Return whether the last place of a packet saw it, or the receiver's namespace did."""
    if path is not None:
        return any(s.place == path.hops[-1].place for s in packet)
    inward = [s.namespace for s in packet if s.direction == Direction.IN]
    return destination in inward


def _steps(packet: Sequence[Sighting], path: Path | None, topology: Topology) -> tuple[Step, ...]:
    first: dict[Place, Sighting] = {}
    for sighting in packet:
        first.setdefault(sighting.place, sighting)
    expected = (
        [hop.place for hop in path.hops if not hop.optional or hop.place in first] if path else []
    )
    places = _ordered(expected, first)
    began = packet[0].time if packet else 0
    steps: list[Step] = []
    before: Sighting | None = None
    for number, place in enumerate(places):
        here = first.get(place)
        mark = Mark.MISSING if here is None else Mark.SEEN
        if path is not None and place not in expected:
            mark = Mark.UNEXPECTED
        link = _link(topology, place)
        notes = [note for note in (_what(topology, place, link),) if note]
        if here is not None and before is not None:
            notes += _changes(before.packet, here.packet)
        if here and link and link.bridge and _is_later(here, places[number + 1 :], first):
            notes.append("gets its copy after forwarding")
        steps.append(
            Step(
                place,
                mark,
                None if here is None else here.time - began,
                _ttl(before, here, is_end=place.namespace != NODE),
                link.mtu if link else None,
                tuple(notes),
            )
        )
        before = here or before
    return tuple(steps)


def _ordered(expected: Sequence[Place], first: Mapping[Place, Sighting]) -> list[Place]:
    """Return the expected places in their order, with all others where their times belong."""
    places = list(expected)
    others = [place for place in first if place not in expected]
    for place in sorted(others, key=lambda p: first[p].time):
        earlier = [
            number
            for number, known in enumerate(places)
            if known in first and first[known].time <= first[place].time
        ]
        places.insert(earlier[-1] + 1 if earlier else 0, place)
    return places


def _is_later(here: Sighting, following: Sequence[Place], first: Mapping[Place, Sighting]) -> bool:
    """Return whether a packet was seen at a later hop before.

    A bridge forwards first, and then takes its own copy (br_handle_frame_finish). The copy has the
    time of its arrival only if the packet has no time of its own, as TCP's have.
    """
    after = next((first[place] for place in following if place in first), None)
    return after is not None and after.time < here.time


def _ttl(before: Sighting | None, now: Sighting | None, *, is_end: bool) -> int | None:
    """Return the TTL where it says something: at an end, and where it changed."""
    if now is None:
        return None
    changed = before is not None and before.packet.ttl != now.packet.ttl
    return now.packet.ttl if is_end or changed or before is None else None


def _changes(before: Packet, now: Packet) -> list[str]:
    """Describe what changed in a packet since the step before, except for its TTL."""
    notes = []
    if before.source != now.source:
        notes.append(f"from {now.source} now")
    if before.destination != now.destination:
        notes.append(f"to {now.destination} now")
    if before.ports != now.ports and now.ports and before.ports:
        old, new = before.ports, now.ports
        notes.append(f"port {new[1] if old[1] != new[1] else new[0]} now")
    if (before.mac_source, before.mac_destination) != (now.mac_source, now.mac_destination):
        notes.append("routed: new MACs")
    return notes


def _link(topology: Topology, place: Place) -> Interface | None:
    if place.namespace == NODE:
        return topology.node.interface(place.interface)
    if place.namespace in topology.everybody:
        space = topology.named.get(topology.everybody[place.namespace].netns)
    else:
        space = topology.named.get(place.namespace)
    return space.interface(place.interface) if space else None


def _what(topology: Topology, place: Place, link: Interface | None) -> str:
    """Describe what an interface of the node is."""
    if place.namespace != NODE or link is None:
        return ""
    for pod in topology.everybody:
        if topology.everybody[pod].netns not in topology.named:
            continue
        end = topology.host_end(pod)
        if end and end.name == link.name:
            return f"peer of {pod}'s eth0"
        lower = topology.lower_link(pod)
        if lower and lower.name == link.name:
            return "link below the pods"
    if link.bridge:
        ports = len(topology.node.ports_of(link))
        return f"bridge, {ports} port{'' if ports == 1 else 's'}"
    if link.name == topology.default_link:
        return "the node's uplink"
    return "" if link.kind in _PLAIN else link.kind


def paths_so_far(
    recognized: Sequence[tuple[str, Sighting]], topology: Topology, ends: Ends
) -> dict[str, Path]:
    """Return a path for each leg without a profile: what was seen, then where it is received.

    A packet that did not arrive is missing on such a path, which finds the reason.
    """
    made = {}
    for name, source, destination in (
        (REQUEST, ends.source, ends.destination),
        (REPLY, ends.destination, ends.source),
    ):
        packets = _by_packet([s for leg, s in recognized if leg == name])
        places = [s.place for s in packets[0]] if packets else []
        if source in topology.everybody and not places:
            places = [Place(source, POD_INTERFACE, Direction.OUT)]
        end = Place(destination, POD_INTERFACE, Direction.IN)
        if destination in topology.everybody and end not in places:
            places.append(end)
        if places and (packets or name == REQUEST):
            made[name] = _chain(f"{source} -> {destination}", dict.fromkeys(places))
    return made


def _chain(title: str, places: Iterable[Place]) -> Path:
    hops = tuple(
        Hop(place.namespace, place.interface, place.direction or Direction.IN) for place in places
    )
    return Path(title, hops)


def reversed_places(leg: Leg) -> list[tuple[str, str]]:
    """Return the interfaces that saw a leg, in the opposite order, without their directions."""
    return [
        (step.place.namespace, step.place.interface)
        for step in reversed(leg.steps)
        if step.time is not None
    ]
