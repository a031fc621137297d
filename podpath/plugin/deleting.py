"""Attribute what pods or containers leave to LIFE-DELETE, if the deletion of any pod leaves it.

One more pod is created and deleted, so that this rests on what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, outcome, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.cni.network import Network
    from podpath.model import Difference
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment

#: What the deletion of a pod left in this process, on the node of the pods, and on that of CNI-DEL.
_left = pytest.StashKey["Sequence[Difference]"]()
_left_on_own_node = pytest.StashKey["Sequence[Difference]"]()
_NEEDED = ("node", "pods", "network")
_NEEDED_BY_CONTAINER = ("contract_node", "hung_calls", "network")
#: Requirements on what DEL of a container leaves that no pod has.
_CONTRACT = frozenset(
    {
        *("CNI-DEL", "CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-DEL-IDEMPOTENT"),
        *("CNI-PARALLEL", "CNI-ADD-EXHAUSTED"),
    }
)


def left(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-DELETE, if the deletion of any pod leaves what a test found."""
    from podpath.lifecycle import deletion

    ids, fixtures = shared.ids_of(item), judged.fixtures(item)
    if not fixtures.keys() >= {*_NEEDED}:
        return None
    if not deletion.DELETING.issuperset(ids) and ids != [deletion.OTHERS]:
        return None
    node, pods, network = (fixtures[name] for name in _NEEDED)
    return _violation(item, error, _left, node, pods, network)


def left_by_container(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the same, if DEL of a container leaves it: the pod is on the node without pods."""
    fixtures = judged.fixtures(item)
    if not _CONTRACT.issuperset(shared.ids_of(item)):
        return None
    if not fixtures.keys() >= {*_NEEDED_BY_CONTAINER}:
        return None
    from podpath.nodes.deployment import Deployment

    node, hung, network = (fixtures[name] for name in _NEEDED_BY_CONTAINER)
    return _violation(item, error, _left_on_own_node, node, Deployment(node, hung), network)


def _violation(
    item: pytest.Item,
    error: Exception,
    key: pytest.StashKey[Sequence[Difference]],
    node: Node,
    pods: Deployment,
    network: Network,
) -> Exception | None:
    """Return the violation of LIFE-DELETE, if a failed test found nothing but what a pod leaves."""
    from podpath.errors import CouldNotTest, DoesNotConform
    from podpath.lifecycle import deletion

    stash, found = item.config.stash, outcome.compared(item.config)
    if not isinstance(error, AssertionError) or not found:
        return None
    if not judged.is_judged(item, deletion.REQUIREMENT):
        return None
    if key not in stash:
        try:
            stash[key] = deletion.differences(node, pods, network)
        except (CouldNotTest, DoesNotConform):  # another pod says nothing, and the failure stays
            stash[key] = []
    of_any, is_of_others = stash[key], shared.ids_of(item) == [deletion.OTHERS]
    is_alike = deletion.is_of_same_kind if is_of_others else deletion.is_alike
    if not of_any or not is_alike(found, of_any):
        return None
    return judged.unmet((deletion.REQUIREMENT, deletion.CONSEQUENCE), of_any)
