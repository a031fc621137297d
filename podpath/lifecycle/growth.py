"""Find what pods leave behind on a node."""

from collections.abc import Callable

from podpath.cni.network import Network
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.inventory import Inventory
from podpath.system import limits, waiting
from podpath.topology import reading

#: Number of pods that come and go one after the other: more than ten, as some leaks show late.
MANY = 12


def growth(node: Node, network: Network, before: Inventory) -> list[Difference]:
    """List what the node has gained or lost since `before`, its FDB included.

    Waits for a while until the node has settled.
    """

    def look() -> list[Difference]:
        return inventory.read(node, network).since(before) + _stale_fdb(node, network)

    return waiting.until(look, lambda differences: not differences, limits.current().pods_gone)


def _stale_fdb(node: Node, network: Network) -> list[Difference]:
    """List the FDB entries of the bridge whose MAC address neither a pod nor the node has."""
    named = node.named_namespaces()
    topology = reading.read(node.network_namespace(), named, [])
    spaces = (topology.node, *topology.named.values())
    macs = {link.mac for space in spaces for link in space.interfaces}
    return [
        Difference("left behind", "FDB", "gone", f"{entry.mac} on {entry.port}")
        for entry in topology.node.fdb
        if entry.bridge == network.bridge and entry.mac not in macs
    ]


def settled(
    node: Node, network: Network, ready: Callable[[Inventory], bool] = lambda _: True
) -> Inventory:
    """Return the inventory once it is ready and stays the same; after a time limit, as it is.

    Programs run for a moment on the node of a cluster: kube-proxy's, or a plugin that the kubelet
    calls once more, as it may, after everything is gone.
    """

    def look() -> tuple[Inventory, Inventory]:
        return inventory.read(node, network), inventory.read(node, network)

    def still(seen: tuple[Inventory, Inventory]) -> bool:
        return seen[0] == seen[1] and ready(seen[1])

    return waiting.until(look, still, limits.current().pods_gone)[1]
