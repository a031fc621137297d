"""The requirements: an id, one sentence, why, how it is checked, what a failure usually means.

Everything that podpath says refers to these ids; they never change their meaning.
"""

from dataclasses import dataclass, field

#: What a requirement belongs to, unless it says otherwise.
CORE = "core"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a conforming plugin does.

    why: what goes wrong where it is not so. how: what is done, read and compared to check it.
    usually: what most often causes a failure. look: commands for oneself; {node} stands for the
    pid of a process in the node, {bridge} for the bridge, NETNS for a namespace that `ip netns
    list` shows there. nodes: the kinds of node that it can be looked at on. source: what it is
    taken from, if it is somebody else's rule. feature: what it belongs to: the core, which is
    tested in any case, or one of features.FEATURES, tested where a conflist asks for it.
    """

    id: str
    sentence: str
    usually: str
    look: tuple[str, ...]
    source: str = ""
    nodes: tuple[str, ...] = ("embedded", "kind", "host")
    feature: str = CORE
    why: str = field(kw_only=True)
    how: str = field(kw_only=True)


_NODE = "nsenter -t {node} -a"
_LINKS = f"{_NODE} bridge -d link show"
_NETNS = f"{_NODE} ip netns list"
_POD = f"{_NODE} ip -n NETNS -d addr show"
_DUMP = f"{_NODE} tcpdump -nei any"
_PLUGINS = "/opt/podpath/cni/bin"
_STATE = f"{_NODE} sh -c 'ls -R /var/lib/cni; nft list ruleset; ip link'"


def _call(command: str) -> str:
    """How to call a plugin by hand, with what it gets on stdin in a file."""
    variables = f"CNI_COMMAND={command} CNI_CONTAINERID=look CNI_NETNS=/run/netns/NETNS"
    plugin = f"CNI_IFNAME=net1 CNI_PATH={_PLUGINS} {_PLUGINS}/PLUGIN"
    return f"{_NODE} env {variables} {plugin} <CONFIGURATION"


#: Where plugins are called by podpath itself, beside all pods.
_EMBEDDED = ("embedded",)
#: The kinds of node that are of a Kubernetes cluster.
_CLUSTERS = ("kind", "host")

_ALL = (
    Requirement(
        "TOPO-NETNS-NAME",
        "Each pod has its own named namespace cni-<hex groups> on the node.",
        "The runtime or a wrapper made the namespace elsewhere, or two pods were given one.",
        (_NETNS,),
        why="Runtimes, plugins and people find a pod's network by that name. One that leads"
        " elsewhere makes DEL clean up another pod, or nothing.",
        how="The named namespaces of the node are listed. The one that the runtime names for a"
        " pod must be there, have a name of that form, and be no other pod's.",
    ),
    Requirement(
        "TOPO-NETNS-IP",
        "A pod's IP is found in exactly one named namespace: the one that the runtime names.",
        "The address was set in the wrong namespace, or IPAM gave it out twice.",
        (_NETNS, _POD),
        why="An IP that is in two places is answered by whoever hears the ARP request first: now"
        " and then, traffic reaches the wrong pod.",
        how="The addresses of all interfaces in all named namespaces are read by netlink. Each IP"
        " that the runtime tells of a pod must be in that pod's namespace, and in no other.",
    ),
    Requirement(
        "TOPO-NETNS-SHARED",
        "The containers of a pod share its namespace, and two pods never do.",
        "The runtime started a container outside of its sandbox.",
        (f"{_NODE} lsns -t net",),
        why="Containers of a pod talk over localhost. Two pods that share a namespace share"
        " ports, addresses and what is allowed to them.",
        how="The inode of the namespace that each container's process is in is compared with that"
        " of the pod's named namespace, and the pods' with each other.",
    ),
    Requirement(
        "TOPO-POD-LINKS",
        "A pod holds lo and eth0, both up, and nothing else.",
        "The plugin left a temporary or second interface, or did not set one up.",
        (_POD,),
        why="A second interface is a second way out, beside all that is known of the first one."
        " An interface that is down is no network.",
        how="All interfaces in the pod's namespace are listed by netlink. What the kernel itself"
        " puts, down, into every namespace, such as tunl0, does not count.",
    ),
    Requirement(
        "TOPO-VETH-PEER",
        "eth0 is a veth whose peer is in the node's namespace, by index and namespace id,"
        " in both directions.",
        "The plugin used another kind of link, or left the host end in the pod.",
        (_POD, f"{_NODE} ip -d link show type veth"),
        why="All else rests on it: the host end is found by this link and not by its name, and it"
        " is where each packet of the pod must enter the node.",
        how="Kind, peer index and peer namespace id of eth0 are read in the pod, and those of the"
        " interface that they lead to on the node. Each must lead to the other.",
    ),
    Requirement(
        "TOPO-LOWER-LINK",
        "Where pods' links lie on one of the node's, eth0 is of the configured kind and mode, and"
        " lies on the configured link, or on that of the node's default route, which is up.",
        "The plugin took another link of the node, or ignored the mode.",
        (_POD, f"{_NODE} ip -d link show"),
        why="On another link, or in another mode, pods are of another network: they do not reach"
        " each other, or strangers reach them.",
        how="Kind and mode of eth0 are read in the pod, and index and namespace id of the link"
        " that it lies on. These must lead to the conflist's link on the node, or to that of the"
        " node's default route if the conflist names none.",
    ),
    Requirement(
        "TOPO-BRIDGE-PORT",
        "The host end is up and a forwarding, learning, flooding port of the configured bridge,"
        " with hairpin and isolation as configured.",
        "The host end was not attached, was attached elsewhere, or its settings were ignored.",
        (_LINKS,),
        why="A host end that is no forwarding port cuts its pod off. One that does not learn has"
        " its traffic shown to all; hairpin and isolation decide whom a pod reaches.",
        how="The host end's master, port state and all switches of the port are read by netlink,"
        " and compared with the conflist, and with the kernel's defaults where that says"
        " nothing.",
    ),
    Requirement(
        "TOPO-BRIDGE-MEMBERS",
        "The ports of the bridge are exactly the pods' veths.",
        "A veth was not attached, or one of a deleted pod was left behind.",
        (f"{_NODE} ip link show master {{bridge}}", f"{_NODE} brctl show"),
        why="A pod whose veth is no port is cut off. A port that is no pod's hears all that the"
        " bridge floods, or is what a deleted pod has left.",
        how="The interfaces whose master is the bridge are compared with the host ends of all"
        " pods that the runtime has on the node.",
    ),
    Requirement(
        "TOPO-BRIDGE-GATEWAY",
        "The bridge is up, with STP off, and promiscuous as configured; it holds the gateway"
        " address if and only if it is configured to, and then the node forwards.",
        "isGateway was ignored, or the address was lost when the bridge was made anew.",
        (f"{_NODE} ip -d addr show {{bridge}}", f"{_NODE} sysctl net.ipv4.ip_forward"),
        why="The gateway is the pods' way to the node, and out of it. One that nobody asked for"
        " is a way that they must not have.",
        how="The bridge's state, STP, promiscuous mode and addresses are read by netlink, and"
        " whether it and the node forward, for each IP version; all is compared with the"
        " conflist.",
    ),
    Requirement(
        "TOPO-HOST-END",
        "Where the node routes between its pods, a host end is up, enslaved to nothing, and"
        " forwards.",
        "The host end was put on a bridge, or forwarding was turned off for it.",
        (f"{_NODE} ip -d link show type veth", f"{_NODE} sysctl -a --pattern forwarding"),
        why="Where pods are routed, the host end is their router. If it does not forward, their"
        " packets end there.",
        how="State and master of the host end are read by netlink. It and the node must forward"
        " each IP version that the pod has addresses of.",
    ),
    Requirement(
        "TOPO-MTU",
        "Both ends of a pod's veth and the bridge, if there is one, have the same MTU, the"
        " configured one if any; a macvlan has the configured one, or else its lower link's.",
        "The MTU was set at one end only, or the configured one was ignored.",
        (_POD, f"{_NODE} ip link show"),
        why="A bridge drops what is larger than the next interface takes, and tells nobody: small"
        " requests work, and large answers hang.",
        how="The MTUs of eth0, of its host end and of the bridge are read by netlink. All must be"
        " the conflist's, or eth0's if it has none. Where eth0 lies on a link of the node, it must"
        " have the conflist's, or that link's.",
    ),
    Requirement(
        "TOPO-MAC",
        "MAC addresses are unique, and those in the plugin's result are the kernel's, also after"
        " traffic.",
        "Something changed the address after the plugin had read it (udev, systemd-networkd).",
        (_POD, f"{_NODE} sh -c 'cat /var/lib/cni/results/*'"),
        why="Two pods with one MAC address get each other's packets. A result with an old one"
        " misleads all that is set up by it.",
        how="The MAC addresses of all pods' eth0, host ends and lower links must differ. Those in"
        " the plugin's result must be the kernel's, and still be so after pods have talked. The"
        " bridge's own counts if it is a gateway.",
    ),
    Requirement(
        "TOPO-ADDR",
        "A pod's address is its own, inside the configured range, with its prefix length, and"
        " leased in IPAM.",
        "IPAM and the kernel disagree: a lease was lost, or the address is not IPAM's.",
        (_POD, f"{_NODE} sh -c 'head /var/lib/cni/networks/*/*'"),
        why="An address that is given twice, or is outside of its range, is somebody else's. One"
        " without a lease is given to the next pod.",
        how="eth0's addresses are compared with those that the runtime tells, the conflist's"
        " ranges, the profile's prefix length and all other pods' addresses. host-local's"
        " store must have leased each to this pod.",
    ),
    Requirement(
        "TOPO-ROUTE",
        "A pod has the routes of its kind of wiring, which for a bridge is the connected one, and"
        " those that are configured, and no others.",
        "A configured route was ignored, or a default route was added that nobody asked for.",
        (f"{_NODE} ip -n NETNS route",),
        why="Without a route, a network cannot be reached. One that nobody asked for sends"
        " packets another way than was configured.",
        how="The pod's routes in all tables are read by netlink, for each IP version, and"
        " compared with those of the profile and of the conflist.",
    ),
    Requirement(
        "TOPO-RULE",
        "A pod's routing policy is the kernel's own: no rule was added.",
        "A plugin for a second network, or for policy routing, is in the chain.",
        (f"{_NODE} ip -n NETNS rule",),
        why="A rule sends packets by another table, whatever the routes are that everybody looks"
        " at.",
        how="The pod's routing rules are read by netlink. Those that the kernel makes for each"
        " namespace do not count.",
    ),
    Requirement(
        "TOPO-LO",
        "A pod's lo holds the loopback address of each IP version, and no other.",
        "The loopback plugin did not run, or an address was set on lo instead of eth0.",
        (_POD,),
        why="Programs in a pod talk to each other at 127.0.0.1. Another address on lo makes the"
        " pod answer itself where it should send.",
        how="lo's addresses are read by netlink: 127.0.0.1/8, and none but ::1/128 beside it.",
    ),
    Requirement(
        "TOPO-RESULT",
        "The plugin's result says of interfaces, addresses and routes what the kernel has.",
        "A plugin of the chain changed something without saying so, or dropped prevResult.",
        (_POD, f"{_NODE} sh -c 'cat /var/lib/cni/results/*'"),
        why="What runtimes, kubelets and later plugins know of the network is what the result"
        " says.",
        how="The result that the runtime keeps is compared with the kernel: eth0 and its sandbox,"
        " the host end, a MAC address for each; addresses with their prefix length, gateway"
        " and interface; routes.",
    ),
    Requirement(
        "TOPO-SETTINGS",
        "A pod does not forward, and neither it, its host end nor a bridge does proxy ARP; their"
        " flags are as usual.",
        "A sysctl was set for all interfaces, or for the wrong one.",
        (f"{_NODE} sysctl -a --pattern 'forwarding|proxy_arp'",),
        why="A pod that forwards is a router, and what answers ARP for others takes their traffic.",
        how="Forwarding and promiscuous mode in the pod, proxy ARP and unusual flags of eth0, of"
        " its host end and of the bridge are read from the kernel. All must be off.",
    ),
    Requirement(
        "TOPO-HOOKS",
        "Nothing hooks into the path that is not configured: no traffic control and no XDP program"
        " on its links, no packet filter on links, bridges or in pods.",
        "Another network plugin was on this node before, or the plugin redirects by itself.",
        (f"{_NODE} tc qdisc", f"{_NODE} nft list ruleset", _POD),
        why="Traffic control, XDP and packet filters drop, change, copy or redirect packets on"
        " wires that look as they should.",
        how="Traffic control and XDP programs of the pods' links and of the bridge are read by"
        " netlink. nft and iptables list the rules on the node's links and bridges, and any in"
        " pods.",
    ),
    Requirement(
        "TOPO-NODE-ADDR",
        "The host ends hold the addresses of their kind of wiring, and no others: for a bridge,"
        " none; for ptp, the gateway's.",
        "The plugin routes to the pod instead of bridging, or the gateway's address was lost.",
        (f"{_NODE} ip addr show type veth",),
        why="An address on a host end changes how the node routes to its pods, and whom it"
        " answers for.",
        how="The host ends' addresses, IPv6 link-local ones left out, are read by netlink and"
        " compared with the profile.",
    ),
    Requirement(
        "TOPO-NODE-ROUTE",
        "The node reaches its pods by the routes of their kind of wiring, and by no other route or"
        " rule: for a bridge, the connected route; for ptp, one to each pod by its host end;"
        " for macvlan, none.",
        "A host route to the pod was added, or one of a deleted pod was left.",
        (f"{_NODE} ip route show table all", f"{_NODE} ip rule"),
        why="A second way to a pod bypasses the bridge, or leads to one that is gone.",
        how="The node's routes to the conflist's ranges, of all tables, and its rules about them"
        " or about pods' interfaces are read by netlink and compared with the profile.",
    ),
    Requirement(
        "TOPO-NODE-LINKS",
        "The node has no interface beyond lo, its uplink, the bridge, if there is one, and the"
        " pods' veths.",
        "The plugin left something behind, or wires pods in a way that its profile does not say.",
        (f"{_NODE} ip -d link show",),
        why="Each interface is a way that packets may take. One that stays behind with each pod"
        " fills the node.",
        how="All interfaces in the node's namespace are listed by netlink. Expected are those"
        " that the node had before, the bridge, and the host ends of all pods.",
    ),
    Requirement(
        "TOPO-FDB",
        "After traffic, the bridge has learned each pod's MAC on that pod's port, and keeps it for"
        " 300 s.",
        "Learning is off on the port, or the traffic bypasses the bridge.",
        (f"{_NODE} bridge fdb show br {{bridge}}",),
        why="A bridge that does not learn sends each packet to all pods: they see each other's"
        " traffic, and pay for it.",
        how="After a ping from the pod, the bridge's FDB is read by netlink. The pod's MAC"
        " address must have been learned on the pod's own port, and on no other.",
    ),
    Requirement(
        "PATH-ICMP",
        "Each echo request and reply between two pods is seen once at every expected interface,"
        " in order, and nowhere else.",
        "At the first missing hop the packet was dropped or took another way.",
        (f"{_DUMP} icmp", _LINKS),
        why="It is the plainest proof of the way that packets go. A short cut or a detour shows"
        " here first.",
        how="Three pings in each direction, watched on all interfaces of all namespaces. Each"
        " request and each reply is compared with the path of the profile.",
    ),
    Requirement(
        "PATH-HTTP",
        "Each packet of an HTTP exchange, handshake and teardown included, is seen once at every"
        " expected interface, in order, and nowhere else.",
        "At the first missing hop the packet was dropped or took another way.",
        (f"{_DUMP} tcp port 80", f"{_NODE} nft list ruleset"),
        why="It is what pods are for. TCP shows what single packets do not: connection tracking,"
        " segments, and both directions at once.",
        how="wget in one pod gets a page from the other one, in each direction. Each packet from"
        " the first SYN to the last ACK is compared with the path of the profile.",
    ),
    Requirement(
        "PATH-UDP",
        "A UDP datagram between two pods is seen once at every expected interface, in order,"
        " and nowhere else.",
        "At the first missing hop the packet was dropped or took another way.",
        (f"{_DUMP} udp", f"{_NODE} nft list ruleset"),
        why="UDP passes other rules than TCP and ICMP, and nobody sends it again. DNS is the"
        " first to suffer.",
        how="nc sends a datagram to the other pod, which must get it byte by byte. It is compared"
        " with the path of the profile, in each direction.",
    ),
    Requirement(
        "PATH-ARP",
        "An ARP request, or an IPv6 neighbour solicitation, reaches all that its kind of wiring"
        " lets hear it, on a bridge every port, on a routed link the host end, on a lower link"
        " those that listen, and nobody else; the reply takes the way back only.",
        "Flooding is off on a port, or something answers in a pod's place (proxy ARP).",
        (f"{_DUMP} arp or icmp6", _LINKS),
        why="Without it, no pod finds another. What answers in a pod's place takes its traffic.",
        how="A pod is made to forget its neighbours, and pings another one. Question and answer"
        " are compared with the paths of the profile, and watched for a while longer, as a"
        " proxy answers late.",
    ),
    Requirement(
        "PATH-BYSTANDER",
        "Once addresses are learned, a third pod and the uplink see nothing of two pods' traffic;"
        " a lower link hands it on, and sends none of it out.",
        "The bridge floods: learning is off, an FDB entry was lost, or traffic is mirrored.",
        (f"{_DUMP}", f"{_NODE} bridge fdb show br {{bridge}}", f"{_NODE} tc filter show"),
        why="Who sees others' traffic can read it. Copies of it cost all pods of the node.",
        how="When addresses are learned, a ping and an HTTP exchange are watched without any"
        " filter: of all frames on all interfaces, none but noise may be seen off the path.",
    ),
    Requirement(
        "PATH-UNCHANGED",
        "TTL, TOS, DF, MAC and IP addresses, TCP options and payload are the same at both ends,"
        " in each direction; where the node routes, TTL and MAC addresses are as that makes them.",
        "The packet was routed (TTL) or translated (addresses) on its way.",
        (f"{_DUMP} -vv icmp", f"{_NODE} nft list ruleset"),
        why="Policies, logs and protocols rely on the sender's address. A changed TTL shows a"
        " router where none should be.",
        how="Each sighting of a ping, of an HTTP exchange and of a datagram is compared with the"
        " packet as it was sent.",
    ),
    Requirement(
        "PATH-SIZE",
        "Payloads from empty to the largest that fits, fragmented ones, and bodies of several MiB"
        " take the expected path.",
        "The MTU differs somewhere on the path; fragments are dropped.",
        (f"{_NODE} ip link show", f"{_DUMP} -vv icmp"),
        why="What works with a few bytes may fail with many: fragments, segmentation and MTUs"
        " show there.",
        how="Pings with DF set from empty to the largest that fits, fragmented pings and"
        " datagrams, the largest datagram, and HTTP bodies of 0 B and 4 MiB are compared with"
        " the path.",
    ),
    Requirement(
        "PATH-MTU",
        "The largest packet with DF set passes; one byte more is refused by the sender's kernel.",
        "The MTU differs between the pod and an interface on the path.",
        (_POD, f"{_NODE} ip link show"),
        why="A sender must be told at once what is too long. If it is dropped on its way instead,"
        " connections hang.",
        how="With DF set, a ping as long as the MTU must take the path. Of one that is a byte"
        " longer nothing may leave the pod, and the sender must be told.",
    ),
    Requirement(
        "PATH-SELF",
        "A packet from a pod to its own IP never leaves its lo.",
        "The address is not local to the pod's namespace, or lo is down.",
        (f"{_NODE} ip -n NETNS route show table local",),
        why="A program may talk to its own pod's IP. What leaves the pod for that comes back"
        " changed, or not at all.",
        how="Each pod pings its own IP, and all interfaces are watched.",
    ),
    Requirement(
        "PATH-GATEWAY",
        "Packets between a pod and the node start or end at the bridge, or at the host end where"
        " there is none.",
        "The bridge does not hold the gateway address, or another link has the subnet's route.",
        (f"{_NODE} ip route", f"{_NODE} ip addr show {{bridge}}"),
        why="Kubelets probe pods from the node, and pods reach all else by their gateway.",
        how="Each pod pings its gateway, and the node each pod. Each packet is compared with the"
        " paths of the profile to the node and from it. Without a gateway in the conflist, it"
        " is not applicable to a bridge.",
    ),
    Requirement(
        "PATH-MASQUERADE",
        "With masquerading configured, a pod's packets to beyond the node leave by the uplink with"
        " the node's address, and the answers reach the pod, on the expected interfaces alone.",
        "The rule is missing, or is not about the pod's address; the node does not forward.",
        (f"{_NODE} iptables-save -t nat", f"{_DUMP} icmp"),
        nodes=_EMBEDDED,
        feature="ipmasq",
        why="Beyond the node nobody has a route to its pods: what is sent with a pod's address is"
        " not answered.",
        how="Each pod pings the next hop of the node's default route. Request and reply are"
        " compared with the paths of the profile to the uplink and back, with the node's address"
        " there. Without a default route in pods, it is not applicable.",
    ),
    Requirement(
        "PATH-PORTMAP",
        "A port of the node that is mapped to a pod's is answered by that pod, over TCP and UDP:"
        " asked for by another pod, by the node itself and from beyond it, each packet is seen once"
        " at every expected interface, with the address and port that it must have there, and"
        " nowhere else.",
        "The rule leads to another port, is for one protocol alone, or masquerades whom it should"
        " not.",
        (
            f"{_NODE} iptables-save -t nat",
            f"{_DUMP} port 28080 or port 80 or port 29000 or port 9000",
        ),
        nodes=_EMBEDDED,
        feature="portmap",
        why="Who is outside of the cluster finds a pod by such a port, and the pod shall see who"
        " that is.",
        how="The runtime is asked for a pod to whose HTTP and UDP ports two ports of the node lead."
        " An HTTP exchange and a datagram are sent there; each packet is compared with the path"
        " of the profile, and its addresses and ports at each hop with what they must be there.",
    ),
    Requirement(
        "PATH-BANDWIDTH",
        "What a container sends, or receives, comes at the rate that the runtime asked for, which"
        " is far below that of containers without a limit.",
        "Bits are taken for bytes; only one direction is limited; the limit is set at the wrong"
        " interface.",
        (f"{_NODE} tc -s qdisc", f"{_NODE} tc filter show dev VETH ingress"),
        "containernetworking/cni, CONVENTIONS.md, bandwidth",
        nodes=_EMBEDDED,
        feature="bandwidth",
        why="A limit that does not limit lets one pod take what is meant for all.",
        how="Containers are attached as a runtime does it, one with a limit and two without. A"
        " transfer of 2 MB, the burst aside, must have 0.5 to 1.15 of the rate that was asked"
        " for, and one without a limit four times the rate.",
    ),
    Requirement(
        "PATH-CONCURRENT",
        "Of many flows between all pairs at once each takes its own path; none is lost or doubled.",
        "Packets are dropped under load, or doubled by a promiscuous or looping bridge.",
        (f"{_DUMP} icmp", f"{_NODE} ip -s link show"),
        why="Rules, FDB and queues that do for one flow may not do for many.",
        how="Pings, HTTP and UDP between all pairs of pods at the same time are each compared"
        " with their own path. Then all pairs ping without a sniffer, and requests and replies"
        " are counted.",
    ),
    Requirement(
        "LIFE-DELETE",
        "After a pod is deleted, its namespace, links, port, FDB entry, lease and rules are gone,"
        " and no process, mount, file or changed setting is left.",
        "DEL forgot something that ADD made.",
        (f"{_NODE} ip link", f"{_NODE} nft list ruleset", f"{_NODE} ls -R /var/lib/cni"),
        why="What each pod leaves adds up, until addresses or interfaces run out, or an old rule"
        " meets a new pod.",
        how="All that the requirement names is listed before a pod is made, and after it has"
        " talked and was deleted. Both lists must be the same.",
    ),
    Requirement(
        "LIFE-CHURN",
        "After a dozen pods came and went, the node has neither more nor less than before.",
        "DEL forgets something only sometimes, or counts something down that it should not.",
        (f"{_NODE} ip link", f"{_NODE} nft list ruleset", f"{_NODE} ls -R /var/lib/cni"),
        why="Some leaks show only after a while: a table that fills, a counter that is never"
        " counted down.",
        how="The same lists as for LIFE-DELETE, before and after twelve pods that were made and"
        " deleted one after the other.",
    ),
    Requirement(
        "LIFE-OTHERS",
        "Creating and deleting pods changes nothing of the others' wiring, nor of the bridge's, or"
        " the lower link's, own, and their packets still take the path.",
        "ADD or DEL touches ports that are not its own, or the bridge's MAC address drifts.",
        (f"{_NODE} ip monitor", _LINKS),
        why="Pods come and go all the time. Those that stay must not notice.",
        how="Interfaces, ports, routes and rules of the other pods, the bridge and the lower link"
        " are read before and after two pods came and went, and must be the same. Then a ping, an"
        " HTTP exchange and a datagram must take the path.",
    ),
    Requirement(
        "LIFE-SURVIVOR",
        "Creating and deleting pods does not disturb an established transfer between two others.",
        "ADD or DEL touches the bridge or its rules in a way that drops others' packets.",
        (f"{_NODE} ip monitor",),
        why="An outage of a moment, whenever a pod starts or ends, breaks long connections, and"
        " nobody finds out why.",
        how="While a pod gets a long body from another one and pings it fifty times a second,"
        " three pods come and go. The connection must stay, the body arrive whole, and each"
        " ping be answered.",
    ),
    Requirement(
        "LIFE-REUSE",
        "An IP that is given to a new pod works at once, from a peer that has talked to the old"
        " one, and may remember its MAC.",
        "The new pod's address is not announced (gratuitous ARP).",
        (f"{_NODE} ip -n NETNS neigh", f"{_DUMP} arp"),
        why="Addresses are given again soon. Until its peers forget the old MAC address, nobody"
        " reaches the new pod.",
        how="A pod is pinged and deleted, and host-local is led to give its address again. The"
        " peer's first ping to the new pod must take the path.",
    ),
    Requirement(
        "LIFE-PORTMAP",
        "After a pod with mapped ports is deleted, the node refuses them, and nothing is left of"
        " its rules.",
        "DEL does not find the rules that ADD made, or forgets those of a protocol or IP version.",
        (f"{_NODE} nft list ruleset", f"{_NODE} iptables-save -t nat"),
        nodes=_EMBEDDED,
        feature="portmap",
        why="Rules that stay lead the port to whichever pod gets the address next.",
        how="Two such pods come and go, one after the other. After the second one the node's"
        " inventory must be that from before it, and the node must refuse both ports.",
    ),
    Requirement(
        "LIFE-BANDWIDTH",
        "After a container whose rate was limited is gone, nothing is left of the limit.",
        "DEL does not remove the interface (ifb) that limits what the container sends.",
        (f"{_NODE} ip link show type ifb", f"{_NODE} tc qdisc"),
        nodes=_EMBEDDED,
        feature="bandwidth",
        why="Interfaces that stay pile up, one for each pod that there ever was.",
        how="The node's inventory after a container with a limit was attached and detached is"
        " compared with that from before.",
    ),
    Requirement(
        "LIFE-PARALLEL",
        "Many pods created and deleted at the same time, the first ones of a fresh node included,"
        " are all distinct, wired as any other, and leave nothing.",
        "A race: in creating the bridge, in IPAM's lock, or in the rules.",
        (f"{_NODE} sh -c 'ls /var/lib/cni/networks/*'", _LINKS),
        nodes=("embedded", "kind"),  # a node on which no pod has ever been is a new one
        why="A node that starts makes all its pods at once, and the bridge and its rules with"
        " them.",
        how="On a fresh node eight pods are made at the same time, looked at as TOPO does, and"
        " deleted at the same time; then once more. Nothing may be left.",
    ),
    Requirement(
        "K8S-IP",
        "A pod's IPs are the same, in the same order, for the API server, the runtime and the"
        " kernel.",
        "The plugin's result names an address that it did not set, or names them in another order.",
        ("kubectl get pods -o wide", _POD),
        nodes=_CLUSTERS,
        why="Services, DNS and policies use the IP that the API tells. If it is not the kernel's,"
        " they lead nowhere.",
        how="The API's podIP and podIPs, the runtime's addresses and the kernel's are compared,"
        " and their order.",
    ),
    Requirement(
        "K8S-SERVICE",
        "Packets to a pod's Service, from another pod of the node, are translated on the bridge,"
        " and so are those of the answer; they take the path to that pod, and no other.",
        "br_netfilter is off, so that answers come from the pod and not from its Service; or the"
        " pods' range is not the cluster's.",
        (f"{_NODE} sysctl net.bridge.bridge-nf-call-iptables", f"{_NODE} iptables-save -t nat"),
        nodes=_CLUSTERS,
        why="kube-proxy translates addresses on the node. An answer that bypasses it comes from"
        " somebody whom the client never asked.",
        how="A pod gets a page from a Service of another one. Each packet is compared with the"
        " path, with the Service's address before it is translated and the pod's after it.",
    ),
    Requirement(
        "K8S-HAIRPIN",
        "With hairpin mode configured, a pod reaches itself through its own Service.",
        "The port of the bridge does not send back what came from it.",
        (_LINKS, f"{_NODE} iptables-save -t nat"),
        nodes=_CLUSTERS,
        feature="hairpin",
        why="Who asks a Service does not know which pod answers, and it may be its own.",
        how="Each pod gets a page from a Service of its own, several times. Without hairpinMode"
        " in the conflist, it is not applicable.",
    ),
    Requirement(
        "K8S-PROBE",
        "The kubelet's HTTP probe arrives from the node through the bridge, and is answered there.",
        "A packet filter between node and pods, or the bridge has no address.",
        (f"{_DUMP} tcp port 80", f"{_NODE} nft list ruleset"),
        nodes=_CLUSTERS,
        why="A pod whose probe does not arrive is ended, or gets no traffic, however well it is.",
        how="A pod with an HTTP probe is made. The kubelet's request and the answer are compared"
        " with the path from the node.",
    ),
    Requirement(
        "K8S-RESTART",
        "When a container is started again, its pod keeps sandbox, namespace and IP, and serves.",
        "Something hangs on the container's process instead of on the pod's namespace.",
        ("kubectl describe pods", _POD),
        nodes=_CLUSTERS,
        why="A container may crash. The address of its pod, which others know, has to stay.",
        how="A pod's container is ended, and the kubelet starts it again. Sandbox, namespace and"
        " addresses are compared with those before, by API, runtime and kernel.",
    ),
    Requirement(
        "CNI-VERSION",
        "VERSION exits with 0 and prints one JSON document with the supported versions, the"
        " conflist's among them.",
        "The plugin is older than the conflist, or prints something else on stdout.",
        (_call("VERSION"),),
        "CNI specification 1.1.0, section 5, VERSION Success",
        nodes=_EMBEDDED,
        why="A runtime that cannot read a plugin's versions does not know how to speak to it.",
        how="Each plugin is called for VERSION. stdout must be one document as the schema has it,"
        " with the conflist's version in its list.",
    ),
    Requirement(
        "CNI-VERSION-ECHO",
        "A plugin that supports 1.0.0 or later answers VERSION in the version that its input has.",
        "It does not read its stdin, and answers in the newest version that it supports.",
        (_call("VERSION"),),
        "CNI specification 1.1.0, section 5, VERSION Success",
        nodes=_EMBEDDED,
        why="A runtime that asks in an old version may not understand the answer of a new one.",
        how="VERSION is asked in 0.4.0, and in each supported version since 1.0.0. The answer's"
        " cniVersion must be that of the question.",
    ),
    Requirement(
        "CNI-VERSION-UNSUPPORTED",
        "ADD with a cniVersion that the plugin does not support is an error of code 1.",
        "The version is not looked at before work begins.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, Error",
        nodes=_EMBEDDED,
        why="A configuration of a version that the plugin does not know may mean something else"
        " than it takes it for.",
        how="ADD is called with a cniVersion that there is not, in a container that there is not:"
        " the error must be about the former.",
    ),
    Requirement(
        "CNI-ADD-RESULT",
        "ADD exits with 0 and prints exactly one JSON document: a result as its version has it,"
        " with the cniVersion of its input (since 0.4.0).",
        "Something is logged to stdout, or the result is of another version.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, ADD Success",
        nodes=_EMBEDDED,
        why="The runtime and the next plugin read the result. A line of a log in it breaks both.",
        how="What each plugin prints for ADD is checked against the JSON Schema of each version"
        " that it supports.",
    ),
    Requirement(
        "CNI-ADD-INTERFACE",
        "The container's interface has the name CNI_IFNAME and the sandbox CNI_NETNS, and the"
        " interfaces, MAC addresses and IP addresses of the result are those of the kernel, and can"
        " be used at once.",
        "The result is made up from the configuration, or was taken before the last change.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, ADD; 5, ADD Success",
        nodes=_EMBEDDED,
        why="The runtime tells Kubernetes what the result says. A pod's first program may send at"
        " once, and cannot if its address still waits for duplicate address detection.",
        how="Right after ADD, links and addresses of the container and the node are read from the"
        " kernel, and compared with the result.",
    ),
    Requirement(
        "CNI-ADD-TAKEN",
        "ADD is an error if the container already has an interface of that name, which stays as"
        " it is.",
        "The plugin takes what is there for its own, or replaces it.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, ADD",
        nodes=_EMBEDDED,
        why="The interface may be that of another network, which breaks if it is taken over.",
        how="An interface of that name is put into the container before ADD. ADD must fail, and"
        " the interface be as it was.",
    ),
    Requirement(
        "CNI-ADD-PREVIOUS",
        "A chained plugin passes on the interfaces and addresses of prevResult.",
        "It prints a result of its own, and drops what the plugins before it have made.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, ADD",
        nodes=_EMBEDDED,
        why="The runtime gets the last plugin's result. What that leaves out, nobody knows.",
        how="The result of each chained plugin is compared with the prevResult that it was given.",
    ),
    Requirement(
        "CNI-ADD-ARGS",
        "CNI_ARGS as kubelets give them, and unknown keys with IgnoreUnknown=1, do not make ADD"
        " fail.",
        "Keys are refused without a look at IgnoreUnknown.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, Parameters",
        nodes=_EMBEDDED,
        why="Kubelets give a pod's name and more in CNI_ARGS, and new keys come with new versions.",
        how="ADD is called with the keys that kubelets give, one that nobody knows, and"
        " IgnoreUnknown=1.",
    ),
    Requirement(
        "CNI-ERROR",
        "A failure is an exit status other than 0, and one JSON document with a code and a"
        " message on stdout.",
        "The error is printed to stderr alone, as text, or as the log of a crash.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, Errors; 5, Error",
        nodes=_EMBEDDED,
        why="The message is what people find in a pod's events. An exit status alone does not"
        " tell what to mend.",
        how="ADD is called for a namespace that there is not. stdout must be one document as the"
        " schema has it, with a code that the specification has, or of 100 and more.",
    ),
    Requirement(
        "CNI-ENVIRONMENT",
        "A necessary variable that is missing or invalid is an error of code 4 whose message"
        " names it.",
        "Variables are not checked, or all are told in one sentence.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, Error, code 4",
        nodes=_EMBEDDED,
        why="A mistake of the runtime's is to be told as such, and not to become an interface of"
        " a wrong name, or a path that leads elsewhere.",
        how="ADD is called several times, each time with another variable missing or invalid.",
    ),
    Requirement(
        "CNI-CONFIGURATION",
        "A configuration that is not JSON is an error of code 6, one without a valid name of"
        " code 7.",
        "All errors of the configuration have one code.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, Error, codes 6 and 7",
        nodes=_EMBEDDED,
        why="By its code, runtimes and people know that it is the configuration that has to be"
        " mended.",
        how="ADD is called with a configuration that is cut off, one without a name, and one with"
        " an invalid name.",
    ),
    Requirement(
        "CNI-DEL",
        "DEL succeeds and removes all that ADD has made of links, leases, routes and rules.",
        "DEL forgot something that ADD made.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 2, DEL",
        nodes=_EMBEDDED,
        why="What is left of each container adds up, until addresses or interfaces run out.",
        how="The node's interfaces, bridge ports, leases, routes and rules are read before ADD"
        " and after DEL, and must be the same.",
    ),
    Requirement(
        "CNI-DEL-IDEMPOTENT",
        "A second DEL of the same attachment succeeds.",
        "What is not there any more is taken for an error.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 2, DEL",
        nodes=_EMBEDDED,
        why="Runtimes call DEL again when they are not sure. An error keeps the pod from being"
        " deleted, for ever.",
        how="DEL is called twice, with the same variables and the same configuration.",
    ),
    Requirement(
        "CNI-DEL-GONE",
        "DEL succeeds and releases leases and rules when the namespace or prevResult is gone.",
        "Without the namespace, the plugin does not know what it has made, or gives up at the"
        " first error.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 2, DEL",
        nodes=_EMBEDDED,
        why="After a crash or a restart the namespace is gone, and DEL is the last chance to give"
        " the lease back.",
        how="After ADD, the namespace is removed, unmounted or not named, or prevResult is left"
        " out. DEL must succeed, and leave nothing.",
    ),
    Requirement(
        "CNI-DEL-FAILED",
        "DEL succeeds and leaves nothing after an ADD that failed, or was killed on its way.",
        "DEL takes it for granted that all of ADD was done.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        nodes=_EMBEDDED,
        why="Runtimes call DEL after an ADD that has failed. Any part of what ADD makes may be"
        " there.",
        how="ADD is made to fail at IPAM, is killed there, or where it sets rules. DEL must"
        " succeed, and the node be as before.",
    ),
    Requirement(
        "CNI-CHECK",
        "CHECK of a healthy container exits with 0 and prints nothing, right after ADD, too.",
        "It compares with what the plugin would do, not with the result; or does not wait for"
        " what takes its time.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
        why="A runtime may take a pod whose CHECK fails for broken, and make it anew.",
        how="CHECK is called right after ADD, in each supported version since 0.4.0.",
    ),
    Requirement(
        "CNI-CHECK-PREVIOUS",
        "CHECK without prevResult is an error.",
        "CHECK does nothing.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
        why="Without the result, CHECK cannot know what to look for, and its success means"
        " nothing.",
        how="CHECK is called without prevResult.",
    ),
    Requirement(
        "CNI-CHECK-LISTED",
        "CHECK is an error when an interface, address or route of the result is missing.",
        "CHECK does nothing, or looks at the interface alone.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
        why="CHECK is there to find containers that have lost their network.",
        how="The interface, an address or a route of the result is deleted in the container;"
        " CHECK must fail, with an error document.",
    ),
    Requirement(
        "CNI-CHECK-STATE",
        "CHECK is an error when what the result does not list, but the container's network"
        " needs, is missing: its host end, the bridge, the gateway's address, rules, the lease; or"
        " when a macvlan is of another mode.",
        "CHECK looks at the container's namespace alone.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
        why="A container whose host end is down, or whose gateway is gone, is cut off, though all"
        " is well inside of it.",
        how="One after the other is broken, and CHECK must fail each time. What the conflist does"
        " not ask for is not applicable.",
    ),
    Requirement(
        "CNI-CHECK-LATER",
        "CHECK allows for interfaces, addresses and routes that later plugins have added.",
        "It wants the namespace to be as this plugin has left it.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
        why="Later plugins of the chain add to the container, which is no damage.",
        how="A route, or an interface with an address, is added to the container and to the"
        " result. CHECK must succeed.",
    ),
    Requirement(
        "CNI-DELEGATE",
        "CHECK and DEL call the delegated IPAM plugin.",
        "Only ADD does.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
        why="Only the IPAM plugin knows of the lease. If it is not called, nobody checks it, or"
        " gives it back.",
        how="A script before the IPAM plugin in CNI_PATH writes down what it is called for during"
        " ADD, CHECK and DEL.",
    ),
    Requirement(
        "CNI-DELEGATE-ERROR",
        "Errors of the delegated IPAM plugin in CHECK and DEL are passed on.",
        "They are logged and dropped.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
        why="An error that is dropped is a lease that is lost, or a broken container that looks"
        " healthy.",
        how="A script before the IPAM plugin in CNI_PATH refuses CHECK, or DEL. The plugin must"
        " fail as well.",
    ),
    Requirement(
        "CNI-DELEGATE-UNDO",
        "When the delegated IPAM plugin fails ADD, it is called for DEL before ADD fails.",
        "The error is returned at once.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
        why="IPAM may have reserved an address before it failed.",
        how="A script before the IPAM plugin in CNI_PATH refuses ADD, and writes down whether it"
        " is called for DEL.",
    ),
    Requirement(
        "CNI-STATIC-IP",
        "A container has the address that the runtime asks for, in the kernel and in the result;"
        " a second one that asks for it is refused, until the first one is gone.",
        "runtimeConfig.ips is not handed on to IPAM, or IPAM gives an address that is in use.",
        (_call("ADD"), f"{_NODE} sh -c 'head /var/lib/cni/networks/*/*'"),
        "containernetworking/cni, CONVENTIONS.md, ips",
        nodes=_EMBEDDED,
        feature="static-ip",
        why="Who asks for an address has told others of it. Two containers that have the same are"
        " both not reached.",
        how="ADD is called with the last address of the range in runtimeConfig.ips, for one"
        " container, for a second one, and for a third one when the first one is gone.",
    ),
    Requirement(
        "CNI-STATIC-MAC",
        "A container has the MAC address that the runtime asks for, in the kernel and in the"
        " result.",
        "runtimeConfig.mac is ignored, or the result names the address from before it was set.",
        (_call("ADD"), _POD),
        "containernetworking/cni, CONVENTIONS.md, mac",
        nodes=_EMBEDDED,
        feature="static-mac",
        why="Licences, DHCP servers and switches know a machine by its MAC address.",
        how="ADD is called with a MAC address in runtimeConfig.mac. The container's interface and"
        " the result must have it.",
    ),
    Requirement(
        "CNI-PARALLEL",
        "ADD, and DEL, of several containers at the same time succeed, with an address each, and"
        " leave nothing.",
        "A race: in IPAM's lock, or in the rules.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        nodes=_EMBEDDED,
        why="A runtime makes many containers at the same time.",
        how="ADD of several containers is called at once, and then DEL of all. No two may have"
        " one address, and the node must be as before.",
    ),
    Requirement(
        "CNI-GC",
        "GC releases what attachments that are not listed have held, leaves listed ones alone,"
        " and prints nothing.",
        "GC does nothing, or removes all.",
        (_call("GC"), _STATE),
        "CNI specification 1.1.0, section 2, GC",
        nodes=_EMBEDDED,
        why="GC gives back what was lost in crashes. If it takes too much, it cuts living pods"
        " off.",
        how="Of two containers one loses its namespace, and GC is called with the other one"
        " listed. The first one's lease must be gone, and CHECK of the other one succeed.",
    ),
    Requirement(
        "CNI-GC-DELEGATE",
        "GC calls the delegated IPAM plugin, and passes its error on.",
        "GC ends with the plugin's own affairs.",
        (_call("GC"), _STATE),
        "CNI specification 1.1.0, section 2, GC; 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
        why="Leases are IPAM's. A GC that does not reach it gives none back.",
        how="A script before the IPAM plugin in CNI_PATH writes down whether it is called for GC,"
        " and then refuses it.",
    ),
    Requirement(
        "CNI-STATUS",
        "STATUS of a plugin that can serve ADD exits with 0.",
        "STATUS is not known, or wants what only ADD is given.",
        (_call("STATUS"), _STATE),
        "CNI specification 1.1.0, section 2, STATUS",
        nodes=_EMBEDDED,
        why="A node whose plugin says that it is not ready gets no pods.",
        how="STATUS is called with the configuration that ADD gets.",
    ),
    Requirement(
        "CNI-STATUS-DELEGATE",
        "When the delegated IPAM plugin is not available, STATUS is an error of code 50 or 51.",
        "STATUS ends with the plugin's own affairs.",
        (_call("STATUS"), _STATE),
        "CNI specification 1.1.0, section 2, STATUS",
        nodes=_EMBEDDED,
        why="Without its IPAM plugin, a plugin cannot serve ADD, however ready it is itself.",
        how="A script before the IPAM plugin in CNI_PATH refuses STATUS with code 50.",
    ),
    Requirement(
        "CNI-TIME",
        "ADD, CHECK and DEL end within 10 s, and let go of their output.",
        "The plugin waits for a lock, for addresses or for a daemon, or leaves a process behind"
        " that holds its stdout.",
        (_call("ADD"), _STATE),
        "podpath's own: the specification has no limit",
        nodes=_EMBEDDED,
        why="A plugin that hangs keeps its pod from starting. A runtime may wait for as long as"
        " the plugin's stdout is open.",
        how="All calls of a container's life are timed. One that does not end is killed, with all"
        " that it has started.",
    ),
)

REQUIREMENTS = {requirement.id: requirement for requirement in _ALL}

#: What the first word of an id stands for.
GROUPS = {
    "TOPO": "Topology: how pods are wired",
    "PATH": "Path: which interfaces a packet crosses",
    "LIFE": "Lifecycle: pods that come and go",
    "K8S": "Kubernetes: what a cluster asks of the network (not on the embedded node)",
    "CNI": "Contract: what a runtime and plugins owe each other",
}


def group(identifier: str) -> str:
    """The group of a requirement, a key of GROUPS."""
    return identifier.partition("-")[0]
