"""The requirements: a stable id, one sentence, what a failure usually means, how to look.

Everything that podpath says refers to these ids; they never change their meaning.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a conforming plugin does.

    look: commands for oneself; {node} stands for the pid of a process in the node, {bridge} for
    the bridge, NETNS for a namespace that `ip netns list` shows there. nodes: the kinds of node
    that it can be looked at on.
    """

    id: str
    sentence: str
    usually: str
    look: tuple[str, ...]
    nodes: tuple[str, ...] = ("embedded", "kind", "host")


_NODE = "nsenter -t {node} -a"
_LINKS = f"{_NODE} bridge -d link show"
_NETNS = f"{_NODE} ip netns list"
_POD = f"{_NODE} ip -n NETNS -d addr show"
_DUMP = f"{_NODE} tcpdump -nei any"

#: The kinds of node that are of a Kubernetes cluster.
_CLUSTERS = ("kind", "host")

_ALL = (
    Requirement(
        "TOPO-NETNS-NAME",
        "Each pod has its own named namespace cni-<hex groups> on the node.",
        "The runtime or a wrapper made the namespace elsewhere, or two pods were given one.",
        (_NETNS,),
    ),
    Requirement(
        "TOPO-NETNS-IP",
        "A pod's IP is found in exactly one named namespace: the one that the runtime names.",
        "The address was set in the wrong namespace, or IPAM gave it out twice.",
        (_NETNS, _POD),
    ),
    Requirement(
        "TOPO-NETNS-SHARED",
        "The containers of a pod share its namespace, and two pods never do.",
        "The runtime started a container outside of its sandbox.",
        (f"{_NODE} lsns -t net",),
    ),
    Requirement(
        "TOPO-POD-LINKS",
        "A pod holds lo and eth0, both up, and nothing else.",
        "The plugin left a temporary or second interface, or did not set one up.",
        (_POD,),
    ),
    Requirement(
        "TOPO-VETH-PEER",
        "eth0 is a veth whose peer is in the node's namespace, by index and namespace id,"
        " in both directions.",
        "The plugin used another kind of link, or left the host end in the pod.",
        (_POD, f"{_NODE} ip -d link show type veth"),
    ),
    Requirement(
        "TOPO-BRIDGE-PORT",
        "The host end is up and a forwarding, learning, flooding port of the configured bridge,"
        " with hairpin and isolation as configured.",
        "The host end was not attached, was attached elsewhere, or its settings were ignored.",
        (_LINKS,),
    ),
    Requirement(
        "TOPO-BRIDGE-MEMBERS",
        "The ports of the bridge are exactly the pods' veths.",
        "A veth was not attached, or one of a deleted pod was left behind.",
        (f"{_NODE} ip link show master {{bridge}}", f"{_NODE} brctl show"),
    ),
    Requirement(
        "TOPO-BRIDGE-GATEWAY",
        "The bridge is up, with STP off, and promiscuous as configured; it holds the gateway"
        " address if and only if it is configured to, and then the node forwards.",
        "isGateway was ignored, or the address was lost when the bridge was made anew.",
        (f"{_NODE} ip -d addr show {{bridge}}", f"{_NODE} sysctl net.ipv4.ip_forward"),
    ),
    Requirement(
        "TOPO-MTU",
        "Both ends of a pod's veth and the bridge have the same MTU, the configured one if any.",
        "The MTU was set at one end only, or the configured one was ignored.",
        (_POD, f"{_NODE} ip link show"),
    ),
    Requirement(
        "TOPO-MAC",
        "MAC addresses are unique, and those in the plugin's result are the kernel's, also after"
        " traffic.",
        "Something changed the address after the plugin had read it (udev, systemd-networkd).",
        (_POD, f"{_NODE} sh -c 'cat /var/lib/cni/results/*'"),
    ),
    Requirement(
        "TOPO-ADDR",
        "A pod's address is its own, inside the configured range, with its prefix length, and"
        " leased in IPAM.",
        "IPAM and the kernel disagree: a lease was lost, or the address is not IPAM's.",
        (_POD, f"{_NODE} sh -c 'head /var/lib/cni/networks/*/*'"),
    ),
    Requirement(
        "TOPO-ROUTE",
        "A pod has the connected route and those that are configured, and no others.",
        "A configured route was ignored, or a default route was added that nobody asked for.",
        (f"{_NODE} ip -n NETNS route",),
    ),
    Requirement(
        "TOPO-RULE",
        "A pod's routing policy is the kernel's own: no rule was added.",
        "A plugin for a second network, or for policy routing, is in the chain.",
        (f"{_NODE} ip -n NETNS rule",),
    ),
    Requirement(
        "TOPO-LO",
        "A pod's lo holds the loopback address of each IP version, and no other.",
        "The loopback plugin did not run, or an address was set on lo instead of eth0.",
        (_POD,),
    ),
    Requirement(
        "TOPO-RESULT",
        "The plugin's result says of interfaces, addresses and routes what the kernel has.",
        "A plugin of the chain changed something without saying so, or dropped prevResult.",
        (_POD, f"{_NODE} sh -c 'cat /var/lib/cni/results/*'"),
    ),
    Requirement(
        "TOPO-SETTINGS",
        "A pod does not forward, and neither it, its host end nor the bridge does proxy ARP; their"
        " flags are as usual.",
        "A sysctl was set for all interfaces, or for the wrong one.",
        (f"{_NODE} sysctl -a --pattern 'forwarding|proxy_arp'",),
    ),
    Requirement(
        "TOPO-HOOKS",
        "Nothing hooks into the path that is not configured: no traffic control and no XDP program"
        " on its links, no packet filter on links, bridges or in pods.",
        "Another network plugin was on this node before, or the plugin redirects by itself.",
        (f"{_NODE} tc qdisc", f"{_NODE} nft list ruleset", _POD),
    ),
    Requirement(
        "TOPO-NODE-ADDR",
        "The host ends hold no addresses of their own.",
        "The plugin routes to the pod instead of bridging.",
        (f"{_NODE} ip addr show type veth",),
    ),
    Requirement(
        "TOPO-NODE-ROUTE",
        "The node reaches its pods by the bridge's connected route, and by no other route or rule.",
        "A host route to the pod was added, or one of a deleted pod was left.",
        (f"{_NODE} ip route show table all", f"{_NODE} ip rule"),
    ),
    Requirement(
        "TOPO-NODE-LINKS",
        "The node has no interface beyond lo, its uplink, the bridge and the pods' veths.",
        "The plugin left something behind, or wires pods in a way that its profile does not say.",
        (f"{_NODE} ip -d link show",),
    ),
    Requirement(
        "TOPO-FDB",
        "After traffic, the bridge has learned each pod's MAC on that pod's port, and keeps it for"
        " 300 s.",
        "Learning is off on the port, or the traffic bypasses the bridge.",
        (f"{_NODE} bridge fdb show br {{bridge}}",),
    ),
    Requirement(
        "PATH-ICMP",
        "Each echo request and reply between two pods is seen once at every expected interface,"
        " in order, and nowhere else.",
        "At the first missing hop the packet was dropped or took another way.",
        (f"{_DUMP} icmp", _LINKS),
    ),
    Requirement(
        "PATH-HTTP",
        "Each packet of an HTTP exchange, handshake and teardown included, is seen once at every"
        " expected interface, in order, and nowhere else.",
        "At the first missing hop the packet was dropped or took another way.",
        (f"{_DUMP} tcp port 80", f"{_NODE} nft list ruleset"),
    ),
    Requirement(
        "PATH-UDP",
        "A UDP datagram between two pods is seen once at every expected interface, in order,"
        " and nowhere else.",
        "At the first missing hop the packet was dropped or took another way.",
        (f"{_DUMP} udp", f"{_NODE} nft list ruleset"),
    ),
    Requirement(
        "PATH-ARP",
        "An ARP request reaches every port of the bridge, and the reply takes the pods' path only.",
        "Flooding is off on a port, or something answers in a pod's place (proxy ARP).",
        (f"{_DUMP} arp", _LINKS),
    ),
    Requirement(
        "PATH-BYSTANDER",
        "Once addresses are learned, a third pod and the uplink see nothing of two pods' traffic.",
        "The bridge floods: learning is off, an FDB entry was lost, or traffic is mirrored.",
        (f"{_DUMP}", f"{_NODE} bridge fdb show br {{bridge}}", f"{_NODE} tc filter show"),
    ),
    Requirement(
        "PATH-UNCHANGED",
        "TTL, TOS, DF, MAC and IP addresses, TCP options and payload are the same at both ends,"
        " in each direction.",
        "The packet was routed (TTL) or translated (addresses) on its way.",
        (f"{_DUMP} -vv icmp", f"{_NODE} nft list ruleset"),
    ),
    Requirement(
        "PATH-SIZE",
        "Payloads from empty to the largest that fits, fragmented ones, and bodies of several MiB"
        " take the expected path.",
        "The MTU differs somewhere on the path; fragments are dropped.",
        (f"{_NODE} ip link show", f"{_DUMP} -vv icmp"),
    ),
    Requirement(
        "PATH-MTU",
        "The largest packet with DF set passes; one byte more is refused by the sender's kernel.",
        "The MTU differs between the pod and an interface on the path.",
        (_POD, f"{_NODE} ip link show"),
    ),
    Requirement(
        "PATH-SELF",
        "A packet from a pod to its own IP never leaves its lo.",
        "The address is not local to the pod's namespace, or lo is down.",
        (f"{_NODE} ip -n NETNS route show table local",),
    ),
    Requirement(
        "PATH-GATEWAY",
        "Packets between a pod and the node start or end at the bridge.",
        "The bridge does not hold the gateway address, or another link has the subnet's route.",
        (f"{_NODE} ip route", f"{_NODE} ip addr show {{bridge}}"),
    ),
    Requirement(
        "PATH-CONCURRENT",
        "Of many flows between all pairs at once each takes its own path; none is lost or doubled.",
        "Packets are dropped under load, or doubled by a promiscuous or looping bridge.",
        (f"{_DUMP} icmp", f"{_NODE} ip -s link show"),
    ),
    Requirement(
        "LIFE-DELETE",
        "After a pod is deleted, its namespace, links, port, FDB entry, lease and rules are gone,"
        " and no process, mount, file or changed setting is left.",
        "DEL forgot something that ADD made.",
        (f"{_NODE} ip link", f"{_NODE} nft list ruleset", f"{_NODE} ls -R /var/lib/cni"),
    ),
    Requirement(
        "LIFE-CHURN",
        "After a dozen pods came and went, the node has neither more nor less than before.",
        "DEL forgets something only sometimes, or counts something down that it should not.",
        (f"{_NODE} ip link", f"{_NODE} nft list ruleset", f"{_NODE} ls -R /var/lib/cni"),
    ),
    Requirement(
        "LIFE-OTHERS",
        "Creating and deleting pods changes nothing of the others' wiring, nor of the bridge's"
        " own, and their packets still take the path.",
        "ADD or DEL touches ports that are not its own, or the bridge's MAC address drifts.",
        (f"{_NODE} ip monitor", _LINKS),
    ),
    Requirement(
        "LIFE-SURVIVOR",
        "Creating and deleting pods does not disturb an established transfer between two others.",
        "ADD or DEL touches the bridge or its rules in a way that drops others' packets.",
        (f"{_NODE} ip monitor",),
    ),
    Requirement(
        "LIFE-REUSE",
        "An IP that is given to a new pod works at once, from a peer that remembers the old MAC.",
        "The new pod's address is not announced (gratuitous ARP).",
        (f"{_NODE} ip -n NETNS neigh", f"{_DUMP} arp"),
    ),
    Requirement(
        "LIFE-PARALLEL",
        "Many pods created and deleted at the same time, the first ones of a fresh node included,"
        " are all distinct, wired as any other, and leave nothing.",
        "A race: in creating the bridge, in IPAM's lock, or in the rules.",
        (f"{_NODE} sh -c 'ls /var/lib/cni/networks/*'", _LINKS),
        nodes=("embedded", "kind"),  # a node on which no pod has ever been is a new one
    ),
    Requirement(
        "K8S-IP",
        "A pod's IPs are the same, in the same order, for the API server, the runtime and the"
        " kernel.",
        "The plugin's result names an address that it did not set, or names them in another order.",
        ("kubectl get pods -o wide", _POD),
        nodes=_CLUSTERS,
    ),
    Requirement(
        "K8S-SERVICE",
        "Packets to a pod's Service, from another pod of the node, are translated on the bridge,"
        " and so are those of the answer; they take the path to that pod, and no other.",
        "br_netfilter is off, so that answers come from the pod and not from its Service; or the"
        " pods' range is not the cluster's.",
        (f"{_NODE} sysctl net.bridge.bridge-nf-call-iptables", f"{_NODE} iptables-save -t nat"),
        nodes=_CLUSTERS,
    ),
    Requirement(
        "K8S-HAIRPIN",
        "With hairpin mode configured, a pod reaches itself through its own Service.",
        "The port of the bridge does not send back what came from it.",
        (_LINKS, f"{_NODE} iptables-save -t nat"),
        nodes=_CLUSTERS,
    ),
    Requirement(
        "K8S-PROBE",
        "The kubelet's HTTP probe arrives from the node through the bridge, and is answered there.",
        "A packet filter between node and pods, or the bridge has no address.",
        (f"{_DUMP} tcp port 80", f"{_NODE} nft list ruleset"),
        nodes=_CLUSTERS,
    ),
    Requirement(
        "K8S-RESTART",
        "When a container is started again, its pod keeps sandbox, namespace and IP, and serves.",
        "Something hangs on the container's process instead of on the pod's namespace.",
        ("kubectl describe pods", _POD),
        nodes=_CLUSTERS,
    ),
)

REQUIREMENTS = {requirement.id: requirement for requirement in _ALL}
