"""Connections that the kernel tracks in a network namespace (nfnetlink_conntrack.h).

pyroute2 is not asked: a dump needs one request and eight attributes, an entry nine.
/proc/net/nf_conntrack has the same, but not on every kernel (CONFIG_NF_CONNTRACK_PROCFS).
"""

import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from podpath.model import Address
from podpath.system import limits
from podpath.system.netlink import framing
from podpath.system.netlink.questions import LARGEST, check_whole, refused

_NETFILTER = 12  # linux/netlink.h, NETLINK_NETFILTER
# NFNL_SUBSYS_CTNETLINK with IPCTNL_MSG_CT_NEW, _GET and _DELETE
_NEW, _GET, _DELETE = 1 << 8, 1 << 8 | 1, 1 << 8 | 2
_CREATE = 0x400  # linux/netlink.h, NLM_F_CREATE
_HEADER = 4  # struct nfgenmsg
_KIND = 0x3FFF  # linux/netlink.h, NLA_TYPE_MASK
_NESTED = 0x8000  # linux/netlink.h, NLA_F_NESTED
_TIMEOUT = 7  # CTA_TIMEOUT
_ORIGINAL, _REPLY = 1, 2  # CTA_TUPLE_*
_ADDRESSES, _PROTOCOL = 1, 2  # CTA_TUPLE_IP, CTA_TUPLE_PROTO
_SOURCES, _DESTINATIONS = (1, 3), (2, 4)  # CTA_IP_V4_*, CTA_IP_V6_*
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3  # CTA_PROTO_*


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection between two ports, as its first packet began it.

    Attributes:
        protocol: The number of its transport protocol.
        source: The source address of that packet, before any translation.
        destination: The destination address of that packet, before any translation.
        ports: Source and destination port of that packet.
        answerer: The source address of answers, before their translation: where packets go.
    """

    protocol: int
    source: Address
    destination: Address
    ports: tuple[int, int]
    answerer: Address


def connections() -> list[Connection]:
    """List the tracked connections of this thread's namespace.

    Raises:
        OSError: The kernel does not list them.
    """
    listed: list[Connection] = []
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER
    ) as kernel:
        kernel.settimeout(limits.current().kernel_answer)
        kernel.send(framing.packed(_GET, bytes(_HEADER), framing.REQUEST | framing.DUMP, 1))
        while True:
            for answer in framing.envelopes(kernel.recv(LARGEST)):
                check_whole(answer)
                if answer.kind in (framing.ERROR, framing.DONE):
                    refused(answer.body)
                    return listed
                listed += connection(answer.body)


def track(connection: Connection, seconds: int) -> None:
    """Have this thread's namespace track a connection without translation, as if it had begun.

    Raises:
        OSError: The kernel does not.
    """
    timeout = _attribute(_TIMEOUT, seconds.to_bytes(4, "big"))
    _ask(_NEW, _CREATE, _ends(connection) + timeout)


def forget(connection: Connection) -> None:
    """Delete the entry of a connection from the table of this thread's namespace.

    Raises:
        OSError: The kernel does not, or has no such entry.
    """
    _ask(_DELETE, 0, _ends(connection))


def _ask(kind: int, flags: int, attributes: bytes) -> None:
    """Send a request about IPv4, and await the kernel's word that it was done."""
    body = struct.pack("=Bxxx", socket.AF_INET) + attributes  # struct nfgenmsg
    with socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, _NETFILTER
    ) as kernel:
        kernel.settimeout(limits.current().kernel_answer)
        flags |= framing.REQUEST | framing.ACKNOWLEDGE
        kernel.send(framing.packed(kind, body, flags, 1))
        for answer in framing.envelopes(kernel.recv(LARGEST)):
            refused(answer.body)


def _ends(connection: Connection) -> bytes:
    """Encode the tuples of both directions."""
    protocol = _attribute(_NUMBER, bytes([connection.protocol]))
    ends = list(zip((connection.source, connection.destination), connection.ports, strict=True))
    tuples = []
    for kind, (start, end) in ((_ORIGINAL, ends), (_REPLY, ends[::-1])):
        addresses = _attribute(_SOURCES[0], start[0].packed)
        addresses += _attribute(_DESTINATIONS[0], end[0].packed)
        ports = _attribute(_SOURCE_PORT, start[1].to_bytes(2, "big"))
        ports += _attribute(_DESTINATION_PORT, end[1].to_bytes(2, "big"))
        value = _attribute(_ADDRESSES | _NESTED, addresses)
        value += _attribute(_PROTOCOL | _NESTED, protocol + ports)
        tuples.append(_attribute(kind | _NESTED, value))
    return b"".join(tuples)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def connection(body: bytes) -> list[Connection]:
    """Read one message; nothing for a protocol without ports, such as ICMP. Pure.

    Raises:
        ValueError: An attribute has another length than its value needs.
    """
    tuples = dict(_attributes(body[_HEADER:]))
    if not {_ORIGINAL, _REPLY} <= tuples.keys():
        return []
    original = dict(_attributes(tuples[_ORIGINAL]))
    protocol = dict(_attributes(original.get(_PROTOCOL, b"")))
    if not {_NUMBER, _SOURCE_PORT, _DESTINATION_PORT} <= protocol.keys():
        return []
    ports = (protocol[port] for port in (_SOURCE_PORT, _DESTINATION_PORT))
    source_port, destination_port = (int.from_bytes(port, "big") for port in ports)
    return [
        Connection(
            protocol[_NUMBER][0],
            _address(original, _SOURCES),
            _address(original, _DESTINATIONS),
            (source_port, destination_port),
            _address(dict(_attributes(tuples[_REPLY])), _SOURCES),
        )
    ]


def _address(ends: dict[int, bytes], kinds: tuple[int, int]) -> Address:
    addresses = dict(_attributes(ends.get(_ADDRESSES, b"")))
    return ip_address(next((addresses[kind] for kind in kinds if kind in addresses), b""))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the kind and the value of each attribute (struct nlattr)."""
    start = 0
    while start + 4 <= len(data):
        length, kind = struct.unpack_from("=HH", data, start)
        yield kind & _KIND, data[start + 4 : start + length]
        start += max((length + 3) & ~3, 4)  # NLA_ALIGN
