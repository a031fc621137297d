"""Attribute what pods take from a node to LIFE-OTHERS, if any deletion takes what others have.

Other programs' rules are made, and one more pod is created and deleted, so that this rests on what
was seen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, outcome, shared

if TYPE_CHECKING:
    from collections.abc import Sequence

    from podpath.cni.network import Network
    from podpath.model import Difference
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment

#: Requirements on what pods leave and take, on the node of the pods, and on that of the contract.
_OF_PODS = frozenset({"LIFE-DELETE", "LIFE-CHURN", "LIFE-PARALLEL"})
_OF_CONTAINERS = frozenset({"LIFE-REBOOT"})
_NEEDED = ("node", "pods", "network")
_TAKEN = ("LIFE-OTHERS", "the deletion of any pod takes what other programs have")
#: What a pod's deletion took from others in this process, on either node.
_lost = pytest.StashKey["Sequence[Difference]"]()
_lost_on_own_node = pytest.StashKey["Sequence[Difference]"]()


def taken(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-OTHERS, if pods take from others all that a test missed."""
    fixtures, ids = judged.fixtures(item), shared.ids_of(item)
    if not _OF_PODS.issuperset(ids) or not fixtures.keys() >= {*_NEEDED}:
        return None
    node, pods, network = (fixtures[name] for name in _NEEDED)
    return _violation(item, error, _lost, node, pods, network)


def taken_by_container(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the same for a test of containers, by a pod on the node without pods."""
    used = judged.without_pods(item)
    if used is None or not _OF_CONTAINERS.issuperset(shared.ids_of(item)):
        return None
    node, pods, network = used
    return _violation(item, error, _lost_on_own_node, node, pods, network)


def _violation(
    item: pytest.Item,
    error: Exception,
    key: pytest.StashKey[Sequence[Difference]],
    node: Node,
    pods: Deployment,
    network: Network,
) -> Exception | None:
    """Return the violation, if a failed test found nothing but things lost as others' are."""
    found = outcome.compared(item.config)
    if not isinstance(error, AssertionError) or {d.kind for d in found} != {"lost"}:
        return None
    if node.shared or not judged.is_judged(item, _TAKEN[0]):
        return None
    lost = judged.once(item, key, partial(_seen, node, pods, network))
    if not {d.where for d in found} <= {d.where for d in lost}:
        return None
    return judged.unmet(_TAKEN, lost)


def _seen(node: Node, pods: Deployment, network: Network) -> Sequence[Difference]:
    """Return what a pod's deletion takes from others, if they can have rules."""
    from podpath.lifecycle import strangers

    return strangers.lost(node, network, pods) if strangers.can_have_rules(node, pods) else []
