"""How the pods are wired, read from the kernel."""

import pytest

from podpath.cni.network import Network
from podpath.contract.attachments import Attachment
from podpath.errors import CouldNotTest
from podpath.model import Family, Settings, Topology
from podpath.nodes import inventory
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffics
from podpath.topology import hooks, result, routing, wiring

from .parameters import each_pod

requirement = pytest.mark.requirement


@requirement("TOPO-NETNS-NAME")
def test_each_pod_has_a_namespace_of_its_own(topology: Topology) -> None:
    """Each pod has a named namespace cni-<hex groups> that no other pod has."""
    assert wiring.netns_name(topology) == []


@requirement("TOPO-NETNS-IP")
@each_pod
def test_pod_ip_is_in_the_pods_namespace_only(topology: Topology, pod: str) -> None:
    """Of all named namespaces only the one that the runtime names has the pod's IP."""
    assert wiring.netns_ip(topology, pod) == []


@requirement("TOPO-NETNS-SHARED")
def test_containers_share_their_pods_namespace(
    topology: Topology, node: Node, pods: Deployment
) -> None:
    """All containers of a pod are in its namespace; no two pods have the same."""
    containers = {pod.name: node.container_namespaces(pod) for pod in pods}
    if not any(len(inodes) > 1 for inodes in containers.values()):
        raise CouldNotTest("no pod has two containers, so nothing is shared")

    assert wiring.netns_shared(topology, containers) == []


@requirement("TOPO-POD-LINKS")
@each_pod
def test_pod_has_lo_and_eth0_only(topology: Topology, pod: str) -> None:
    """A pod holds lo and eth0, both up, and nothing else."""
    assert wiring.pod_links(topology, pod) == []


@requirement("TOPO-VETH-PEER")
@each_pod
def test_eth0_is_a_veth_with_its_peer_in_the_node(topology: Topology, pod: str) -> None:
    """Index and namespace id of eth0 and of its peer name each other."""
    assert wiring.veth_peer(topology, pod) == []


@requirement("TOPO-LOWER-LINK")
@each_pod
def test_eth0_lies_on_the_configured_link_of_the_node(
    topology: Topology, network: Network, pod: str
) -> None:
    """eth0 is of the configured kind and mode, on the configured link of the node, which is up."""
    assert wiring.lower_link(topology, network, pod) == []


@requirement("TOPO-BRIDGE-PORT")
@each_pod
def test_host_end_is_a_forwarding_port_of_the_bridge(
    topology: Topology, network: Network, pod: str
) -> None:
    """The host end is up, a port of the configured bridge, and set as configured."""
    assert wiring.bridge_port(topology, network, pod) == []


@requirement("TOPO-HOST-END")
@each_pod
def test_host_end_is_a_router_of_its_own(topology: Topology, pod: str) -> None:
    """The host end is up, enslaved to nothing, and forwards."""
    assert routing.router(topology, pod) == []


@requirement("TOPO-BRIDGE-MEMBERS")
def test_ports_of_the_bridge_are_the_pods_veths(topology: Topology, network: Network) -> None:
    """What `brctl show` lists are the pods' host ends: no more, no fewer."""
    assert wiring.bridge_members(topology, network) == []


@requirement("TOPO-BRIDGE-GATEWAY")
def test_bridge_is_the_gateway_if_configured(topology: Topology, network: Network) -> None:
    """The bridge is up, STP off, and the gateway if and only if it is configured to be."""
    assert wiring.bridge_gateway(topology, network) == []


@requirement("TOPO-MTU")
@each_pod
def test_mtu_is_the_same_along_the_path(topology: Topology, network: Network, pod: str) -> None:
    """All that pods are wired with have one MTU, the configured one if any."""
    assert wiring.mtu(topology, network, pod) == []


@requirement("TOPO-MAC")
def test_macs_are_unique_and_as_in_the_results(topology: Topology, network: Network) -> None:
    """No MAC address is used twice; those in the plugin's results are the kernel's."""
    assert wiring.macs(topology, network) == []


@requirement("TOPO-MAC")
def test_macs_stay_after_traffic(
    observer: Observer, network: Network, traffic: Traffics, family: Family
) -> None:
    """After pods have talked, the MAC addresses are still those of the results."""
    traffic.ping("client", "server", family).send()

    assert wiring.macs(observer.topology(), network) == []


@requirement("TOPO-ADDR")
@each_pod
def test_pod_ip_is_its_own_in_range_and_leased(
    topology: Topology, network: Network, node: Node, pod: str
) -> None:
    """A pod's address is unique, in range, with the right prefix length, and leased to it."""
    leases = inventory.leases(node, network.ipam)

    assert wiring.addresses(topology, network, leases, pod) == []


@requirement("TOPO-ROUTE")
@each_pod
def test_pod_has_the_configured_routes_only(topology: Topology, network: Network, pod: str) -> None:
    """A pod has the routes of its kind of wiring and the configured ones."""
    assert routing.routes(topology, network, pod) == []


@requirement("TOPO-RULE")
@each_pod
def test_pod_has_no_routing_rules_of_its_own(topology: Topology, pod: str) -> None:
    """What `ip rule` lists in a pod is what the kernel puts there."""
    assert routing.rules(topology, pod) == []


@requirement("TOPO-LO")
@each_pod
def test_lo_holds_the_loopback_address_only(topology: Topology, pod: str) -> None:
    """A pod's lo has 127.0.0.1, and no address of anybody else."""
    assert routing.loopback(topology, pod) == []


@requirement("TOPO-RESULT")
@each_pod
def test_result_says_what_the_kernel_has(topology: Topology, network: Network, pod: str) -> None:
    """Interfaces, addresses and routes of the plugin's result are the pod's."""
    assert result.differences(topology, network, pod) == []


@requirement("TOPO-SETTINGS")
@each_pod
def test_pod_is_no_router_and_nobody_a_proxy(
    topology: Topology, network: Network, pod: str
) -> None:
    """A plugin turns on no forwarding in a pod, no proxy ARP there, at its host end or a bridge."""
    assert routing.settings(topology, network, pod) == []


@requirement("TOPO-SETTINGS")
def test_container_that_does_nothing_for_others_stays_so(
    unset: Attachment, network: Network
) -> None:
    """ADD turns on only what is configured, even where pods of this host start with it on."""
    unset.attach()

    assert routing.switched("a container", unset.settings(), Settings(), network) == []


@requirement("TOPO-HOOKS")
def test_nothing_hooks_into_the_path(topology: Topology, network: Network, node: Node) -> None:
    """No traffic control, XDP program or packet filter is on the links, or in the pods."""
    assert hooks.differences(topology, network, hooks.rules(node, topology)) == []


@requirement("TOPO-NODE-ADDR")
@each_pod
def test_host_end_holds_the_addresses_of_a_router_only(
    topology: Topology, network: Network, pod: str
) -> None:
    """A host end holds what its kind of wiring needs: as a bridge port, no address."""
    assert routing.host_end(topology, network, pod) == []


@requirement("TOPO-NODE-ROUTE")
def test_node_reaches_pods_in_one_way_alone(topology: Topology, network: Network) -> None:
    """The node's routes to its pods are those of their kind of wiring; no rule is about them."""
    assert routing.node(topology, network) == []


@requirement("TOPO-NODE-LINKS")
def test_node_has_the_expected_interfaces_only(
    topology: Topology, network: Network, node: Node
) -> None:
    """The node has lo, its uplink, a bridge if any and the pods' veths, and nothing else."""
    assert wiring.node_links(topology, network, node.links) == []


@requirement("TOPO-FDB")
@each_pod
def test_bridge_learned_each_pod_on_its_port(
    observer: Observer, network: Network, traffic: Traffics, pod: str, family: Family
) -> None:
    """After a ping from a pod, its MAC is in the bridge's FDB on its own port only."""
    traffic.ping(pod, "server" if pod != "server" else "client", family).send()

    assert wiring.fdb(observer.topology(), network, pod) == []
