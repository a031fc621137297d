"""Explain packets that a bridge did not forward by the state of its ports. Pure.

While it is promiscuous, a bridge does not drop a packet that it does not forward: it hands it to
itself, and sends it nowhere. So the kernel reports no reason (net/bridge/br_forward.c,
should_deliver), or one that tells nothing of the ports.
"""

from collections.abc import Iterable, Iterator

from podpath.model import NODE, Cause, Interface, Loss, Path, Place, Sighting, Topology
from podpath.paths import why
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING

_FORWARDING = "forwarding"
_SHORTEST = 3  # hops on the node: a port, the bridge, another port
_OF_BRIDGES = "br_"  # beginning of the names of the kernel's functions


def with_ports(
    judgement: Judgement, topology: Topology, bridge: str, explained: Iterable[Loss]
) -> tuple[Loss, ...]:
    """Return losses with those that the state of a bridge's ports explains.

    Args:
        judgement: The sightings, compared with the expected paths.
        topology: The node when the traffic was over.
        bridge: Name of the bridge; empty without one.
        explained: Losses, with the kernel's reasons; those of the bridge that name none give way.
    """
    known = [loss for loss in explained if not _is_vague(loss)]
    found = losses(judgement, topology, bridge, known)
    told = {loss.path for loss in found}
    return *(loss for loss in explained if loss.path not in told), *found


def _is_vague(loss: Loss) -> bool:
    return all(
        cause.reason in why.UNSPECIFIC
        and cause.location.startswith(_OF_BRIDGES)
        and not cause.rules
        for cause in loss.causes
    )


def losses(
    judgement: Judgement, topology: Topology, bridge: str, explained: Iterable[Loss]
) -> list[Loss]:
    """List why packets got no further than the bridge.

    Args:
        judgement: The sightings, compared with the expected paths.
        topology: The node when the traffic was over.
        bridge: Name of the bridge; empty without one.
        explained: Losses that the kernel's reasons explain.
    """
    known = {loss.path for loss in explained}
    found: list[Loss] = []
    unanswered: set[tuple[str, str]] = set()
    ends = topology.host_ends()
    for path in judgement.paths:
        source, destination = path.hops[0].namespace, path.hops[-1].namespace
        packet, number, seen = _lost(path, judgement)
        if not number or (destination, source) in unanswered:
            continue
        unanswered.add((source, destination))  # what was not asked is not answered
        on_node = [hop.interface for hop in path.hops if hop.namespace == NODE]
        if path.name in known or len(on_node) < _SHORTEST or bridge not in on_node:
            continue
        if not {on_node[0], on_node[-1]} <= ends:  # it leaves the node, which routes it
            continue
        if causes := tuple(_causes(path, topology, bridge, {s.place for s in seen})):
            after = max(seen, key=lambda s: s.time).place if seen else None
            found.append(Loss(packet, number, path.name, after, NODE, causes))
    return found


def _lost(path: Path, judgement: Judgement) -> tuple[str, int, list[Sighting]]:
    """Return the first packet of a path that no bridge sent on, their number, and sightings."""
    of_path = [c for c in judgement.crossings if c.path == path]
    if not of_path:
        unsent = any(
            d.kind == MISSING and d.where == path.hops[0].place for d in judgement.differences
        )
        return "the packets, and the requests for a MAC address", int(unsent), []
    lost = [c for c in of_path if not any(c.at_hops[-2:])]
    seen = [s for c in lost for hop in c.at_hops for s in hop]
    return lost[0].packet if lost else "", len(lost), seen


def _causes(path: Path, topology: Topology, bridge: str, seen: set[Place]) -> Iterator[Cause]:
    """Yield the states of the two ports that keep the bridge from forwarding."""
    on_node = [hop for hop in path.hops if hop.namespace == NODE]
    first, last = (topology.node.interface(on_node[n].interface) for n in (0, -1))
    reached = any(hop.place in seen for hop in on_node if hop.interface == bridge)
    master = topology.node.interface(bridge)
    if first is None or last is None or master is None:
        return
    for end in (last,) if reached else (first, last):
        if state := _state(end, master):
            yield Cause("", "", end.name, (state,))
    if first.port and last.port and first.port.isolated and last.port.isolated:
        both = f"the ports {first.name} and {last.name} of {bridge} are both isolated"
        yield Cause("", "", last.name, (both,))


def _state(end: Interface, bridge: Interface) -> str:
    """Say why a bridge forwards nothing to or from a host end; empty if it does."""
    if end.master != bridge.index or end.port is None:
        return f"{end.name} is no port of {bridge.name}"
    if not end.up:
        return f"the port {end.name} of {bridge.name} is down"
    if end.port.state != _FORWARDING:
        return f"the port {end.name} of {bridge.name} is {end.port.state}"
    return ""
