"""Check how pods are wired: one method for each requirement of TOPO, named as its id. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from podpath.cni.network import Network
from podpath.model import Topology
from podpath.topology import (
    addresses,
    bridge,
    hooks,
    interfaces,
    leasing,
    macs,
    multicast,
    result,
    routing,
    settings,
)
from podpath.topology.comparison import Differences
from podpath.topology.multicast import Groups


def method_of(requirement: str) -> str:
    """Return the name of a requirement's method: bridge_port for TOPO-BRIDGE-PORT."""
    return requirement.removeprefix("TOPO-").lower().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Wiring:
    """A topology, and the network that it must implement.

    Each method returns the differences; an empty list means that the topology conforms.

    Attributes:
        topology: The node and its pods.
        network: The configuration, and how its plugin wires pods.
    """

    topology: Topology
    network: Network

    def differences(self, requirement: str, *pods: str, **facts: object) -> Differences:
        """Check a requirement, by its id.

        Args:
            requirement: The id.
            pods: The name of the pod, if the requirement is one of each pod.
            facts: The other arguments of the requirement's method.
        """
        return cast("Differences", getattr(self, method_of(requirement))(*pods, **facts))

    def netns_name(self) -> Differences:
        """Check that each pod has its own named namespace `cni-<hex groups>`."""
        return interfaces.netns_name(self.topology)

    def netns_ip(self, pod: str) -> Differences:
        """Check that the pod's addresses are in its own namespace, in no other, nor the node's."""
        return addresses.netns_ip(self.topology, pod)

    def netns_shared(self, containers: Mapping[str, Mapping[str, int]]) -> Differences:
        """Check that a pod's containers are in its namespace, and that no two pods share one.

        Args:
            containers: Pod -> container -> inode of the container's network namespace.
        """
        return interfaces.netns_shared(self.topology, containers)

    def pod_links(self, pod: str) -> Differences:
        """Check that the pod has lo and eth0, both up, and no other interface."""
        return interfaces.pod_links(self.topology, pod)

    def veth_peer(self, pod: str) -> Differences:
        """Check that the pod's eth0 is a veth whose peer is in the node."""
        return interfaces.veth_peer(self.topology, pod)

    def lower_link(self, pod: str) -> Differences:
        """Check that eth0 has the configured kind and mode, and lies on the configured link."""
        return interfaces.lower_link(self.topology, self.network, pod)

    def bridge_port(self, pod: str) -> Differences:
        """Check that the host end is up, and a forwarding port of the bridge, set as configured."""
        return bridge.bridge_port(self.topology, self.network, pod)

    def bridge_members(self) -> Differences:
        """Check that the bridge's ports are exactly the pods' host ends."""
        return bridge.bridge_members(self.topology, self.network)

    def bridge_gateway(self) -> Differences:
        """Check that the bridge is up, without STP, and the gateway if and only if configured."""
        return bridge.bridge_gateway(self.topology, self.network)

    def multicast(self, pod: str, *, groups: Groups) -> Differences:
        """Check that the pod's port has the solicited-node groups of the pod's addresses.

        Args:
            pod: The name of the pod.
            groups: The multicast groups of the bridge.
        """
        return multicast.multicast(self.topology, groups, pod)

    def host_end(self, pod: str) -> Differences:
        """Check that the host end is up, has no master, and forwards."""
        return settings.host_end(self.topology, pod)

    def mtu(self, pod: str) -> Differences:
        """Check that every interface on the pod's path has one MTU: the configured one, if any."""
        return interfaces.mtu(self.topology, self.network, pod)

    def mac(self, *, of_bridge: bool = True) -> Differences:
        """Check that MAC addresses are unique, and that the plugin's results have the kernel's.

        Args:
            of_bridge: Whether to compare the bridge's own address too.
        """
        return macs.mac(self.topology, self.network, of_bridge=of_bridge)

    def addr(self, pod: str, *, leases: Mapping[str, str] | None = None) -> Differences:
        """Check that the pod's addresses are unique, in range, with the right prefix, and leased.

        Args:
            pod: The pod's name.
            leases: Address -> container id, as IPAM stores them; None leaves them out.
        """
        differences = addresses.addr(self.topology, self.network, pod)
        leased = [] if leases is None else leasing.leased(self.topology, leases, pod)
        return differences + leased

    def route(self, pod: str) -> Differences:
        """Check that the pod has the routes of the profile and the configured ones, no others."""
        return routing.route(self.topology, self.network, pod)

    def rule(self, pod: str) -> Differences:
        """Check that the pod has no routing rules but the kernel's own."""
        return routing.rule(self.topology, pod)

    def lo(self, pod: str) -> Differences:
        """Check that the pod's lo has the loopback addresses, and no others."""
        return addresses.lo(self.topology, pod)

    def result(self, pod: str) -> Differences:
        """Check that the plugin's result has the interfaces, addresses and routes of the kernel."""
        return result.differences(self.topology, self.network, pod)

    def settings(self, pod: str) -> Differences:
        """Check that the pod forwards nothing, and that no interface answers for others.

        Interfaces are the pod's eth0, its host end and the bridge.
        """
        return settings.settings(self.topology, self.network, pod)

    def hooks(self, filters: Mapping[str, Iterable[str]]) -> Differences:
        """Check that no traffic control, XDP program or packet filter is on the path.

        Args:
            filters: Packet filter rules on the path, as firewall.rules() returns them.
        """
        return hooks.differences(self.topology, self.network, filters)

    def node_addr(self, pod: str) -> Differences:
        """Check that the host end has the addresses of the profile: none for a bridge port."""
        return routing.node_addr(self.topology, self.network, pod)

    def node_route(self) -> Differences:
        """Check that the node reaches its pods only by the routes of the profile.

        No routing rule may name the pods' subnets, host ends or bridge.
        """
        return routing.node_route(self.topology, self.network)

    def node_links(self, own: frozenset[str]) -> Differences:
        """Check that the node has its own links, the bridge if any and host ends, and no others.

        Args:
            own: Names of the links that the node has without pods; see Node.links.
        """
        return interfaces.node_links(self.topology, self.network, own)

    def fdb(self, pod: str) -> Differences:
        """Check that the bridge learned the pod's MAC on the pod's own port only, and keeps it."""
        return bridge.fdb(self.topology, self.network, pod)
