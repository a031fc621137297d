"""Frames to packets: compared with what scapy built, and fed whatever there is."""

import hashlib
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from podpath.model import Direction, Packet, Place, Sighting
from podpath.paths.dissect import dissect, dissect_head, quoted, reassemble

from .. import samples

SOURCE, DESTINATION = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
PAYLOAD = bytes(range(56))


def digest(payload: bytes) -> str:
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


def built(*layers: Any) -> bytes:
    """An Ethernet frame of scapy's layers."""
    from scapy.layers.l2 import Ether

    frame = Ether(src=SOURCE, dst=DESTINATION)
    for layer in layers:
        frame /= layer
    return bytes(frame)


def ipv4(**fields: Any) -> Any:
    from scapy.layers.inet import IP

    return IP(**{"src": "10.88.0.2", "dst": "10.88.0.3", "id": 4711, "ttl": 61, **fields})


def ipv6(**fields: Any) -> Any:
    from scapy.layers.inet6 import IPv6

    return IPv6(**{"src": "fd00::2", "dst": "fd00::3", "hlim": 61, **fields})


def packet(protocol: str, version: int = 4, **fields: Any) -> Packet:
    """What is expected of the frames above."""
    source, destination = ("10.88.0.2", "10.88.0.3") if version == 4 else ("fd00::2", "fd00::3")
    defaults: dict[str, Any] = {
        "mac_source": SOURCE,
        "mac_destination": DESTINATION,
        "source": ip_address(source),
        "destination": ip_address(destination),
        "ttl": 61,
        "size": len(PAYLOAD),
        "digest": digest(PAYLOAD),
    }
    if version == 4:
        defaults |= {"ip_id": 4711, "tos": 0, "dont_fragment": False}
    return Packet(protocol, **{**defaults, **fields})


@pytest.mark.parametrize("protocol", [0x0800, 0x86DD])
@pytest.mark.parametrize("kept", [100, 1400, 2000])
def test_head_of_a_packet_has_the_size_of_the_whole(protocol: int, kept: int) -> None:
    """The bytes that are there are of the payload, however many."""
    from scapy.layers.inet import UDP

    frame = built(ipv4() if protocol == 0x0800 else ipv6(), UDP(sport=20001, dport=9), bytes(1400))
    found = dissect_head(protocol, frame[14 : 14 + kept])

    assert (found.protocol, found.ports, found.size) == ("udp", (20001, 9), 1400)


def test_echo() -> None:
    """An ICMP echo has its identifier and sequence, and the payload after them."""
    from scapy.layers.inet import ICMP

    frame = built(ipv4(flags="DF"), ICMP(type=8, id=77, seq=3), PAYLOAD)

    assert dissect(frame) == packet("icmp", kind=8, number=(77, 3), dont_fragment=True)


def test_echo_ipv6() -> None:
    """An ICMPv6 echo likewise; IPv6 has neither identification nor DF bit."""
    from scapy.layers.inet6 import ICMPv6EchoReply

    frame = built(ipv6(), ICMPv6EchoReply(id=77, seq=3, data=PAYLOAD))

    assert dissect(frame) == packet("icmpv6", 6, kind=129, number=(77, 3))


def test_other_icmp_has_no_number() -> None:
    """An ICMP error's first bytes are no identifier."""
    from scapy.layers.inet import ICMP

    seen = dissect(built(ipv4(), ICMP(type=3, code=4), PAYLOAD))

    assert (seen.protocol, seen.kind, seen.number) == ("icmp", 3, None)


def test_tcp() -> None:
    """A TCP segment has ports, flags, sequence numbers, and the payload after its options."""
    from scapy.layers.inet import TCP

    segment = TCP(
        sport=40000, dport=80, seq=7, ack=9, flags="PA", options=[("MSS", 1460), ("NOP", None)]
    )

    assert dissect(built(ipv4(), segment, PAYLOAD)) == packet(
        "tcp",
        ports=(40000, 80),
        flags="PA",
        options="2000020405b401000000",
        sequence=(7, 9),
    )


def test_udp_over_options() -> None:
    """A datagram is read after an IPv4 header of any length."""
    from scapy.layers.inet import UDP, IPOption_NOP

    frame = built(ipv4(options=[IPOption_NOP()] * 8), UDP(sport=20001, dport=9), PAYLOAD)

    assert dissect(frame) == packet("udp", ports=(20001, 9))


def test_arp() -> None:
    """ARP's addresses are its source and destination."""
    from scapy.layers.l2 import ARP

    frame = built(ARP(op=2, hwsrc=SOURCE, psrc="10.88.0.2", hwdst=DESTINATION, pdst="10.88.0.3"))
    seen = dissect(frame)

    assert (seen.protocol, seen.kind) == ("arp", 2)
    assert (str(seen.source), str(seen.destination)) == ("10.88.0.2", "10.88.0.3")
    assert seen.ttl is None


def test_arp_that_claims_another_mac_has_another_digest() -> None:
    """What an ARP answer says is its payload."""
    from scapy.layers.l2 import ARP

    said = [
        dissect(built(ARP(op=2, hwsrc=mac, psrc="10.88.0.2", pdst="10.88.0.3")))
        for mac in (SOURCE, DESTINATION)
    ]

    assert said[0].digest != said[1].digest


def test_other_protocols_are_told_by_number() -> None:
    """An IP protocol that is not read further, and an EtherType that is not IP."""
    assert dissect(built(ipv4(proto=132), PAYLOAD)) == packet("ip", kind=132)
    other = dissect(bytes.fromhex("02000000000b02000000000a88cc") + PAYLOAD)
    assert (other.protocol, other.kind, other.size) == ("other", 0x88CC, len(PAYLOAD))


def test_ethernet_padding_is_no_payload() -> None:
    """Short packets are padded to 60 bytes on real links; the IP length counts."""
    from scapy.layers.inet import UDP

    frame = built(ipv4(), UDP(sport=20001, dport=9), b"abc")

    assert dissect(frame.ljust(60, b"\0")) == dissect(frame)
    assert dissect(frame).size == 3


@pytest.mark.parametrize(("tags", "vlan"), [(1, 8), (2, 7)])
def test_frame_is_read_below_its_vlan_tags(tags: int, vlan: int) -> None:
    """The outermost tag is the packet's own."""
    from scapy.layers.inet import UDP
    from scapy.layers.l2 import Dot1AD, Dot1Q

    outer = [Dot1AD(vlan=7), Dot1Q(vlan=8)][2 - tags :]
    frame = built(*outer, ipv4(), UDP(sport=20001, dport=9), PAYLOAD)

    assert dissect(frame) == packet("udp", ports=(20001, 9), vlan=vlan)


def test_ipv6_extension_headers_are_skipped() -> None:
    """The transport is read after hop-by-hop, routing and destination options."""
    from scapy.layers.inet import UDP
    from scapy.layers.inet6 import (
        IPv6ExtHdrDestOpt,
        IPv6ExtHdrHopByHop,
        IPv6ExtHdrRouting,
        RouterAlert,
    )

    headers = (
        IPv6ExtHdrHopByHop(options=[RouterAlert()]),
        IPv6ExtHdrRouting(addresses=["fd00::9"]),
        IPv6ExtHdrDestOpt(),
    )
    frame = built(ipv6(), *headers, UDP(sport=20001, dport=9), PAYLOAD)

    assert dissect(frame) == packet("udp", 6, ports=(20001, 9))


def test_first_ipv6_fragment_has_its_ports() -> None:
    """A fragment header gives offset and identification; the first part has the transport's."""
    from scapy.layers.inet import UDP
    from scapy.layers.inet6 import IPv6ExtHdrFragment

    frame = built(
        ipv6(), IPv6ExtHdrFragment(m=1, id=99), UDP(sport=20001, dport=9, len=2000), PAYLOAD
    )

    assert dissect(frame) == packet("udp", 6, ports=(20001, 9), fragment=(0, True), ip_id=99)


@pytest.mark.parametrize("following", [17, 60], ids=["UDP", "destination-options"])
def test_later_ipv6_fragment_is_payload_only(following: int) -> None:
    """Whatever the fragment header says comes next is in the first fragment, not in this."""
    from scapy.layers.inet6 import IPv6ExtHdrFragment

    frame = built(ipv6(), IPv6ExtHdrFragment(nh=following, offset=181, m=0, id=99), PAYLOAD)

    assert dissect(frame) == packet("ip", 6, kind=following, fragment=(1448, False), ip_id=99)


# --- whatever there is ------------------------------------------------------------------------


@given(st.binary(max_size=200))
@example(bytes(12) + b"\x81\x00" * 40)
def test_arbitrary_bytes_never_raise(frame: bytes) -> None:
    """Any bytes give a packet."""
    assert isinstance(dissect(frame), Packet)


@given(
    st.sampled_from(["0800", "86dd", "0806", "8100", "88a8"]), st.binary(max_size=120), st.data()
)
def test_arbitrary_bytes_after_a_known_type_never_raise(
    kind: str, body: bytes, data: st.DataObject
) -> None:
    """Nor do headers that are nonsense, with a version that looks right."""
    first = data.draw(st.sampled_from([b"", b"\x45", b"\x4f", b"\x60"]))

    assert isinstance(dissect(bytes(12) + bytes.fromhex(kind) + first + body), Packet)


def _frames() -> list[bytes]:
    from scapy.layers.inet import ICMP, TCP, UDP
    from scapy.layers.l2 import ARP

    return [
        built(ipv4(), ICMP(type=8, id=77, seq=3), PAYLOAD),
        built(ipv4(), TCP(), PAYLOAD),
        built(ipv6(), UDP(), PAYLOAD),
        built(ARP()),
    ]


@pytest.mark.parametrize("number", range(4), ids=["ICMP", "TCP", "UDP", "ARP"])
def test_truncated_frames_are_malformed(number: int) -> None:
    """A frame that ends before its own length says is malformed, wherever it ends."""
    frame = _frames()[number]

    whole = dissect(frame)
    parts = {dissect(frame[:end]).protocol for end in range(len(frame))}

    assert whole.protocol != "malformed"
    assert parts == {"malformed"}


# --- fragments --------------------------------------------------------------------------------


def fragmented(size: int = 3000) -> tuple[Packet, list[Sighting]]:
    """A large echo request as one packet, and the sightings of its fragments."""
    from scapy.layers.inet import ICMP, fragment
    from scapy.layers.l2 import Ether

    body = (bytes(range(256)) * 20)[:size]
    whole = built(ipv4(), ICMP(type=8, id=77, seq=3), body)
    parts = [bytes(p) for p in fragment(Ether(whole), fragsize=1480)]
    place = ("client", "eth0", Direction.OUT)
    sightings = [
        samples.sighting(dissect(part), place, 1000 + number, part)
        for number, part in enumerate(parts)
    ]
    return dissect(whole), sightings


def joined(sightings: list[Sighting]) -> list[Packet]:
    return [s.packet for s in reassemble(sightings)]


def test_fragments_are_told_by_their_offset() -> None:
    """The first fragment is an echo, the later ones are payload only."""
    _, parts = fragmented()

    assert [(s.packet.protocol, s.packet.fragment) for s in parts] == [
        ("icmp", (0, True)),
        ("ip", (1480, True)),
        ("ip", (2960, False)),
    ]


@pytest.mark.parametrize("reverse", [False, True], ids=["in-order", "reversed"])
def test_fragments_join_to_the_packet_that_they_were(reverse: bool) -> None:
    """In whatever order they came, of the time of the last, and with their count."""
    whole, parts = fragmented()
    (one,) = reassemble(parts[::-1] if reverse else parts)

    assert (one.packet.digest, one.packet.size) == (whole.digest, 3000)
    assert (one.packet.number, one.packet.kind) == ((77, 3), 8)
    assert one.packet.fragments == 3
    assert one.packet.identity == whole.identity
    assert one.time == parts[-1].time


def fragmented6(identification: int, size: int = 3072) -> tuple[Packet, list[Sighting]]:
    """The same of IPv6."""
    from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrFragment, fragment6

    request = ICMPv6EchoRequest(id=77, seq=3, data=(bytes(range(256)) * 20)[:size])
    pieces = fragment6(ipv6() / IPv6ExtHdrFragment(id=identification) / request, 1500)
    frames = [built(IPv6(bytes(piece))) for piece in pieces]
    parts = [
        samples.sighting(dissect(frame), time=n, frame=frame) for n, frame in enumerate(frames)
    ]
    return dissect(built(ipv6(), request)), parts


def test_fragments_of_ipv6_join() -> None:
    """Their header is in an extension of its own, which the whole packet does not have."""
    whole, parts = fragmented6(4711)
    (one,) = reassemble(parts[::-1])

    assert len(parts) == 3
    assert (one.packet.digest, one.packet.number) == (whole.digest, (77, 3))
    assert (one.packet.fragments, one.time) == (3, 2)
    assert reassemble(parts[1:]) == parts[1:]


def _with_header(of: list[Sighting], place: Place, ttl: int, mac: str) -> list[Sighting]:
    """The fragments somewhere, with that TTL and sender."""
    packets = [replace(s.packet, ttl=ttl, mac_source=mac) for s in of]
    return [samples.sighting(p, place, s.time, s.frame) for s, p in zip(of, packets, strict=True)]


def test_fragments_that_were_routed_join_where_they_were_written_over() -> None:
    """A router writes the first one's new header over what earlier taps have of the others."""
    _, parts = fragmented()
    before, after = Place("client", "eth0", Direction.OUT), Place("server", "eth0", Direction.IN)
    new = (63, "02:00:00:00:00:99")
    first = parts[0].packet
    start = _with_header(parts[:1], before, first.ttl or 0, first.mac_source)
    over = _with_header(parts[1:], before, *new)
    end = _with_header(parts, after, *new)

    assert [s.place for s in reassemble([*start, *over, *end])] == [before, after]
    assert len(reassemble([*start, *over])) == 3


def test_fragments_of_ipv6_that_were_routed_join_though_their_identification_is_new() -> None:
    """Where they were written over, the datagram that begins in the same way is theirs."""
    _, parts = fragmented6(4711)
    _, routed = fragmented6(4712)
    before, after = Place("client", "eth0", Direction.OUT), Place("server", "eth0", Direction.IN)
    new = (63, "02:00:00:00:00:99")
    first = parts[0].packet
    start = _with_header(parts[:1], before, first.ttl or 0, first.mac_source)
    over = _with_header(routed[1:], before, *new)
    end = _with_header(routed, after, *new)

    assert sorted(s.place for s in reassemble([*start, *over, *end])) == [before, after]
    assert len(reassemble([*start, *over])) == 3
    other = _with_header(fragmented6(4713, 3071)[1][:1], before, *new)
    assert len(reassemble([*other, *over, *end])) == 4


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_incomplete_sets_stay(lost: int) -> None:
    """A datagram of which a fragment is missing is not made up."""
    _, parts = fragmented()
    rest = parts[:lost] + parts[lost + 1 :]

    assert reassemble(rest) == rest


def test_repeated_fragment_is_not_hidden() -> None:
    """A set with one fragment twice is not joined: somebody doubled it."""
    _, parts = fragmented()

    assert len(joined([*parts, parts[1]])) == 4


def test_sets_of_different_places_are_joined_apart() -> None:
    """The fragments at one interface are not those at another."""
    _, parts = fragmented()
    there = [
        samples.sighting(s.packet, ("server", "eth0", Direction.IN), s.time + 9, s.frame)
        for s in parts
    ]

    assert [s.place for s in reassemble(parts + there)] == [parts[0].place, there[0].place]


def test_what_is_not_fragmented_stays_in_order_of_time() -> None:
    """Reassembly returns everything, sorted by time."""
    _, parts = fragmented()
    early, late = (
        samples.sighting(Packet("udp"), time=1),
        samples.sighting(Packet("udp"), time=9999),
    )

    assert [s.time for s in reassemble([late, *parts, early])] == [1, parts[-1].time, 9999]


@given(st.lists(st.binary(min_size=20, max_size=60), max_size=6))
def test_reassembly_of_arbitrary_fragments_never_raises(bodies: list[bytes]) -> None:
    """Fragments whose headers are nonsense are joined or stay, but nothing raises."""
    header = bytes(12) + bytes.fromhex("080045")
    frames = [header + body for body in bodies]
    sightings = [samples.sighting(dissect(f), time=n, frame=f) for n, f in enumerate(frames)]

    assert len(reassemble(sightings)) <= len(sightings)


@given(st.sampled_from([1473, 1480, 2953, 4999]), st.randoms(use_true_random=False))
def test_fragments_of_any_size_join_in_any_order(size: int, chance: Any) -> None:
    """Whatever the last fragment's length and the order of arrival."""
    whole, parts = fragmented(size)
    shuffled = list(parts)
    chance.shuffle(shuffled)

    assert [(p.digest, p.size) for p in joined(shuffled)] == [(whole.digest, size)]


@pytest.mark.parametrize("quoted_bytes", [28, 40, 84])
def test_error_quotes_the_packet_that_it_is_about(quoted_bytes: int) -> None:
    """As much of it as there is: a header and 8 bytes at least (RFC 792)."""
    from scapy.layers.inet import ICMP, UDP

    about = bytes(ipv4() / UDP(sport=7, dport=9) / PAYLOAD)[:quoted_bytes]
    frame = built(ipv4(src="10.88.0.3", dst="10.88.0.2"), ICMP(type=3, code=3), about)

    found = quoted(samples.sighting(dissect(frame), frame=frame))

    assert found is not None
    assert (found.protocol, found.ports) == ("udp", (7, 9))


def test_what_is_no_error_quotes_nothing() -> None:
    from scapy.layers.inet import ICMP

    for layers in ((ipv4(), ICMP(type=8), PAYLOAD), (ipv4(), ICMP(type=3, code=3), PAYLOAD[:20])):
        frame = built(*layers)
        assert quoted(samples.sighting(dissect(frame), frame=frame)) is None
