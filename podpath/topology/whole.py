"""All of TOPO at once, for pods as they are now."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from podpath.cni.network import Network
from podpath.model import POD_INTERFACE, Difference, Topology
from podpath.nodes import delegates, leases
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.topology import first_look, reading
from podpath.topology.wiring import Wiring

#: Requirements of the node as a whole.
_OF_NODE = ("TOPO-NETNS-NAME", "TOPO-BRIDGE-MEMBERS", "TOPO-BRIDGE-GATEWAY", "TOPO-MAC")
#: Requirements of each pod.
_OF_POD = (
    *("TOPO-VETH-PEER", "TOPO-NETNS-IP", "TOPO-POD-LINKS", "TOPO-LOWER-LINK", "TOPO-BRIDGE-PORT"),
    *("TOPO-HOST-END", "TOPO-MTU", "TOPO-ADDR", "TOPO-ROUTE", "TOPO-RESULT"),
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The wiring of pods at one moment.

    Attributes:
        topology: the node and its pods.
        differences: differences from the wiring that TOPO requires.
    """

    topology: Topology
    differences: list[Difference]


def completed(network: Network, node: Node, pods: Deployment) -> Network:
    """Return a network with what its conflist does not state and its pods show."""
    if network.is_complete:
        return network
    conflist = delegates.completed(network.conflist, node, pods)
    return first_look.completed(replace(network, conflist=conflist), read(node, pods))


def snapshot(node: Node, network: Network, pods: Deployment) -> Snapshot:
    """Read the wiring of pods as it is now."""
    return Snapshot(read(node, pods), wired(node, network, pods))


def unlike(
    differences: Iterable[Difference], known: Iterable[Difference], network: Network
) -> list[Difference]:
    """Return the differences of a kind and place that the known differences of other pods lack.

    Pure. The names of pods and of their host ends do not count.
    """
    kinds = {_likeness(one, network) for one in known}
    return [one for one in differences if _likeness(one, network) not in kinds]


def _likeness(difference: Difference, network: Network) -> tuple[str, str]:
    place = re.sub(r"\bpod [\w-]+", "pod", str(difference.where))
    named = {POD_INTERFACE, *network.shared_links}
    words = [w if w in named or not re.search(r"\d", w) else "*" for w in place.split()]
    return difference.kind, " ".join(words)


def wired(node: Node, network: Network, pods: Deployment) -> list[Difference]:
    """Return the differences between the wiring of pods now and the wiring that TOPO requires."""
    wiring = Wiring(read(node, pods), network)
    store = leases.store(network)
    facts: dict[str, dict[str, object]] = {
        "TOPO-ADDR": {} if store.unreadable else {"leases": store.leases(node)},
        # The bridge's own MAC may change while the first pods of a node are made at the same time:
        # each ADD of the reference plugin sets the one that it read, and a result made meanwhile
        # names an address that the bridge had only for a moment.
        "TOPO-MAC": {"of_bridge": False},
    }
    checks: list[tuple[str, ...]] = [(identifier,) for identifier in _OF_NODE]
    checks += [(identifier, pod.name) for pod in pods for identifier in _OF_POD]
    return [
        difference
        for identifier, *pod in checks
        if identifier not in network.not_applicable
        for difference in wiring.differences(identifier, *pod, **facts.get(identifier, {}))
    ]


def strays(node: Node, network: Network, pods: Deployment) -> list[Difference]:
    """Return the differences between the links of the node now and those that TOPO requires."""
    if "TOPO-NODE-LINKS" in network.not_applicable:
        return []
    return Wiring(read(node, pods), network).node_links(node.links)


def read(node: Node, pods: Deployment) -> Topology:
    """Read the node and its pods as they are now."""
    foreign_pods = node.foreign_pods([pod.sandbox for pod in pods])
    named = node.named_namespaces()
    return reading.read(
        node.network_namespace(), named, [pod.network for pod in pods], foreign_pods
    )
