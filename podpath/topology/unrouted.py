"""Find the routes that pods lack for packets to each other, or to beyond the node. Pure."""

import ipaddress
from collections.abc import Iterable

from podpath.cni.network import Network
from podpath.model import NODE, Address, Difference, Family, Subnet, Topology
from podpath.topology import addresses, neighbours, routes, routing

#: Attribute of a route that leads to the namespace itself.
_LOCAL = "local"


def lacking(
    topology: Topology,
    network: Network,
    pods: Iterable[str],
    family: Family | None,
    *,
    beyond: bool,
    misled: bool = False,
) -> list[Difference]:
    """List the missing routes that explain why packets of pods take another path, or none.

    So does a gateway's permanent neighbour entry with a MAC address that no link of the node has,
    or none where the node does not answer for the gateway.

    Args:
        topology: the node and its pods.
        network: the configuration, and how its plugin wires pods.
        pods: names of the pods that send the packets.
        family: IP version of the packets; None for all.
        beyond: true if the packets leave the node.
        misled: true if the packets go to the gateway, or beyond it.
    """
    names = [name for name in pods if name in topology.pods]
    return [
        difference
        for name in names
        for difference in routing.route(topology, network, name)
        if (
            difference.kind == routes.MISSING
            and not _in_other_table(difference)
            and _explains(topology, name, _destination(difference, name), family, beyond=beyond)
        )
        or (misled and _misleads(topology, name, difference, family))
    ]


def unknown_to_node(
    topology: Topology, pods: Iterable[str], family: Family | None
) -> list[Difference]:
    """List the addresses of pods that the node has with another MAC address for good.

    Args:
        topology: the node and its pods.
        pods: names of the pods; none for all.
        family: IP version of the packets; None for all.
    """
    own = {f"{NODE} {address}" for address in _addresses(topology, pods, family)}
    return [d for d in neighbours.of_node(topology) if str(d.where) in own]


def taken_by_node(
    topology: Topology, network: Network, pods: Iterable[str], family: Family | None
) -> list[Difference]:
    """List the local routes of the node that lead packets to pods to the node itself.

    The node answers for the addresses, too, as for its own.

    Args:
        topology: the node and its pods.
        network: the configuration, and how its plugin wires pods.
        pods: names of the pods; none for all.
        family: IP version of the packets; None for all.
    """
    own = _addresses(topology, pods, family)
    return [
        difference
        for difference in routing.node_route(topology, network)
        if difference.kind == routes.UNEXPECTED
        and _LOCAL in str(difference.where).split()
        and any(address in _of_node(difference) for address in own)
    ]


def held_by_node(
    topology: Topology, pods: Iterable[str], family: Family | None
) -> list[Difference]:
    """List the addresses of pods that the node takes for its own: packets to them end there.

    Args:
        topology: the node and its pods.
        pods: names of the pods; none for all.
        family: IP version of the packets; None for all.
    """
    return [
        difference
        for name in _chosen(topology, pods)
        for difference in addresses.netns_ip(topology, name)
        if str(difference.where).startswith(f"{NODE} ")
        and family in (None, Family(ipaddress.ip_interface(difference.expected.split()[0]).version))
    ]


def _addresses(topology: Topology, pods: Iterable[str], family: Family | None) -> list[Address]:
    """List the addresses of an IP version that the pods have, or all pods without any."""
    return [
        address
        for name in _chosen(topology, pods)
        for address in topology.pods[name].addresses
        if family in (None, Family(address.version))
    ]


def _chosen(topology: Topology, pods: Iterable[str]) -> list[str]:
    """Return those of the pods that are there; all pods without any."""
    return [name for name in pods if name in topology.pods] or list(topology.pods)


def _misleads(topology: Topology, pod: str, difference: Difference, family: Family | None) -> bool:
    """Return whether a permanent neighbour has a MAC address that no link of the node has.

    Without an entry a pod asks for the address, and no link may have it.
    """
    if difference.kind != neighbours.NEIGHBOUR:
        return False
    address = ipaddress.ip_address(str(difference.where).rpartition(" ")[2])
    if family not in (None, Family(address.version)):
        return False
    if difference.seen == "none":
        return not _is_answered(topology, pod, address)
    return difference.seen not in {link.mac for link in topology.node.interfaces}


def _is_answered(topology: Topology, pod: str, address: Address) -> bool:
    """Return whether the node answers a pod's requests for an address: its own, or by a proxy."""
    held = {a.ip for link in topology.node.interfaces for a in link.addresses}
    end = topology.host_end(pod)
    return address in held or bool(end and end.settings.proxies)


def _in_other_table(difference: Difference) -> bool:
    """Return whether a missing route is in a table that packets reach by a rule alone."""
    return " table " in str(difference.where)


def _destination(difference: Difference, pod: str) -> str:
    """Return the network of a missing route, with which its place continues after the pod."""
    return str(difference.where).removeprefix(f"pod {pod} ").split()[0]


def _of_node(difference: Difference) -> Subnet:
    """Return the network of a route of the node, with which its place continues."""
    return ipaddress.ip_network(str(difference.where).removeprefix(f"{NODE} ").split()[0])


def _explains(
    topology: Topology, pod: str, destination: str, family: Family | None, *, beyond: bool
) -> bool:
    missing = ipaddress.ip_network(destination)
    if family is not None and missing.version != family.value:
        return False
    if missing.prefixlen == 0:
        return beyond or not all(
            _reaches(topology, pod, address) for address in _peers(topology, pod, missing.version)
        )
    return any(address in missing for address in _peers(topology, pod, missing.version))


def _peers(topology: Topology, pod: str, version: int) -> list[Address]:
    others = (network for name, network in topology.pods.items() if name != pod)
    return [a for network in others for a in network.addresses if a.version == version]


def _reaches(topology: Topology, pod: str, address: Address) -> bool:
    return any(address in route.destination for route in topology.of_pod(pod).routes)
