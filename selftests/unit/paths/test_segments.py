"""Segments that one hop passes on whole, and another one cut."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from podpath.model import Sighting
from podpath.paths import segments
from podpath.paths.dissect import dissect

from .. import samples
from .test_dissect import built, ipv4, ipv6

BODY = bytes(n * 7 % 251 for n in range(3000))
FIRST = 2**32 - 1000  # so that the numbers wrap


def segment(begin: int, end: int, number: int = 0, ip: Any = None, flags: str = "A") -> Sighting:
    """Bytes of the body in a frame, the number-th of those that one large one is cut into."""
    from scapy.layers.inet import TCP

    tcp = TCP(sport=80, dport=40000, seq=(FIRST + begin) % 2**32, ack=5, flags=flags)
    frame = built(ip or ipv4(id=4711 + number), tcp, BODY[begin:end])
    return samples.sighting(dissect(frame), frame=frame)


def cut() -> list[Sighting]:
    return [segment(0, 1448), segment(1448, 2896, 1), segment(2896, 3000, 2, flags="FPA")]


def identities(sightings: list[Sighting]) -> list[tuple[object, ...]]:
    return [(*s.packet.identity, s.packet.digest, s.packet.size) for s in sightings]


def test_whole_and_cut_segments_become_the_same_packets() -> None:
    whole, *others = segments.aligned([segment(0, 3000, flags="FPA"), *cut()])

    assert identities(whole) == identities(cut())
    assert others == [[one] for one in cut()]


def test_ipv6_has_no_identification_to_count_up() -> None:
    whole, begin, end = (segment(*b, ip=ipv6()) for b in ((0, 3000), (0, 1428), (1428, 3000)))

    assert identities(segments.aligned([whole, begin, end])[0]) == identities([begin, end])


def big_of_ipv4(frame: bytes) -> bytes:
    """As the kernel has a segment above 64 KiB that it has not yet cut: its length is 0."""
    return frame[:16] + bytes(2) + frame[18:]


def big_of_ipv6(frame: bytes) -> bytes:
    """The same: its length is in a hop-by-hop option (RFC 2675)."""
    size = (len(frame) - 54 + 8).to_bytes(4, "big")
    hops = bytes((6, 0, 0xC2, 4)) + size
    return frame[:18] + bytes(3) + frame[21:54] + hops + frame[54:]


@pytest.mark.parametrize(
    ("big", "ip"),
    [pytest.param(big_of_ipv4, ipv4(), id="ipv4"), pytest.param(big_of_ipv6, ipv6(), id="ipv6")],
)
def test_segments_above_64_kib_are_cut(big: Callable[[bytes], bytes], ip: Any) -> None:
    frame = big(segment(0, 3000, ip=ip).frame)
    whole = samples.sighting(dissect(frame), frame=frame)

    begin, end = segments.aligned([whole, segment(0, 1428, ip=ip), segment(1428, 3000, ip=ip)])[0]

    assert (begin.packet.size, end.packet.size) == (1428, 1572)
    assert end.packet.digest == segment(1428, 3000, ip=ip).packet.digest


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(cut(), id="cut alike"),
        pytest.param([segment(0, 3000), segment(0, 3000)], id="whole"),
        pytest.param([segment(0, 0, flags="SA"), segment(0, 0)], id="without payload"),
    ],
)
def test_segments_that_are_alike_stay_as_they_are(seen: list[Sighting]) -> None:
    assert segments.aligned(seen) == [[one] for one in seen]


def test_changed_byte_stays_a_change() -> None:
    """In its own part, and nowhere else."""
    whole = segment(0, 3000, flags="FPA")
    frame = bytearray(whole.frame)
    frame[-1] ^= 1
    changed = replace(whole, frame=bytes(frame), packet=dissect(bytes(frame)))

    parts = segments.aligned([changed, *cut()])[0]

    assert [a.packet == b.packet for a, b in zip(parts, cut(), strict=True)] == [True, True, False]


def test_other_connections_do_not_cut() -> None:
    whole = segment(0, 3000)
    other = segment(0, 1448)
    other = replace(other, packet=replace(other.packet, ports=(80, 40001)))

    assert segments.aligned([whole, other]) == [[whole], [other]]
