"""What the deletion of any pod leaves on a node, or takes from it: LIFE-DELETE tells of it."""

from collections.abc import Iterable

from podpath.cni.network import Network
from podpath.lifecycle import growth
from podpath.model import Difference, shape
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment

REQUIREMENT = "LIFE-DELETE"
CONSEQUENCE = "the deletion of any pod has these differences"
#: Requirements whose tests delete pods, too.
DELETING = frozenset({"LIFE-CHURN", "LIFE-PARALLEL", "LIFE-PORTMAP"})


def differences(node: Node, pods: Deployment, network: Network) -> list[Difference]:
    """Create a pod, delete it, and return what the node has gained or lost.

    Raises:
        CouldNotTest: pods that podpath did not create came or went, or the node cannot be read.
        DoesNotConform: the plugin failed.
    """
    before = growth.settled(node, network)
    with pods.temporary("transient"):
        pass
    return growth.growth(node, network, before).differences


def is_alike(found: Iterable[Difference], of_any: Iterable[Difference]) -> bool:
    """Return whether the deletion of any pod has all these differences, but for names. Pure."""
    return set(map(shape, found)) <= set(map(shape, of_any))
