"""Packets to pods that the node has no route to: it sends them elsewhere, or nowhere. Pure.

They must have come as far as the node, and be seen nowhere else but there. A failure with any other
difference stays a finding of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network

from podpath.cni.network import Network
from podpath.model import (
    BEYOND,
    NODE,
    Address,
    Difference,
    Direction,
    Path,
    Place,
    Subnet,
    Topology,
)
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING, UNEXPECTED
from podpath.topology import following, routes, routing
from podpath.topology.following import Cause

_ROUTE, _GATEWAY = "TOPO-NODE-ROUTE", "TOPO-BRIDGE-GATEWAY"


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
    everything = (*differences, *judgement.differences)
    if not all(d.kind == MISSING or _is_sent_on(d) for d in everything):
        return None
    absent = {
        ip_network(str(d.where).removeprefix(f"{NODE} ").split()[0]): d
        for d in routing.node_route(topology, network)
        if d.kind == routes.MISSING
    }
    without_gateway = None
    if network.is_bridged:  # whose pods' subnet has a route because of the gateway's address
        without_gateway = following.cause(_ROUTE, list(absent.values()), topology, network)
        if without_gateway is None or without_gateway.requirement != _GATEWAY:
            return None
    found = _explained(judgement, absent, topology, to_gateway=without_gateway is not None)
    if not found:
        return None
    return without_gateway or Cause(_ROUTE, "the node has no route to a pod", found)


def _is_sent_on(difference: Difference) -> bool:
    """Return whether a packet was seen where the node sent it, or beyond."""
    where = difference.where
    return (
        difference.kind == UNEXPECTED
        and isinstance(where, Place)
        and (where.namespace == BEYOND or where[::2] == (NODE, Direction.OUT))
    )


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
            own = _lacking(absent, topology.pods[end].addresses)
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
    return all(seen[:inward]) and not any(seen[inward:])


def _ends(path: Path) -> tuple[str, str]:
    return path.hops[0].namespace, path.hops[-1].namespace
