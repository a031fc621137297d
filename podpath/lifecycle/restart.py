"""Restart the container runtime while pods run."""

from contextlib import ExitStack, suppress

from podpath.cni.features import FEATURES
from podpath.cni.network import Network
from podpath.errors import DoesNotConform, Unmet
from podpath.lifecycle import bystanders
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.deployment import CLIENT, HTTP_MAPPED, MAPPED, SERVER, UDP_MAPPED, Deployment
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.nodes.hung import HungCalls
from podpath.nodes.inventory import Inventory
from podpath.paths import reached
from podpath.paths.reached import Mapped
from podpath.topology import whole

#: Kinds of things on a node that pods have; a runtime that starts makes and ends processes.
_OF_PODS = frozenset(
    {
        *("interfaces", "bridge ports", "routing", "neighbours", "rules"),
        *("namespaces", "leases", "cached results"),
    }
)


def restarted(node: EmbeddedNode, network: Network, hung: HungCalls) -> list[Difference]:
    """List what a restart of the runtime changes for the pods that run, and for a new one.

    Args:
        node: the node.
        network: the configuration, and how its plugin wires pods.
        hung: the calls of plugins that hung in this run so far.

    Raises:
        Unmet: the plugin failed for a pod before the restart.
        DoesNotConform: the plugin failed for a pod that is created, or deleted, afterwards.
        CouldNotTest: the runtime does not come back.
    """
    pods = Deployment(node, hung)
    with pods.temporary(CLIENT, SERVER), ExitStack() as stack:
        with pods.temporary("earlier"):
            pass  # what fails without a restart is not the restart's doing
        _map_ports(pods, network, stack)
        before, held = whole.snapshot(node, network, pods), inventory.read(node, network)
        served = _served(node, pods)
        node.restart_runtime(network.conflist)
        differences = bystanders.changes(before.topology, whole.read(node, pods), network)
        now = inventory.read(node, network)
        differences += [d for d in now.since(held) if d.where in _OF_PODS]
        try:
            with pods.temporary("later"):
                wiring = whole.wired(node, network, pods)
                differences += whole.unlike(wiring, before.differences, network)
                differences += reached.lost(served, _served(node, pods, served), "the restart")
        except Unmet as error:
            raise DoesNotConform(error.message, error.output) from None
        return differences + _taken(inventory.read(node, network), now)


def _map_ports(pods: Deployment, network: Network, stack: ExitStack) -> None:
    """Create a pod with mapped ports, if the conflist maps ports.

    There is none where the network has no address left for another pod beside it.
    """
    if not FEATURES["portmap"].detect(network.conflist):
        return
    with suppress(Unmet), ExitStack() as own:
        own.enter_context(pods.temporary(MAPPED))
        with pods.temporary("earlier"):
            stack.enter_context(own.pop_all())


def _served(
    node: EmbeddedNode, pods: Deployment, wanted: frozenset[str] = frozenset()
) -> frozenset[str]:
    """Return who reaches the mapped ports of the pod that has some; see reached()."""
    mapped = next((pod.network for pod in pods if pod.name == MAPPED), None)
    if mapped is None:
        return frozenset()
    namespace, ports = node.named_namespaces()[mapped.netns], (HTTP_MAPPED, UDP_MAPPED)
    return reached.reached(node, Mapped(namespace, mapped.addresses, ports), wanted)


def _taken(now: Inventory, before: Inventory) -> list[Difference]:
    """List the rules that the first pod after the restart took from other pods. Pure."""
    return [d for d in now.since(before) if (d.kind, d.where) == ("lost", "rules")]
