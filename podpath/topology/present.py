"""How the pods are wired that were on the node before podpath came, whoever made them. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from podpath.cni.network import Network
from podpath.model import Topology
from podpath.topology.comparison import Differences
from podpath.topology.wiring import Wiring

#: Requirements that hold for any pod: its network namespace, veth pair, port, MTU and routes.
CHECKS = (
    *("TOPO-NETNS-IP", "TOPO-VETH-PEER", "TOPO-LOWER-LINK", "TOPO-BRIDGE-PORT"),
    *("TOPO-HOST-END", "TOPO-MTU", "TOPO-ROUTE"),
)
#: A program in a pod may add these itself, or a second network.
_BY_OTHERS = frozenset({"unexpected route"})


@dataclass(frozen=True, slots=True)
class Findings:
    """Differences of pods from what the network requires.

    Attributes:
        failed: differences of pods that the plugin wired with the present conflist.
        doubtful: differences of pods that are older than the conflist. Another conflist may have
            wired them.
    """

    failed: Differences
    doubtful: Differences


def look(
    topology: Topology, network: Network, requirement: str, older: Collection[str] = ()
) -> Findings:
    """Check one requirement on all pods of a node.

    Args:
        topology: the node and its pods, those of others included.
        network: the network that the conflist describes.
        requirement: one of CHECKS.
        older: names of the pods that were created before the conflist was written.
    """
    everyone = replace(topology, pods={**topology.pods, **topology.foreign_pods}, foreign_pods={})
    wiring = Wiring(everyone, network)
    findings = Findings([], [])
    for pod in everyone.pods:
        differences = [
            difference
            for difference in wiring.differences(requirement, pod)
            if pod in topology.pods or difference.kind not in _BY_OTHERS
        ]
        (findings.doubtful if pod in older else findings.failed).extend(differences)
    return findings
