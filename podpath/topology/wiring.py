"""How pods must be wired: one function a requirement. Pure.

Each compares a topology with the network, and returns the differences; none means conforming.
Rules: CNI specification 1.0.0, the reference plugins' documentation of bridge and host-local.
"""

import re
from collections.abc import Iterable, Mapping

from podpath.cni import result
from podpath.cni.network import Network
from podpath.errors import DoesNotConform
from podpath.model import (
    NODE,
    POD_INTERFACE,
    AddressWithPrefix,
    Difference,
    Family,
    Interface,
    Namespace,
    Place,
    Topology,
    listed,
)
from podpath.profiles import filled

_NETNS_NAME = re.compile(r"cni-[0-9a-f]+(-[0-9a-f]+)*")

#: What the kernel itself puts, down, into every new namespace once a tunnel module is loaded
#: (net.core.fb_tunnels_only_for_init_net).
KERNELS_OWN = frozenset(
    {
        *("tunl0", "sit0", "gre0", "gretap0", "erspan0", "teql0"),
        *("ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"),
    }
)

#: Switches of a port that are on unless somebody turns them off (net/bridge/br_if.c, new_nbp).
_PORT_DEFAULTS = frozenset({"flood", "mcast_flood", "bcast_flood"})

_AGEING_SECONDS = 300

Differences = list[Difference]


def netns_name(topology: Topology) -> Differences:
    """Each pod has a named namespace `cni-<hex groups>` of its own."""
    found = []
    for pod in topology.pods.values():
        where = f"pod {pod.name}"
        if pod.netns not in topology.named:
            listed = ", ".join(topology.named) or "no namespace"
            found.append(Difference("missing namespace", where, f"{pod.netns!r} listed", listed))
        elif not _NETNS_NAME.fullmatch(pod.netns):
            found.append(Difference("namespace name", where, "cni-<hex groups>", pod.netns))
    return found + _shared(
        "shared namespace", {f"pod {p.name}": p.netns for p in topology.pods.values()}
    )


def _shared(kind: str, values: Mapping[str, object]) -> Differences:
    """One difference for each value that more than one owner has."""
    owners: dict[object, list[str]] = {}
    for owner, value in values.items():
        owners.setdefault(value, []).append(owner)
    return [
        Difference(kind, " and ".join(who), "one each", f"{value} for both")
        for value, who in owners.items()
        if len(who) > 1
    ]


def netns_ip(topology: Topology, pod: str) -> Differences:
    """Each of the pod's addresses is found in its own namespace and in no other named one."""
    its = topology.pods[pod]
    found = []
    if not its.addresses:
        found.append(Difference("missing address", f"pod {pod}", "an address", "none"))
    for address in its.addresses:
        holders = [
            name
            for name, space in topology.named.items()
            if any(address == a.ip for link in space.interfaces for a in link.addresses)
        ]
        if holders != [its.netns]:
            seen = ", ".join(holders) or "no namespace"
            found.append(Difference("address in wrong namespace", str(address), its.netns, seen))
    return found


def netns_shared(topology: Topology, containers: Mapping[str, Mapping[str, int]]) -> Differences:
    """A pod's containers are in its namespace, and in no other pod's.

    containers: pod -> container -> inode of the namespace that its process is in.
    """
    found = []
    for pod, inodes in containers.items():
        own = topology.of_pod(pod).inode
        for container, inode in inodes.items():
            if inode != own:
                where = f"container {container} of pod {pod}"
                found.append(Difference("wrong namespace", where, f"net:[{own}]", f"net:[{inode}]"))
    return found + _shared(
        "shared namespace", {f"pod {pod}": topology.of_pod(pod).inode for pod in containers}
    )


def pod_links(topology: Topology, pod: str) -> Differences:
    """A pod holds lo and eth0, both up, and nothing else."""
    space = topology.of_pod(pod)
    found = _exactly(space, pod, {"lo", POD_INTERFACE})
    for name in ("lo", POD_INTERFACE):
        link = space.interface(name)
        if link is not None and not link.up:
            found.append(Difference("interface down", f"pod {pod} {name}", "up", "down"))
    return found


def _exactly(space: Namespace, where: str, names: Iterable[str]) -> Differences:
    wanted = set(names)
    present = {
        i.name for i in space.interfaces if i.up or i.name not in KERNELS_OWN or i.name in wanted
    }
    return [
        Difference("missing interface", f"{where} {name}", "present", "absent")
        for name in sorted(wanted - present)
    ] + [
        Difference("unexpected interface", f"{where} {name}", "absent", _kind(space, name))
        for name in sorted(present - wanted)
    ]


def _kind(space: Namespace, name: str) -> str:
    link = space.interface(name)
    return f"present, of kind {link.kind or 'unknown'}" if link else "present"


def veth_peer(topology: Topology, pod: str) -> Differences:
    """eth0 is a veth whose peer is in the node: index and namespace agree in both directions."""
    space = topology.of_pod(pod)
    link = space.interface(POD_INTERFACE)
    where = f"pod {pod} {POD_INTERFACE}"
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    if link.kind != "veth":
        return [Difference("kind of interface", where, "veth", link.kind or "unknown")]
    host = topology.host_end(pod)
    if host is None:
        seen = f"interface {link.peer_index} of namespace id {link.peer_nsid}"
        return [Difference("peer", where, "an interface of the node", seen)]
    back = (host.kind, host.peer_index, topology.node.inode_of(host.peer_nsid))
    if back != ("veth", link.index, space.inode):
        seen = f"a {back[0]} whose peer is interface {back[1]} of net:[{back[2]}]"
        expected = f"a veth whose peer is interface {link.index} of net:[{space.inode}]"
        return [Difference("peer", f"{NODE} {host.name}", expected, seen)]
    return []


def lower_link(topology: Topology, network: Network, pod: str) -> Differences:
    """eth0 is a link of its profile's kind and mode, on the configured link of the node, up."""
    space = topology.of_pod(pod)
    link = space.interface(POD_INTERFACE)
    where = f"pod {pod} {POD_INTERFACE}"
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    if link.kind != (kind := network.profile.kind):
        return [Difference("kind of interface", where, kind, link.kind or "unknown")]
    found = _unequal(where, {"mode": (network.mode, link.mode)})
    wanted = network.lower(topology) or "the one of a default route"
    lower = topology.lower_link(pod)
    if lower is None:
        seen = f"interface {link.peer_index} of namespace id {link.peer_nsid}"
        return [*found, Difference("lower link", where, f"{NODE} {wanted}", seen)]
    found += _unequal(where, {"lower link": (f"{NODE} {wanted}", f"{NODE} {lower.name}")})
    if not lower.up:
        found.append(Difference("interface down", f"{NODE} {lower.name}", "up", "down"))
    return found


def bridge_port(topology: Topology, network: Network, pod: str) -> Differences:
    """The host end is up and a forwarding port of the bridge, with the configured settings."""
    host = topology.host_end(pod)
    if host is None:
        return [_no_host_end(pod)]
    where = f"{NODE} {host.name} (pod {pod})"
    found = [] if host.up else [Difference("interface down", where, "up", "down")]
    master = topology.node.by_index(host.master)
    if master is None or master.name != network.bridge:
        seen = master.name if master else "none"
        return [*found, Difference("master", where, network.bridge, seen)]
    if host.port is None:
        return [*found, Difference("bridge port", where, "a port", "no port")]
    settings = {
        "port state": ("forwarding", host.port.state),
        "hairpin": (_switch(network.conflist.hairpin), _switch(host.port.hairpin)),
        "isolation": (_switch(network.conflist.isolated), _switch(host.port.isolated)),
        "learning": ("on", _switch(host.port.learning)),
    }
    for name, value in host.port.switches.items():
        settings[name] = (_switch(name in _PORT_DEFAULTS), _switch(value))
    return found + _unequal(where, settings)


def _no_host_end(pod: str) -> Difference:
    return Difference("peer", f"pod {pod} {POD_INTERFACE}", "an interface of the node", "none")


def _switch(value: bool) -> str:
    return "on" if value else "off"


def _unequal(where: str, settings: Mapping[str, tuple[str, str]]) -> Differences:
    return [
        Difference(kind, where, expected, seen)
        for kind, (expected, seen) in settings.items()
        if expected != seen
    ]


def bridge_members(topology: Topology, network: Network) -> Differences:
    """The bridge's ports are exactly the pods' host ends."""
    bridge = topology.node.interface(network.bridge)
    if bridge is None:
        return [_no_bridge(network)]
    ports = {i.name for i in topology.node.ports_of(bridge)}
    ends = topology.host_ends()
    where = f"{NODE} {network.bridge}"
    return [
        Difference("missing port", where, f"{name} a port", "not a port")
        for name in sorted(ends - ports)
    ] + [
        Difference("unexpected port", where, "pods' veths only", name)
        for name in sorted(ports - ends)
    ]


def _no_bridge(network: Network) -> Difference:
    return Difference("missing interface", f"{NODE} {network.bridge}", "a bridge", "absent")


def bridge_gateway(topology: Topology, network: Network) -> Differences:
    """The bridge is up, STP off; it holds the gateway address, and the node forwards, iff set."""
    bridge = topology.node.interface(network.bridge)
    if bridge is None or bridge.bridge is None:
        return [_no_bridge(network)]
    where = f"{NODE} {network.bridge}"
    found = _unequal(
        where,
        {
            "link state": ("up", "up" if bridge.up else "down"),
            "STP": ("off", _switch(bridge.bridge.stp)),
            "promiscuous": (_switch(network.conflist.promiscuous), _switch(bridge.promiscuous)),
        },
    )
    for family in Family:
        found += _gateway(topology, network, family, bridge)
    return found


def _gateway(
    topology: Topology, network: Network, family: Family, bridge: Interface
) -> Differences:
    held = {str(a) for a in _global(bridge, family)}
    wanted = set()
    if network.conflist.is_gateway:
        wanted = {f"{r.gateway}/{r.subnet.prefixlen}" for r in network.ipam.ranges_of(family)[:1]}
    found = []
    where = f"{NODE} {bridge.name}"
    if held != wanted:
        found.append(Difference("gateway address", where, listed(wanted), listed(held)))
    if not network.conflist.is_gateway or family not in network.families:
        return found
    for owner, settings in ((NODE, topology.node.settings), (where, bridge.settings)):
        if family not in settings.forwarding:
            found.append(Difference("forwarding", f"{owner} IPv{family.value}", "on", "off"))
    return found


def _global(link: Interface, family: Family) -> list[AddressWithPrefix]:
    return [
        a
        for a in link.addresses
        if a.version == family.value and not (family is Family.IPV6 and a.ip.is_link_local)
    ]


def mtu(topology: Topology, network: Network, pod: str) -> Differences:
    """The pod's veth, and the bridge if any, have one MTU, the configured one if any is.

    What lies on a link of the node has that one's, if none is configured.
    """
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    ends = {f"pod {pod} {POD_INTERFACE}": link}
    reference = network.conflist.mtu or (link.mtu if link else 0)
    if network.profile.lower:
        lower = topology.lower_link(pod)
        reference = network.conflist.mtu or (lower.mtu if lower else reference)
    else:
        ends[f"host end of pod {pod}"] = topology.host_end(pod)
    if network.bridge:
        ends[f"{NODE} {network.bridge}"] = topology.node.interface(network.bridge)
    return [
        Difference("MTU", where, str(reference), str(end.mtu) if end else "no interface")
        for where, end in ends.items()
        if end is None or end.mtu != reference
    ]


def macs(topology: Topology, network: Network, *, of_bridge: bool = True) -> Differences:
    """MAC addresses are unique, and those in each plugin result are the kernel's.

    The bridge's own is compared when it is a gateway: only then does it have to stay; and not at
    all without of_bridge.
    """
    found = []
    owners: dict[str, object] = {}
    for name in topology.everybody:
        link = topology.of_pod(name).interface(POD_INTERFACE)
        owners |= {f"pod {name} {POD_INTERFACE}": link.mac} if link else {}
        for end in (topology.host_end(name), topology.lower_link(name)):
            owners |= {f"{NODE} {end.name}": end.mac} if end else {}
    for name in topology.pods:
        found += _result_macs(topology, network, name, of_bridge and network.conflist.is_gateway)
    return found + _shared("MAC address", owners)


def _result_macs(topology: Topology, network: Network, pod: str, of_bridge: bool) -> Differences:
    try:
        claimed = result.interfaces(topology.pods[pod].result)
    except DoesNotConform as error:
        return [Difference("result", f"pod {pod}", "as the CNI specification has it", str(error))]
    if not claimed:
        return [Difference("result", f"pod {pod}", "interfaces", "none")]
    found = []
    for one in claimed:
        ours = one.name == network.bridge and not one.inside
        if not one.mac or (ours and not of_bridge):
            continue
        link = (topology.of_pod(pod) if one.inside else topology.node).interface(one.name)
        seen = link.mac if link else "no such interface"
        if seen != one.mac:
            where = f"{f'pod {pod}' if one.inside else NODE} {one.name}"
            found.append(Difference("MAC in result", where, one.mac, seen))
    return found


def addresses(
    topology: Topology,
    network: Network,
    leases: Mapping[str, str],
    pod: str,
) -> Differences:
    """The pod's addresses are the kernel's, in range, of the right prefix, its own, and leased.

    leases: address -> container id, as IPAM has them stored.
    """
    its = topology.pods[pod]
    where = f"pod {pod} {POD_INTERFACE}"
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    held = [a for f in Family for a in _global(link, f)]
    found = []
    if listed(a.ip for a in held) != listed(its.addresses):
        found.append(Difference("addresses", where, listed(its.addresses), listed(held)))
    for address in held:
        found += _address(topology, network, leases, pod, address)
    for family in network.families:
        if not _global(link, family):
            found.append(Difference("addresses", where, f"one of IPv{family.value}", "none"))
    return found


def _address(
    topology: Topology,
    network: Network,
    leases: Mapping[str, str],
    pod: str,
    address: AddressWithPrefix,
) -> Differences:
    ip, prefix = address.ip, f"/{address.network.prefixlen}"
    where = f"pod {pod} {ip}"
    found = []
    held_by = network.ipam.range_of(ip)
    if held_by is None:
        configured = listed(f"{r.first}-{r.last}" for r in network.ipam.ranges)
        found.append(Difference("address range", where, configured, "outside of it"))
    else:
        wanted = filled(network.profile.address, ip, held_by.subnet, held_by.gateway)
        length = wanted.removeprefix(str(ip))
        found += _unequal(where, {"prefix length": (length, prefix)})
    sharers = [p for p, n in topology.everybody.items() if ip in n.addresses and p != pod]
    if sharers:
        found.append(Difference("shared address", where, "its own", f"also pod {sharers[0]}'s"))
    holder, own = leases.get(str(ip), "nobody"), topology.pods[pod].sandbox
    if holder != own:
        found.append(Difference("lease", where, f"leased to {own[:12]}", f"to {holder[:12]}"))
    return found


def node_links(topology: Topology, network: Network, own: frozenset[str]) -> Differences:
    """The node has its own links, the bridge if any and the pods' host ends, and nothing else.

    own: such as lo and its uplink; see Node.links.
    """
    bridge = {network.bridge} - {""}
    return _exactly(topology.node, NODE, own | bridge | topology.host_ends())


def fdb(topology: Topology, network: Network, pod: str) -> Differences:
    """The bridge has learned the pod's MAC address on the pod's own port, and only there.

    And it keeps what it learns as long as any bridge does (net/bridge/br_device.c).
    """
    return _ageing(topology, network) + _learned(topology, network, pod)


def _learned(topology: Topology, network: Network, pod: str) -> Differences:
    link, host = topology.of_pod(pod).interface(POD_INTERFACE), topology.host_end(pod)
    if link is None or host is None:
        return [_no_host_end(pod)]
    entries = {
        f"{'learned' if e.learned else 'configured'} on {e.port}"
        for e in topology.node.fdb
        if e.mac == link.mac and e.bridge == network.bridge
    }
    if entries == {f"learned on {host.name}"}:
        return []
    where = f"{NODE} {network.bridge}, {link.mac} of pod {pod}"
    seen = " and ".join(sorted(entries)) or "not learned"
    return [Difference("FDB", where, f"learned on {host.name}", seen)]


def _ageing(topology: Topology, network: Network) -> Differences:
    bridge = topology.node.interface(network.bridge)
    if bridge is None or bridge.bridge is None or bridge.bridge.ageing == _AGEING_SECONDS:
        return []
    seen = f"{bridge.bridge.ageing:g} s"
    return [Difference("ageing", f"{NODE} {network.bridge}", f"{_AGEING_SECONDS} s", seen)]


def bridged(topology: Topology, network: Network, *pods: str) -> Differences:
    """The second witness that traffic went over the bridge: both ports are its, and it learned.

    Needed because the tap on the bridge sees a frame only while the tap makes it promiscuous.
    """
    found: Differences = []
    for pod in dict.fromkeys(pods):
        host = topology.host_end(pod)
        bridge = topology.node.interface(network.bridge)
        if host is None or bridge is None or host.master != bridge.index:
            where = Place(NODE, host.name) if host else f"{NODE} pod {pod}"
            found.append(Difference("not bridged", where, f"port of {network.bridge}", "none"))
        else:
            found += _learned(topology, network, pod)
    return found
