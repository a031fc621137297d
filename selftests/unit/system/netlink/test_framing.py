"""The headers of netlink messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.system.netlink.framing import envelopes, error, packed


def test_packed_messages_are_split_again() -> None:
    first, second = envelopes(packed(24, b"abcd", 0x10, 7) + packed(3, b""))

    assert first == (24, 0x10, 7, b"abcd", True)
    assert second == (3, 0, 0, b"", True)


def test_message_that_is_cut_off_is_not_whole() -> None:
    (message,) = envelopes(packed(24, b"abcd")[:-1])

    assert not message.is_whole


@given(st.binary(max_size=200))
def test_no_message_ends_beyond_the_data(data: bytes) -> None:
    assert sum(16 + len(message.body) for message in envelopes(data)) <= len(data)


@pytest.mark.parametrize("data", [b"", b"\0" * 15, b"\0" * 64, b"\xff" * 64])
def test_nonsense_ends(data: bytes) -> None:
    assert len(list(envelopes(data))) <= 4


@pytest.mark.parametrize(
    ("body", "code"), [(b"", 0), (b"\0\0", 0), (bytes(20), 0), (b"\xff\xff\xff\xff", 1)]
)
def test_errno_of_a_message(body: bytes, code: int) -> None:
    assert error(body) == code
