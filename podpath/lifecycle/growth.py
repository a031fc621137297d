"""What a node has more than before, once pods are gone."""

from collections.abc import Callable

from podpath.cni.conflist import Conflist
from podpath.model import Difference
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.inventory import Inventory
from podpath.system import limits, waiting
from podpath.topology import reading

#: Pods that come and go one after the other: more than ten, as leaks may take their time.
MANY = 12


def growth(node: Node, conflist: Conflist, before: Inventory) -> list[Difference]:
    """What the node has more, or fewer, than before, once that has settled; its FDB included."""

    def look() -> list[Difference]:
        return inventory.read(node, conflist).since(before) + _stale_fdb(node, conflist)

    return waiting.until(look, lambda found: not found, limits.current().pods_gone)


def _stale_fdb(node: Node, conflist: Conflist) -> list[Difference]:
    """FDB entries of the bridge whose MAC neither a pod nor the node has."""
    named = node.named_namespaces()
    found = reading.read(node.network_namespace(), named, [])
    spaces = (found.node, *found.named.values())
    macs = {link.mac for space in spaces for link in space.interfaces}
    return [
        Difference("left behind", "FDB", "gone", f"{entry.mac} on {entry.port}")
        for entry in found.node.fdb
        if entry.bridge == conflist.bridge and entry.mac not in macs
    ]


def settled(
    node: Node, conflist: Conflist, ready: Callable[[Inventory], bool] = lambda _: True
) -> Inventory:
    """The inventory once it is ready and says the same twice; after some time, as it is.

    A node of a cluster has programs that run for a moment: kube-proxy's, or a plugin that the
    kubelet calls again, as it may, when all is gone already.
    """

    def look() -> tuple[Inventory, Inventory]:
        return inventory.read(node, conflist), inventory.read(node, conflist)

    def still(seen: tuple[Inventory, Inventory]) -> bool:
        return seen[0] == seen[1] and ready(seen[1])

    return waiting.until(look, still, limits.current().pods_gone)[1]
