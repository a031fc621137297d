"""Decode messages with pyroute2, and return them as typed values.

Most messages are the same from one answer to the next. Messages that are equal, byte for byte, are
decoded once (docs/adr/0017).
"""

import errno
from functools import cache, lru_cache
from threading import Lock
from typing import Any

from podpath.system.netlink.attributes import Decoded
from podpath.system.netlink.framing import packed, without
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

#: Messages in the cache: more than all of a node with 250 pods, 50 for each. With more of them,
#: each reading would first drop those that the next one needs.
_REMEMBERED = 16384
# Threads share the messages of the cache, and pyroute2 changes a message when it decodes it.
_READING = Lock()
_TYPES: dict[int, type[Message]] = {
    kind: of
    for of in (
        *(AddressMessage, LinkMessage, NamespaceIdMessage, NeighbourMessage),
        *(QueueMessage, RouteMessage, RuleMessage),
    )
    for kind in (of.NEW, of.NEW + 1)
}


class _Shared:
    """A message of pyroute2 that several threads may read; it decodes an attribute at first use."""

    def __init__(self, message: Any) -> None:
        self._message = message

    def __getitem__(self, field: str) -> Any:
        return self._message[field]

    def get_attr(self, name: str) -> Any:
        """Return a value: a _Shared if it contains others, raw bytes if it cannot be decoded."""
        with _READING:
            value = self._message.get_attr(name)
        return _shared(value)

    def get_attrs(self, name: str) -> list[Any]:
        """Return the value of each attribute of a name, as get_attr does."""
        with _READING:
            values = self._message.get_attrs(name)
        return [_shared(value) for value in values]


def _shared(value: Any) -> Any:
    return _Shared(value) if hasattr(value, "get_attr") else value


def decoded(kind: int, body: bytes) -> Message:
    """Decode a message, without its counters and timers, which differ each time.

    Args:
        kind: The type of the message, RTM_NEW* or RTM_DEL* of a table that podpath reads.
        body: The bytes after the header.

    Raises:
        OSError: The type is another one, or the fixed part cannot be decoded.
    """
    of = _TYPES.get(kind)
    if of is None:
        raise OSError(errno.EPROTO, f"netlink sends a message of type {kind}")
    return _message(kind, without(body, of.FIXED, of.VOLATILE) if of.VOLATILE else body)


@lru_cache(_REMEMBERED)
def _message(kind: int, body: bytes) -> Message:
    return _TYPES[kind](_Shared(_decoded(kind, body)))


def _decoded(kind: int, body: bytes) -> Decoded:
    try:
        message: Decoded = next(_marshal().parse(packed(kind, body)))
    except Exception as error:  # pyroute2 raises many kinds of errors for malformed messages
        why = f"a message of netlink cannot be decoded: {error!r}"
        raise OSError(errno.EPROTO, why) from None
    return message


@cache
def _marshal() -> Any:
    from pyroute2.netlink.rtnl.marshal import MarshalRtnl

    return MarshalRtnl()
