"""Counters of checksum errors: those that grew are differences."""

import pytest

from podpath.model import Difference
from podpath.paths import checksums
from podpath.paths.kinds import CHECKSUM


def test_grown_counters_are_differences() -> None:
    before = {"server": {"UdpInCsumErrors": 2, "TcpInCsumErrors": 0}, "client": {}}
    after = {"server": {"UdpInCsumErrors": 3, "TcpInCsumErrors": 0}, "client": {}}

    assert checksums.differences(before, after) == [
        Difference(
            CHECKSUM, "the kernel of server", "none", "1 packet dropped, by its UdpInCsumErrors"
        )
    ]


def test_new_namespaces_and_counters_have_nothing_to_compare() -> None:
    after = {"late": {"UdpInCsumErrors": 3}, "server": {"Udp6InCsumErrors": 3}}

    assert checksums.differences({"server": {}}, after) == []


@pytest.mark.parametrize(
    ("protocols", "counted"),
    [
        (["arp"], {"Icmp6InCsumErrors", "IpExtInCsumErrors"}),
        (["icmp"], {"IcmpInCsumErrors", "Icmp6InCsumErrors", "IpExtInCsumErrors"}),
        (["tcp"], {"TcpInCsumErrors", "Icmp6InCsumErrors", "IpExtInCsumErrors"}),
    ],
)
def test_counters_of_packets_that_nobody_saw_say_nothing(
    protocols: list[str], counted: set[str]
) -> None:
    """What follows a request for a MAC address is another test's."""
    names = ("TcpInCsumErrors", "IcmpInCsumErrors", "Icmp6InCsumErrors", "IpExtInCsumErrors")

    found = checksums.of_protocols({"server": dict.fromkeys(names, 1)}, protocols)

    assert set(found["server"]) == counted
