"""The ruleset as nft lists it: each entry with its place."""

from ipaddress import ip_address

import pytest

from podpath.nodes import ruleset

_LISTED = """\
table ip nat {
    set pods {
        type ipv4_addr
        elements = { 10.88.0.2, 10.88.0.3,
                     10.88.0.4 }
    }
    chain CNI-1 {
        ip daddr 10.88.0.0/24 counter accept
        ip daddr != 224.0.0.0/4 counter masquerade
    }
    chain CNI-2 {
        ip daddr 10.88.0.0/24 counter accept
    }
}
"""


def test_entries_have_their_table_and_chain() -> None:
    lines = [line.strip() for line in _LISTED.splitlines()]

    assert list(ruleset.entries(lines)) == [
        "table ip nat",
        "table ip nat set pods",
        "table ip nat set pods: type ipv4_addr",
        "table ip nat set pods: element 10.88.0.2",
        "table ip nat set pods: element 10.88.0.3",
        "table ip nat set pods: element 10.88.0.4",
        "table ip nat chain CNI-1",
        "table ip nat chain CNI-1: ip daddr 10.88.0.0/24 counter accept",
        "table ip nat chain CNI-1: ip daddr != 224.0.0.0/4 counter masquerade",
        "table ip nat chain CNI-2",
        "table ip nat chain CNI-2: ip daddr 10.88.0.0/24 counter accept",
    ]


@pytest.mark.parametrize(
    ("entry", "is_proxys"),
    [
        ("table ip nat chain KUBE-SVC-X: jump KUBE-SEP-Y", True),
        ("table ip6 kube-proxy chain services: drop", True),
        ("-A KUBE-SEP-Y -s 10.88.0.2/32 -j KUBE-MARK-MASQ", True),
        # a plugin's rule may lead to the proxy's chain
        ("table ip nat chain CNI-1: jump KUBE-MARK-MASQ", False),
        ("-A POSTROUTING -j KUBE-POSTROUTING", False),
        ("table ip nat chain POSTROUTING: jump CNI-1", False),
        ("table", False),
    ],
)
def test_rules_of_the_proxy(entry: str, is_proxys: bool) -> None:
    assert ruleset.of_proxy(entry) is is_proxys


@pytest.mark.parametrize(
    ("rule", "drops"),
    [
        ("ip saddr 10.88.0.0/24 meta l4proto udp counter drop", True),
        ("ip daddr 10.88.0.2 reject with icmp port-unreachable", True),
        ('iifname "cni0" drop', True),
        ("tcp dport 53 drop", True),
        ("type filter hook forward priority filter; policy drop;", True),
        ('iifname "cni*" oifname "eth*" meta l4proto udp counter drop', True),
        ('iifname { "docker0", "cni0" } drop', True),
        ("ip saddr { 203.0.113.0/24, 10.88.0.0/24 } drop", True),
        ("ip saddr 10.88.0.1-10.88.0.9 drop", True),
        ("ip daddr != 224.0.0.0/4 drop", True),
        ("ip saddr 203.0.113.0/24 drop", False),
        ("ip saddr { 203.0.113.0/24, 198.51.100.0/24 } drop", False),
        ("ip saddr != 10.88.0.0/24 drop", False),
        ("ip6 saddr != fd00::/8 drop", False),
        ('iifname "docker0" drop', False),
        ('iifname "br-*" drop', False),
        ('iifname != "cni0" drop', False),
        ('iifname "veth2" ip saddr != 10.88.0.9 drop', False),
        ('iifname != "docker0" oifname "docker0" drop', False),
        ('ip daddr 172.17.0.2 iifname != "docker0" drop', False),
        ("ip saddr 10.88.0.0/24 accept", False),
        ('accept comment "not drop"', False),
        ("type filter hook forward priority filter; policy accept;", False),
    ],
)
def test_rules_that_drop_packets_of_pods(rule: str, drops: bool) -> None:
    """By address or link, or all packets."""
    entry = f"table ip filter chain FORWARD: {rule}"

    assert ruleset.drops(entry, [ip_address("10.88.0.2")], {"cni0", "veth1"}) is drops


@pytest.mark.parametrize(
    ("rule", "diverts"),
    [
        ("ip saddr 10.88.0.0/24 udp dport 53 counter dnat to 192.0.2.1:5353", True),
        ('iifname "cni0" tcp dport 80 counter redirect to :15001', True),
        ('iifname "cni0" counter notrack', True),
        ('iifname "cni0" counter xt target CT', True),
        ("ip saddr 10.88.0.0/24 counter ip6 dscp set 0x04", True),
        ("ip saddr 10.88.0.0/24 tcp flags syn counter tcp option maxseg size set 500", True),
        ("ip saddr 10.88.0.0/24 counter xt target TTL", True),
        ("ip saddr 10.88.0.0/24 counter dup to 192.0.2.1", True),
        ("ip saddr 10.88.0.0/24 counter queue num 0", True),
        ("ip saddr 10.88.0.0/24 counter meta mark set 0x5", False),
        ("tcp flags syn / syn,rst counter tcp option maxseg size set rt mtu", False),
        ("ip saddr 172.17.0.0/16 dnat to 172.17.0.2", False),
        ("fib daddr type local jump DOCKER", False),
        ("ip saddr 10.88.0.0/24 masquerade", False),
        ("ip saddr 10.88.0.0/24 ip daddr != 10.88.0.0/24 masquerade", False),
        ("ip saddr 10.88.0.0/24 ip daddr 10.88.0.0/24 masquerade", True),
        ("ip saddr 10.88.0.0/24 ct state new accept", False),
    ],
)
def test_rules_that_divert_packets_of_pods(rule: str, diverts: bool) -> None:
    entry = f"table ip nat chain PREROUTING: {rule}"

    assert ruleset.diverts(entry, [ip_address("10.88.0.2")], {"cni0"}) is diverts


@pytest.mark.parametrize(
    ("rule", "exempts"),
    [
        ("ip saddr 10.88.0.0/24 counter accept", True),
        ("counter return", True),
        ("ip saddr 203.0.113.0/24 counter accept", False),
        ("meta mark 0x4000 return", False),
        ("ip saddr 10.88.0.0/24 counter masquerade", False),
    ],
)
def test_rules_that_keep_packets_from_a_translation(rule: str, exempts: bool) -> None:
    """A new rule counts if a known one of the same chain follows it."""
    place, after = "table ip nat chain POSTROUTING", "ip saddr 10.88.0.2 jump CNI-1"
    new, known = f"{place}: {rule}", f"{place}: {after}"
    pods = [ip_address("10.88.0.2")]

    found = list(ruleset.exempting([new, known], {known}, pods, {"cni0"}))
    assert found == [new] * exempts
    assert list(ruleset.exempting([known, new], {known}, pods, {"cni0"})) == []
    assert list(ruleset.exempting([new, known], {new, known}, pods, {"cni0"})) == []


@pytest.mark.parametrize(
    ("rule", "drops"),
    [
        ("ip: udp dport 9000 drop", True),
        ("inet: counter reject", True),
        ("ip: type filter hook input priority filter; policy drop;", True),
        ("ip: udp dport 9000 counter", False),
    ],
)
def test_rule_of_a_pod_that_drops(rule: str, *, drops: bool) -> None:
    assert ruleset.drops_any(rule) is drops
