"""Packets to pods that the node has no route to: it sends them elsewhere, or nowhere. Pure.

They must have come as far as the node, and be seen nowhere else but there. A failure with any other
difference stays a finding of its own.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from ipaddress import ip_network

from podpath.cni.network import Network
from podpath.model import (
    BEYOND,
    NODE,
    POD_INTERFACE,
    Address,
    Difference,
    Direction,
    Family,
    Path,
    Place,
    Subnet,
    Topology,
)
from podpath.nodes.deployment import CLIENT, SERVER
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import DUPLICATE, MISSING, OPTIONS, UNEXPECTED
from podpath.topology import following, routes, routing
from podpath.topology.cause import Cause

#: Differences of a packet that its sender repeats, as it has no answer.
_REPEATED = frozenset({DUPLICATE, OPTIONS})
#: Requirements on packets between the client and the server, which others rely on.
BETWEEN_PODS = frozenset({"PATH-ICMP", "PATH-HTTP", "PATH-UDP"})
_WHY = "the node has no route to a pod"
_ROUTE, _GATEWAY = "TOPO-NODE-ROUTE", "TOPO-BRIDGE-GATEWAY"


def of_pods(topology: Topology, network: Network) -> Cause | None:
    """Return the violation that keeps the client and the server from reaching each other, or None.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
    """
    return None if network.is_bridged else to_pods(topology, network, (CLIENT, SERVER), None)


def to_pods(
    topology: Topology, network: Network, pods: Iterable[str], family: Family | None
) -> Cause | None:
    """Return the violation that keeps the node from sending packets to any of the pods, or None.

    Args:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
        pods: Names of the pods.
        family: IP version of the packets; None for all.
    """
    addresses = [
        address
        for pod in pods
        if pod in topology.pods
        for address in topology.pods[pod].addresses
        if family is None or address.version == family.value
    ]
    lacking = [
        difference
        for subnet, difference in _absent(topology, network).items()
        if any(address in subnet for address in addresses)
    ]
    return _of_routes(lacking, topology, network) if lacking else None


def _of_routes(lacking: Sequence[Difference], topology: Topology, network: Network) -> Cause:
    """Return the violation that the node's missing routes are, or the one that they follow from."""
    return following.cause(_ROUTE, lacking, topology, network) or Cause(
        _ROUTE, _WHY, tuple(lacking)
    )


def cause(
    judgement: Judgement, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Return the violation that explains all differences of packets, or None.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
        topology: The node and its pods when the traffic was over.
        network: The configuration, and how its plugin wires pods.
    """
    if not all(d.kind == MISSING or d in judgement.differences for d in differences):
        return None
    of_packets = {d for crossing in judgement.crossings for d in crossing.differences}
    others = [d for d in judgement.differences if d not in of_packets]
    sent = [d.where for d in judgement.differences if _is_sent_on(d)]
    links = {where[:2] for where in sent if isinstance(where, Place)}
    lost, absent = _lost_gateways(topology, network), _absent(topology, network)
    strays = {d for d in others if not network.is_bridged and _is_stray(d, absent, topology)}
    others = [d for d in others if d not in strays]
    if not all(d.kind == MISSING or _is_beyond(d, links) or _answers(d, lost) for d in others):
        return None
    without_gateway = None
    if network.is_bridged:  # whose pods' subnet has a route because of the gateway's address
        without_gateway = following.cause(_ROUTE, list(absent.values()), topology, network)
        if without_gateway is None or without_gateway.requirement != _GATEWAY:
            return None
    found = _explained(judgement, absent, topology, to_gateway=without_gateway is not None)
    if not found:
        return None
    return without_gateway or _of_routes(found, topology, network)


def _lost_gateways(topology: Topology, network: Network) -> set[str]:
    """Return the gateways' addresses that host ends lack, and that the node has elsewhere.

    The node answers ARP for all of its addresses on each link (ip-sysctl, arp_ignore).
    """
    return {
        address.partition("/")[0]
        for pod in topology.pods
        for difference in routing.node_addr(topology, network, pod)
        if difference.kind == "missing address"
        for address in difference.expected.split(", ")
    }


def _answers(difference: Difference, addresses: Collection[str]) -> bool:
    """Return whether a packet is the node's answer to ARP for one of the addresses."""
    replies = tuple(f"ARP reply of {address} " for address in addresses)
    return difference.kind == UNEXPECTED and bool(replies) and difference.packet.startswith(replies)


def _absent(topology: Topology, network: Network) -> dict[Subnet, Difference]:
    """Return the networks of pods that the node lacks a route to, each with the difference."""
    return {
        ip_network(str(d.where).removeprefix(f"{NODE} ").split()[0]): d
        for d in routing.node_route(topology, network)
        if d.kind == routes.MISSING
    }


def _is_sent_on(difference: Difference) -> bool:
    """Return whether a packet was seen where the node sent it, or beyond."""
    where = difference.where
    return (
        difference.kind == UNEXPECTED
        and isinstance(where, Place)
        and (where.namespace == BEYOND or where[::2] == (NODE, Direction.OUT))
    )


def _is_beyond(difference: Difference, links: Collection[tuple[str, str]]) -> bool:
    """Return whether a packet was seen on the way to another network, or an error about it."""
    where = difference.where
    return _is_sent_on(difference) or (
        difference.kind == UNEXPECTED and isinstance(where, Place) and where[:2] in links
    )


def _is_stray(
    difference: Difference, absent: Mapping[Subnet, Difference], topology: Topology
) -> bool:
    """Return whether a packet of earlier traffic, which a pod repeats, is on its way to the node.

    A pod that gets no answer repeats its segments for seconds, as those of a handshake.
    """
    pods = {
        place
        for pod in topology.pods
        if (end := topology.host_end(pod))
        for place in (
            Place(pod, POD_INTERFACE, Direction.OUT),
            Place(NODE, end.name, Direction.IN),
        )
    }
    addresses = (address for pod in topology.pods.values() for address in pod.addresses)
    gone = tuple(f" to {address}" for address in addresses if _lacking(absent, [address]))
    is_on_its_way = difference.kind == UNEXPECTED and difference.where in pods
    return is_on_its_way and bool(gone) and difference.seen.endswith(gone)


def _explained(
    judgement: Judgement,
    absent: Mapping[Subnet, Difference],
    topology: Topology,
    *,
    to_gateway: bool,
) -> tuple[Difference, ...]:
    """Return the missing routes that explain each lost packet and unused path; none otherwise.

    A bridge passes packets between pods without a route.
    """
    found: dict[str, Difference] = {}
    for crossing in judgement.crossings:
        if not crossing.differences:
            continue
        own = _lacking(absent, [_destination(crossing)])
        bridged = to_gateway and NODE not in _ends(crossing.path)
        if own is None or bridged or not _ends_at_node(crossing):
            return ()
        found[crossing.path.name] = own
    taken = {crossing.path.name for crossing in judgement.crossings}
    paths = [path for path in judgement.paths if path.name not in taken]
    answers = {_ends(p)[::-1] for p in judgement.paths if p.name in found}
    for path in paths:
        origin, end = _ends(path)
        if origin == NODE and end in topology.pods:
            addresses = topology.pods[end].addresses
            own = _lacking(absent, addresses) or _sent_away(judgement, absent, addresses)
        else:
            own = next(iter(absent.values())) if end == NODE and to_gateway else None
        if own is not None:
            found[path.name] = own
            answers.add((end, origin))
    if any(path.name not in found and _ends(path) not in answers for path in paths):
        return ()
    return tuple(dict.fromkeys(found.values()))


def _lacking(
    absent: Mapping[Subnet, Difference], addresses: Iterable[Address | None]
) -> Difference | None:
    """Return the missing route to all of the addresses; None if one has a route."""
    lacking = [
        next((d for subnet, d in absent.items() if address and address in subnet), None)
        for address in addresses
    ]
    return lacking[0] if lacking and all(lacking) else None


def _sent_away(
    judgement: Judgement, absent: Mapping[Subnet, Difference], addresses: Iterable[Address]
) -> Difference | None:
    """Return the missing route to the address that a packet of no probe was seen to leave for."""
    sent = [d.seen for d in judgement.differences if _is_sent_on(d)]
    gone = [a for a in addresses if any(text.endswith(f" to {a}") for text in sent)]
    return _lacking(absent, gone)


def _destination(crossing: Crossing) -> Address | None:
    sightings = [*(s for hop in crossing.at_hops for s in hop), *crossing.elsewhere]
    return sightings[0].packet.destination


def _ends_at_node(crossing: Crossing) -> bool:
    """Return whether a packet was lost as the node routed it, or was sent on by another link."""
    entry = [(hop.namespace, hop.direction) == (NODE, Direction.IN) for hop in crossing.path.hops]
    inward = entry.index(True) + 1 if True in entry else 0
    if not inward and crossing.path.hops[0].namespace != NODE:
        return False
    seen = [bool(sightings) for sightings in crossing.at_hops]
    if not all(seen[:inward]) or any(seen[inward:]):
        return False
    before = {hop.place for hop in crossing.path.hops[:inward]}
    return all(
        d.kind == MISSING or _is_sent_on(d) or (d.kind in _REPEATED and d.where in before)
        for d in crossing.differences
    )


def _ends(path: Path) -> tuple[str, str]:
    return path.hops[0].namespace, path.hops[-1].namespace
