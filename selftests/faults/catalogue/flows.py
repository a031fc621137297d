"""Faults of some flows only: of one protocol, port, connection, message, or end."""

from functools import partial

from selftests.faults.fault import Fault, bridge_rule, rule_of_iptables

_mapping = partial(Fault, wraps=("portmap",), announces=False)
_NEAR = frozenset({"PATH-GATEWAY", "PATH-PORTMAP"})
_END = '[ "$POD" != mapped ] || nft delete table ip mapped'


def _caught(protocol: str, port: int, to: int) -> str:
    """Shell: a port of the node leads to the mapped pod."""
    rest = f"fib daddr type local {protocol} dport {port} dnat to $IP:{to}"
    return f"""[ "$POD" != mapped ] || nft "add table ip mapped; flush table ip mapped
      add chain ip mapped in {{ type nat hook prerouting priority -100; }}
      add chain ip mapped out {{ type nat hook output priority -100; }}
      add rule ip mapped in {rest}
      add rule ip mapped out {rest}" """


def _unmasqueraded(match: str) -> str:
    """Shell: packets to beyond the node are left as they are."""
    return rule_of_iptables("nat", f"POSTROUTING -s 10.88.0.0/24 -o eth0 {match} -j ACCEPT")


def _kept_back(of_icmp: str) -> str:
    """Shell: ICMP messages from beyond the node do not reach pods."""
    return rule_of_iptables("mangle", f"FORWARD -i eth0 -p icmp --icmp-type {of_icmp} -j DROP")


def _dropped(match: str) -> str:
    """Shell: packets to mapped ports are dropped, whoever sends them."""
    return "; ".join(
        rule_of_iptables("raw", f"{chain} {match} -j DROP") for chain in ("PREROUTING", "OUTPUT")
    )


FAULTS = (
    _mapping(
        name="a port that is mapped for TCP catches datagrams, too",
        source="kubernetes/kubernetes issue 20092; aojea/kindnet pull request 130",
        reds={"PATH-PORTMAP": "udp port 28080 of 192.0.2.2, asked for from"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after=_caught("udp", 28080, 80),
        after_del=_END,
    ),
    _mapping(
        name="a port that is mapped for UDP catches connections, too",
        source="kubernetes/kubernetes issue 20092, the other way round",
        reds={"PATH-PORTMAP": "tcp port 29000 of 192.0.2.2, asked for from"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after=_caught("tcp", 29000, 9000),
        after_del=_END,
    ),
    _mapping(
        name="large datagrams to mapped ports are dropped",
        cause="NETFILTER_DROP .*udp dport 29000 meta length 400-65535",
        source="own: an exception by size, as for masquerading",
        reds={"PATH-PORTMAP": "missing hop"},
        after=_dropped("-p udp --dport 29000 -m length --length 400:65535"),
    ),
    _mapping(
        name="long requests to mapped ports are dropped",
        cause="NETFILTER_DROP .*tcp dport 28080 meta length 400-65535",
        source="own: the same for a connection that began well",
        reds={"PATH-PORTMAP": "missing hop"},
        after=_dropped("-p tcp --dport 28080 -m length --length 400:65535"),
    ),
    _mapping(
        name="every fifth connection to a mapped port is not translated",
        source="podman-container-tools/podman issue 18746: half of the connections fail",
        reds={"PATH-PORTMAP": "saw Connection refused for source port"},
        near=frozenset({"PATH-MASQUERADE", "PATH-GATEWAY"}),
        after=rule_of_iptables(
            "nat",
            "CNI-HOSTPORT-DNAT -p tcp --dport 28080 -m statistic --mode nth --every 5 --packet 4"
            " -j ACCEPT",
        ),
    ),
    _mapping(
        name="connections from some source ports to mapped ports are dropped",
        cause="NETFILTER_DROP .*tcp sport 40000-42000 tcp dport 28080",
        source="own: a filter of a range of ports that is too wide",
        reds={"PATH-PORTMAP": "dropped in namespace node: NETFILTER_DROP (the packet filter)"},
        after=_dropped("-p tcp --dport 28080 --sport 40000:42000"),
    ),
    Fault(
        name="pods are masqueraded to each other",
        source="own: a rule of masquerading without an exception for the pods' network",
        reds={"PATH-UNCHANGED": "address changed"},
        under=dict.fromkeys(
            ("PATH-ICMP", "PATH-HTTP", "PATH-SIZE", "PATH-CONCURRENT", "LIFE-REUSE"),
            "PATH-UNCHANGED",
        ),
        after="""ip link set cni0 type bridge nf_call_iptables 1
          rule="POSTROUTING -s 10.88.0.0/24 -d 10.88.0.0/24 -j MASQUERADE"
          iptables -t nat -C $rule || iptables -t nat -I $rule""",
    ),
    Fault(
        name="datagrams of some source ports are not masqueraded",
        source="own: an exception for a range of ports that ends too late",
        reds={"PATH-MASQUERADE": "10.88.0."},
        near=_NEAR,
        after=_unmasqueraded("-p udp --sport 40000:42000"),
    ),
    Fault(
        name="answers to datagrams do not come back from beyond the node",
        cause="NETFILTER_DROP .*meta l4proto udp ct state established",
        source="own: a filter without an exception for established UDP, as for DNS",
        reds={"PATH-MASQUERADE": "saw no answer for source port"},
        near=frozenset({"PATH-GATEWAY"}),
        after=rule_of_iptables(
            "mangle", "FORWARD -i eth0 -p udp -m conntrack --ctstate ESTABLISHED -j DROP"
        ),
    ),
    _mapping(
        name="pods do not reach mapped ports by the address of their gateway",
        source="moby/moby issue 27201: one of the node's addresses alone",
        reds={"PATH-PORTMAP": "tcp port 28080 of 10.88.0.1, asked for from client: expected a"},
        after=rule_of_iptables("nat", "CNI-HOSTPORT-DNAT -d 10.88.0.1 -j ACCEPT"),
    ),
    Fault(
        name="datagrams of some source ports do not leave the node",
        cause="NETFILTER_DROP .*udp sport 40000-42000",
        source="own: a filter of a range of ports that is too wide",
        reds={"PATH-MASQUERADE": "dropped in namespace node: NETFILTER_DROP (the packet filter)"},
        near=_NEAR,
        after=rule_of_iptables(
            "mangle", "FORWARD -s 10.88.0.0/24 -o eth0 -p udp --sport 40000:42000 -j DROP"
        ),
    ),
    Fault(
        name="connections of some source ports are not masqueraded",
        source="kubernetes-sigs/ip-masq-agent issue 50: rules that know connections by their port",
        reds={"PATH-MASQUERADE": "nothing arrived for source port"},
        near=_NEAR,
        after=_unmasqueraded("-p tcp --sport 1024:4000"),
    ),
    Fault(
        name="connections of programs with rights are not masqueraded",
        source="own: an exception for NFS, whose clients have such source ports",
        reds={"PATH-MASQUERADE": "nothing arrived for source port"},
        near=_NEAR,
        after=_unmasqueraded("-p tcp --sport 1:1023"),
    ),
    Fault(
        name="every fifth connection is not masqueraded",
        source="cilium/cilium issue 47425: some new connections are not",
        reds={"PATH-MASQUERADE": "nothing arrived for source port"},
        near=_NEAR,
        after=_unmasqueraded("-p tcp -m statistic --mode nth --every 5 --packet 4"),
    ),
    Fault(
        name="pods do not hear from beyond the node that packets are too big",
        cause="NETFILTER_DROP .*meta l4proto icmp",
        source="cilium/cilium issues 12968, 33844; cloudnativelabs/kube-router issue 685",
        reds={"PATH-MASQUERADE": 'the program gets "Message too long", saw no error'},
        near=_NEAR,
        after=_kept_back("fragmentation-needed"),
    ),
    Fault(
        name="pods do not hear from beyond the node that a port is closed",
        cause="NETFILTER_DROP .*meta l4proto icmp",
        source="cloudnativelabs/kube-router issue 685, for other errors",
        reds={"PATH-MASQUERADE": 'the program gets "Connection refused", saw no error'},
        near=_NEAR,
        after=_kept_back("port-unreachable"),
    ),
    Fault(
        name="traceroute from a pod ends at the node",
        cause="NETFILTER_DROP .*icmp type time-exceeded",
        source="own: an ICMP error that few programs need",
        reds={"PATH-MASQUERADE": 'the program gets "No route to host", saw no error'},
        near=_NEAR,
        after=_kept_back("time-exceeded"),
    ),
    Fault(
        name="programs of the node see connections of pods with another address",
        source="cloudnativelabs/kube-router issue 173",
        reds={"PATH-GATEWAY": "in a program of the node: expected 10.88.0."},
        near=frozenset({"PATH-PORTMAP", "PATH-MASQUERADE"}),
        after=rule_of_iptables("nat", "INPUT -s 10.88.0.0/24 -p tcp -j SNAT --to-source 10.88.0.1"),
    ),
    Fault(
        name="programs of the node see datagrams of pods with another address",
        source="cloudnativelabs/kube-router issue 173, for one protocol",
        reds={"PATH-GATEWAY": "in a program of the node: expected 10.88.0."},
        near=frozenset({"PATH-PORTMAP", "PATH-MASQUERADE"}),
        after=rule_of_iptables("nat", "INPUT -s 10.88.0.0/24 -p udp -j SNAT --to-source 10.88.0.1"),
    ),
    Fault(
        name="ICMP errors of pods do not leave the node",
        cause="NETFILTER_DROP .*icmp type destination-unreachable",
        source="projectcalico/calico issue 10640; RFC 5508, section 4.3",
        reds={"PATH-MASQUERADE": "from pod bystander, about a datagram of 192.0.2.1: expected the"},
        near=_NEAR,
        follows=frozenset({"PATH-PORTMAP"}),
        after=rule_of_iptables(
            "mangle", "FORWARD -o eth0 -p icmp --icmp-type destination-unreachable -j DROP"
        ),
    ),
    _mapping(
        name="who asks for a mapped port does not hear that it is closed in the pod",
        cause="NETFILTER_DROP .*icmp type destination-unreachable",
        source="cilium/cilium issue 33041; kubernetes/kubernetes issue 119131",
        reds={"PATH-PORTMAP": "from pod mapped, about a datagram of 192.0.2.1: expected the"},
        near=frozenset({"PATH-GATEWAY", "PATH-MASQUERADE"}),
        after=rule_of_iptables(
            "mangle",
            "FORWARD -o eth0 -p icmp --icmp-type destination-unreachable"
            " -m conntrack --ctstate DNAT -j DROP",
        ),
    ),
    Fault(
        name="the node does not hear that a port of a pod is closed",
        cause="NETFILTER_DROP .*icmp type destination-unreachable.*INPUT",
        source="projectcalico/calico issue 10640, from pods",
        reds={"PATH-GATEWAY": "from pod bystander, about a datagram of the node: expected the"},
        near=_NEAR,
        after=rule_of_iptables(
            "filter",
            "INPUT -s 10.88.0.0/24 -p icmp --icmp-type destination-unreachable -j DROP",
        ),
    ),
    Fault(
        name="pods do not hear that a port of the node is closed",
        cause="NETFILTER_DROP .*icmp type destination-unreachable.*OUTPUT",
        source="projectcalico/calico issue 10640, from the node",
        reds={"PATH-GATEWAY": "from the node, about a datagram of pod bystander: expected the"},
        near=_NEAR,
        after=rule_of_iptables(
            "filter",
            "OUTPUT -d 10.88.0.0/24 -p icmp --icmp-type destination-unreachable -j DROP",
        ),
    ),
    Fault(
        name="the node does not hear that pods reset a connection",
        cause="NETFILTER_DROP .*tcp flags & rst == rst",
        source="kubernetes/kubernetes issue 74839: packets that are taken for invalid",
        reds={
            "PATH-GATEWAY": "closed tcp port of pod bystander, asked for from the node: expected"
        },
        near=_NEAR,
        after=rule_of_iptables(
            "filter", "INPUT -s 10.88.0.0/24 -p tcp --tcp-flags RST RST -j DROP"
        ),
    ),
    Fault(
        name="pods do not hear that hosts beyond the node reset a connection",
        cause="NETFILTER_DROP .*tcp flags & rst == rst",
        source="kubernetes/kubernetes issue 74839, of other hosts",
        reds={"PATH-MASQUERADE": "closed tcp port of 192.0.2.1, asked for from pod bystander:"},
        near=_NEAR,
        after=rule_of_iptables("mangle", "FORWARD -i eth0 -p tcp --tcp-flags RST RST -j DROP"),
    ),
    Fault(
        name="large datagrams of the node do not reach pods",
        cause="NETFILTER_DROP .*meta length 400-65535",
        source="own: an exception by size, of the node's own packets",
        reds={"PATH-GATEWAY": "missing hop at"},
        near=_NEAR,
        after=rule_of_iptables(
            "filter",
            "OUTPUT -d 10.88.0.0/24 -p udp -m conntrack ! --ctstate DNAT"
            " -m length --length 400:65535 -j DROP",
        ),
    ),
    Fault(
        name="what pods send to port 53 is not masqueraded",
        source="cilium/cilium issue 21411: DNS servers beyond the node do not answer",
        reds={"PATH-MASQUERADE": "to 192.0.2.1 port 53: expected 192.0.2.2 for each of 16"},
        near=_NEAR,
        after=_unmasqueraded("-p udp --dport 53"),
    ),
    Fault(
        name="what pods send to port 443 is not masqueraded",
        source="own: an exception for a service of the cluster, without its address",
        reds={"PATH-MASQUERADE": "to 192.0.2.1 port 443: expected 192.0.2.2 for each of 16"},
        near=_NEAR,
        after=_unmasqueraded("-p tcp --dport 443"),
    ),
    Fault(
        name="datagrams in fragments do not leave the node",
        cause="NETFILTER_DROP .*meta length 1501-65535",
        source="cilium/cilium issues 22624, 25085, 32427",
        reds={"PATH-MASQUERADE": "udp of 4000 bytes of pod bystander to 192.0.2.1: expected"},
        near=_NEAR,
        after=rule_of_iptables(
            "mangle",
            "FORWARD -s 10.88.0.0/24 -o eth0 -p udp -m conntrack ! --ctstate DNAT"
            " -m length --length 1501:65535 -j DROP",
        ),
    ),
    Fault(
        name="answers in fragments do not come back from beyond the node",
        cause="NETFILTER_DROP .*meta length 1501-65535",
        source="cilium/cilium issue 32427, the other way",
        reds={"PATH-MASQUERADE": "udp of 4000 bytes of pod bystander to 192.0.2.1: expected"},
        near=_NEAR,
        after=rule_of_iptables(
            "mangle",
            "FORWARD -i eth0 -p udp -m conntrack ! --ctstate DNAT"
            " -m length --length 1501:65535 -j DROP",
        ),
    ),
    _mapping(
        name="datagrams in fragments do not reach mapped ports",
        cause="NETFILTER_DROP .*meta length 1501-65535",
        source="cilium/cilium issue 32427, of mapped ports",
        reds={"PATH-PORTMAP": "asked for from beyond the node with 4000 bytes: expected an answer"},
        near=frozenset({"PATH-GATEWAY", "PATH-MASQUERADE"}),
        after=rule_of_iptables(
            "mangle",
            "FORWARD -i eth0 -p udp -m conntrack --ctstate DNAT"
            " -m length --length 1501:65535 -j DROP",
        ),
    ),
    _mapping(
        name="hosts of other networks do not reach mapped ports",
        cause="NETFILTER_DROP .*ip saddr != 192.0.2.0/24 tcp dport",
        source="moby/moby issue 45295",
        reds={"PATH-PORTMAP": "beyond the node, from 198.51.100.77: expected a connection"},
        near=frozenset({"PATH-GATEWAY", "PATH-MASQUERADE"}),
        after=rule_of_iptables(
            "raw", "PREROUTING -i eth0 -p tcp --dport 28080 ! -s 192.0.2.0/24 -j DROP"
        ),
    ),
    _mapping(
        name="answers of mapped ports have the pod's address",
        source="containernetworking/plugins issue 123: what is not tracked is not translated back",
        reds={
            "PATH-PORTMAP": "udp port 29000 of 192.0.2.2, asked for from beyond the node: expected"
        },
        near=frozenset({"PATH-GATEWAY", "PATH-MASQUERADE"}),
        after=rule_of_iptables("raw", "PREROUTING -s 10.88.0.0/24 -p udp --sport 9000 -j NOTRACK"),
    ),
    Fault(
        name="a host end has a small MTU, and UDP is dropped",
        cause='rule "ip protocol udp drop"|larger than its MTU',
        source="own: two faults, of which neither hides the other",
        reds={"TOPO-MTU": "MTU at", "TOPO-HOOKS": "packet filter at node"},
        follows=frozenset({"PATH-HTTP", "PATH-PORTMAP", "PATH-CONCURRENT", "LIFE-PORTMAP"}),
        under={"PATH-MTU": "TOPO-MTU", "PATH-UDP": "TOPO-HOOKS"},
        untestable=frozenset({"LIFE-PARALLEL"}),
        after=f'ip link set "$HOST" mtu 1400; {bridge_rule("ip protocol udp drop")}',
    ),
)
