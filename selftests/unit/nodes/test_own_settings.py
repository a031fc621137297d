"""Settings of the node itself, before and after the first pods."""

from functools import partial

import pytest

from podpath.model import Family
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


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ipv4/conf/net1/arp_ignore", "8", "2 at most"),
        ("ipv4/conf/net1/drop_gratuitous_arp", "1", "0"),
        ("ipv6/conf/net1/hop_limit", "3", "32 at least"),
    ],
)
def test_link_that_hears_or_answers_less(name: str, value: str, expected: str) -> None:
    """The same of another link, and a value that harms nothing, are no differences."""
    (difference,) = own_settings.hindering({name: value}, "net1")

    assert str(difference).endswith(f"setting {name}: expected {expected}, saw {value}")
    assert own_settings.hindering({name: value}, "eth0") == []
    assert own_settings.hindering({"ipv4/conf/net1/arp_ignore": "1"}, "net1") == []


def test_pod_that_has_a_setting_otherwise_than_most() -> None:
    """Of two pods, none is unusual. Each namespace has its own secrets."""
    usual = {"ipv4/ip_default_ttl": "64", "ipv4/tcp_fastopen_key": "1-2"}
    other = {"ipv4/ip_default_ttl": "9", "ipv4/tcp_fastopen_key": "3-4"}

    (difference,) = own_settings.unlike({"a": usual, "b": other, "c": usual})
    expected = "setting at pod b ipv4/ip_default_ttl: expected 64, as other pods, saw 9"
    assert str(difference) == expected
    assert own_settings.unlike({"a": usual, "b": other}) == []


def test_settings_that_come_and_go_are_none() -> None:
    """They belong to links, or to modules of the kernel."""
    assert own_settings.changes({"ipv4/conf/gone/tag": "0"}, {"netfilter/nf_log/2": "NONE"}) == []


def test_place_of_a_change_is_named() -> None:
    name = "ipv4/ip_default_ttl"

    (difference,) = own_settings.changes({name: "64"}, {name: "3"}, "a container")
    assert difference.where == f"a container setting {name}"


def test_value_that_tuning_does_not_give() -> None:
    """Blanks do not count, and neither do settings that the kernel does not list."""
    wanted = {
        "ipv4/conf/IFNAME/arp_filter": "1",
        "ipv4/ip_local_port_range": "1024 65000",
        "ipv4/tcp_ecn": "1",
        "ipv4/route/flush": "1",
    }
    now = {
        "ipv4/conf/net1/arp_filter": "1",
        "ipv4/ip_local_port_range": "1024\t65000",
        "ipv4/tcp_ecn": "2",
    }

    (difference,) = own_settings.unlike_configured(now, wanted, "net1")

    assert str(difference) == "setting at a container ipv4/tcp_ecn: expected 1, saw 2"


@pytest.mark.parametrize(
    ("value", "default", "ignores"),
    [
        pytest.param("8", "0", True, id="set"),
        pytest.param("8", "8", False, id="the-hosts-own"),
        pytest.param("2", "0", False, id="answers-its-own-subnet"),
    ],
)
def test_pod_that_ignores_requests_by_a_setting_of_its_link(
    value: str, default: str, ignores: bool
) -> None:
    own = {"ipv4/conf/eth0/arp_ignore": value, "ipv4/conf/default/arp_ignore": default}

    found = own_settings.silencing({"client": own}, "eth0", ["PATH-ICMP"], None)

    assert list(found) == (["client"] if ignores else [])


@pytest.mark.parametrize(
    ("setting", "requirement", "silent"),
    [
        pytest.param("ipv4/icmp_echo_ignore_all", "PATH-SELF", True, id="pings"),
        pytest.param("ipv4/conf/eth0/drop_gratuitous_arp", "LIFE-REUSE", True, id="announcements"),
        pytest.param("ipv4/conf/eth0/drop_gratuitous_arp", "PATH-ICMP", False, id="not-of-pings"),
        pytest.param("ipv6/icmp/echo_ignore_all", "PATH-SELF", False, id="other-ip-version"),
        pytest.param("ipv4/tcp_ecn", "PATH-SELF", False, id="of-no-packets"),
    ],
)
def test_setting_with_which_one_pod_keeps_silent(
    setting: str, requirement: str, silent: bool
) -> None:
    """What all pods have is the host's, or the runtime's."""
    own = {pod: {setting: str(int(pod == "client"))} for pod in ("client", "server", "bystander")}
    of_all = {pod: {setting: "1"} for pod in own}
    find = partial(
        own_settings.silencing, link="eth0", requirements=[requirement], family=Family.IPV4
    )

    assert list(find(own)) == (["client"] if silent else [])
    if "conf" not in setting:
        assert find(of_all) == {}


def test_setting_of_a_container_that_changed() -> None:
    """What came or went with a link did not change, and the MTU of IPv6 follows the link's own."""
    before = {"ipv4/conf/net1/arp_ignore": "0", "ipv6/conf/net1/mtu": "1500", "ipv4/gone": "1"}
    now = {"ipv4/conf/net1/arp_ignore": "8", "ipv6/conf/net1/mtu": "1400", "ipv4/came": "1"}

    (difference,) = own_settings.changes_in_container(before, now)

    assert (difference.expected, difference.seen) == ("0", "8")
