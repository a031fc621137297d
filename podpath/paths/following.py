"""Packets that were lost because of a violation of TOPO on the very link that lost them. Pure.

The kernel's reason must be that of the violation, and each lost packet must have one. A failure
with any other difference stays a finding of its own: a second fault is never hidden.
"""

from collections.abc import Sequence

from podpath.cni.network import Network
from podpath.model import Difference, Loss, Topology
from podpath.paths import ending, flooding, hooked, proxied, too_large, without_route
from podpath.paths.judgement import Judgement
from podpath.paths.kinds import MISSING
from podpath.topology import bridge
from podpath.topology.cause import Cause

_PORT, _FDB = "TOPO-BRIDGE-PORT", "TOPO-FDB"
#: Differences of TOPO-BRIDGE-PORT with which a port forwards nothing.
_NO_FORWARDING = frozenset({"master", "bridge port", "interface down", "port state", "isolation"})
#: Differences that repeat that a host end is no port, before those of packets.
_NOT_BRIDGED = frozenset({"not bridged", "FDB"})


def cause(
    judgement: Judgement,
    differences: Sequence[Difference],
    losses: Sequence[Loss],
    said: Sequence[str],
    topology: Topology,
    network: Network,
) -> Cause | None:
    """Return the violation of TOPO that explains all differences of packets, or None.

    Args:
        judgement: The sightings, compared with the expected paths.
        differences: The differences that the test failed with.
        losses: Why packets were lost, as far as the kernel reported it.
        said: What the programs that sent the traffic printed.
        topology: The node and its pods when the traffic was over.
        network: The configuration, and how its plugin wires pods.
    """
    of_packets = [d for crossing in judgement.crossings for d in crossing.differences]
    kinds = {d.kind for d in (*differences, *judgement.differences, *of_packets)}
    bridged = _configured(differences) or flooding.cause(judgement, differences, topology, network)
    if bridged is not None and bridged.requirement not in network.not_applicable:
        return bridged
    if MISSING not in kinds:
        return None
    routeless = without_route.cause(judgement, differences, topology, network)
    if routeless is not None and routeless.requirement not in network.not_applicable:
        return routeless
    if proxied.REQUIREMENT not in network.not_applicable and network.is_bridged:
        answered = proxied.cause(judgement, differences, topology, network)
        if answered is not None:
            return answered
    if too_large.REQUIREMENT not in network.not_applicable:
        found = too_large.cause(judgement, differences, losses, said, topology, network)
        if found is not None:
            return found
    rules = (
        (_PORT, _NOT_BRIDGED | {MISSING}, _no_port),
        (hooked.REQUIREMENT, hooked.KINDS, hooked.cause),
    )
    explained = (
        rule(judgement, losses, topology, network)
        for requirement, alike, rule in rules
        if losses and kinds <= alike and requirement not in network.not_applicable
    )
    return next(filter(None, explained), None)


def _configured(differences: Sequence[Difference]) -> Cause | None:
    """Explain that a bridge has not learned MAC addresses by itself, where nothing else differs."""
    if not differences or not all(
        d.kind == "FDB" and d.seen.startswith("configured on") for d in differences
    ):
        return None
    return Cause(_FDB, "a MAC address is configured in the bridge", tuple(differences))


def _no_port(
    judgement: Judgement, losses: Sequence[Loss], topology: Topology, network: Network
) -> Cause | None:
    """Explain packets that ended at a bridge, by the state of the port that forwards nothing."""
    named = {cause.interface for loss in losses for cause in loss.causes}
    if any(cause.reason or not cause.rules for loss in losses for cause in loss.causes):
        return None
    found = {
        end.name: tuple(own)
        for pod in topology.everybody
        if (end := topology.host_end(pod)) and (own := _of_port(topology, network, pod))
    }
    explained = {loss.path for loss in losses}
    if not named or not named <= found.keys() or not ending.explains_all(judgement, explained):
        return None
    differences = (d for name in sorted(named) for d in found[name])
    return Cause(_PORT, "a host end is no port that forwards", tuple(dict.fromkeys(differences)))


def _of_port(topology: Topology, network: Network, pod: str) -> list[Difference]:
    return [d for d in bridge.bridge_port(topology, network, pod) if d.kind in _NO_FORWARDING]
