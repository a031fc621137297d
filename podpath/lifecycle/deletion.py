"""What the deletion of any pod leaves on a node, or takes from it: LIFE-DELETE tells of it."""

import re
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
#: Places of LIFE-OTHERS: what is configured in a bridge; a setting of a link of the node.
_ENTRIES = "configured FDB entries of "
_LINK = re.compile(r"(?:node (?P<link>\S+)|lower link of pod \S+) (?P<setting>.+)")
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
    left = list(of_any)
    kinds = {_kind(difference) for difference in left}
    return all(_kind(one) in kinds or _is_of_link(one, left) for one in found)


def _kind(difference: Difference) -> tuple[str, str]:
    where = str(difference.where)
    if where.startswith(_ENTRIES):
        return "left behind", "FDB"
    return difference.kind, _SAME.get(where, where)


def _is_of_link(difference: Difference, left: Iterable[Difference]) -> bool:
    """Return whether a link of the node differs in what any deletion leaves of such a link."""
    place = _LINK.fullmatch(str(difference.where))
    if difference.kind != "changed" or place is None:
        return False
    settings = (d.seen.partition(":")[0].partition(" ") for d in left if d.where == "links")
    return any(
        setting == place["setting"] and place["link"] in (None, link)
        for link, _, setting in settings
    )
