"""Packets of an exchange among others."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from podpath.model import NODE, Direction, Packet, Sighting
from podpath.paths.probes import REPLY, REQUEST
from podpath.trace import flows
from podpath.trace.flows import Echo, Flow

CLIENT, SERVER, VIP = map(ip_address, ("10.88.0.2", "10.88.0.3", "10.96.0.1"))
PING = Packet("icmp", source=CLIENT, destination=SERVER, kind=8, number=(7, 1))
SYN = Packet("tcp", source=CLIENT, destination=SERVER, ports=(20000, 80), flags="S")
ARP = Packet("arp", source=CLIENT, destination=SERVER, kind=1)


def seen(packet: Packet, direction: Direction = Direction.OUT, time: int = 0) -> Sighting:
    return Sighting("client", "eth0", direction, time, packet)


def back(packet: Packet) -> Packet:
    ports = packet.ports and packet.ports[::-1]
    turned = replace(packet, source=packet.destination, destination=packet.source, ports=ports)
    return replace(turned, kind=0) if packet.kind == 8 else turned


@pytest.mark.parametrize(
    "probe",
    [Echo(1, 7), Echo(1, ends=(CLIENT, SERVER))],
    ids=["by identifier", "by addresses"],
)
def test_echo_has_its_packets_and_no_others(probe: Echo) -> None:
    other = replace(PING, number=(8, 1), destination=VIP)

    assert [probe.leg(p) for p in (PING, back(PING), other, SYN)] == [REQUEST, REPLY, None, None]
    assert not probe.over([seen(PING)])
    assert probe.over([seen(PING), seen(back(PING))])


@pytest.mark.parametrize(
    "probe",
    [Flow("tcp", 80, 20000), Flow("tcp", 80, peer=SERVER)],
    ids=["by source port", "by peer"],
)
def test_connection_has_its_packets_and_no_others(probe: Flow) -> None:
    other = replace(SYN, ports=(20001, 81))

    assert [probe.leg(p) for p in (SYN, back(SYN), other, PING)] == [REQUEST, REPLY, None, None]


def test_translated_connection_is_recognized_by_its_source_port() -> None:
    """A Service's address and port are others behind the translation."""
    translated = replace(SYN, destination=VIP, ports=(20000, 8080))

    assert Flow("tcp", 80, 20000).leg(translated) == REQUEST


def test_connection_is_over_when_both_sides_closed_it_or_one_refused() -> None:
    probe = Flow("tcp", 80, 20000)
    end, answer = replace(SYN, flags="FA"), replace(back(SYN), flags="FA")
    refusal = replace(back(SYN), flags="RA")

    assert not probe.over([seen(SYN), seen(end)])
    assert probe.over([seen(SYN), seen(end), seen(answer)])
    assert probe.over([seen(SYN), seen(refusal)])
    assert flows.refused(probe, [seen(SYN), seen(refusal)])
    assert not flows.refused(probe, [seen(SYN), seen(end), seen(answer)])


def test_questions_without_an_answer_are_a_reason() -> None:
    answer = replace(ARP, kind=2, source=SERVER, destination=CLIENT)

    sentence = flows.unresolved("client", [seen(ARP), seen(ARP)])

    assert sentence == "client asked 2 times for the MAC address of 10.88.0.3, and nothing answered"
    assert flows.unresolved("client", [seen(ARP), seen(answer, Direction.IN)]) == ""
    assert flows.unresolved(NODE, [seen(ARP)]) == ""


@pytest.mark.parametrize(
    "probe", [flows.Echo(1, 7), flows.Flow("udp", 5000, 4000)], ids=["echo", "udp"]
)
def test_fragments_pass_the_filter(probe: flows.Probe) -> None:
    """Later fragments have neither identifier nor port: they pass by being fragments."""
    assert "ip[6:2] & 0x1fff != 0 or ip6[6] = 44" in probe.filter
