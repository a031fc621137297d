"""Differences of the wiring that last, on a node on which pods of others come and go."""

import operator
from collections.abc import Callable, Iterable

from podpath.model import Difference
from podpath.nodes.base import Node
from podpath.system import limits, waiting


def lasting(
    node: Node, differences: Iterable[Difference], look: Callable[[], Iterable[Difference]]
) -> list[Difference]:
    """Return the differences that each look at the wiring shows, for as long as a pod may change.

    While a pod of others gets its network, or loses it, the node has a port or a route of no pod
    that the runtime lists. On a node of podpath's own, nothing of that kind comes or goes: the
    first look is enough.

    Args:
        node: The node.
        differences: The differences of the first look.
        look: Reads the wiring as it is now, and returns its differences.
    """
    left = list(differences)
    if not left or not node.shared:
        return left

    def still() -> list[Difference]:
        seen = list(look())
        left[:] = [difference for difference in left if difference in seen]
        return left

    return waiting.until(still, operator.not_, limits.current().pods_gone)
