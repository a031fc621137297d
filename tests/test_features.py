"""What is tested where the conflist asks for it."""

from collections.abc import Callable

import pytest

from podpath.cni.conflist import Conflist
from podpath.lifecycle.growth import growth, settled
from podpath.model import BEYOND, NODE, Address, Family, Topology
from podpath.nodes.base import Node
from podpath.nodes.deployment import CLIENT, HTTP_MAPPED, MAPPED, UDP_MAPPED, Deployment
from podpath.paths import hostports
from podpath.paths.hostports import Clients
from podpath.paths.observe import Observed
from podpath.paths.traffic import Traffics
from podpath.profiles import Profile
from podpath.system.randomness import Draws

from .parameters import each_pod

requirement = pytest.mark.requirement
Observe = Callable[..., Observed]
Ends = tuple[Address, Address]


@pytest.fixture
def outside(node: Node, topology: Topology, family: Family) -> Ends:
    """The node's address on its uplink, and one beyond, for pods that have a way there."""
    near = hostports.outside_address(topology, node.uplink, family)
    far = hostports.beyond(topology, family)
    if near is None or far is None:
        pytest.skip(f"not applicable: the node's uplink leads nowhere in {family.text}")
    if not hostports.has_way_out(topology, CLIENT, family):
        pytest.skip("not applicable: the conflist gives pods no default route")
    return near, far


@pytest.fixture
def clients(
    node: Node,
    pods: Deployment,
    draws: Draws,
    conflist: Conflist,
    profile: Profile,
    topology: Topology,
) -> Clients:
    """Who asks for mapped ports."""
    if profile.master and not conflist.is_gateway:
        pytest.skip("not applicable: the conflist has no isGateway, so the bridge has no address")
    return Clients(node, pods, draws, conflist, profile, topology)


@requirement("PATH-MASQUERADE")
@each_pod
def test_ping_to_beyond_the_node_has_the_nodes_address(
    observe: Observe, traffic: Traffics, outside: Ends, pod: str
) -> None:
    """Request and reply are seen from pod to uplink and back, translated there, nowhere else."""
    near, far = outside
    observed = observe(traffic.ping_beyond(pod, far, near))

    assert observed.differences == []


@requirement("PATH-PORTMAP")
@pytest.mark.parametrize(
    "source", [pytest.param(CLIENT), pytest.param(NODE), pytest.param(BEYOND, id="beyond")]
)
def test_mapped_port_is_answered_by_the_pod(
    observe: Observe,
    pods: Deployment,
    conflist: Conflist,
    clients: Clients,
    family: Family,
    source: str,
) -> None:
    """Each packet is seen once at every hop, with the node's port before, the pod's after."""
    if source == BEYOND and not clients.reachable_from_beyond(family):
        pytest.skip(f"not applicable: the node's uplink leads nowhere in {family.text}")
    if source == CLIENT and conflist.promiscuous:
        pytest.skip("not applicable: a promiscuous bridge also routes what it bridges translated")
    with pods.temporary(MAPPED):
        observed = observe(*clients.traffic(source, family))

    assert observed.differences == []


@requirement("LIFE-PORTMAP")
def test_deleted_pod_leaves_none_of_its_mapped_ports(
    node: Node, pods: Deployment, conflist: Conflist, clients: Clients, family: Family
) -> None:
    """The node refuses the ports; it has the rules that it had after the first such pod."""
    with pods.temporary(MAPPED):
        pass  # what the first one makes for all that come, such as chains, is there then
    before = settled(node, conflist)
    with pods.temporary(MAPPED):
        unanswered = clients.ask(family)

    left = growth(node, conflist, before)
    address = clients.target(family)
    left += hostports.still_mapped(node, address, (HTTP_MAPPED, UDP_MAPPED))
    assert left + unanswered == []
