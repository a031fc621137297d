"""Questions to the kernel about a network namespace (rtnetlink(7)); pyroute2 decodes the answers.

pyroute2's own calls take several times as long as the decoding, and most messages are the same
from one answer to the next. Messages that are equal, byte for byte, are decoded once
(docs/adr/0017).
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
# RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, and the same two of IPv6
_CHANGES = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
#: The size of the receive buffer, in bytes.
LARGEST = 256 * 1024
#: Messages in the cache: more than the links, addresses and routes of a node with a hundred pods.
_REMEMBERED = 4096
# Threads share the messages of the cache, and pyroute2 changes a message when it decodes it.
_READING = Lock()

_ANY = struct.Struct("=B3x")  # struct rtgenmsg: family
LINK = struct.Struct("=BxHiII")  # struct ifinfomsg: family, type, index, flags, change
_ATTRIBUTE = struct.Struct("=HHI")  # with one number
_EXTENDED, _WITHOUT_COUNTERS = 29, 1 << 3  # IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS
_NAMESPACE = 3  # NETNSA_FD

#: Questions: the type of a message, and its body (linux/rtnetlink.h, RTM_GET*).
LINKS = (18, LINK.pack(0, 0, 0, 0, 0) + _ATTRIBUTE.pack(8, _EXTENDED, _WITHOUT_COUNTERS))
ADDRESSES = (22, bytes(8))  # struct ifaddrmsg
ROUTES = (26, bytes(12))  # struct rtmsg
RULES = (34, bytes(12))  # struct fib_rule_hdr
QUEUES = (38, bytes(20))  # struct tcmsg
FDB = (30, struct.pack("=B11x", socket.AF_BRIDGE))  # struct ndmsg


class ChangedMeanwhile(Exception):
    """The kernel's tables changed while they were read (NLM_F_DUMP_INTR)."""


class Message:
    """A message, or an attribute that contains others; an attribute is decoded at its first use."""

    def __init__(self, message: Any) -> None:
        """Keep a message of pyroute2.

        Args:
            message: The message, which decodes an attribute when it is read.
        """
        self._message = message
        self._known: dict[str, Any] = {}

    def __getitem__(self, field: str) -> Any:
        """Return a field of the fixed part."""
        return self._message[field]

    def get_attr(self, name: str) -> Any:
        """Return the value of an attribute.

        Returns:
            A Message if the attribute contains others; raw bytes if pyroute2 cannot decode it
            (attributes.py checks values); None without the attribute.
        """
        if name not in self._known:
            with _READING:
                value = self._message.get_attr(name)
            self._known[name] = Message(value) if hasattr(value, "get_attr") else value
        return self._known[name]


class Questions:
    """A socket for questions about the network namespace of the thread that creates it.

    Raises:
        OSError: The kernel refuses or does not answer.
    """

    def __init__(self) -> None:
        self._socket = opened()
        self._socket.settimeout(limits.current().kernel_answer)
        self._number = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def ask(self, question: tuple[int, bytes]) -> list[Message]:
        """Request a dump of one of the kernel's tables.

        Args:
            question: LINKS, ADDRESSES, ROUTES, RULES, QUEUES or FDB.

        Raises:
            ChangedMeanwhile: The table changed during the answer.
            OSError: The kernel refuses or does not answer.
        """
        self._send(*question, REQUEST_DUMP)
        found: list[Message] = []
        while True:
            for kind, flags, body in self._answers():
                if flags & _INTERRUPTED:
                    raise ChangedMeanwhile
                if kind == DONE:
                    refused(body)  # also after half of a table (netlink_dump_done)
                    return found
                found.append(_read(kind, body))

    def number_of(self, namespace: int) -> Any:
        """Return this namespace's number for another one (RTM_GETNSID).

        Args:
            namespace: A file descriptor of the other namespace.

        Returns:
            The number; 0xFFFFFFFF (-1, read unsigned) if the kernel has assigned none.

        Raises:
            OSError: The kernel refuses or does not answer.
        """
        self._send(90, _ANY.pack(0) + _ATTRIBUTE.pack(8, _NAMESPACE, namespace), _REQUEST)
        for kind, _, body in self._answers():
            return _read(kind, body).get_attr("NETNSA_NSID")
        raise OSError("netlink did not answer what was asked")

    def _send(self, kind: int, body: bytes, flags: int) -> None:
        self._number += 1
        self._socket.send(message(kind, body, flags, self._number))

    def _answers(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield type, flags and body of the next messages. Raises OSError for an error."""
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
    """Open a netlink socket in the namespace of the calling thread."""
    return socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    )


def listener() -> socket.socket:
    """Open a socket that receives changes of links, addresses and routes in the same namespace."""
    endpoint = opened()
    endpoint.bind((0, _CHANGES))
    return endpoint


def message(kind: int, body: bytes, flags: int = 0, number: int = 0) -> bytes:
    """Return the bytes of a message, to or from the kernel. Pure."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def refused(body: bytes) -> None:
    """Check the message that ends an answer.

    Raises:
        OSError: The message is an error: its body begins with a negative number.
    """
    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    if code < 0:
        raise OSError(-code, os.strerror(-code))


def messages(data: bytes) -> Iterator[tuple[int, int, int, int, bytes]]:
    """Split received bytes into messages. Pure.

    Yields:
        Length by the header in bytes, type, flags, sequence number and body of each message. The
        body is shorter than the header announces if the message is cut off.
    """
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, flags, number, _ = _HEADER.unpack_from(data, start)
        yield length, kind, flags, number, data[start + _HEADER.size : start + length]
        start += max(aligned(length), _HEADER.size)


def aligned(length: int) -> int:
    """Return the start of the next message or attribute (NLMSG_ALIGN, RTA_ALIGN)."""
    return (length + 3) & ~3


@cache
def _marshal() -> Any:
    from pyroute2.netlink.rtnl.marshal import MarshalRtnl

    return MarshalRtnl()


@lru_cache(_REMEMBERED)
def _read(kind: int, body: bytes) -> Message:
    """Decode a message. Raises OSError if its fixed part cannot be decoded."""
    try:
        found = next(_marshal().parse(message(kind, body)))
    except Exception as error:  # pyroute2 raises many kinds of errors for malformed messages
        raise OSError(f"a message of netlink cannot be read: {error!r}") from None
    return Message(found)
