"""All of TOPO at once, of pods as they are now."""

from collections.abc import Callable

from podpath.cni.network import Network
from podpath.model import Difference, Topology
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.topology import reading, routing, wiring
from podpath.topology.result import differences


def _macs(now: Topology, network: Network) -> list[Difference]:
    """The bridge's own MAC may change while the first pods of a node are made at the same time.

    Each ADD of the reference plugin sets the one that it has read, and a result made meanwhile
    names one that the bridge had for a moment only.
    """
    return wiring.macs(now, network, of_bridge=False)


def wired(node: Node, network: Network, pods: Deployment) -> list[Difference]:
    """How all pods, as they are now, are not wired as they must be."""
    networks = [pod.network for pod in pods]
    others = node.foreign_pods([pod.sandbox for pod in pods])
    named = node.named_namespaces()
    now = reading.read(node.network_namespace(), named, networks, others)
    leases = inventory.leases(node, network.ipam)
    of_all: dict[str, Callable[[], list[Difference]]] = {
        "TOPO-NETNS-NAME": lambda: wiring.netns_name(now),
        "TOPO-BRIDGE-MEMBERS": lambda: wiring.bridge_members(now, network),
        "TOPO-BRIDGE-GATEWAY": lambda: wiring.bridge_gateway(now, network),
        "TOPO-MAC": lambda: _macs(now, network),
    }
    of_each: dict[str, Callable[[str], list[Difference]]] = {
        "TOPO-VETH-PEER": lambda pod: wiring.veth_peer(now, pod),
        "TOPO-NETNS-IP": lambda pod: wiring.netns_ip(now, pod),
        "TOPO-POD-LINKS": lambda pod: wiring.pod_links(now, pod),
        "TOPO-LOWER-LINK": lambda pod: wiring.lower_link(now, network, pod),
        "TOPO-BRIDGE-PORT": lambda pod: wiring.bridge_port(now, network, pod),
        "TOPO-HOST-END": lambda pod: routing.router(now, pod),
        "TOPO-MTU": lambda pod: wiring.mtu(now, network, pod),
        "TOPO-ADDR": lambda pod: wiring.addresses(now, network, leases, pod),
        "TOPO-ROUTE": lambda pod: routing.routes(now, network, pod),
        "TOPO-RESULT": lambda pod: differences(now, network, pod),
    }
    absent = network.profile.not_applicable
    found = [d for i, look in of_all.items() if i not in absent for d in look()]
    for pod in pods:
        found += [d for i, look in of_each.items() if i not in absent for d in look(pod.name)]
    return found
