"""Attribute the differences between two inventories of a node to the pods that caused them. Pure.

On a node of a cluster, pods that podpath did not create come and go at any time. Their things are
no evidence against the plugin; the things of podpath's own pods are. A thing that names no pod is
evidence only while no other pod changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from podpath.model import Difference
from podpath.nodes import ruleset
from podpath.nodes.belongings import Belongings, Neighbours, Owners

#: Kinds of things that a pod keeps for as long as it runs.
_KEPT = frozenset({"interfaces", "bridge ports", "namespaces", "leases", "cached results"})


@dataclass(frozen=True, slots=True)
class Attributed:
    """Differences, sorted by their owners.

    Attributes:
        ours: evidence against the plugin.
        foreign: caused by pods that podpath did not create, or by the cluster's proxy.
        unknown: caused by nobody in particular.
    """

    ours: tuple[Difference, ...] = ()
    foreign: tuple[Difference, ...] = ()
    unknown: tuple[Difference, ...] = ()


def attribute(
    differences: Iterable[Difference],
    owners: Owners,
    before: Neighbours,
    now: Neighbours,
    network: str,
) -> Attributed:
    """Sort differences by their owners.

    Args:
        differences: differences between two inventories of a shared node.
        owners: all pods that the node had in the meantime.
        before: pods that podpath did not create, at the first inventory.
        now: the same at the second one.
        network: name of the pods' CNI network.
    """
    sorts: dict[str, list[Difference]] = {"ours": [], "foreign": [], "unknown": []}
    for difference in differences:
        sorts[_sort(difference, owners, before, now, network)].append(difference)
    return Attributed(**{name: tuple(some) for name, some in sorts.items()})


def _sort(
    difference: Difference, owners: Owners, before: Neighbours, now: Neighbours, network: str
) -> str:
    lost = difference.kind == "lost"
    text = difference.expected if lost else difference.seen
    if any(pod.named_in(text, network) for pod in owners.ours):
        return "ours"
    for sandbox, pod in owners.foreign.items():
        if pod.named_in(text, network):
            stays = sandbox in before.live and sandbox in now.live
            if not stays:
                return "foreign"
            # a pod that neither came nor went explains no change
            return "ours" if lost and difference.where in _KEPT else "unknown"
    if difference.where == "rules" and ruleset.of_proxy(text):
        return "foreign"
    return _sort_by_address(text, owners, before, now)


def _sort_by_address(text: str, owners: Owners, before: Neighbours, now: Neighbours) -> str:
    """Sort a thing that names an address at most: the address may have had several owners."""
    ours = _any_addressed(text, owners.ours)
    foreign = {s for s, pod in owners.foreign.items() if pod.addressed_in(text)}
    moved = foreign - (before.live & now.live)
    if ours and not foreign:
        return "ours"
    return "foreign" if moved and not ours else "unknown"


def _any_addressed(text: str, pods: Iterable[Belongings]) -> bool:
    return any(pod.addressed_in(text) for pod in pods)
