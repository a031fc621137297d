"""Tracked connections, as the kernel lists them."""

import os
import socket
import struct
from ipaddress import ip_address

import pytest

from podpath.system import netns
from podpath.system.netlink import conntrack
from podpath.system.netlink.conntrack import Connection, connection


def _attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


def _ends(source: str, destination: str, protocol: bytes) -> bytes:
    """Encode a tuple: its addresses, and its protocol."""
    first = ip_address(source), ip_address(destination)
    kinds = (1, 2) if first[0].version == 4 else (3, 4)
    addresses = b"".join(_attribute(k, a.packed) for k, a in zip(kinds, first, strict=True))
    return _attribute(0x8001, addresses) + _attribute(0x8002, protocol)


def _udp(source: int, destination: int) -> bytes:
    ports = [port.to_bytes(2, "big") for port in (source, destination)]
    number = _attribute(1, bytes([socket.IPPROTO_UDP]))
    return number + _attribute(2, ports[0]) + _attribute(3, ports[1])


def _message(original: bytes, reply: bytes) -> bytes:
    status = _attribute(3, bytes(4))
    return bytes(4) + _attribute(0x8001, original) + _attribute(0x8002, reply) + status


@pytest.mark.parametrize(
    ("client", "node", "pod"),
    [
        ("192.0.2.1", "192.0.2.2", "10.88.0.5"),
        ("2001:db8::1", "2001:db8::2", "fd00:88::5"),
    ],
)
def test_translated_datagram(client: str, node: str, pod: str) -> None:
    """Answers to a datagram come from the pod that it was translated to."""
    (read,) = connection(
        _message(_ends(client, node, _udp(5000, 29000)), _ends(pod, client, _udp(9000, 5000)))
    )

    assert (read.protocol, read.ports) == (socket.IPPROTO_UDP, (5000, 29000))
    assert (read.source, read.destination) == (ip_address(client), ip_address(node))
    assert read.answerer == ip_address(pod)


def test_protocol_without_ports_is_left_out() -> None:
    icmp = _attribute(1, bytes([socket.IPPROTO_ICMP])) + _attribute(4, bytes(2))
    ends = _ends("10.88.0.2", "10.88.0.1", icmp)

    assert connection(_message(ends, ends)) == []


def test_address_of_a_wrong_length_is_an_error() -> None:
    broken = _attribute(0x8001, _attribute(1, bytes(3))) + _attribute(0x8002, _udp(1, 2))

    with pytest.raises(ValueError, match="address"):
        connection(_message(broken, broken))


@pytest.mark.skipif(os.geteuid() != 0, reason="makes a network namespace")
@pytest.mark.parametrize("protocol", [socket.IPPROTO_TCP, socket.IPPROTO_UDP])
def test_kernel_tracks_and_forgets(protocol: int) -> None:
    """The kernel lists a connection that it was told of, until it is told to forget it."""
    ends = ip_address("203.0.113.77"), ip_address("203.0.113.78")
    one = Connection(protocol, *ends, (7777, 8888), ends[1])

    def tracked() -> list[list[Connection]]:
        conntrack.track(one, 60)
        seen = [conntrack.connections()]
        conntrack.forget(one)
        return [*seen, conntrack.connections()]

    assert netns.run_in_new("/proc/self/ns/net", tracked) == [[one], []]
