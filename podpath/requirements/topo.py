"""TOPO: requirements on the wiring of pods."""

from podpath.requirements.requirement import (
    K8S_MODEL,
    LINKS,
    NETNS,
    NODE,
    POD,
    PODS,
    Level,
    Requirement,
)

REQUIREMENTS = (
    Requirement(
        "TOPO-NETNS-NAME",
        "Named network namespace for each pod",
        "Each pod has its own network namespace, named cni-<hex groups> on the node.",
        "The runtime or a wrapper created the namespace elsewhere, or gave two pods the same one.",
        (NETNS,),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: containerd and CRI-O name namespaces so, and"
        " plugins find them by it",
        why="Runtimes, plugins and people find a pod's network by that name. One that leads"
        " elsewhere makes DEL clean up another pod, or nothing.",
        how="The named namespaces of the node are listed. The one that the runtime names for a"
        " pod must be there, have a name of that form, and be no other pod's.",
    ),
    Requirement(
        "TOPO-NETNS-IP",
        "A pod's IP is in its own namespace only",
        "A pod's IP exists only in the namespace that the runtime reports for it, and not on the"
        " node.",
        "The address was set in the wrong namespace, or IPAM assigned it twice.",
        (NETNS, POD, f"{NODE} ip addr"),
        level=Level.MUST,
        source=f"{K8S_MODEL}: each pod has an IP address of its own",
        why="Two places that have the same IP both answer ARP requests, and traffic now and then"
        " reaches the wrong pod. The node sends nothing to a pod whose address it has itself.",
        how="The addresses of all interfaces in all named namespaces, and in the node's own, are"
        " read by netlink. Each IP that the runtime reports for a pod must be in that pod's"
        " namespace, and in no other.",
    ),
    Requirement(
        "TOPO-NETNS-SHARED",
        "Containers of a pod share its namespace",
        "All containers of a pod share one network namespace, and no two pods share one.",
        "The runtime started a container outside its sandbox.",
        (f"{NODE} lsns -t net",),
        level=Level.MUST,
        source=f"{K8S_MODEL}: all containers of a pod, and no others, share its namespace",
        why="Containers of a pod talk over localhost. Two pods that share a namespace share"
        " ports, addresses and what is allowed to them.",
        how="The inode of the namespace that each container's process is in is compared with that"
        " of the pod's named namespace, and the pods' with each other.",
    ),
    Requirement(
        "TOPO-POD-LINKS",
        "A pod has lo and eth0 only",
        "A pod has exactly two interfaces, lo and eth0, and both are up.",
        "The plugin left a temporary or second interface behind, or left one of the two down.",
        (POD,),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: a runtime asks for one interface, CNI_IFNAME, beside lo",
        why="A second interface is a second way out, beside all that is known of the first one."
        " An interface that is down is no network.",
        how="podpath lists all interfaces in the pod's namespace by netlink. Interfaces that the"
        " kernel itself creates, down, in every namespace do not count: tunl0 is one.",
    ),
    Requirement(
        "TOPO-VETH-PEER",
        "eth0 and its host end are a veth pair",
        "eth0 and its host end are veth peers: each refers to the other by index and namespace id.",
        "The plugin used another kind of link, or left the host end in the pod.",
        (POD, f"{NODE} ip -d link show type veth"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugins bridge and"
        " ptp, and veth(4)",
        why="All else rests on it: the host end is found by this link and not by its name, and it"
        " is where each packet of the pod must enter the node.",
        how="Kind, peer index and peer namespace id of eth0 are read in the pod, and those of the"
        " interface that they lead to on the node. Each must lead to the other.",
    ),
    Requirement(
        "TOPO-LOWER-LINK",
        "eth0 is on the configured lower link",
        "eth0 has the configured kind and mode, and its lower link is up and is the configured"
        " one.",
        "The plugin took another link of the node, or ignored the mode.",
        (POD, f"{NODE} ip -d link show"),
        level=Level.MUST,
        source="documentation of the plugin macvlan, master and mode",
        why="On another link, or in another mode, pods are of another network: they do not reach"
        " each other, or strangers reach them.",
        how="Kind and mode of eth0 are read in the pod, and index and namespace id of the link"
        " that it lies on. These must lead to the conflist's link on the node, or to that of the"
        " node's default route if the conflist names none.",
    ),
    Requirement(
        "TOPO-BRIDGE-PORT",
        "The host end is a working bridge port",
        "The host end is up and is a forwarding, learning, flooding port of the configured bridge.",
        "The host end was not attached, was attached to another bridge, or its settings were"
        " ignored.",
        (LINKS,),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugin bridge"
        " (hairpinMode, portIsolation, vlan, vlanTrunk) and the kernel's defaults in bridge(8)",
        why="A host end that is no forwarding port cuts its pod off. One that does not learn has"
        " its traffic shown to all; hairpin and isolation decide whom a pod reaches.",
        how="podpath reads the host end's master, its port state and all switches of the port by"
        " netlink, hairpin and isolation among them. It compares them with the conflist, and"
        " otherwise with the kernel's defaults. If VLANs are configured, it compares the port's"
        " VLANs as well.",
    ),
    Requirement(
        "TOPO-BRIDGE-MEMBERS",
        "Only the pods' veths are bridge ports",
        "The bridge has exactly one port for each pod on the node, and no others.",
        "A veth was not attached, or the veth of a deleted pod was left behind.",
        (f"{NODE} ip link show master {{bridge}}", f"{NODE} brctl show"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugin bridge: the"
        " bridge joins the containers' veths",
        why="A pod whose veth is no port is cut off. A port that is no pod's hears all that the"
        " bridge floods, or is what a deleted pod has left.",
        how="The interfaces whose master is the bridge are compared with the host ends of all"
        " pods that the runtime has on the node, and with the further ports that the profile"
        " names.",
    ),
    Requirement(
        "TOPO-MULTICAST",
        "Multicast groups of the bridge",
        "A bridge with multicast snooping forwards a pod's neighbour discovery groups to its port.",
        "Snooping with a querier is on, and the pod's report was sent before its port forwarded.",
        (f"{NODE} bridge mdb show dev {{bridge}}", f"{NODE} ip -d link show {{bridge}}"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from RFC 4541, section 3: neighbour discovery must not be"
        " broken by snooping",
        why="IPv6 finds neighbours by multicast. If the bridge does not forward it to the pod, no"
        " neighbour finds the pod, and only after a while.",
        how="If snooping is on and there is a querier, each of a pod's IPv6 addresses must have its"
        " solicited-node group at the pod's port, or the port get all multicast. Fast leave, copies"
        " as unicast and a small table are not judged: they lose nothing that a pod joined.",
    ),
    Requirement(
        "TOPO-BRIDGE-GATEWAY",
        "The bridge is up and is the gateway",
        "The bridge is up and has the configured settings and addresses, and a gateway forwards.",
        "isGateway was ignored, or the address was lost when the bridge was created again.",
        (f"{NODE} ip -d addr show {{bridge}}", f"{NODE} sysctl net.ipv4.ip_forward"),
        level=Level.MUST,
        source="documentation of the plugin bridge, isGateway, promiscMode and vlan",
        why="The gateway is the pods' way to the node, and out of it. A gateway that is not"
        " configured is a way that pods must not have.",
        how="The bridge's state, STP, promiscuous mode, VLAN filter and addresses are read by"
        " netlink, and whether it and the node forward, for each IP version; all is compared with"
        " the conflist. If pods are in a VLAN, the gateway is an interface of its own, which must"
        " be up, and whose peer must be a forwarding port of the bridge in that VLAN.",
    ),
    Requirement(
        "TOPO-HOST-END",
        "Routed host ends are up and forward",
        "A routed pod's host end is up, forwards, and has no master.",
        "The host end was attached to a bridge, or its forwarding was turned off.",
        (f"{NODE} ip -d link show type veth", f"{NODE} sysctl -a --pattern forwarding"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugin ptp, and the"
        " kernel's ip-sysctl, forwarding",
        why="Where pods are routed, the host end is their router. If it does not forward, their"
        " packets end there.",
        how="State and master of the host end are read by netlink. It and the node must forward"
        " each IP version that the pod has addresses of. Where the profile leaves the node's"
        " forwarding to the administrator, podpath turns it on for a node that it makes, and tests"
        " nothing on another node that does not forward.",
    ),
    Requirement(
        "TOPO-MTU",
        "The same MTU along the whole path",
        "Every interface on a pod's path has the same MTU: the configured one, if the conflist"
        " sets it.",
        "The MTU was set at one end only, or the configured MTU was ignored.",
        (POD, f"{NODE} ip link show"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: a documented mtu is a promise, and the kernel's"
        " bridges drop what is larger than the next interface's",
        why="A bridge silently drops packets that are larger than the next interface's MTU: small"
        " requests work, and large answers hang.",
        how="podpath reads the MTUs of eth0, of its host end and of the bridge by netlink. All"
        " must equal the conflist's MTU, or eth0's if the conflist sets none. A macvlan or an"
        " ipvlan must have the conflist's MTU, or that of its lower link. On the paths of other"
        " pods, IPv6 packets may be as large as the MTU.",
    ),
    Requirement(
        "TOPO-MAC",
        "MAC addresses are unique and as reported",
        "MAC addresses are unique, and stay as the plugin's result reports them, also after"
        " traffic.",
        "The plugin read another link's address, as in the node's /sys, or udev changed it later.",
        (POD, f"{NODE} sh -c 'cat /var/lib/cni/results/*'"),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, ADD Success, mac; IEEE 802: a MAC"
        " address is unique in its network",
        why="Two pods with one MAC address get each other's packets. A result with an old one"
        " misleads all that is set up by it.",
        how="The MAC addresses of all pods' eth0, host ends and lower links must differ; those of"
        " ipvlans must be the lower link's. Where the"
        " profile gives all host ends one MAC address, each must have that one. Those in"
        " the plugin's result must be the kernel's, and still be so after pods have talked. The"
        " bridge's own counts if it is a gateway.",
    ),
    Requirement(
        "TOPO-ADDR",
        "A pod has a unique, leased address",
        "A pod's address is unique, in the configured range, with its prefix length, and leased"
        " in IPAM.",
        "IPAM and the kernel disagree: a lease was lost, or IPAM did not assign the address.",
        (POD, f"{NODE} sh -c 'head /var/lib/cni/networks/*/*'"),
        level=Level.MUST,
        source=f"{K8S_MODEL}: each pod has an IP address of its own; documentation of the plugin"
        " host-local, ranges",
        why="An address that is assigned twice, or is outside its range, belongs to another"
        " machine. IPAM assigns an address without a lease to the next pod.",
        how="podpath compares eth0's addresses with those that the runtime reports, with the"
        " conflist's ranges, with the profile's prefix length and with all other pods' addresses."
        " Each must be usable for good: of global scope, neither deprecated, a duplicate nor about"
        " to expire, with its network's broadcast address if any. A link with IPv6 addresses needs"
        " a link-local one (RFC 4291, section 2.1)."
        " host-local's store must have leased each to this pod.",
    ),
    Requirement(
        "TOPO-ROUTE",
        "A pod has the expected routes only",
        "A pod has exactly the routes of its profile and those that the conflist configures.",
        "A configured route was ignored, or a default route was added without being configured.",
        (f"{PODS} ip route",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement; CNI specification 1.1.0, section 5, ADD Success,"
        " routes, requires those that are configured",
        why="Without a route, a pod cannot reach a network. A route that is not configured sends"
        " packets another way.",
        how="The pod's routes in all tables are read by netlink, for each IP version, and"
        " compared with those of the profile and of the conflist, each with its MTU, segment size,"
        " hop limit, window, shortest time-out, and whether it expires. Its permanent neighbours"
        " are compared with those of the profile. The node's own addresses may be among them, with"
        " the node's MAC address.",
    ),
    Requirement(
        "TOPO-RULE",
        "No extra routing rules in a pod",
        "A pod has only the kernel's own routing policy rules.",
        "A plugin for a second network, or for policy routing, is in the chain.",
        (f"{PODS} ip rule",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, as no configuration of the profile's plugins asks"
        " for a rule; ip-rule(8)",
        why="A rule sends packets by another table, so the routes that people look at do not"
        " apply.",
        how="The pod's routing rules are read by netlink. Those that the kernel makes for each"
        " namespace do not count.",
    ),
    Requirement(
        "TOPO-LO",
        "lo has the loopback addresses only",
        "A pod's lo has the loopback address of each IP version, and no others.",
        "The loopback plugin did not run, or an address was set on lo instead of eth0.",
        (POD,),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugin loopback, and"
        " RFC 1122, section 3.2.1.3",
        why="Programs in a pod talk to each other at 127.0.0.1. Another address on lo makes the"
        " pod answer itself where it should send.",
        how="lo is read by netlink: it has 127.0.0.1/8, and none but ::1/128 beside it, which a pod"
        " with IPv6 addresses needs, and the MTU with which the kernel makes it.",
    ),
    Requirement(
        "TOPO-RESULT",
        "The plugin's result matches the kernel",
        "The plugin's result reports the interfaces, addresses and routes that the kernel has.",
        "A plugin of the chain changed something without reporting it, or dropped prevResult.",
        (POD, f"{NODE} sh -c 'cat /var/lib/cni/results/*'"),
        level=Level.MUST,
        source="CNI specification 1.1.0, section 5, ADD Success",
        why="Runtimes, kubelets and later plugins know the network only from the result.",
        how="The result that the runtime keeps is compared with the kernel: eth0 and its sandbox,"
        " the host end, a MAC address for each; addresses with their prefix length, gateway"
        " and interface; routes.",
    ),
    Requirement(
        "TOPO-SETTINGS",
        "No unexpected kernel settings",
        "The plugin turns on no forwarding, proxy ARP or unusual flags for its pods, and keeps the"
        " node's other settings.",
        "A sysctl was set for all interfaces, for a wrong one, or on the node instead of the pod.",
        (f'{NODE} sysctl -a --pattern "forwarding|proxy_arp"',),
        level=Level.JUDGEMENT,
        source="podpath's own judgement: the kernel's ip-sysctl has them off, and no"
        " configuration asks for them",
        why="A pod that forwards is a router, and what answers ARP for others takes their traffic."
        " A node that forgets connections early, or joins few fragments, does it to all its pods.",
        how="Forwarding and promiscuous mode in the pod, proxy ARP and unusual flags of eth0, of"
        " its host end and of the bridge are read from the kernel. A host end answers ARP for"
        " others if the profile has proxy ARP, and then it must. New namespaces copy the host's"
        " settings: what one that podpath makes at the same time has turned on does not count. So"
        " ADD is also called for a container that has both turned off. All settings that this one,"
        " or a node of podpath's own, can write are compared before and after ADD. Those that pods"
        " may require do not count: forwarding, filters of ARP and of source addresses, IPVS,"
        ' longer times of connection tracking. A container has the sysctls that "tuning" is'
        " configured with. Its link must answer ARP and take announcements, and a pod must have"
        " each setting as most pods have it.",
    ),
    Requirement(
        "TOPO-HOOKS",
        "No unconfigured hooks on the path",
        "The path has no traffic control, XDP program or packet filter that is not configured.",
        "Another network plugin ran on this node before, or the plugin itself redirects packets.",
        (f"{NODE} tc qdisc", f"{NODE} nft list ruleset", POD),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, as no configuration of the profile's plugins asks"
        " for a hook; tc(8), nft(8)",
        why="Traffic control, XDP and packet filters drop, change, copy or redirect packets on"
        " wires that look as they should.",
        how="Traffic control and XDP programs of the pods' links and of the bridge are read by"
        " netlink. nft and iptables list the rules on the node's links and bridges, and any in"
        " pods; ip xfrm lists IPsec policies of pods, and of a node of podpath's own.",
    ),
    Requirement(
        "TOPO-NODE-ADDR",
        "Host ends have the expected addresses",
        "Each host end has exactly the addresses of its profile, which for a bridge are none.",
        "The plugin routes to the pod instead of bridging, or the gateway's address was lost.",
        (f"{NODE} ip addr show type veth",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugins bridge, ptp"
        " and macvlan",
        why="An address on a host end changes how the node routes to its pods, and whom it"
        " answers for.",
        how="podpath reads the host ends' addresses by netlink, leaves IPv6 link-local ones out,"
        " and compares them with the profile: none for a bridge, the gateway's for ptp.",
    ),
    Requirement(
        "TOPO-NODE-ROUTE",
        "The node has the expected routes to pods",
        "The node reaches its pods by exactly the routes and rules of the profile.",
        "A host route to the pod was added, or the route of a deleted pod was left behind.",
        (f"{NODE} ip route show table all", f"{NODE} ip rule"),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugins bridge, ptp"
        " and macvlan",
        why="A second way to a pod bypasses the bridge, or leads to one that is gone.",
        how="podpath reads the node's routes to the conflist's ranges in all tables, and its rules"
        " for them or for pods' interfaces, and compares them with the profile. A bridge has the"
        " connected route, ptp one route to each pod by its host end, macvlan and ipvlan none. A"
        " profile may have a rule for each pod.",
    ),
    Requirement(
        "TOPO-NODE-LINKS",
        "No extra interfaces on the node",
        "The node has only lo, its uplink, the bridge and the pods' host ends as interfaces.",
        "The plugin left something behind, or wires pods in a way that its profile does not"
        " declare.",
        (f"{NODE} ip -d link show",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the documentation of the plugins bridge, ptp"
        " and macvlan",
        why="Each interface is a way that packets may take. One that stays behind with each pod"
        " fills the node.",
        how="All interfaces in the node's namespace are listed by netlink. Expected are those"
        " that the node had before, the bridge, and the host ends of all pods.",
    ),
    Requirement(
        "TOPO-FDB",
        "The bridge learns each pod's MAC address",
        "After traffic, the bridge has learned each pod's MAC on that pod's port, and keeps it"
        " for 300 s.",
        "Learning is off on the port, or the traffic bypasses the bridge.",
        (f"{NODE} bridge fdb show br {{bridge}}",),
        level=Level.JUDGEMENT,
        source="podpath's own judgement, from the kernel's defaults in bridge(8) and"
        " ip-link(8): learning, ageing_time",
        why="A bridge that does not learn sends each packet to all pods: they see each other's"
        " traffic, and pay for it.",
        how="After a ping from the pod, the bridge's FDB is read by netlink. The pod's MAC"
        " address must have been learned on the pod's own port, and on no other.",
    ),
)
