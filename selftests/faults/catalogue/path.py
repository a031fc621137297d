"""Faults of the way that packets take."""

from selftests.faults.fault import Fault, bridge_rule, rule_of_iptables

#: What shows that a packet filter is there at all.
_SHOWN = frozenset({"TOPO-HOOKS"})
_HOOKED = {"TOPO-HOOKS": "packet filter at node"}


def _forwarded(match: str) -> str:
    """A rule of iptables that drops what the bridge passes to it (br_netfilter)."""
    rule = f"-m physdev --physdev-is-bridged {match} -j DROP"
    return f"""ip link set cni0 type bridge nf_call_iptables 1
          {rule_of_iptables("filter", f"FORWARD {rule}")}"""


FAULTS = (
    Fault(
        name="echo replies are dropped in one direction",
        cause="NETFILTER_DROP .*icmp type echo-reply drop",
        source="own",
        reds=_HOOKED,
        under=dict.fromkeys(("PATH-ICMP",), "TOPO-HOOKS"),
        near=frozenset({"PATH-ARP"}),
        # each server has a rule that stays: rules that go are another fault
        after="""[ "$POD" != server ] || nft 'add table bridge broken
          add chain bridge broken forward { type filter hook forward priority 0; }
          add rule bridge broken forward ip saddr '$IP' icmp type echo-reply drop'""",
    ),
    Fault(
        name="HTTP is dropped",
        cause="NETFILTER_DROP .*FORWARD",
        source="containernetworking/plugins issue 430",
        reds={"PATH-HTTP": "missing hop"},
        near=frozenset({"PATH-UDP"}),
        after=_forwarded("-p tcp --dport 80"),
    ),
    Fault(
        name="the last packet of a connection is dropped",
        cause="NETFILTER_DROP .*tcp flags & fin == fin",
        source="own",
        reds=_HOOKED,
        # a second exchange may meet with what the first one sends again, which is another finding
        follows=frozenset({"PATH-HTTP", "PATH-PORTMAP"}),
        near=frozenset({"PATH-UDP", "LIFE-SURVIVOR"}),
        after=bridge_rule("tcp flags & fin == fin tcp sport 80 drop"),
    ),
    Fault(
        name="UDP is dropped",
        cause="NETFILTER_DROP .*FORWARD",
        source="containernetworking/plugins issue 430",
        reds={"PATH-UDP": "missing hop"},
        near=frozenset({"PATH-HTTP"}),
        after=_forwarded("-p udp"),
    ),
    Fault(
        name="ARP is answered by the bridge in a pod's place",
        source="own: proxy ARP",
        reds={"TOPO-SETTINGS": "proxy ARP at node cni0"},
        under={"PATH-ARP": "TOPO-SETTINGS"},
        # wherever a pod asks anew because its neighbour entry is stale
        follows=_SHOWN | {"PATH-ICMP", "PATH-GATEWAY", "PATH-HTTP", "PATH-UDP"},
        after="echo 1 >/proc/sys/net/ipv4/conf/cni0/proxy_arp_pvlan",
    ),
    Fault(
        name="traffic is copied to a bystander",
        source="own",
        reds={"PATH-BYSTANDER": "unexpected sighting"},
        under={"PATH-ICMP": "PATH-BYSTANDER"},
        follows=_SHOWN,
        after="""[ "$POD" != client ] || { tc qdisc add dev "$HOST" clsact
          tc filter add dev "$HOST" ingress protocol ip u32 match u32 0 0 \
            action mirred egress mirror dev "$(host_of bystander)"; }""",
    ),
    Fault(
        name="traffic is copied to the uplink",
        source="own",
        reds={"PATH-BYSTANDER": "unexpected sighting at node eth0"},
        under={"PATH-ICMP": "PATH-BYSTANDER", "PATH-GATEWAY": "PATH-BYSTANDER"},
        follows=_SHOWN,
        after="""[ "$POD" != client ] || nft "add table netdev copy
          add chain netdev copy in { type filter hook ingress device $HOST priority 0; }
          add rule netdev copy in ip protocol icmp dup to eth0" """,
    ),
    Fault(
        name="traffic bypasses the bridge",
        source="own: a short cut from veth to veth",
        reds={"PATH-ICMP": "missing hop at node cni0 in"},
        follows=_SHOWN | {"PATH-GATEWAY"},
        after="""[ "$POD" != server ] || { other=$(host_of client)
          tc qdisc add dev "$HOST" clsact; tc qdisc add dev "$other" clsact
          tc filter add dev "$HOST" ingress protocol ip u32 match ip protocol 1 0xff \
            action mirred egress redirect dev "$other"
          tc filter add dev "$other" ingress protocol ip u32 match ip protocol 1 0xff \
            action mirred egress redirect dev "$HOST"; }""",
    ),
    Fault(
        name="traffic is routed by the node in one direction",
        source="own",
        reds={"TOPO-ROUTE": "missing route"},
        # not run, as a pod lacks a route for these packets
        near=frozenset({"PATH-ICMP", "PATH-UNCHANGED", "PATH-HTTP", "PATH-UDP"}),
        untestable=frozenset({"PATH-ICMP", "PATH-UNCHANGED", "PATH-HTTP", "PATH-UDP", "PATH-ARP"}),
        after="""[ "$POD" != client ] || { echo 0 >/proc/sys/net/ipv4/conf/all/send_redirects
          echo 0 >/proc/sys/net/ipv4/conf/cni0/send_redirects
          in_pod ip route add "${IP%.*}.1" dev eth0
          in_pod ip route change default via "${IP%.*}.1" dev eth0
          in_pod ip route del "${IP%.*}.0/24" dev eth0; }""",
    ),
    Fault(
        name="TOS is cleared in one direction",
        source="own",
        reds={"PATH-UNCHANGED": "TOS changed"},
        under={"PATH-ICMP": "PATH-UNCHANGED"},
        follows=_SHOWN | {"PATH-HTTP", "PATH-UDP"},
        after=f"""[ "$POD" != server ] || {{
          {bridge_rule("ip saddr '$IP' ip dscp set cs1")}; }}""",
    ),
    Fault(
        name="the largest segment is clamped",
        source="own",
        reds={"PATH-UNCHANGED": "TCP options changed"},
        under={"PATH-HTTP": "PATH-UNCHANGED"},
        follows=_SHOWN,
        after=bridge_rule("tcp flags syn tcp option maxseg size set 1000"),
    ),
    Fault(
        name="DF is cleared",
        source="own",
        reds={"PATH-UNCHANGED": "DF changed"},
        under={"PATH-ICMP": "PATH-UNCHANGED"},
        follows=_SHOWN | {"PATH-HTTP", "PATH-UDP"},
        after=bridge_rule("ip frag-off 0x4000 ip frag-off set 0"),
    ),
    Fault(
        name="a byte of the payload is changed",
        cause=r"ICMP_CSUM \(wrong checksum\)",
        source="own",
        reds={"PATH-UNCHANGED": "payload changed", "PATH-ICMP": "payload changed"},
        follows=_SHOWN,
        near=frozenset({"PATH-ARP"}),
        after=bridge_rule("ip protocol icmp @th,128,8 set 0x55"),
    ),
    Fault(
        name="large packets are dropped",
        cause="NETFILTER_DROP .*FORWARD",
        source="own: a tunnel's MTU",
        reds={"PATH-HTTP": "missing hop"},
        under=dict.fromkeys(("PATH-SIZE", "PATH-MTU"), "PATH-HTTP"),
        untestable=frozenset({"LIFE-PARALLEL"}),
        after=_forwarded("-m length --length 1001:65535"),
    ),
    Fault(
        name="fragments are dropped",
        cause="NETFILTER_DROP",
        source="own",
        reds=_HOOKED,
        under=dict.fromkeys(("PATH-SIZE",), "TOPO-HOOKS"),
        follows=frozenset(
            {
                *("LIFE-CHURN", "LIFE-DELETE", "LIFE-PARALLEL", "LIFE-PORTMAP"),
                *("CNI-DEL", "CNI-DEL-GONE", "CNI-PARALLEL"),
            }
        ),
        near=frozenset({"PATH-MTU", "PATH-UDP"}),
        # not in the bridge, where connection tracking may have joined them
        after="""nft "add table netdev broken
          add chain netdev broken $POD { type filter hook ingress device $HOST priority 0; }
          add rule netdev broken $POD ip frag-off & 0x1fff != 0 drop" """,
    ),
    Fault(
        name="empty packets are dropped",
        cause='NETFILTER_DROP .*rule "ip length 28 drop"',
        source="own",
        reds=_HOOKED,
        under=dict.fromkeys(("PATH-SIZE",), "TOPO-HOOKS"),
        near=frozenset({"PATH-MTU"}),
        after=bridge_rule("ip length 28 drop"),
    ),
    Fault(
        name="a pod cannot reach itself",
        cause='NETFILTER_DROP .*oif "lo" icmp type echo-request drop',
        source="own",
        reds={"TOPO-HOOKS": "packet filter at pod"},
        under={"PATH-SELF": "TOPO-HOOKS"},
        after="""in_pod nft 'add table ip left
          add chain ip left output { type filter hook output priority 0; }
          add rule ip left output oif lo icmp type echo-request drop'""",
    ),
    Fault(
        name="what a pod sends itself leaves by eth0",
        source="own: a short cut for the wrong link",
        reds={"PATH-SELF": "missing hop"},
        near=frozenset({"PATH-ICMP", "PATH-HTTP", "TOPO-HOOKS"}),
        after="""[ "$POD" != bystander ] || { in_pod tc qdisc add dev lo clsact
          in_pod tc filter add dev lo ingress protocol ip u32 match u32 0 0 \
            action mirred egress redirect dev eth0; }""",
    ),
    Fault(
        name="a pod does not answer itself",
        cause="icmp_echo_ignore_all = 1",
        source="own: a hardened image's sysctl, for one pod",
        reds={"TOPO-SETTINGS": "setting at pod bystander ipv4/icmp_echo_ignore_all"},
        under={"PATH-SELF": "TOPO-SETTINGS", "PATH-GATEWAY": "TOPO-SETTINGS"},
        after="""[ "$POD" != bystander ] ||
          in_pod sh -c 'echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all'""",
    ),
    Fault(
        name="the node rejects what it passes on between its pods",
        source="flannel-io/flannel issue 1619; cloudnativelabs/kube-router pull request 596: rules"
        " behind one of the node's that rejects all",
        cause="NETFILTER_DROP .* counter reject.* of chain FORWARD",
        reds={"PATH-ICMP": "missing hop at node veth"},
        under=dict.fromkeys(("PATH-HTTP", "PATH-UDP", "PATH-BYSTANDER"), "PATH-ICMP"),
        untestable=frozenset({"LIFE-SURVIVOR"}),
        after=rule_of_iptables("filter", "FORWARD -s 10.88.0.0/24 -d 10.88.0.0/24 -j REJECT"),
    ),
    Fault(
        name="the node refuses its pods",
        cause='NETFILTER_DROP .*iif "cni0" icmp type echo-request drop',
        source="own: a default-drop firewall",
        reds={"PATH-GATEWAY": "missing hop"},
        after="""nft 'add table ip broken
          add chain ip broken input { type filter hook input priority 0; }
          flush chain ip broken input
          add rule ip broken input iif cni0 icmp type echo-request drop'""",
    ),
    Fault(
        name="the node may not open connections to its pods",
        cause='NETFILTER_DROP .*oifname "cni0" tcp dport 80 counter drop',
        source="containernetworking/plugins issue 430, from the node",
        reds={"PATH-GATEWAY": "missing hop at node cni0 out: expected the SYN of the request"},
        near=frozenset({"PATH-HTTP"}),
        after="iptables -C OUTPUT -o cni0 -p tcp --dport 80 -j DROP ||"
        " iptables -A OUTPUT -o cni0 -p tcp --dport 80 -j DROP",
    ),
    Fault(
        name="the node may not send datagrams to its pods",
        cause='NETFILTER_DROP .*oifname "cni0" udp dport 9000 counter drop',
        source="containernetworking/plugins issue 430, for the other protocol",
        reds={"PATH-GATEWAY": "[node -> server]"},
        near=frozenset({"PATH-UDP"}),
        after="iptables -C OUTPUT -o cni0 -p udp --dport 9000 -j DROP ||"
        " iptables -A OUTPUT -o cni0 -p udp --dport 9000 -j DROP",
    ),
    Fault(
        name="pods reach their gateway, and not the node's own address",
        cause="NETFILTER_DROP",
        source="flannel-io/flannel issue 2116",
        reds={"PATH-GATEWAY": "missing hop"},
        near=frozenset({"PATH-ICMP"}),
        # the uplink's own address: another one on a cluster's node
        after="""own=$(ip -o -4 address show dev eth0); own=${own#*inet }; own=${own%%/*}
          iptables -C INPUT -s 10.88.0.0/24 -d "$own" -j DROP ||
            iptables -A INPUT -s 10.88.0.0/24 -d "$own" -j DROP""",
    ),
    Fault(
        name="one packet in a hundred is dropped",
        cause="NETFILTER_DROP .*numgen inc mod 100 99 drop",
        source="own",
        reds={"TOPO-HOOKS": "packet filter at node"},
        under={"PATH-CONCURRENT": "TOPO-HOOKS"},
        # each hundredth may be one of theirs
        follows=frozenset({"PATH-ICMP"}),
        after=bridge_rule("ip protocol icmp numgen inc mod 100 == 99 drop"),
    ),
    Fault(
        name="packets are dropped under load",
        source="own: a rate limit",
        reds={"TOPO-HOOKS": "packet filter at node"},
        # what it meets depends on how fast the pods send
        follows=frozenset({"PATH-CONCURRENT", "PATH-ICMP"}),
        after=bridge_rule("ip protocol icmp limit rate over 200/second burst 50 packets drop"),
    ),
    Fault(
        name="every tenth packet is doubled",
        source="kubernetes/kubernetes issue 25793",
        reds={"PATH-CONCURRENT": "doubled"},
        follows=_SHOWN,
        after="""[ "$POD" != server ] || nft "add table netdev copy
          add chain netdev copy in {
            type filter hook ingress device $(host_of client) priority 0; }
          add rule netdev copy in icmp type echo-request \
            numgen inc mod 10 == 9 dup to $HOST" """,
    ),
)
