"""What a probe recognizes, what it lacks, when it is over; and what counts as noise."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest

from podpath.model import Packet, Sighting
from podpath.paths import judgement
from podpath.paths.probes import (
    REPLY,
    REQUEST,
    Answered,
    Datagram,
    Echo,
    Http,
    Noise,
    Probe,
    Resolution,
    Silence,
)

from .. import samples

NONCE = "c0ffee"


def seen(*packets: Packet) -> list[Sighting]:
    return [samples.sighting(p) for p in packets]


# --- echo -----------------------------------------------------------------------------------


def test_echo_claims_requests_and_replies_of_its_identifier() -> None:
    """Echoes of its identifier are its own, of either IP version; all else is not."""
    request = samples.echo("client", "server", 8, 1)
    reply = samples.echo("server", "client", 0, 1)
    foreign = replace(request, number=(8, 1))
    request6 = replace(request, protocol="icmpv6", kind=128)
    sightings = seen(request, reply, foreign, request6, samples.tcp("client", "server"))

    assert Echo(samples.IDENTIFIER).recognize(sightings) == [REQUEST, REPLY, None, REQUEST, None]


def test_echo_lacks_each_number_that_was_not_seen() -> None:
    """Requests are numbered from 1; each absent one is named."""
    packets = [samples.echo("client", "server", 8, 2)]

    assert Echo(samples.IDENTIFIER, 3).lacking(REQUEST, packets) == [
        "echo request 1",
        "echo request 3",
    ]


def test_echo_is_over_with_the_last_reply() -> None:
    """Requests alone do not end it."""
    probe = Echo(samples.IDENTIFIER, 2)

    assert not probe.over([])
    assert not probe.over([s for s in samples.exchange() if s.packet.kind == 8])
    assert not probe.over(samples.exchange(count=1))
    assert probe.over(samples.exchange())


# --- HTTP -----------------------------------------------------------------------------------


def connection() -> list[Sighting]:
    """An HTTP exchange, one sighting a segment."""
    ends = {">": ("client", "server"), "<": ("server", "client")}
    segments = [
        (">", "S", 1000, 0, 0),
        ("<", "SA", 5000, 1001, 0),
        (">", "A", 1001, 5001, 0),
        (">", "PA", 1001, 5001, 100),
        ("<", "A", 5001, 1101, 1448),
        ("<", "PA", 6449, 1101, 52),
        ("<", "FA", 6501, 1101, 0),
        (">", "FA", 1101, 6502, 0),
        ("<", "A", 6502, 1102, 0),
    ]
    sightings = []
    for time, (way, flags, sequence, acknowledgement, size) in enumerate(segments):
        packet = samples.tcp(
            *ends[way], flags=flags, sequence=(sequence, acknowledgement), size=size, ip_id=time
        )
        carries_request = way == ">" and size
        frame = f"GET /0?{NONCE}".encode() if carries_request else b""
        sightings.append(samples.sighting(packet, time=time, frame=frame))
    return sightings


def leg(probe: Probe, name: str, sightings: Sequence[Sighting]) -> list[Packet]:
    legs = probe.recognize(sightings)
    return [s.packet for s, of in zip(sightings, legs, strict=True) if of == name]


def test_http_claims_the_connection_that_carries_the_nonce() -> None:
    """Its handshake and teardown too, though only one segment holds the nonce."""
    legs = Http(NONCE).recognize(connection())

    assert legs == [REQUEST, REPLY, REQUEST, REQUEST, REPLY, REPLY, REPLY, REQUEST, REPLY]


def test_http_does_not_claim_another_connection() -> None:
    """A connection of another port is not the probe's, nor is one without the nonce."""
    other = [
        replace(
            s,
            packet=replace(
                s.packet,
                ports=(41000, 80) if s.packet.ports == (40000, 80) else (80, 41000),
                sequence=(9000, 0),
            ),
            frame=b"",
        )
        for s in connection()
    ]

    assert Http(NONCE).recognize(other) == [None] * len(other)
    assert Http(NONCE).recognize([*connection(), *other])[len(other) :] == [None] * len(other)


def test_http_claims_a_syn_whose_client_was_translated() -> None:
    """The request with the nonce may be lost where the client's address has changed."""
    syn = connection()[0]
    other = replace(syn.packet, source=samples.address("bystander"), ports=(50000, 8080))
    unlike = replace(other, ports=(50001, 8080), sequence=(4711, 0))
    seen = [*connection(), replace(syn, packet=other), replace(syn, packet=unlike)]

    assert Http(NONCE, mapped=8080).recognize(seen)[-2:] == [REQUEST, None]


def test_complete_connection_lacks_nothing_and_is_over() -> None:
    """SYN, payload and FIN in both directions, and both FINs acknowledged."""
    probe = Http(NONCE)

    assert probe.lacking(REQUEST, leg(probe, REQUEST, connection())) == []
    assert probe.lacking(REPLY, leg(probe, REPLY, connection())) == []
    assert probe.over(connection())


@pytest.mark.parametrize(
    ("lost", "lacking"),
    [
        pytest.param(1, ["the SYN of the reply"], id="SYN"),
        pytest.param(4, ["bytes 1 to 1448 of the reply"], id="middle"),
        pytest.param(5, ["bytes 1449 to 1500 of the reply"], id="last-bytes"),
        pytest.param(6, ["the FIN of the reply", "bytes 1501 to 1501 of the reply"], id="FIN"),
    ],
)
def test_lost_segment_is_lacking(lost: int, lacking: list[str]) -> None:
    """A segment that no sniffer saw leaves a hole in the stream, and is named."""
    probe, whole = Http(NONCE), connection()

    assert probe.lacking(REPLY, leg(probe, REPLY, whole[:lost] + whole[lost + 1 :])) == lacking


def test_stream_without_payload_lacks_it() -> None:
    """A handshake and a teardown are no HTTP exchange."""
    packets = [s.packet for s in connection() if not s.packet.size]

    assert "payload of the request" in Http(NONCE).lacking(REQUEST, packets)


def test_stream_may_wrap_around() -> None:
    """Sequence numbers are modulo 2**32."""
    probe = Http(NONCE)
    wrapped = []
    for one in connection():
        sequence, acknowledgement = one.packet.sequence or (0, 0)
        earlier = ((sequence - 1100) % 2**32, (acknowledgement - 1100) % 2**32)
        wrapped.append(replace(one, packet=replace(one.packet, sequence=earlier)))

    assert probe.lacking(REQUEST, leg(probe, REQUEST, wrapped)) == []
    assert probe.over(wrapped)


@pytest.mark.parametrize("missing", [6, 7, 8])
def test_http_is_not_over_before_both_ends_are_acknowledged(missing: int) -> None:
    """Without either FIN, or the acknowledgement of the last, more is to come."""
    whole = connection()

    assert not Http(NONCE).over(whole[:missing] + whole[missing + 1 :])


def test_retransmission_is_a_packet_of_its_own() -> None:
    """A segment sent again has a new IP identification: no duplicate, unlike a copy of it."""
    path = samples.paths()[REQUEST]
    probe = Http(NONCE)
    segment = samples.tcp("client", "server", flags="PA", sequence=(1, 1), size=5, ip_id=1)
    first = samples.walk(path, segment, 0)
    again = samples.walk(path, replace(segment, ip_id=2), 1_000_000)
    copy = samples.walk(path, segment, 1_000_000)

    def kinds(sightings: list[Sighting]) -> set[str]:
        marked = [replace(s, frame=NONCE.encode()) for s in sightings]
        judged = judgement.judge(
            [(probe, {REQUEST: path})], samples.observation(marked), samples.noise()
        )
        return {d.kind for c in judged.crossings for d in c.differences}

    assert kinds(first + again) == set()
    assert kinds(first + copy) == {"duplicate"}


# --- UDP, ARP, silence ------------------------------------------------------------------------


def test_datagram_claims_its_ports_in_its_direction() -> None:
    """The datagram back, another port, and TCP of the same ports are not its own."""
    udp = Packet("udp", ports=(20001, 9))
    sightings = seen(
        udp,
        replace(udp, ports=(9, 20001)),
        replace(udp, ports=(20002, 9)),
        replace(udp, protocol="tcp"),
    )

    assert Datagram(20001, 9).recognize(sightings) == [REQUEST, None, None, None]


def test_datagram_is_lacking_until_it_is_seen() -> None:
    """One sighting of it is all there is to come; it has no reply."""
    probe, udp = Datagram(20001, 9), Packet("udp", ports=(20001, 9))

    assert probe.lacking(REQUEST, []) == ["the datagram"]
    assert probe.lacking(REQUEST, [udp]) == []
    assert probe.lacking(REPLY, []) == []
    assert not probe.over([])
    assert probe.over(seen(udp))


def test_datagram_and_its_answer() -> None:
    """The answer has the ports of the datagram the other way round."""
    probe, udp = Answered(20001, 9), Packet("udp", ports=(20001, 9))
    answer = replace(udp, ports=(9, 20001))

    assert probe.recognize(seen(udp, answer, replace(answer, ports=(9, 1)))) == [
        *(REQUEST, REPLY, None),
    ]
    assert probe.lacking(REQUEST, []) == ["the datagram"]
    assert probe.lacking(REPLY, []) == ["the answer"]
    assert not probe.over(seen(udp))
    assert probe.over(seen(udp, answer))


def test_answers_to_a_clients_own_address_are_claimed() -> None:
    """No interface saw a request with it: the node masqueraded itself."""
    gateway, own = samples.address("client"), samples.address("bystander")
    request = samples.tcp("client", "server")
    answer = replace(
        request,
        source=request.destination,
        destination=own,
        ports=(request.ports or (0, 0))[::-1],
    )
    sightings = [replace(samples.sighting(request), frame=NONCE.encode()), *seen(answer)]
    sightings[0] = replace(sightings[0], packet=replace(request, size=9))
    port = (request.ports or (0, 0))[1]

    assert Http(NONCE, port, (gateway, own)).recognize(sightings) == [REQUEST, None]
    assert Http(NONCE, port, (gateway, own), own=own).recognize(sightings) == [REQUEST, REPLY]


CLIENT, SERVER, BYSTANDER = (samples.address(pod) for pod in samples.PODS)
ASK = Packet("arp", source=CLIENT, destination=SERVER, kind=1)
ANSWER = Packet("arp", source=SERVER, destination=CLIENT, kind=2)


def test_resolution_claims_the_question_and_its_answer() -> None:
    """Not another's question, not the question the other way round, not a gratuitous answer."""
    sightings = seen(
        ASK,
        ANSWER,
        replace(ASK, destination=BYSTANDER),
        replace(ANSWER, kind=1),
        replace(ANSWER, destination=SERVER),
    )

    assert Resolution(CLIENT, SERVER).recognize(sightings) == [REQUEST, REPLY, None, None, None]


def test_resolution_is_over_with_the_answer() -> None:
    """The question alone does not end it, and each is named while it is absent."""
    probe = Resolution(CLIENT, SERVER)

    assert probe.lacking(REQUEST, []) == ["the ARP request"]
    assert probe.lacking(REPLY, [ANSWER]) == []
    assert not probe.over(seen(ASK))
    assert probe.over(seen(ASK, ANSWER))


def test_resolution_of_ipv6_claims_the_solicitation_and_its_advertisement() -> None:
    """To the multicast group and back; not of another target, not a probe of a known neighbour."""
    asking, asked, other, group = map(
        IPv6Address, ("fd00::2", "fd00::3", "fd00::4", "ff02::1:ff00:3")
    )
    ask = Packet("icmpv6", source=asking, destination=group, kind=135, ttl=255)
    answer = replace(ask, source=asked, destination=asking, kind=136)
    sightings = [
        samples.sighting(ask, frame=asked.packed),
        samples.sighting(answer, frame=asked.packed),
        samples.sighting(ask, frame=other.packed),
        samples.sighting(replace(ask, destination=asked), frame=asked.packed),
        samples.sighting(replace(answer, source=other), frame=asked.packed),
        samples.sighting(replace(ask, protocol="udp"), frame=asked.packed),
    ]
    probe = Resolution(asking, asked)

    assert probe.recognize(sightings) == [REQUEST, REPLY, None, None, None, None]
    assert probe.lacking(REPLY, []) == ["the neighbour discovery reply"]


@pytest.mark.parametrize(
    ("packet", "forestalls"),
    [
        (ASK, False),
        (ANSWER, False),
        (replace(ASK, source=SERVER, destination=CLIENT), True),
        (replace(ASK, source=BYSTANDER, destination=CLIENT), False),
        (replace(ASK, source=SERVER, destination=BYSTANDER), False),
        (replace(ANSWER, protocol="udp", kind=1), False),
    ],
)
def test_resolution_is_forestalled_by_the_same_question_the_other_way_round(
    packet: Packet, forestalls: bool
) -> None:
    assert Resolution(CLIENT, SERVER).is_forestalled_by(samples.sighting(packet)) is forestalls


def test_resolution_of_ipv6_is_forestalled_by_a_solicitation_of_its_target() -> None:
    """By unicast, as for a known neighbour; not for another address, nor from another one."""
    asking, asked, other = map(IPv6Address, ("fd00::2", "fd00::3", "fd00::4"))
    ask = Packet("icmpv6", source=asked, destination=asking, kind=135, ttl=255)
    forestalled = Resolution(asking, asked).is_forestalled_by

    assert forestalled(samples.sighting(ask, frame=asking.packed))
    assert not forestalled(samples.sighting(ask, frame=other.packed))
    assert not forestalled(samples.sighting(replace(ask, source=other), frame=asking.packed))
    assert not forestalled(samples.sighting(replace(ask, kind=136), frame=asking.packed))
    assert not forestalled(samples.sighting(replace(ask, protocol="udp"), frame=asking.packed))


def test_silence_claims_nothing_and_lacks_nothing() -> None:
    """So whatever is seen is unexpected."""
    probe = Silence()

    assert probe.recognize(samples.exchange()) == [None] * 20
    assert probe.lacking(REQUEST, []) == []
    assert probe.over([])


@pytest.mark.parametrize(
    "probe",
    [
        *(Echo(7), Http(NONCE), Datagram(20001, 9), Answered(20001, 9)),
        Resolution(CLIENT, SERVER),
    ],
    ids=lambda probe: type(probe).__name__,
)
def test_filters_let_canaries_and_fragments_through(probe: Probe) -> None:
    """Whatever a probe looks for, its filter always passes what the proof needs."""
    passed = "ether proto 0x88b5 or arp or ip[6:2] & 0x1fff != 0 or ip6[6] = 44"

    assert probe.filter.startswith(passed)


# --- noise ------------------------------------------------------------------------------------

NOISE = samples.noise()
MAC = samples.mac("client")
SOLICIT = Packet("icmpv6", MAC, source=IPv6Address("fe80::2"), kind=135, ttl=255)
REPORT = Packet("icmpv6", MAC, source=IPv6Address("::"), kind=143, ttl=1)


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(replace(ASK, mac_source=MAC), id="ARP-request"),
        pytest.param(replace(ANSWER, mac_source=samples.mac("server")), id="ARP-reply"),
        pytest.param(
            replace(ASK, mac_source=MAC, destination=IPv4Address("10.88.0.77")), id="ARP-for-gone"
        ),
        pytest.param(SOLICIT, id="neighbour-solicitation"),
        pytest.param(replace(SOLICIT, kind=133), id="router-solicitation"),
        pytest.param(REPORT, id="listener-report"),
    ],
)
def test_nodes_own_talk_is_noise(packet: Packet) -> None:
    """ARP among the addresses that are here, neighbour discovery, listener discovery."""
    assert packet in NOISE


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(replace(ASK, mac_source="02:00:00:00:ff:ff"), id="ARP-of-unknown-MAC"),
        pytest.param(
            replace(ASK, mac_source=MAC, source=IPv4Address("10.88.0.77")), id="ARP-of-unknown-IP"
        ),
        pytest.param(
            replace(ASK, mac_source=MAC, destination=IPv4Address("192.0.2.9")),
            id="ARP-for-elsewhere",
        ),
        pytest.param(
            replace(ANSWER, mac_source=MAC, destination=IPv4Address("10.88.0.77")),
            id="ARP-reply-to-gone",
        ),
        pytest.param(replace(ASK, mac_source=MAC, kind=3), id="RARP"),
        pytest.param(replace(SOLICIT, mac_source="02:00:00:00:ff:ff"), id="ND-of-unknown-MAC"),
        pytest.param(replace(SOLICIT, ttl=254), id="ND-that-was-routed"),
        pytest.param(replace(REPORT, ttl=255), id="MLD-of-wrong-hop-limit"),
        pytest.param(replace(SOLICIT, kind=128), id="echo-request"),
        pytest.param(replace(SOLICIT, protocol="icmp"), id="ICMP"),
        pytest.param(samples.echo("client", "server", 8, 1), id="ping"),
        pytest.param(Packet("other", MAC, kind=0x88CC), id="LLDP"),
        pytest.param(Packet("malformed"), id="malformed"),
    ],
)
def test_anything_else_is_not_noise(packet: Packet) -> None:
    """A wrong MAC, a wrong hop limit, an unknown sender, any other protocol."""
    assert packet not in NOISE


NODES = Noise(
    frozenset({IPv4Address("192.0.2.2"), IPv4Address("10.88.0.3")}),
    frozenset({MAC}),
    askers=(frozenset({MAC}), frozenset({IPv4Address("192.0.2.2")})),
)
VRRP = Packet(
    "ip",
    MAC,
    source=IPv4Address("192.0.2.2"),
    destination=IPv4Address("224.0.0.18"),
    kind=112,
    ttl=255,
)
LLDP = Packet("other", MAC, "01:80:c2:00:00:0e", kind=0x88CC)
IGMP = replace(VRRP, destination=IPv4Address("239.1.2.3"), kind=2, ttl=1)


@pytest.mark.parametrize("packet", [VRRP, LLDP, IGMP], ids=["VRRP", "LLDP", "IGMP"])
def test_what_a_node_sends_to_groups_of_a_link_is_noise(packet: Packet) -> None:
    assert packet in NODES
    assert replace(packet, mac_source="02:00:00:00:ff:ff") not in NODES


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(replace(VRRP, source=IPv4Address("10.88.0.3")), id="of-a-pod"),
        pytest.param(replace(VRRP, destination=IPv4Address("239.1.2.3")), id="routable-group"),
        pytest.param(replace(VRRP, destination=IPv4Address("192.0.2.1")), id="to-one-host"),
        pytest.param(replace(IGMP, ttl=64), id="IGMP-of-wrong-TTL"),
        pytest.param(replace(LLDP, mac_destination="02:00:00:00:00:09"), id="to-one-MAC"),
    ],
)
def test_other_packets_to_groups_are_not_noise(packet: Packet) -> None:
    assert packet not in NODES


def test_noise_of_nothing_is_nothing() -> None:
    """Without interfaces no packet is noise."""
    assert SOLICIT not in Noise(frozenset(), frozenset())
