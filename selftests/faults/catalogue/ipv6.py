"""Faults of plugins that give pods IPv6 addresses, beside IPv4 ones or alone."""

from typing import Any

from selftests.faults.fault import Fault, bridge_rule

_RANGE = [{"subnet": "fd00:88::/64"}]
_ROUTE = {"dst": "::/0"}


def _dual(bridge: dict[str, Any]) -> None:
    bridge["ipam"]["ranges"].append(_RANGE)
    bridge["ipam"]["routes"].append(_ROUTE)


def _alone(bridge: dict[str, Any]) -> None:
    bridge["ipam"] |= {"ranges": [_RANGE], "routes": [_ROUTE]}


def _dropped(rule: str) -> str:
    """A rule on the bridge, for what the server sends."""
    return f"""[ "$POD" != server ] || {{ {bridge_rule(f"iifname '$HOST' {rule} drop")}; }}"""


FAULTS = (
    Fault(
        name="IPv6 echo replies are dropped, IPv4's are not",
        cause="NETFILTER_DROP .*icmpv6 type echo-reply drop",
        source="own",
        reds={"PATH-ICMP": "missing hop"},
        follows=frozenset({"TOPO-HOOKS"}),
        untestable=frozenset({"PATH-ARP"}),
        configure=_dual,
        after=_dropped("icmpv6 type echo-reply"),
    ),
    Fault(
        name="neighbour advertisements are dropped",
        source="own: a filter that knows ARP only",
        reds={"PATH-ARP": "missing hop"},
        follows=frozenset({"TOPO-HOOKS", "PATH-ICMP", "PATH-HTTP", "PATH-UDP"}),
        untestable=frozenset({"PATH-ICMP"}),
        configure=_dual,
        after=_dropped("icmpv6 type nd-neighbor-advert"),
    ),
    Fault(
        name="IPv6 packets of more than 1280 bytes are dropped",
        cause="NETFILTER_DROP .*ip6 length > 1240 drop",
        source="own",
        reds={"PATH-MTU": "missing hop"},
        follows=frozenset({"TOPO-HOOKS", "PATH-SIZE", "PATH-HTTP", "PATH-UNCHANGED"}),
        configure=_dual,
        after=_dropped("ip6 length gt 1240"),
    ),
    Fault(
        name="IPv6 default route is missing",
        source="own",
        reds={"TOPO-ROUTE": "missing route"},
        # a CHECK that always fails finds what it is known not to find
        follows=frozenset({"TOPO-RESULT", "CNI-CHECK", "CNI-CHECK-LATER"}),
        untestable=frozenset({"CNI-CHECK-STATE"}),
        configure=_dual,
        after="in_pod ip -6 route delete default",
    ),
    Fault(
        name="IPv6 address is tentative when ADD returns",
        source="danm issue 180; kubernetes/kubernetes issue 32291",
        reds={"CNI-ADD-INTERFACE": "tentative"},
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
    Fault(name="dual stack", source="", reds={}, near=_NEAR, configure=_dual),
    Fault(name="IPv6 alone", source="", reds={}, near=_NEAR, configure=_alone),
)
