"""Faults of plugins that give pods IPv6 addresses, beside IPv4 ones or alone."""

from typing import Any

from selftests.faults.fault import Fault, bridge_rule

_RANGE = [{"subnet": "fd00:88::/64"}]
_ROUTE = {"dst": "::/0"}


def dual_stack(bridge: dict[str, Any]) -> None:
    """Give pods IPv6 addresses beside IPv4 ones."""
    bridge["ipam"]["ranges"].append(_RANGE)
    bridge["ipam"]["routes"].append(_ROUTE)


def _alone(bridge: dict[str, Any]) -> None:
    bridge["ipam"] |= {"ranges": [_RANGE], "routes": [_ROUTE]}


def _dropped(rule: str) -> str:
    """A rule on the bridge, for what the server sends."""
    return f"""[ "$POD" != server ] || {{ {bridge_rule(f"iifname '$HOST' {rule} drop")}; }}"""


#: Shell: the bridge asks which groups its ports want, soon knows, and sends to these alone.
_QUERIER = """ip link set cni0 type bridge mcast_query_response_interval 10
          ip link set cni0 type bridge mcast_querier 1
          sleep 0.3"""

FAULTS = (
    Fault(
        name="IPv6 echo replies are dropped, IPv4's are not",
        cause="NETFILTER_DROP .*icmpv6 type echo-reply drop",
        source="own",
        reds={"TOPO-HOOKS": "packet filter at node"},
        under={"PATH-ICMP": "TOPO-HOOKS"},
        configure=dual_stack,
        after=_dropped("icmpv6 type echo-reply"),
    ),
    Fault(
        name="neighbour advertisements are dropped",
        cause="no answer to",
        source="own: a filter that knows ARP only",
        reds={"PATH-ARP": "missing hop", "TOPO-HOOKS": "packet filter at node"},
        follows=frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP"}),
        untestable=frozenset({"PATH-ICMP"}),
        configure=dual_stack,
        after=_dropped("icmpv6 type nd-neighbor-advert"),
    ),
    Fault(
        name="neighbour solicitations are lost by the bridge's group table",
        source="cilium/cilium issue 46274, lxc/incus issue 3294",
        reds={"TOPO-MULTICAST": "multicast group at node veth"},
        # solicitations for later pods are lost, too
        follows=frozenset({"PATH-ICMP", "PATH-PORTMAP", "LIFE-PORTMAP"}),
        untestable=frozenset({"PATH-ICMP", "LIFE-REUSE"}),
        configure=dual_stack,
        after=f"""{_QUERIER}; sleep 2  # by then the pod has sent its last report by itself
          bridge mdb show dev cni0 | sed -n "s/.* port $HOST grp \\(ff02::1:ff[^ ]*\\).*/\\1/p" |
          while read -r group; do bridge mdb del dev cni0 port "$HOST" grp "$group"; done""",
    ),
    Fault(
        name="IPv6 packets of more than 1280 bytes are dropped",
        cause="NETFILTER_DROP .*ip6 length > 1240 drop",
        source="own",
        reds={"TOPO-HOOKS": "packet filter at node"},
        under={"PATH-MTU": "TOPO-HOOKS"},
        follows=frozenset({"PATH-SIZE", "PATH-HTTP", "PATH-UNCHANGED"}),
        configure=dual_stack,
        after=_dropped("ip6 length gt 1240"),
    ),
    Fault(
        name="IPv6 default route is missing",
        source="own",
        reds={"TOPO-ROUTE": "missing route"},
        # a CHECK that always fails finds what it is known not to find
        follows=frozenset({"TOPO-RESULT", "CNI-CHECK", "CNI-CHECK-LATER"}),
        untestable=frozenset({"CNI-CHECK-STATE"}),
        configure=dual_stack,
        after="in_pod ip -6 route delete default",
    ),
    Fault(
        name="IPv6 address is tentative when ADD returns",
        source="danm issue 180; kubernetes/kubernetes issue 32291",
        reds={"CNI-ADD-INTERFACE": "tentative"},
        follows=frozenset({"TOPO-SETTINGS"}),  # of the setting that makes it so
        configure=_alone,
        after="""IP6=$(in_pod ip -6 -o addr show dev "$CNI_IFNAME" scope global | awk '{print $4}')
          in_pod sysctl -qw net.ipv6.conf.all.accept_dad=1 "net.ipv6.conf.$CNI_IFNAME.accept_dad=1"
          in_pod ip addr delete "$IP6" dev "$CNI_IFNAME"
          in_pod ip addr add "$IP6" dev "$CNI_IFNAME" """,
    ),
)

_NEAR = frozenset(
    {
        *("TOPO-BRIDGE-GATEWAY", "TOPO-ADDR", "TOPO-ROUTE", "TOPO-RESULT", "TOPO-FDB"),
        *("PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-SIZE", "PATH-MTU", "PATH-GATEWAY"),
        *("PATH-BYSTANDER", "LIFE-DELETE", "CNI-ADD-INTERFACE"),
    }
)

PLUGINS = (
    Fault(name="dual stack", source="", reds={}, near=_NEAR, configure=dual_stack),
    Fault(name="IPv6 alone", source="", reds={}, near=_NEAR, configure=_alone),
    Fault(
        name="multicast groups with a querier",
        source="",
        reds={},
        near=_NEAR | {"TOPO-MULTICAST"},
        configure=dual_stack,
        after=_QUERIER,
    ),
    Fault(
        name="multicast snooping is off",
        source="lxc/incus issue 3294",
        reds={},
        near=_NEAR | {"TOPO-MULTICAST"},
        configure=dual_stack,
        after="ip link set cni0 type bridge mcast_snooping 0",
    ),
)
