"""Faults of plugins that give pods ipvlan links, around the reference ipvlan plugin.

They need a kernel with the module ipvlan.
"""

from functools import partial

from selftests.faults.fault import Fault
from selftests.suite import ROOT

_L2, _L3 = (ROOT / f"examples/ipvlan-{mode}.conflist" for mode in ("l2", "l3"))
_DUAL = ROOT / "examples/ipvlan-dual-stack.conflist"

_stacked = partial(Fault, wraps=("ipvlan",), announces=False, network=_L2)

_PATHS = frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP", "PATH-ARP"})
#: CHECK looks at the mode, and at the MAC address.
_CHECKED = frozenset({"CNI-CHECK", "CNI-CHECK-LATER"})

FAULTS = (
    _stacked(
        name="ipvlan: mode is l3",
        source="own",
        reds={"TOPO-LOWER-LINK": "mode at pod client eth0: expected l2, saw l3"},
        under={"TOPO-SETTINGS": "TOPO-LOWER-LINK"},
        follows=_PATHS | _CHECKED,
        after='in_pod ip link set "$CNI_IFNAME" type ipvlan mode l3',
    ),
    _stacked(
        name="ipvlan: mode is l2 in place of l3",
        source="own",
        reds={"TOPO-LOWER-LINK": "mode at pod client eth0: expected l3, saw l2"},
        under={"TOPO-SETTINGS": "TOPO-LOWER-LINK"},
        follows=_PATHS | _CHECKED,
        network=_L3,
        after='in_pod ip link set "$CNI_IFNAME" type ipvlan mode l2',
    ),
    _stacked(
        name="ipvlan: pods are private",
        source="own: a flag of the lower link, which changes no mode",
        reds={"PATH-ICMP": "missing hop"},
        follows=_PATHS,
        untestable=frozenset({"LIFE-REUSE"}),
        near=frozenset({"TOPO-LOWER-LINK"}),
        after='in_pod ip link set "$CNI_IFNAME" type ipvlan mode l2 private',
    ),
    _stacked(
        name="ipvlan: the lower link of one pod is another one of the node's",
        source="own: a guess in place of the default route",
        reds={
            "TOPO-LOWER-LINK": "lower link at pod client eth0: expected node eth0, saw node second",
        },
        under={"PATH-ICMP": "TOPO-LOWER-LINK", "TOPO-NODE-LINKS": "TOPO-LOWER-LINK"},
        follows=_PATHS,
        before="""[ "$POD" != client ] || {
          ip link add second type bridge; ip link set second up
          input=$(flat "$input" | sed 's/"master":"eth0"/"master":"second"/'); }""",
    ),
    _stacked(
        name="ipvlan: a macvlan is in its place",
        source="own",
        reds={
            "TOPO-LOWER-LINK": "kind of interface at pod client eth0: expected ipvlan, saw macvlan",
        },
        under={"PATH-ICMP": "TOPO-LOWER-LINK", "TOPO-MAC": "TOPO-LOWER-LINK"},
        follows=_PATHS,
        first="""real=${real%/*}/macvlan
          input=$(printf %s "$input" | sed 's/"mode": *"l2"/"mode":"bridge"/')""",
    ),
    _stacked(
        name="ipvlan: configured MTU is ignored",
        source="aws/amazon-vpc-cni-k8s issue 665",
        reds={"TOPO-MTU": "MTU at pod client eth0: expected 1400, saw 1500"},
        before="""input=$(flat "$input" | sed 's/"mtu":1400/"mtu":1500/')""",
        configure=lambda ipvlan: ipvlan.update(mtu=1400),
    ),
    _stacked(
        name="ipvlan: result names another MAC",
        source="systemd/systemd issue 21185",
        reds={"TOPO-MAC": "MAC in result at pod client eth0"},
        under={"CNI-ADD-INTERFACE": "TOPO-MAC", "CNI-CHECK": "TOPO-MAC"},
        after="""result 's/"mac":"[^"]*"/"mac":"02:00:00:00:00:99"/'""",
    ),
    _stacked(
        name="ipvlan: the node has a route to the pod",
        source="own: it leads nowhere",
        reds={"TOPO-NODE-ROUTE": "unexpected route at node 192.0.2."},
        follows=frozenset({"LIFE-CHURN", "LIFE-DELETE", "CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"}),
        near=frozenset({"PATH-ICMP"}),
        after='ip route replace "$IP/32" dev eth0',
    ),
    _stacked(
        name="ipvlan: pods in mode l3 are filtered",
        source="own: in the pod, as no packet from pod to pod passes the node's filters",
        reds={"TOPO-HOOKS": "traffic control at pod server"},
        under={"PATH-ICMP": "TOPO-HOOKS"},
        follows=_PATHS,
        untestable=frozenset({"LIFE-REUSE"}),
        network=_L3,
        after="""[ "$POD" != server ] || {
          in_pod tc qdisc add dev eth0 clsact
          in_pod tc filter add dev eth0 ingress protocol ip u32 match ip protocol 1 0xff action drop
        }""",
    ),
    _stacked(
        name="ipvlan: CHECK puts right what it should tell",
        source="own",
        reds={"CNI-CHECK-STATE": "success at ipvlan CHECK"},
        first="""[ "$CNI_COMMAND" != CHECK ] ||
          in_pod ip link set "$CNI_IFNAME" type ipvlan mode l2""",
    ),
    _stacked(
        name="ipvlan: deletion leaves a link on the lower link",
        source="kubernetes/kubernetes issue 56840",
        reds={
            "LIFE-DELETE": "left behind at interfaces: expected gone, saw left",
        },
        under={"LIFE-CHURN": "LIFE-DELETE"},
        follows=frozenset({"TOPO-NODE-LINKS"}),
        after_del='ip link add "left$(date +%N)" link eth0 type ipvlan mode l2',
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
    _stacked(name="ipvlan, mode l2", source="", reds={}, near=_NEAR),
    _stacked(name="ipvlan, mode l2, dual stack", source="", reds={}, near=_NEAR, network=_DUAL),
    _stacked(name="ipvlan, mode l3", source="", reds={}, near=_NEAR, network=_L3),
    _stacked(
        name="ipvlan, mode l3s, MTU of 1400",
        source="",
        reds={},
        near=_NEAR | {"TOPO-MTU"},
        network=_L3,
        configure=lambda ipvlan: ipvlan.update(mode="l3s", mtu=1400),
    ),
)
