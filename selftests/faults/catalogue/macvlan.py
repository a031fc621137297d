"""Faults of plugins that give pods macvlan links, around the reference macvlan plugin."""

from functools import partial
from typing import Any

from selftests.faults.fault import Fault
from selftests.suite import ROOT

_DUAL = ROOT / "examples/macvlan-dual-stack.conflist"

_stacked = partial(
    Fault, wraps=("macvlan",), announces=False, network=ROOT / "examples/macvlan.conflist"
)

_PATHS = frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-ARP"})
#: Which use the same paths again.
_LATER_PATHS = frozenset(
    {
        *("PATH-BYSTANDER", "PATH-UNCHANGED", "PATH-SIZE", "PATH-MTU", "PATH-CONCURRENT"),
        "LIFE-SURVIVOR",
    }
)
#: CHECK looks at the mode, and at the MAC address.
_CHECKED = frozenset({"CNI-CHECK", "CNI-CHECK-LATER"})

#: A second link of the node, and a pod's on that.
_SECOND = """ip link add second type bridge; ip link set second up
  input=$(flat "$input" | sed 's/"type":"macvlan"/&,"master":"second"/')"""


def _own_network(macvlan: dict[str, Any]) -> None:
    """Not that of the lower link, which is named."""
    macvlan["master"] = "eth0"
    macvlan["ipam"]["ranges"] = [[{"subnet": "10.88.0.0/24"}]]


FAULTS = (
    _stacked(
        name="macvlan: mode is private",
        cause="no answer to",
        source="own",
        reds={
            "TOPO-LOWER-LINK": "mode at pod client eth0: expected bridge, saw private",
        },
        under={"PATH-ICMP": "TOPO-LOWER-LINK"},
        follows=_PATHS | _CHECKED,
        untestable=frozenset({"LIFE-REUSE"}),
        after='in_pod ip link set "$CNI_IFNAME" type macvlan mode private',
    ),
    _stacked(
        name="macvlan: mode is vepa, and no switch sends back",
        cause="no answer to",
        source="own",
        reds={
            "TOPO-LOWER-LINK": "mode at pod client eth0: expected bridge, saw vepa",
        },
        under={"PATH-ICMP": "TOPO-LOWER-LINK"},
        follows=_PATHS | _CHECKED,
        untestable=frozenset({"LIFE-REUSE"}),
        after='in_pod ip link set "$CNI_IFNAME" type macvlan mode vepa',
    ),
    _stacked(
        name="macvlan: the lower link is another one of the node's",
        source="own: a guess in place of the default route",
        reds={
            "TOPO-LOWER-LINK": "lower link at pod client eth0: expected node eth0, saw node second",
        },
        under={"PATH-ICMP": "TOPO-LOWER-LINK", "TOPO-NODE-LINKS": "TOPO-LOWER-LINK"},
        follows=_PATHS,
        before=_SECOND,
    ),
    _stacked(
        name="macvlan: a veth is in its place",
        cause="no answer to",
        source="own",
        reds={
            "TOPO-LOWER-LINK": "kind of interface at pod client eth0: expected macvlan, saw veth",
        },
        under={"PATH-ICMP": "TOPO-LOWER-LINK", "TOPO-RESULT": "TOPO-LOWER-LINK"},
        follows=_PATHS,
        after="""[ "$POD" != client ] || { mac=$(pod_mac); in_pod ip link delete eth0
          ip link add vethfault type veth peer name eth0 address "$mac" netns "$CNI_NETNS"
          ip link set vethfault up; in_pod ip address add "$IP/24" dev eth0
          in_pod ip link set eth0 up; in_pod ip route add default via 192.0.2.1; }""",
    ),
    _stacked(
        name="macvlan: configured MTU is ignored",
        source="aws/amazon-vpc-cni-k8s issue 665",
        reds={"TOPO-MTU": "MTU at pod client eth0: expected 1400, saw 1500"},
        before="""input=$(flat "$input" | sed 's/"mtu":1400/"mtu":1500/')""",
        configure=lambda macvlan: macvlan.update(mtu=1400),
    ),
    _stacked(
        name="macvlan: MTU of one pod is not the lower link's",
        source="containernetworking/plugins issue 352",
        reds={"TOPO-MTU": "MTU at pod client eth0: expected 1500, saw 1400"},
        under={"PATH-MTU": "TOPO-MTU"},
        after='[ "$POD" != client ] || in_pod ip link set eth0 mtu 1400',
    ),
    _stacked(
        name="macvlan: two pods have one MAC, on two lower links",
        cause="no answer to",
        source="own: on one of them, the kernel refuses it",
        reds={
            "TOPO-MAC": "MAC address at pod",
            "TOPO-LOWER-LINK": "lower link at pod server eth0: expected node eth0, saw node second",
        },
        follows=_PATHS | _LATER_PATHS | {"TOPO-NODE-LINKS"},
        untestable=frozenset({"LIFE-REUSE"}),
        before=f'[ "$POD" != server ] || {{ {_SECOND}; }}',
        after="""own=/run/podpath/fault/mac-bystander; [ "$POD" != bystander ] || pod_mac >$own
          [ "$POD" != server ] || { until [ -s $own ]; do sleep 0.01; done; mac=$(cat $own)
            in_pod ip link set eth0 address "$mac"
            result 's/"mac":"[^"]*"/"mac":"'$mac'"/'; }""",
    ),
    _stacked(
        name="macvlan: result names another MAC",
        source="systemd/systemd issue 21185",
        reds={"TOPO-MAC": "MAC in result at pod client eth0"},
        under={"CNI-ADD-INTERFACE": "TOPO-MAC", "CNI-CHECK": "TOPO-MAC"},
        untestable=frozenset({"LIFE-REUSE"}),
        after="""result 's/"mac":"[^"]*"/"mac":"02:00:00:00:00:99"/'""",
    ),
    _stacked(
        name="macvlan: the node has a route to the pod",
        source="own: it leads nowhere",
        reds={"TOPO-NODE-ROUTE": "unexpected route at node 192.0.2."},
        follows=frozenset({"LIFE-CHURN", "LIFE-DELETE", "CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"}),
        near=frozenset({"PATH-ICMP"}),
        after='ip route replace "$IP/32" dev eth0',
    ),
    _stacked(
        name="macvlan: the lower link drops what pods send each other",
        cause="NETFILTER_DROP .*table netdev broken",
        source="own",
        reds={"TOPO-HOOKS": "packet filter at node"},
        under={"PATH-ICMP": "TOPO-HOOKS"},
        follows=_PATHS | {"LIFE-REUSE"},
        after="""nft 'add table netdev broken
          add chain netdev broken in { type filter hook ingress device eth0 priority 0; }
          flush chain netdev broken in
          add rule netdev broken in ip saddr 192.0.2.0/24 ip daddr 192.0.2.0/24 drop'""",
    ),
    _stacked(
        name="macvlan: traffic is copied to the lower link's network",
        source="own",
        reds={"PATH-BYSTANDER": "unexpected sighting at node eth0 out"},
        under={"PATH-ICMP": "PATH-BYSTANDER"},
        follows=frozenset({"TOPO-HOOKS"}),
        after="""nft 'add table netdev copy
          add chain netdev copy in { type filter hook ingress device eth0 priority 0; }
          flush chain netdev copy in
          add rule netdev copy in ip protocol icmp dup to eth0'""",
    ),
    _stacked(
        name="macvlan: a pod does not answer neighbour solicitations",
        cause="no answer to",
        source="own: a filter that knows ARP only",
        reds={"PATH-ARP": "missing hop", "TOPO-HOOKS": "packet filter at pod server"},
        follows=_PATHS,
        untestable=frozenset({"PATH-ICMP"}),
        network=_DUAL,
        after="""[ "$POD" != server ] || in_pod nft 'add table netdev deaf
          add chain netdev deaf in { type filter hook ingress device eth0 priority 0; }
          add rule netdev deaf in icmpv6 type nd-neighbor-solicit drop'""",
    ),
    _stacked(
        name="macvlan: CHECK puts right what it should tell",
        source="own",
        reds={"CNI-CHECK-STATE": "success at macvlan CHECK"},
        first="""[ "$CNI_COMMAND" != CHECK ] ||
          in_pod ip link set "$CNI_IFNAME" type macvlan mode bridge""",
    ),
    _stacked(
        name="macvlan: deletion leaves a link on the lower link",
        source="kubernetes/kubernetes issue 56840",
        reds={
            "LIFE-DELETE": "left behind at interfaces: expected gone, saw left",
        },
        under={"LIFE-CHURN": "LIFE-DELETE"},
        follows=frozenset({"TOPO-NODE-LINKS"}),
        after_del='ip link add "left$(date +%N)" link eth0 type macvlan mode bridge',
    ),
    _stacked(
        name="macvlan: the lower link is left promiscuous",
        source="own",
        reds={"LIFE-DELETE": "eth0 promiscuous"},
        under={"LIFE-OTHERS": "LIFE-DELETE"},
        after="case $POD in transient|passer-*) ip link set eth0 promisc on;; esac",
    ),
    _stacked(
        name="macvlan: the MAC changes once the address was announced",
        cause="the MAC address .*, which no interface has",
        source="containernetworking/plugins issue 756",
        reds={"LIFE-REUSE": "missing hop"},
        after="""[ "$POD" != successor ] || { new=02:00:00:00:01:99
          in_pod sysctl -qw net.ipv4.conf.eth0.arp_notify=0
          in_pod ip link set eth0 address $new
          result 's/"mac":"[^"]*"/"mac":"'$new'"/'; }""",
    ),
)

#: Of everything; all of it is run by the complete matrix.
_NEAR = frozenset(
    {
        *("TOPO-LOWER-LINK", "TOPO-MAC", "PATH-HTTP", "PATH-UDP", "PATH-ARP", "PATH-BYSTANDER"),
        *("PATH-UNCHANGED", "PATH-SIZE", "PATH-MTU", "LIFE-DELETE", "LIFE-OTHERS", "LIFE-REUSE"),
    }
)

PLUGINS = (
    _stacked(name="macvlan as shipped", source="", reds={}, near=_NEAR),
    _stacked(name="macvlan, dual stack", source="", reds={}, near=_NEAR, network=_DUAL),
    _stacked(
        name="macvlan, MTU of 1400",
        source="",
        reds={},
        near=frozenset({"TOPO-MTU", "PATH-SIZE", "PATH-MTU", "PATH-HTTP"}),
        configure=lambda macvlan: macvlan.update(mtu=1400),
    ),
    _stacked(
        name="macvlan, in a network of its own",
        source="",
        reds={},
        near=frozenset({"TOPO-NODE-ROUTE", "TOPO-LOWER-LINK", "PATH-ARP", "PATH-BYSTANDER"}),
        configure=_own_network,
    ),
)
