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
#: Requirement that tells of what appears on the node as pods come and go, in other words.
OTHERS = "LIFE-OTHERS"
_SAME = {"routes of the node": "routing", "rules of the node": "routing"}


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


def is_of_same_kind(found: Iterable[Difference], of_any: Iterable[Difference]) -> bool:
    """Return whether the deletion of any pod leaves what LIFE-OTHERS found on the node. Pure."""
    return {_kind(difference) for difference in found} <= {_kind(d) for d in of_any}


def _kind(difference: Difference) -> tuple[str, str]:
    where = str(difference.where)
    return difference.kind, _SAME.get(where, where)
