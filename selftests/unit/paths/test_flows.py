"""Many flows to beyond the node, ICMP errors about them, and programs of the node: pure parts."""

import socket
import struct
from ipaddress import ip_address

import pytest

from podpath.nodes.pod import PortMapping
from podpath.paths import icmp_errors, many_flows, programs_of_node
from podpath.paths.many_flows import FLOWS, Host
from podpath.system.randomness import Draws

HOST = Host("", ip_address("192.0.2.1"), ip_address("192.0.2.2"))


def test_ports_are_spread_over_the_whole_range() -> None:
    ports = many_flows.spread(Draws(1, "here"))

    assert [(port - 1024) // 1008 for port in ports] == list(range(FLOWS))


def test_flows_that_differ_are_one_difference() -> None:
    flows = [(port, (4444, 53)[port % 2]) for port in range(2000, 2000 + FLOWS)]
    wrong = dict.fromkeys(flows[:6], "10.88.0.5")

    (difference,) = many_flows._differences("client", "udp", HOST, wrong, dict.fromkeys(flows, ""))

    assert str(difference) == (
        "masquerade at udp of pod client to 192.0.2.1: expected 192.0.2.2 for each of 64 source"
        " ports, saw 10.88.0.5 for source port 2000, 2001, 2002, 2003 and 2 more"
    )


def test_flows_to_one_port_name_it() -> None:
    flows = [(port, (4444, 53)[port % 2]) for port in range(2000, 2000 + FLOWS)]
    wrong = {flow: "10.88.0.5" for flow in flows if flow[1] == 53}

    (difference,) = many_flows._differences("client", "udp", HOST, wrong, dict.fromkeys(flows, ""))

    assert str(difference).startswith(
        "masquerade at udp of pod client to 192.0.2.1 port 53: expected 192.0.2.2 for each of 32"
    )


@pytest.mark.parametrize(
    ("source", "target", "length"),
    [("192.0.2.2", "192.0.2.1", 8 + 20 + 15), ("2001:db8::2", "2001:db8::1", 8 + 40 + 15)],
)
def test_error_quotes_the_datagram(source: str, target: str, length: int) -> None:
    for error in icmp_errors._ERRORS:
        packet = icmp_errors.message(error, (source, 4000), (target, 9))

        assert len(packet) == length
        assert struct.unpack("!HH", packet[-15:-11]) == (4000, 9)
        if ":" not in source:  # a sum over a header with its checksum is 0
            assert icmp_errors._checksum(packet) == icmp_errors._checksum(packet[8:28]) == 0


def test_other_protocols_of_mapped_ports() -> None:
    """A number that is mapped for both protocols has no other."""
    mapped = [PortMapping("tcp", 80, 1), PortMapping("udp", 53, 1), PortMapping("tcp", 53, 1)]

    assert programs_of_node.other_protocols(mapped) == [("udp", 80)]


def test_pod_that_is_seen_by_another_address() -> None:
    own, other = ip_address("10.88.0.5"), ip_address("10.88.0.1")

    assert programs_of_node.disguised("client", own, "tcp", [own]) == []
    (difference,) = programs_of_node.disguised("client", own, "tcp", [own, other])
    assert (difference.expected, difference.seen) == ("10.88.0.5", "10.88.0.1")


def test_connections_that_nobody_accepts() -> None:
    """A port where a program listens, and one where none does."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        fates = [
            many_flows._connected({1: socket.socket()}, ip_address("127.0.0.1"), port)[1]
            for port in (server.getsockname()[1], unused.getsockname()[1])
        ]

    assert fates == ["", "Connection refused"]
