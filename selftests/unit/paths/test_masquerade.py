"""Masquerading with other ports: packets beyond the translation are known by their content."""

from dataclasses import replace
from ipaddress import ip_address

import pytest

from podpath.model import Direction, Packet, Sighting
from podpath.paths.masquerade import Masquerade

OWN, NODE, TARGET = map(ip_address, ("10.88.0.2", "192.0.2.2", "192.0.2.1"))
MASQUERADE = Masquerade(OWN, NODE, TARGET)
PING = Packet("icmp", source=OWN, destination=TARGET, kind=8, number=(7, 1), ip_id=9, digest="a")
QUERY = Packet("udp", source=OWN, destination=TARGET, ports=(4000, 53), ip_id=9, digest="a")


def _sighted(*packets: Packet) -> list[Sighting]:
    return [Sighting("node", "eth0", Direction.OUT, n, packet) for n, packet in enumerate(packets)]


def _undone(*packets: Packet) -> list[Packet]:
    return [sighting.packet for sighting in MASQUERADE.undone(_sighted(*packets))]


@pytest.mark.parametrize(
    ("sent", "fields", "answer_fields"),
    [
        (PING, {"number": (81, 1)}, {"number": (81, 1), "kind": 0}),
        (QUERY, {"ports": (5123, 53)}, {"ports": (53, 5123)}),
    ],
)
def test_other_port_is_undone_both_ways(
    sent: Packet, fields: dict[str, object], answer_fields: dict[str, object]
) -> None:
    out = replace(sent, source=NODE, **fields)  # type: ignore[arg-type]
    back = replace(sent, source=TARGET, destination=NODE, ip_id=1, **answer_fields)  # type: ignore[arg-type]

    first, second, third = _undone(sent, out, back)

    assert first == sent
    assert second == replace(sent, source=NODE)
    assert (third.number or third.ports) in ((7, 1), (53, 4000))


def test_packets_that_the_pod_did_not_send_stay_as_they_are() -> None:
    """The node's own, another payload, and those that keep their port."""
    kept = replace(QUERY, source=NODE)
    others = [
        replace(QUERY, source=NODE, ports=(5123, 53), digest="b"),
        replace(QUERY, source=NODE, destination=OWN, ports=(5123, 53)),
        Packet("arp", source=NODE, destination=TARGET, kind=1),
    ]

    assert _undone(QUERY, kept, *others) == [QUERY, kept, *others]
