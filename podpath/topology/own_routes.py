"""Check that the node keeps its own routes when its first pods are made. Pure."""

from podpath.cni.network import Network
from podpath.model import NODE, Difference, Namespace, Route, Topology
from podpath.topology.comparison import Differences


def changes(before: Namespace, topology: Topology, network: Network) -> Differences:
    """List the node's routes that vanished, and those to other networks than its pods' that came.

    Routes to pods are those of TOPO-NODE-ROUTE. A bridge that has the node's uplink as a port may
    take over the node's addresses, and with them its routes.

    Args:
        before: the node before its first pods.
        topology: the node with them.
        network: the configuration, and how its plugin wires pods.
    """
    if network.ports(topology):
        return []
    was, now = set(before.routes), set(topology.node.routes)
    own = {
        (address.network, link.name)
        for link in topology.node.interfaces
        for address in link.addresses
    }
    came = [
        route
        for route in now - was
        if not _is_of_pods(route, topology, network)
        and (route.destination, route.device) not in own
        and not (route.destination.is_link_local or route.destination.is_multicast)
    ]
    where = f"routes of the {NODE}"
    lost = [Difference("lost", where, str(route), "gone") for route in was - now]
    found = [Difference("left behind", where, "none", str(route)) for route in came]
    return sorted([*lost, *found], key=str)


def _is_of_pods(route: Route, topology: Topology, network: Network) -> bool:
    addresses = [a for pod in topology.everybody.values() for a in pod.addresses]
    to = route.destination
    subnets = network.ipam.subnets(addresses)
    inside = any(
        to.version == subnet.version and to.subnet_of(subnet)  # type: ignore[arg-type]
        for subnet in subnets
    )
    around = to.prefixlen > 0 and any(
        to.version == subnet.version and subnet.subnet_of(to)  # type: ignore[arg-type]
        for subnet in subnets
    )
    return inside or around
