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
from types import TracebackType
from typing import Any

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_ERROR, _DONE = 2, 3
_REQUEST, _DUMP, _INTERRUPTED = 0x1, 0x300, 0x10
_LARGEST = 256 * 1024
_SECONDS = 10.0
#: Messages to remember: more than a node with a hundred pods has links, addresses and routes.
_REMEMBERED = 4096
# A message is shared by those who ask at the same time, and is changed when it is looked at.
_READING = Lock()

_ANY = struct.Struct("=B3x")  # struct rtgenmsg: family
_LINK = struct.Struct("=BxHiII")  # struct ifinfomsg: family, type, index, flags, change
_ATTRIBUTE = struct.Struct("=HHI")  # with one number
_EXTENDED, _WITHOUT_COUNTERS = 29, 1 << 3  # IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS
_NAMESPACE = 3  # NETNSA_FD

#: Questions: the type of the message, and its body (linux/rtnetlink.h, RTM_GET*).
LINKS = (18, _LINK.pack(0, 0, 0, 0, 0) + _ATTRIBUTE.pack(8, _EXTENDED, _WITHOUT_COUNTERS))
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
    """Asks about the namespace of the thread that makes it; a context manager.

    Raises OSError if the kernel refuses or does not answer.
    """

    def __init__(self) -> None:
        self._socket = _opened()
        self._socket.settimeout(_SECONDS)
        self._number = 0

    def __enter__(self) -> "Questions":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._socket.close()

    def ask(self, question: tuple[int, bytes]) -> list[Message]:
        """All that there is of something. Raises ChangedMeanwhile, too."""
        self._send(*question, _REQUEST | _DUMP)
        found: list[Message] = []
        while True:
            for kind, flags, body in self._answers():
                if flags & _INTERRUPTED:
                    raise ChangedMeanwhile
                if kind == _DONE:
                    _refused(body)  # by half of a table, too (netlink_dump_done)
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
        length = _HEADER.size + len(body)
        self._socket.send(_HEADER.pack(length, kind, flags, self._number, 0) + body)

    def _answers(self) -> Iterator[tuple[int, int, bytes]]:
        """Type, flags and body of what comes next. Raises OSError if it is an error."""
        data, _, told, _ = self._socket.recvmsg(_LARGEST)
        if told & socket.MSG_TRUNC:
            raise OSError(f"an answer of netlink is longer than {_LARGEST} bytes")
        for kind, flags, number, body in messages(data):
            if number != self._number:
                continue
            if kind == _ERROR:
                _refused(body)
            yield kind, flags, body


def _opened() -> socket.socket:
    return socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE
    )


def _refused(body: bytes) -> None:
    """Raise OSError if the message ends an answer by an error: a negative number first."""
    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    if code < 0:
        raise OSError(-code, os.strerror(-code))


def messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Type, flags, sequence number and body of each netlink message. Pure.

    Raises OSError if one does not end where the data does, or before.
    """
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, flags, number, _ = _HEADER.unpack_from(data, start)
        if length < _HEADER.size or start + length > len(data):
            raise OSError("a message of netlink is cut off")
        yield kind, flags, number, data[start + _HEADER.size : start + length]
        start += (length + 3) & ~3


@cache
def _marshal() -> Any:
    from pyroute2.netlink.rtnl.marshal import MarshalRtnl

    return MarshalRtnl()


@lru_cache(_REMEMBERED)
def _read(kind: int, body: bytes) -> Message:
    """What a message says. Raises OSError if its fixed part cannot be read."""
    data = _HEADER.pack(_HEADER.size + len(body), kind, 0, 0, 0) + body
    try:
        message = next(_marshal().parse(data))
    except Exception as error:  # pyroute2 has many ways of not understanding
        raise OSError(f"a message of netlink cannot be read: {error!r}") from None
    return Message(message)
