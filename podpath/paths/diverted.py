"""Explain packets that the node sent another way, and those for which a pod had no MAC address.

The kernel drops neither while they are watched: the first leave by another link, where they are
seen; the second wait for an answer to ARP or a neighbour solicitation. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from podpath.model import (
    BEYOND,
    NODE,
    Cause,
    Direction,
    Loss,
    Namespace,
    Path,
    Topology,
)
from podpath.paths.crossing import Crossing
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING

#: Namespace -> IP addresses whose MAC address it asked for in vain.
Unresolved = Mapping[str, Collection[str]]


def losses(
    judgement: Judgement, topology: Topology, unresolved: Unresolved, explained: Iterable[Loss]
) -> list[Loss]:
    """List why packets took another way on the node, or never left their pod.

    Args:
        judgement: The sightings, compared with the expected paths.
        topology: The node when the traffic was over.
        unresolved: Neighbours without a MAC address, when the traffic was over.
        explained: Losses that are explained already.
    """
    known = {loss.path for loss in explained}
    rest = [path for path in judgement.paths if path.name not in known]
    found = [loss for path in rest for loss in _sent_elsewhere(path, judgement, topology)]
    for path in rest:
        if all(c.path != path for c in judgement.crossings) and _is_missed(path, judgement):
            found += _unresolved(path, topology, unresolved)
    explained_now = {loss.path for loss in found}
    for path in rest:
        if path.name not in explained_now:
            found += _misaddressed(path, judgement, topology)
    return found


def _misaddressed(path: Path, judgement: Judgement, topology: Topology) -> Iterator[Loss]:
    """Explain packets that a pod sent to a MAC address of no interface; the first stands for all.

    Beyond the node are interfaces that podpath does not know.
    """
    source, target = path.hops[0], path.hops[-1].namespace
    if target == BEYOND or source.namespace not in topology.pods:
        return
    known = {i.mac for space in _spaces(topology) for i in space.interfaces}
    lost = []
    for crossing in judgement.crossings:
        if crossing.path == path and crossing.at_hops[0] and not crossing.at_hops[-1]:
            mac = crossing.at_hops[0][0].packet.mac_destination
            if mac and mac not in known and not _is_of_group(mac):
                lost.append((crossing, mac))
    if not lost:
        return
    crossing, mac = lost[0]
    text = f"they are for the MAC address {mac}, which no interface has"
    for entry in topology.of_pod(source.namespace).neighbours:
        if entry.mac == mac:
            text += f": pod {source.namespace} has it as permanent neighbour {entry.address}"
            break
    after = max((s for hop in crossing.at_hops for s in hop), key=lambda s: s.time).place
    cause = Cause("", "", source.interface, (text,))
    yield Loss(crossing.packet, len(lost), path.name, after, NODE, (cause,))


def _spaces(topology: Topology) -> Iterator[Namespace]:
    yield topology.node
    yield from topology.named.values()


def _is_of_group(mac: str) -> bool:
    """Return whether a MAC address is of a group: its first octet is odd."""
    return bool(int(mac[:2], 16) & 1)


def _sent_elsewhere(path: Path, judgement: Judgement, topology: Topology) -> Iterator[Loss]:
    """Explain a path's packets that the node routed by another link; the first stands for all."""
    lost = [
        (c, link)
        for c in judgement.crossings
        if c.path == path and not c.at_hops[-1] and (link := _way_out(c, topology))
    ]
    if not lost:
        return
    crossing, link = lost[0]
    seen = [s for hop in crossing.at_hops for s in hop]
    after = max(seen, key=lambda s: s.time).place if seen else None
    destination = (seen or crossing.elsewhere)[0].packet.destination
    route = topology.node.route_to(destination) if destination else None
    by_route = f", by its route {route}" if route and route.device == link else ""
    cause = Cause("", "", link, (f"the node sent it out by {link}{by_route}",))
    yield Loss(crossing.packet, len(lost), path.name, after, NODE, (cause,))


def _way_out(crossing: Crossing, topology: Topology) -> str:
    """Return the link of the node, off the path, that alone sent the packet; empty without one.

    A bridge sends packets by its ports, and not by a route.
    """
    on_path = {hop.interface for hop in crossing.path.hops if hop.namespace == NODE}
    links = {
        s.interface
        for s in crossing.elsewhere
        if s.namespace == NODE and s.direction == Direction.OUT and s.interface not in on_path
    }
    entered = any(
        seen and (hop.namespace, hop.direction) == (NODE, Direction.OUT)
        for hop, seen in zip(crossing.path.hops, crossing.at_hops, strict=True)
    )
    link = topology.node.interface(links.pop()) if len(links) == 1 and not entered else None
    return link.name if link and link.master is None else ""


def _is_missed(path: Path, judgement: Judgement) -> bool:
    """Return whether packets lacked at the path's origin, and were not just unasked answers."""
    origins = {d.where for d in judgement.differences if d.kind == MISSING}
    ends = path.hops[0].namespace, path.hops[-1].namespace
    asked = {
        (p.hops[0].namespace, p.hops[-1].namespace)
        for p in judgement.paths
        if any(c.path == p and c.at_hops[-1] for c in judgement.crossings)
    }
    first = judgement.paths[0] == path
    return path.hops[0].place in origins and (first or ends[::-1] in asked)


def _unresolved(path: Path, topology: Topology, unresolved: Unresolved) -> Iterator[Loss]:
    """Explain packets that wait for the MAC address of the pod that they are for."""
    source, target = path.hops[0], path.hops[-1].namespace
    pod = topology.pods.get(target)
    waited = unresolved.get(source.namespace, ())
    asked = [str(a) for a in (pod.addresses if pod else ()) if str(a) in waited]
    if len(asked) == 1:
        text = f"no answer to the requests for the MAC address of {asked[0]}"
        cause = Cause("", "", source.interface, (text,))
        yield Loss("the packets", 1, path.name, None, source.namespace, (cause,))
