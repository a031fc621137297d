"""The path of packets, if the conflist has a feature."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

import pytest

from podpath.cni.network import Network
from podpath.contract import capabilities
from podpath.contract.runtime import Runtime
from podpath.model import BEYOND, NODE, Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import (
    CLIENT,
    HTTP_MAPPED,
    LOCALLY,
    LOCALLY_MAPPED,
    LOCALLY_UDP,
    MAPPED,
    UDP_MAPPED,
    Deployment,
)
from podpath.paths import icmp_errors, many_flows, neighbour, programs_of_node, refusals, resets
from podpath.paths.icmp_errors import End
from podpath.paths.many_flows import Host
from podpath.paths.mapping import LOCALHOST
from podpath.paths.observe import Observed, Observer
from podpath.paths.traffic import MappedPorts, Traffics, hosts, payload, stranger
from podpath.system import kernel
from podpath.system.randomness import Draws
from podpath.testing import both_directions, each_family, each_pod, requirement
from podpath.topology import firewall
from podpath.topology import reading as topologies

from .parameters import Ends, Explained, each_direction

Observe = Callable[..., Observed]

#: A request over HTTP that fills most of a packet, in bytes.
_LONG_REQUEST = 1000


@pytest.fixture
def largest_beyond(node: Node, topology: Topology, family: Family) -> int:
    """The largest ICMP or UDP payload of one packet from any pod to beyond the node, in bytes."""
    return payload.largest_beyond(topology, family, node.uplink)


def _forgetting(node: Node, topology: Topology, pod: str) -> Callable[[], None]:
    """Return a function that has a pod forget its neighbours."""
    namespace = node.named_namespaces()[topology.pods[pod].netns]
    return partial(topologies.forget_neighbours, namespace)


@requirement("PATH-ISOLATION")
@each_family
@both_directions
def test_isolated_pod_is_not_reached(
    observe: Observe,
    traffic: Traffics,
    topology: Topology,
    network: Network,
    node: Node,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A request for a MAC address, if it is kept back, and a ping with it end at the bridge."""
    firewall.require_bridged(node, network, family)
    if network.conflist.hides_neighbours(family):
        forget = _forgetting(node, topology, source)
        asks = traffic.unresolved(source, destination, family)
        assert observe(asks, before=forget).differences == []

    with neighbour.permanent(node, topology, source, destination, family):
        observed = observe(traffic.unanswered(source, destination, family))
    assert observed.differences == []


@requirement("PATH-VLAN")
@each_family
@both_directions
def test_other_vlan_is_not_reached(
    observe: Observe,
    observer: Observer,
    traffic: Traffics,
    draws: Draws,
    node: Node,
    network: Network,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A broadcast of a pod stays in its VLAN, and one of another VLAN reaches no pod."""
    topology = observer.topology()
    with stranger.connected(node, topology, network) as host:
        if network.conflist.hides_neighbours(family):
            asks = traffic.unresolved(source, destination, family)
        else:
            asks = traffic.resolve(source, destination, network, family)
        assert observe(asks, before=_forgetting(node, topology, source)).differences == []

        target = topology.pods[destination].address(family)
        observed = observe(host.unresolved(destination, target, network, draws.identifier()))
    assert observed.differences == []


@requirement("PATH-MASQUERADE")
@each_family
@each_pod
def test_ping_to_beyond_the_node_has_the_nodes_address(
    observe: Observe, traffic: Traffics, way_out: Ends, largest_beyond: int, pod: str
) -> None:
    """Request and reply appear from pod to uplink and back, translated there, nowhere else."""
    near, far = way_out
    observed = observe(
        traffic.ping_beyond(pod, far, near),
        traffic.ping_beyond(pod, far, near, size=largest_beyond),
    )

    assert observed.differences == []


@requirement("PATH-MASQUERADE")
@each_family
@each_pod
def test_tcp_and_udp_to_beyond_the_node_have_the_nodes_address(
    observe: Observe,
    traffic: Traffics,
    node: Node,
    way_out: Ends,
    largest_beyond: int,
    pod: str,
) -> None:
    """Each packet of HTTP exchanges, and of small and large datagrams, is translated there."""
    near, far = way_out
    with hosts.serving(node.beyond, far):
        observed = observe(
            traffic.http_beyond(pod, far, near, asking=_LONG_REQUEST),
            traffic.udp_beyond(pod, far, near),
            traffic.udp_beyond(pod, far, near, size=largest_beyond),
        )

    assert observed.differences == []


@requirement("PATH-MASQUERADE")
@each_family
@each_pod
def test_each_source_port_has_the_nodes_address(
    node: Node, pods: Deployment, draws: Draws, way_out: Ends, pod: str, explained: Explained
) -> None:
    """A host beyond the node sees its address for connections and datagrams of any source port."""
    near, far = way_out
    namespace = node.named_namespaces()[pods[pod].network.netns]

    host = Host(node.beyond, far, near)
    assert explained(lambda: many_flows.unlike(pod, namespace, host, draws)) == []


@requirement("PATH-MASQUERADE")
@each_family
def test_hosts_of_other_networks_see_the_nodes_address(
    node: Node, pods: Deployment, draws: Draws, way_out: Ends, explained: Explained
) -> None:
    """A host that is not on the uplink's own network sees the node's address, too."""
    near, far = way_out
    namespace = node.named_namespaces()[pods[CLIENT].network.netns]

    with many_flows.farther(Host(node.beyond, far, near)) as host:
        assert explained(lambda: many_flows.unlike(CLIENT, namespace, host, draws)) == []


@requirement("PATH-MASQUERADE")
@each_family
@each_pod
def test_errors_pass_between_pod_and_beyond_the_node(
    node: Node, pods: Deployment, way_out: Ends, pod: str, explained: Explained
) -> None:
    """Programs get ICMP errors, in the pod and beyond the node, and the pod gets resets."""
    _, far = way_out
    network = pods[pod].network
    namespace = node.named_namespaces()[network.netns]

    own = End(f"pod {pod}", namespace, network.address(Family(far.version)))
    host = End(str(far), node.beyond, far)
    assert explained(lambda: icmp_errors.lost(own, host)) == []
    assert explained(lambda: resets.lost(own, host)) == []


@requirement("PATH-PORTMAP")
@each_family
@pytest.mark.parametrize(
    "source",
    [
        *(pytest.param(CLIENT), pytest.param(MAPPED), pytest.param(NODE)),
        *(pytest.param(LOCALHOST), pytest.param(BEYOND, id="beyond")),
    ],
)
def test_mapped_port_is_answered_by_the_pod(
    observe: Observe,
    mapped_ports: MappedPorts,
    largest_beyond: int,
    family: Family,
    source: str,
    explained: Explained,
) -> None:
    """Each packet appears once at every hop: with the node's port first, then the pod's.

    Connections from source ports of the whole range are accepted, and datagrams answered, too.
    """
    if reason := mapped_ports.inapplicable(source, family):
        pytest.skip(reason)
    with mapped_ports.mapped():
        if mapped_ports.is_excluded(source, family):
            assert mapped_ports.refused(source, family) == []
            return
        differences = observe(*mapped_ports.traffic(source, family, largest_beyond)).differences
        flows = partial(mapped_ports.flows, source, family)
        unanswered = [] if differences else explained(flows, mapped_ports.target(family))

    assert differences == []
    assert unanswered == []


@requirement("PATH-PORTMAP")
@each_family
def test_errors_of_the_pod_reach_who_asks(
    mapped_ports: MappedPorts, family: Family, explained: Explained
) -> None:
    """A host beyond the node gets the ICMP errors about its datagrams to a mapped port."""
    if reason := mapped_ports.inapplicable(BEYOND, family):
        pytest.skip(reason)
    if mapped_ports.is_excluded(BEYOND, family):
        pytest.skip("the conditions of portmap exclude the host beyond the node")
    with mapped_ports.mapped() as pod:
        asker, own, target = mapped_ports.ends_beyond(pod, family)
        assert explained(lambda: icmp_errors.lost_by(asker, own, target), target[0]) == []


@requirement("PATH-PORTMAP")
@each_family
def test_mapping_leaves_the_other_protocol_to_the_node(
    node: Node, pods: Deployment, mapped_ports: MappedPorts, family: Family
) -> None:
    """Programs of the node at a mapped port's number, of the other protocol, are still reached."""
    address, senders = mapped_ports.target(family), refusals.namespaces(node, pods)
    ends = programs_of_node.other_protocols((HTTP_MAPPED, UDP_MAPPED))
    with programs_of_node.listening(node.network_namespace(), address, ends) as listeners:
        before = programs_of_node.reached(senders, address, listeners)
        if not before:
            pytest.skip("nobody reaches programs of the node at these ports: a firewall, perhaps")
        with mapped_ports.mapped():
            lost = before - programs_of_node.reached(senders, address, listeners)

    assert programs_of_node.deaf(lost, address) == []


@requirement("PATH-PORTMAP")
@each_family
def test_mapping_catches_no_other_port_and_no_other_address(
    node: Node, pods: Deployment, mapped_ports: MappedPorts, family: Family
) -> None:
    """The next ports of the node, and the same port elsewhere, are what they were without it."""
    endpoints = mapped_ports.unmapped(family)
    before = refusals.accepted(node, pods, endpoints)
    with mapped_ports.mapped():
        now = refusals.accepted(node, pods, endpoints)

    assert refusals.captured(one for one in now if one not in before) == []


@requirement("PATH-PORTMAP")
@each_family
def test_port_of_one_address_is_answered_there_alone(
    observe: Observe,
    node: Node,
    pods: Deployment,
    mapped_ports: MappedPorts,
    family: Family,
) -> None:
    """A port that is mapped for 127.0.0.1 leads to the pod there, and not at other addresses."""
    if family is not Family.IPV4:
        pytest.skip("the kernel routes no packet of ::1 to another interface")
    with mapped_ports.mapped(LOCALLY_MAPPED) as pod:
        target = mapped_ports.target(family)
        answered = refusals.answered(node, pods, target, LOCALLY)
        answered += refusals.delivered(node, pods, pod, target, LOCALLY_UDP)
        inapplicable = mapped_ports.inapplicable(LOCALHOST, family)
        if not inapplicable and not mapped_ports.is_excluded(LOCALHOST, family):
            answered += observe(mapped_ports.local()).differences
            answered += mapped_ports.local_datagrams(pod)

    assert answered == []


@requirement("PATH-BANDWIDTH")
@each_family
@each_direction
def test_rate_is_the_requested_one(
    runtime: Runtime, network: Network, family: Family, direction: str
) -> None:
    """A transfer takes as long as the limit requires, and far less without a limit."""
    kernel.check_shaping(direction)
    with ExitStack() as stack:
        slow, first, second = (
            stack.enter_context(capabilities.container(runtime, network, capability_args))
            for capability_args in (capabilities.bandwidth_args(direction), {}, {})
        )
        for container in (slow, first, second):
            container.attach()
        ends = (first, slow) if direction == "ingress" else (slow, first)
        free = capabilities.transfer(first, second, family)
        # the fastest, as a slow machine may cause a slow one
        limited = min(
            (capabilities.transfer(*ends, family) for _ in range(2)), key=lambda t: t.seconds
        )

    assert capabilities.bounds(direction, limited, free) == []
