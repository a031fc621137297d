"""ICMP errors about datagrams, which must reach the program that sent the datagram.

Path MTU discovery (RFC 1191, RFC 8201), refused ports and traceroute rely on them. Whoever
translates addresses translates the packet that an error quotes, too, whichever side it comes from
(RFC 5508, sections 4.2 and 4.3).

All ends are namespaces of this machine: podpath sends the errors there itself, as those of the
kernel are limited to some a second.
"""

import errno
import os
import select
import socket
import struct
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address

from podpath.model import Address, Difference
from podpath.paths import many_flows
from podpath.paths.unwatched import Compared
from podpath.system import limits, netns

_ATTEMPTS = 3
#: In place of an error that cannot be sent.
UNSENT = "no datagram arrived at the host"
UNANSWERED = "no answer arrived at the program"
_NO_ERROR = "no error"
_PAYLOAD = b"podpath"
_UDP, _UDP_HEADER = 17, 8
_IP_RECVERR, _IPV6_RECVERR = 11, 25  # linux/in.h, linux/in6.h
_IP_MTU_DISCOVER, _IPV6_MTU_DISCOVER, _WANT = 10, 23, 1
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


@dataclass(frozen=True, slots=True)
class End:
    """A program that sends datagrams, or receives them.

    Attributes:
        name: its place in the text of a difference.
        namespace: path of its network namespace.
        address: the address that it has there.
        port: its port; 0 for any.
    """

    name: str
    namespace: str
    address: Address
    port: int = 0


@dataclass(frozen=True, slots=True)
class _Met:
    """Two programs, of which one got a datagram of the other one.

    Attributes:
        asking: the socket of the one that sent it.
        answering: the socket of the other one.
        source: address and port of the sender, as the other one saw them; None if it saw nothing.
    """

    asking: socket.socket
    answering: socket.socket
    source: tuple[str, int] | None


def lost(asker: End, answerer: End, *, silence_counts: bool = True) -> Compared:
    """Find the ICMP errors that two programs do not get from each other's network namespaces.

    Args:
        asker: the program that begins, whose address may be translated.
        answerer: the other one.
        silence_counts: True if it is a difference, too, that no datagram or no answer arrives.
    """
    return _compared(
        [(answerer, asker, _reach_asking), (asker, answerer, _reach_answering)],
        partial(_meeting, asker, answerer, None),
        set() if silence_counts else {UNSENT, UNANSWERED},
    )


def lost_by(asker: End, pod: End, target: tuple[Address, int]) -> Compared:
    """Find the ICMP errors of a pod that do not reach who asks for a mapped port of it.

    Args:
        asker: who asks.
        pod: the pod, with its port.
        target: address and port of the node.
    """
    return _compared([(pod, asker, _reach_asking)], partial(_meeting, asker, pod, target))


_Reach = Callable[[_Error, End, _Met], str]


def _compared(
    ways: Sequence[tuple[End, End, _Reach]],
    meeting: Callable[[], AbstractContextManager[_Met]],
    ignored: Collection[str] = (),
) -> Compared:
    differences, fates = [], set()
    tried = [(error, *way) for error in _ERRORS for way in ways]
    for error, sender, program, reach in tried:
        with meeting() as met:
            seen = reach(error, sender, met)
        fates.add(seen)
        if seen and seen not in ignored:
            where = f"{error.name} from {sender.name}, about a datagram of {program.name}"
            expected = f'the program gets "{os.strerror(error.number)}"'
            differences.append(Difference("ICMP error", where, expected, seen))
        if seen == UNSENT:  # nor would the next one be
            break
    is_all = fates <= {"", UNSENT, UNANSWERED, _NO_ERROR}
    return Compared(differences, packets=len(differences), is_all=is_all)


@contextmanager
def _meeting(asker: End, answerer: End, target: tuple[Address, int] | None) -> Iterator[_Met]:
    """Have a program send a datagram to another one; its source is empty if none arrives."""
    asking, answering = (
        netns.run_in(end.namespace, partial(_udp, end.address)) for end in (asker, answerer)
    )
    with asking, answering:
        if answerer.port:
            many_flows.bind_beside(answering, answerer.address, answerer.port)
        else:
            answering.bind((str(answerer.address), 0))
        source = None
        with suppress(OSError):  # an address that the asker lacks, or no route
            asking.bind((str(asker.address), asker.port))
            asking.connect((str(target[0]), target[1]) if target else answering.getsockname()[:2])
            source = _asked(asking, answering)
        yield _Met(asking, answering, source)


def _asked(asking: socket.socket, answering: socket.socket) -> tuple[str, int] | None:
    """Send a datagram until it arrives, and return its source; None if none arrives."""
    for _ in range(_ATTEMPTS):
        with suppress(OSError):
            asking.send(_PAYLOAD)
        if (source := _arrived(answering)) is not None:
            return source
    return None


def _reach_asking(error: _Error, sender: End, met: _Met) -> str:
    """Answer the datagram with an error, and return what its program got instead; or ""."""
    if met.source is None:
        return UNSENT
    return _told(error, sender, (met.source, met.answering.getsockname()[:2]), met.asking)


def _reach_answering(error: _Error, sender: End, met: _Met) -> str:
    """Answer the answer to the datagram with an error, which the program that answers gets."""
    if met.source is None:
        return UNSENT
    met.answering.connect(met.source)
    source = met.answering.getsockname()[:2]
    for _ in range(_ATTEMPTS):
        with suppress(OSError):
            met.answering.send(_PAYLOAD)
        if _arrived(met.asking) is not None:
            return _told(error, sender, (source, met.asking.getsockname()[:2]), met.answering)
    return UNANSWERED


_Quoted = tuple[tuple[str, int], tuple[str, int]]


def _told(error: _Error, sender: End, quoted: _Quoted, program: socket.socket) -> str:
    """Send an error about a datagram to its source, and return what its program got instead."""
    number = 0
    for _ in range(_ATTEMPTS):
        netns.run_in(sender.namespace, partial(_send, message(error, *quoted), quoted[0][0]))
        number = _reported(program)
        if number == error.number:
            return ""
    return f'"{os.strerror(number)}"' if number else _NO_ERROR


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
    level = socket.IPPROTO_IPV6 if is_v6 else socket.IPPROTO_IP
    # the program gets errors that the kernel may get over, and whatever net.ipv4.ip_no_pmtu_disc is
    channel.setsockopt(level, _IPV6_RECVERR if is_v6 else _IP_RECVERR, 1)
    channel.setsockopt(level, _IPV6_MTU_DISCOVER if is_v6 else _IP_MTU_DISCOVER, _WANT)
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
