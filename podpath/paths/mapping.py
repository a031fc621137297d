"""Paths and translations of packets to a node port that is mapped to a pod. Pure."""

from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_interface
from typing import Any

from podpath.cni.features import has_capability
from podpath.cni.network import Network
from podpath.errors import DoesNotConform
from podpath.model import BEYOND, NODE, Address, Family, PodNetwork, Topology, Translation
from podpath.nodes.pod import PortMapping
from podpath.paths import outside, probes

_BRIDGED, _ROUTED = "host-port", "host-port-routed"
#: Kinds of path of senders outside pods.
_FROM_OUTSIDE_PODS = {
    NODE: {probes.REQUEST: "from-node", probes.REPLY: "to-node"},
    BEYOND: {probes.REQUEST: "inward", probes.REPLY: "outward"},
}


def node_address(topology: Topology, network: Network, uplink: str, family: Family) -> Address:
    """Return the node's address on its uplink; the pods' gateway if a pod has no default route."""
    held = outside.address(topology, uplink, family)
    ways = all(outside.has_way_out(topology, pod, family) for pod in topology.pods)
    return held if held and ways else network.ipam.gateway(family)


def kinds(network: Network, source: str, *, filtered: bool) -> Mapping[str, str]:
    """Return each leg and its kind of path.

    Args:
        network: The pods' network, whose profile names the kinds.
        source: The name of a pod, NODE or BEYOND.
        filtered: True if iptables sees the packets that a bridge carries, and so translates them
            there.
    """
    if source in _FROM_OUTSIDE_PODS:
        return _FROM_OUTSIDE_PODS[source]
    kind = _BRIDGED if filtered and _BRIDGED in network.profile.paths else _ROUTED
    return {probes.REQUEST: kind, probes.REPLY: kind}


def translation(
    network: Network,
    target: Address,
    pod: PodNetwork,
    client: Address | None,
    port: PortMapping,
) -> Translation:
    """Return the addresses and ports of requests at hops where they are translated.

    Args:
        network: The pods' network.
        target: The node's address, the destination of the requests.
        pod: The pod that the port is mapped to.
        client: The address of the pod that sends; None if the sender is not a pod.
        port: The mapped port.
    """
    family = Family(target.version)
    address = pod.address(family)
    addresses = [(target, address)]
    if client and is_on_network_of(client, pod, address) and masquerades(network):
        addresses.insert(0, (client, network.ipam.gateway(family)))
    return Translation(tuple(addresses), (port.node, port.pod))


def masquerades(network: Network) -> bool:
    """Return whether portmap masquerades a client on the pods' network.

    The key "snat" decides it (true if absent). The pod's answer then passes the node, where it is
    translated back.
    """
    sections = (s for s in network.conflist.sections if has_capability(s, "portMappings"))
    return all(s.get("snat", True) is not False for s in sections)


def is_on_network_of(client: Address, pod: PodNetwork, address: Address) -> bool:
    """Return whether a client is on the network of a pod's address, according to the CNI result.

    portmap masquerades only such clients (portmap.go, fillDnatRules). Where pods have an address
    without a network, the node routes between them anyway.

    Raises:
        DoesNotConform: The result does not contain the address.
    """
    ips = pod.result.get("ips")
    entries: list[Any] = ips if isinstance(ips, list) else []
    for text in (str(entry.get("address")) for entry in entries if isinstance(entry, dict)):
        with suppress(ValueError):
            if (held := ip_interface(text)).ip == address:
                return client in held.network
    raise DoesNotConform(f"the result of pod {pod.name} does not have its address {address}")
