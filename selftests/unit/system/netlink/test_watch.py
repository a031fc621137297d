"""What the kernel's messages say has changed."""

import struct
import sys
from ipaddress import IPv6Address

import pytest

from podpath.errors import CouldNotTest
from podpath.system.netlink.watch import Follower

_UP = 1


def _attribute(kind: int, data: bytes) -> bytes:
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + bytes(-length % 4)


def _message(kind: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, 0, 1, 0) + body + bytes(-len(body) % 4)


def _link(name: str, *, kind: int = 16, family: int = 0, flags: int = _UP, **numbers: int) -> bytes:
    body = struct.pack("=BxHiII", family, 1, 7, flags, 0)
    body += _attribute(3, name.encode() + b"\0") + _attribute(1, bytes(6))
    for attribute, number in numbers.items():
        code = {"mtu": 4, "master": 10}[attribute]
        body += _attribute(code, number.to_bytes(4, sys.byteorder))
    return _message(kind, body)


def _route6(target: str) -> bytes:
    return _message(24, bytes([10]) + bytes(11) + _attribute(1, IPv6Address(target).packed))


@pytest.mark.parametrize(
    ("message", "news"),
    [
        pytest.param(_link("eth0", mtu=1500), [], id="the same"),
        pytest.param(_link("eth0", flags=_UP | 0x100, mtu=1500), [], id="promiscuous"),
        pytest.param(_link("eth0", flags=0, mtu=1500), ["eth0 was set down"], id="down"),
        pytest.param(_link("eth1", mtu=1500), ["eth0 was renamed eth1"], id="renamed"),
        pytest.param(_link("eth0", mtu=1400), ["eth0 got MTU 1400"], id="MTU"),
        pytest.param(
            _link("eth0", mtu=1500, master=3), ["eth0 joined or left a bridge"], id="master"
        ),
        pytest.param(_link("eth0", family=7, kind=17), [], id="a bridge's view"),
        pytest.param(_link("eth0", kind=17), ["eth0 vanished"], id="vanished"),
        pytest.param(
            _message(20, struct.pack("=BBBBI", 2, 24, 0, 0, 7)), ["eth0 got an address"], id="addr"
        ),
        pytest.param(
            _message(21, struct.pack("=BBBBI", 2, 24, 0, 0, 9)),
            ["an interface lost an address"],
            id="unknown",
        ),
        pytest.param(_message(25, bytes(12)), ["a route was removed"], id="route"),
        pytest.param(
            _message(20, struct.pack("=BBBBI", 10, 64, 0, 0, 7)),
            ["eth0 got an address"],
            id="an IPv6 address",
        ),
        pytest.param(_message(20, struct.pack("=BBBBI", 10, 64, 0, 253, 7)), [], id="link-local"),
        pytest.param(_route6("fd00::"), ["a route was added"], id="an IPv6 route"),
        pytest.param(_route6("fe80::"), [], id="link-local route"),
        pytest.param(_route6("ff00::"), [], id="multicast route"),
    ],
)
def test_news_of_a_message(message: bytes, news: list[str]) -> None:
    follower = Follower()
    assert follower.take(_link("eth0", mtu=1500) + _message(3, bytes(4))) == ["eth0 appeared"]
    assert follower.complete

    assert follower.take(message) == news


def test_error_of_the_kernel_is_raised() -> None:
    with pytest.raises(PermissionError):
        Follower().take(_message(2, struct.pack("=i", -1)))


def test_links_that_the_kernel_broke_off_telling_are_an_error() -> None:
    with pytest.raises(OSError, match="Operation not permitted"):
        Follower().take(_link("eth0", mtu=1500) + _message(3, struct.pack("=i", -1)))


@pytest.mark.parametrize("kind", [16, 20, 24])
def test_change_that_cannot_be_decoded_is_an_error(kind: int) -> None:
    """The change may be one that matters."""
    with pytest.raises(OSError, match="cannot be decoded"):
        Follower().take(_message(kind, bytes(4)))


def test_change_that_is_cut_off_is_an_error() -> None:
    with pytest.raises(OSError, match="cut off"):
        Follower().take(_link("eth0", mtu=1500)[:-4])


def test_link_without_an_mtu_cannot_be_compared() -> None:
    with pytest.raises(CouldNotTest, match="the kernel gives nothing as an MTU"):
        Follower().take(_link("eth0"))


def test_new_lifetime_of_an_address_is_no_change() -> None:
    """As after each router advertisement: created and updated at different times."""
    address = struct.pack("=BBBBI", 10, 64, 0, 0, 7)
    times = _attribute(6, struct.pack("=IIII", 60, 60, 5, 6))

    assert Follower().take(_message(20, address + times)) == []
