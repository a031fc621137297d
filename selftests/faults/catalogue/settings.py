"""Faults of settings that ADD gives the whole node."""

from selftests.faults.fault import Fault, given

_SETTINGS = "TOPO-SETTINGS"


def _set(name: str, source: str, setting: str, value: str) -> Fault:
    """An ADD that sets one setting of the node."""
    return Fault(
        name=name,
        source=source,
        reds={_SETTINGS: f"changed at node setting {setting}"},
        after=f"echo '{value}' >/proc/sys/net/{setting}",
    )


FAULTS = (
    Fault(
        name="what pods send has few hops left",
        source="own: a setting of one program, which all of the pod get",
        reds={_SETTINGS: "changed at a container setting ipv4/ip_default_ttl: expected 64, saw 3"},
        near=frozenset({"PATH-UNCHANGED"}),
        after="in_pod sh -c 'echo 3 >/proc/sys/net/ipv4/ip_default_ttl'",
    ),
    _set(
        "the node forgets datagrams after a second",
        "own: a remedy for kubernetes/kubernetes issue 18604, a full table of connections",
        "netfilter/nf_conntrack_udp_timeout",
        "1",
    ),
    _set(
        "the node forgets idle connections after a minute",
        "kubernetes/kubernetes issue 18604, where kube-proxy's value is a day",
        "netfilter/nf_conntrack_tcp_timeout_established",
        "60",
    ),
    _set(
        "the node waits for fragments for a second",
        "own: a setting of a hardened host",
        "ipv4/ipfrag_time",
        "1",
    ),
    _set(
        "programs of the node have few ports",
        "own: ports that are kept for mapped ones",
        "ipv4/ip_local_port_range",
        "40000 40010",
    ),
    _set(
        "the node forgets its neighbours early",
        "own: a remedy for a full table of neighbours",
        "ipv4/neigh/eth0/gc_stale_time",
        "1",
    ),
    Fault(
        name="a sysctl that tuning is configured with is not set",
        source="own: tuning in a chain whose names of sysctls the plugin does not know",
        reds={_SETTINGS: "setting at a container ipv4/tcp_ecn: expected 1, saw 2"},
        near=frozenset({"CNI-CHECK"}),
        wraps=("tuning",),
        announces=False,
        chain={"tuning": {"sysctl": {"net.ipv4.tcp_ecn": "1"}}},
        first=given('s/"net.ipv4.tcp_ecn":"1"//'),
    ),
)

#: As guides for hardening and for old peers have them.
_WITHOUT = ("net.ipv6.conf.all.disable_ipv6", "net.ipv4.ip_no_pmtu_disc")
_OF_TCP = ("net.ipv4.tcp_timestamps", "net.ipv4.tcp_sack", "net.ipv4.tcp_window_scaling")

PLUGINS = (
    Fault(
        name="pods get settings that tuning is configured with",
        source="",
        reds={},
        near=frozenset({_SETTINGS}),
        chain={"tuning": {"sysctl": {"net.ipv4.ip_default_ttl": "60"}}},
    ),
    Fault(
        name="pods without IPv6, and with other settings of TCP, as tuning is configured",
        source="",
        reds={},
        near=frozenset({_SETTINGS, "PATH-GATEWAY", "PATH-MASQUERADE", "PATH-SIZE"}),
        chain={"tuning": {"sysctl": dict.fromkeys(_WITHOUT, "1") | dict.fromkeys(_OF_TCP, "0")}},
    ),
    Fault(
        name="the node gets the settings that kube-proxy gives it",
        source="",
        reds={},
        near=frozenset({_SETTINGS, "PATH-MASQUERADE", "PATH-GATEWAY"}),
        after="""cd /proc/sys/net/netfilter; echo 1 >nf_conntrack_tcp_be_liberal
          echo 86400 >nf_conntrack_tcp_timeout_established
          echo 3600 >nf_conntrack_tcp_timeout_close_wait
          cd ../ipv4/conf/all; echo 1 >route_localnet; echo 0 >rp_filter""",
    ),
)
