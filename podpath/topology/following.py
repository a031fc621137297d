"""Differences of one requirement of TOPO that follow from another one's. Pure.

Only what the kernel's own rules make certain counts: a bridge learns nothing on an interface that
is none of its ports. A test with any further difference stays a finding of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from podpath.cni.network import Network
from podpath.model import POD_INTERFACE, Difference, Topology
from podpath.topology import bridge, interfaces

_PEER, _PORT = "TOPO-VETH-PEER", "TOPO-BRIDGE-PORT"
#: Requirements on host ends, which a pod without one cannot meet.
_ON_HOST_ENDS = frozenset({_PORT, "TOPO-FDB", "TOPO-NODE-ADDR"})
#: Differences of TOPO-BRIDGE-PORT: the host end is not on the bridge; the bridge learns nothing.
_DETACHED = frozenset({"master", "bridge port"})
_UNLEARNED = _DETACHED | {"learning", "interface down"}


@dataclass(frozen=True, slots=True)
class Cause:
    """The violation that a failure follows from.

    Attributes:
        requirement: id of the violated requirement.
        consequence: reason why other tests count as not run.
        differences: differences of the violated requirement.
    """

    requirement: str
    consequence: str
    differences: tuple[Difference, ...]


def cause(
    requirement: str, differences: Sequence[Difference], topology: Topology, network: Network
) -> Cause | None:
    """Return the violation that explains all differences of a requirement of TOPO, or None.

    Args:
        requirement: id of the requirement whose test failed.
        differences: differences that its test found.
        topology: the node and its pods.
        network: the configuration, and how its plugin wires pods.
    """
    if not differences:
        return None
    for rule in (_without_peer, _without_port):
        found = rule(requirement, differences, topology, network)
        if found and found.requirement not in network.not_applicable:
            return found
    return None


def _without_peer(
    requirement: str, differences: Sequence[Difference], topology: Topology, _: Network
) -> Cause | None:
    """Explain that pods have no host end, by their veth's peer."""
    lacking = {
        f"pod {pod} {POD_INTERFACE}": pod for pod in topology.pods if topology.host_end(pod) is None
    }
    if requirement not in _ON_HOST_ENDS or not all(
        d.kind == "peer" and d.where in lacking for d in differences
    ):
        return None
    pods = (lacking[str(d.where)] for d in differences)
    found = [peer for pod in dict.fromkeys(pods) for peer in interfaces.veth_peer(topology, pod)]
    return Cause(_PEER, "a pod has no host end", tuple(found)) if found else None


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
