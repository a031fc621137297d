"""Attribute what pods take from a node to LIFE-OTHERS, if any deletion takes what others have.

Other programs' rules are made, and one more pod is created and deleted, so that this rests on what
was seen.
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

#: Requirements on what pods leave and take, on the node of the pods, and on that of the contract.
_OF_PODS = frozenset({"LIFE-DELETE", "LIFE-CHURN", "LIFE-PARALLEL"})
_OF_CONTAINERS = frozenset({"LIFE-REBOOT"})
_NEEDED = ("node", "pods", "network")
_NEEDED_BY_CONTAINER = ("contract_node", "hung_calls", "network")
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
    fixtures, ids = judged.fixtures(item), shared.ids_of(item)
    if not _OF_CONTAINERS.issuperset(ids) or not fixtures.keys() >= {*_NEEDED_BY_CONTAINER}:
        return None
    from podpath.nodes.deployment import Deployment

    node, hung, network = (fixtures[name] for name in _NEEDED_BY_CONTAINER)
    return _violation(item, error, _lost_on_own_node, node, Deployment(node, hung), network)


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
    if key not in item.config.stash:
        item.config.stash[key] = _seen(node, pods, network)
    lost = item.config.stash[key]
    if not {d.where for d in found} <= {d.where for d in lost}:
        return None
    return judged.unmet(_TAKEN, lost)


def _seen(node: Node, pods: Deployment, network: Network) -> Sequence[Difference]:
    """Return what a pod's deletion takes from others; nothing if the node cannot be read."""
    from podpath.errors import CouldNotTest, DoesNotConform
    from podpath.lifecycle import strangers

    try:
        if strangers.can_have_rules(node, pods):
            return strangers.lost(node, network, pods)
    except (CouldNotTest, DoesNotConform, OSError):  # such a pod says nothing
        pass
    return []
