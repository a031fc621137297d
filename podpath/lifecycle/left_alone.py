"""Pods that are left alone: what changes of their wiring changes by itself."""

import re
from collections.abc import Iterable

from podpath.cni.network import Network
from podpath.lifecycle.persistence import Persistence
from podpath.model import Difference, shape
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.nodes.hung import HungCalls
from podpath.nodes.kind import Setup
from podpath.topology import whole

_NAMES = ("alone-1", "alone-2")
_POD = re.compile(r"\bpod \S+")


def changes(node: Node, network: Network, pods: Deployment) -> list[Difference]:
    """Create two pods, create and delete no other, and list what changes meanwhile.

    Args:
        node: the node.
        network: the configuration, and how its plugin wires pods.
        pods: the pods that stay.

    Raises:
        CouldNotTest: the wiring cannot be read.
        DoesNotConform: the plugin failed.
        OSError: the kernel does not answer.
    """
    alone = Deployment(node, pods.hung)
    with pods.around(), alone.temporary(*_NAMES):
        watched = Persistence(node, network, alone, whole.read(node, alone))
        try:
            return watched.await_changes()
        finally:
            watched.close()


def on_fresh_node(setup: Setup, hung: HungCalls) -> list[Difference]:
    """Do the same on a node that never had a pod.

    Args:
        setup: what the run's nodes are.
        hung: the calls of plugins that hung in this run so far.

    Raises:
        CouldNotTest: there can be no such node, or its wiring cannot be read.
        DoesNotConform: the plugin failed.
        OSError: the kernel does not answer.
    """
    with setup.kind.start_fresh(setup) as fresh:
        return changes(fresh, setup.network, Deployment(fresh, hung))


def alike(found: Iterable[Difference], alone: Iterable[Difference]) -> list[Difference]:
    """Return those of the changes that pods which are left alone have, too. Pure."""
    known = set(map(_likeness, alone))
    return [change for change in found if _likeness(change) in known]


def _likeness(difference: Difference) -> tuple[str, ...]:
    return tuple(_POD.sub("pod", text) for text in shape(difference))
