"""Connections that the kernel tracks in a network namespace (nfnetlink_conntrack.h).

pyroute2 is not asked: a dump needs one request and eight attributes. /proc/net/nf_conntrack has the
same, but not on every kernel (CONFIG_NF_CONNTRACK_PROCFS).
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
_GET = 1 << 8 | 1  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
_HEADER = 4  # struct nfgenmsg
_KIND = 0x3FFF  # linux/netlink.h, NLA_TYPE_MASK
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
