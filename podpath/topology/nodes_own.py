"""Check that the node keeps its routes, rules, addresses and hooks at its first ADDs. Pure."""

from collections.abc import Iterator, Sequence

from podpath.cni.network import Network
from podpath.model import NODE, Difference, Interface, Namespace, Rule, Subnet, Topology
from podpath.topology.comparison import Differences

_NEIGHBOURS = f"permanent neighbours of the {NODE}"
#: Place -> texts of what is there.
_Own = dict[str, set[str]]


def changes(before: Namespace, topology: Topology, network: Network) -> Differences:
    """List the node's own routes, rules, addresses, and hooks of links that vanished or came.

    Those of pods are for TOPO-NODE-ROUTE and TOPO-NETNS-IP. A bridge that has the node's uplink as
    a port may take over the node's addresses, and with them its routes.

    Args:
        before: the node before its first pods.
        topology: the node with them.
        network: the configuration, and how its plugin wires pods.
    """
    if network.ports(topology):
        return []
    pods = [a for pod in topology.everybody.values() for a in pod.addresses]
    subnets = list(network.ipam.subnets(pods))
    ends = topology.host_ends() | network.own_links(topology)
    links = {link.name for link in before.interfaces}
    was = _own(before, subnets, ends, links)
    now = _own(topology.node, subnets, ends, links)
    lost = [Difference("lost", at, text, "gone") for at in was for text in was[at] - now[at]]
    came = [
        Difference("left behind", at, "none", text)
        for at in was
        for text in now[at] - was[at]
        # neither leads packets of others another way
        if at != _NEIGHBOURS and not text.endswith(" on lo")
    ]
    return sorted([*lost, *came], key=str)


def _own(node: Namespace, subnets: Sequence[Subnet], ends: set[str], links: set[str]) -> _Own:
    """List what is not about pods; addresses of links that were there before."""
    connected = {(a.network, link.name) for link in node.interfaces for a in link.addresses}
    routes = {
        str(route)
        for route in node.routes
        if not _meets(route.destination, subnets)
        and (route.destination, route.device) not in connected
        and not (route.destination.is_link_local or route.destination.is_multicast)
    }
    rules = {rule.text for rule in node.rules if not _is_of_pods(rule, subnets, ends)}
    addresses = {
        f"{address} on {link.name}"
        for link in node.interfaces
        for address in link.addresses
        if link.name in links and not address.is_link_local
        if not any(address.ip in subnet for subnet in subnets)
    }
    hooks = {hook for link in node.interfaces if link.name in links for hook in _hooks(link)}
    neighbours = {
        f"{entry.address} is at {entry.mac or 'no MAC address'}"
        for entry in node.neighbours
        if not any(entry.address in subnet for subnet in subnets)
    }
    texts = {"routes": routes, "rules": rules, "addresses": addresses, "hooks": hooks}
    of_node = {f"{kind} of the {NODE}": own for kind, own in texts.items()}
    return {**of_node, _NEIGHBOURS: neighbours}


def _hooks(link: Interface) -> Iterator[str]:
    """Yield the unusual queueing disciplines of a link, and its XDP program."""
    yield from (f"{queue} on {link.name}" for queue in link.queues)
    if link.xdp:
        yield f"an XDP program on {link.name}"


def _is_of_pods(rule: Rule, subnets: Sequence[Subnet], ends: set[str]) -> bool:
    """Return whether TOPO-NODE-ROUTE is about a rule: about a network of pods, or their links."""
    prefixes = [network for network in (rule.source, rule.destination) if network is not None]
    within = any(p.prefixlen >= s.prefixlen and _meets(p, [s]) for p in prefixes for s in subnets)
    return within or not ends.isdisjoint(rule.interfaces)


def _meets(network: Subnet, subnets: Sequence[Subnet]) -> bool:
    """Return whether a network is within one of pods, or around it; a default route is neither."""
    return network.prefixlen > 0 and any(
        network.version == subnet.version and network.overlaps(subnet) for subnet in subnets
    )
