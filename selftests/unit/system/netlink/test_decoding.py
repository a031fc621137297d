"""Messages that pyroute2 decodes: bytes become typed values, or an error."""

import ast
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.system.netlink import links, messages
from podpath.system.netlink.decoding import decoded
from podpath.system.netlink.links import BridgeAttributes, LinkMessage, PortAttributes
from podpath.system.netlink.message import Message

from ...strategies import soundly

#: RTM_NEW* of each table -> the size of the fixed part, in bytes.
_FIXED = {16: 16, 20: 8, 24: 12, 28: 12, 32: 12, 36: 20, 88: 4}
_FAMILIES = (0, 2, 7, 10, 28)


def _packed(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def test_equal_messages_are_decoded_once() -> None:
    body = bytes([2, 16]) + bytes(10) + _packed(1, bytes([10, 9, 0, 0]))

    assert decoded(24, body) is decoded(24, bytes(body))


@pytest.mark.parametrize("kind", [0, 2, 3, 18, 99])
def test_message_of_an_unknown_type_is_an_error(kind: int) -> None:
    with pytest.raises(OSError, match=f"a message of type {kind}"):
        decoded(kind, bytes(20))


@pytest.mark.parametrize(("kind", "size"), _FIXED.items())
def test_message_that_is_too_short_is_an_error(kind: int, size: int) -> None:
    with pytest.raises(OSError, match="cannot be decoded"):
        decoded(kind, bytes(size - 1))


_values = st.binary(max_size=20) | st.sampled_from([b"bridge\0", b"macvlan\0", b"eth0\0"])
_flat = st.builds(_packed, st.integers(0, 60), _values)
_nested = st.builds(_packed, st.integers(0, 60), st.lists(_flat, max_size=3).map(b"".join))
_bodies = st.lists(_flat | _nested, max_size=4).map(b"".join) | st.binary(max_size=60)


@given(st.sampled_from(list(_FIXED)), st.sampled_from(_FAMILIES), st.binary(max_size=20), _bodies)
def test_any_message_has_typed_values_or_a_clear_error(
    kind: int, family: int, start: bytes, rest: bytes
) -> None:
    """No other exception comes from pyroute2 or from a property, whatever the bytes are."""
    size = _FIXED[kind]
    try:
        message = decoded(kind, (bytes([family]) + start.ljust(size - 1, b"\0"))[:size] + rest)
    except OSError:
        return
    for value in _properties(message):
        if isinstance(value, BridgeAttributes | PortAttributes):
            list(_properties(value))


def _properties(of: Message | BridgeAttributes | PortAttributes) -> Iterator[object]:
    for name in dir(type(of)):
        if not name.startswith("_") and name != "NEW":
            yield soundly(getattr, of, name)


def _names_of_pyroute2(of: Any) -> Iterator[str]:
    for row in getattr(of, "nla_map", ()):
        yield row[1] if isinstance(row[0], int) else row[0]
    for inner in vars(of).values():
        # a class of attributes, or those of each kind of link
        for each in inner.values() if isinstance(inner, dict) else (inner,):
            if isinstance(each, type):
                yield from _names_of_pyroute2(each)


def test_pyroute2_knows_every_attribute() -> None:
    """pyroute2 gives None for a name that it does not know, so a misspelt one would go unseen."""
    from pyroute2.netlink.rtnl.marshal import MarshalRtnl

    classes = [
        *MarshalRtnl.msg_map.values(),
        *(base for of in MarshalRtnl.msg_map.values() for base in of.__mro__),
    ]
    known = {name for of in classes for name in _names_of_pyroute2(of)}
    used = {
        node.value
        for module in (links, messages)
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text()))
        if isinstance(node, ast.Constant) and re.fullmatch(r"[A-Z]+_[A-Z_]+", str(node.value))
    }

    assert {"IFLA_BRPORT_LOCKED", "RTAX_ADVMSS", "NDA_MASTER"} <= used
    assert used - known == set()


def test_deleted_interface_is_a_link() -> None:
    message = decoded(17, bytes(16) + _packed(3, b"eth0\0"))

    assert isinstance(message, LinkMessage)
    assert message.name == "eth0"
