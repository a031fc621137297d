"""Frames of every kind: read as scapy does where they are good, and never more than that."""

import hashlib
import itertools
import struct
import time
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podpath.model import Direction, Packet, Sighting
from podpath.paths.dissect import dissect, reassemble

from .. import samples

# scapy is slow: fewer examples than of what needs none
few = settings(max_examples=40)

MACS = st.sampled_from(["02:00:00:00:00:0a", "02:00:00:00:00:0b", "ff:ff:ff:ff:ff:ff"])
IPV4 = st.sampled_from(["10.88.0.2", "10.88.0.3", "255.255.255.255"])
IPV6 = st.sampled_from(["fd00::2", "fe80::3", "ff02::1"])
BYTE, WORD, LONG = st.integers(0, 255), st.integers(0, 0xFFFF), st.integers(0, 2**32 - 1)
PAYLOAD = st.binary(max_size=64) | st.builds(bytes, st.integers(1400, 9000))


def digest(payload: bytes) -> str:
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


@st.composite
def _transports(draw: st.DrawFn, version: int) -> Any:
    """A transport's layer, or none, with what it has to be read as."""
    from scapy.layers.inet import ICMP, TCP, UDP
    from scapy.layers.inet6 import ICMPv6EchoReply, ICMPv6EchoRequest

    kind = draw(st.sampled_from(["echo", "tcp", "udp", "other"]))
    ports = draw(WORD), draw(WORD)
    said: dict[str, Any]
    if kind == "udp":
        return UDP(sport=ports[0], dport=ports[1]), {"protocol": "udp", "ports": ports}
    if kind == "tcp":
        numbers, flags = (draw(LONG), draw(LONG)), draw(st.integers(0, 255))
        options = [("MSS", 1460), ("NOP", None), ("Timestamp", (1, 2))][: draw(st.integers(0, 3))]
        layer = TCP(
            sport=ports[0],
            dport=ports[1],
            seq=numbers[0],
            ack=numbers[1],
            flags=flags,
            options=options,
        )
        told = "".join(f for bit, f in enumerate("FSRPAUEC") if flags & 1 << bit)
        said = {"protocol": "tcp", "ports": ports, "sequence": numbers, "flags": told}
        built = bytes(layer)
        return layer, {**said, "options": built[14:16].hex() + built[20:].hex()}
    if kind == "echo":
        reply = draw(st.booleans())
        said = {"number": ports}
        if version == 4:
            said |= {"protocol": "icmp", "kind": 0 if reply else 8}
            return ICMP(type=said["kind"], id=ports[0], seq=ports[1]), said
        said |= {"protocol": "icmpv6", "kind": 129 if reply else 128}
        layer = (ICMPv6EchoReply if reply else ICMPv6EchoRequest)(id=ports[0], seq=ports[1])
        return layer, said
    number = draw(st.sampled_from([2, 47, 50, 89, 132, 253]))
    return number, {"protocol": "ip", "kind": number}


@st.composite
def _ipv4(draw: st.DrawFn) -> Any:
    from scapy.layers.inet import IP, IPOption_NOP

    layer, said = draw(_transports(4))
    fields = {"tos": draw(BYTE), "id": draw(WORD), "ttl": draw(BYTE)}
    said |= {"tos": fields["tos"], "ip_id": fields["id"], "ttl": fields["ttl"]}
    said["dont_fragment"] = draw(st.booleans())
    ends = draw(IPV4), draw(IPV4)
    header = IP(
        **fields,
        flags="DF" if said["dont_fragment"] else 0,
        src=ends[0],
        dst=ends[1],
        options=[IPOption_NOP()] * draw(st.sampled_from([0, 1, 4, 40])),
        **({"proto": layer} if isinstance(layer, int) else {}),
    )
    return header if isinstance(layer, int) else header / layer, said, ends


@st.composite
def _ipv6(draw: st.DrawFn) -> Any:
    from scapy.layers.inet6 import (
        IPv6,
        IPv6ExtHdrDestOpt,
        IPv6ExtHdrFragment,
        IPv6ExtHdrHopByHop,
        IPv6ExtHdrRouting,
        PadN,
    )

    layer, said = draw(_transports(6))
    said["ttl"] = draw(BYTE)
    ends = draw(IPV6), draw(IPV6)
    header = IPv6(src=ends[0], dst=ends[1], hlim=said["ttl"], tc=draw(BYTE))
    headers = [
        IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(draw(st.sampled_from([0, 4, 60]))))]),
        IPv6ExtHdrRouting(addresses=["fd00::9"]),
        IPv6ExtHdrDestOpt(),
    ]
    for extension in draw(st.lists(st.sampled_from(headers), max_size=4)):
        header /= extension.copy()
    if draw(st.booleans()):
        said["ip_id"], said["fragment"] = draw(LONG), (0, draw(st.booleans()))
        header /= IPv6ExtHdrFragment(id=said["ip_id"], m=int(said["fragment"][1]))
    if isinstance(layer, int):
        header.lastlayer().nh = layer
        return header, said, ends
    return header / layer, said, ends


@st.composite
def frames(draw: st.DrawFn) -> tuple[bytes, Packet]:
    """A good frame, as scapy builds it, and the packet that it is."""
    from scapy.layers.l2 import Dot1AD, Dot1Q, Ether

    body, said, (source, destination) = draw(_ipv4() | _ipv6())
    macs, payload = (draw(MACS), draw(MACS)), draw(PAYLOAD)
    frame = Ether(src=macs[0], dst=macs[1])
    vlans = []
    for tag in draw(st.sampled_from([[], [Dot1Q], [Dot1AD, Dot1Q], [Dot1Q, Dot1Q]])):
        vlans.append(draw(st.integers(0, 4095)))
        frame /= tag(vlan=vlans[-1])
    packet = Packet(
        **said,
        mac_source=macs[0],
        mac_destination=macs[1],
        source=ip_address(source),
        destination=ip_address(destination),
        size=len(payload),
        digest=digest(payload),
        vlan=vlans[0] if vlans else None,
    )
    return bytes(frame / body / payload), packet


@few
@given(frames(), st.integers(0, 40))
def test_good_frames_are_read_as_scapy_built_them(good: tuple[bytes, Packet], padding: int) -> None:
    """Under tags, options and extension headers; what a link pads them with is not theirs."""
    frame, packet = good
    padded = frame if packet.source and packet.source.version == 6 else frame + bytes(padding)

    assert dissect(padded) == packet


@few
@given(frames())
def test_good_frames_are_malformed_wherever_they_end(good: tuple[bytes, Packet]) -> None:
    """At every length but their own."""
    frame, _ = good
    ends = [*range(min(len(frame), 160)), *range(max(len(frame) - 3, 0), len(frame))]

    assert {dissect(frame[:end]).protocol for end in ends} == {"malformed"}


@few
@given(frames(), st.data())
def test_disturbed_frames_never_raise(good: tuple[bytes, Packet], data: st.DataObject) -> None:
    """Any byte of the headers may be another; what is read lies in the frame."""
    disturbed = bytearray(good[0])
    for _ in range(data.draw(st.integers(1, 3))):
        disturbed[data.draw(st.integers(0, min(len(disturbed), 90) - 1))] = data.draw(BYTE)
    packet = dissect(bytes(disturbed))

    assert isinstance(packet, Packet)
    assert packet.size <= len(disturbed)
    hash(packet.identity)


@pytest.mark.parametrize(
    ("good", "place", "value"),
    [
        pytest.param("tcp", 14, 0x65, id="version-6-in-IPv4"),
        pytest.param("tcp", 14, 0x44, id="IPv4-header-too-short"),
        pytest.param("tcp", 17, 19, id="IPv4-shorter-than-its-header"),
        pytest.param("tcp", 46, 0x40, id="TCP-header-too-short"),
        pytest.param("tcp", 46, 0xF0, id="TCP-header-beyond-its-end"),
        pytest.param("ipv6", 14, 0x45, id="version-4-in-IPv6"),
        pytest.param("ipv6", 55, 9, id="extension-header-beyond-its-end"),
    ],
)
def test_contradictory_headers_are_malformed(good: str, place: int, value: int) -> None:
    """A packet that a kernel would throw away is not half of one."""
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
    from scapy.layers.l2 import Ether

    layers = {"tcp": IP() / TCP(), "ipv6": IPv6() / IPv6ExtHdrDestOpt() / UDP()}
    frame = bytearray(bytes(Ether() / layers[good]))
    assert dissect(bytes(frame)).protocol != "malformed"
    frame[place] = value

    assert dissect(bytes(frame)).protocol == "malformed"


@pytest.mark.parametrize("field", [(14, 2), (16, 8), (18, 5)], ids=["hardware", "type", "length"])
def test_arp_of_other_networks_is_no_arp_of_ours(field: tuple[int, int]) -> None:
    """Its addresses are elsewhere, and of another kind."""
    from scapy.layers.l2 import ARP, Ether

    frame = bytearray(bytes(Ether() / ARP(psrc="10.88.0.2")))
    assert dissect(bytes(frame)).protocol == "arp"
    struct.pack_into("!B", frame, field[0] + (field[0] != 18), 0x77)

    assert dissect(bytes(frame)).protocol == "other"


def test_extension_headers_without_end_take_no_time() -> None:
    """The largest frame that a sniffer takes, of nothing but the smallest headers."""
    body = bytes([0, 0, 0, 0, 0, 0, 0, 0]) * (256 * 128)
    head = bytes(12) + b"\x86\xdd\x60" + bytes(5) + b"\0\x40" + bytes(32)
    start = time.thread_time()
    packet = dissect(head + body)

    assert packet.protocol in ("malformed", "ip")
    assert time.thread_time() - start < 0.5


# --- fragments --------------------------------------------------------------------------------

PLACE = ("client", "eth0", Direction.OUT)


def _sighting(frame: bytes, number: int) -> Sighting:
    return samples.sighting(dissect(frame), PLACE, number, frame)


def _parts(payload: bytes, cuts: list[int], protocol: int = 17, **fields: Any) -> list[Sighting]:
    """A datagram of IPv4, cut at multiples of eight bytes."""
    from scapy.layers.inet import IP
    from scapy.layers.l2 import Ether

    edges = [0, *sorted({c * 8 for c in cuts if 0 < c * 8 < len(payload)}), len(payload)]
    return [
        _sighting(
            bytes(
                Ether(src="02:00:00:00:00:0a", dst="02:00:00:00:00:0b")
                / IP(
                    src="10.88.0.2",
                    dst="10.88.0.3",
                    proto=protocol,
                    frag=start // 8,
                    flags="MF" if end < len(payload) else 0,
                    **{"id": 7, **fields},
                )
                / payload[start:end]
            ),
            number,
        )
        for number, (start, end) in enumerate(itertools.pairwise(edges))
    ]


def _datagram(size: int) -> bytes:
    return struct.pack("!HHHH", 20001, 9000, size + 8, 0) + bytes(n % 251 for n in range(size))


sizes = st.integers(64, 3000)
cuts = st.lists(st.integers(1, 300), min_size=1, max_size=6).map(lambda c: [1, *c])


@few
@given(sizes, cuts, st.randoms(use_true_random=False))
def test_fragments_join_wherever_they_were_cut(size: int, at: list[int], chance: Any) -> None:
    """In whatever order they came; the packet is the one that it was."""
    payload = _datagram(size)
    (whole,) = _parts(payload, [])
    parts = _parts(payload, at)
    chance.shuffle(parts)
    (joined,) = reassemble(parts)

    assert joined.packet.fragments == len(parts)
    assert joined.packet.identity == whole.packet.identity
    assert (joined.packet.size, joined.packet.digest) == (whole.packet.size, whole.packet.digest)


@few
@given(sizes, cuts, st.data())
def test_unfinished_and_repeated_fragments_stay(
    size: int, at: list[int], data: st.DataObject
) -> None:
    """Nothing is made up, and nothing hidden: what came is what there is."""
    parts = _parts(_datagram(size), at)
    one = data.draw(st.sampled_from(parts))
    lost = [p for p in parts if p is not one]

    assert reassemble(lost) == lost
    assert len(reassemble([*parts, one])) == len(parts) + 1


@few
@given(sizes, cuts, cuts)
def test_overlapping_fragments_stay(size: int, at: list[int], others: list[int]) -> None:
    """Two cuts of one datagram are two datagrams, neither of which can be told."""
    parts = _parts(_datagram(size), at) + _parts(_datagram(size), others)

    assert len(reassemble(parts)) == len(parts)


@few
@given(sizes, cuts, st.sampled_from(["ttl", "tos", "id"]), st.data())
def test_fragment_that_was_changed_does_not_hide(
    size: int, at: list[int], field: str, data: st.DataObject
) -> None:
    """A later fragment whose header differs is not covered by the first one's."""
    parts = _parts(_datagram(size), at)
    number = data.draw(st.integers(0, len(parts) - 1))
    changed = _parts(_datagram(size), at, **{field: 9})

    assert len(reassemble([*parts[:number], changed[number], *parts[number + 1 :]])) == len(parts)


@few
@given(sizes, cuts)
def test_datagrams_of_two_protocols_are_joined_apart(size: int, at: list[int]) -> None:
    """Identifications are counted a protocol (RFC 791, section 3.2)."""
    parts = _parts(_datagram(size), at) + _parts(_datagram(size), at, protocol=132)

    assert sorted(s.packet.protocol for s in reassemble(parts)) == ["ip", "udp"]


def test_fragments_beyond_the_largest_datagram_stay() -> None:
    """The last offset and a whole fragment after it are more than a length can say."""
    payload = bytes(65528 + 1480)
    parts = _parts(payload, [65480 // 8, 65528 // 8])

    assert len(reassemble(parts)) == 3


@few
@given(st.lists(frames(), max_size=4), st.lists(st.binary(max_size=40), max_size=4), st.data())
def test_any_sightings_are_reassembled_or_stay(
    good: list[tuple[bytes, Packet]], more: list[bytes], data: st.DataObject
) -> None:
    """Whatever is seen together; IPv4 fragments with nonsense in them included."""
    head = bytes(12) + b"\x08\0\x45\0\0"
    seen = [frame for frame, _ in good] + [
        head
        + bytes(
            [
                20 + len(body),
                0,
                7,
                data.draw(st.sampled_from([0x20, 0])),
                data.draw(st.integers(0, 4)),
                64,
                17,
                0,
                0,
            ]
        )
        + bytes(8)
        + body
        for body in more
    ]
    sightings = [_sighting(frame, number) for number, frame in enumerate(seen)]
    joined = reassemble(sightings)

    assert len(joined) <= len(sightings)
    assert sum(s.packet.fragments for s in joined) == len(sightings)
