"""Group sightings by their packet. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from podpath.model import Packet, Path, Sighting, Translation
from podpath.paths import segments

#: Leg and identity of a packet -> its sightings, in order of time.
Packets = Mapping[tuple[str, tuple[object, ...]], list[Sighting]]


def by_packet(recognized: Sequence[tuple[str, Sighting]], paths: Mapping[str, Path]) -> Packets:
    """Group the sightings of each packet.

    Some packets have equal identities, such as two acknowledgements of IPv6. Their order
    distinguishes them: the second one at each place is the second one that the sender sent, and
    any more than the sender sent are duplicates. A segment that TCP repeats has another time stamp
    in its options. Options count before the order, as two processors may deliver the repeated
    segment first.

    Args:
        recognized: Each sighting of a probe, with its leg.
        paths: The path of each leg.
    """
    packets: dict[tuple[str, tuple[object, ...]], list[Sighting]] = defaultdict(list)
    parts = segments.aligned([sighting for _, sighting in recognized])
    seen = [(leg, part) for (leg, _), each in zip(recognized, parts, strict=True) for part in each]
    named = [(leg, part, sent_as(part.packet, paths[leg].translation)) for leg, part in seen]
    sent: dict[tuple[object, ...], list[str]] = defaultdict(list)
    for leg, part, identity in named:
        if part.place == paths[leg].hops[0].place:
            sent[leg, identity].append(part.packet.options)
    left: dict[tuple[object, ...], list[tuple[int, str]]] = {}
    for leg, part, identity in named:
        number = 0
        if part.packet.ip_id is None and part.packet.protocol != "arp":
            originals, here = sent[leg, identity], (leg, part.place, identity)
            if here not in left:
                left[here] = list(enumerate(originals))
            number = _take(left[here], part.packet.options, max(len(originals) - 1, 0))
        packets[leg, (*identity, number)].append(part)
    return packets


def _take(left: list[tuple[int, str]], options: str, last: int) -> int:
    """Return the number of a packet's original: the first left, if possible with its options."""
    same = [original for original in left if original[1] == options]
    if not left:
        return last
    original = (same or left)[0]
    left.remove(original)
    return original[0]


def sent_as(packet: Packet, translation: Translation | None) -> tuple[object, ...]:
    """Return the identity of the packet as sent: translated ports are translated back."""
    if translation is None or translation.ports is None or packet.ports is None:
        return packet.identity
    source, destination = map(translation.back.port, packet.ports)
    return replace(packet, ports=(source, destination)).identity
