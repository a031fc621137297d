"""The kernel's answer with the generation of nftables rules."""

import struct

import pytest

from podpath.system.netlink import generation


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def test_generation_is_read_among_other_attributes() -> None:
    answer = (
        attribute(3, b"nft\0\0") + attribute(1, struct.pack("!I", 664)) + attribute(2, bytes(4))
    )

    assert generation.parse(answer) == 664


@pytest.mark.parametrize(
    "answer", [b"", b"\0", bytes(4), attribute(1, b"ab"), attribute(2, bytes(4))]
)
def test_answer_without_a_generation_has_none(answer: bytes) -> None:
    assert generation.parse(answer) is None
