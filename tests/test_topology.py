"""The wiring of the pods, read from the kernel."""

import operator
from collections.abc import Callable

import pytest

from podpath.cni import sysctls
from podpath.cni.network import Network
from podpath.contract.attachments import Attachment
from podpath.errors import CouldNotTest
from podpath.model import Family, Settings
from podpath.nodes import leases, own_settings
from podpath.nodes.base import Node
from podpath.nodes.deployment import Deployment
from podpath.paths.observe import Observer
from podpath.paths.traffic import Traffics
from podpath.system import limits, waiting
from podpath.testing import each_family, each_pod, requirement
from podpath.topology import firewall, groups, leasing, settings
from podpath.topology.lasting import lasting
from podpath.topology.wiring import Wiring

#: Reads the wiring as it is now.
Rewired = Callable[[], Wiring]


@pytest.fixture
def rewired(observer: Observer, network: Network) -> Rewired:
    """A function that reads the wiring anew."""
    return lambda: Wiring(observer.topology(), network)


@requirement("TOPO-NETNS-NAME")
def test_each_pod_has_a_namespace_of_its_own(wiring: Wiring) -> None:
    """Each pod has its own named namespace cni-<hex groups>."""
    assert wiring.netns_name() == []


@requirement("TOPO-NETNS-IP")
@each_pod
def test_pod_ip_is_in_the_pods_namespace_only(wiring: Wiring, pod: str) -> None:
    """The pod's IP is in one named namespace only: the one that the runtime names."""
    assert wiring.netns_ip(pod) == []


@requirement("TOPO-NETNS-SHARED")
def test_containers_share_their_pods_namespace(
    wiring: Wiring, node: Node, pods: Deployment
) -> None:
    """All containers of a pod are in its namespace, and no two pods share one."""
    containers = {pod.name: node.container_namespaces(pod) for pod in pods}
    if not any(len(inodes) > 1 for inodes in containers.values()):
        raise CouldNotTest("no pod has two containers, so nothing is shared")

    assert wiring.netns_shared(containers) == []


@requirement("TOPO-POD-LINKS")
@each_pod
def test_pod_has_lo_and_eth0_only(wiring: Wiring, pod: str) -> None:
    """A pod has lo and eth0, both up, and no other interface."""
    assert wiring.pod_links(pod) == []


@requirement("TOPO-VETH-PEER")
@each_pod
def test_eth0_is_a_veth_with_its_peer_in_the_node(wiring: Wiring, pod: str) -> None:
    """eth0 and its peer in the node name each other by index and namespace id."""
    assert wiring.veth_peer(pod) == []


@requirement("TOPO-LOWER-LINK")
@each_pod
def test_eth0_lies_on_the_configured_link_of_the_node(wiring: Wiring, pod: str) -> None:
    """eth0 has the configured kind and mode, on the node's configured link, which is up."""
    assert wiring.lower_link(pod) == []


@requirement("TOPO-BRIDGE-PORT")
@each_pod
def test_host_end_is_a_forwarding_port_of_the_bridge(wiring: Wiring, pod: str) -> None:
    """The host end is up, and a port of the configured bridge with the configured settings."""
    assert wiring.bridge_port(pod) == []


@requirement("TOPO-HOST-END")
@each_pod
def test_host_end_is_a_router_of_its_own(wiring: Wiring, pod: str) -> None:
    """The host end is up, has no master, and forwards."""
    assert wiring.host_end(pod) == []


@requirement("TOPO-MULTICAST")
@each_pod
def test_bridge_sends_neighbour_solicitations_to_the_pods_port(
    observer: Observer, node: Node, network: Network, pod: str
) -> None:
    """If the bridge forwards by its multicast groups, a pod's port has those of its addresses."""
    if not network.is_bridged or Family.IPV6 not in network.families:
        pytest.skip("pods are on no bridge, or have no IPv6 addresses")
    now = Wiring(observer.topology(), network)
    differences = waiting.until(
        lambda: now.multicast(pod, groups=groups.read(node, network.bridge)),
        operator.not_,
        limits.current().address_detection,  # a pod answers the querier after a while
    )

    assert differences == []


@requirement("TOPO-BRIDGE-MEMBERS")
def test_ports_of_the_bridge_are_the_pods_veths(
    node: Node, wiring: Wiring, rewired: Rewired
) -> None:
    """The bridge's ports are exactly the pods' host ends, as in `brctl show`."""
    differences = wiring.bridge_members()

    assert lasting(node, differences, lambda: rewired().bridge_members()) == []


@requirement("TOPO-BRIDGE-GATEWAY")
def test_bridge_is_the_gateway_if_configured(wiring: Wiring) -> None:
    """The bridge is up, without STP, and the gateway if and only if configured."""
    assert wiring.bridge_gateway() == []


@requirement("TOPO-MTU")
@each_pod
def test_mtu_is_the_same_along_the_path(wiring: Wiring, pod: str) -> None:
    """Every interface on a pod's path has the same MTU: the configured one, if any."""
    assert wiring.mtu(pod) == []


@requirement("TOPO-MAC")
def test_macs_are_unique_and_as_in_the_results(wiring: Wiring) -> None:
    """MAC addresses are unique, and the plugin's results have the kernel's."""
    assert wiring.mac() == []


@requirement("TOPO-MAC")
@each_family
def test_macs_stay_after_traffic(
    observer: Observer, network: Network, traffic: Traffics, family: Family
) -> None:
    """MAC addresses are still those of the results after traffic between pods."""
    traffic.ping("client", "server", family).send()

    assert Wiring(observer.topology(), network).mac() == []


@requirement("TOPO-ADDR")
@each_pod
def test_pod_ip_is_its_own_and_in_range(wiring: Wiring, pod: str) -> None:
    """A pod's address is unique, in range, and has the right prefix length."""
    assert wiring.addr(pod) == []


@requirement("TOPO-ADDR")
@each_pod
def test_pod_ip_is_leased_to_the_pod(wiring: Wiring, node: Node, pod: str) -> None:
    """IPAM has leased a pod's address to the pod."""
    store = leases.store(wiring.network)
    if store.unreadable:
        pytest.skip(store.unreadable)

    assert leasing.leased(wiring.topology, store.leases(node), pod) == []


@requirement("TOPO-ROUTE")
@each_pod
def test_pod_has_the_configured_routes_only(wiring: Wiring, pod: str) -> None:
    """A pod has the routes of its profile and the configured ones, and no others."""
    assert wiring.route(pod) == []


@requirement("TOPO-RULE")
@each_pod
def test_pod_has_no_routing_rules_of_its_own(wiring: Wiring, pod: str) -> None:
    """A pod has no routing rules but the kernel's own."""
    assert wiring.rule(pod) == []


@requirement("TOPO-LO")
@each_pod
def test_lo_holds_the_loopback_address_only(wiring: Wiring, pod: str) -> None:
    """A pod's lo has the loopback addresses, and no others."""
    assert wiring.lo(pod) == []


@requirement("TOPO-RESULT")
@each_pod
def test_result_agrees_with_the_kernel(wiring: Wiring, pod: str) -> None:
    """The plugin's result has the interfaces, addresses and routes of the kernel."""
    assert wiring.result(pod) == []


@requirement("TOPO-SETTINGS")
@each_pod
def test_plugin_turns_on_no_forwarding_or_proxy(wiring: Wiring, pod: str) -> None:
    """A plugin turns on no forwarding in a pod, and no proxy ARP there, on a host end or bridge."""
    assert wiring.settings(pod) == []


@requirement("TOPO-SETTINGS")
def test_plugin_turns_on_only_configured_settings(unset: Attachment, network: Network) -> None:
    """ADD turns on only configured forwarding and proxies, even if the host's pods have more."""
    node = unset.runtime.node
    before = own_settings.read_in(node, unset.name)
    tuned = sysctls.configured(network.conflist.sections, before)
    unset.attach()
    now = own_settings.read_in(node, unset.name)

    others = {name: value for name, value in before.items() if name not in tuned}
    differences = settings.switched("a container", unset.settings(), Settings(), network)
    differences += own_settings.changes(others, now, "a container")
    tuned |= {name.replace("IFNAME", unset.interface) for name in tuned}
    changed = {name: value for name, value in now.items() if name not in tuned}
    differences += own_settings.hindering(changed, unset.interface)
    wanted = sysctls.values(network.conflist.sections)
    assert differences + own_settings.unlike_configured(now, wanted, unset.interface) == []


@requirement("TOPO-SETTINGS")
def test_all_pods_have_the_same_settings(node: Node, pods: Deployment) -> None:
    """No pod's namespace has a setting that most pods have otherwise."""
    by_pod = {pod.name: own_settings.read_in(node, pod.network.netns) for pod in pods}

    assert own_settings.unlike(by_pod) == []


@requirement("TOPO-SETTINGS")
def test_plugin_leaves_the_settings_of_the_node(created: Deployment) -> None:
    """The first ADDs on the node changed none of its settings but those that pods require."""
    assert created.setting_changes == []


@requirement("TOPO-HOOKS")
def test_nothing_hooks_into_the_path(wiring: Wiring, node: Node) -> None:
    """No traffic control, XDP program or packet filter is on the links or in the pods."""
    assert wiring.hooks(firewall.rules(node, wiring.topology)) == []


@requirement("TOPO-NODE-ADDR")
@each_pod
def test_host_end_holds_the_addresses_of_a_router_only(wiring: Wiring, pod: str) -> None:
    """A host end has only the addresses of its profile: none as a bridge port."""
    assert wiring.node_addr(pod) == []


@requirement("TOPO-NODE-ROUTE")
def test_node_reaches_pods_in_one_way_alone(node: Node, wiring: Wiring, rewired: Rewired) -> None:
    """The node reaches its pods only by the routes of their profile, and no rule names them."""
    differences = wiring.node_route()

    assert lasting(node, differences, lambda: rewired().node_route()) == []


@requirement("TOPO-NODE-LINKS")
def test_node_has_the_expected_interfaces_only(
    node: Node, wiring: Wiring, rewired: Rewired
) -> None:
    """The node has lo, its uplink, the bridge if any and the pods' veths, and no others."""
    differences = wiring.node_links(node.links)

    assert lasting(node, differences, lambda: rewired().node_links(node.links)) == []


@requirement("TOPO-FDB")
@each_family
@each_pod
def test_bridge_learned_each_pod_on_its_port(
    observer: Observer, network: Network, traffic: Traffics, pod: str, family: Family
) -> None:
    """The bridge's FDB has a pod's MAC on the pod's own port only, after a ping from it."""
    traffic.ping(pod, "server" if pod != "server" else "client", family).send()

    assert Wiring(observer.topology(), network).fdb(pod) == []
