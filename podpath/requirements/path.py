"""PATH: requirements on the interfaces that a packet crosses."""

from podpath.requirements.requirement import (
    DUMP,
    K8S_MODEL,
    LINKS,
    NODE,
    POD,
    PODS,
    Ability,
    Level,
    Requirement,
)

REQUIREMENTS = (
    Requirement(
        "PATH-ICMP",
        "Pings take the expected path",
        "Each echo request and reply crosses every expected interface once, in order, and no"
        " other.",
        "The packet was dropped or took another way at the first missing hop.",
        (f"{DUMP} icmp", LINKS),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, requires that pods reach each other; that packets take this path is"
        " podpath's own judgement, from how the plugin documents its wiring",
        why="It is the plainest proof of the way that packets go. A short cut or a detour shows"
        " here first.",
        how="Three pings in each direction, watched on all interfaces of all namespaces. Each"
        " request and each reply is compared with the path of the profile.",
    ),
    Requirement(
        "PATH-HTTP",
        "HTTP takes the expected path",
        "Each packet of an HTTP exchange crosses every expected interface once, in order, and no"
        " other.",
        "The packet was dropped or took another way at the first missing hop.",
        (f"{DUMP} tcp port 80", f"{NODE} nft list ruleset"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, requires that pods reach each other; that packets take this path is"
        " podpath's own judgement, from how the plugin documents its wiring",
        why="It is what pods are for. TCP shows what single packets do not: connection tracking,"
        " segments, and both directions at once.",
        how="wget in one pod gets a page from the other one, in each direction. Each packet from"
        " the first SYN to the last ACK is compared with the path of the profile. No kernel may"
        " count a packet with a wrong checksum meanwhile.",
    ),
    Requirement(
        "PATH-UDP",
        "UDP takes the expected path",
        "A UDP datagram crosses every expected interface once, in order, and no other.",
        "The packet was dropped or took another way at the first missing hop. Its checksum may be"
        " wrong after an offload that was not undone, or a rule that changes packets.",
        (f"{DUMP} udp", f"{NODE} nft list ruleset", f"{PODS} nstat -az"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, requires that pods reach each other; that packets take this path is"
        " podpath's own judgement, from how the plugin documents its wiring",
        why="UDP passes other rules than TCP and ICMP, and is not sent again. DNS is the first to"
        " suffer.",
        how="nc sends a datagram to the other pod, which must get it byte by byte. It is compared"
        " with the path of the profile, in each direction. No kernel may count a packet with a"
        " wrong checksum meanwhile (InCsumErrors): it drops such a packet after all interfaces"
        " have seen it.",
    ),
    Requirement(
        "PATH-CONTAINER",
        "Containers' packets take the same path",
        "Packets of a pod's container take the same path as those of other programs in its"
        " namespace.",
        "A rule on the container's cgroup drops or redirects its packets: an eBPF program, or a"
        " packet filter that matches cgroups.",
        (f"{NODE} bpftool cgroup tree", f"{PODS} nft list ruleset"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, is about pods, whose containers share one network namespace; that"
        " only the namespace decides the path is podpath's own judgement",
        why="A container has more than its network namespace: a cgroup, capabilities, a filter of"
        " system calls. podpath sends most of its traffic from a program of its own in the pod's"
        " network namespace, so this requirement shows that pods themselves fare no other way.",
        how="A ping, an HTTP exchange and a datagram are sent twice, in each direction: by a"
        " program in the pod's network namespace, and by the same program in the pod's container,"
        " which the container runtime starts. Each is compared with the path of the profile; a"
        " difference of one kind at one place that only one of the two has is a finding.",
    ),
    Requirement(
        "PATH-ARP",
        "ARP reaches exactly the expected ports",
        "An ARP request or neighbour solicitation reaches the expected interfaces only, as does"
        " the reply.",
        "Flooding is off on a port, or another host answers in the pod's place (proxy ARP).",
        (f"{DUMP} arp or icmp6", LINKS),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from RFC 826, RFC 4861, and how the plugin"
        " documents its wiring",
        why="Without ARP, no pod finds another. A host that answers in a pod's place takes its"
        " traffic.",
        how="A pod forgets its neighbours, and pings another one. podpath compares request and"
        " reply with the paths of the profile, and watches for a while longer, as a proxy answers"
        " late. On a bridge the request must reach every port, on a routed link the host end, and"
        " on a lower link its listeners. The reply takes the way back only.",
    ),
    Requirement(
        "PATH-BYSTANDER",
        "Other pods do not see the traffic",
        "Once addresses are learned, a third pod and the uplink see no traffic between two pods.",
        "The bridge floods: learning is off, an FDB entry was lost, or traffic is mirrored.",
        (f"{DUMP}", f"{NODE} bridge fdb show br {{bridge}}", f"{NODE} tc filter show"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: bridges learn (IEEE 802.1D), so that strangers see"
        " nothing",
        why="A pod that sees others' traffic can read it. Copies cost all pods of the node.",
        how="When addresses are learned, podpath watches a ping and an HTTP exchange without any"
        " filter: of all frames on all interfaces, only noise may appear off the path. A lower"
        " link passes frames between its pods, and must send none of them out.",
        usually_lost="The packet was dropped or took another way at the first missing hop.",
    ),
    Requirement(
        "PATH-UNCHANGED",
        "Packets arrive unchanged",
        "Packets arrive as they were sent: headers, TCP options and payload change only by"
        " routing.",
        "The packet was routed (TTL) or translated (addresses) on its way.",
        (f"{DUMP} -vv icmp", f"{NODE} nft list ruleset"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, forbids translated addresses; that nothing else changes is"
        " podpath's own judgement, from RFC 791, RFC 8200 and IEEE 802.1D",
        why="Policies, logs and protocols rely on the sender's address. A changed TTL shows a"
        " router where none should be.",
        how="podpath compares each sighting of a ping, of an HTTP exchange and of a datagram with"
        " the packet as it was sent. TTL, TOS, DF, MAC and IP addresses, TCP options and payload"
        " must be the same at both ends. Where the node routes, TTL and MAC addresses change as"
        " routing changes them.",
    ),
    Requirement(
        "PATH-SIZE",
        "Packets of any size take the path",
        "Payloads of any size take the expected path: empty, the largest that fits, fragments,"
        " large bodies.",
        "The MTU differs somewhere on the path, or fragments are dropped.",
        (f"{NODE} ip link show", f"{DUMP} -vv icmp"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, requires that pods reach each other; that packets take this path is"
        " podpath's own judgement, from how the plugin documents its wiring",
        why="Traffic that works with a few bytes may fail with many: fragments, segmentation and"
        " MTUs show there.",
        how="Pings with DF set from empty to the largest that fits, fragmented pings and"
        " datagrams, the largest datagram, and HTTP bodies of 0 B and 4 MiB are compared with"
        " the path.",
    ),
    Requirement(
        "PATH-MTU",
        "The MTU limits packets with DF set",
        "The largest packet with DF set passes, and the sender's kernel refuses one more byte.",
        "The MTU differs between the pod and an interface on the path.",
        (POD, f"{NODE} ip link show"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from RFC 1191 and RFC 8201: who sends too much is"
        " told at once",
        why="The kernel must refuse a packet that is too long at once. If the packet is dropped on"
        " its way instead, connections hang.",
        how="With DF set, a ping as long as the MTU must take the path. A ping that is one byte"
        " longer must not leave the pod, and the sender must get an error.",
    ),
    Requirement(
        "PATH-SELF",
        "A pod reaches itself over lo",
        "A packet from a pod to its own IP never leaves the pod's lo.",
        "The address is not local to the pod's namespace, or lo is down.",
        (f"{PODS} ip route show table local",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: the kernel's table local leads to lo, unless"
        " something changed it",
        why="A program may talk to its own pod's IP. Packets that leave the pod for that come back"
        " changed, or not at all.",
        how="Each pod pings its own IP, and all interfaces are watched.",
    ),
    Requirement(
        "PATH-GATEWAY",
        "Pods and the node reach each other",
        "Packets between a pod and the node take the expected path, which ends at the gateway's"
        " interface.",
        "The bridge does not have the gateway's address, another link has the subnet's route, or a"
        " rule translates what pods send to the node.",
        (f"{NODE} ip route", f"{NODE} ip addr show {{bridge}}"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, requires that a node and its pods reach each other; that packets"
        " take this path is podpath's own judgement, from how the plugin documents its"
        " wiring",
        why="Kubelets probe pods from the node, and pods reach all else by their gateway.",
        how="Each pod pings its gateway, and the node each pod. The client pings the node's address"
        " on its uplink, too. The node gets a page over HTTP from a pod, as kubelets do, and sends"
        " it a datagram. A program of the node must see the pod's own address as the source of a"
        " connection and of a datagram. ICMP errors must pass both ways, and resets to the node."
        " Where no interface holds the gateway's address, the pod"
        " pings the node's address on its uplink. Each packet is compared with the paths of the"
        " profile to the node and from it. It is not applicable to a bridge without a configured"
        " gateway.",
    ),
    Requirement(
        "PATH-ISOLATION",
        "Isolated pods do not reach each other",
        "If pods are isolated, packets from one pod to another end at the bridge.",
        "A port is not isolated, a rule is missing, or the node passes packets on (proxy ARP).",
        (LINKS, f"{NODE} sysctl -a --pattern proxy_arp", f"{DUMP} arp or icmp or icmp6"),
        level=Level.MUST,
        source="documentation of the plugins bridge, portIsolation, and firewall, ingressPolicy",
        feature="isolation",
        why="Pods that share a bridge and nothing else, as of different tenants, rely on it.",
        how="A pod without neighbours pings another one: its request for the MAC address must be"
        " seen up to the bridge, and nothing else (with rules of iptables: in IPv6 alone, as they"
        " do not see ARP). Then the pod is given that MAC address, and"
        " pings again: so must the echo request. That nothing else was seen is proven as for"
        " every path. PATH-GATEWAY shows that pods reach their gateway.",
    ),
    Requirement(
        "PATH-VLAN",
        "Broadcasts stay in the pod's VLAN",
        "With a VLAN configured, pods' broadcasts stay in it, and pods hear no other VLAN.",
        "The port is still in VLAN 1, or its PVID is not the configured VLAN.",
        (f"{NODE} bridge vlan show", f"{NODE} ip -d link show {{bridge}}", f"{DUMP} arp or icmp6"),
        level=Level.MUST,
        source="documentation of the plugin bridge, vlan; that pods leave VLAN 1 unless"
        " preserveDefaultVlan is on is podpath's own judgement, and the plugin's since its release"
        " 1.8.0",
        feature="vlan",
        why="VLANs keep networks apart that share a bridge. A port in a second VLAN lets pods hear"
        " and answer traffic of other networks.",
        how="podpath connects a host to the bridge, in the lowest VLAN that neither pods nor other"
        " ports should have: VLAN 1 if pods should leave it. A pod sends an ARP request for"
        " another one: each port of its VLAN must see it, and the host must not. Then the host"
        " sends one for a pod: it must end at the bridge. PATH-ICMP and PATH-GATEWAY show that"
        " pods reach each other and their gateway, with the VLAN's tag on the bridge.",
    ),
    Requirement(
        "PATH-MASQUERADE",
        "Traffic beyond the node is masqueraded",
        "With masquerading, a pod's packets leave the uplink with the node's address, and answers"
        " return.",
        "The rule is missing, or does not match the pod's address, the protocol, packets of each"
        " size or each source port, or the node does not forward, or drops ICMP errors.",
        (f"{NODE} iptables-save -t nat", f"{DUMP} icmp"),
        level=Level.MUST,
        source="documentation of the plugins bridge and ptp, ipMasq",
        needs=Ability.BEYOND,
        feature="ipmasq",
        why="Machines beyond the node have no route to its pods, and cannot answer a pod's"
        " address.",
        how="Each pod pings the next hop of the node's default route, gets a page over HTTP there"
        " by a long request, and sends it datagrams, which it sends back. One ping and one datagram"
        " are small, others fill a packet. Each packet, from the first SYN to the last ACK, is"
        " compared with the paths of the profile to the uplink and back, with the node's address"
        " there. A host of another network must see that address, too, as must the ports of DNS,"
        " HTTPS and the Kubernetes API. Datagrams of 4000 bytes travel in fragments, and each is"
        " answered. ICMP errors must reach both sides, and resets the pod. Without a default"
        " route in pods, it is not applicable.",
    ),
    Requirement(
        "PATH-PORTMAP",
        "Mapped ports lead to their pod",
        "Each sender of a mapped port reaches its pod, by the expected path and with the expected"
        " addresses.",
        "The rule leads to another port, covers one protocol or sender only, or both protocols,"
        " ignores the host IP or the destination, or masquerades senders that it should not.",
        (
            f"{NODE} iptables-save -t nat",
            f"{DUMP} port 28080 or port 80 or port 29000 or port 9000",
        ),
        level=Level.JUDGEMENT,
        source="containernetworking/cni, CONVENTIONS.md, portMappings: ports of the node lead to"
        " the container; documentation of the plugin portmap: which senders it masquerades, which"
        " is podpath's own judgement for other plugins",
        needs=Ability.PORTS | Ability.BEYOND,
        feature="portmap",
        why="Clients outside the cluster reach a pod by such a port, and the pod must see their"
        " address.",
        how="podpath creates a pod, and requests that two ports of the node lead to its HTTP and"
        " UDP ports. Another pod, the node, 127.0.0.1 and a host beyond the node send an HTTP"
        " exchange and a datagram there. podpath compares each packet with the path of the"
        " profile, and its addresses and ports at each hop. The pod itself uses its own port where"
        " bridge ports are in hairpin mode, or the node routes. A port that is mapped for the host"
        " IP 127.0.0.1 must be answered there, and not at the node's other address. The next ports"
        " of the node, and the same port of another pod and of a host beyond the node, must not"
        " begin to answer. A program of the node that listens at the number of a mapped port, with"
        " the other protocol, must still be reached. Connections and datagrams of another pod, the"
        " node and the host beyond from 64 source ports of the whole range must be answered, and"
        " those from another network, too. Requests and datagrams are small, as large as a packet,"
        " and in fragments. The host beyond must get the pod's ICMP errors.",
    ),
    Requirement(
        "PATH-BANDWIDTH",
        "Traffic is limited to the requested rate",
        "A container sends and receives at the rate that the runtime requested.",
        "Bits are taken for bytes, only one direction is limited, or the wrong interface has the"
        " limit.",
        (
            f"{NODE} tc -s qdisc",
            f"{NODE} sh -c 'for l in $(ls /sys/class/net); do tc filter show dev $l ingress; done'",
        ),
        level=Level.MUST,
        source="containernetworking/cni, CONVENTIONS.md, bandwidth",
        needs=Ability.CALLS,
        feature="bandwidth",
        why="A limit that does not limit lets one pod take what is meant for all.",
        how="podpath attaches containers as a runtime does it, one with a limit and two without. A"
        " transfer of 2 MB, the burst aside, must have 0.5 to 1.15 of the requested rate, and a"
        " transfer without a limit four times the rate.",
    ),
    Requirement(
        "PATH-CONCURRENT",
        "Many flows each take their own path",
        "Of many simultaneous flows between all pods, each takes its own path, without loss or"
        " duplicates.",
        "Packets are dropped under load, or duplicated by a promiscuous or looping bridge.",
        (f"{DUMP} icmp", f"{NODE} ip -s link show"),
        level=Level.JUDGEMENT,
        source=f"{K8S_MODEL}, requires that pods reach each other; that packets take this path is"
        " podpath's own judgement, from how the plugin documents its wiring",
        why="Rules, FDB and queues that do for one flow may not do for many.",
        how="Pings, HTTP and UDP between all pairs of pods at the same time are each compared"
        " with their own path. Then all pairs ping without a sniffer, and requests and replies"
        " are counted.",
    ),
)
