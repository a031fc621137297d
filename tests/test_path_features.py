"""The path of packets, if the conflist has a feature."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from podpath.cni.network import Network
from podpath.contract import capabilities
from podpath.contract.runtime import Runtime
from podpath.model import BEYOND, NODE, Address, Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, MAPPED, Deployment
from podpath.paths import neighbour, outside
from podpath.paths.observe import Observed
from podpath.paths.traffic import MappedPorts, Traffics
from podpath.system import kernel
from podpath.testing import both_directions, each_family, each_pod, requirement
from podpath.topology import reading as topologies

from .parameters import each_direction

Observe = Callable[..., Observed]
Ends = tuple[Address, Address]


@pytest.fixture
def way_out(node: Node, network: Network, topology: Topology, family: Family) -> Ends:
    """The node's address on its uplink, and one beyond, for pods with a route there."""
    near = outside.address(topology, node.uplink, family)
    far = outside.gateway(topology, family)
    if not network.conflist.section.get("ipMasq"):
        pytest.skip("the delegate's configuration has no ipMasq")
    if near is None or far is None:
        pytest.skip(f"the node's uplink leads nowhere in {family.text}")
    if not outside.has_way_out(topology, CLIENT, family):
        pytest.skip("the conflist gives pods no default route")
    return near, far


@requirement("PATH-ISOLATION")
@each_family
@both_directions
def test_isolated_pod_is_not_reached(
    observe: Observe,
    traffic: Traffics,
    topology: Topology,
    node: Node,
    source: str,
    destination: str,
    family: Family,
) -> None:
    """A request for a MAC address, and then a ping with it, end at the bridge."""
    topologies.forget_neighbours(node.named_namespaces()[topology.pods[source].netns])
    assert observe(traffic.unresolved(source, destination, family)).differences == []

    with neighbour.permanent(node, topology, source, destination, family):
        observed = observe(traffic.unanswered(source, destination, family))
    assert observed.differences == []


@requirement("PATH-MASQUERADE")
@each_family
@each_pod
def test_ping_to_beyond_the_node_has_the_nodes_address(
    observe: Observe, traffic: Traffics, way_out: Ends, pod: str
) -> None:
    """Request and reply appear from pod to uplink and back, translated there, nowhere else."""
    near, far = way_out
    observed = observe(traffic.ping_beyond(pod, far, near))

    assert observed.differences == []


@requirement("PATH-PORTMAP")
@each_family
@pytest.mark.parametrize(
    "source", [pytest.param(CLIENT), pytest.param(NODE), pytest.param(BEYOND, id="beyond")]
)
def test_mapped_port_is_answered_by_the_pod(
    observe: Observe,
    pods: Deployment,
    network: Network,
    mapped_ports: MappedPorts,
    family: Family,
    source: str,
) -> None:
    """Each packet appears once at every hop: with the node's port first, then the pod's."""
    if source == BEYOND and not mapped_ports.is_reachable_from_beyond(family):
        pytest.skip(f"the node's uplink leads nowhere in {family.text}")
    if source == CLIENT and network.conflist.promiscuous:
        pytest.skip("a promiscuous bridge also routes what it bridges translated")
    if source == CLIENT and network.conflist.isolated:
        pytest.skip("the conflist isolates pods from each other")
    with pods.temporary(MAPPED):
        observed = observe(*mapped_ports.traffic(source, family))

    assert observed.differences == []


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
