"""Paths and translations of packets to a node port that is mapped to a pod. Pure."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_interface
from typing import Any

from podpath.cni import conditions
from podpath.cni.features import has_capability
from podpath.cni.network import Network
from podpath.errors import DoesNotConform
from podpath.model import BEYOND, NODE, Address, Family, PodNetwork, Topology, Translation
from podpath.nodes.pod import PortMapping
from podpath.paths import outside, probes

#: The node that asks for a mapped port at 127.0.0.1.
LOCALHOST = "localhost"

#: Kinds of path from a pod, if the bridge translates packets, and if the node routes them.
BRIDGED, ROUTED = "host-port", "host-port-routed"
_NFTABLES = "nftables"
_PORTMAP = "portmap"

#: Kinds of path of requests and answers of senders outside pods.
_FROM_OUTSIDE_PODS = {
    NODE: ("from-node", "to-node"),
    LOCALHOST: ("from-node", "to-node"),
    BEYOND: ("inward", "outward"),
}
#: End of the kind of path of answers to a masqueraded sender, if the bridge translates packets.
_TRANSLATED_BACK = "-masqueraded"


def node_address(topology: Topology, network: Network, uplink: str, family: Family) -> Address:
    """Return the node's address on its uplink; the pods' gateway if a pod has no default route."""
    held = outside.address(topology, uplink, family)
    ways = all(outside.has_way_out(topology, pod, family) for pod in topology.pods)
    return held if held and ways else network.ipam.gateway(family)


def kinds(network: Network, source: str, *, filtered: bool) -> Mapping[str, str]:
    """Return each leg and its kind of path.

    Args:
        network: The pods' network, whose profile names the kinds.
        source: The name of a pod, NODE, LOCALHOST or BEYOND.
        filtered: True if iptables sees the packets that a bridge carries, and so translates them
            there.
    """
    if source in _FROM_OUTSIDE_PODS:
        request, reply = _FROM_OUTSIDE_PODS[source]
        masqueraded = source == LOCALHOST or masquerades_all(network)
        back = f"{reply}{_TRANSLATED_BACK}"
        if filtered and masqueraded and back in network.profile.paths:
            reply = back
        return {probes.REQUEST: request, probes.REPLY: reply}
    kind = BRIDGED if filtered and BRIDGED in network.profile.paths else ROUTED
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
        client: The sender's address if it is masqueraded; None if it stays.
        port: The mapped port.
    """
    family = Family(target.version)
    addresses = [(target, pod.address(family))]
    if client:
        addresses.insert(0, (client, network.ipam.gateway(family)))
    return Translation(tuple(addresses), (port.node, port.pod))


def is_masqueraded(network: Network, pod: PodNetwork, client: Address, *, is_pod: bool) -> bool:
    """Return whether a sender's address is replaced on its way to a mapped port.

    The key "snat" decides it (true if absent) for the mapped pod itself and, with iptables, for
    each pod on its network, and "masqAll" for everybody. The pod's answer then passes the node,
    where it is translated back.

    Args:
        network: The pods' network.
        pod: The pod that the port is mapped to.
        client: The address of the sender.
        is_pod: True if the sender is a pod.

    Raises:
        DoesNotConform: The result does not contain the pod's address.
    """
    if masquerades_all(network):
        return True
    if not is_pod or not masquerades(network):
        return False
    address = pod.address(Family(client.version))
    if any(section.get("backend") == _NFTABLES for section in _mapping(network)):
        return client == address  # portmap_nftables.go, forwardPorts
    return is_on_network_of(client, pod, address)


def masquerades(network: Network) -> bool:
    """Return whether portmap masquerades some senders: pods on the pod's network, and 127.0.0.1."""
    return all(section.get("snat", True) is not False for section in _mapping(network))


def is_reference(network: Network) -> bool:
    """Return whether the plugin portmap maps the ports; no other document names all senders."""
    return any(section["type"] == _PORTMAP for section in _mapping(network))


def is_at_every_address(network: Network) -> bool:
    """Return whether ports are mapped at each of the node's addresses.

    portmap catches what is for any local address, unless conditions exclude some (portmap.go).
    """
    keys = {key for section in _mapping(network) for key in section}
    return is_reference(network) and keys.isdisjoint(conditions.KEYS.values())


def masquerades_all(network: Network) -> bool:
    """Return whether portmap masquerades everybody (release 1.2)."""
    asks = any(section.get("masqAll") is True for section in _mapping(network))
    return asks and masquerades(network)


def is_excluded(network: Network, client: Address, target: Address) -> bool:
    """Return whether the conditions of portmap leave a sender's packets to mapped ports alone."""
    of_family = conditions.of(network.conflist.sections, Family(client.version))
    return not all(condition.is_met(client, target) for condition in of_family)


def _mapping(network: Network) -> Iterator[Mapping[str, Any]]:
    """Yield the sections of plugins that map ports."""
    return (s for s in network.conflist.sections if has_capability(s, "portMappings"))


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
