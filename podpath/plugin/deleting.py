"""Attribute what pods or containers leave to LIFE-DELETE, if the deletion of any pod leaves it.

One more pod is created and deleted, so that this rests on what was seen.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from podpath.plugin import judged, outcome, shared

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from podpath.cni.network import Network
    from podpath.model import Difference
    from podpath.nodes.base import Node
    from podpath.nodes.deployment import Deployment

#: What the deletion of a pod left in this process: on the node of the pods, on that of CNI-DEL, and
#: on one that never had a pod.
_left = pytest.StashKey["Sequence[Difference]"]()
_left_on_own_node = pytest.StashKey["Sequence[Difference]"]()
_left_on_fresh_node = pytest.StashKey["Sequence[Difference]"]()
#: How the runtime's second DEL of a pod failed on the node of CNI-DEL, or None.
_refused = pytest.StashKey["Exception | None"]()
_NEEDED = ("node", "created")
#: Setting of a link without which no packet is heard.
_LO = "lo flags"
#: Requirements on an address that another pod had, on calls of IPAM, and on a second DEL.
_REUSE, _DELEGATE, _AGAIN = "LIFE-REUSE", "CNI-DELEGATE", "CNI-DEL-IDEMPOTENT"
#: Requirements on what DEL of a container leaves that no pod has.
_CONTRACT = frozenset(
    {
        *("CNI-DEL", "CNI-DEL-GONE", "CNI-DEL-FAILED", "CNI-DEL-IDEMPOTENT"),
        *("CNI-PARALLEL", "CNI-ADD-EXHAUSTED", "LIFE-REBOOT"),
        _DELEGATE,
    }
)


def left(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-DELETE, if the deletion of any pod leaves what a test found."""
    from podpath.lifecycle import deletion

    ids, fixtures = shared.ids_of(item), judged.fixtures(item)
    if not fixtures.keys() >= {*_NEEDED}:
        return None
    if not deletion.DELETING.issuperset(ids) and ids not in ([deletion.OTHERS], [_REUSE]):
        return None
    node, pods = (fixtures[name] for name in _NEEDED)
    return _violation(item, error, _left, node, pods, shared.network(item.config))


def left_by_container(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the same, if DEL of a container leaves it: the pod is on the node without pods."""
    used = judged.without_pods(item)
    if used is None or not _CONTRACT.issuperset(shared.ids_of(item)):
        return None
    node, pods, network = used
    return _violation(item, error, _left_on_own_node, node, pods, network)


def deafened(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-DELETE, if the deletion of any pod sets the node's lo down.

    Then no sniffer gets ready, and the node does not reach its own mapped ports.
    """
    from podpath.errors import CouldNotTest
    from podpath.lifecycle import deletion

    ids, fixtures = shared.ids_of(item), judged.fixtures(item)
    if not judged.is_of_packets(item) or not fixtures.keys() >= {*_NEEDED}:
        return None
    if not (isinstance(error, CouldNotTest) or judged.MAPPED.issuperset(ids)):
        return None
    if not judged.is_judged(item, deletion.REQUIREMENT):
        return None
    node, pods = (fixtures[name] for name in _NEEDED)
    if not judged.is_lo_down(node):
        return None
    left = [d for d in _of_first(item, pods, shared.network(item.config)) if d.seen.startswith(_LO)]
    return judged.unmet((deletion.REQUIREMENT, judged.DEAF), left) if left else None


def refused_again(item: pytest.Item, error: Exception) -> Exception | None:
    """Return the violation of LIFE-DELETE, if the runtime's second DEL of any pod fails, too."""
    from podpath.lifecycle import deletion

    used, found = judged.without_pods(item), outcome.compared(item.config)
    if shared.ids_of(item) != [_AGAIN] or {d.kind for d in found} != {"failure"}:
        return None
    if not isinstance(error, AssertionError) or used is None:
        return None
    if not judged.is_judged(item, deletion.REQUIREMENT):
        return None
    if _refused not in item.config.stash:
        item.config.stash[_refused] = _refusal(*used)
    return item.config.stash[_refused]


def _refusal(node: Node, pods: Deployment, network: Network) -> Exception | None:
    """Return how the second DEL of a pod fails on the node without pods, or None."""
    from podpath.errors import CouldNotTest, DoesNotConform
    from podpath.lifecycle import deletion
    from podpath.nodes.cri import SECOND_DEL

    try:
        deletion.differences(node, pods, network)
    except DoesNotConform as error:
        return error if SECOND_DEL in error.message else None
    except CouldNotTest:  # such a pod says nothing
        pass
    return None


def _violation(
    item: pytest.Item,
    error: Exception,
    key: pytest.StashKey[Sequence[Difference]],
    node: Node,
    pods: Deployment,
    network: Network,
) -> Exception | None:
    """Return the violation of LIFE-DELETE, if a failed test found nothing but what a pod leaves."""
    from podpath.lifecycle import deletion

    found = outcome.compared(item.config)
    if not isinstance(error, AssertionError) or not found:
        return None
    if not judged.is_judged(item, deletion.REQUIREMENT):
        return None
    for of_any in _of_any(item, key, node, pods, network):
        if of_any and _explains(item, of_any, found, network):
            return judged.unmet((deletion.REQUIREMENT, deletion.CONSEQUENCE), of_any)
    return None


def _explains(
    item: pytest.Item,
    of_any: Sequence[Difference],
    found: Sequence[Difference],
    network: Network,
) -> bool:
    """Return whether what the deletion of any pod leaves explains all that a test found."""
    from podpath.lifecycle import deletion, strangers

    ids = shared.ids_of(item)
    if ids == [_REUSE]:
        return deletion.keeps_addresses(of_any, network.ipam.subnets(()))
    if ids == [_DELEGATE]:
        return deletion.is_kept_from_ipam(found, of_any)
    if ids == [deletion.OTHERS]:
        return not any(map(strangers.is_other, found)) and deletion.is_of_same_kind(found, of_any)
    return deletion.is_alike(found, of_any)


def _of_any(
    item: pytest.Item,
    key: pytest.StashKey[Sequence[Difference]],
    node: Node,
    pods: Deployment,
    network: Network,
) -> Iterator[Sequence[Difference]]:
    """Yield what the deletion of another pod leaves on a node, and on one that never had a pod.

    The latter has what any deletion leaves once.
    """
    from podpath.lifecycle import deletion

    yield judged.once(item, key, partial(deletion.differences, node, pods, network))
    if deletion.is_of_node(outcome.compared(item.config)):
        yield _of_first(item, pods, network)


def _of_first(item: pytest.Item, pods: Deployment, network: Network) -> Sequence[Difference]:
    """Return what the first deletion on a node leaves; nothing where there is no fresh node."""
    from podpath.lifecycle import deletion
    from podpath.requirements import Ability

    # another cluster would take longer than all else
    if not {Ability.FRESH, Ability.CALLS} <= set(shared.abilities(item.config)):
        return []
    fresh = partial(deletion.on_fresh_node, shared.plan(item.config), pods.hung, network)
    return judged.once(item, _left_on_fresh_node, fresh)
