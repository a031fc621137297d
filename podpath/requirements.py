"""The requirements: a stable id, one sentence, what a failure usually means, how to look.

Everything that podpath says refers to these ids; they never change their meaning.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a conforming plugin does.

    look: commands for oneself; {node} stands for the pid of a process in the node, {bridge} for
    the bridge, NETNS for a namespace that `ip netns list` shows there. nodes: the kinds of node
    that it can be looked at on. source: what it is taken from, if it is somebody else's rule.
    """

    id: str
    sentence: str
    usually: str
    look: tuple[str, ...]
    source: str = ""
    nodes: tuple[str, ...] = ("embedded", "kind", "host")


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
        "TOPO-HOST-END",
        "Where the node routes between its pods, a host end is up, enslaved to nothing, and"
        " forwards.",
        "The host end was put on a bridge, or forwarding was turned off for it.",
        (f"{_NODE} ip -d link show type veth", f"{_NODE} sysctl -a --pattern forwarding"),
    ),
    Requirement(
        "TOPO-MTU",
        "Both ends of a pod's veth and the bridge, if there is one, have the same MTU, the"
        " configured one if any.",
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
        "A pod has the routes of its kind of wiring, which for a bridge is the connected one, and"
        " those that are configured, and no others.",
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
        "A pod does not forward, and neither it, its host end nor a bridge does proxy ARP; their"
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
        "The host ends hold the addresses of their kind of wiring, and no others: for a bridge,"
        " none; for ptp, the gateway's.",
        "The plugin routes to the pod instead of bridging, or the gateway's address was lost.",
        (f"{_NODE} ip addr show type veth",),
    ),
    Requirement(
        "TOPO-NODE-ROUTE",
        "The node reaches its pods by the routes of their kind of wiring, and by no other route or"
        " rule: for a bridge, the connected route; for ptp, one to each pod by its host end.",
        "A host route to the pod was added, or one of a deleted pod was left.",
        (f"{_NODE} ip route show table all", f"{_NODE} ip rule"),
    ),
    Requirement(
        "TOPO-NODE-LINKS",
        "The node has no interface beyond lo, its uplink, the bridge, if there is one, and the"
        " pods' veths.",
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
        "An ARP request, or an IPv6 neighbour solicitation, reaches all that its kind of wiring"
        " lets hear it, on a bridge every port, on a routed link the host end, and nobody else; the"
        " reply takes the way back only.",
        "Flooding is off on a port, or something answers in a pod's place (proxy ARP).",
        (f"{_DUMP} arp or icmp6", _LINKS),
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
        " in each direction; where the node routes, TTL and MAC addresses are as that makes them.",
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
        "Packets between a pod and the node start or end at the bridge, or at the host end where"
        " there is none.",
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
        "An IP that is given to a new pod works at once, from a peer that has talked to the old"
        " one, and may remember its MAC.",
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
    Requirement(
        "CNI-VERSION",
        "VERSION exits with 0 and prints one JSON document with the supported versions, the"
        " conflist's among them.",
        "The plugin is older than the conflist, or prints something else on stdout.",
        (_call("VERSION"),),
        "CNI specification 1.1.0, section 5, VERSION Success",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-VERSION-ECHO",
        "A plugin that supports 1.0.0 or later answers VERSION in the version that its input has.",
        "It does not read its stdin, and answers in the newest version that it supports.",
        (_call("VERSION"),),
        "CNI specification 1.1.0, section 5, VERSION Success",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-VERSION-UNSUPPORTED",
        "ADD with a cniVersion that the plugin does not support is an error of code 1.",
        "The version is not looked at before work begins.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, Error",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-ADD-RESULT",
        "ADD exits with 0 and prints exactly one JSON document: a result as its version has it,"
        " with the cniVersion of its input (since 0.4.0).",
        "Something is logged to stdout, or the result is of another version.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, ADD Success",
        nodes=_EMBEDDED,
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
    ),
    Requirement(
        "CNI-ADD-TAKEN",
        "ADD is an error if the container already has an interface of that name, which stays as"
        " it is.",
        "The plugin takes what is there for its own, or replaces it.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, ADD",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-ADD-PREVIOUS",
        "A chained plugin passes on the interfaces and addresses of prevResult.",
        "It prints a result of its own, and drops what the plugins before it have made.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, ADD",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-ADD-ARGS",
        "CNI_ARGS as kubelets give them, and unknown keys with IgnoreUnknown=1, do not make ADD"
        " fail.",
        "Keys are refused without a look at IgnoreUnknown.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, Parameters",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-ERROR",
        "A failure is an exit status other than 0, and one JSON document with a code and a"
        " message on stdout.",
        "The error is printed to stderr alone, as text, or as the log of a crash.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 2, Errors; 5, Error",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-ENVIRONMENT",
        "A necessary variable that is missing or invalid is an error of code 4 whose message"
        " names it.",
        "Variables are not checked, or all are told in one sentence.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, Error, code 4",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-CONFIGURATION",
        "A configuration that is not JSON is an error of code 6, one without a valid name of"
        " code 7.",
        "All errors of the configuration have one code.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 5, Error, codes 6 and 7",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DEL",
        "DEL succeeds and removes all that ADD has made of links, leases, routes and rules.",
        "DEL forgot something that ADD made.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 2, DEL",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DEL-IDEMPOTENT",
        "A second DEL of the same attachment succeeds.",
        "What is not there any more is taken for an error.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 2, DEL",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DEL-GONE",
        "DEL succeeds and releases leases and rules when the namespace or prevResult is gone.",
        "Without the namespace, the plugin does not know what it has made, or gives up at the"
        " first error.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 2, DEL",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DEL-FAILED",
        "DEL succeeds and leaves nothing after an ADD that failed, or was killed on its way.",
        "DEL takes it for granted that all of ADD was done.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-CHECK",
        "CHECK of a healthy container exits with 0 and prints nothing, right after ADD, too.",
        "It compares with what the plugin would do, not with the result; or does not wait for"
        " what takes its time.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-CHECK-PREVIOUS",
        "CHECK without prevResult is an error.",
        "CHECK does nothing.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-CHECK-LISTED",
        "CHECK is an error when an interface, address or route of the result is missing.",
        "CHECK does nothing, or looks at the interface alone.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-CHECK-STATE",
        "CHECK is an error when what the result does not list, but the container's network"
        " needs, is missing: its host end, the bridge, the gateway's address, rules, the lease.",
        "CHECK looks at the container's namespace alone.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-CHECK-LATER",
        "CHECK allows for interfaces, addresses and routes that later plugins have added.",
        "It wants the namespace to be as this plugin has left it.",
        (_call("CHECK"), _STATE),
        "CNI specification 1.1.0, section 2, CHECK",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DELEGATE",
        "CHECK and DEL call the delegated IPAM plugin.",
        "Only ADD does.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DELEGATE-ERROR",
        "Errors of the delegated IPAM plugin in CHECK and DEL are passed on.",
        "They are logged and dropped.",
        (_call("DEL"), _STATE),
        "CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-DELEGATE-UNDO",
        "When the delegated IPAM plugin fails ADD, it is called for DEL before ADD fails.",
        "The error is returned at once.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-PARALLEL",
        "ADD, and DEL, of several containers at the same time succeed, with an address each, and"
        " leave nothing.",
        "A race: in IPAM's lock, or in the rules.",
        (_call("ADD"), _STATE),
        "CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-GC",
        "GC releases what attachments that are not listed have held, leaves listed ones alone,"
        " and prints nothing.",
        "GC does nothing, or removes all.",
        (_call("GC"), _STATE),
        "CNI specification 1.1.0, section 2, GC",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-GC-DELEGATE",
        "GC calls the delegated IPAM plugin, and passes its error on.",
        "GC ends with the plugin's own affairs.",
        (_call("GC"), _STATE),
        "CNI specification 1.1.0, section 2, GC; 4, Delegated plugin execution procedure",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-STATUS",
        "STATUS of a plugin that can serve ADD exits with 0.",
        "STATUS is not known, or wants what only ADD is given.",
        (_call("STATUS"), _STATE),
        "CNI specification 1.1.0, section 2, STATUS",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-STATUS-DELEGATE",
        "When the delegated IPAM plugin is not available, STATUS is an error of code 50 or 51.",
        "STATUS ends with the plugin's own affairs.",
        (_call("STATUS"), _STATE),
        "CNI specification 1.1.0, section 2, STATUS",
        nodes=_EMBEDDED,
    ),
    Requirement(
        "CNI-TIME",
        "ADD, CHECK and DEL end within 10 s, and let go of their output.",
        "The plugin waits for a lock, for addresses or for a daemon, or leaves a process behind"
        " that holds its stdout.",
        (_call("ADD"), _STATE),
        "podpath's own: the specification has no limit",
        nodes=_EMBEDDED,
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
