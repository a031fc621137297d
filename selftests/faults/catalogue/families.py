"""Faults in one IP version of pods that have two: the other one works."""

from functools import partial

from selftests.faults.fault import Fault, rule_of_iptables
from selftests.suite import ROOT

_bridged = partial(Fault, network=ROOT / "examples/dual-stack.conflist")
_routed = partial(
    Fault,
    wraps=("ptp",),
    announces=False,
    network=ROOT / "examples/ptp-dual-stack.conflist",
)

#: Of a rule that is added for each pod, and stays.
_LEFT = frozenset(
    {
        *("LIFE-DELETE", "LIFE-CHURN", "LIFE-PORTMAP", "LIFE-PARALLEL"),
        *("CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"),
    }
)

_IP6 = r"""IP6=$(flat "$output" | sed -n 's/.*"address":"\([0-9a-f:]*::[0-9a-f:]*\).*/\1/p')"""

FAULTS = (
    _bridged(
        name="the pod's IPv6 address is on the node's lo, too",
        cause="sent it out by lo, by its route fd00:88::.*/128",
        source="projectcalico/calico issue 6244, in the other family",
        reds={"TOPO-NETNS-IP": "address in wrong namespace at node lo: expected fd00:88::"},
        under={"PATH-GATEWAY": "TOPO-NETNS-IP"},
        follows=frozenset({"TOPO-NODE-ROUTE"}),
        near=frozenset({"PATH-ICMP"}),
        after=f"""[ "$POD" != server ] || {{ {_IP6}; ip -6 address add "$IP6/128" dev lo; }}""",
    ),
    _routed(
        name="ptp: the node has no IPv6 route to one pod",
        cause="sent it out by eth0, by its route ::/0",
        source="projectcalico/calico issue 10834",
        reds={
            "TOPO-NODE-ROUTE": "missing route at node fd00:88::",
        },
        under=dict.fromkeys(("PATH-ICMP", "PATH-GATEWAY"), "TOPO-NODE-ROUTE"),
        after=f"""[ "$POD" != server ] || {{ {_IP6}; ip -6 route del "$IP6" dev "$HOST"; }}""",
    ),
    _routed(
        name="ptp: the node has no IPv4 route to one pod of two IP versions",
        cause="sent it out by eth0, by its route 0.0.0.0/0",
        source="projectcalico/calico issue 10834, the other way round",
        reds={
            "TOPO-NODE-ROUTE": "missing route at node 10.88.0.",
        },
        under=dict.fromkeys(("PATH-ICMP", "PATH-GATEWAY"), "TOPO-NODE-ROUTE"),
        after='[ "$POD" != server ] || ip route del "$IP" dev "$HOST"',
    ),
    _bridged(
        name="IPv6 packets of one pod may have 1280 bytes",
        source="own: the least that IPv6 allows, set for a tunnel that is not there",
        reds={"TOPO-MTU": "MTU of IPv6 at pod server eth0: expected 1500, saw 1280"},
        under=dict.fromkeys(("PATH-SIZE", "PATH-MTU"), "TOPO-MTU"),
        near=frozenset({"PATH-PORTMAP", "PATH-MASQUERADE", "PATH-ICMP"}),
        after="""[ "$POD" != server ] ||
          in_pod sh -c "echo 1280 >/proc/sys/net/ipv6/conf/$CNI_IFNAME/mtu" """,
    ),
    _bridged(
        name="pods are masqueraded in IPv6 alone",
        source="containernetworking/plugins issue 1118",
        reds={"PATH-MASQUERADE": "address changed at node eth0 out: expected 192.0.2.2"},
        follows=_LEFT,
        near=frozenset({"PATH-GATEWAY", "PATH-PORTMAP"}),
        after=rule_of_iptables("nat", "POSTROUTING -s 10.88.0.0/24 -o eth0 -j ACCEPT"),
    ),
    _bridged(
        name="the bridge has no IPv6 gateway address, but IPv4's",
        source="own",
        reds={
            "TOPO-BRIDGE-GATEWAY": "gateway address at node cni0: expected fd00:88::1/64",
        },
        # or told under it, unless a pod gets the error about an earlier ping meanwhile
        follows=frozenset({"TOPO-NODE-ROUTE", "PATH-GATEWAY", "PATH-MASQUERADE", "PATH-PORTMAP"}),
        after="ip -6 address flush dev cni0 scope global",
    ),
    _bridged(
        name="the node forwards IPv4 alone",
        source="own",
        reds={"TOPO-BRIDGE-GATEWAY": "forwarding at node IPv6"},
        follows=frozenset({"PATH-MASQUERADE", "PATH-PORTMAP"}),
        after="echo 0 >/proc/sys/net/ipv6/conf/all/forwarding",
    ),
    _bridged(
        name="ports are mapped in IPv4 alone",
        cause="no program listens|sent it out by lo",
        source="containernetworking/plugins issue 1118",
        reds={"PATH-PORTMAP": "missing hop at node cni0 out"},
        wraps=("portmap",),
        announces=False,
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after="ip6tables -t nat -F CNI-HOSTPORT-DNAT",
    ),
)
