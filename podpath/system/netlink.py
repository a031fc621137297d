"""Questions to the kernel about a network namespace (rtnetlink(7)); pyroute2 reads the answers.

pyroute2's own calls take several times as long as reading does, and most messages are the same
from one answer to the next: those that are equal, byte for byte, are read once (docs/adr/0017).
"""

import os
import socket
import struct
from collections.abc import Iterator
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from podpath.system import limits

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
ERROR, DONE = 2, 3
_REQUEST, _DUMP, _INTERRUPTED = 0x1, 0x300, 0x10
REQUEST_DUMP = _REQUEST | _DUMP
# RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, and IPv6's
_CHANGES = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
LARGEST = 256 * 1024
#: Messages to remember: more than a node with a hundred pods has links, addresses and routes.
_REMEMBERED = 4096
# A message is shared by those who ask at the same time, and is changed when it is looked at.
_READING = Lock()

_ANY = struct.Struct("=B3x")  # struct rtgenmsg: family
LINK = struct.Struct("=BxHiII")  # struct ifinfomsg: family, type, index, flags, change
_ATTRIBUTE = struct.Struct("=HHI")  # with one number
_EXTENDED, _WITHOUT_COUNTERS = 29, 1 << 3  # IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS
_NAMESPACE = 3  # NETNSA_FD

#: Questions: the type of the message, and its body (linux/rtnetlink.h, RTM_GET*).
LINKS = (18, LINK.pack(0, 0, 0, 0, 0) + _ATTRIBUTE.pack(8, _EXTENDED, _WITHOUT_COUNTERS))
ADDRESSES = (22, bytes(8))  # struct ifaddrmsg
ROUTES = (26, bytes(12))  # struct rtmsg
RULES = (34, bytes(12))  # struct fib_rule_hdr
QUEUES = (38, bytes(20))  # struct tcmsg
FDB = (30, struct.pack("=B11x", socket.AF_BRIDGE))  # struct ndmsg


class ChangedMeanwhile(Exception):
    """The kernel's tables changed while it told of them (NLM_F_DUMP_INTR)."""


class Message:
    """What a message, or an attribute that holds others, says; read as far as it is asked for."""

    def __init__(self, message: Any) -> None:
        """message: pyroute2's, which decodes an attribute when it is looked at."""
        self._message = message
        self._known: dict[str, Any] = {}

    def __getitem__(self, field: str) -> Any:
        """A field of the fixed part."""
        return self._message[field]

    def get_attr(self, name: str) -> Any:
        """An attribute's value, a Message if it holds attributes, None if it is not there.

        Raw bytes if it cannot be decoded: attributes.py has an eye on that.
        """
        if name not in self._known:
            with _READING:
                value = self._message.get_attr(name)
            self._known[name] = Message(value) if hasattr(value, "get_attr") else value
        return self._known[name]


class Questions:
    """Asks about the namespace of the thread that makes it.

    Raises OSError if the kernel refuses or does not answer.
    """

    def __init__(self) -> None:
        self._socket = opened()
        self._socket.settimeout(limits.current().kernel_answer)
        self._number = 0

    def close(self) -> None:
        """Ask no more."""
        self._socket.close()

    def ask(self, question: tuple[int, bytes]) -> list[Message]:
        """All that there is of something. Raises ChangedMeanwhile, too."""
        self._send(*question, REQUEST_DUMP)
        found: list[Message] = []
        while True:
            for kind, flags, body in self._answers():
                if flags & _INTERRUPTED:
                    raise ChangedMeanwhile
                if kind == DONE:
                    refused(body)  # by half of a table, too (netlink_dump_done)
                    return found
                found.append(_read(kind, body))

    def number_of(self, namespace: int) -> Any:
        """This namespace's number for another one, given as a descriptor (RTM_GETNSID)."""
        self._send(90, _ANY.pack(0) + _ATTRIBUTE.pack(8, _NAMESPACE, namespace), _REQUEST)
        for kind, _, body in self._answers():
            return _read(kind, body).get_attr("NETNSA_NSID")
        raise OSError("netlink did not answer what was asked")

    def _send(self, kind: int, body: bytes, flags: int) -> None:
        self._number += 1
        self._socket.send(message(kind, body, flags, self._number))

    def _answers(self) -> Iterator[tuple[int, int, bytes]]:
        """Type, flags and body of what comes next. Raises OSError if it is an error."""
        data, _, told, _ = self._socket.recvmsg(LARGEST)
        if told & socket.MSG_TRUNC:
            raise OSError(f"an answer of netlink is longer than {LARGEST} bytes")
        for length, kind, flags, number, body in messages(data):
            if length != _HEADER.size + len(body):
                raise OSError("a message of netlink is cut off")
            if number != self._number:
                continue
            if kind == ERROR:
                refused(body)
            yield kind, flags, body


def opened() -> socket.socket:
    """A socket in the namespace of the thread that opens it."""
    return socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    )


def listener() -> socket.socket:
    """One that is told when links, addresses or routes change there."""
    endpoint = opened()
    endpoint.bind((0, _CHANGES))
    return endpoint


def message(kind: int, body: bytes, flags: int = 0, number: int = 0) -> bytes:
    """A message to the kernel, or one as it comes from there. Pure."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def refused(body: bytes) -> None:
    """Raise OSError if the message ends an answer by an error: a negative number first."""
    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    if code < 0:
        raise OSError(-code, os.strerror(-code))


def messages(data: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Length as told, type, flags, sequence number and body of each netlink message. Pure."""
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, flags, number, _ = _HEADER.unpack_from(data, start)
        yield length, kind, flags, number, data[start + _HEADER.size : start + length]
        start += max(aligned(length), _HEADER.size)


def aligned(length: int) -> int:
    """Where what follows begins (NLMSG_ALIGN, RTA_ALIGN)."""
    return (length + 3) & ~3


@cache
def _marshal() -> Any:
    from pyroute2.netlink.rtnl.marshal import MarshalRtnl

    return MarshalRtnl()


@lru_cache(_REMEMBERED)
def _read(kind: int, body: bytes) -> Message:
    """What a message says. Raises OSError if its fixed part cannot be read."""
    try:
        found = next(_marshal().parse(message(kind, body)))
    except Exception as error:  # pyroute2 has many ways of not understanding
        raise OSError(f"a message of netlink cannot be read: {error!r}") from None
    return Message(found)
