"""LIFE: requirements on pods that come and go."""

from podpath.requirements.requirement import (
    DUMP,
    K8S_MODEL,
    LINKS,
    NODE,
    PODS,
    Ability,
    Level,
    Requirement,
    call,
)

#: Commands that show what a deleted pod may leave.
_THINGS = (
    f"{NODE} ip link",
    f"{NODE} ip route show table all",
    f"{NODE} ip neighbour show nud permanent",
    f"{NODE} nft list ruleset",
    f"{NODE} ls -R /var/lib/cni",
)

REQUIREMENTS = (
    Requirement(
        "LIFE-ADD",
        "ADD gives a pod its network",
        "ADD gives each new pod its network in time, and does not change the node's uplink.",
        "The plugin, or a program that it calls, fails or does not end: the message names it.",
        (f"{NODE} ip link", f"{NODE} sh -c 'ls -R /var/lib/cni /run/cni'", call("ADD")),
        level=Level.MUST,
        source=f"CNI specification 1.1.0, section 2, ADD; {K8S_MODEL}: each pod has a network",
        why="Without its network a pod does not start, and the node can run no pod at all.",
        how="The runtime makes three pods, one after the other. Each ADD must succeed and end in"
        " time, and the interface of the node's default route must stay as it was. If an ADD"
        " fails, tests that need pods are not run.",
    ),
    Requirement(
        "LIFE-DELETE",
        "A deleted pod leaves nothing behind",
        "After a pod is deleted, all that the plugin created for it is gone from the node.",
        "DEL forgot something that ADD created.",
        _THINGS,
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends"
        " that ADD is undone",
        why="The remains of each pod add up, until addresses or interfaces run out, or an old rule"
        " meets a new pod.",
        how="podpath lists what is on the node before a pod exists, and after it has sent traffic"
        " and was deleted: namespaces, links, addresses of the node's own links and of the bridge,"
        " ports, FDB entries, routes, lasting neighbours, leases, rules, IPsec policies, processes,"
        " mounts, cgroups, files and settings. Both lists must be the same, no file may name"
        " the pod's sandbox, and no list of addresses may have gained one of its own. A gateway's"
        " address may come with the first pod of its range.",
    ),
    Requirement(
        "LIFE-CHURN",
        "A dozen pods leave nothing behind",
        "After a dozen pods were created and deleted, the node is as it was before.",
        "DEL sometimes forgets something, or decrements a counter that it should not.",
        _THINGS,
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
        "New and deleted pods change no other pod",
        "Creating and deleting pods changes neither other pods' wiring and paths, nor the node's"
        " own links, routes and addresses.",
        "ADD or DEL touches links, ports or rules of others, or the bridge's MAC address changes.",
        (f"{NODE} ip monitor", LINKS),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: a call is about its own attachment (CNI"
        " specification 1.1.0, section 3)",
        why="Pods come and go all the time. Those that stay must not notice.",
        how="Interfaces, ports, routes and rules of the other pods, the bridge and the lower link"
        " are read before and after two pods came and went, and must be the same. So must MTU,"
        " flags and queue of the bridge, the uplink and lo, while these pods are there, too, and"
        " those of uplink and lo, and the node's own routes, rules, addresses and traffic control,"
        " when its first pods are made. Then a ping, an"
        " HTTP exchange and a datagram must take the path. Where they are configured, a ping to"
        " beyond the node must still be masqueraded, and a mapped port lead to its pod. On a node"
        " of podpath's own, tables and sets of nftables, rules of iptables, routing rules and"
        " routes that no plugin made must stay, in both IP versions, as must tracked connections of"
        " others and neighbours that the node knows. Some of these rules masquerade, or map a port."
        " Its"
        " first pods must not write files of its own: those below /etc and"
        " /usr, other networks' configurations among them. A plugin's own are below /etc/cni, /var"
        " and /run.",
    ),
    Requirement(
        "LIFE-SURVIVOR",
        "Established transfers survive churn",
        "Creating and deleting pods does not disturb an established transfer between two others.",
        "ADD or DEL changes the bridge or its rules so that other pods' packets are dropped.",
        (f"{NODE} ip monitor",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: a call is about its own attachment (CNI"
        " specification 1.1.0, section 3)",
        why="A short outage, whenever a pod starts or ends, breaks long connections, and its cause"
        " is hard to find.",
        how="While a pod gets a long body from another one and pings it fifty times a second,"
        " three pods come and go. The connection must stay, the body arrive whole, and each"
        " ping be answered.",
    ),
    Requirement(
        "LIFE-PERSIST",
        "Wiring stays after ADD",
        "The links, rules and leases that ADD set up stay while no pod is created or deleted.",
        "Another program on the node manages links, rules or leases: udev, NetworkManager,"
        " firewalld, a clean-up of leases, or a daemon of another network.",
        (
            f"{NODE} ip monitor",
            f"{NODE} nft monitor",
            LINKS,
            f"{NODE} sh -c 'ls /var/lib/cni/networks/*'",
        ),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, ADD and DEL: an"
        " attachment lasts until its DEL",
        why="A pod that loses its network minutes after its start looks healthy to its runtime, and"
        " is not attached again. An address without a lease is given to the next pod, too.",
        how="Right after ADD, podpath reads the wiring of three pods, their leases and the"
        " node's rules. The kernel announces each later change of links and rules; leases are read"
        " again. A change is a violation if podpath creates and deletes no pod meanwhile, for at"
        " least six seconds and until the end of the run. So is a new route or rule about a pod's"
        " address, the same address on the node, and a change of a setting by which a pod, or a"
        " node of podpath's own, forwards, filters or answers. On such a node, its own routes,"
        " rules, addresses and links must stay, too, and no rule or IPsec policy may come that"
        " drops packets of pods, redirects them, or keeps them from being masqueraded. No packet"
        " filter may come to a pod. Tests that fail after it are not run.",
    ),
    Requirement(
        "LIFE-REUSE",
        "A reused IP works at once",
        "A pod with a reused IP is reachable at once, even by peers that remember the old MAC"
        " address.",
        "The new pod's address is not announced (gratuitous ARP).",
        (f"{PODS} ip neigh", f"{NODE} ip neigh", f"{DUMP} arp"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from RFC 5227, section 3, and RFC 4861, section"
        " 7.2.6, on announcements",
        why="IPAM soon assigns addresses again. Until its peers forget the old MAC address, they"
        " do not reach the new pod; if the node does not forget it, the kubelet's probes fail.",
        how="A pod is pinged and deleted, and host-local is led to give its address again. The"
        " first ping to the new pod, from the pod that pinged the old one, must take the path. The"
        " same is done with pings from the node.",
    ),
    Requirement(
        "LIFE-PORTMAP",
        "A deleted pod's ports are free again",
        "After a pod with mapped ports is deleted, the node refuses them until another pod has"
        " them.",
        "DEL does not find the rules that ADD created, or forgets those of one protocol or IP"
        " version, or connection tracking entries stay.",
        (f"{NODE} nft list ruleset", f"{NODE} iptables-save -t nat", f"{NODE} conntrack -L -p udp"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, DEL, recommends"
        " that ADD is undone",
        needs=Ability.PORTS | Ability.BEYOND,
        feature="portmap",
        why="Rules that stay lead the port to whichever pod gets the address next. A client that"
        " keeps its port sends datagrams to a dead pod for as long as the kernel tracks them.",
        how="Two such pods come and go, one after the other. After the second one, the node's"
        " inventory must be the same as before it, and the node must refuse both ports. The kernel"
        " may no longer track datagrams that it translates to the deleted pod. A client sends"
        " datagrams from one port to a pod, to the port without a pod, and to the next pod, which"
        " must receive them.",
    ),
    Requirement(
        "LIFE-BANDWIDTH",
        "A deleted pod's rate limit is gone",
        "After a container with a rate limit is deleted, nothing of the limit is left.",
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
        "Pods outlive a restart of the runtime",
        "A restart of the container runtime does not change the network of running pods.",
        "A part of the network is a process that ends with the runtime, or is set up when it"
        " starts.",
        (f"{NODE} ip monitor", f"{NODE} nft monitor", LINKS),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 2, ADD and DEL: an"
        " attachment lasts until its DEL",
        needs=Ability.CALLS,
        why="Runtimes are updated, and crash, while pods run: these must not notice it.",
        how="Two pods, and one with mapped ports if the conflist maps ports, are made on the node"
        " without other pods, and containerd is ended and started again. Wiring, leases and rules"
        " must be the same. Another pod must be wired as any other, and take neither rules nor"
        " mapped ports from those that run.",
    ),
    Requirement(
        "LIFE-REBOOT",
        "New pods start after a reboot",
        "After a reboot new pods get their network, and DEL releases what the lost pods had.",
        "The plugin trusts state on disk that the kernel no longer has, or DEL fails without it.",
        (call("ADD"), call("DEL"), f"{NODE} sh -c 'ls -R /var/lib/cni'"),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 2, DEL: it completes without the namespace, and"
        " releases what the container had",
        needs=Ability.CALLS | Ability.FRESH,
        why="Addresses that lost pods keep run out after some reboots, and a node that gives pods"
        " no network does not come back.",
        how="ADD is called for two containers. All files that were written, but those below /run"
        " and /tmp, are copied to a node that has just started. ADD of a new container must succeed"
        " there, with as many rules, routes and leases as the others had. Then DEL of the lost"
        " ones, once without their result, must succeed, release their"
        " leases and files, and leave the new one as it is; GC, since CNI 1.1.0, as well. If the"
        " conflist maps ports, each sender that reached mapped ports before the reboot must reach"
        " those of a new container after it.",
    ),
    Requirement(
        "LIFE-PARALLEL",
        "Pods created in parallel are correct",
        "Pods created and deleted in parallel are distinct, wired correctly, and leave nothing"
        " behind.",
        "A race: in the creation of the bridge, in IPAM's lock, or in the rules.",
        (f"{NODE} sh -c 'ls /var/lib/cni/networks/*'", LINKS),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 3, Lifecycle & Ordering",
        needs=Ability.FRESH,
        why="A node that starts makes all its pods at once, and the bridge and its rules with"
        " them.",
        how="On a fresh node eight pods are made at the same time, looked at as TOPO does, and"
        " deleted at the same time; then once more. Nothing may be left. The node forwards from the"
        " start: the kernel may lose one of several writes of ip_forward that are made at once.",
    ),
)
