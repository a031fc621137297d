"""How pods must be wired: a method for each requirement of TOPO, named as its id. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from podpath.cni.network import Network
from podpath.model import Topology
from podpath.topology import addresses, bridge, hooks, interfaces, result, routing
from podpath.topology.comparison import Differences


def method_of(requirement: str) -> str:
    """Return the name of the method of a requirement: bridge_port of TOPO-BRIDGE-PORT."""
    return requirement.removeprefix("TOPO-").lower().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Wiring:
    """A topology, held against the network that it must implement.

    Each method returns the differences; none means that the topology conforms.

    Attributes:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
    """

    topology: Topology
    network: Network

    def differences(self, requirement: str, *pods: str, **facts: object) -> Differences:
        """Return the differences from a requirement, by its id.

        Args:
            requirement: The id.
            pods: The pod, for a requirement of each pod.
            facts: The other arguments of the requirement's method.
        """
        return cast("Differences", getattr(self, method_of(requirement))(*pods, **facts))

    def netns_name(self) -> Differences:
        """Each pod has a named namespace `cni-<hex groups>` of its own."""
        return interfaces.netns_name(self.topology)

    def netns_ip(self, pod: str) -> Differences:
        """The pod's addresses are in its own namespace and in no other named one."""
        return addresses.netns_ip(self.topology, pod)

    def netns_shared(self, containers: Mapping[str, Mapping[str, int]]) -> Differences:
        """All containers of a pod are in its namespace, and in no other pod's.

        Args:
            containers: Pod -> container -> inode of its network namespace.
        """
        return interfaces.netns_shared(self.topology, containers)

    def pod_links(self, pod: str) -> Differences:
        """The pod holds lo and eth0, both up, and nothing else."""
        return interfaces.pod_links(self.topology, pod)

    def veth_peer(self, pod: str) -> Differences:
        """The pod's eth0 is a veth whose peer is in the node."""
        return interfaces.veth_peer(self.topology, pod)

    def lower_link(self, pod: str) -> Differences:
        """The pod's eth0 has the configured kind and mode, and lies on the configured link."""
        return interfaces.lower_link(self.topology, self.network, pod)

    def bridge_port(self, pod: str) -> Differences:
        """The host end is up, and a forwarding port of the bridge with the configured settings."""
        return bridge.bridge_port(self.topology, self.network, pod)

    def bridge_members(self) -> Differences:
        """The bridge's ports are exactly the pods' host ends."""
        return bridge.bridge_members(self.topology, self.network)

    def bridge_gateway(self) -> Differences:
        """The bridge is up, STP off, and the gateway if and only if it is configured."""
        return bridge.bridge_gateway(self.topology, self.network)

    def host_end(self, pod: str) -> Differences:
        """The host end is up, enslaved to nothing, and forwards."""
        return routing.host_end(self.topology, pod)

    def mtu(self, pod: str) -> Differences:
        """All interfaces that the pod is wired with have one MTU, the configured one if any."""
        return interfaces.mtu(self.topology, self.network, pod)

    def mac(self, *, of_bridge: bool = True) -> Differences:
        """MAC addresses are unique, and those of the plugin's results are the kernel's.

        Args:
            of_bridge: Whether to compare the bridge's own address too.
        """
        return interfaces.mac(self.topology, self.network, of_bridge=of_bridge)

    def addr(self, pod: str, *, leases: Mapping[str, str]) -> Differences:
        """The pod's addresses are its own, in range, of the right prefix length, and leased to it.

        Args:
            pod: Its name.
            leases: Address -> container id, as IPAM stores them.
        """
        return addresses.addr(self.topology, self.network, leases, pod)

    def route(self, pod: str) -> Differences:
        """The pod's routes are those of the profile and the configured ones."""
        return routing.route(self.topology, self.network, pod)

    def rule(self, pod: str) -> Differences:
        """The pod's routing policy is the kernel's own."""
        return routing.rule(self.topology, pod)

    def lo(self, pod: str) -> Differences:
        """The pod's lo holds the loopback addresses, and no others."""
        return addresses.lo(self.topology, pod)

    def result(self, pod: str) -> Differences:
        """The plugin's result names the interfaces, addresses and routes that the kernel has."""
        return result.differences(self.topology, self.network, pod)

    def settings(self, pod: str) -> Differences:
        """The pod forwards nothing; neither it, its host end nor a bridge answers for others."""
        return routing.settings(self.topology, self.network, pod)

    def hooks(self, filters: Mapping[str, Iterable[str]]) -> Differences:
        """No traffic control, XDP program or packet filter hooks into the path.

        Args:
            filters: Packet filter rules in the way, as firewall.rules() returns them.
        """
        return hooks.differences(self.topology, self.network, filters)

    def node_addr(self, pod: str) -> Differences:
        """The host end holds the addresses of the profile, which for a bridge port are none."""
        return routing.node_addr(self.topology, self.network, pod)

    def node_route(self) -> Differences:
        """The node's routes to its pods are those of the profile; no rule is about pods."""
        return routing.node_route(self.topology, self.network)

    def node_links(self, own: frozenset[str]) -> Differences:
        """The node has its own links, a bridge if any, the pods' host ends, and nothing else.

        Args:
            own: The links that the node has without pods, as Node.links names them.
        """
        return interfaces.node_links(self.topology, self.network, own)

    def fdb(self, pod: str) -> Differences:
        """The bridge learned the pod's MAC address on the pod's own port only, and keeps it."""
        return bridge.fdb(self.topology, self.network, pod)
