"""Counters of /proc/net, by the names of nstat(8)."""

import pytest

from podpath.system import counters

_SNMP = """\
Ip: Forwarding InDiscards
Ip: 1 3
Udp: InDatagrams InCsumErrors
Udp: 9 2
"""
_DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
  a:b:       1       2    3    4    5     6          7         8        9      10   11   12   13    14      15         16
  lo: what
"""  # noqa: E501
_CONNTRACK = """\
entries  drop invalid
00000014 00000001 0000000a
00000014 00000010 00000001
"""


def test_protocols() -> None:
    assert counters.of_protocols(_SNMP) == {
        "IpForwarding": 1,
        "IpInDiscards": 3,
        "UdpInDatagrams": 9,
        "UdpInCsumErrors": 2,
    }
    assert counters.of_ipv6("Ip6InDiscards 4\nwhat\n") == {"Ip6InDiscards": 4}


def test_links() -> None:
    """A name may have a colon; a line of another form is skipped."""
    assert counters.of_links(_DEV) == {
        "a:b rx_errors": 3,
        "a:b rx_dropped": 4,
        "a:b rx_overrun": 5,
        "a:b tx_errors": 11,
        "a:b tx_dropped": 12,
        "a:b tx_carrier": 15,
    }


def test_connection_tracking_is_summed_over_the_cpus() -> None:
    assert counters.of_conntrack(_CONNTRACK)["conntrack drop"] == 17
    assert counters.of_conntrack("") == {}


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("IpInDiscards", {4}),
        ("IpExtInCsumErrors", {4}),
        ("UdpInCsumErrors", {4}),
        ("Ip6InDiscards", {6}),
        ("Icmp6InErrors", {6}),
        ("Udp6InCsumErrors", {6}),
        ("TcpInCsumErrs", {4, 6}),
        ("eth0 rx_dropped", {4, 6}),
    ],
)
def test_counters_of_ip_versions(name: str, versions: set[int]) -> None:
    """Those of TCP, whose names the kernel has once, and of links are of both."""
    assert {version for version in (4, 6) if counters.concerns(name, {version})} == versions
    assert counters.concerns(name, ())
