"""Questions to the kernel about a network namespace (rtnetlink(7)).

pyroute2's own calls take several times as long as the decoding, so podpath sends the requests:
a header, a fixed part and at most one attribute (docs/adr/0017).
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from podpath.system import limits
from podpath.system.netlink import framing
from podpath.system.netlink.decoding import decoded
from podpath.system.netlink.framing import Envelope
from podpath.system.netlink.links import LinkMessage
from podpath.system.netlink.message import Message
from podpath.system.netlink.messages import (
    AddressMessage,
    NamespaceIdMessage,
    NeighbourMessage,
    QueueMessage,
    RouteMessage,
    RuleMessage,
)

M = TypeVar("M", bound=Message)

# RTMGRP_LINK, RTMGRP_NEIGH, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE, RTMGRP_IPV4_RULE, and the same
# three of IPv6, of which the last one has no name
_CHANGES = 0x1 | 0x4 | 0x10 | 0x40 | 0x80 | 0x100 | 0x400 | 1 << 18
#: The size of the receive buffer, in bytes.
LARGEST = 256 * 1024

_NUMBER = struct.Struct("=I")
_NEIGHBOUR = struct.Struct("=BxxxiHBB")  # struct ndmsg: family, index, state, flags, type
_EXTENDED, _WITHOUT_COUNTERS = 29, 1 << 3  # IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS
_WITH_VLANS = 1 << 1  # RTEXT_FILTER_BRVLAN
_NAMESPACE = 3  # NETNSA_FD
_TARGET = 1  # NDA_DST
_DELETE, _GET = 1, 2  # RTM_DEL* and RTM_GET*, counted from RTM_NEW*


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value  # each value is a multiple of 4 bytes


@dataclass(frozen=True, slots=True)
class Question(Generic[M]):
    """A question about one of the kernel's tables.

    Attributes:
        of: The messages of the answer.
        body: The bytes of the request, without its header.
    """

    of: type[M]
    body: bytes

    @property
    def kind(self) -> int:
        """The type of the request, RTM_GET*."""
        return self.of.NEW + _GET


LINKS = Question(
    LinkMessage, bytes(16) + _attribute(_EXTENDED, _NUMBER.pack(_WITHOUT_COUNTERS))
)  # struct ifinfomsg
PORTS = Question(
    LinkMessage,
    struct.pack("=B15x", socket.AF_BRIDGE) + _attribute(_EXTENDED, _NUMBER.pack(_WITH_VLANS)),
)
ADDRESSES = Question(AddressMessage, bytes(8))  # struct ifaddrmsg
ROUTES = Question(RouteMessage, bytes(12))  # struct rtmsg
RULES = Question(RuleMessage, bytes(12))  # struct fib_rule_hdr
QUEUES = Question(QueueMessage, bytes(20))  # struct tcmsg
NEIGHBOURS = Question(NeighbourMessage, bytes(_NEIGHBOUR.size))
FDB = Question(NeighbourMessage, _NEIGHBOUR.pack(socket.AF_BRIDGE, 0, 0, 0, 0))


class ChangedMeanwhile(Exception):
    """The kernel's tables changed while they were read (NLM_F_DUMP_INTR)."""


class Questions:
    """A socket for questions about the network namespace of the thread that creates it.

    Each method raises OSError if the kernel refuses or does not answer; those that return a list
    raise ChangedMeanwhile, too. A message checks its values when they are read.
    """

    def __init__(self) -> None:
        self._socket = opened()
        self._socket.settimeout(limits.current().kernel_answer)
        self._number = 0

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def links(self) -> list[LinkMessage]:
        """List all interfaces."""
        return self._dump(LINKS)

    def ports(self) -> list[LinkMessage]:
        """List all bridges and their ports, with their VLANs."""
        return self._dump(PORTS)

    def addresses(self) -> list[AddressMessage]:
        """List the addresses of all interfaces."""
        return self._dump(ADDRESSES)

    def routes(self) -> list[RouteMessage]:
        """List the routes of all tables."""
        return self._dump(ROUTES)

    def rules(self) -> list[RuleMessage]:
        """List the routing rules."""
        return self._dump(RULES)

    def queues(self) -> list[QueueMessage]:
        """List the queueing disciplines of all interfaces."""
        return self._dump(QUEUES)

    def fdb(self) -> list[NeighbourMessage]:
        """List the FDB entries of all bridges."""
        return self._dump(FDB)

    def neighbours(self) -> list[NeighbourMessage]:
        """List the neighbours of all interfaces."""
        return self._dump(NEIGHBOURS)

    def namespace_id(self, namespace: int) -> int | None:
        """Return this namespace's number for another one; None if the kernel assigned none.

        Args:
            namespace: A file descriptor of the other namespace.
        """
        body = bytes(4) + _attribute(_NAMESPACE, _NUMBER.pack(namespace))  # struct rtgenmsg
        answer = self._ask(NamespaceIdMessage.NEW + _GET, body)
        return _typed(NamespaceIdMessage, answer).number

    def forget(self, neighbour: NeighbourMessage) -> None:
        """Delete a neighbour, unless the kernel has already deleted it."""
        if (address := neighbour.address) is None:
            return
        fixed = _NEIGHBOUR.pack(neighbour.address_family, neighbour.index, 0, 0, 0)
        body = fixed + _attribute(_TARGET, address.packed)
        with suppress(FileNotFoundError):  # ENOENT
            self._ask(NeighbourMessage.NEW + _DELETE, body, framing.ACKNOWLEDGE)

    def _dump(self, question: Question[M]) -> list[M]:
        """Request a dump of one of the kernel's tables."""
        self._send(question.kind, question.body, framing.DUMP)
        rows: list[M] = []
        while True:
            for answer in self._answers():
                if answer.flags & framing.INTERRUPTED:
                    raise ChangedMeanwhile
                if answer.kind == framing.DONE:
                    refused(answer.body)  # also after half of a table (netlink_dump_done)
                    return rows
                rows.append(_typed(question.of, answer))

    def _ask(self, kind: int, body: bytes, flags: int = 0) -> Envelope:
        """Request one message."""
        self._send(kind, body, flags)
        for answer in self._answers():
            return answer
        raise OSError(errno.EPROTO, "netlink did not answer the question")

    def _send(self, kind: int, body: bytes, flags: int) -> None:
        self._number += 1
        self._socket.send(framing.packed(kind, body, framing.REQUEST | flags, self._number))

    def _answers(self) -> Iterator[Envelope]:
        """Yield the next messages of the answer. Raises OSError for an error."""
        data, _, flags, _ = self._socket.recvmsg(LARGEST)
        if flags & socket.MSG_TRUNC:
            raise OSError(errno.EMSGSIZE, f"an answer of netlink is longer than {LARGEST} bytes")
        for answer in framing.envelopes(data):
            check_whole(answer)
            if answer.number != self._number:
                continue
            if answer.kind == framing.ERROR:
                refused(answer.body)
            yield answer


def _typed(of: type[M], answer: Envelope) -> M:
    message = decoded(answer.kind, answer.body)
    if not isinstance(message, of):
        raise OSError(errno.EPROTO, f"netlink answers with a message of type {answer.kind}")
    return message


def opened() -> socket.socket:
    """Open a netlink socket in the namespace of the calling thread."""
    return socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    )


def listener() -> socket.socket:
    """Open a socket that receives changes of the same namespace.

    These are changes of links, addresses, routes, rules and neighbours.
    """
    endpoint = opened()
    endpoint.bind((0, _CHANGES))
    return endpoint


def refused(body: bytes) -> None:
    """Check the message that ends an answer.

    Raises:
        OSError: The message is an error.
    """
    if code := framing.error(body):
        raise OSError(code, os.strerror(code))


def check_whole(message: Envelope) -> None:
    """Check that a message has the length that its header gives.

    Raises:
        OSError: The message is cut off.
    """
    if not message.is_whole:
        raise OSError(errno.EPROTO, "a message of netlink is cut off")
