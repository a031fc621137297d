"""Attributes that are left out of a message before it is decoded."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from podpath.system.netlink.framing import without


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def test_only_those_are_left_out() -> None:
    kept, odd = _attribute(1, b"abcd"), _attribute(5, b"x")
    body = bytes(12) + kept + _attribute(3, bytes(16)) + odd + _attribute(4, bytes(4))

    assert without(body, 12, {3: None, 4: None}) == bytes(12) + kept + odd


def test_those_inside_of_others_are_left_out() -> None:
    """The attribute around them gets its new length; a flag in its type counts for nothing."""
    inner = _attribute(1, b"abc") + _attribute(22, bytes(8))
    body = _attribute(18 | 0x8000, inner) + _attribute(22, b"other")

    expected = _attribute(18 | 0x8000, _attribute(1, b"abc")) + _attribute(22, b"other")
    assert without(body, 0, {18: {22: None}}) == expected


@given(st.binary(max_size=60), st.integers(0, 20))
def test_nothing_else_changes_whatever_the_bytes_are(body: bytes, fixed: int) -> None:
    """A length that is too small or too large ends nothing, and loses nothing."""
    assert without(body, fixed, {}) == body


@given(st.binary(max_size=60))
def test_end_is_reached_whatever_the_bytes_are(body: bytes) -> None:
    assert len(without(body, 4, dict.fromkeys(range(65536)))) <= len(body)
