"""Restart the container runtime while pods run."""

from podpath.cni.network import Network
from podpath.errors import DoesNotConform, Unmet
from podpath.lifecycle import bystanders
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.deployment import CLIENT, SERVER, Deployment
from podpath.nodes.embedded.node import EmbeddedNode
from podpath.nodes.hung import HungCalls
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
    with pods.temporary(CLIENT, SERVER):
        with pods.temporary("earlier"):
            pass  # what fails without a restart is not the restart's doing
        before, held = whole.snapshot(node, network, pods), inventory.read(node, network)
        node.restart_runtime(network.conflist)
        differences = bystanders.changes(before.topology, whole.read(node, pods), network)
        now = inventory.read(node, network)
        differences += [d for d in now.since(held) if d.where in _OF_PODS]
        try:
            with pods.temporary("later"):
                wiring = whole.wired(node, network, pods)
                return differences + whole.unlike(wiring, before.differences, network)
        except Unmet as error:
            raise DoesNotConform(error.message, error.output) from None
