"""Headers of netlink messages (netlink(7)). Pure."""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

ERROR, DONE = 2, 3
REQUEST, ACKNOWLEDGE, DUMP, INTERRUPTED = 0x1, 0x4, 0x300, 0x10

_HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # struct rtattr: length, type
_KIND = 0x3FFF  # NLA_TYPE_MASK

#: Attributes to leave out: type -> None, or those to leave out of the attributes that it contains.
Volatile = Mapping[int, "Volatile | None"]


class Envelope(NamedTuple):
    """A message as received.

    Attributes:
        kind: Type of the message: RTM_*, ERROR or DONE.
        flags: NLM_F_*.
        number: Sequence number of the request that the message answers.
        body: The bytes after the header.
        is_whole: True if the body has the length that the header gives.
    """

    kind: int
    flags: int
    number: int
    body: bytes
    is_whole: bool


def envelopes(data: bytes) -> Iterator[Envelope]:
    """Split received bytes into messages."""
    start = 0
    while start + _HEADER.size <= len(data):
        length, kind, flags, number, _ = _HEADER.unpack_from(data, start)
        body = data[start + _HEADER.size : start + length]
        yield Envelope(kind, flags, number, body, length == _HEADER.size + len(body))
        start += max((length + 3) & ~3, _HEADER.size)  # NLMSG_ALIGN


def without(body: bytes, fixed: int, volatile: Volatile) -> bytes:
    """Return the body of a message without some of its attributes.

    Args:
        body: The bytes after the header.
        fixed: Size of the part before the attributes, in bytes.
        volatile: The attributes to leave out.
    """
    unpack, size = _ATTRIBUTE.unpack_from, _ATTRIBUTE.size
    kept, kept_until, start = [], 0, fixed
    while start + size <= len(body):
        length, kind = unpack(body, start)
        end = start + max((length + 3) & ~3, size)  # RTA_ALIGN
        if (named := kind & _KIND) in volatile:
            kept.append(body[kept_until:start])
            kept_until = end
            if (inner := volatile[named]) is not None:
                value = without(body[start + size : start + length], 0, inner)
                kept += (_ATTRIBUTE.pack(size + len(value), kind), value, bytes(-len(value) % 4))
        start = end
    kept.append(body[kept_until:])
    return b"".join(kept)


def packed(kind: int, body: bytes, flags: int = 0, number: int = 0) -> bytes:
    """Return the bytes of a message, to or from the kernel."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, number, 0) + body


def error(body: bytes) -> int:
    """Read the errno in a message that ends an answer; 0 without an error."""
    code = struct.unpack_from("=i", body)[0] if len(body) >= 4 else 0
    return max(-code, 0)
