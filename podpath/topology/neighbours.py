"""Check the node's permanent neighbours, of which the kernel makes none by itself. Pure."""

from podpath.model import NODE, POD_INTERFACE, Difference, Topology
from podpath.topology.comparison import Differences

#: Kind of a difference in permanent neighbours.
NEIGHBOUR = "permanent neighbour"


def of_node(topology: Topology) -> Differences:
    """List the node's permanent neighbours that have the address of a pod, and another MAC."""
    links = {
        address: link
        for name, pod in topology.everybody.items()
        for address in pod.addresses
        if (link := topology.of_pod(name).interface(POD_INTERFACE))
    }
    return [
        Difference(NEIGHBOUR, f"{NODE} {entry.address}", link.mac, entry.mac or "none")
        for entry in topology.node.neighbours
        if (link := links.get(entry.address)) and link.mac != entry.mac
    ]
