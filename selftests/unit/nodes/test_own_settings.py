"""Settings of the node itself, before and after the first pods."""

import pytest

from podpath.nodes import own_settings

_ESTABLISHED = "netfilter/nf_conntrack_tcp_timeout_established"


@pytest.mark.parametrize(
    ("name", "before", "now"),
    [
        ("netfilter/nf_conntrack_udp_timeout", "30", "1"),
        (_ESTABLISHED, "432000", "60"),
        ("ipv4/ipfrag_high_thresh", "4194304", "1"),
        ("ipv4/ip_local_port_range", "32768\t60999", "40000\t40001"),
        ("ipv6/conf/all/disable_ipv6", "0", "1"),
        ("ipv4/neigh/eth0/base_reachable_time_ms", "30000", "1"),
    ],
)
def test_change_of_a_setting_is_listed(name: str, before: str, now: str) -> None:
    (difference,) = own_settings.changes({name: before}, {name: now})

    expected = f"changed at node setting {name}: expected {before}, saw {now}"
    assert str(difference) == expected


@pytest.mark.parametrize(
    ("name", "before", "now"),
    [
        ("ipv4/ip_forward", "0", "1"),
        ("ipv4/conf/all/accept_redirects", "1", "0"),
        ("ipv4/conf/all/rp_filter", "1", "0"),
        ("bridge/bridge-nf-call-iptables", "0", "1"),
        ("ipv4/vs/conntrack", "0", "1"),
        ("ipv6/conf/all/disable_ipv6", "1", "0"),
        ("ipv6/conf/eth0/mtu", "1500", "1400"),
        ("netfilter/nf_conntrack_udp_timeout", "30", "60"),
        (_ESTABLISHED, "432000", "86400"),
        (_ESTABLISHED, "3600", "3600"),
    ],
)
def test_change_that_pods_may_require_is_none(name: str, before: str, now: str) -> None:
    assert own_settings.changes({name: before}, {name: now}) == []


def test_settings_that_come_and_go_are_none() -> None:
    """They belong to links, or to modules of the kernel."""
    assert own_settings.changes({"ipv4/conf/gone/tag": "0"}, {"netfilter/nf_log/2": "NONE"}) == []


def test_place_of_a_change_is_named() -> None:
    name = "ipv4/ip_default_ttl"

    (difference,) = own_settings.changes({name: "64"}, {name: "3"}, "a container")
    assert difference.where == f"a container setting {name}"
