"""Answers of the kernel: what is read of them, and what is no answer."""

import struct
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podpath.system import netlink
from podpath.system.netlink import ChangedMeanwhile, Message, Questions, messages

_NEWROUTE, _DONE, _ERROR = 24, 3, 2
# struct rtmsg of 10.9.0.0/16 in the main table, and RTA_DST
_ROUTE = bytes([2, 16, 0, 0, 254, 4, 0, 1]) + bytes(4) + struct.pack("=HH4B", 8, 1, 10, 9, 0, 0)


def said(kind: int, body: bytes = b"", flags: int = 0, number: int = 1) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, number, 0) + body


@pytest.fixture
def asking(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """What the kernel answers, datagram by datagram."""
    answers: list[bytes] = []

    class Kernel:
        def settimeout(self, _: float) -> None: ...
        def send(self, _: bytes) -> None: ...
        def close(self) -> None: ...
        def recvmsg(self, _: int) -> tuple[bytes, list[object], int, None]:
            return answers.pop(0), [], 0, None

    monkeypatch.setattr(netlink, "opened", Kernel)
    yield answers
    assert answers == []


def test_answer_of_several_datagrams_is_read_to_its_end(asking: list[bytes]) -> None:
    """What answers an earlier question is left out."""
    asking += [said(_NEWROUTE, _ROUTE, number=7) + said(_NEWROUTE, _ROUTE), said(_DONE)]
    with closing(Questions()) as kernel:
        (route,) = kernel.ask(netlink.ROUTES)

    assert (route["dst_len"], route.get_attr("RTA_DST")) == (16, "10.9.0.0")
    assert route.get_attr("RTA_OIF") is None


def test_equal_messages_are_read_once(asking: list[bytes]) -> None:
    asking += [said(_NEWROUTE, _ROUTE) * 2, said(_DONE)]
    with closing(Questions()) as kernel:
        first, second = kernel.ask(netlink.ROUTES)

    assert first is second


def test_tables_that_change_while_they_are_told(asking: list[bytes]) -> None:
    asking += [said(_NEWROUTE, _ROUTE, flags=0x10)]
    with closing(Questions()) as kernel, pytest.raises(ChangedMeanwhile):
        kernel.ask(netlink.ROUTES)


def test_refusal_of_the_kernel(asking: list[bytes]) -> None:
    asking += [said(_ERROR, struct.pack("=i", -1) + bytes(16))]
    with closing(Questions()) as kernel, pytest.raises(PermissionError):
        kernel.ask(netlink.ROUTES)


def test_table_that_breaks_off_is_no_table(asking: list[bytes]) -> None:
    """The kernel tells an error at the end of what it has told so far."""
    asking += [said(_NEWROUTE, _ROUTE), said(_DONE, struct.pack("=i", -90))]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="too long"):
        kernel.ask(netlink.ROUTES)


@pytest.mark.parametrize("cut", [said(_NEWROUTE, _ROUTE)[:-4], bytes(16), b"\xff" * 16])
def test_message_that_is_cut_off_is_no_answer(asking: list[bytes], cut: bytes) -> None:
    asking += [cut]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="cut off"):
        kernel.ask(netlink.ROUTES)


def test_answer_to_another_question_is_none(asking: list[bytes]) -> None:
    asking += [said(_NEWROUTE, _ROUTE, number=7)]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="did not answer"):
        kernel.number_of(0)


@given(st.binary(max_size=200))
def test_whatever_comes_is_taken_apart(data: bytes) -> None:
    """No message ends beyond the data."""
    found = list(messages(data))

    assert sum(16 + len(body) for *_, body in found) <= len(data)


@given(st.binary(max_size=120))
def test_message_that_says_anything(body: bytes) -> None:
    """It is read, or cannot be."""
    try:
        found = netlink._read(_NEWROUTE, body)
    except OSError:
        return
    assert isinstance(found, Message)
