"""ICMP errors about a pod's datagrams from beyond the node, which must reach the pod.

Path MTU discovery (RFC 1191, RFC 8201), refused ports and traceroute rely on them. Whoever
masquerades translates the packet that an error quotes, too (RFC 5508, section 4.2).

The host beyond the node is a namespace of this machine: podpath sends the errors there itself, as
those of the kernel are limited to some a second.
"""

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from podpath.model import Address, Difference
from podpath.paths.many_flows import Host
from podpath.paths.unwatched import Compared
from podpath.system import limits, netns

_ATTEMPTS = 3
_UNSENT = "no datagram arrived at the host"
_PAYLOAD = b"podpath"
_UDP, _UDP_HEADER = 17, 8
_IP_RECVERR, _IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h
#: In "packet too big": larger than any link's, so that no kernel keeps it.
_MTU = 65535


@dataclass(frozen=True, slots=True)
class _Error:
    """One kind of ICMP error.

    Attributes:
        name: its name.
        v4: type and code in ICMP (RFC 792).
        v6: type and code in ICMPv6 (RFC 4443).
        number: errno of the program that gets it.
    """

    name: str
    v4: tuple[int, int]
    v6: tuple[int, int]
    number: int


_ERRORS = (
    _Error("port unreachable", (3, 3), (1, 4), errno.ECONNREFUSED),
    _Error("packet too big", (3, 4), (2, 0), errno.EMSGSIZE),
    _Error("time exceeded", (11, 0), (3, 0), errno.EHOSTUNREACH),
)


def lost(pod: str, namespace: str, host: Host) -> Compared:
    """Find the ICMP errors that a program of a pod does not get.

    Args:
        pod: name of the pod.
        namespace: path of the pod's network namespace.
        host: the host beyond the node.
    """
    unheard = {error: _unheard(error, namespace, host) for error in _ERRORS}
    differences = [
        Difference(
            "ICMP error",
            f"{error.name} from {host.address}, about a datagram of pod {pod}",
            f'the program gets "{os.strerror(error.number)}"',
            seen,
        )
        for error, seen in unheard.items()
        if seen
    ]
    is_all = set(unheard.values()) <= {"", _UNSENT}
    return Compared(differences, packets=len(differences), is_all=is_all)


def _unheard(error: _Error, namespace: str, host: Host) -> str:
    """Send a datagram, answer it with an error, and say what the program got instead; or ""."""
    made = partial(_udp, host.address)
    with netns.run_in(namespace, made) as program, netns.run_in(host.namespace, made) as there:
        there.bind((str(host.address), 0))
        program.connect(there.getsockname()[:2])
        seen = _UNSENT
        for _ in range(_ATTEMPTS):
            with suppress(OSError):
                program.send(_PAYLOAD)
            source = _arrived(there)
            if source is not None:
                packet = message(error, source, there.getsockname()[:2])
                netns.run_in(host.namespace, partial(_send, packet, source[0]))
                number = _reported(program)
                if number == error.number:
                    return ""
                seen = f'"{os.strerror(number)}"' if number else "no error"
        return seen


def message(error: _Error, source: tuple[str, int], target: tuple[str, int]) -> bytes:
    """Build an ICMP error about a datagram, from the ICMP header on. Pure.

    The kernel computes the checksum of ICMPv6.

    Args:
        error: the error.
        source: address and port of the datagram's sender, as the host saw them.
        target: address and port of its receiver.
    """
    ends = ip_address(source[0]), ip_address(target[0])
    length = _UDP_HEADER + len(_PAYLOAD)
    quoted = _ip_header(ends, length)
    quoted += struct.pack("!HHHH", source[1], target[1], length, 0) + _PAYLOAD
    is_v6 = ends[0].version == 6
    kind, code = error.v6 if is_v6 else error.v4
    rest = _MTU if error.number == errno.EMSGSIZE else 0
    checksum = 0
    if not is_v6:
        checksum = _checksum(struct.pack("!BBHI", kind, code, 0, rest) + quoted)
    return struct.pack("!BBHI", kind, code, checksum, rest) + quoted


def _ip_header(ends: tuple[Address, Address], length: int) -> bytes:
    source, target = ends
    if source.version == 6:
        fixed = struct.pack("!IHBB", 6 << 28, length, _UDP, 63)
        return fixed + source.packed + target.packed
    fields = (0x45, 0, 20 + length, 0, 0, 63, _UDP)
    parts = struct.Struct("!BBHHHBBH4s4s")
    checksum = _checksum(parts.pack(*fields, 0, source.packed, target.packed))
    return parts.pack(*fields, checksum, source.packed, target.packed)


def _checksum(data: bytes) -> int:
    """Compute the Internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _udp(towards: Address) -> socket.socket:
    is_v6 = towards.version == 6
    channel = socket.socket(socket.AF_INET6 if is_v6 else socket.AF_INET, socket.SOCK_DGRAM)
    level, option = (
        (socket.IPPROTO_IPV6, _IPV6_RECVERR) if is_v6 else (socket.IPPROTO_IP, _IP_RECVERR)
    )
    channel.setsockopt(level, option, 1)  # the program gets errors that the kernel may get over
    return channel


def _arrived(there: socket.socket) -> tuple[str, int] | None:
    """Return address and port of the datagram's sender; None if none arrives in time."""
    there.settimeout(limits.current().reply / _ATTEMPTS)
    with suppress(OSError):
        source: Sequence[object] = there.recvfrom(len(_PAYLOAD))[1]
        return str(source[0]), int(str(source[1]))
    return None


def _send(packet: bytes, target: str) -> None:
    is_v6 = ":" in target
    kind = socket.AF_INET6 if is_v6 else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if is_v6 else socket.IPPROTO_ICMP
    with socket.socket(kind, socket.SOCK_RAW, protocol) as raw, suppress(OSError):
        raw.sendto(packet, (target, 0))


def _reported(program: socket.socket) -> int:
    """Return the errno that the kernel reports to a program in time; 0 without one."""
    poll = select.poll()
    poll.register(program, select.POLLERR)
    deadline = time.monotonic() + limits.current().reply / _ATTEMPTS
    while (left := deadline - time.monotonic()) > 0:
        poll.poll(left * 1000)
        if number := program.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            return number
    return 0
