"""Answers of the kernel: the rows of a table, and errors."""

import struct
from collections.abc import Iterator
from contextlib import closing

import pytest

from podpath.system.netlink import questions
from podpath.system.netlink.messages import NeighbourMessage
from podpath.system.netlink.questions import ChangedMeanwhile, Questions

from ...decoded import Decoded

_NEWROUTE, _NEWRULE, _DONE, _ERROR = 24, 32, 3, 2
# struct rtmsg of 10.9.0.0/16 in the main table, and RTA_DST
_ROUTE = bytes([2, 16, 0, 0, 254, 4, 0, 1]) + bytes(4) + struct.pack("=HH4B", 8, 1, 10, 9, 0, 0)


def answer(kind: int, body: bytes = b"", flags: int = 0, number: int = 1) -> bytes:
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

    monkeypatch.setattr(questions, "opened", Kernel)
    yield answers
    assert answers == []


def test_answer_of_several_datagrams_is_read_to_its_end(asking: list[bytes]) -> None:
    """What answers an earlier question is left out."""
    asking += [answer(_NEWROUTE, _ROUTE, number=7) + answer(_NEWROUTE, _ROUTE), answer(_DONE)]
    with closing(Questions()) as kernel:
        (route,) = kernel.routes()

    assert (route.length, str(route.destination), route.device) == (16, "10.9.0.0", None)


def test_equal_messages_are_read_once(asking: list[bytes]) -> None:
    asking += [answer(_NEWROUTE, _ROUTE) * 2, answer(_DONE)]
    with closing(Questions()) as kernel:
        first, second = kernel.routes()

    assert first is second


def test_tables_that_change_while_they_are_told(asking: list[bytes]) -> None:
    asking += [answer(_NEWROUTE, _ROUTE, flags=0x10)]
    with closing(Questions()) as kernel, pytest.raises(ChangedMeanwhile):
        kernel.routes()


def test_refusal_of_the_kernel(asking: list[bytes]) -> None:
    asking += [answer(_ERROR, struct.pack("=i", -1) + bytes(16))]
    with closing(Questions()) as kernel, pytest.raises(PermissionError):
        kernel.routes()


def test_table_that_breaks_off_is_no_table(asking: list[bytes]) -> None:
    """The kernel tells an error at the end of what it has told so far."""
    asking += [answer(_NEWROUTE, _ROUTE), answer(_DONE, struct.pack("=i", -90))]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="too long"):
        kernel.routes()


@pytest.mark.parametrize("cut", [answer(_NEWROUTE, _ROUTE)[:-4], bytes(16), b"\xff" * 16])
def test_message_that_is_cut_off_is_no_answer(asking: list[bytes], cut: bytes) -> None:
    asking += [cut]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="cut off"):
        kernel.routes()


def test_answer_to_another_question_is_none(asking: list[bytes]) -> None:
    asking += [answer(_NEWROUTE, _ROUTE, number=7)]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="did not answer"):
        kernel.namespace_id(0)


@pytest.mark.parametrize(
    "other", [answer(_NEWRULE, bytes(12)), answer(_ERROR, bytes(20)), answer(99, bytes(20))]
)
def test_row_of_another_table_is_an_error(asking: list[bytes], other: bytes) -> None:
    """Neither a rule, nor an acknowledgement, nor an unknown message is a route."""
    asking += [other]
    with closing(Questions()) as kernel, pytest.raises(OSError, match="message of type"):
        kernel.routes()


@pytest.mark.parametrize("code", [0, -2])
def test_neighbour_is_deleted_or_already_gone(asking: list[bytes], code: int) -> None:
    """The kernel may delete the neighbour first (ENOENT)."""
    asking += [answer(_ERROR, struct.pack("=i", code) + bytes(16))]
    with closing(Questions()) as kernel:
        kernel.forget(_neighbour(NDA_DST="10.88.0.2"))


def test_neighbour_that_may_not_be_deleted(asking: list[bytes]) -> None:
    asking += [answer(_ERROR, struct.pack("=i", -1) + bytes(16))]
    with closing(Questions()) as kernel, pytest.raises(PermissionError):
        kernel.forget(_neighbour(NDA_DST="10.88.0.2"))


def test_neighbour_without_an_ip_address_is_left_alone(asking: list[bytes]) -> None:
    with closing(Questions()) as kernel:
        kernel.forget(_neighbour())

    assert asking == []


def _neighbour(**attributes: object) -> NeighbourMessage:
    return NeighbourMessage(Decoded({"family": 2, "ifindex": 7}, **attributes))
