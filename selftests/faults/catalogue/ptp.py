"""Faults of plugins that route between pods, around the reference ptp plugin."""

from functools import partial

from selftests.faults.fault import Fault
from selftests.suite import ROOT

_routed = partial(Fault, wraps=("ptp",), announces=False, network=ROOT / "examples/ptp.conflist")

_PATHS = frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP"})


def _filter(chain: str, rule: str) -> str:
    """A rule of the node's own, once however many pods there are."""
    return f"""nft 'add table ip broken
      add chain ip broken between {{ type {chain}; }}
      flush chain ip broken between
      add rule ip broken between ip saddr 10.88.0.0/24 ip daddr 10.88.0.0/24 {rule}'"""


FAULTS = (
    _routed(
        name="ptp: the node has no route to one pod",
        cause="sent it out by eth0, by its route 0.0.0.0/0",
        source="own",
        reds={"TOPO-NODE-ROUTE": "missing route at node 10.88.0."},
        under=dict.fromkeys(("PATH-ICMP", "PATH-GATEWAY"), "TOPO-NODE-ROUTE"),
        after='[ "$POD" != server ] || ip route del "$IP" dev "$HOST"',
    ),
    _routed(
        name="ptp: the node has no route to one pod, and drops what the pod sends",
        cause="NETFILTER_DROP .*ip saddr 10.88.0.0/24 ip daddr|sent it out by eth0, by its route 0",
        source="own: two faults",
        reds={
            "TOPO-NODE-ROUTE": "missing route at node 10.88.0.",
            "PATH-ICMP": "missing hop",
        },
        follows=_PATHS | {"PATH-GATEWAY"},
        after=f"""[ "$POD" != server ] || ip route del "$IP" dev "$HOST"
          {_filter("filter hook prerouting priority 0", "icmp type echo-request drop")}""",
    ),
    _routed(
        name="ptp: host end has the whole subnet",
        source="own: the prefix length of the gateway's address",
        reds={"TOPO-NODE-ADDR": "missing address at node veth"},
        under={"TOPO-NODE-ROUTE": "TOPO-NODE-ADDR"},
        near=frozenset({"PATH-ICMP"}),
        after="""ip address add 10.88.0.1/24 dev "$HOST"
          ip address del 10.88.0.1/32 dev "$HOST" """,
    ),
    _routed(
        name="ptp: host end has lost the gateway's address",
        cause="sent it out by eth0, by its route 0.0.0.0/0",
        source="own",
        reds={"TOPO-NODE-ADDR": "missing address at node veth"},
        # the kernel takes the routes of a link's last address with it
        under=dict.fromkeys(("TOPO-NODE-ROUTE", "PATH-ICMP", "PATH-GATEWAY"), "TOPO-NODE-ADDR"),
        follows=_PATHS | {"PATH-ARP"},
        after='[ "$POD" != client ] || ip address flush dev "$HOST"',
    ),
    _routed(
        name="ptp: host end drops what is larger than its own MTU",
        cause="larger than",
        source="containernetworking/plugins issue 352",
        reds={"TOPO-MTU": "MTU at host end of pod client: expected 1500, saw 1400"},
        under=dict.fromkeys(("PATH-HTTP", "PATH-SIZE", "PATH-MTU", "PATH-CONCURRENT"), "TOPO-MTU"),
        after='[ "$POD" != client ] || ip link set "$HOST" mtu 1400',
    ),
    _routed(
        name="ptp: a bridge is between pod and node",
        source="own",
        reds={"TOPO-HOST-END": "master at node veth"},
        under=dict.fromkeys(
            (*_PATHS, "TOPO-NODE-LINKS", "TOPO-NODE-ADDR", "TOPO-NODE-ROUTE", "PATH-ARP"),
            "TOPO-HOST-END",
        ),
        follows=frozenset({"PATH-GATEWAY"}),
        after="""[ "$POD" != client ] || { ip link add extra type bridge
          ip address del 10.88.0.1/32 dev "$HOST"
          ip link set "$HOST" master extra; ip link set extra up
          ip address add 10.88.0.1/32 dev extra; ip route replace "$IP" dev extra; }""",
    ),
    _routed(
        name="ptp: one host end does not forward",
        cause="forwarding is off",
        source="kubernetes/kubernetes issue 40761",
        reds={"TOPO-HOST-END": "forwarding at node veth"},
        under=dict.fromkeys(_PATHS, "TOPO-HOST-END"),
        after="""[ "$POD" != client ] || echo 0 >"/proc/sys/net/ipv4/conf/$HOST/forwarding" """,
    ),
    _routed(
        name="ptp: TTL is set back",
        source="own: to hide a router",
        reds={"PATH-UNCHANGED": "TTL changed"},
        under={"PATH-ICMP": "PATH-UNCHANGED"},
        follows=_PATHS,
        after=_filter("filter hook postrouting priority 0", "ip ttl set 64"),
    ),
    _routed(
        name="ptp: the node drops pings of the largest size",
        cause="NETFILTER_DROP .*meta l4proto icmp",
        source="own: a rule against floods of large pings",
        reds={"PATH-MTU": "missing hop"},
        follows=frozenset({"PATH-SIZE"}),
        near=frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP"}),
        after=_filter("filter hook forward priority 0", "meta l4proto icmp ip length >= 1500 drop"),
    ),
    _routed(
        name="ptp: packets are handed on without being routed",
        source="own: a short cut from veth to veth",
        reds={
            "TOPO-HOOKS": "packet filter at node",
            "PATH-UNCHANGED": "TTL changed",
        },
        under={"PATH-ICMP": "PATH-UNCHANGED"},
        follows=_PATHS,
        after="""[ "$POD" != server ] || { mac=$(pod_mac)
          own=$(cat "/sys/class/net/$HOST/address")
          nft "add table netdev short
            add chain netdev short in {
              type filter hook ingress device $(host_of client) priority 0; }
            add rule netdev short in ip daddr $IP \
              ether saddr set $own ether daddr set $mac fwd to $HOST"; }""",
    ),
    _routed(
        name="ptp: pods are masqueraded from each other",
        source="own: ipMasq without its exception",
        reds={"PATH-UNCHANGED": "address changed"},
        under={"PATH-ICMP": "PATH-UNCHANGED"},
        follows=_PATHS,
        after=_filter("nat hook postrouting priority 90", "masquerade"),
    ),
    _routed(
        name="ptp: host end answers ARP for the other pods",
        source="own: proxy ARP in place of routes",
        reds={
            "TOPO-ROUTE": "unexpected route at pod client 10.88.0.0/24",
            "TOPO-SETTINGS": "proxy ARP at host end of pod client",
        },
        follows=_PATHS,
        after="""echo 1 >"/proc/sys/net/ipv4/conf/$HOST/proxy_arp"
          echo 0 >"/proc/sys/net/ipv4/neigh/$HOST/proxy_delay"
          in_pod ip route replace 10.88.0.0/24 dev eth0""",
    ),
    _routed(
        name="ptp: traffic is copied to a bystander",
        source="own",
        reds={"PATH-BYSTANDER": "unexpected sighting"},
        under={"PATH-ICMP": "PATH-BYSTANDER"},
        follows=frozenset({"TOPO-HOOKS"}),
        after="""[ "$POD" != client ] || nft "add table netdev copy
          add chain netdev copy in { type filter hook ingress device $HOST priority 0; }
          add rule netdev copy in ip protocol icmp dup to $(host_of bystander)" """,
    ),
    _routed(
        name="ptp: a black hole is left of a deleted pod",
        source="own",
        reds={
            "LIFE-DELETE": "left behind at routing: expected gone, saw blackhole 10.88.0.",
        },
        under={"LIFE-CHURN": "LIFE-DELETE"},
        follows=frozenset({"TOPO-NODE-ROUTE"}),
        near=frozenset({"LIFE-REUSE"}),
        after_del="""gone=$(flat "$input" | sed 's/.*"address":"\\([0-9.]*\\).*/\\1/')
          ip route replace blackhole "$gone" metric 9""",
    ),
)

#: Of everything; all of it is run by the complete matrix.
_NEAR = frozenset(
    {
        *("TOPO-NODE-ROUTE", "PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-BYSTANDER"),
        *("PATH-UNCHANGED", "PATH-SIZE", "PATH-GATEWAY", "LIFE-DELETE", "LIFE-OTHERS"),
        "LIFE-REUSE",
    }
)

PLUGINS = (
    _routed(name="ptp as shipped", source="", reds={}, near=_NEAR),
    _routed(
        name="ptp, MTU of 512, no masquerading",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-HTTP", "CNI-DEL-GONE"}),
        configure=lambda ptp: ptp.update(mtu=512, ipMasq=False),
    ),
    _routed(
        name="ptp, with metrics, sources and permanent neighbours",
        source="",
        reds={},
        near=_NEAR | {"TOPO-HOST-END", "TOPO-NODE-ADDR", "LIFE-PERSIST"},
        after="""ip route del "$IP" dev "$HOST"
          ip route add "$IP" dev "$HOST" scope link metric 50 proto static src 10.88.0.1
          [ "$CNI_IFNAME" != eth0 ] ||
            ip neighbour replace "$IP" lladdr "$(pod_mac)" dev "$HOST" nud permanent""",
    ),
)
