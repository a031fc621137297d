"""Differences of one requirement of TOPO that follow from another one's. Pure.

Only what the kernel's own rules make certain counts: a bridge learns nothing on an interface that
is none of its ports. A test with any further difference stays a finding of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_interface

from podpath.cni.network import Network
from podpath.model import NODE, POD_INTERFACE, Address, Difference, Family, Topology
from podpath.topology import (
    bridge,
    comparison,
    following_links,
    following_routes,
    interfaces,
    result,
    routes,
    routing,
)
from podpath.topology.cause import Cause

_PEER, _PORT, _LINKS = "TOPO-VETH-PEER", "TOPO-BRIDGE-PORT", "TOPO-POD-LINKS"
_ROUTE = "TOPO-NODE-ROUTE"
_ADDRESS, _ADDR = "TOPO-NODE-ADDR", "TOPO-ADDR"
#: Requirements that a pod without its address does not meet either.
_OF_ADDRESSES = frozenset({"TOPO-NETNS-IP", "TOPO-ROUTE", "TOPO-RESULT", "TOPO-FDB"})
#: Requirements on host ends, which a pod without one cannot meet.
_ON_HOST_ENDS = frozenset({_PORT, "TOPO-FDB", "TOPO-NODE-ADDR", "TOPO-MTU"})
#: Requirements on links that are in a pod and not on the node.
_ON_LINKS = frozenset({"TOPO-POD-LINKS", "TOPO-MAC"})
#: Differences of TOPO-BRIDGE-PORT: the host end is not on the bridge; the bridge learns nothing.
_DETACHED = frozenset({"master", "bridge port"})
_UNLEARNED = _DETACHED | {"learning", "interface down"}


def cause(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Return the violation that explains all differences of a requirement of TOPO, or None.

    It is the first of those that follow from each other.

    Args:
        requirement: id of the requirement whose test failed.
        differences: differences that its test found.
        topology: the node and its pods.
        network: the configuration, and how its plugin wires pods.
    """
    if not differences:
        return None
    rules = (
        *(_without_peer, _down, _without_port, _without_address),
        *(_unheld, _unrouted, _misnamed),
        *following_links.RULES,
        *following_routes.RULES,
    )
    for rule in rules:
        found = rule(requirement, differences, topology, network)
        if found and found.requirement not in network.not_applicable:
            return cause(found.requirement, found.differences, topology, network) or found
    return None


def _without_peer(
    requirement: str, differences: Sequence[Difference], topology: Topology, _: Network
) -> Cause | None:
    """Explain that pods have no host end, by their veth's peer."""
    lacking = {
        f"pod {pod} {POD_INTERFACE}": pod for pod in topology.pods if topology.host_end(pod) is None
    }
    if requirement in _ON_HOST_ENDS:
        owners = {**lacking, **{f"host end of pod {pod}": pod for pod in lacking.values()}}
        absent = {("peer", "none"), ("MTU", "no interface")}
        if not all((d.kind, d.seen) in absent and str(d.where) in owners for d in differences):
            return None
    elif requirement in _ON_LINKS:
        owners = dict(_misplaced(topology, lacking.values()))
        kinds = {"unexpected interface", "MAC in result"}
        if not all(d.kind in kinds and str(d.where) in owners for d in differences):
            return None
    else:
        return None
    pods = (owners[str(d.where)] for d in differences)
    found = [peer for pod in dict.fromkeys(pods) for peer in interfaces.veth_peer(topology, pod)]
    return Cause(_PEER, "a pod has no host end", tuple(found)) if found else None


def _misplaced(topology: Topology, pods: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield where the other end of eth0 is missing, or is instead, with the pod that it is in."""
    for pod in pods:
        own = topology.of_pod(pod).interface(POD_INTERFACE)
        for link in topology.of_pod(pod).interfaces:
            ends = (link.index, link.peer_index)
            if own is not None and ends == (own.peer_index, own.index):
                yield f"{pod} {link.name}", pod
                yield f"{NODE} {link.name}", pod


def _down(
    requirement: str, differences: Sequence[Difference], topology: Topology, _: Network
) -> Cause | None:
    """Explain ports that do not forward, and missing routes, by pods' interfaces that are down.

    A veth whose other end is down has no carrier (drivers/net/veth.c, veth_close), and a bridge
    disables a port without one (net/bridge/br_if.c, br_port_carrier_check), so that it learns
    nothing. With the interface go the routes by it (net/ipv4/fib_frontend.c, fib_disable_ip).
    """
    alike = {
        _PORT: ("port state", "disabled"),
        "TOPO-FDB": ("FDB", "not learned"),
        "TOPO-ROUTE": (routes.MISSING, "absent"),
        "TOPO-RESULT": ("result", "absent"),
    }
    if {(d.kind, d.seen) for d in differences} != {alike.get(requirement)}:
        return None
    found: list[Difference] = []
    for difference in differences:
        named = str(difference.where).removesuffix(")")
        pods = (pod for pod in topology.pods if _is_about(named, pod))
        own = [d for p in pods for d in interfaces.pod_links(topology, p) if _is_eth0_down(d, p)]
        if not own:
            return None
        found += own
    return Cause(_LINKS, "a pod's interface is down", tuple(dict.fromkeys(found)))


def _is_about(where: str, pod: str) -> bool:
    """Return whether a place is the end of a pod's link on the node, or one of a pod's routes."""
    begins = (f"pod {pod} ", f"result of pod {pod}, route ")
    return where.endswith(f"pod {pod}") or where.startswith(begins)


def _is_eth0_down(difference: Difference, pod: str) -> bool:
    where = f"pod {pod} {POD_INTERFACE}"
    return difference.kind == "interface down" and str(difference.where) == where


def _without_address(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain the routes by host ends that the node lacks by the addresses that these lack.

    With a link's last IPv4 address go all of its routes (net/ipv4/fib_frontend.c,
    fib_inetaddr_event).
    """
    if requirement != _ROUTE or {d.kind for d in differences} != {routes.MISSING}:
        return None
    found: list[Difference] = []
    for difference in differences:
        device = str(difference.where).rpartition(" dev ")[2].split()[0]
        pods = [p for p in topology.pods if (end := topology.host_end(p)) and end.name == device]
        link = topology.node.interface(device)
        if not pods or link is None or any(a.version == Family.IPV4.value for a in link.addresses):
            return None
        if ":" in str(difference.where).removeprefix(f"{NODE} ").split()[0]:
            return None
        lacking = routing.node_addr(topology, network, pods[0])
        own = [d for d in lacking if d.kind == "missing address"]
        if not own:
            return None
        found += own
    return Cause(_ADDRESS, "a host end has lost its address", tuple(dict.fromkeys(found)))


def _unheld(
    requirement: str, differences: Sequence[Difference], topology: Topology, _: Network
) -> Cause | None:
    """Explain what a pod lacks by the addresses that the runtime has of it, and its eth0 has not.

    The routes of an IP version go with its last address; the result still has the address.
    """
    if requirement not in _OF_ADDRESSES:
        return None
    rest, found = list(differences), []
    for pod in topology.pods:
        unheld = comparison.unheld(topology, pod)
        own = [d for d in rest if _is_of(d, pod, unheld, topology)]
        rest = [d for d in rest if d not in own]
        if own:
            where = f"pod {pod} {POD_INTERFACE}"
            found += [Difference("addresses", where, str(a), "none of these") for a in unheld]
    if rest or not found:
        return None
    return Cause(_ADDR, "a pod's interface lacks its address", tuple(found))


def _is_of(difference: Difference, pod: str, unheld: Sequence[Address], topology: Topology) -> bool:
    """Return whether a pod's difference follows from addresses that its interface lacks."""
    where = str(difference.where)
    if difference.kind == "address in wrong namespace":
        return difference.seen == "no namespace" and where in map(str, unheld)
    if difference.kind == "FDB":
        return (
            difference.seen == "not learned" and where.endswith(f" of pod {pod}") and bool(unheld)
        )
    if where == f"result of pod {pod}, addresses":
        expected, seen = (set(t.split(", ")) for t in (difference.expected, difference.seen))
        missing = seen - expected
        return expected - {"none"} <= seen and {ip_interface(m).ip for m in missing} <= set(unheld)
    begins = (f"pod {pod} ", f"result of pod {pod}, route ")
    if difference.kind not in (routes.MISSING, "result") or not where.startswith(begins):
        return False
    destination = where.removeprefix(begins[0]).removeprefix(begins[1]).split()[0]
    own = topology.of_pod(pod).interface(POD_INTERFACE)
    held = {a.version for a in own.addresses if not a.is_link_local} if own else set()
    lost = {a.version for a in unheld} - held
    return "/" in destination and ip_interface(destination).version in lost


def _unrouted(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain routes of a result that a pod lacks by the configured routes that it lacks."""
    if requirement != "TOPO-RESULT":
        return None
    missing = {
        f"result of pod {pod}, route {str(d.where).removeprefix(f'pod {pod} ').split()[0]}": d
        for pod in topology.pods
        for d in routing.route(topology, network, pod)
        if d.kind == routes.MISSING
    }
    named = [str(d.where).partition(" via ")[0] for d in differences]
    if any(d.seen != "absent" for d in differences) or not set(named) <= set(missing):
        return None
    return Cause("TOPO-ROUTE", "a pod lacks a route", tuple(missing[name] for name in named))


def _misnamed(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain MAC addresses of a result that are of no interface, by what the result names."""
    if requirement != "TOPO-MAC" or {d.kind for d in differences} != {"MAC in result"}:
        return None
    found = [
        difference
        for pod in topology.pods
        for difference in result.differences(topology, network, pod)
        if "interface" in str(difference.where) or "host end" in str(difference.where)
    ]
    named = [d for d in differences if d.seen == "no such interface"]
    outside = [d for d in differences if str(d.where) == f"{NODE} {POD_INTERFACE}"]
    if not found or len(named) + len(outside) < len(differences):
        return None
    return Cause("TOPO-RESULT", "the result names another interface", tuple(found))


def _without_port(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Explain ports that the bridge lacks, and MAC addresses that it did not learn."""
    if requirement == "TOPO-BRIDGE-MEMBERS":
        kinds, alike = _DETACHED, {("missing port", "not a port")}
    elif requirement == "TOPO-FDB":
        kinds, alike = _UNLEARNED, {("FDB", "not learned")}
    else:
        return None
    if not {(d.kind, d.seen) for d in differences} <= alike:
        return None
    found: list[Difference] = []
    for difference in differences:
        own = _of_port(difference, topology, network, kinds)
        if not own:
            return None
        found += own
    return Cause(_PORT, "a host end is no port that learns", tuple(dict.fromkeys(found)))


def _of_port(
    difference: Difference, topology: Topology, network: Network, kinds: Iterable[str]
) -> list[Difference]:
    """List the differences of the port that a difference names, by its pod or its host end."""
    for pod in topology.pods:
        end = topology.host_end(pod)
        named = end is not None and difference.expected.split()[0] == end.name
        if named or str(difference.where).endswith(f" of pod {pod}"):
            return [d for d in bridge.bridge_port(topology, network, pod) if d.kind in kinds]
    return []
