"""Compute the largest payload of the pods' packets. Pure."""

from collections.abc import Iterator

from podpath.errors import DoesNotConform
from podpath.model import POD_INTERFACE, Family, Topology

#: Bytes of the IP and the ICMP (or UDP, of equal size) header, by IP version.
HEADERS = {4: 28, 6: 48}

#: Bytes of payload room from which a packet's IPv4 fragments have more than 1500 bytes.
#: The kernel joins such fragments on a bridge, but cannot split them again: its route there has an
#: MTU of 1500, whatever the bridge's MTU (net/bridge/br_nf_core.c, br_dst_default_metrics).
LOST_FRAGMENTS = 1480


def largest_payload(topology: Topology, family: Family) -> int:
    """Return the largest ICMP or UDP payload of one packet between any two pods, in bytes.

    Raises:
        DoesNotConform: A pod has no eth0.
    """
    return min([*_links(topology), *_between_pods(topology, family)]) - HEADERS[family.value]


def largest_beyond(topology: Topology, family: Family, uplink: str) -> int:
    """Return the largest ICMP or UDP payload of one packet from any pod to others, in bytes.

    Others are the node and hosts beyond it, which a pod may reach by any of its routes.

    Args:
        topology: The node and its pods.
        family: IP version of the packet.
        uplink: Name of the node's uplink.

    Raises:
        DoesNotConform: A pod has no eth0.
    """
    link = topology.node.interface(uplink)
    routes = (route for pod in topology.pods for route in topology.of_pod(pod).routes)
    sizes = [r.mtu for r in routes if r.mtu and r.destination.version == family.value]
    return min([*_links(topology), *sizes, *([link.mtu] if link else [])]) - HEADERS[family.value]


def _links(topology: Topology) -> list[int]:
    """List the MTUs of the pods' interfaces."""
    inside = [topology.of_pod(pod).interface(POD_INTERFACE) for pod in topology.pods]
    if not all(inside):
        raise DoesNotConform(f"a pod has no {POD_INTERFACE}")
    return [link.mtu for link in inside if link]


def _between_pods(topology: Topology, family: Family) -> Iterator[int]:
    """Yield the MTUs that the pods' routes to each other set."""
    addresses = {
        address
        for pod in topology.pods.values()
        for address in pod.addresses
        if address.version == family.value
    }
    for pod in topology.pods:
        for address in addresses - set(topology.pods[pod].addresses):
            route = topology.of_pod(pod).route_to(address)
            if route and route.mtu:
                yield route.mtu
