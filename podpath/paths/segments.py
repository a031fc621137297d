"""Cut TCP segments alike wherever they were seen. Pure.

An interface passes large segments on whole, cuts them to size if segmentation offload is off, or
joins them again if receive offload is on (ethtool(8): tso, gro). The same bytes are then one frame
at one hop and several at the next. Such a setting of an interface does not change the payload.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from podpath.model import Packet, Sighting
from podpath.paths.dissect import digest, tcp_payload

_SPACE = 2**32
#: Flags that only the last, or only the first, part of a segment keeps
#: (net/ipv4/tcp_offload.c, tcp_gso_segment).
_LAST, _FIRST = "FP", "C"


def aligned(sightings: Sequence[Sighting]) -> list[list[Sighting]]:
    """Cut each segment where another segment of its stream begins or ends.

    Returns:
        The parts of each sighting, in the order of the sightings.
    """
    ends: dict[tuple[int, int] | None, set[int]] = defaultdict(set)
    for sighting in filter(_divisible, sightings):
        ends[sighting.packet.ports] |= set(_ends(sighting.packet))
    cuts = {stream: sorted(numbers) for stream, numbers in ends.items()}
    return [
        _cut(sighting, cuts[sighting.packet.ports]) if _divisible(sighting) else [sighting]
        for sighting in sightings
    ]


def _divisible(sighting: Sighting) -> bool:
    packet = sighting.packet
    return packet.sequence is not None and packet.size > 0 and "S" not in (packet.flags or "")


def _ends(packet: Packet) -> tuple[int, int]:
    start = packet.sequence[0] if packet.sequence else 0
    return start, (start + packet.size) % _SPACE


def _inner(cuts: Sequence[int], packet: Packet) -> list[int]:
    """Return the cuts within a segment, as offsets in it, in order."""
    start, end = _ends(packet)
    after, before = bisect_right(cuts, start), bisect_left(cuts, end)
    # sequence numbers wrap around
    between = cuts[after:before] if start <= end else [*cuts[after:], *cuts[:before]]
    return [(cut - start) % _SPACE for cut in between]


def _cut(sighting: Sighting, cuts: Sequence[int]) -> list[Sighting]:
    """Cut a segment into its parts; it remains whole if no cut is within it."""
    packet = sighting.packet
    start, acknowledged = packet.sequence or (0, 0)
    inner = _inner(cuts, packet)
    if not inner or len(payload := tcp_payload(sighting)) != packet.size:
        return [sighting]
    bounds = [0, *inner, packet.size]
    parts = []
    for number, (begin, end) in enumerate(pairwise(bounds)):
        dropped = ("" if end == packet.size else _LAST) + (_FIRST if number else "")
        part = replace(
            packet,
            sequence=((start + begin) % _SPACE, acknowledged),
            flags="".join(f for f in packet.flags or "" if f not in dropped),
            # inet_gso_segment (net/ipv4/af_inet.c) increments it
            ip_id=None if packet.ip_id is None else (packet.ip_id + number) % 2**16,
            size=end - begin,
            digest=digest(payload[begin:end]),
        )
        parts.append(replace(sighting, packet=part))
    return parts
