"""Check the interfaces and namespaces of pods: one function for each requirement. Pure.

Rules: CNI specification 1.0.0, the reference plugins' documentation of bridge and macvlan.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from podpath.cni import rates, sysctls
from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Difference, Family, Interface, Namespace, Topology
from podpath.topology.comparison import Differences, shared, unequal

_NETNS_NAME = re.compile(r"cni-[0-9a-f]+(-[0-9a-f]+)*")

#: Interfaces that the kernel itself puts, down, into every new namespace once a tunnel module is
#: loaded (net.core.fb_tunnels_only_for_init_net).
_KERNELS_OWN = frozenset(
    {
        *("tunl0", "sit0", "gre0", "gretap0", "erspan0", "teql0"),
        *("ip_vti0", "ip6_vti0", "ip6tnl0", "ip6gre0"),
    }
)


def netns_name(topology: Topology) -> Differences:
    """Check that each pod has its own named namespace `cni-<hex groups>`."""
    differences = []
    for pod in topology.pods.values():
        where = f"pod {pod.name}"
        if pod.netns not in topology.named:
            listed = ", ".join(topology.named) or "no namespace"
            differences.append(
                Difference("missing namespace", where, f"{pod.netns!r} listed", listed)
            )
        elif not _NETNS_NAME.fullmatch(pod.netns):
            differences.append(Difference("namespace name", where, "cni-<hex groups>", pod.netns))
    return differences + shared(
        "shared namespace", {f"pod {p.name}": p.netns for p in topology.pods.values()}
    )


def netns_shared(topology: Topology, containers: Mapping[str, Mapping[str, int]]) -> Differences:
    """Check that a pod's containers are in its namespace, and that no two pods share one.

    Args:
        topology: The node and its pods.
        containers: Pod -> container -> inode of the container's network namespace.
    """
    differences = []
    for pod, inodes in containers.items():
        own = topology.of_pod(pod).inode
        for container, inode in inodes.items():
            if inode != own:
                where = f"container {container} of pod {pod}"
                differences.append(
                    Difference("wrong namespace", where, f"net:[{own}]", f"net:[{inode}]")
                )
    return differences + shared(
        "shared namespace", {f"pod {pod}": topology.of_pod(pod).inode for pod in containers}
    )


def pod_links(topology: Topology, pod: str) -> Differences:
    """Check that a pod has lo and eth0, both up, and no other interface."""
    space = topology.of_pod(pod)
    differences = _exactly(space, pod, {"lo", POD_INTERFACE})
    for name in ("lo", POD_INTERFACE):
        link = space.interface(name)
        if link is not None and not link.up:
            differences.append(Difference("interface down", f"pod {pod} {name}", "up", "down"))
    return differences


def node_links(topology: Topology, network: Network, own: frozenset[str]) -> Differences:
    """Check that the node has its own links, the bridge if any and host ends, and no others.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
        own: Names of the links that the node has without pods, such as lo; see Node.links.
    """
    made_once = network.own_links(topology)
    limiters = {
        rates.limiter(network.conflist.name, pod.sandbox)
        for pod in topology.everybody.values()
        if network.conflist.rates.egress
    }
    return _exactly(topology.node, NODE, own | made_once | limiters | topology.host_ends())


def _exactly(space: Namespace, where: str, names: Iterable[str]) -> Differences:
    expected = set(names)
    present = {
        i.name for i in space.interfaces if i.up or i.name not in _KERNELS_OWN or i.name in expected
    }
    return [
        Difference("missing interface", f"{where} {name}", "present", "absent")
        for name in sorted(expected - present)
    ] + [
        Difference("unexpected interface", f"{where} {name}", "absent", _kind(space, name))
        for name in sorted(present - expected)
    ]


def _kind(space: Namespace, name: str) -> str:
    link = space.interface(name)
    return f"present, of kind {link.kind or 'unknown'}" if link else "present"


def veth_peer(topology: Topology, pod: str) -> Differences:
    """Check that eth0 is a veth with its peer in the node: each end names the other's place.

    A place is the index of an interface and the id of its namespace.
    """
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
    """Check that eth0 has the kind and mode of its profile, on the node's configured link, up."""
    space = topology.of_pod(pod)
    link = space.interface(POD_INTERFACE)
    where = f"pod {pod} {POD_INTERFACE}"
    if link is None:
        return [Difference("missing interface", where, "present", "absent")]
    if link.kind != (kind := network.profile.kind):
        return [Difference("kind of interface", where, kind, link.kind or "unknown")]
    differences = unequal(where, {"mode": (network.mode, link.mode)})
    expected = network.lower(topology) or "the one of a default route"
    lower = topology.lower_link(pod)
    if lower is None:
        seen = f"interface {link.peer_index} of namespace id {link.peer_nsid}"
        return [*differences, Difference("lower link", where, f"{NODE} {expected}", seen)]
    differences += unequal(where, {"lower link": (f"{NODE} {expected}", f"{NODE} {lower.name}")})
    if not lower.up:
        differences.append(Difference("interface down", f"{NODE} {lower.name}", "up", "down"))
    return differences


def mtu(topology: Topology, network: Network, pod: str) -> Differences:
    """Check that every interface on a pod's path has the same MTU: the configured one, if any.

    Without a configured MTU, an eth0 that lies on a link of the node has the MTU of that link.
    "tuning" changes that of eth0 alone.
    """
    link = topology.of_pod(pod).interface(POD_INTERFACE)
    tuned = network.conflist.tuned_mtu
    first = topology.host_end(pod) if tuned else link
    ends: dict[str, Interface | None] = {}
    reference = network.conflist.mtu or (first.mtu if first else 0)
    if network.profile.lower:
        lower = topology.lower_link(pod)
        reference = network.conflist.mtu or (lower.mtu if lower else reference)
    else:
        ends[f"host end of pod {pod}"] = topology.host_end(pod)
    for name in sorted(network.own_links(topology) | {network.bridge} - {""}):
        ends[f"{NODE} {name}"] = topology.node.interface(name)
    expected = [
        (f"pod {pod} {POD_INTERFACE}", link, tuned or reference),
        *((where, end, reference) for where, end in ends.items()),
    ]
    return [
        Difference("MTU", where, str(mtu), str(end.mtu) if end else "no interface")
        for where, end, mtu in expected
        if end is None or end.mtu != mtu
    ] + list(_narrowed(((where, end) for where, end, _ in expected), topology, network))


def _narrowed(
    links: Iterable[tuple[str, Interface | None]], topology: Topology, network: Network
) -> Iterator[Difference]:
    """Yield the links on which IPv6 packets may be no larger than less than the MTU.

    The kernel keeps both alike (net/ipv6/addrconf.c, addrconf_notify), but for what a router on the
    network beyond announces: pods on the uplink, or with a port beside it, hear that.
    """
    tuned = any(name.endswith("/mtu") for name in sysctls.values(network.conflist.sections))
    if network.profile.lower or network.ports(topology) or tuned:
        return
    if Family.IPV6 not in network.families:
        return
    for where, link in links:
        if link and link.mtu_of_ipv6 is not None and link.mtu_of_ipv6 < link.mtu:
            yield Difference("MTU of IPv6", where, str(link.mtu), str(link.mtu_of_ipv6))
