"""Conditions of mapped ports: who is translated, and who is not."""

from ipaddress import ip_address

import pytest

from podpath.cni import conditions
from podpath.cni.fields import Malformed
from podpath.model import Family

_FAR, _NODE = ip_address("192.0.2.1"), ip_address("192.0.2.2")


@pytest.mark.parametrize(
    ("words", "is_met"),
    [
        ([], True),
        (["-s", "192.0.2.1"], True),
        (["!", "-s", "192.0.2.1/32"], False),
        (["--source", "10.0.0.0/8"], False),
        (["-d", "192.0.2.2", "!", "-s", "10.0.0.0/8"], True),
        (["ip", "saddr", "!=", "192.0.2.0/24"], False),
        (["ip", "daddr", "192.0.2.0/24"], True),
        (["-d", "10.0.0.0/8,192.0.2.2"], True),
        (["-d", "10.0.0.0/8,127.0.0.0/8"], False),
    ],
)
def test_packet_meets_all_conditions(words: list[str], is_met: bool) -> None:
    """As iptables or as nft writes them."""
    read = conditions.read(words)

    assert all(condition.is_met(_FAR, _NODE) for condition in read) is is_met


@pytest.mark.parametrize(
    "words",
    [
        ["-i", "eth0"],
        ["-s"],
        ["!"],
        ["-s", "here"],
        ["-s", 7],
        ["!", "-s", "::1,::2"],
        "-s 10.0.0.0/8",
        7,
    ],
)
def test_other_conditions_cannot_be_read(words: object) -> None:
    with pytest.raises(Malformed):
        conditions.read(words)


def test_conditions_are_of_an_ip_version_and_of_portmap() -> None:
    sections = [
        {"type": "portmap", "conditionsV6": ["-s", "fd00::/8"]},
        {"type": "acme", "conditionsV4": ["-s", "10.0.0.0/8"]},
    ]

    assert conditions.of(sections, Family.IPV4) == ()
    assert len(conditions.of(sections, Family.IPV6)) == 1
