"""LIFE: requirements on pods that come and go."""

from podpath.requirements.requirement import (
    DUMP,
    K8S_MODEL,
    LINKS,
    NODE,
    Ability,
    Level,
    Requirement,
    call,
)

REQUIREMENTS = (
    Requirement(
        "LIFE-ADD",
        "ADD gives each new pod its network in time, and leaves the uplink of the node alone.",
        "The plugin, or a program that it calls, fails or does not end: the message says which.",
        (f"{NODE} ip link", f"{NODE} sh -c 'ls -R /var/lib/cni /run/cni'", call("ADD")),
        level=Level.MUST,
        source=f"CNI specification 1.1.0, section 2, ADD; {K8S_MODEL}: each pod has a network",
        why="Without its network a pod does not start, and the node can run no pod at all.",
        how="The runtime makes three pods, one after the other. Each ADD must succeed and end in"
        " time, and the interface of the node's default route must stay as it was. If an ADD"
        " fails, tests that need pods are not run.",
        title="ADD gives a pod its network",
    ),
    Requirement(
        "LIFE-DELETE",
        "After a pod is deleted, its namespace, links, port, FDB entry, lease and rules are gone,"
        " and no process, mount, file or changed setting is left.",
        "DEL forgot something that ADD made.",
        (f"{NODE} ip link", f"{NODE} nft list ruleset", f"{NODE} ls -R /var/lib/cni"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends"
        " that ADD is undone",
        why="What each pod leaves adds up, until addresses or interfaces run out, or an old rule"
        " meets a new pod.",
        how="All that the requirement names is listed before a pod is made, and after it has"
        " talked and was deleted. Both lists must be the same.",
    ),
    Requirement(
        "LIFE-CHURN",
        "After a dozen pods came and went, the node has neither more nor less than before.",
        "DEL forgets something only sometimes, or counts something down that it should not.",
        (f"{NODE} ip link", f"{NODE} nft list ruleset", f"{NODE} ls -R /var/lib/cni"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends"
        " that ADD is undone",
        why="Some leaks show only after a while: a table that fills, a counter that is never"
        " counted down.",
        how="The same lists as for LIFE-DELETE, before and after twelve pods that were made and"
        " deleted one after the other.",
    ),
    Requirement(
        "LIFE-OTHERS",
        "Creating and deleting pods changes nothing of the others' wiring, nor of the bridge's, or"
        " the lower link's, own, and their packets still take the path.",
        "ADD or DEL touches ports or rules that are not its own; the bridge's MAC address drifts.",
        (f"{NODE} ip monitor", LINKS),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: a call is about its own attachment (CNI"
        " specification 1.1.0, section 3)",
        why="Pods come and go all the time. Those that stay must not notice.",
        how="Interfaces, ports, routes and rules of the other pods, the bridge and the lower link"
        " are read before and after two pods came and went, and must be the same. Then a ping, an"
        " HTTP exchange and a datagram must take the path. Where they are configured, a ping to"
        " beyond the node must still be masqueraded, and a mapped port lead to its pod.",
    ),
    Requirement(
        "LIFE-SURVIVOR",
        "Creating and deleting pods does not disturb an established transfer between two others.",
        "ADD or DEL touches the bridge or its rules in a way that drops others' packets.",
        (f"{NODE} ip monitor",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: a call is about its own attachment (CNI"
        " specification 1.1.0, section 3)",
        why="An outage of a moment, whenever a pod starts or ends, breaks long connections, and"
        " nobody finds out why.",
        how="While a pod gets a long body from another one and pings it fifty times a second,"
        " three pods come and go. The connection must stay, the body arrive whole, and each"
        " ping be answered.",
    ),
    Requirement(
        "LIFE-PERSIST",
        "What ADD wired and the rules that it set stay as they are while no pod comes or goes.",
        "Another program of the node takes the links or rules for its own: udev, NetworkManager,"
        " firewalld, or a daemon of another network.",
        (f"{NODE} ip monitor", f"{NODE} nft monitor", LINKS),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, ADD and DEL: an"
        " attachment lasts until its DEL",
        why="A pod that loses its network minutes after its start looks healthy to its runtime, and"
        " is not attached again.",
        how="Right after ADD the wiring of three pods and the node's rules are read. The kernel"
        " announces each later change. What changes while podpath creates and deletes no pod, for"
        " at least six seconds and until the end of the run, is a violation. Tests that fail after"
        " it are not run.",
        title="Wiring stays after ADD",
    ),
    Requirement(
        "LIFE-REUSE",
        "An IP that is given to a new pod works at once, from a peer that has talked to the old"
        " one, a pod or the node, and may remember its MAC.",
        "The new pod's address is not announced (gratuitous ARP).",
        (f"{NODE} ip -n NETNS neigh", f"{NODE} ip neigh", f"{DUMP} arp"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from RFC 5227, section 3, and RFC 4861, section"
        " 7.2.6, on announcements",
        why="Addresses are given again soon. Until its peers forget the old MAC address, nobody"
        " reaches the new pod; if the node does not forget it, the kubelet's probes fail.",
        how="A pod is pinged and deleted, and host-local is led to give its address again. The"
        " first ping to the new pod, from the pod that pinged the old one, must take the path. The"
        " same is done with pings from the node.",
    ),
    Requirement(
        "LIFE-PORTMAP",
        "After a pod with mapped ports is deleted, the node refuses them, nothing is left of its"
        " rules and translated datagrams, and the next pod gets what is sent to the ports.",
        "DEL does not find the rules that ADD made, or forgets those of a protocol or IP version;"
        " neither DEL nor ADD ends what the kernel tracks.",
        (f"{NODE} nft list ruleset", f"{NODE} iptables-save -t nat", f"{NODE} conntrack -L -p udp"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends"
        " that ADD is undone",
        needs=Ability.PORTS | Ability.BEYOND,
        feature="portmap",
        why="Rules that stay lead the port to whichever pod gets the address next. A client that"
        " keeps its port sends datagrams to a dead pod for as long as the kernel tracks them.",
        how="Two such pods come and go, one after the other. After the second one the node's"
        " inventory must be that from before it, and the node must refuse both ports. The kernel"
        " may track no datagrams any longer that it translates to the deleted pod. A client sends"
        " datagrams from one port to a pod, to nobody, and to the next pod, which must get them.",
    ),
    Requirement(
        "LIFE-BANDWIDTH",
        "After a container whose rate was limited is gone, nothing is left of the limit.",
        "DEL does not remove the interface (ifb) that limits what the container sends.",
        (f"{NODE} ip link show type ifb", f"{NODE} tc qdisc"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends"
        " that ADD is undone",
        needs=Ability.CALLS,
        feature="bandwidth",
        why="Interfaces that stay pile up, one for each pod that there ever was.",
        how="The node's inventory after a container with a limit was attached and detached is"
        " compared with that from before.",
    ),
    Requirement(
        "LIFE-RESTART",
        "A restart of the container runtime changes nothing for the pods that run.",
        "A part of the network is a process that ends with the runtime, or is set up at its start.",
        (f"{NODE} ip monitor", f"{NODE} nft monitor", LINKS),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, ADD and DEL: an"
        " attachment lasts until its DEL",
        needs=Ability.CALLS,
        why="Runtimes are updated, and crash, while pods run: these must not notice it.",
        how="Two pods are made on the node without other pods, and containerd is ended and started"
        " again. Wiring, leases and rules must be the same, and a third pod be wired as any other.",
        title="Pods outlive a restart of the runtime",
    ),
    Requirement(
        "LIFE-REBOOT",
        "After a reboot new pods get their network, and DEL releases what the lost pods had.",
        "State on disk is believed though the kernel has nothing of it, or DEL fails without it.",
        (call("ADD"), call("DEL"), f"{NODE} sh -c 'ls -R /var/lib/cni'"),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, DEL: it completes without the namespace, and"
        " releases what the container had",
        needs=Ability.CALLS | Ability.FRESH,
        why="Addresses that lost pods keep run out after some reboots, and a node that gives pods"
        " no network does not come back.",
        how="ADD is called for two containers. All files that were written, but those below /run"
        " and /tmp, are copied to a node that has just started. ADD of a new container must succeed"
        " there. Then DEL of the lost ones, once without their result, must succeed, release their"
        " leases and files, and leave the new one as it is; GC, since CNI 1.1.0, as well.",
        title="State on disk after a reboot",
    ),
    Requirement(
        "LIFE-PARALLEL",
        "Many pods created and deleted at the same time, the first ones of a fresh node included,"
        " are all distinct, wired as any other, and leave nothing.",
        "A race: in creating the bridge, in IPAM's lock, or in the rules.",
        (f"{NODE} sh -c 'ls /var/lib/cni/networks/*'", LINKS),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        needs=Ability.FRESH,
        why="A node that starts makes all its pods at once, and the bridge and its rules with"
        " them.",
        how="On a fresh node eight pods are made at the same time, looked at as TOPO does, and"
        " deleted at the same time; then once more. Nothing may be left.",
    ),
)
